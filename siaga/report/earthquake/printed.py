"""A report as it is printed: every figure of impact.json in words and digits of one language.

The web's event page shows the same, so that list, page, phone and paper never differ.
"""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from siaga import dates, moment, palette
from siaga.impact.mmi import ROMAN, class_of
from siaga.impact.stored.earthquake import CountedEarthquakeZone, EarthquakeImpact
from siaga.impact.stored.head import Provenance, of_demonstration
from siaga.language import Language
from siaga.report import figures, words
from siaga.report.earthquake import beyond, deaths, districts, past, preparing, sentences
from siaga.report.fit import MOST_ROWS, MOST_TOWNS
from siaga.report.listed import counted
from siaga.report.words import short


class PrintedEvent(TypedDict):
    """What happened. sender_place: where the map's sender says that it was. source: who sent it."""

    title: str
    location: str
    sender_place: str
    time: dict[str, str]
    depth: str
    magnitude: str
    coordinates: str
    source: str


class Printed(PrintedEvent):
    """Everything that a template needs, as text; tables as templates walk through them."""

    language: str
    version: dict[str, str]
    level: deaths.Level
    how_bad: str
    where: str
    map_note: str
    who: str
    classes: districts.Classes | None
    class_width: str
    which_districts: str
    worst: districts.Worst
    how_sure: str
    certainty: str
    models: object
    leaning: str
    money: object
    table: dict[str, object]
    planning: dict[str, object] | None
    towns: dict[str, object]
    past: object
    stands: dict[str, object] | None
    beyond: beyond.Beyond
    warnings: list[str]
    note: str
    drill: bool
    demonstration: bool
    sources: dict[str, str]
    provenance: Provenance


def printed(
    impact: EarthquakeImpact,
    _: Language,
    rows: int = MOST_ROWS,
    worst: int = districts.MOST_WORST,
    towns: int = MOST_TOWNS,
) -> Printed:
    """Everything a template needs, as text; lists of rows for tables.

    rows: most of the table of districts by MMI; worst: of the table of the worst districts; towns: of the
    most shaken places.
    """
    zones = counted(impact)
    order = districts.ranked(impact, zones)
    rest = districts.beside(impact, order)
    shares = districts.percents([*order, *([rest] if rest else [])])
    event, sources = _event(impact, zones, _), _sources(impact, _)
    return {
        "language": _.code,
        **event,
        "version": _version(impact, zones, _),
        "level": deaths.level(impact, _),
        "how_bad": sentences.how_bad(impact, _),
        "where": sentences.where(impact, zones, _),
        "map_note": _map_note(event["source"], sources, _),
        "who": sentences.who(impact, _),
        "classes": districts.classes(impact, _),
        "class_width": sentences.class_width(_),
        "which_districts": sentences.which_districts(order, impact, _),
        "worst": districts.worst(order, shares, worst, _),
        "how_sure": sentences.how_sure(impact, _),
        "certainty": sentences.certainty(impact, _),
        "models": deaths.models(impact, _),
        "leaning": sentences.leaning(impact, _) if impact["fatalities"] else "",
        "money": deaths.money(impact, _),
        "table": districts.table(order, impact, rows, _),
        "planning": preparing.planning(impact, _),
        "towns": _towns(impact, towns, _),
        "past": past.past(impact, event["time"]["clock_zone"], _),
        "stands": preparing.stands(impact, _),
        "beyond": beyond.beyond(impact, _),
        "warnings": [_.reason(reason) for reason in impact["warnings"]],
        "note": _.reason(impact["people"]["note"]),
        "drill": impact["drill"],
        "demonstration": of_demonstration(impact["provenance"]["analysis_data"]["files"]),
        "sources": sources,
        "provenance": impact["provenance"],
    }


def _event(impact: EarthquakeImpact, zones: Sequence[CountedEarthquakeZone], _: Language) -> PrintedEvent:
    """What happened: the head of the report."""
    event = impact["event"]
    return {
        "title": sentences.title(event, impact["places"]["landmark"], _),
        "location": sentences.location(event, impact["places"]["landmark"], _),
        "sender_place": sentences.sender_place(impact, _),
        "time": _time(impact, zones, _),
        "depth": f"{figures.whole(event['depth_km'], _.code)} km",
        "magnitude": figures.decimal(event["magnitude"], 1, _.code),
        "coordinates": figures.coordinates(event["longitude"], event["latitude"], _.code),
        "source": event["originator"] if event["originator"].upper() not in ("", "US") else "BMKG",
    }


