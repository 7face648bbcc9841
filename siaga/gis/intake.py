"""Layers of an operator, checked and brought to the form that analyses read.

Files come from anywhere: each thing that would make a wrong figure later is refused here, with a
sentence that names the field and what to do. Vectors become FlatGeobuf in EPSG:4326 with a spatial index.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import shapely
from osgeo import gdal, ogr, osr

from siaga.errors import BadInput
from siaga.exposure import texts, vocabulary
from siaga.foreign import Array, Feature, FeatureLayer, Geometry, Reference, Source
from siaga.gis import crs, sources, turns

gdal.UseExceptions()
ogr.UseExceptions()
osr.UseExceptions()

Add = Callable[[Array | Sequence[Geometry], Sequence[Sequence[str | None]]], None]  # features to a new file
Tell = Callable[[str], None]  # takes a sentence for the operator

_AT_ONCE = 10_000
_FARTHEST = 1e8  # units of any CRS: more than twice round the Earth in metres
_CSV = ["X_POSSIBLE_NAMES=longitude,lon,lng,x,bujur", "Y_POSSIBLE_NAMES=latitude,lat,y,lintang"]


def nobody(_sentence: str) -> None:
    """Where nobody listens to what the operator should know."""


@dataclass(slots=True)
class Seen:
    """What reading a layer has shown. guessed: texts whose encoding was guessed; nowhere: features left out."""

    guessed: set[str] = field(default_factory=set)
    nowhere: int = 0


@dataclass(frozen=True, slots=True)
class Layer:
    """One vector layer. fields: their names in the order of the file."""

    path: Path
    fields: tuple[str, ...]
    count: int
    _source: Source
    _layer: FeatureLayer
    _seen: Seen = field(default_factory=Seen)

    def field(self, wanted: str, option: str) -> str:
        """The field's name as the file spells it. Raises BadInput naming the fields that there are."""
        for name in self.fields:
            if name.lower() == wanted.lower():
                return name
        raise BadInput(
            "{file} has no field {field}; name one with {option}; there are: {fields}",
            file=self.path.name,
            field=wanted,
            option=option,
            fields=", ".join(self.fields) or "none",
        )

    def first_of(self, candidates: Sequence[str]) -> str | None:
        """The first of these fields that the file has, whatever the case of its letters."""
        known = {name.lower(): name for name in reversed(self.fields)}
        return next((known[name] for name in candidates if name in known), None)

    def batches(self, fields: Sequence[str]) -> Iterator[tuple[Array, list[tuple[str, ...]]]]:
        """Geometries (shapely, EPSG:4326) and the texts of some fields, "" where there is none.

        Features without a geometry are left out and counted. Raises BadInput where coordinates make no sense.
        """
        move = _to_wgs84(self._layer, self.path)
        torn = move is not None and self._layer.GetSpatialRef().IsProjected()  # what crosses 180° in metres
        index = [self.fields.index(name) for name in fields]
        wkb: list[bytes] = []
        rows: list[tuple[str, ...]] = []
        for feature in self._features():
            shape = feature.GetGeometryRef()
            if shape is None or shape.IsEmpty():
                self._seen.nowhere += 1
                continue
            if shape.HasCurveGeometry():
                shape = shape.GetLinearGeometry()
            if move:
                self._move(shape, move)
            body = bytes(shape.ExportToWkb(ogr.wkbNDR))
            left, right, *_ = shape.GetEnvelope()
            if right - left > 180:
                whole = shapely.from_wkb(body)
                body = shapely.to_wkb(turns.joined(whole)) if torn or turns.is_torn(whole) else body
            wkb.append(body)
            rows.append(tuple(self._text(feature.GetFieldAsString(one)) for one in index))
            if len(wkb) == _AT_ONCE:
                yield self._checked(wkb), rows
                wkb, rows = [], []
        if wkb:
            yield self._checked(wkb), rows

    def _features(self) -> Iterator[Feature]:
        read = 0
        try:
            for feature in self._layer:
                read += 1
                yield feature
        except RuntimeError as error:
            raise BadInput("{file} is damaged: {detail}", file=self.path.name, detail=error) from error
        if read != self.count:  # GDAL ends without a word where some formats are cut off
            raise BadInput(
                "{file} is cut off or damaged: of {count} features {read} can be read",
                file=self.path.name,
                count=self.count,
                read=read,
            )

    def tell(self, tell: Tell) -> None:
        """Say what the operator should know once the features are read."""
        for said in sources.ignored(self._source, self.path):
            tell(str(said))
        if self._seen.guessed:
            tell(str(texts.note(self.path.name, self._seen.guessed)))
        if self._seen.nowhere:
            tell(
                f"{self.path.name}: {self._seen.nowhere} features have no geometry or no coordinates; they are left out"
            )

    def _text(self, stored: str) -> str:
        text = texts.of_field(stored, self.path.name)
        if text.guessed:
            self._seen.guessed.add(text.value)
        return text.value

    def _move(self, shape: Geometry, move: Reference) -> None:
        """Bring a geometry to EPSG:4326. OGR turns a longitude round and round until it is small: huge ones first."""
        if all(abs(edge) < _FARTHEST for edge in shape.GetEnvelope()):
            try:
                shape.Transform(move)
                return
            except RuntimeError:
                pass
        raise BadInput(
            "{file} has coordinates that are none in its coordinate reference system ({where})",
            file=self.path.name,
            where=", ".join(f"{edge:.6g}" for edge in shape.GetEnvelope()),
        )

    def _checked(self, wkb: list[bytes]) -> Array:
        geometries: Array = shapely.force_2d(shapely.from_wkb(np.array(wkb, dtype=object)))
        west, south, east, north = shapely.total_bounds(geometries)
        if not (west >= -360.001 and east <= 360.001 and south >= -90.001 and north <= 90.001):
            raise BadInput(
                "{file} has coordinates outside the world ({west:.0f} {south:.0f} {east:.0f} {north:.0f}); its "
                "coordinate reference system is not what the file says",
                file=self.path.name,
                west=west,
                south=south,
                east=east,
                north=north,
            )
        return geometries


