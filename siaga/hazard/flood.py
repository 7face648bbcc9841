"""A flood map: which neighbourhoods (RW) stand under water, and how deep.

Source of the format: the CogniCity REST API behind PetaBencana, `/floods` as GeoJSON or TopoJSON, in its
envelope {"statusCode", "result"} or bare. The polygons are whole RWs: where a state holds, it holds for
all of the RW. States: 1 use caution (depth unknown), 2 10 to 70 cm, 3 71 to 150 cm, 4 above 150 cm; an RW
without a state is dry.
"""

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

import numpy as np
from numpy.typing import NDArray

from siaga.errors import BadInput, Reason, reason
from siaga.hazard import geojson, topojson
from siaga.hazard.geojson import Rings

STATES = (1, 2, 3, 4)
MAX_BYTES = 64 << 20
MAX_AREAS = 200_000
MAX_POINTS = 4_000_000

_MAX_MARKS = 5_000_000  # lists and objects; a position is one
_MOST_NAMED = 20  # features that are left out, each in a warning


@dataclass(frozen=True, slots=True)
class FloodArea:
    """One RW that is not dry.

    geom_id: the RW's sixteen digits, the same in all years; area_id: the server's own, "" if not said.
    last_updated: UTC, None if not said. polygons: each a tuple of rings (n, 2) of longitude and latitude,
    EPSG:4326, closed, the outer one first.
    """

    geom_id: str
    area_id: str
    area_name: str
    parent_name: str
    city_name: str
    state: int
    last_updated: datetime | None
    polygons: tuple[tuple[NDArray[np.float64], ...], ...]


@dataclass(frozen=True, slots=True)
class FloodMap:
    """One answer of PetaBencana. areas: those with a state; dry: how many were listed without one.

    warnings: stored reasons, to be seen by readers.
    """

    areas: tuple[FloodArea, ...]
    dry: int = 0
    warnings: tuple[Reason, ...] = ()

    @property
    def states(self) -> dict[str, int]:
        """The state of each RW by geom_id; the highest where it is listed twice."""
        found: dict[str, int] = {}
        for area in self.areas:
            found[area.geom_id] = max(area.state, found.get(area.geom_id, 0))
        return found

    @property
    def highest(self) -> int:
        """The highest state on the map; 0 when all is dry."""
        return max((area.state for area in self.areas), default=0)

    @property
    def count_by_state(self) -> dict[str, int]:
        """How many RWs have each state, "1" to "4"."""
        states = list(self.states.values())
        return {str(state): states.count(state) for state in STATES}

    @property
    def sha256(self) -> str:
        """Of the sorted (geom_id, state) pairs: two maps that agree in it show the same flood."""
        return hashlib.sha256(json.dumps(sorted(self.states.items())).encode()).hexdigest()

    @property
    def last_updated(self) -> datetime | None:
        """When the newest state was set, UTC; None if no area says."""
        return max((area.last_updated for area in self.areas if area.last_updated), default=None)

    @property
    def bounds(self) -> tuple[float, float, float, float] | None:
        """West, south, east, north of all polygons in degrees; None when all is dry."""
        outer = [polygon[0] for area in self.areas for polygon in area.polygons]
        if not outer:
            return None
        (west, south), (east, north) = (
            np.min([ring.min(axis=0) for ring in outer], axis=0),
            np.max([ring.max(axis=0) for ring in outer], axis=0),
        )
        return float(west), float(south), float(east), float(north)


Polygons = Callable[[Mapping[str, object], int], list[Rings]]  # of a geometry, as either format says it is


def read_flood(body: bytes) -> FloodMap:
    """Read PetaBencana's answer.

    body: JSON, at most MAX_BYTES: a FeatureCollection or a Topology, bare or as "result" in the envelope.
    A feature that cannot be read is left out, and a warning names it. Raises BadInput if it is no whole answer,
    naming the feature where nothing of it is sound.
    """
    collection = unwrap(parse_json(body))
    kind = collection.get("type")
    turned = geojson.latitude_first(collection)
    if kind == "FeatureCollection":
        listed, polygons = geojson.features(collection), cast(Polygons, geojson.polygons)
    elif kind == "Topology":
        listed, polygons = topojson.features(collection), cast(Polygons, topojson.Arcs(collection).polygons)
    else:
        raise BadInput("The answer is a {type}; expected a FeatureCollection or a Topology", type=repr(kind)[:80])
    reader = _Reader(polygons, turned)
    for number, (properties, geometry) in enumerate(listed, 1):
        if number > MAX_AREAS:
            raise BadInput("The answer lists more than {count} areas", count=MAX_AREAS)
        reader.read(number, properties, geometry)
    return reader.flood_map()


