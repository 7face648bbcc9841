"""The event GeoPackage: what an analyst opens in QGIS Desktop, layers that bring their styles along."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
import shapely.geometry

from siaga.foreign import Array, Geometry
from siaga.gis import contour, layers, turns
from siaga.gis.assets import earthquake
from siaga.gis.map import styles
from siaga.gis.people import outlines
from siaga.hazard.shakemap import ShakeMap
from siaga.impact.classed import OUTSIDE
from siaga.impact.mmi import CLASSES, ROMAN
from siaga.impact.stored.earthquake import (
    EarthquakeImpact,
)

STRUCTURES_MOST = 20_000  # the hardest shaken; more would make a file that nobody can mail
_NO_CLOCK = "2000-01-01T00:00:00.000Z"
# The tables, and what shapes each holds, as OGR calls them.
_KINDS = {
    "bands": "MultiPolygon",
    "zones": "MultiPolygon",
    "contours": "MultiLineString",
    "structures": "Point",
    "places": "Point",
    "epicentre": "Point",
}
# As QGIS makes it: the style that each layer opens with, by its table. An embedded project would name the file, and
# open with layers that are not found once somebody renames it.
_STYLE_COLUMNS = """id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
    f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
    useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME"""


@dataclass(frozen=True, slots=True)
class Contents:
    """What goes in.

    bands: GeoJSON of MMI classes. outlines: shape of each zone, by code, EPSG:4326. structures: as installed.
    words: what the layers are called, by table, for readers.
    """

    impact: EarthquakeImpact
    shakemap: ShakeMap
    bands: Mapping[str, Geometry]
    outlines: Mapping[str, Geometry]
    structures: Path | None
    words: Mapping[str, str]


def make(path: Path, contents: Contents) -> None:
    """Write the GeoPackage, to be read back at once; the same contents give the same bytes."""
    with layers.passing():
        for write in (_bands, _zones, _contours, _structures, _places, _epicentre):
            write(path, contents)
    levels, seen = _levels(contents.impact)
    drawn = {table: styles.of(table, _KINDS[table], levels, seen) for table in layers.names(path)}
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("PRAGMA synchronous = OFF")
        base.execute(f"CREATE TABLE layer_styles({_STYLE_COLUMNS})")
        base.execute(
            "INSERT INTO gpkg_contents(table_name, data_type, identifier, last_change) VALUES (?, ?, ?, ?)",
            ("layer_styles", "attributes", "layer_styles", _NO_CLOCK),
        )
        for table, style in drawn.items():
            base.execute(
                "INSERT INTO layer_styles(f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName,"
                " styleQML, styleSLD, useAsDefault, description, owner, update_time)"
                " VALUES ('', '', ?, 'geom', 'siaga', ?, '', 1, '', 'siaga', ?)",
                (table, style, _NO_CLOCK),
            )
            told = f"{contents.words[table]}: {_title(contents.impact)}"
            base.execute("UPDATE gpkg_contents SET description = ? WHERE table_name = ?", (told, table))


def _levels(impact: EarthquakeImpact) -> tuple[tuple[str | None, ...], str | None]:
    """The levels of the zones, that of few zones first, and the one that is seen: that of the tables."""
    count: dict[str | None, int] = {}
    for zone in impact["zones"]:
        count[zone["level"]] = count.get(zone["level"], 0) + 1
    table = impact.get("table")
    seen = table["level"] if table else max(count, key=lambda level: count[level], default=None)
    return tuple(sorted(count, key=lambda name: (count[name], str(name)))), seen


def _title(impact: EarthquakeImpact) -> str:
    event = impact["event"]
    return f"M {event['magnitude']:.1f} {event['description']} {event['time']}"


def _write(
    path: Path,
    table: str,
    shapes: Sequence[Geometry] | Array,
    rows: Sequence[Mapping[str, object]],
    fields: Mapping[str, type],
) -> None:
    layers.write(path, table, _KINDS[table], shapes, rows, fields)


def _bands(path: Path, contents: Contents) -> None:
    features = contents.bands["features"]
    shapes = [outlines.multi(shapely.geometry.shape(one["geometry"])) for one in features]
    rows = [{"mmi": one["properties"]["mmi"], "roman": ROMAN[one["properties"]["mmi"]]} for one in features]
    _write(path, "bands", shapes, rows, {"mmi": int, "roman": str})


def _zones(path: Path, contents: Contents) -> None:
    """The zones with their figures, null where they are not known; known: the share of their ground with a count.

    People in no zone of the level that tables list have a row without code and shape, as in zones.csv, so that
    this level adds up to the whole map.
    """
    zones: list[Mapping[str, Any]] = [zone for zone in contents.impact["zones"] if zone["code"] in contents.outlines]
    known = np.array([contents.outlines[zone["code"]] for zone in zones], dtype=object)
    shapes = outlines.beside(known, contents.shakemap.nodes.middle)
    table = contents.impact.get("table")
    if table and table["outside"]["people"]:
        zones.append({"code": "", "name": OUTSIDE, "level": table["level"], "parent": None, **table["outside"]})
        shapes.append(shapely.MultiPolygon())
    models = sorted({model for zone in zones for model in zone["fatalities"]})
    fields: dict[str, type] = {"code": str, "name": str, "level": str, "parent": str, "known": float, "people": float}
    fields |= {f"mmi_{mmi}": float for mmi in CLASSES} | {"affected": float, "displaced": float}
    fields |= {_deaths(model): float for model in models}
    rows = [
        {name: zone[name] for name in ("code", "name", "level", "parent", "people", "affected", "displaced")}
        | {"known": zone.get("known")}  # a result of an older Siaga does not tell it
        | {f"mmi_{mmi}": zone["by_mmi"][str(mmi)] for mmi in CLASSES}
        | {_deaths(model): zone["fatalities"][model]["expected"] for model in models}
        for zone in zones
    ]
    _write(path, "zones", shapes, rows, fields)


def _contours(path: Path, contents: Contents) -> None:
    features = contour.lines(contents.shakemap)["features"]
    rows = [{name: one["properties"][name] for name in ("mmi", "roman")} for one in features]
    shapes = [shapely.geometry.shape(one["geometry"]) for one in features]
    _write(path, "contours", shapes, rows, {"mmi": float, "roman": str})


def _structures(path: Path, contents: Contents) -> None:
    if contents.structures is None:
        return
    found = earthquake.strongly_shaken(contents.shakemap, contents.structures, STRUCTURES_MOST)
    points = _points([(row["longitude"], row["latitude"]) for row in found], contents.shakemap)
    _write(path, "structures", points, found, {"name": str, "type": str, "mmi": float})


def _places(path: Path, contents: Contents) -> None:
    told = contents.impact["places"]
    unique = {(one["name"], one["longitude"], one["latitude"]): one for one in told["nearest"] + told["most_shaken"]}
    fields: dict[str, type] = {"name": str, "zone": str, "population": float, "mmi": float}
    fields |= {"distance_km": float, "from_place": str}
    points = _points([(longitude, latitude) for _name, longitude, latitude in unique], contents.shakemap)
    _write(path, "places", points, list(unique.values()), fields)


def _epicentre(path: Path, contents: Contents) -> None:
    names: dict[str, type] = {"time": str, "magnitude": float, "depth_km": float, "description": str}
    event = contents.impact["event"]
    (point,) = _points([(event["longitude"], event["latitude"])], contents.shakemap)
    row = {name: value for name, value in event.items() if name in names} | {"event_id": contents.impact["event_id"]}
    _write(path, "epicentre", [point], [row], {"event_id": str, **names})


def _deaths(model: str) -> str:
    return f"deaths_{model.replace('-', '_')}"


def _points(places: Sequence[tuple[float, float]], shakemap: ShakeMap) -> Geometry:
    """Points on the map's side of 180°, so that all layers lie in one piece."""
    both = np.array(places, dtype=float).reshape(-1, 2)
    return shapely.points(turns.near(both[:, 0], shakemap.nodes.middle), both[:, 1])
