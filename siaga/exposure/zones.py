"""Zones: which fields of a file of polygons say what they are."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ZoneFields:
    """Names of the fields. The defaults are those of installed analysis data.

    name: None where the code serves as the name. level, parent: None where the file has no levels.
    """

    code: str = "code"
    name: str | None = "name"
    level: str | None = "level"
    parent: str | None = "parent"


INSTALLED = ZoneFields()

# What the demonstration and BPS call their levels, and readers; another name stands as whoever imported the zones gave
# it.
LEVEL_NAMES = {
    "province": "Province",
    "regency": "District or city",
    "district": "Subdistrict",
    "village": "Village",
    "desa": "Village",
}