def parse_json(body: bytes) -> object:
    """What that JSON says. Raises BadInput when it is cut off, too large or too deep."""
    if not body.strip():
        raise BadInput("The file is empty")
    if len(body) > MAX_BYTES:
        size, limit = len(body) >> 20, MAX_BYTES >> 20
        raise BadInput("The file has {size} MiB; at most {limit} MiB are read", size=size, limit=limit)
    if body.count(b"[") + body.count(b"{") > _MAX_MARKS:
        raise BadInput("The file has more than {most} lists and objects", most=_MAX_MARKS)
    try:
        read: object = json.loads(body)  # NaN is judged where it stands: one area that has it is not the whole answer
        return read
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        raise BadInput("The file is cut off or not JSON: {detail}", detail=str(error)[:120]) from error


def unwrap(answer: object) -> Mapping[str, object]:
    """What the envelope {"statusCode": 200, "result": …} holds, or the answer itself where there is none.

    Raises BadInput when it holds nothing, or an error.
    """
    if isinstance(answer, dict) and "statusCode" in answer:
        if answer["statusCode"] not in (200, "200"):
            detail = _text(answer.get("message") or answer.get("error"))
            raise BadInput(
                "The answer is an error: {status} {detail}", status=_text(answer["statusCode"]), detail=detail
            )
        answer = answer.get("result")
    if not isinstance(answer, dict):
        raise BadInput("The answer is no JSON object")
    return answer


class _Reader:
    """Reads one feature after the other; one that is odd is left out, and what is told of it names it."""

    def __init__(self, polygons: Polygons, latitude_first: bool) -> None:
        self.areas: list[FloodArea] = []
        self.dry = 0
        self._polygons = polygons
        self._latitude_first = latitude_first
        self._points = 0
        self._undated = 0
        self._turned = 0
        self._odd: list[BadInput] = []

    def read(self, number: int, properties: object, geometry: object) -> None:
        try:
            self._read(number, properties, geometry)
        except BadInput as odd:
            self._odd.append(odd)

    def flood_map(self) -> FloodMap:
        """All that is sound. Raises BadInput when something stands there and nothing of it is."""
        if self._odd and not self.areas:
            raise self._odd[0]
        return FloodMap(tuple(self.areas), self.dry, tuple(self._warnings()))

    def _read(self, number: int, properties: object, geometry: object) -> None:
        if not isinstance(properties, dict):
            raise BadInput("Feature {number} has no properties", number=number)
        name = self._name(number, properties)
        if "state" not in properties:  # a dry RW has null; an answer without states tells nothing of floods
            raise BadInput("Feature {feature} has no state", feature=name)
        if properties["state"] is None:
            self.dry += 1
            return
        state = _state(properties["state"])
        if state not in STATES:
            raise BadInput(
                "Feature {feature}: state is {value}; it must be one of {states}",
                feature=name,
                states=", ".join(map(str, STATES)),
                value=ascii(properties["state"])[:40],
            )
        geom_id = _id(properties.get("geom_id")) or _id(properties.get("area_id"))
        if not geom_id:
            raise BadInput("Feature {feature} has neither geom_id nor area_id", feature=name)
        if geometry is None:
            raise BadInput("Feature {feature} has state {state} but no polygon", feature=name, state=state)
        shape = self._shape(name, geometry)
        updated = properties.get("last_updated")
        self.areas.append(
            FloodArea(
                geom_id=geom_id,
                area_id=_id(properties.get("area_id")),
                **{field: _text(properties.get(field)) for field in ("area_name", "parent_name", "city_name")},
                state=state,
                last_updated=self._time(properties.get("changed") if updated is None else updated),
                polygons=shape,
            )
        )

    def _warnings(self) -> Iterator[Reason]:
        """What readers should know of the file as a whole, and of each feature that is left out."""
        if self._odd:
            yield reason(
                "{count} of {listed} areas that may be flooded cannot be read and are left out; "
                "nobody is counted there",
                count=len(self._odd),
                listed=len(self._odd) + len(self.areas),
            )
        yield from (odd.reason() for odd in self._odd[:_MOST_NAMED])
        if self._turned:
            yield reason(
                "{count} of the areas have latitude before longitude; they were turned round", count=self._turned
            )
        if self._undated:
            yield reason("{count} of the areas have a last_updated that cannot be read", count=self._undated)

    def _name(self, number: int, properties: Mapping[str, object]) -> str:
        known = [_text(properties.get(field)) for field in ("geom_id", "area_name", "parent_name")]
        return f"{number} ({', '.join(word for word in known if word)[:120]})" if any(known) else str(number)

    def _time(self, text: object) -> datetime | None:
        if text is None:
            return None
        try:
            time = datetime.fromisoformat(cast(str, text))
            return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, TypeError, OverflowError):
            self._undated += 1
            return None

    def _shape(self, name: str, geometry: object) -> tuple[tuple[NDArray[np.float64], ...], ...]:
        try:
            polygons = self._polygons(cast(Mapping[str, object], geometry), MAX_POINTS - self._points)
        except (ValueError, TypeError, IndexError, KeyError, OverflowError) as error:
            raise BadInput("Feature {feature}: its polygon cannot be read", feature=name) from error
        self._points += sum(len(ring) for rings in polygons for ring in rings)
        polygons = [[ring for ring in rings if _encloses(ring)] for rings in polygons if rings and _encloses(rings[0])]
        if not polygons:
            raise BadInput("Feature {feature}: its polygon is empty", feature=name)
        points = np.concatenate([ring for rings in polygons for ring in rings])
        if self._latitude_first and (np.abs(points[:, 1]) > 90).all() and _on_earth(points[:, ::-1]).all():
            self._turned += 1
            polygons = [[ring[:, ::-1] for ring in rings] for rings in polygons]
            points = points[:, ::-1]
        outside = np.flatnonzero(~_on_earth(points))
        if outside.size:
            longitude, latitude = points[outside[0]].tolist()
            raise BadInput(
                "Feature {feature}: {longitude}, {latitude} is no longitude and latitude",
                feature=name,
                longitude=str(longitude),
                latitude=str(latitude),
            )
        return tuple(tuple(_closed(ring) for ring in rings) for rings in polygons)


