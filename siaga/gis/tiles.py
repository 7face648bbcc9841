"""The base map as vector tiles (MVT) for maps in a browser: one PMTiles archive, the same bytes from the same data.

Layers: land, lakes, country_lines, province_lines, regency_lines, rivers and roads as the base map has them; sea, which
is all else within its bounds, so that what pages draw can end at the coast as on paper; places with name and rank;
names of seas, islands, countries and provinces with name:id and name:en. EPSG:3857, as tiles are.
"""

import csv
import gzip
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import shapely
from osgeo import gdal
from pmtiles.reader import MmapSource, Reader
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from siaga.exposure import places
from siaga.foreign import Array, Geometry
from siaga.gis import layers, sources
from siaga.gis.basemap import Rectangle

gdal.UseExceptions()

NAMES = Path(__file__).with_name("names.csv")
# At zoom 8 a unit of a tile is 38 m, finer than the demonstration's coast; what comes closer is drawn from there.
CLOSEST = 8
_RANKS = (("city", 3), ("regency_seat", 5), ("district_seat", 7), ("town", 8))  # and from which zoom on they are kept
_LAYERS = {  # of the base map: the tiles' layer, first and last zoom
    "land_overview": ("land", 0, 4),
    "land": ("land", 5, CLOSEST),
    "lakes": ("lakes", 5, CLOSEST),
    "country_lines": ("country_lines", 3, CLOSEST),
    "province_lines": ("province_lines", 4, CLOSEST),
    "regency_lines": ("regency_lines", 7, CLOSEST),
    "rivers": ("rivers", 7, CLOSEST),  # where an operator's base map has them
    "roads": ("roads", 7, CLOSEST),
}
_SEA = {"land_overview": (0, 4), "land": (5, CLOSEST)}  # of what the sea is the rest: first and last zoom
_SQUARE = 1.0  # degrees; pieces of sea, of which a tile meets few however long the coast
_COARSE, _FINE = 4, 1  # units of a tile by which a line may be off, at the last zoom less; 8 make a pixel
_TILE_GZIP = 9


def write(path: Path, base: Path, towns: Path | None) -> None:
    """Write the archive. base: a base map (siaga.gis.basemap). towns: places.csv, None where none is installed."""
    with tempfile.TemporaryDirectory() as folder:
        gathered, tiled = Path(folder) / "all.gpkg", Path(folder) / "tiles.mbtiles"
        shutil.copyfile(base, gathered)
        chosen = {name: zooms for name, zooms in _LAYERS.items() if name in layers.names(base)}
        chosen |= _sea(gathered, base) | _names(gathered)
        if towns:
            chosen |= _places(gathered, places.read(towns))
        _tile(gathered, tiled, chosen)
        _archive(tiled, path, _extent(base))


def _extent(base: Path) -> Rectangle:
    west, south, east, north = (float(side) for side in shapely.total_bounds(layers.read(base, "land")[0]))
    return west, south, east, north


def bounds(path: Path) -> Rectangle:
    """What the archive's land fills: west, south, east, north in degrees."""
    with path.open("rb") as file:
        header = Reader(MmapSource(file)).header()
    west, south, east, north = (header[f"{side}_e7"] / 1e7 for side in ("min_lon", "min_lat", "max_lon", "max_lat"))
    return west, south, east, north


def _sea(into: Path, base: Path) -> dict[str, tuple[str, int, int]]:
    """A layer for far and one for near: what is no land, in squares."""
    west, south, east, north = _extent(base)
    corners = [(x, y) for x in np.arange(west, east, _SQUARE) for y in np.arange(south, north, _SQUARE)]
    squares = [shapely.box(x, y, min(x + _SQUARE, east), min(y + _SQUARE, north)) for x, y in corners]
    found = {}
    for land, (first, last) in _SEA.items():
        geometries, _ = layers.read(base, land)
        tree = shapely.STRtree(geometries)
        pieces = [piece for square in squares for piece in _without(square, geometries[tree.query(square)])]
        layers.write(into, f"sea_from_{first}", "Polygon", pieces)
        found[f"sea_from_{first}"] = ("sea", first, last)
    return found


