"""How the sources stand and how quick Siaga is: for the status page, and for machines as status.json."""

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from siaga import dates
from siaga.errors import Reason
from siaga.language import Language
from siaga.moment import parse, stamp
from siaga.report import figures
from siaga.report.classed import flood
from web import clock
from web.index import Index

UNMAPPED_DAYS = 3  # so long a quake that BMKG announced is told as one that has no map yet
_MOST_UNMAPPED = 12
_DAYS = 30  # of arrivals, for how far they usually lie apart
_FEWEST = 5  # arrivals within them, below which nothing is said of what is usual
RECENT_DAYS = 7  # of latencies
_ANNOUNCED_SECONDS, _HOUR_SECONDS = (
    300,
    2 * 3600,
)  # from when on a source that is asked every minute, every hour is late
STATES = {
    "fine": "As usual",
    "late": "Later than usual",
    "silent": "Silent",
    "unknown": "Too few to say",
    "off": "Not asked",
}


@dataclass(frozen=True, slots=True)
class Source:
    """last: when it last gave something; None if never. usual: seconds between two of it, None if not known.

    reason: why it gave nothing the last time; None where it did, or nobody knows.

    state: of STATES. Of what comes by itself it is late after the mean of the intervals and once their standard
    deviation, silent after twice; of what is asked by a schedule after a few turns in vain.
    """

    name: str
    last: datetime | None
    usual: float | None
    state: str
    reason: Reason | None = None


def sources(index: Index, now: datetime) -> list[Source]:
    """ShakeMaps as they come, BMKG's announcements and PetaBencana's hours as they are asked for."""
    return [_maps(index, now), _announcements(index, now), *_floods(index, now)]


def latencies(index: Index, now: datetime) -> dict[str, dict[str, float | int | None]]:
    """Seconds from the arrival of a map to its figures and to its report: of live quakes of the last days."""
    rows = index.arrivals.latencies(stamp(now - timedelta(days=RECENT_DAYS)))
    return {
        "figures": _quantiles([(parse(done) - parse(came)).total_seconds() for came, done, _report in rows if done]),
        "report": _quantiles([(parse(done) - parse(came)).total_seconds() for came, _done, done in rows if done]),
    }


def unmapped(index: Index, now: datetime, _: Language) -> list[dict[str, object]]:
    """Quakes that BMKG announced of which no map was analysed yet."""
    found = index.announced.unmapped(now - timedelta(days=UNMAPPED_DAYS), _MOST_UNMAPPED)
    return [
        {
            "magnitude": figures.decimal(one.magnitude, 1, _.code),
            "place": one.place,
            "felt": one.felt,
            "tsunami": one.tsunami,
            "when": dates.dated(one.time, _.code),
            "ago": clock.ago(stamp(one.time), now, _),
        }
        for one in found
    ]


def source_rows(index: Index, now: datetime, _: Language) -> list[dict[str, object]]:
    """The sources as lines of the page."""
    return [
        {
            "name": one.name,
            "text": _.reason(one.reason),
            "state": one.state,
            "state_name": _(STATES[one.state]),
            "last": dates.dated(one.last, _.code) if one.last else "",
            "ago": clock.ago(stamp(one.last), now, _) if one.last else "",
            "usual": clock.lasted(one.usual, _) if one.usual else "",
        }
        for one in sources(index, now)
    ]


def latency_rows(index: Index, now: datetime, _: Language) -> list[dict[str, object]]:
    """The latencies as lines of the page; none where there is nothing to tell."""
    names = {"figures": _("Figures"), "report": _("Report")}
    return [
        {
            "name": names[name],
            "count": found["count"],
            **{key: clock.lasted(float(found[key] or 0), _) for key in ("p50", "p90", "worst")},
        }
        for name, found in latencies(index, now).items()
        if found["count"]
    ]


def _maps(index: Index, now: datetime) -> Source:
    came = [parse(one) for one in index.arrivals.since(stamp(now - timedelta(days=_DAYS)))]
    apart = [(newer - older).total_seconds() for newer, older in itertools.pairwise(came)]
    if len(apart) < _FEWEST:
        return Source("ShakeMap", came[0] if came else None, None, "unknown")
    mean, deviation, age = statistics.mean(apart), statistics.stdev(apart), (now - came[0]).total_seconds()
    state = "fine" if age < mean + deviation else "late" if age < mean + 2 * deviation else "silent"
    return Source("ShakeMap", came[0], mean, state)


def _announcements(index: Index, now: datetime) -> Source:
    asked = index.announced.source
    if asked is None:
        return Source("BMKG", None, None, "off")
    last = parse(asked["answered"]) if asked["answered"] else None
    return Source("BMKG", last, None, _asked(last, now, _ANNOUNCED_SECONDS), asked["reason"])


def _floods(index: Index, now: datetime) -> list[Source]:
    found = []
    for region in index.floods.regions():
        last = index.floods.answered(region)
        found.append(Source(f"PetaBencana, {flood.region_name(region)}", last, None, _asked(last, now, _HOUR_SECONDS)))
    return found


def _asked(last: datetime | None, now: datetime, seconds: float) -> str:
    """The state of a source that is asked by a schedule."""
    if last is None:
        return "silent"
    age = (now - last).total_seconds()
    return "fine" if age < seconds else "late" if age < 2 * seconds else "silent"


def _quantiles(seconds: Sequence[float]) -> dict[str, float | int | None]:
    """The median, what nine of ten do not exceed, and the worst; None of none."""
    ordered = sorted(seconds)
    if not ordered:
        return {"count": 0, "p50": None, "p90": None, "worst": None}

    def at(share: float) -> float:
        return ordered[math.ceil(share * len(ordered)) - 1]

    return {"count": len(ordered), "p50": at(0.5), "p90": at(0.9), "worst": ordered[-1]}
