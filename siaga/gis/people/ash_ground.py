"""An ash raster, read with hostile eyes, and the ground on which the ash lies.

A raster comes from anybody's model: it is opened from memory by GDAL's GeoTIFF driver alone, so that no
part of it can point at another file or a server.
"""

import json
import math
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray
from osgeo import gdal, ogr

from siaga.errors import BadInput, Reason, reason
from siaga.foreign import Array, Geometry, Source
from siaga.gis import crs
from siaga.gis.people import ash_band
from siaga.gis.people.by_class import ClassedPolygons
from siaga.hazard import ashunit
from siaga.hazard.ash import (
    CLASSES,
    LIMITS_CM,
    MAX_BYTES,
    MAX_CM,
    MOST_DEGREES_AWAY,
    AshFall,
    Eruption,
    away_degrees,
    classify,
)

gdal.UseExceptions()
ogr.UseExceptions()

MAX_CELLS = 4_000_000
_LEAST_CELLS, _TILE = 2, 512  # cells: of a side at the least, of a tile's side as programs write it
MAX_PATCHES = 600_000  # changes of class between neighbours; a plume of particles on a million cells has half of it
_MAX_DEGREES = 30.0  # across; wider than any ash that is thick enough to be counted
_TILE = 64  # cells, each way
_PER_TILE = 8  # numbers; more than there are classes
_SKEW = 0.01  # of a cell, over all of the raster; less is the noise of floats
_FILL = (255.0, 999.0, 9999.0, 32767.0, 65535.0, 99999.0)  # what stands for no-data, or the largest of its type
_NOUGHT = -1e-6  # cm; what models write for none


def read(body: bytes, eruption: Eruption | None = None) -> AshFall:
    """Read the GeoTIFF of an ash fall.

    body: the whole file, at most MAX_BYTES; one band, or one that is named as ash. It is centimetres unless the file
    or the eruption names another unit, which is brought to them. A raster in another CRS is brought to
    EPSG:4326 by the nearest cell, so that no thickness is invented. With an eruption the raster must lie near
    its volcano. Raises BadInput saying what to do.
    """
    if not body:
        raise BadInput("The file is empty")
    if len(body) > MAX_BYTES:
        size, limit = len(body) >> 20, MAX_BYTES >> 20
        raise BadInput("The raster has {size} MiB; at most {limit} MiB are read", size=size, limit=limit)
    with _opened(body) as source:
        number, said = _check_form(source)
        scale, scaled = _centimetres(source, number, eruption)
        if source.RasterCount > 1:
            source = gdal.Translate("", source, format="MEM", bandList=[number])
        source, moved = _in_degrees(source)
        said += [*scaled, *moved]
        west, width, _, north, _, height = source.GetGeoTransform()
        thickness = _thickness(source, scale)
    if height > 0:  # its first row is the southernmost
        north, height, thickness = north + height * len(thickness), -height, thickness[::-1]
    fall = AshFall(west, north, width, -height, thickness, eruption, tuple(said))
    _check_place(fall)
    if not classify(thickness).any():
        said.append(reason("The ash is nowhere thicker than {cm} cm; nobody is counted as exposed", cm=LIMITS_CM[0]))
    return replace(fall, warnings=tuple(said))


def added(falls: list[AshFall]) -> AshFall:
    """The sum of several falls of one volcano: on the finest cells among them, over the ground of all of them.

    Of the others each new cell takes the thickness at its centre. NaN where none of them knows anything. The
    eruption is the first one's; the order changes nothing else. Raises BadInput when that ground has too many cells.
    """
    if len(falls) == 1:
        return falls[0]
    base = min(falls, key=lambda fall: (fall.width * fall.height, fall.width, fall.west, fall.north))
    edges = np.array([_beside(base, fall) for fall in falls])
    left = math.ceil(round((base.west - edges[:, 0].min()) / base.width, 6))
    top = math.ceil(round((edges[:, 3].max() - base.north) / base.height, 6))
    west, north = base.west - left * base.width, base.north + top * base.height
    columns = math.ceil(round((edges[:, 2].max() - west) / base.width, 6))
    rows = math.ceil(round((north - edges[:, 1].min()) / base.height, 6))
    if rows * columns > MAX_CELLS:
        raise BadInput("The rasters lie so far apart that their sum would have more than {most} cells", most=MAX_CELLS)
    longitude = west + (np.arange(columns) + 0.5) * base.width
    latitude = north - (np.arange(rows) + 0.5) * base.height
    layers = np.sort([fall.at(*np.meshgrid(longitude, latitude)) for fall in falls], axis=0)  # no sum by their order
    known = ~np.isnan(layers).all(axis=0)
    said = [warning for fall in falls for warning in fall.warnings]
    return replace(
        base,
        west=west,
        north=north,
        thickness=np.where(known, np.nansum(layers, axis=0), np.nan),
        eruption=falls[0].eruption,
        warnings=tuple(sorted(said, key=lambda warning: str(warning["text"]))),
    )


