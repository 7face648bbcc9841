"""Levels of zones as readers call them."""

from collections.abc import Container

from siaga.exposure.zones import LEVEL_NAMES
from siaga.impact.stored import ClassedImpact
from siaga.language import Language
from siaga.product import ZONES


def level_name(level: str, _: Language) -> str:
    """A level as readers call it."""
    return _(LEVEL_NAMES[level]) if level in LEVEL_NAMES else level or _("Zones")


def drawn_level(impact: ClassedImpact, files: Container[str]) -> str | None:
    """The level of zones that a map of the version can draw; None where it bears no outlines. files: of the version."""
    table = impact.get("table")  # a record of an older Siaga has none
    return table["level"] if table and ZONES in files else None
