"""Zones out of any file of polygons that OGR opens: read, brought to a CRS, mended, made disjoint."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import shapely
from numpy.typing import NDArray
from osgeo import gdal, ogr, osr

from siaga.errors import BadInput, Reason, reason
from siaga.exposure import texts
from siaga.exposure.texts import Text
from siaga.exposure.zones import INSTALLED, ZoneFields
from siaga.foreign import Array, Feature, FeatureLayer, Geometry, Reference, Source
from siaga.gis import crs, sources, turns

gdal.UseExceptions()
ogr.UseExceptions()

Polygons = Array
_Named = tuple[str, str, str | None, str | None]  # code, name, level, parent

_MOST_NAMED = 3  # zones in one sentence
_SLIVER = 1e-9  # of a zone; what is left of one that others cover is not a place but rounding


@dataclass(frozen=True, slots=True)
class ZoneLevel:
    """The zones of one administrative level.

    codes, names, parents: one per zone, in the order in which the file first names the code.
    polygons: valid, without overlap, in the CRS asked for. zone: of each polygon, an index into codes.
    """

    level: str | None
    codes: list[str]
    names: list[str]
    parents: list[str | None]
    polygons: Polygons
    zone: NDArray[np.int64]

    @property
    def areas(self) -> NDArray[np.float64]:
        """Of each zone, in squares of the CRS's unit; 0 where others have all of it."""
        areas = np.bincount(self.zone, weights=shapely.area(self.polygons), minlength=len(self.codes))
        return np.asarray(areas, dtype=np.float64)


def read(
    path: Path,
    fields: ZoneFields,
    wkt: str,
    near: tuple[float, float, float, float] | None = None,
    across: tuple[float, float] | None = None,
) -> tuple[list[ZoneLevel], list[Reason]]:
    """The levels of a file's first layer, and what a reader should know (stored reasons).

    wkt: of the CRS to bring the polygons to. near: west, south, east, north in degrees; zones that do not
    reach into it are left out, and there may be no level then. across: west and east edge of the grid that they
    are for, where the CRS is one of degrees: zones on the other side of 180° are brought onto it.
    Zones of one level with one code are one zone; where polygons of one level overlap, the first in the file
    has the area. Heights and measures are dropped.
    Raises BadInput with a sentence when the file, a field or the CRS is missing.
    """
    bodies, rows, warnings = _features(path, fields, wkt, near)
    if near and not bodies:
        return [], warnings
    polygons = mended(shapely.from_wkb(bodies))
    if across and (turned := turns.onto(polygons, *across)) is not polygons:
        polygons = mended(turned)
    warnings += _left_out(path, fields, polygons, rows)
    usable = ~_nothing(polygons)
    usable &= np.array([row[0] is not None for row in rows], dtype=bool)
    if not usable.any():
        raise BadInput("{file} holds no zone with an area and a {field}", file=path.name, field=fields.code)
    members: dict[str | None, list[int]] = {}
    for index in np.flatnonzero(usable).tolist():
        members.setdefault(rows[index][2], []).append(index)
    levels, lost, merged = [], [], []
    for name, inside in members.items():
        level = _level(name, polygons[inside], [rows[i] for i in inside])
        levels.append(level)
        merged += _merged(level, [rows[i][1] for i in inside])
        before = np.bincount(level.zone, weights=shapely.area(polygons[inside]), minlength=len(level.codes))
        lost += [level.names[zone] for zone in np.flatnonzero(level.areas <= _SLIVER * before).tolist()]
    if lost:
        said = reason(
            "{file}: {count} zones lie wholly within others of their level and have nobody: {names}",
            file=path.name,
            count=len(lost),
            names=_listed(lost),
        )
        warnings.append(said)
    if merged:
        said = reason(
            "{file}: zones of different names have the same {field} and count as one: {names}",
            file=path.name,
            field=fields.code,
            names=_listed(merged),
        )
        warnings.append(said)
    return levels, warnings


def _left_out(path: Path, fields: ZoneFields, polygons: Polygons, rows: list[_Named]) -> Iterator[Reason]:
    """A stored reason for each kind of zone that cannot be used."""
    missing = int(np.count_nonzero(shapely.is_missing(polygons)))
    empty = int(np.count_nonzero(shapely.is_empty(polygons)))
    uncoded = sum(row[0] is None for row in rows)
    if missing:
        yield reason("{file}: {count} zones have no geometry and are left out", file=path.name, count=missing)
    if empty:
        yield reason("{file}: {count} zones have no area and are left out", file=path.name, count=empty)
    if uncoded:
        yield reason(
            "{file}: {count} zones have no {field} and are left out", file=path.name, count=uncoded, field=fields.code
        )


