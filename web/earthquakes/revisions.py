"""The versions of a quake on its page: all of them, which one is shown, what it changed."""

from collections.abc import Callable, Sequence

from siaga import dates, moment
from siaga.catalog import EarthquakeEntry
from siaga.impact.quakes import STRICT, WIDE, Limits
from siaga.impact.stored.earthquake import EarthquakeImpact
from siaga.language import Language
from siaga.report import figures
from siaga.report.earthquake.changes import change
from web import clock
from web.earthquakes import listing


def panel(
    versions: Sequence[EarthquakeEntry],
    shown: EarthquakeEntry,
    analysis: Callable[[EarthquakeEntry], EarthquakeImpact],
    _: Language,
) -> dict[str, object]:
    """Lines of all versions, newest first, and how the shown one differs from the one ranked below it.

    versions: catalogue entries of one quake, whatever their ids, newest first; shown is one of them.
    analysis: the impact.json of an entry. The comparison is made when the page is, so that it holds
    also for what came after the report was printed.
    """
    place = versions.index(shown)
    several = len({entry["event_id"] for entry in versions}) > 1
    lower = versions[place + 1] if place + 1 < len(versions) else None
    changed = change(analysis(lower), analysis(shown), _) if lower else None
    return {
        "rows": [
            _row(entry, below, shown["clock_zone"], _) | {"shown": entry is shown}
            for entry, below in zip(versions, [*versions[1:], None], strict=True)
        ],
        "joined": several,
        "agreement": {**_limits("wide", WIDE, _), **_limits("close", STRICT, _)},
        "change": changed,
    }


def _limits(name: str, limits: Limits, _: Language) -> dict[str, str]:
    """By how much maps of one quake may differ, as a sentence says it."""
    seconds, km, magnitude = limits
    return {
        f"{name}_s": figures.whole(seconds, _.code),
        f"{name}_km": figures.whole(km, _.code),
        f"{name}_m": figures.decimal(magnitude, 1, _.code),
    }


def _row(entry: EarthquakeEntry, below: EarthquakeEntry | None, clock_zone: str, _: Language) -> dict[str, object]:
    """A line of the list with its delays after the quake. below: the version ranked below it, None for the lowest."""
    made, received = entry["process_time"], entry["arrival"]["received"]
    step = entry["magnitude"] - below["magnitude"] if below else 0.0
    return listing.row(entry, _) | {
        "mapped": _moment(made, clock_zone, _) if made else _("not known"),
        "received": _moment(received, clock_zone, _),
        "after": clock.after(entry["time"], received, _),
        "step": ("+" if step > 0 else "") + figures.decimal(step, 1, _.code) if round(step, 1) else "",
    }


def _moment(utc: str, clock_zone: str, _: Language) -> str:
    time = moment.parse(utc)
    return dates.dated(time, _.code, clock_zone)