def time_zone(impact: EarthquakeImpact, districts: Sequence[CountedEarthquakeZone]) -> str:
    """WIB, WITA or WIT at the epicentre: of the landmark's district where that is known."""
    place = impact["places"]["landmark"]
    code = next((zone["code"] for zone in districts if place and zone["name"] == place["zone"]), "")
    return moment.time_zone_of(impact["event"]["longitude"], str(code)[:2])


def _time(impact: EarthquakeImpact, districts: Sequence[CountedEarthquakeZone], _: Language) -> dict[str, str]:
    utc = moment.parse(impact["event"]["time"])
    clock_zone = time_zone(impact, districts)
    main, others = figures.moment(utc, clock_zone, _.code)
    return {"main": main, "others": others, "clock_zone": clock_zone, "iso": impact["event"]["time"]}


def _version(impact: EarthquakeImpact, districts: Sequence[CountedEarthquakeZone], _: Language) -> dict[str, str]:
    kind = _("corrected") if impact["source_type"] == "corrected" else _("initial")
    made = impact["event"]["process_time"]
    version = {"name": _("Version {number}", number=impact["version_number"]), "kind": kind, "mapped": "", "age": ""}
    version["review"] = _review(impact, _)
    if made:
        utc, quake = moment.parse(made), moment.parse(impact["event"]["time"])
        clock_zone = time_zone(impact, districts)
        same = figures.date(utc, clock_zone, _.code) == figures.date(quake, clock_zone, _.code)
        day = "" if same else f"{figures.date(utc, clock_zone, _.code, weekday=False)}, "
        version["mapped"] = _("map made {when}", when=day + dates.clock(utc, clock_zone))
        minutes = round((utc - quake).total_seconds() / 60)
        if 0 <= minutes < 240:
            version["age"] = _("{minutes} minutes after the quake", minutes=minutes)
    return version


def _review(impact: EarthquakeImpact, _: Language) -> str:
    """Whether anybody looked at the map: what its sender says of it (ShakeMap's map_status), or sends it for."""
    if impact["source_type"] == "corrected":
        return _("revised")
    return _("reviewed") if impact["event"]["map_status"].upper() == "REVIEWED" else _("automatic")


def _towns(impact: EarthquakeImpact, count: int, _: Language) -> dict[str, object]:
    shown = impact["places"]["most_shaken"][:count]
    installed = any(file["role"] == "places" for file in impact["provenance"]["analysis_data"]["files"])
    return {
        "answer": sentences.towns(shown, _) if shown or installed else _("No towns are installed."),
        "rows": [
            {
                "name": place["name"],
                "zone": short(place["zone"]),
                "mmi": (mmi := class_of(place["mmi"] or 0.0)),
                "roman": ROMAN[mmi],
                "colour": palette.MMI[mmi],
                "distance": f"{figures.whole(place['distance_km'], _.code)}\u00a0km",
                "direction": _(words.WINDS[place["direction"]]),
                "people": figures.whole(max(1, place["population"] / 1000), _.code)
                if place["population"]
                else _("not known"),
                "unknown": not place["population"],
            }
            for place in shown
        ],
    }


def _sources(impact: EarthquakeImpact, _: Language) -> dict[str, str]:
    files = {file["role"]: file for file in impact["provenance"]["analysis_data"]["files"]}
    population = files.get("population")
    return {
        "population": _(population["title"]) + figures.year(population["year"]) if population else _("none installed"),
        "zones": _(files["zones"]["title"]) if "zones" in files else "",
        "grid": f"{impact['map']['rows']} × {impact['map']['columns']}",
    }


def _map_note(source: str, sources: Mapping[str, str], _: Language) -> str:
    """Below the map."""
    note = _(
        "Hatched: VIII; cross-hatched: IX and X. ShakeMap {source}, {grid} nodes.", source=source, grid=sources["grid"]
    )
    return f"{note} {sources['zones']}." if sources["zones"] else note