def outlines(
    path: Path, fields: ZoneFields, wkt: str, near: tuple[float, float, float, float] | None = None
) -> list[tuple[str, Geometry]]:
    """Code and shape of every polygon of a file, for drawing: brought to a CRS and mended, nothing more.

    near: as `read` has it.
    """
    bodies, rows, _ = _features(path, fields, wkt, near)
    polygons = mended(shapely.from_wkb(bodies))
    usable = ~_nothing(polygons)
    return [(row[0], shape) for row, shape, use in zip(rows, polygons, usable, strict=True) if use and row[0]]


def mended(polygons: Polygons) -> Polygons:
    """Valid polygons without what has no area; None stays None."""
    wrong = ~(shapely.is_valid(polygons) | shapely.is_missing(polygons))
    polygons = polygons.copy()
    polygons[wrong] = shapely.make_valid(polygons[wrong])
    odd = ~np.isin(shapely.get_type_id(polygons), (-1, 3, 6))
    polygons[odd] = [_areas(shape) for shape in polygons[odd]]
    return polygons


def disjoint(polygons: Polygons) -> Polygons:
    """The same without overlap: of two that share an area the first keeps it.

    polygons: valid. GEOS finds quickly which of them break the rules of a coverage; only those are cut.
    """
    suspect = np.flatnonzero(~_nothing(shapely.coverage_invalid_edges(polygons)))
    if not len(suspect):
        return polygons
    one, other = shapely.STRtree(polygons).query(polygons[suspect])
    one = suspect[one]
    pairs = np.unique(np.column_stack((np.minimum(one, other), np.maximum(one, other)))[one != other], axis=0)
    shapely.prepare(polygons)
    pairs = pairs[shapely.relate_pattern(polygons[pairs[:, 0]], polygons[pairs[:, 1]], "T********")]
    cut = polygons.copy()
    for later in np.unique(pairs[:, 1]).tolist():
        earlier = pairs[pairs[:, 1] == later, 0]
        cut[later] = _areas(shapely.difference(polygons[later], shapely.union_all(polygons[earlier])))
    return cut


def _level(name: str | None, polygons: Polygons, rows: list[_Named]) -> ZoneLevel:
    index: dict[str, int] = {}
    zone = np.array([index.setdefault(row[0], len(index)) for row in rows], dtype=np.int64)
    first = {row[0]: row for row in reversed(rows)}
    named = [first[code] for code in index]
    return ZoneLevel(name, list(index), [row[1] for row in named], [row[3] for row in named], disjoint(polygons), zone)


def _merged(level: ZoneLevel, names: list[str]) -> list[str]:
    """The names of zones that go under another's. names: one per polygon; a code stands where there is none."""
    return sorted(
        {
            f"{name} ({level.names[zone]})"
            for zone, name in zip(level.zone.tolist(), names, strict=True)
            if name not in (level.names[zone], level.codes[zone])
        }
    )


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_MOST_NAMED]) + (" …" if len(names) > _MOST_NAMED else "")


def _features(
    path: Path, fields: ZoneFields, wkt: str, near: tuple[float, float, float, float] | None = None
) -> tuple[list[bytes | None], list[_Named], list[Reason]]:
    """Geometries in the CRS asked for as WKB, (code, name, level, parent) of each, warnings."""
    layer, source = _open(path)
    definition = layer.GetLayerDefn()
    named = (definition.GetFieldDefn(index).GetName() for index in range(definition.GetFieldCount()))
    held = [texts.of_field(name, path.name).value for name in named]
    at = [_index(path, held, name, needed) for name, needed in _wanted(fields)]
    transformation, warnings = _transformation(path, layer, wkt)
    # What crosses 180° in metres has longitudes of both signs in degrees.
    degrees = crs.of_wkt(wkt).IsGeographic()
    torn = transformation and layer.GetSpatialRef().IsProjected() and degrees
    bodies: list[bytes | None] = []
    rows: list[_Named] = []
    guessed: set[str] = set()
    for feature in _under(layer, near):
        found = [None if index is None else _text(path, feature, index) for index in at]
        guessed |= {text.value for text in found if text and text.guessed}
        code, name, level, parent = (text.value if text else None for text in found)
        rows.append((cast(str, code), cast(str, name or code), level, parent))
        geometry = feature.GetGeometryRef()
        if geometry is None or geometry.IsEmpty():
            bodies.append(None)
            continue
        if geometry.HasCurveGeometry(True):
            geometry = geometry.GetLinearGeometry()
        geometry.FlattenTo2D()
        if transformation:
            try:
                geometry.Transform(transformation)
            except RuntimeError as error:
                raise BadInput(
                    "{file}: zone {code} cannot be brought to the coordinate system of the population grid",
                    file=path.name,
                    code=str(code),
                ) from error
        body = bytes(geometry.ExportToWkb(ogr.wkbNDR))
        left, right, *_ = geometry.GetEnvelope()
        if degrees and right - left > 180:
            shape = shapely.from_wkb(body)
            body = shapely.to_wkb(turns.joined(shape)) if torn or turns.is_torn(shape) else body
        bodies.append(body)
    warnings += [said.reason() for said in sources.ignored(source, path)]
    if guessed:
        warnings.append(texts.note(path.name, guessed).reason())
    del source
    return bodies, rows, warnings


