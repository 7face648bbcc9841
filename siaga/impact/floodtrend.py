"""Floods over time: what changed between two snapshots, and when a neighbourhood was under water.

An RW counts as flooded from state 2 on, as in the figures of people.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from siaga.impact.flood import AFFECTED_FROM

HOURS_AGO = (1, 6, 24)  # an hour is compared with those so many before it
MOST_DRY_HOURS = 6  # between two wet hours of one episode
BINS = ((1, 1), (2, 2), (3, 5), (6, 10), (11, 20), (21, None))  # floods per RW, lowest and highest of each bin

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Trend:
    """What changed from one set of states to another: geom_ids, sorted.

    newly_flooded: flooded now, not before. receded: the other way round. worse, better: flooded both
    times, with another state.
    """

    newly_flooded: tuple[str, ...]
    receded: tuple[str, ...]
    worse: tuple[str, ...]
    better: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Episode:
    """A run of flooded hours. first, last: its first and last flooded hour; peak: the highest state.

    wet_hours: flooded; unknown_hours: between first and last, of which nothing is known.
    """

    first: datetime
    last: datetime
    peak: int
    wet_hours: int
    unknown_hours: int

    @property
    def hours(self) -> int:
        """From the beginning of the first flooded hour to the end of the last."""
        return (self.last - self.first) // _HOUR + 1


@dataclass(frozen=True, slots=True)
class Frequency:
    """How often one RW was flooded over a time. by_state: flooded hours per state, 2 to 4."""

    geom_id: str
    episodes: int
    hours: int
    peak: int
    by_state: Mapping[int, int]


def trend(before: Mapping[str, int], now: Mapping[str, int]) -> Trend:
    """Compare two sets of states by geom_id; an RW that is not named is dry."""
    wet_before = {area: state for area, state in before.items() if state >= AFFECTED_FROM}
    wet_now = {area: state for area, state in now.items() if state >= AFFECTED_FROM}
    both = wet_before.keys() & wet_now.keys()
    return Trend(
        newly_flooded=tuple(sorted(wet_now.keys() - both)),
        receded=tuple(sorted(wet_before.keys() - both)),
        worse=tuple(sorted(area for area in both if wet_now[area] > wet_before[area])),
        better=tuple(sorted(area for area in both if wet_now[area] < wet_before[area])),
    )


def episodes(hours: Iterable[tuple[datetime, int | None]]) -> list[Episode]:
    """Runs of flooded hours with no more than six hours between them.

    hours: full hours and the highest state in each (0 dry, None unknown), ascending, each hour once. An
    hour that is left out is unknown. What is unknown neither floods nor dries.
    """
    found: list[Episode] = []
    dry = 0  # hours known not to be flooded since the last flooded one
    for hour, state in hours:
        if state is None:
            continue
        if state < AFFECTED_FROM:
            dry += 1
            continue
        last = found[-1] if found else None
        between = (hour - last.last) // _HOUR - 1 if last else 0
        if last and between <= MOST_DRY_HOURS:
            found[-1] = Episode(
                last.first, hour, max(last.peak, state), last.wet_hours + 1, last.unknown_hours + between - dry
            )
        else:
            found.append(Episode(hour, hour, state, 1, 0))
        dry = 0
    return found


def histogram(areas: Iterable[Frequency]) -> list[tuple[int, int | None, int]]:
    """How many RWs were flooded how often: lowest and highest number of episodes (None: no limit), RWs."""
    counts = Counter(area.episodes for area in areas)
    return [
        (low, high, sum(n for episodes, n in counts.items() if low <= episodes and (high is None or episodes <= high)))
        for low, high in BINS
    ]
