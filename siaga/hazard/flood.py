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
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siaga.errors import BadInput
from siaga.hazard import topojson
from siaga.hazard.topojson import Rings

STATES = (1, 2, 3, 4)
MAX_BYTES = 64 << 20
MAX_AREAS = 200_000
MAX_POINTS = 4_000_000

_LONGITUDES_LATITUDES = ("CRS84", "EPSG::4326", "EPSG:4326", "OGC:CRS84")


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
    warnings: tuple[dict[str, Any], ...] = ()

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


def read_flood(body: bytes) -> FloodMap:
    """Read PetaBencana's answer.

    body: JSON, at most 64 MiB: a FeatureCollection or a Topology, bare or as "result" in the envelope.
    Raises BadInput naming the feature if it is not a whole, sane answer.
    """
    collection = unwrap(parse_json(body))
    kind = collection.get("type")
    if kind == "FeatureCollection":
        listed, polygons = _geojson_features(collection), _geojson_polygons
    elif kind == "Topology":
        listed, polygons = topojson.features(collection), topojson.Arcs(collection).polygons
    else:
        raise BadInput("The answer is a {type}; expected a FeatureCollection or a Topology", type=repr(kind)[:80])
    reader = _Reader(polygons)
    for number, (properties, geometry) in enumerate(listed, 1):
        if number > MAX_AREAS:
            raise BadInput("The answer lists more than {count} areas", count=MAX_AREAS)
        reader.read(number, properties, geometry)
    return FloodMap(tuple(reader.areas), reader.dry, tuple(reader.said()))


def parse_json(body: bytes) -> Any:
    """What that JSON says. Raises BadInput when it is cut off, too large, too deep, or holds NaN."""
    if not body.strip():
        raise BadInput("The file is empty")
    if len(body) > MAX_BYTES:
        raise BadInput("The file has {size} MiB; at most 64 MiB are read", size=len(body) >> 20)

    def refused(name: str) -> None:
        raise ValueError(f"{name} is no number")

    try:
        return json.loads(body, parse_constant=refused)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        raise BadInput("The file is cut off or not JSON: {detail}", detail=str(error)[:120]) from error


def unwrap(answer: Any) -> dict[str, Any]:
    """What the envelope {"statusCode": 200, "result": …} holds, or the answer itself where there is none.

    Raises BadInput when it holds nothing, or an error.
    """
    if isinstance(answer, dict) and "statusCode" in answer:
        if answer["statusCode"] != 200:
            detail = str(answer.get("message") or answer.get("error") or "")[:200]
            raise BadInput("The answer is an error: {status} {detail}", status=answer["statusCode"], detail=detail)
        answer = answer.get("result")
    if not isinstance(answer, dict):
        raise BadInput("The answer is no JSON object")
    return answer


def _geojson_features(collection: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    features, crs = collection.get("features"), collection.get("crs")
    if not isinstance(features, list):
        raise BadInput("The FeatureCollection has no list of features")
    if crs is not None and not any(name in json.dumps(crs) for name in _LONGITUDES_LATITUDES):
        raise BadInput("The coordinates must be longitude and latitude (EPSG:4326); the file names another system")
    for feature in features:
        yield (feature.get("properties"), feature.get("geometry")) if isinstance(feature, dict) else (None, None)


def _geojson_polygons(geometry: Mapping[str, Any], most: int) -> list[Rings]:
    inside = geometry["coordinates"]
    parts = {"Polygon": [inside], "MultiPolygon": inside}[geometry["type"]]
    if sum(len(ring) for rings in parts for ring in rings) > most:
        raise ValueError
    return [[np.array(ring, dtype=np.float64)[:, :2] for ring in rings] for rings in parts]


class _Reader:
    """Reads one feature after the other; what it tells of a feature names it."""

    def __init__(self, polygons: Callable[[Mapping[str, Any], int], list[Rings]]) -> None:
        self.areas: list[FloodArea] = []
        self.dry = 0
        self._polygons = polygons
        self._points = 0
        self._undated = 0

    def read(self, number: int, properties: Any, geometry: Any) -> None:
        if not isinstance(properties, dict):
            raise BadInput("Feature {number} has no properties", number=number)
        name = self._name(number, properties)
        if "state" not in properties:  # a dry RW has null; an answer without states tells nothing of floods
            raise BadInput("Feature {feature} has no state", feature=name)
        state = properties["state"]
        if state is None:
            self.dry += 1
            return
        if isinstance(state, bool) or state not in STATES:
            raise BadInput(
                "Feature {feature}: state is {value}; it must be 1, 2, 3 or 4", feature=name, value=repr(state)[:40]
            )
        geom_id = _id(properties.get("geom_id")) or _id(properties.get("area_id"))
        if not geom_id:
            raise BadInput("Feature {feature} has neither geom_id nor area_id", feature=name)
        self.areas.append(
            FloodArea(
                geom_id=geom_id,
                area_id=_id(properties.get("area_id")),
                **{field: _text(properties.get(field)) for field in ("area_name", "parent_name", "city_name")},
                state=int(state),
                last_updated=self._time(properties.get("last_updated")),
                polygons=self._shape(name, geometry),
            )
        )

    def said(self) -> list[dict[str, Any]]:
        """What readers should know of the file as a whole."""
        if not self._undated:
            return []
        text = "{count} of the areas have a last_updated that cannot be read"
        return [BadInput(text, count=self._undated).reason()]

    def _name(self, number: int, properties: Mapping[str, Any]) -> str:
        known = [_text(properties.get(field)) for field in ("geom_id", "area_name", "parent_name")]
        return f"{number} ({', '.join(word for word in known if word)[:120]})" if any(known) else str(number)

    def _time(self, text: Any) -> datetime | None:
        if text is None:
            return None
        try:
            time = datetime.fromisoformat(text)
            return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, TypeError, OverflowError):
            self._undated += 1
            return None

    def _shape(self, name: str, geometry: Any) -> tuple[tuple[NDArray[np.float64], ...], ...]:
        try:
            polygons = self._polygons(geometry, MAX_POINTS - self._points)
            shape = tuple(tuple(_ring(ring) for ring in rings) for rings in polygons)
        except (ValueError, TypeError, IndexError, KeyError, OverflowError) as error:
            raise BadInput("Feature {feature}: its polygon cannot be read", feature=name) from error
        if not shape or not all(shape):
            raise BadInput("Feature {feature}: its polygon is empty", feature=name)
        for rings in shape:
            for ring in rings:
                self._points += len(ring)
                outside = ~((np.abs(ring[:, 0]) <= 180) & (np.abs(ring[:, 1]) <= 90))  # NaN too
                if outside.any():
                    longitude, latitude = ring[int(np.flatnonzero(outside)[0])].tolist()
                    raise BadInput(
                        "Feature {feature}: {longitude}, {latitude} is no longitude and latitude",
                        feature=name,
                        longitude=str(longitude),
                        latitude=str(latitude),
                    )
        return shape


def _ring(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The ring, closed and read-only. Raises ValueError when it encloses nothing."""
    if points.ndim != 2 or points.shape[1] != 2 or len(np.unique(points, axis=0)) < 3:
        raise ValueError
    if not np.array_equal(points[0], points[-1]):
        points = np.concatenate([points, points[:1]])
    points.setflags(write=False)
    return points


def _id(value: Any) -> str:
    """An id as text; "" when there is none. Big numbers come as strings, small servers send them bare."""
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        value = int(value)
    return str(value).strip()[:64] if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def _text(value: Any) -> str:
    return value.strip()[:200] if isinstance(value, str) else "" if value is None else str(value)[:200]