def _under(layer: FeatureLayer, near: tuple[float, float, float, float] | None) -> Iterator[Feature]:
    """The layer's features, or those near a rectangle in degrees, however their longitudes are counted."""
    if near is None:
        yield from layer
        return
    reference = layer.GetSpatialRef()
    west, south, east, north = near
    found: dict[int, Feature] = {}
    for turn in turns.TURNS if reference is None or reference.IsGeographic() else (0.0,):
        layer.SetSpatialFilterRect(*_box(layer, (west + turn, south, east + turn, north)))
        found |= {feature.GetFID(): feature for feature in layer}
    yield from (found[number] for number in sorted(found))  # in the file's order


def _open(path: Path) -> tuple[Source, FeatureLayer]:
    source = sources.vector(path)
    if not source.GetLayerCount():
        raise BadInput("{file} holds no layer", file=path.name)
    return source.GetLayer(0), source


def _wanted(fields: ZoneFields) -> list[tuple[str | None, bool]]:
    """Field names, and whether the file must have them."""
    return [
        (fields.code, True),
        (fields.name, True),
        (fields.level, fields.level != INSTALLED.level),
        (fields.parent, fields.parent != INSTALLED.parent),
    ]


def _index(path: Path, held: list[str], name: str | None, needed: bool) -> int | None:
    if name is None:
        return None
    if name in held:
        return held.index(name)
    alike = [number for number, one in enumerate(held) if one.casefold() == name.casefold()]
    if len(alike) == 1:
        return alike[0]
    if needed:
        raise BadInput(
            "{file} has no field {field}; its fields are {fields}",
            file=path.name,
            field=name,
            fields=", ".join(held) or "none",
        )
    return None


def _text(path: Path, feature: Feature, index: int) -> Text | None:
    """A field as text, without the .0 of codes that were stored as real numbers; None when empty."""
    value = feature.GetField(index)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = texts.of_field("" if value is None else str(value), path.name)
    return text if text.value else None


def _box(layer: FeatureLayer, near: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """A rectangle in degrees in the layer's CRS, a little too large; everything where that CRS does not reach."""
    reference = layer.GetSpatialRef()
    if reference is None:
        return near
    west, south, east, north = near
    longitude, latitude = np.meshgrid(np.linspace(west, east, 21), np.linspace(south, north, 21))
    try:
        x, y = crs.from_lonlat(longitude, latitude, reference.ExportToWkt())
    except RuntimeError:
        left, right, bottom, top = layer.GetExtent()
        return left, bottom, right, top
    slack_x, slack_y = (x.max() - x.min()) / 20, (y.max() - y.min()) / 20
    return x.min() - slack_x, y.min() - slack_y, x.max() + slack_x, y.max() + slack_y


def _transformation(path: Path, layer: FeatureLayer, wkt: str) -> tuple[Reference, list[Reason]]:
    """From the layer's CRS to the one asked for; None where they are the same."""
    target = crs.of_wkt(wkt)
    reference, warnings = layer.GetSpatialRef(), []
    if reference is None:
        west, east, south, north = layer.GetExtent()
        if not (-180.5 <= west <= east <= 360.5 and -90.5 <= south <= north <= 90.5):
            raise BadInput(
                "{file} names no coordinate system; give it one, as gdal_edit.py -a_srs and ogr2ogr -a_srs do",
                file=path.name,
            )
        reference = crs.wgs84()
        said = reason("{file} names no coordinate system; it is taken for longitude and latitude", file=path.name)
        warnings.append(said)
    reference = reference.Clone()
    reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    if reference.IsSame(target, ["CRITERION=EQUIVALENT", "IGNORE_DATA_AXIS_TO_SRS_AXIS_MAPPING=YES"]):
        return None, warnings
    return osr.CoordinateTransformation(reference, target), warnings


def _areas(shape: Geometry) -> Geometry:
    """Only the parts of a geometry that have an area, as one multipolygon."""
    parts = shapely.get_parts(shapely.get_parts(shape))
    return shapely.MultiPolygon([part for part in parts if part.geom_type == "Polygon" and not part.is_empty])


def _nothing(shapes: Polygons) -> NDArray[np.bool_]:
    nothing: NDArray[np.bool_] = shapely.is_empty(shapes) | shapely.is_missing(shapes)
    return nothing
