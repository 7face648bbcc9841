"""Has it happened here? Past quakes within reach that are most like this one, and their toll."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import inf, log, log10, sqrt

from siaga.errors import Reason, reason
from siaga.exposure.history import PastQuake
from siaga.impact import quakes
from siaga.impact.stored.earthquake import EarthquakeEvent, SimilarQuake, SimilarRecord
from siaga.impact.versions import distance_km
from siaga.moment import parse, stamp

REACH_KM = 400.0  # as USGS's PAGER looks for historical quakes
MOST = 10
_WEIGHTS = {6: 1.0, 7: 2.0, 8: 3.0, 9: 4.0}  # deaths hang on the strongest shaking; X counts with IX
# Alike by place: one step of likeness is so many kilometres, magnitudes, and a factor two of depth.
_STEP_KM, _STEP_MAGNITUDE, _STEP_DEPTH, _LEAST_DEPTH_KM = 100.0, 0.5, 2.0, 5.0


def find(
    event: EarthquakeEvent,
    by_mmi: Mapping[str, float | None] | None,
    past: Sequence[PastQuake],
    *,
    deadliest_alone: bool,
) -> SimilarRecord:
    """The part `similar` of impact.json: up to ten quakes within 400 km and before this one, the likest first.

    event: impact.json's. by_mmi: its people per class, None or with None where unknown.
    deadliest_alone: whether `past` is no whole catalogue but the deadliest quakes, which a note then says.

    Compared by exposure where this quake and some of the past ones know it: the distance between vectors of
    log10(1 + people) at MMI VI, VII, VIII and IX to X, the classes weighing 1, 2, 3 and 4; so a factor ten
    of people at VIII counts three times one at VI. Those that do not know their people are then left out.
    Otherwise by place: steps of 100 km, of half a magnitude, and of a factor two in depth, added in square.
    Equals stand by distance, then the newest first.
    """
    time = parse(event["time"])
    latest = time - timedelta(seconds=quakes.WIDE[0])  # the quake itself may stand in the catalogue
    here = (event["longitude"], event["latitude"])
    near = [(distance_km(here, (one.longitude, one.latitude)), one) for one in past if one.time < latest]
    near = [(km, one) for km, one in near if km <= REACH_KM]
    mine = _profile({int(mmi): people for mmi, people in (by_mmi or {}).items()})
    by_exposure = mine is not None and any(_profile(one.by_mmi) for _km, one in near)

    def unlike(km: float, one: PastQuake) -> float:
        other = _profile(one.by_mmi)
        if by_exposure:
            return _unlike_people(mine or {}, other) if other else inf
        return _unlike_place(event, km, one)

    ranked = sorted(((unlike(km, one), km, one) for km, one in near), key=lambda row: (row[0], row[1], _age(row[2])))
    return {
        "events": [_record(km, one) for share, km, one in ranked if share < inf][:MOST],
        "compared_by": "exposure" if by_exposure else "place",
        "note": _note(bool(ranked), deadliest_alone),
    }


def _profile(by_mmi: Mapping[int, float | None]) -> dict[int, float] | None:
    """log10(1 + people) per class from VI, IX holding X; None where a class is unknown."""
    people = {mmi: by_mmi.get(mmi) for mmi in _WEIGHTS}
    beyond = by_mmi.get(10, 0.0)
    if beyond is None or any(count is None for count in people.values()):
        return None
    known = {mmi: float(count or 0.0) for mmi, count in people.items()}
    known[9] += beyond
    return {mmi: log10(1 + count) for mmi, count in known.items()}


def _unlike_people(mine: Mapping[int, float], other: Mapping[int, float]) -> float:
    return sqrt(sum(weight * (mine[mmi] - other[mmi]) ** 2 for mmi, weight in _WEIGHTS.items()))


def _unlike_place(event: EarthquakeEvent, km: float, one: PastQuake) -> float:
    depths = [max(_LEAST_DEPTH_KM, depth) for depth in (event["depth_km"], one.depth_km)]
    deeper = log(depths[0] / depths[1]) / log(_STEP_DEPTH)
    return sqrt((km / _STEP_KM) ** 2 + ((event["magnitude"] - one.magnitude) / _STEP_MAGNITUDE) ** 2 + deeper**2)


def _age(one: PastQuake) -> timedelta:
    return datetime.max.replace(tzinfo=UTC) - one.time


def _record(km: float, one: PastQuake) -> SimilarQuake:
    return {
        "time": stamp(one.time),
        "name": one.name,
        "magnitude": one.magnitude,
        "depth_km": one.depth_km,
        "longitude": one.longitude,
        "latitude": one.latitude,
        "distance_km": km,
        "by_mmi": {str(mmi): people for mmi, people in sorted(one.by_mmi.items())} or None,
        "deaths": {"shaking": one.shaking_deaths, "total": one.total_deaths},
        "causes": list(one.causes),
        "source": one.source,
    }


def _note(found: bool, deadliest_alone: bool) -> Reason | None:
    if not found and deadliest_alone:
        return reason(
            "None of the deadliest quakes since 1970 lies within {km} km; a catalogue of all quakes is not installed",
            km=round(REACH_KM),
        )
    if not found:
        return reason("No earlier quake of the installed catalogue lies within {km} km", km=round(REACH_KM))
    if deadliest_alone:
        return reason("Only the deadliest quakes since 1970 are compared; a catalogue of all quakes is not installed")
    return None
