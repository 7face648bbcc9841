"""How each language writes numbers, days and directions: a row per language, the first one being shown unasked.

A language is a row here and a catalogue beside each of the others (siaga/report/locale, web/locale).
"""

from collections.abc import Mapping
from dataclasses import dataclass

_NBSP = "\u00a0"


@dataclass(frozen=True, slots=True)
class Convention:
    """How one language writes.

    name: in English, to be translated. months: from January. days: from Monday. decimal, group: separators of a number.
    percent: what stands behind a percentage. thousand, million, billion, trillion: 10^3, 10^6, 10^9 and 10^12 in words.
    north, south, east, west: letters of latitudes and longitudes.
    """

    name: str
    months: tuple[str, ...]
    days: tuple[str, ...]
    decimal: str
    group: str
    percent: str
    thousand: str
    million: str
    billion: str
    trillion: str
    north: str
    south: str
    east: str
    west: str

    def separated(self, text: str) -> str:
        """A number that is written 1,234.5, with this language's separators.

        >>> CONVENTIONS["id"].separated("1,234.5")
        '1.234,5'
        """
        return text.translate({ord(","): self.group, ord("."): self.decimal})


CONVENTIONS: Mapping[str, Convention] = {
    "id": Convention(
        name="Indonesian",
        months=tuple("Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember".split()),
        days=tuple("Senin Selasa Rabu Kamis Jumat Sabtu Minggu".split()),
        decimal=",",
        group=".",
        percent=f"{_NBSP}%",
        thousand="ribu",
        million="juta",
        billion="miliar",
        trillion="triliun",
        north="LU",
        south="LS",
        east="BT",
        west="BB",
    ),
    "en": Convention(
        name="English",
        months=tuple("January February March April May June July August September October November December".split()),
        days=tuple("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()),
        decimal=".",
        group=",",
        percent="%",
        thousand="thousand",
        million="million",
        billion="billion",
        trillion="trillion",
        north="N",
        south="S",
        east="E",
        west="W",
    ),
}
