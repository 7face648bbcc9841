"""Zones, places and volcanoes as the files that everything else reads."""

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import shapely

from siaga.data.demo import regencies
from siaga.data.demo.gazetteer import Town
from siaga.data.demo.matching import Names
from siaga.data.demo.provinces import NAME_OF, ZONE_OF
from siaga.data.demo.regencies import Regencies
from siaga.data.demo.volcanoes import Volcano
from siaga.data.points import located
from siaga.gis import layers


def write_zones(path: Path, kabupaten: Regencies, names: Names) -> None:
    """Provinces of 2020, each the sum of its regencies, and the regencies: code, name, level, parent."""
    codes = sorted(kabupaten.land)
    province_of = {code: ZONE_OF[code[:2]] for code in codes}
    provinces = {
        zone: shapely.union_all([kabupaten.land[code] for code in codes if province_of[code] == zone])
        for zone in sorted(set(province_of.values()))
    }
    geometries = [*provinces.values(), *(kabupaten.land[code] for code in codes)]
    rows = [{"code": zone, "name": NAME_OF[zone], "level": "province", "parent": ""} for zone in provinces]
    rows += [
        {"code": code, "name": titled(names.regencies[code]), "level": "regency", "parent": province_of[code]}
        for code in codes
    ]
    fields = {"code": str, "name": str, "level": str, "parent": str}
    multi = [regencies.only_areas(geometry) for geometry in geometries]
    layers.write(path, "zones", "MultiPolygon", multi, rows, fields)


def write_places(path: Path, towns: Sequence[Town], kabupaten: Regencies, names: Names) -> None:
    """name, longitude, latitude, population (empty if unknown), kind, zone (the regency's name), by name."""
    codes = list(kabupaten.land)
    points = shapely.points([(town.longitude, town.latitude) for town in towns])
    place, zone = shapely.STRtree(list(kabupaten.land.values())).query(points, predicate="intersects")
    inside = {int(p): titled(names.regencies[codes[z]]) for p, z in zip(place[::-1], zone[::-1], strict=True)}
    rows = sorted(
        (t.name, t.longitude, t.latitude, "" if t.population is None else t.population, t.kind, inside[number])
        for number, t in enumerate(towns)
        if number in inside
    )
    _write_csv(path, ("name", "longitude", "latitude", "population", "kind", "zone"), rows)


def write_volcanoes(path: Path, volcanoes: Sequence[Volcano], zones: Path) -> None:
    """name, longitude, latitude, elevation_m, type, and by the zones of that file district, province."""
    heads = ("name", "longitude", "latitude", "elevation_m", "type", "district", "province")
    places = located([(v.longitude, v.latitude) for v in volcanoes], zones)
    rows = ((v.name, v.longitude, v.latitude, v.elevation_m, v.type) for v in volcanoes)
    _write_csv(path, heads, (row + place for row, place in zip(rows, places, strict=True)))


def titled(name: str) -> str:
    """KABUPATEN TOJO UNA UNA -> Kabupaten Tojo Una Una."""
    return re.sub(r"\bDan\b", "dan", name.title())


def _write_csv(path: Path, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(heads)
        writer.writerows(rows)