def _beside(base: AshFall, fall: AshFall) -> tuple[float, float, float, float]:
    """Edges of a fall in the turn of longitudes in which the base lies."""
    west, south, east, north = fall.edges
    turn = 360 * round((base.west - west) / 360)
    return west + turn, south, east + turn, north


def polygons(fall: AshFall) -> ClassedPolygons:
    """What lies under ash of which class, along the raster's cells.

    Raises BadInput when the raster is no ash fall but noise.
    """
    classes = classify(fall.thickness)
    changes = np.count_nonzero(np.diff(classes, axis=1)) + np.count_nonzero(np.diff(classes, axis=0))
    if changes > MAX_PATCHES:
        raise BadInput("The raster changes from cell to cell like noise; send the model's ash as it is")
    rows, columns = classes.shape
    # Each tile has numbers of its own, so that no polygon grows large however wide the ash lies.
    tile = np.arange(rows)[:, np.newaxis] // _TILE * (columns // _TILE + 1) + np.arange(columns) // _TILE
    polygons, numbers = _outlined(fall, np.where(classes > 0, tile * _PER_TILE + classes, 0))
    return ClassedPolygons(polygons, numbers % _PER_TILE, len(CLASSES))


def geojson(fall: AshFall) -> bytes:
    """What lies under ash as a FeatureCollection, one feature per class that there is, along the cells."""
    polygons, numbers = _outlined(fall, classify(fall.thickness))
    features = [
        {
            "type": "Feature",
            "properties": {"class": CLASSES[number - 1]},
            "geometry": json.loads(shapely.to_geojson(_together(polygons[numbers == number]))),
        }
        for number in np.unique(numbers).tolist()
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def _together(polygons: Array) -> Geometry:
    """Polygons that have no edge in common as one geometry."""
    parts = shapely.get_parts(polygons)
    return parts[0] if len(parts) == 1 else shapely.multipolygons(parts)


def _outlined(fall: AshFall, numbers: Array) -> tuple[Array, NDArray[np.int64]]:
    """Where cells of one number above 0 lie side by side: valid polygons in degrees, and the number of each."""
    rows, columns = numbers.shape
    source = gdal.GetDriverByName("MEM").Create("", columns, rows, 1, gdal.GDT_Int32)
    band = source.GetRasterBand(1)
    band.WriteArray(numbers.astype(np.int32))
    target = ogr.GetDriverByName("Memory").CreateDataSource("")
    layer = target.CreateLayer("")  # in units of cells, so that corners are whole numbers
    layer.CreateField(ogr.FieldDefn("number", ogr.OFTInteger))
    gdal.Polygonize(band, band, layer, 0)
    wkb, kinds = [], []
    for patch in layer:
        wkb.append(bytes(patch.GetGeometryRef().ExportToWkb(ogr.wkbNDR)))
        kinds.append(patch.GetFieldAsInteger(0))
    in_cells = shapely.make_valid(shapely.from_wkb(np.array(wkb, dtype=object)))
    place, size = (fall.west, fall.north), (fall.width, -fall.height)
    polygons = shapely.transform(in_cells, lambda points: place + points * size)
    return polygons, np.array(kinds, dtype=np.int64)


def write(fall: AshFall) -> bytes:
    """The thickness as a cloud-optimised GeoTIFF, float32, EPSG:4326, NaN where nothing is known."""
    rows, columns = fall.thickness.shape
    memory = gdal.GetDriverByName("MEM").Create("", columns, rows, 1, gdal.GDT_Float32)
    memory.SetGeoTransform((fall.west, fall.width, 0.0, fall.north, 0.0, -fall.height))
    memory.SetProjection(crs.wgs84().ExportToWkt())
    band = memory.GetRasterBand(1)
    band.SetDescription("ash thickness, cm")
    band.SetUnitType("cm")
    band.SetNoDataValue(math.nan)
    band.WriteArray(fall.thickness.astype(np.float32))
    options = ["COMPRESS=DEFLATE", "PREDICTOR=YES", "BLOCKSIZE=256", "OVERVIEWS=NONE", "NUM_THREADS=1"]
    return copied("COG", memory, options)


def copied(driver: str, source: Source, options: list[str]) -> bytes:
    """The bytes of a file that a driver makes of a data set."""
    path = f"/vsimem/{uuid.uuid4()}"
    try:
        gdal.GetDriverByName(driver).CreateCopy(path, source, options=options)
        file = gdal.VSIFOpenL(path, "rb")
        try:
            return bytes(gdal.VSIFReadL(1, gdal.VSIStatL(path).size, file))
        finally:
            gdal.VSIFCloseL(file)
    finally:
        gdal.Unlink(path)


@contextmanager
def _opened(body: bytes) -> Iterator[Source]:
    path = f"/vsimem/{uuid.uuid4()}/ash.tif"  # a folder of its own: no other file lies beside it
    gdal.FileFromMemBuffer(path, body)
    try:
        try:
            source = gdal.OpenEx(path, gdal.OF_RASTER, allowed_drivers=["GTiff"])
        except RuntimeError as error:
            raise BadInput("The raster is cut off or no GeoTIFF; send the ash as a GeoTIFF") from error
        try:
            yield source
        except RuntimeError as error:  # GDAL's own, about whatever is asked of a file that it has opened
            raise BadInput("The raster is damaged ({detail}); write it anew", detail=str(error)) from error
    finally:
        source = None
        gdal.Unlink(path)


def _check_form(source: Source) -> tuple[int, list[Reason]]:
    """The number of the band with the ash, and what readers should know of that."""
    rows, columns = source.RasterYSize, source.RasterXSize
    if rows * columns > MAX_CELLS or min(rows, columns) < _LEAST_CELLS:
        raise BadInput(
            "The raster has {rows} by {columns} cells; send {least} by {least} up to {most}",
            rows=rows,
            columns=columns,
            least=_LEAST_CELLS,
            most=MAX_CELLS,
        )
    block_columns, block_rows = source.GetRasterBand(1).GetBlockSize()
    if block_columns * block_rows > MAX_CELLS:
        raise BadInput(
            "The raster's tiles are too large; write it in strips or tiles of {cells} by {cells} cells", cells=_TILE
        )
    number, said = ash_band.chosen(source)
    if gdal.DataTypeIsComplex(source.GetRasterBand(number).DataType):
        raise BadInput("The raster holds complex numbers; send the thickness in cm")
    try:
        transform = source.GetGeoTransform(can_return_null=True)
    except RuntimeError:
        transform = None
    if transform is None or source.GetGCPCount():
        raise BadInput("The raster does not say where it lies; send a GeoTIFF with its position")
    _, width, skew_x, _, skew_y, height = transform
    skewed = abs(skew_x) * rows > _SKEW * abs(width) or abs(skew_y) * columns > _SKEW * abs(height)
    if skewed or width <= 0 or height == 0 or not np.isfinite(transform).all():
        raise BadInput("The raster is rotated or mirrored; its rows must run from west to east")
    if source.GetSpatialRef() is None:
        raise BadInput("The raster names no coordinate system; send it in EPSG:4326")
    return number, said


def _centimetres(source: Source, number: int, eruption: Eruption | None) -> tuple[float, list[Reason]]:
    """Centimetres in one of the raster's unit, and what readers should know of that."""
    unit = ash_band.agreed(ash_band.unit(source, number), eruption.unit if eruption else "")
    density = eruption.density_kg_m3 if eruption else None
    scale = ashunit.centimetres(unit, density)
    if unit == "cm":
        return scale, []
    if not ashunit.is_load(unit):
        return scale, [reason("The raster gives the thickness in {unit}; it was brought to cm", unit=unit)]
    said = reason(
        "The raster gives a load in {unit}; it was brought to cm by the request's density of {density} kg/m3",
        unit=unit,
        density=density,
    )
    return scale, [said]


def _in_degrees(source: Source) -> tuple[Source, list[Reason]]:
    """The same in EPSG:4326, and what readers should know of that."""
    reference = source.GetSpatialRef()
    if crs.in_degrees(reference):
        return source, []
    name = reference.GetName() or "?"
    memory: dict[str, object] = {"format": "MEM", "dstSRS": "EPSG:4326", "resampleAlg": "near", "dstNodata": math.nan}
    try:
        moved = gdal.Warp("", source, outputType=gdal.GDT_Float64, **memory)
    except RuntimeError as error:
        raise BadInput("The raster cannot be brought from {name} to EPSG:4326; send it so", name=name) from error
    if moved is None or moved.RasterXSize * moved.RasterYSize > 4 * MAX_CELLS:
        raise BadInput("The raster cannot be brought from {name} to EPSG:4326; send it so", name=name)
    return moved, [reason("The raster was brought from {name} to EPSG:4326 by the nearest cell", name=name)]


def _thickness(source: Source, centimetres: float) -> NDArray[np.float64]:
    """Centimetres, NaN where nothing is known; centimetres: in one of the raster's unit."""
    band = source.GetRasterBand(1)
    try:
        raw, hidden = band.ReadAsArray(), band.GetMaskBand().ReadAsArray() == 0
    except RuntimeError as error:
        raise BadInput("The raster is cut off: its cells cannot be read; send it again") from error
    values: NDArray[np.float64] = raw.astype(np.float64)
    values[hidden | np.isnan(values)] = np.nan
    known = values[~np.isnan(values)]
    if not known.size:
        raise BadInput("The raster has no cell with a thickness; all of it is no-data")
    _check_fill(known)
    thickness = (values * (band.GetScale() or 1.0) + (band.GetOffset() or 0.0)) * centimetres
    lowest, highest = float(np.nanmin(thickness)), float(np.nanmax(thickness))
    if lowest < _NOUGHT or highest > MAX_CM:
        raise BadInput(
            "The thickness runs from {lowest} to {highest}; it must lie between 0 and {most} cm, and what is not "
            "known must carry the raster's no-data value",
            most=round(MAX_CM),
            lowest=_short(lowest),
            highest=_short(highest),
        )
    return np.maximum(thickness, 0.0)  # NaN stays


def _check_fill(known: NDArray[np.float64]) -> None:
    """Raises BadInput when the highest value is one that programs write for no-data, far above all others."""
    highest = known.max()
    others = known[known < highest]
    if highest in _FILL and len(known) - len(others) > 1 and (not others.size or highest > 10 * others.max()):
        raise BadInput(
            "{count} cells hold {value}, which no ash has; declare it as the raster's no-data value",
            count=len(known) - len(others),
            value=_short(float(highest)),
        )


def _short(value: float) -> str:
    return f"{value:.6g}"


def _check_place(fall: AshFall) -> None:
    west, south, east, north = fall.edges
    if west < -180.001 or east > 360.001 or south < -90.001 or north > 90.001:
        raise BadInput("The raster reaches beyond the world; its coordinate system is not the one that it names")
    if east - west > _MAX_DEGREES or north - south > _MAX_DEGREES:
        raise BadInput(
            "The raster is {width} by {height} degrees large; cut it to the ash, at most {most} degrees",
            most=round(_MAX_DEGREES),
            width=_short(east - west),
            height=_short(north - south),
        )
    one = fall.eruption
    if one and away_degrees(fall.edges, one.longitude, one.latitude) > MOST_DEGREES_AWAY:
        raise BadInput(
            "The raster lies more than {most} degrees away from {volcano}; choose the other volcano or the other "
            "raster",
            most=round(MOST_DEGREES_AWAY),
            volcano=one.volcano,
        )
