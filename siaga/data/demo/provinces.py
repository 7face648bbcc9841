"""The provinces of four lists, matched by name.

One row for each of the 38 provinces of today: its official code (Ministry of Home Affairs) and name,
its code in GeoNames, the polygon of Natural Earth (33, as drawn before 2012) that it lies in, and
the row of the census of 2020 (34 provinces) that counts its people.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

CENSUS = Path(__file__).parent / "census-2020.csv"


@dataclass(frozen=True, slots=True)
class Province:
    """One of today's 38."""

    code: str
    name: str
    geonames: str
    polygon: str
    census: str


PROVINCES = tuple(
    Province(*row)
    for row in (
        ("11", "Aceh", "01", "Aceh", "Aceh"),
        ("12", "Sumatera Utara", "26", "Sumatera Utara", "Sumatera Utara"),
        ("13", "Sumatera Barat", "24", "Sumatera Barat", "Sumatera Barat"),
        ("14", "Riau", "37", "Riau", "Riau"),
        ("15", "Jambi", "05", "Jambi", "Jambi"),
        ("16", "Sumatera Selatan", "32", "Sumatera Selatan", "Sumatera Selatan"),
        ("17", "Bengkulu", "03", "Bengkulu", "Bengkulu"),
        ("18", "Lampung", "15", "Lampung", "Lampung"),
        ("19", "Kepulauan Bangka Belitung", "35", "Bangka-Belitung", "Kepulauan Bangka Belitung"),
        ("21", "Kepulauan Riau", "40", "Kepulauan Riau", "Kepulauan Riau"),
        ("31", "DKI Jakarta", "04", "Jakarta Raya", "DKI Jakarta"),
        ("32", "Jawa Barat", "30", "Jawa Barat", "Jawa Barat"),
        ("33", "Jawa Tengah", "07", "Jawa Tengah", "Jawa Tengah"),
        ("34", "Daerah Istimewa Yogyakarta", "10", "Yogyakarta", "DI Yogyakarta"),
        ("35", "Jawa Timur", "08", "Jawa Timur", "Jawa Timur"),
        ("36", "Banten", "33", "Banten", "Banten"),
        ("51", "Bali", "02", "Bali", "Bali"),
        ("52", "Nusa Tenggara Barat", "17", "Nusa Tenggara Barat", "Nusa Tenggara Barat"),
        ("53", "Nusa Tenggara Timur", "18", "Nusa Tenggara Timur", "Nusa Tenggara Timur"),
        ("61", "Kalimantan Barat", "11", "Kalimantan Barat", "Kalimantan Barat"),
        ("62", "Kalimantan Tengah", "13", "Kalimantan Tengah", "Kalimantan Tengah"),
        ("63", "Kalimantan Selatan", "12", "Kalimantan Selatan", "Kalimantan Selatan"),
        ("64", "Kalimantan Timur", "14", "Kalimantan Timur", "Kalimantan Timur"),
        ("65", "Kalimantan Utara", "42", "Kalimantan Timur", "Kalimantan Utara"),
        ("71", "Sulawesi Utara", "31", "Sulawesi Utara", "Sulawesi Utara"),
        ("72", "Sulawesi Tengah", "21", "Sulawesi Tengah", "Sulawesi Tengah"),
        ("73", "Sulawesi Selatan", "38", "Sulawesi Selatan", "Sulawesi Selatan"),
        ("74", "Sulawesi Tenggara", "22", "Sulawesi Tenggara", "Sulawesi Tenggara"),
        ("75", "Gorontalo", "34", "Gorontalo", "Gorontalo"),
        ("76", "Sulawesi Barat", "41", "Sulawesi Barat", "Sulawesi Barat"),
        ("81", "Maluku", "28", "Maluku", "Maluku"),
        ("82", "Maluku Utara", "29", "Maluku Utara", "Maluku Utara"),
        ("91", "Papua", "36", "Papua", "Papua"),
        ("92", "Papua Barat", "39", "Papua Barat", "Papua Barat"),
        ("93", "Papua Selatan", "PS", "Papua", "Papua"),
        ("94", "Papua Tengah", "PT", "Papua", "Papua"),
        ("95", "Papua Pegunungan", "PE", "Papua", "Papua"),
        ("96", "Papua Barat Daya", "PD", "Papua Barat", "Papua Barat"),
    )
)
GEONAMES = {province.geonames: province.code for province in PROVINCES}
POLYGON_OF = {province.code: province.polygon for province in PROVINCES}
CENSUS_OF = {province.code: province.census for province in PROVINCES}
# A province of the census takes the code and name of the first of today's provinces that it holds:
# 34 zones, as the country stood in 2020.
ZONE_OF = {province.code: next(p.code for p in PROVINCES if p.census == province.census) for province in PROVINCES}
NAME_OF = {province.code: province.name for province in PROVINCES}


def census() -> dict[str, int]:
    """People of 2020 by province name, 34 rows (Sensus Penduduk 2020, BPS)."""
    with CENSUS.open(encoding="utf-8", newline="") as file:
        return {row["province"]: int(row["population"]) for row in csv.DictReader(file)}
