"""What CAP calls an event: severity, urgency, certainty, kind of message, codes. The table stands in docs/feeds.md."""

from collections.abc import Sequence
from dataclasses import dataclass

from siaga.catalog import Entry
from siaga.impact.flood import AFFECTED_FROM
from web.feeds import facts
from web.feeds.area import HIT_FROM

EXPIRES_HOURS = {"earthquake": 24, "flood": 2}  # a flood's next hour is due in one
# UNDRR and ISC, Hazard Information Profiles, 2025; GLIDE
CODES = {
    "earthquake": {"UNDRR-ISC 2025": "GH0101", "GLIDE": "EQ"},
    "flood": {"UNDRR-ISC 2025": "MH0600", "GLIDE": "FL"},
    "ash": {"UNDRR-ISC 2025": "GH0202", "GLIDE": "VO"},
}
_SEVERITY = {
    "earthquake": {"red": "Extreme", "orange": "Severe", "yellow": "Moderate", "green": "Minor"},
    "flood": {"4": "Severe", "3": "Severe", "2": "Moderate", "1": "Minor"},
    "ash": {"very_high": "Extreme", "high": "Severe", "medium": "Moderate", "low": "Minor", "very_low": "Minor"},
}
RESTRICTION = (
    "Automatic estimate for those who manage disasters; not an official warning to the public, which BMKG, PVMBG and "
    "BNPB give."
)
CATEGORY = {"earthquake": "Geo", "flood": "Met", "ash": "Geo"}
_CERTAINTY = {"earthquake": "Observed", "flood": "Observed", "ash": "Likely"}  # ash is a forecast


@dataclass(frozen=True, slots=True)
class Judgement:
    """In CAP's words."""

    category: str
    response: str
    urgency: str
    severity: str
    certainty: str


def of(entry: Entry, kind: str) -> Judgement:
    """That of a version. kind: of its message."""
    hazard = entry["hazard"]
    level = entry["alert"] if entry["hazard"] == "earthquake" else entry["highest_class"]
    severity = "Minor" if is_nothing(entry) else _SEVERITY[hazard].get(level or "", "Unknown")
    urgency = "Expected" if hazard == "ash" else "Immediate"
    if severity == "Minor":
        urgency = "Past" if hazard == "earthquake" else "Expected"
    response = "AllClear" if kind == "Cancel" else "Monitor" if severity == "Minor" else "Assess"
    return Judgement(CATEGORY[hazard], response, urgency, severity, _CERTAINTY[hazard])


def status(entry: Entry, of_real: str) -> str:
    """Actual, Exercise, System or Test. of_real: of real events, as the operator set it."""
    return "Exercise" if entry["drill"] else "Test" if entry["demonstration"] else of_real


def message_type(entry: Entry, below: Sequence[Entry]) -> str:
    """Alert for the first version, Update for a later one, Cancel where that shows nothing any more.

    below: the versions that rank below it.
    """
    if not below:
        return "Alert"
    return "Cancel" if is_nothing(entry) and not all(map(is_nothing, below)) else "Update"


def is_nothing(entry: Entry) -> bool:
    """Whether its map shows nothing that does damage: no MMI VI, no water of a known depth, no ash."""
    if entry["hazard"] == "earthquake":
        return bool(entry["max_mmi"] <= HIT_FROM - 0.5)
    if entry["hazard"] == "flood":
        return bool(entry["highest_state"] < AFFECTED_FROM)
    return bool(entry["max_thickness_cm"] == 0)


def parameters(entry: Entry) -> dict[str, str]:
    """Figures for machines, unrounded; what is not known is left out."""
    return {name: _written(value) for name, value in facts.of(entry).items() if value is not None}


def _written(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