def open_layer(path: Path) -> Layer:
    """The first layer of a file that OGR reads. Raises BadInput with a sentence."""
    source = sources.vector(path, _CSV if path.suffix.lower() == ".csv" else ())
    if source.GetLayerCount() == 0:
        raise BadInput("{file} has no layer", file=path.name)
    layer = source.GetLayer(0)
    if layer.GetFeatureCount() == 0:
        raise BadInput("{file} has no features", file=path.name)
    definition = layer.GetLayerDefn()
    named = (definition.GetFieldDefn(index).GetName() for index in range(definition.GetFieldCount()))
    fields = tuple(texts.of_field(name, path.name).value for name in named)
    return Layer(path, fields, layer.GetFeatureCount(), source, layer)


@contextmanager
def writing(path: Path, geometry: str, fields: Sequence[str]) -> Iterator[Add]:
    """Gives add(geometries, rows), which writes features to a new FlatGeobuf, EPSG:4326, of text fields."""
    path.unlink(missing_ok=True)
    target = ogr.GetDriverByName("FlatGeobuf").CreateDataSource(str(path))
    layer = target.CreateLayer(path.stem, crs.wgs84(), getattr(ogr, f"wkb{geometry}"), ["SPATIAL_INDEX=YES"])
    for name in fields:
        layer.CreateField(ogr.FieldDefn(name, ogr.OFTString))
    try:
        yield partial(_add, layer)
    finally:
        del layer
        target.FlushCache()
        del target  # only now is the file, with its index, written


def _add(layer: FeatureLayer, geometries: Array | Sequence[Geometry], rows: Sequence[Sequence[str | None]]) -> None:
    definition = layer.GetLayerDefn()
    for body, row in zip(shapely.to_wkb(geometries), rows, strict=True):
        feature = ogr.Feature(definition)
        feature.SetGeometryDirectly(ogr.CreateGeometryFromWkb(body))
        for index, value in enumerate(row):
            if value:
                feature.SetField(index, value)
        layer.CreateFeature(feature)


def _to_wgs84(layer: FeatureLayer, path: Path) -> Reference:
    """The way into EPSG:4326, longitude first; None when the layer is there."""
    reference = layer.GetSpatialRef()
    if path.suffix.lower() == ".csv":  # a table of longitudes and latitudes
        if layer.GetGeomType() == ogr.wkbNone:
            raise BadInput("{file} has no columns longitude and latitude", file=path.name)
        return None
    if reference is None:
        raise BadInput(
            "{file} does not say its coordinate reference system; add it (for a shapefile its .prj)", file=path.name
        )
    wgs84 = crs.wgs84()
    if reference.IsSame(wgs84, ["IGNORE_DATA_AXIS_TO_SRS_AXIS_MAPPING=YES", "CRITERION=EQUIVALENT"]):
        return None
    reference = reference.Clone()
    reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return osr.CoordinateTransformation(reference, wgs84)


def type_fields(role: str, layer: Layer) -> list[str]:
    """The fields of vocabulary.TYPE_FIELDS that a file has, the more telling first."""
    return [name for wanted in vocabulary.TYPE_FIELDS[role] if (name := layer.first_of((wanted,)))]
