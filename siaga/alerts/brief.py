"""An event in a few lines of one language, from its catalogue entry alone: what a feed tells of each."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from siaga import moment
from siaga.catalog import AshEntry, EarthquakeEntry, Entry, FloodEntry
from siaga.impact.flood import AFFECTED_FROM, CLASSES
from siaga.language import Language
from siaga.report import figures, limits, words
from siaga.report.classed import flood
from siaga.report.earthquake import sentences

_NAMES: Mapping[str, Mapping[str, str]] = {"earthquake": words.LEVELS, "flood": flood.NAMES, "ash": words.ASH_CLASSES}


@dataclass(frozen=True, slots=True)
class Brief:
    """title: what and where. level: alert level, state or class as it is stored, "" where none is known.

    level_name: the same in words. lines: whole sentences.
    """

    title: str
    level: str
    level_name: str
    lines: tuple[str, ...]


def of(entry: Entry, _: Language) -> Brief:
    """That of an entry of any hazard; the last line of one that was made with demonstration data says so."""
    if entry["hazard"] == "earthquake":
        shown = _earthquake(entry, _)
    else:
        shown = _flood(entry, _) if entry["hazard"] == "flood" else _ash(entry, _)
    if not entry["demonstration"]:
        return shown
    nature = _("population or borders are stand-ins; do not decide on these figures")
    return replace(shown, lines=(*shown.lines, f"{_('DEMONSTRATION DATA')}: {nature}."))


def level_name(hazard: str, level: str, people: float | None, _: Language) -> str:
    """A stored level, state or class in words; "" where none is known. people: affected, None if unknown."""
    if level:
        return _(_NAMES[hazard][level])
    if hazard == "flood":
        return _("DRY")
    return _("Nobody under ash") if hazard == "ash" and people is not None else ""


def _earthquake(entry: EarthquakeEntry, _: Language) -> Brief:
    main, others = figures.moment(moment.parse(entry["time"]), entry["clock_zone"], _.code)
    level, deaths = entry["alert"] or "", entry["fatalities"]
    where = figures.coordinates(entry["longitude"], entry["latitude"], _.code)
    depth = f"{_('Depth')} {figures.whole(entry['depth_km'], _.code)} km"
    toll = (
        _(
            "Deaths: {range} ({chance} chance); an estimate by a model, no report from the field.",
            range=figures.deaths_range(deaths["p25"], deaths["p75"], _.code),
            chance=limits.of(_).likely,
        )
        if deaths
        else _("Deaths cannot be estimated: how many people are under the map is not known.")
    )
    return Brief(
        sentences.title(entry, entry["place"], _),
        level,
        level_name("earthquake", level, None, _) or _("Not known"),
        (
            f"{main} ({others}). {depth}. {where}. {sentences.location(entry, entry['place'], _)}.",
            _shaken(entry, _),
            toll,
        ),
    )


def _shaken(entry: EarthquakeEntry, _: Language) -> str:
    people = entry["people"]["mmi6_plus"]
    if people is None:
        return _("How many people live there is not known.")
    if people == 0:
        return _("Nobody felt strong shaking (MMI VI or more).")
    return _(
        "{people} people felt strong shaking or worse (MMI VI and above).",
        people=figures.people_sentence(people, _.code),
    )


def _flood(entry: FloodEntry, _: Language) -> Brief:
    state = entry["highest_class"] or ""
    region = flood.region_name(entry["region"])
    main, others = figures.moment(moment.parse(entry["time"]), "WIB", _.code)
    areas = sum(entry["areas_by_class"][name] for name in CLASSES[AFFECTED_FROM - 1 :])
    return Brief(
        _("Flood in {region}", region=region),
        state,
        ", ".join([level_name("flood", state, None, _), *([flood.depth(state, _)] if state else [])]),
        (f"{main} ({others}).", _("{count} RW under water.", count=figures.whole(areas, _.code)), _affected(entry, _)),
    )


def _ash(entry: AshEntry, _: Language) -> Brief:
    highest = entry["highest_class"] or ""
    utc = moment.parse(entry["time"])
    hours, zone = entry["utc_offset_hours"], entry["time_zone"]
    when = f"{figures.date_at(utc, hours, _.code)}, {figures.clock_at(utc, hours, zone)}"
    thickest = figures.decimal(entry["max_thickness_cm"], 2, _.code)
    return Brief(
        _("Volcanic ash of {volcano}", volcano=entry["volcano"]["name"]),
        highest,
        level_name("ash", highest, entry["affected"], _) or _("Not known"),
        (f"{when}.", _("Thickest on the map: {most} cm.", most=thickest), _affected(entry, _)),
    )


def _affected(entry: Entry, _: Language) -> str:
    """How many people are affected, by the scale of its hazard."""
    people = entry["affected"]
    if people is None:
        return _("How many people live there is not known.")
    return _("{people} people affected, by the population data.", people=figures.people_sentence(people, _.code))
