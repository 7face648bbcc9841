"""Files that GDAL opens, with drivers that read this one file: none that a file sends to others or to a network."""

from collections.abc import Sequence
from pathlib import Path

from osgeo import gdal

from siaga.errors import BadInput
from siaga.exposure import texts
from siaga.foreign import Source

gdal.UseExceptions()
# A GeoJSON file may name its coordinate system by a link, which GDAL would fetch: port 9 answers nobody.
gdal.SetConfigOption("GDAL_HTTP_PROXY", "http://127.0.0.1:9")

_RASTERS = (
    *("GTiff", "AAIGrid", "GRASSASCIIGrid", "AIG", "HFA", "EHdr", "ENVI", "netCDF", "RST", "SAGA"),
    *("GSAG", "GSBG", "GS7BG", "RRASTER", "ILWIS", "XYZ", "MEM"),
)
_VECTORS = (
    *("GPKG", "FlatGeobuf", "ESRI Shapefile", "GeoJSON", "GeoJSONSeq", "TopoJSON", "ESRIJSON", "CSV", "GML"),
    *("KML", "LIBKML", "GPX", "MapInfo File", "OpenFileGDB", "SQLite", "OSM"),
)
_WRITTEN = (".csv", ".geojson", ".json", ".txt")  # in text, which some programs store as UTF-16; GDAL reads UTF-8
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_PACKED = (".zip", ".gz", ".tgz", ".tar", ".7z", ".rar", ".bz2", ".xz", ".kmz")


def raster(path: Path) -> Source:
    """GDAL's data set. Raises BadInput with a sentence."""
    return _opened(path, gdal.OF_RASTER, _RASTERS, "{file} is no raster that GDAL can open: {detail}")


def vector(path: Path, options: Sequence[str] = ()) -> Source:
    """GDAL's data set of vector layers. options: of its driver. Raises BadInput with a sentence."""
    return _opened(path, gdal.OF_VECTOR, _VECTORS, "{file} is no vector file that GDAL reads: {detail}", options)


def kind(path: Path) -> str:
    """GDAL's name of the driver that reads a vector file. Raises BadInput with a sentence."""
    return str(vector(path).GetDriver().ShortName)


def ignored(source: Source, path: Path) -> list[BadInput]:
    """What a reader should know of layers beside the first, which alone is read."""
    if source.GetLayerCount() < 2:
        return []
    return [
        BadInput(
            "{file}: the first of its {count} layers, {layer}, is taken",
            file=path.name,
            count=source.GetLayerCount(),
            layer=texts.of_field(source.GetLayer(0).GetName(), path.name).value,
        )
    ]


def _name(path: Path) -> str:
    """What GDAL opens: the file, or a copy in memory that it can read."""
    if path.suffix.lower() not in _WRITTEN or not path.is_file():
        return str(path)
    with path.open("rb") as file:
        if file.read(2) not in _UTF16:
            return str(path)
    name = f"/vsimem/{path.name}"
    gdal.FileFromMemBuffer(name, texts.of_file(path.read_bytes()).encode())
    return name


def _opened(path: Path, kind: int, drivers: Sequence[str], sentence: str, options: Sequence[str] = ()) -> Source:
    if not path.exists():
        raise BadInput("There is no file {file}", file=str(path))
    if path.is_file() and not path.stat().st_size:
        raise BadInput("{file} is empty", file=path.name)
    if path.suffix.lower() in _PACKED:
        raise BadInput("{file} is packed; unpack it and give the file itself", file=path.name)
    # QGIS empties it when it starts, and names would be read another way in a process that has QGIS.
    gdal.SetConfigOption("SHAPE_ENCODING", None)
    try:
        return gdal.OpenEx(_name(path), kind, allowed_drivers=list(drivers), open_options=list(options))
    except RuntimeError as error:
        other = gdal.IdentifyDriverEx(str(path), kind)  # looks at its first bytes alone
        if other is not None and other.ShortName not in drivers:
            raise BadInput(
                "{file} points at other files or is of a kind that is not taken ({driver}); give the file itself",
                file=path.name,
                driver=other.ShortName,
            ) from error
        raise BadInput(sentence, file=path.name, detail=str(error)) from error
