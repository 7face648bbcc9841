"""Towns, volcanoes and airports of an operator as the CSV files that analyses read."""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import shapely

from siaga.errors import BadInput
from siaga.gis import intake, layers
from siaga.gis.intake import Tell, nobody

_NAME = ("name", "nama", "name:id", "asciiname", "namobj")
_KIND = ("kind", "type", "place", "fclass", "featurecode", "feature_code")
_PEOPLE = ("population", "pop", "penduduk", "jumlah_penduduk")
_ZONE = ("zone", "regency", "kabupaten", "kab_kota", "wadmkk", "adm2_name")
_HEIGHT = ("elevation_m", "elevation", "elev", "ele", "elevasi")
_CODE = ("code", "iata", "iata_code", "icao", "icao_code", "gps_code", "ref")
# What levels of zones are called that are districts or cities, and provinces.
_DISTRICTS = ("regency", "kabupaten", "kota", "kabupaten/kota", "kabkota", "city")
_PROVINCES = ("province", "provinsi", "propinsi")
_VOLCANO = ("type", "jenis", "kind")
# What data call a town, in OpenStreetMap's words, GeoNames' codes and Indonesian. All else is a town.
_KINDS = {
    "city": "city",
    "kota": "city",
    "ibu kota provinsi": "city",
    "pplc": "city",
    "ppla": "city",
    "regency_seat": "regency_seat",
    "ibu kota kabupaten": "regency_seat",
    "ppla2": "regency_seat",
    "district_seat": "district_seat",
    "ibu kota kecamatan": "district_seat",
    "ppla3": "district_seat",
}


def places(path: Path, target: Path, name_field: str = "", kind_field: str = "", tell: Tell = nobody) -> dict[str, int]:
    """Write places.csv; returns how many there are of each kind.

    path: points that OGR reads, or a CSV with columns longitude and latitude. A place without a name is
    left out. tell: what the operator should know. Raises BadInput with a sentence.
    """
    layer = intake.open_layer(path)
    name = _field(layer, name_field, _NAME, "--name-field")
    kind = layer.field(kind_field, "--type-field") if kind_field else layer.first_of(_KIND)
    people, zone = layer.first_of(_PEOPLE), layer.first_of(_ZONE)
    rows = []
    for longitude, latitude, row in _points(layer, (name, kind, people, zone)):
        count = _number(row[2], path, people)
        town = _KINDS.get(row[1].lower().strip(), "town")
        if row[0]:
            rows.append((row[0], longitude, latitude, "" if count is None else count, town, row[3]))
    layer.tell(tell)
    _write(path, target, ("name", "longitude", "latitude", "population", "kind", "zone"), rows)
    return dict(Counter(str(row[4]) for row in rows))


def volcanoes(
    path: Path,
    target: Path,
    name_field: str = "",
    type_field: str = "",
    tell: Tell = nobody,
    zones: Path | None = None,
) -> int:
    """Write volcanoes.csv, likewise; returns how many there are.

    zones: the installed ones, whose districts and provinces the volcanoes are given; these stay empty without.
    """
    layer = intake.open_layer(path)
    name = _field(layer, name_field, _NAME, "--name-field")
    kind = layer.field(type_field, "--type-field") if type_field else layer.first_of(_VOLCANO)
    height = layer.first_of(_HEIGHT)
    rows = []
    for longitude, latitude, row in _points(layer, (name, height, kind)):
        metres = _number(row[1], path, height)
        if row[0]:
            rows.append((row[0], longitude, latitude, "" if metres is None else metres, row[2]))
    layer.tell(tell)
    found = located([(row[1], row[2]) for row in rows], zones) if zones else [("", "")] * len(rows)
    lost = sum(not district for district, _province in found)
    if zones and lost:
        tell(f"{lost} of {len(rows)} volcanoes lie in no zone whose level is called regency, kabupaten or kota")
    placed = [(*row, *place) for row, place in zip(rows, found, strict=True)]
    _write(path, target, ("name", "longitude", "latitude", "elevation_m", "type", "district", "province"), placed)
    return len(rows)


def located(points: Sequence[tuple[float, float]], zones: Path) -> list[tuple[str, str]]:
    """District and province of points in degrees, "" where no such zone holds one.

    zones: an installed file. A district's province is the zone of that level there, else its parent.
    """
    shapes, rows = layers.read(zones)
    names = {row["code"]: row["name"] for row in rows}
    point, zone = shapely.STRtree(shapes).query(shapely.points(points), predicate="intersects")
    found = [("", "")] * len(points)
    for number, one in zip(point.tolist(), zone.tolist(), strict=True):
        district, province = found[number]
        level, row = str(rows[one]["level"] or "").casefold(), rows[one]
        if level in _DISTRICTS:
            district, province = row["name"], province or names.get(row["parent"] or "", "")
        elif level in _PROVINCES:
            province = row["name"]
        found[number] = district, province
    return found


def airports(path: Path, target: Path, name_field: str = "", tell: Tell = nobody) -> int:
    """Write airports.csv, likewise; returns how many there are."""
    layer = intake.open_layer(path)
    name, code = _field(layer, name_field, _NAME, "--name-field"), layer.first_of(_CODE)
    rows = [(row[0], x, y, row[1]) for x, y, row in _points(layer, (name, code)) if row[0]]
    layer.tell(tell)
    _write(path, target, ("name", "longitude", "latitude", "code"), rows)
    return len(rows)


def _field(layer: intake.Layer, given: str, candidates: Sequence[str], option: str) -> str:
    return (None if given else layer.first_of(candidates)) or layer.field(given or candidates[0], option)


def _points(layer: intake.Layer, fields: Sequence[str | None]) -> Iterable[tuple[float, float, list[str]]]:
    known = [name for name in fields if name]
    for geometries, rows in layer.batches(known):
        if (shapely.get_type_id(geometries) != 0).any():
            raise BadInput("{file} has features that are no points; points are needed here", file=layer.path.name)
        for x, y, row in zip(shapely.get_x(geometries), shapely.get_y(geometries), rows, strict=True):
            said = dict(zip(known, row, strict=True))
            yield float(x), float(y), [said.get(name, "") if name else "" for name in fields]


def _number(text: str, path: Path, field: str | None) -> float | None:
    if not text:
        return None
    try:
        return float(text)
    except ValueError as error:
        raise BadInput(
            "{file}: {field} is not a number: {value}", file=path.name, field=field, value=repr(text)
        ) from error


def _write(
    path: Path, target: Path, heads: Sequence[str], rows: Sequence[tuple[str, float, float, *tuple[str | float, ...]]]
) -> None:
    if not rows:
        raise BadInput("{file} has no point with a name", file=path.name)
    ordered = sorted(rows, key=lambda row: (row[0], row[1], row[2]))
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(heads)
        writer.writerows(ordered)
