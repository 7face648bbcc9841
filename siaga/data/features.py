"""Structures, roads, land cover and zones of an operator as the FlatGeobuf files that analyses read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely

from siaga.errors import BadInput
from siaga.exposure import vocabulary
from siaga.foreign import Array, Geometry
from siaga.gis import intake, layers
from siaga.gis.intake import Tell, nobody

_NAME_FIELDS = ("name", "nama", "name:id", "namobj", "nama_objek")
_CODE_FIELDS = ("code", "kode", "kdepum", "kdcpum", "kdpkab", "kdppum", "adm4_pcode", "adm3_pcode", "adm2_pcode", "id")
_VOCABULARY = {"structures": vocabulary.STRUCTURES, "roads": vocabulary.ROADS, "land_cover": vocabulary.LAND}
_GEOMETRY = {"structures": "Point", "roads": "MultiLineString", "land_cover": "MultiPolygon"}


def convert(
    role: str, path: Path, target: Path, type_field: str = "", name_field: str = "", tell: Tell = nobody
) -> dict[str, int]:
    """Write structures, roads or land_cover to `target`; returns how many features each type has.

    type_field: what says the type; without it, all fields of vocabulary.TYPE_FIELDS that the file has, the first
    whose value is known. A structure becomes one point: its centroid, or a point on it where the centroid
    lies outside; a line its middle. tell: what the operator should know.
    Raises BadInput with a sentence.
    """
    layer = intake.open_layer(path)
    kinds = [] if type_field else intake.type_fields(role, layer)
    if not kinds:  # field() raises, and says which fields there are
        kinds = [layer.field(type_field or vocabulary.TYPE_FIELDS[role][0], "--type-field")]
    named = layer.field(name_field, "--name-field") if name_field else layer.first_of(_NAME_FIELDS)
    fields = [*kinds, *([named] if named else [])]
    shape = {"structures": _points, "roads": _lines, "land_cover": _areas}[role]
    counts: dict[str, int] = {}
    with intake.writing(target, _GEOMETRY[role], ("type", "name")) as add:
        for geometries, rows in layer.batches(fields):
            shapes, of = shape(geometries, path)
            types = [_VOCABULARY[role].type_of(row[: len(kinds)]) for row in rows]
            for index in of:
                counts[types[index]] = counts.get(types[index], 0) + 1
            add(shapes, [(types[index], rows[index][-1] if named else None) for index in of])
    if not counts:
        raise BadInput("{file} has no features with a geometry", file=path.name)
    layer.tell(tell)
    return counts


@dataclass(frozen=True, slots=True)
class ZoneOptions:
    """Fields of a file of zones; "" where Siaga is to look for itself. level: of all of them, if no field says it."""

    code: str = ""
    name: str = ""
    level_field: str = ""
    parent: str = ""
    level: str = ""


def zones(
    path: Path, target: Path, named: ZoneOptions, before: Path | None = None, tell: Tell = nobody
) -> dict[str, int]:
    """Write zones: code, name, level, parent; returns how many there are of each level.

    before: zones whose levels that this file does not have are kept. tell: what the operator should know.
    Raises BadInput with a sentence.
    """
    layer = intake.open_layer(path)
    fields = [
        _zone_field(layer, named.code, _CODE_FIELDS, "--code-field"),
        _zone_field(layer, named.name, _NAME_FIELDS, "--name-field"),
        layer.field(named.level_field, "--level-field") if named.level_field else layer.first_of(("level",)),
        layer.field(named.parent, "--parent-field") if named.parent else layer.first_of(("parent",)),
    ]
    known = [name for name in fields if name]
    counts: dict[str, int] = {}
    with intake.writing(target, "MultiPolygon", ("code", "name", "level", "parent")) as add:
        for geometries, texts in layer.batches(known):
            rows = []
            for text in texts:
                said = dict(zip(known, text, strict=True))
                code, name, level, parent = (said.get(field, "") if field else "" for field in fields)
                if not code:
                    raise BadInput("{file}: the zone {name} has no {field}", file=path.name, name=name, field=fields[0])
                level = named.level or level
                counts[level] = counts.get(level, 0) + 1
                rows.append((code, name or code, level, parent))
            shapes, sound = areas(geometries, path)
            _, of = _kept(shapes, sound)
            add(shapes[of], [rows[index] for index in of])
        for shape, kept in _other_levels(before, counts):
            counts[kept[2]] = counts.get(kept[2], 0) + 1
            add([shape], [kept])
    layer.tell(tell)
    return {level or "zones": count for level, count in counts.items()}


def _zone_field(layer: intake.Layer, given: str, candidates: Sequence[str], option: str) -> str:
    return (None if given else layer.first_of(candidates)) or layer.field(given or candidates[0], option)


def _other_levels(before: Path | None, counts: Mapping[str, int]) -> list[tuple[Geometry, tuple[str, ...]]]:
    if before is None:
        return []
    new = set(counts)
    geometries, rows = layers.read(before)
    return [
        (shape, tuple(row.get(name) or "" for name in ("code", "name", "level", "parent")))
        for shape, row in zip(geometries, rows, strict=True)
        if (row.get("level") or "") not in new
    ]


def _points(geometries: Array, _: Path) -> tuple[Array, Sequence[int]]:
    kind = shapely.get_type_id(geometries)
    centre = shapely.centroid(geometries)
    lines = np.isin(kind, (1, 5))
    centre[lines] = shapely.line_interpolate_point(_merged(geometries[lines]), 0.5, normalized=True)
    areas = np.flatnonzero(np.isin(kind, (3, 6)))
    if len(areas):
        sound = shapely.make_valid(geometries[areas])
        outside = ~shapely.intersects(sound, centre[areas])
        centre[areas[outside]] = shapely.point_on_surface(sound[outside])
    return _kept(centre, ~shapely.is_empty(centre))


def _lines(geometries: Array, path: Path) -> tuple[Array, Sequence[int]]:
    if not np.isin(shapely.get_type_id(geometries), (1, 5)).all():
        raise BadInput("{file} has features that are no lines; roads must be lines", file=path.name)
    return _kept(_multi(geometries, shapely.multilinestrings), ~shapely.is_empty(geometries))


def _areas(geometries: Array, path: Path) -> tuple[Array, Sequence[int]]:
    return _kept(*areas(geometries, path))


def areas(geometries: Array, path: Path) -> tuple[Array, Array]:
    """Sound multipolygons, and which of them have an area. Raises BadInput for points and lines."""
    if not np.isin(shapely.get_type_id(geometries), (3, 6)).all():
        raise BadInput("{file} has features that are no polygons; polygons are needed here", file=path.name)
    sound = np.array([_only_areas(one) for one in shapely.make_valid(geometries)], dtype=object)
    return sound, shapely.area(sound) > 0


def _only_areas(shape: Geometry) -> Geometry:
    parts = [part for part in shapely.get_parts(shape) if part.geom_type in ("Polygon", "MultiPolygon")]
    flat = [piece for part in parts for piece in shapely.get_parts(part)]
    return shapely.MultiPolygon(flat)


def _merged(lines: Array) -> Array:
    """One line each: the longest part of a line in several parts."""
    return np.array(
        [one if one.geom_type == "LineString" else max(one.geoms, key=lambda part: part.length) for one in lines],
        dtype=object,
    )


def _multi(geometries: Array, make: Callable[..., Geometry]) -> Array:
    parts, of = shapely.get_parts(geometries, return_index=True)
    found: Array = make(parts, indices=of)
    return found


def _kept(shapes: Array, keep: Array) -> tuple[Array, Sequence[int]]:
    return shapes[keep], np.flatnonzero(keep).tolist()