def _without(square: Geometry, land: Array) -> list[Geometry]:
    """What of a square is no land, as polygons."""
    ashore = shapely.make_valid(shapely.clip_by_rect(land, *square.bounds))
    rest = shapely.difference(square, shapely.union_all(ashore))
    return [part for part in shapely.get_parts(rest) if part.geom_type == "Polygon"]


def _names(into: Path) -> dict[str, tuple[str, int, int]]:
    with NAMES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    points = shapely.points([[float(row["longitude"]), float(row["latitude"])] for row in rows])
    layers.write(into, "names", "Point", points, rows, {"kind": str, "name:id": str, "name:en": str})
    return {"names": ("names", 0, CLOSEST)}


def _places(into: Path, towns: places.Places) -> dict[str, tuple[str, int, int]]:
    """A layer for each rank; of two that collide on a map the one with more people is drawn."""
    found = {}
    for rank, (kind, zoom) in enumerate(_RANKS, 1):
        (of,) = np.nonzero(towns.kind == kind)
        if not len(of):
            continue
        rows = [
            {"name": str(towns.name[one]), "rank": rank, "people": int(np.nan_to_num(towns.population[one]))}
            for one in of
        ]
        points = shapely.points(np.column_stack([towns.longitude[of], towns.latitude[of]]))
        layers.write(into, f"places_{rank}", "Point", points, rows, {"name": str, "rank": int, "people": int})
        found[f"places_{rank}"] = ("places", zoom, CLOSEST)
    return found


def _tile(source: Path, target: Path, chosen: dict[str, tuple[str, int, int]]) -> None:
    """GDAL's tiles in an MBTiles file; its driver for PMTiles came only with version 3.8."""
    described = {
        name: {"target_name": layer, "minzoom": first, "maxzoom": last} for name, (layer, first, last) in chosen.items()
    }
    gdal.SetConfigOption("GDAL_NUM_THREADS", "1")  # of several the quicker one would come first in a tile
    try:
        gdal.VectorTranslate(
            str(target),
            sources.vector(source),
            format="MBTILES",
            layers=list(chosen),
            datasetCreationOptions=[
                *("MINZOOM=0", f"MAXZOOM={CLOSEST}", f"CONF={json.dumps(described)}"),
                *(f"SIMPLIFICATION={_COARSE}", f"SIMPLIFICATION_MAX_ZOOM={_FINE}"),
            ],
        )
    finally:
        gdal.SetConfigOption("GDAL_NUM_THREADS", None)


def _archive(source: Path, target: Path, bounds: Rectangle) -> None:
    west, south, east, north = bounds
    with sqlite3.connect(source) as connection, target.open("wb") as file:
        said = dict(connection.execute("select name, value from metadata").fetchall())
        writer = Writer(file)
        for number, body in _tiles(connection):
            # GDAL packs with the library of the day; packed anew, the same tile is the same bytes
            writer.write_tile(number, gzip.compress(gzip.decompress(body), _TILE_GZIP, mtime=0))
        header: dict[str, object] = {
            "tile_type": TileType.MVT,
            "tile_compression": Compression.GZIP,
            "min_lon_e7": int(west * 1e7),
            "min_lat_e7": int(south * 1e7),
            "max_lon_e7": int(east * 1e7),
            "max_lat_e7": int(north * 1e7),
            "center_zoom": 4,
            "center_lon_e7": int((west + east) * 5e6),
            "center_lat_e7": int((south + north) * 5e6),
        }
        writer.finalize(header, {"vector_layers": json.loads(said["json"])["vector_layers"]})


def _tiles(connection: sqlite3.Connection) -> Iterator[tuple[int, bytes]]:
    """Tiles by their numbers in the archive, in that order. MBTiles counts rows from the south."""
    rows = connection.execute("select zoom_level, tile_column, tile_row from tiles").fetchall()
    numbered = sorted((zxy_to_tileid(z, x, (1 << z) - 1 - y), z, x, y) for z, x, y in rows)
    for number, *place in numbered:
        wanted = "select tile_data from tiles where zoom_level = ? and tile_column = ? and tile_row = ?"
        yield number, connection.execute(wanted, place).fetchone()[0]
