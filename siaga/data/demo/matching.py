"""Which regency a town lies in, as far as names tell: official names against names of towns."""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import cos, hypot, radians
from pathlib import Path

from siaga.data.demo.gazetteer import RANK, Town, plain
from siaga.data.demo.packages import NAMES, Packages

SEATS = Path(__file__).parent / "seats.csv"
NEAR = 1.0  # degrees; a district's name farther than this from its regency's other towns is another place
SAME = 0.2  # degrees; a seat of the list by hand is the town of that name within this distance
FAR = 9.0
AROUND = 5  # nearest towns, of which one has to be of the same regency,
HAMLET_NEEDS = 3  # or so many for a hamlet


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


def seats_by_hand() -> list[dict[str, str]]:
    """The rows of seats.csv: seats whose name tells no regency, or the wrong one."""
    with SEATS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def with_regency(towns: Sequence[Town], names: Names, by_hand: Iterable[Mapping[str, str]]) -> list[Town]:
    """Give each town the regency that its name tells, in its own province; "" where none does.

    First the seats listed by hand and the seats that bear their regency's name, then towns with the
    name of one district alone, then names of several districts by the nearest of those before. A
    town amid the towns of others is left without. Seats that the lists of towns lack are added.
    """
    table = _table(names)
    towns, firm = _by_hand(towns, names, by_hand)
    open_ones: dict[int, set[str]] = {}
    for number, town in enumerate(towns):
        if number not in firm:
            own = _named(town, table, ("kota", "kabupaten")) if _is_seat(town) else set()
            codes = own or _named(town, table, ("kecamatan",))
            if own and len(own) == 1:
                firm[number] = own.pop()
            elif codes:
                open_ones[number] = codes
    regency_of = firm | {number: next(iter(codes)) for number, codes in open_ones.items() if len(codes) == 1}
    by_regency = _by_regency(towns, regency_of)
    for number, codes in open_ones.items():
        ranked = ((_distance(towns[number], by_regency[code]), code) for code in sorted(codes))
        distance, code = min(ranked)
        if distance <= NEAR or (len(codes) == 1 and len(by_regency[code]) == 1):
            regency_of[number] = code
        else:
            regency_of.pop(number, None)
    regency_of = firm | _without_strays(towns, regency_of)
    return [replace(town, regency=regency_of.get(number, "")) for number, town in enumerate(towns)]


def _by_hand(
    towns: Sequence[Town], names: Names, rows: Iterable[Mapping[str, str]]
) -> tuple[list[Town], dict[int, str]]:
    """The towns, with missing seats added, and the regency of each seat of those rows by its place among them."""
    codes = {name.lower(): code for code, name in names.regencies.items()}
    found, firm = list(towns), {}
    for row in rows:
        number = _seat(found, row)
        if number is None:
            number = len(found)
            found.append(_new_seat(row))
        firm[number] = codes[row["regency"].lower()]
    return found, firm


def _seat(towns: Sequence[Town], row: Mapping[str, str]) -> int | None:
    """The place of a listed seat among the towns: of its name, near its coordinates if it has any."""
    name = plain(row["seat"])
    matches = [n for n, town in enumerate(towns) if town.province == row["province"] and name in town.names]
    if row["longitude"]:
        seat = _new_seat(row)
        matches = [number for number in matches if _degrees(towns[number], seat) <= SAME]
    elif not matches:
        raise ValueError(f"{row['seat']} is in no list of towns; seats.csv has to give its coordinates")
    return min(matches, key=lambda number: (RANK.index(towns[number].kind), number), default=None)


def _new_seat(row: Mapping[str, str]) -> Town:
    return Town(
        name=row["seat"],
        longitude=float(row["longitude"]),
        latitude=float(row["latitude"]),
        population=None,
        kind="city" if row["regency"].startswith("Kota") else "regency_seat",
        province=row["province"],
        regency="",
        names=frozenset((plain(row["seat"]),)),
    )


def _table(names: Names) -> dict[tuple[str, str, str], set[str]]:
    """(what, province, plain name) -> codes of regencies; what: kota, kabupaten or kecamatan."""
    table: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for code, name in names.regencies.items():
        what, _, rest = name.partition(" ")
        table[what.lower(), code[:2], plain(rest)].add(code)
    for name, regency in names.districts:
        table["kecamatan", regency[:2], plain(name)].add(regency)
    return table


def _named(town: Town, table: Mapping[tuple[str, str, str], set[str]], kinds: Iterable[str]) -> set[str]:
    for what in kinds:
        codes: set[str] = set()
        for name in town.names:
            codes |= table.get((what, town.province, name), set())
        if codes:
            return codes
    return set()


def _is_seat(town: Town) -> bool:
    return town.kind in ("city", "regency_seat") or (town.population or 0) > 50_000


def _by_regency(towns: Sequence[Town], regency_of: Mapping[int, str]) -> dict[str, list[Town]]:
    grouped: dict[str, list[Town]] = defaultdict(list)
    for number, code in regency_of.items():
        grouped[code].append(towns[number])
    return grouped


def _without_strays(towns: Sequence[Town], regency_of: Mapping[int, str]) -> dict[int, str]:
    """Leave out towns amid others' towns: seats need one of their own regency near by, hamlets more."""
    sizes = Counter(regency_of.values())
    by_province: dict[str, list[int]] = defaultdict(list)
    for number in regency_of:
        by_province[towns[number].province].append(number)
    kept = {}
    for numbers in by_province.values():
        for number in numbers:
            others = (other for other in numbers if other != number)
            near = sorted(others, key=lambda other: _degrees(towns[number], towns[other]))[:AROUND]
            own = sum(regency_of[other] == regency_of[number] for other in near)
            if sizes[regency_of[number]] < 3 or own >= (HAMLET_NEEDS if towns[number].kind == "town" else 1):
                kept[number] = regency_of[number]
    return kept


def _distance(town: Town, others: Iterable[Town]) -> float:
    return min((_degrees(town, other) for other in others if other is not town), default=FAR)


def _degrees(first: Town, second: Town) -> float:
    east = (first.longitude - second.longitude) * cos(radians(first.latitude))
    return hypot(east, first.latitude - second.latitude)
