"""Which maps show one quake, and which quakes may be one. All is a function of the set of maps, never of its order.

An initial map and the corrected one of its quake carry different ids, and a map that is made again may come
under a new id. Two maps of one kind are of one quake when they differ as revisions of one solution do; an
initial and a corrected one may differ by more, and each goes with the nearest. What lies within the wide
limits and is not joined is in doubt: those quakes name each other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from siaga import keys
from siaga.impact.versions import Revision, distance_km, newest_first

Limits = tuple[float, float, float]  # seconds, kilometres, magnitude; design.md 2
WIDE: Limits = (60.0, 100.0, 1.0)  # between an initial and a corrected map
STRICT: Limits = (15.0, 50.0, 0.5)  # between revisions of one solution
_MOST_DEGREES = 1.0  # of latitude; more is beyond the wide limits


@dataclass(frozen=True, slots=True)
class Quake:
    """One quake.

    versions: the newest first. doubtful: the newest version of each other quake that may be the same one, the
    nearest in time first.
    """

    versions: tuple[Revision, ...]
    doubtful: tuple[Revision, ...] = ()


@dataclass(frozen=True)
class _Event:
    """All maps of one id, an exercise's apart from a real event's; the newest first."""

    identity: str
    maps: tuple[Revision, ...]

    @cached_property
    def newest(self) -> dict[str, Revision]:
        """The newest map of each source type: it says when and where the quake was."""
        return {one.source_type: one for one in reversed(self.maps)}

    @property
    def drill(self) -> bool:
        return self.maps[0].drill

    @cached_property
    def origin(self) -> tuple[object, ...]:
        """Equal for events that cannot be told apart."""
        maps = sorted(self.newest.items())
        return self.drill, *((kind, one.time, one.longitude, one.latitude, one.magnitude) for kind, one in maps)


def identity(revision: Revision) -> str:
    """What two spellings of its id have in common."""
    return keys.identity("earthquake", revision.event_id)


def apart(first: Revision, second: Revision, limits: Limits = WIDE) -> float:
    """How far two maps are from being of one quake: the largest share of a limit; 1 is the limit itself."""
    seconds = abs((first.time - second.time).total_seconds())
    km = distance_km((first.longitude, first.latitude), (second.longitude, second.latitude))
    # 6.9 - 5.9 is a little more than 1 in binary; magnitudes are given to a tenth or a hundredth
    magnitude = round(abs(first.magnitude - second.magnitude), 6)
    return max(seconds / limits[0], km / limits[1], magnitude / limits[2])


def surely_one(first: Revision, second: Revision) -> bool:
    """Whether two maps are of one quake beyond doubt: of one id, or alike as revisions of one solution."""
    if first.drill != second.drill:
        return False
    return identity(first) == identity(second) or apart(first, second, STRICT) <= 1


def same_quake(first: Revision, second: Revision) -> bool:
    """Whether two maps by themselves show one quake. An exercise and a real event never do."""
    if surely_one(first, second):
        return True
    return first.drill == second.drill and first.source_type != second.source_type and apart(first, second) <= 1


def join(revisions: Iterable[Revision]) -> list[Quake]:
    """Quakes, newest quake first.

    An id stands for all its versions. Ids are joined the nearest pair first, and only where each pair of the
    joined ids keeps the rule: so an initial map goes with one corrected map alone, and a row of quakes, each
    near the next, does not become one quake.
    """
    by_id: dict[tuple[str, bool], list[Revision]] = {}
    for revision in revisions:
        by_id.setdefault((identity(revision), revision.drill), []).append(revision)
    events = [_Event(name, tuple(newest_first(maps))) for (name, _drill), maps in by_id.items()]
    spans = sorted(
        (min(times), max(times), event.identity, event.drill, event)
        for event in events
        for times in [[one.time for one in event.newest.values()]]
    )
    found: list[Quake] = []
    near: list[_Event] = []
    end = datetime.min.replace(tzinfo=UTC)
    for first, last, _name, _drill, event in spans:
        if near and first - end > timedelta(seconds=WIDE[0]):
            found += _linked(near)
            near, end = [], datetime.min.replace(tzinfo=UTC)
        near.append(event)
        end = max(end, last)
    found += _linked(near)
    return sorted(found, key=lambda quake: _by_time(quake.versions[0]), reverse=True)


def below(shown: Mapping[str, object], records: Iterable[Mapping[str, object]]) -> Mapping[str, object] | None:
    """Of the records, the version of the same quake that ranks just below the shown one; None if it is the lowest.

    records: any number of entries; those of other quakes, and the shown one itself, may be among them.
    """
    this = Revision.of(shown)
    found = {(one.event_id, one.version): record for record in records for one in [Revision.of(record)]}
    found[this.event_id, this.version] = shown
    for quake in join(Revision.of(record) for record in found.values()):
        if this in quake.versions:
            lower = quake.versions[quake.versions.index(this) + 1 :]
            return found[lower[0].event_id, lower[0].version] if lower else None
    return None


def _by_time(one: Revision) -> tuple[datetime, str, bool]:
    return one.time, one.event_id, one.drill


def _agree(first: _Event, second: _Event) -> bool:
    """Whether the rule joins two ids: by the maps of the kinds that both have, else an initial by a corrected one."""
    pairs = [(first.newest[kind], second.newest[kind]) for kind in first.newest.keys() & second.newest.keys()]
    pairs = pairs or [(one, other) for one in first.newest.values() for other in second.newest.values()]
    return all(same_quake(one, other) for one, other in pairs)


def _linked(events: list[_Event]) -> list[Quake]:
    """Quakes of events that may belong together."""
    at: dict[tuple[object, ...], list[_Event]] = {}  # events of one and the same origin are one from the start
    for event in events:
        at.setdefault(event.origin, []).append(event)
    origins = list(at.values())
    near = _near_pairs([same[0] for same in origins])
    member = [{number} for number in range(len(origins))]  # the same set for all members of one quake
    common = [{number} for number in range(len(origins))]  # whom the rule joins with every member of its quake
    pairs = [(a, b) for _share, a, b in near if _agree(origins[a][0], origins[b][0])]
    for a, b in pairs:
        common[a].add(b)
        common[b].add(a)
    for a, b in pairs:
        if b not in member[a] and member[b] <= common[a]:
            member[a] |= member[b]
            common[a] &= common[b]
            for number in member[b]:
                member[number], common[number] = member[a], common[a]
    groups = {id(group): group for group in member}
    versions = {
        name: tuple(newest_first(one for number in group for event in origins[number] for one in event.maps))
        for name, group in groups.items()
    }
    doubts: dict[int, set[int]] = {name: set() for name in groups}
    for _share, a, b in near:
        if member[a] is not member[b]:
            doubts[id(member[a])].add(id(member[b]))
            doubts[id(member[b])].add(id(member[a]))
    found = []
    for name, maps in versions.items():
        others = (versions[other][0] for other in doubts[name])
        found.append(Quake(maps, _by_nearness(maps[0], others)))
    return found


def _by_nearness(shown: Revision, newest: Iterable[Revision]) -> tuple[Revision, ...]:
    return tuple(sorted(newest, key=lambda one: (abs(one.time - shown.time), *_by_time(one))))


def _near_pairs(events: list[_Event]) -> list[tuple[float, int, int]]:
    """(share of the wide limits, number, number) of those of which any two maps lie within them, the nearest first."""
    found: dict[tuple[int, int], float] = {}
    maps = sorted(
        ((one.latitude, number, one) for number, event in enumerate(events) for one in event.newest.values()),
        key=lambda known: known[:2],
    )
    for place, (latitude, first, one) in enumerate(maps):
        for north, second, other in maps[place + 1 :]:
            if north - latitude > _MOST_DEGREES:
                break
            if first == second or one.drill != other.drill or abs(one.magnitude - other.magnitude) > 1.1 * WIDE[2]:
                continue
            share, pair = apart(one, other), (min(first, second), max(first, second))
            if share <= min(1.0, found.get(pair, 1.0)):
                found[pair] = share
    return sorted((share, *pair) for pair, share in found.items())
