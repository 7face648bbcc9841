"""Levels of zones as readers call them."""

from collections.abc import Container

from siaga.impact.stored import ClassedImpact
from siaga.language import Language
from siaga.product import ZONES

# what the demonstration and BPS call their levels; another name stands as whoever imported the zones gave it
_LEVELS = {
    "province": "Province",
    "regency": "District or city",
    "district": "Subdistrict",
    "village": "Village",
    "desa": "Village",
}


def level_name(level: str, _: Language) -> str:
    """A level as readers call it."""
    return _(_LEVELS[level]) if level in _LEVELS else level or _("Zones")


def drawn_level(impact: ClassedImpact, files: Container[str]) -> str | None:
    """The level of zones that a map of the version can draw; None where it bears no outlines. files: of the version."""
    table = impact.get("table")  # a record of an older Siaga has none
    return table["level"] if table and ZONES in files else None
