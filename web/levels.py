"""Levels of zones as readers call them."""

from siaga.language import Language

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