def _on_earth(points: NDArray[np.float64]) -> NDArray[np.bool_]:
    on_earth: NDArray[np.bool_] = (np.abs(points[:, 0]) <= 180) & (np.abs(points[:, 1]) <= 90)  # not NaN
    return on_earth


def _encloses(ring: NDArray[np.float64]) -> bool:
    """Whether the corners do not lie in one line; one that is no number encloses something that is not known."""
    if len(ring) < 3:
        return False
    if not np.isfinite(ring).all():
        return True
    away = ring - ring[0]
    far = away[np.argmax(np.abs(away).max(axis=1))]
    return bool((np.abs(away[:, 0] * far[1] - away[:, 1] * far[0]) > 1e-15).any())


def _closed(ring: NDArray[np.float64]) -> NDArray[np.float64]:
    """The ring, its first point at its end too, read-only."""
    if not np.array_equal(ring[0], ring[-1]):
        ring = np.concatenate([ring, ring[:1]])
    ring.setflags(write=False)
    return ring


def _state(value: object) -> int:
    """A state as a whole number, also where a server sends it as text; −1 when it is none."""
    try:
        number = -1.0 if isinstance(value, bool) else float(cast(float, value))
    except (TypeError, ValueError, OverflowError):
        return -1
    return int(number) if number.is_integer() and abs(number) < 1000 else -1


def _id(value: object) -> str:
    """An id as text; "" when there is none. Big numbers come as strings, small servers send them bare."""
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        value = int(value)
    return _text(value)[:64] if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def _text(value: object) -> str:
    """A name as one line of at most 200 characters; half of a surrogate pair, which no file can hold, becomes �."""
    text = "" if value is None else (value if isinstance(value, str) else str(value))[:400]
    whole = "".join("�" if "\ud800" <= mark <= "\udfff" else mark if mark.isprintable() else " " for mark in text)
    return whole.strip()[:200]
