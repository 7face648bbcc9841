"""An ash fall as it is printed: every figure of its impact.json in words and digits of one language."""

from collections.abc import Mapping, Sequence

from siaga import dates, palette
from siaga.catalog import AshEntry
from siaga.hazard.ash import ALERT_LEVELS, CLASSES
from siaga.impact.loss import LEVELS
from siaga.impact.stored.ash import AshDeposit, AshImpact, AshSpot, Eruption, eruption_of
from siaga.impact.stored.classed import CountedZone
from siaga.language import Language
from siaga.moment import TIME_ZONES, parse, time_zone_of
from siaga.report import figures, limits, words
from siaga.report.classed import tables
from siaga.report.listed import counted
from siaga.report.words import short

MOST_ZONES, MOST_NEAR, MOST_TOWNS, MOST_AIRPORTS = 7, 8, 13, 6
MOST_ROWS = MOST_TOWNS
_TIGHT = 4  # rows where room is scarce
WORST_FIRST = tuple(reversed(CLASSES))
THICK = ("very_high", "high")  # whose people are taken as displaced

# PVMBG's own words for its four levels are used in both languages; the colours are its own as well.
LEVEL_CODES = dict(zip(ALERT_LEVELS, LEVELS, strict=True))
_KINDS = (
    ("structures", words.STRUCTURES),
    ("roads", words.ROADS),
    ("land_cover", words.LAND),
)


class ThicknessRow(tables.ClassRow):
    """A class of thickness as it is printed."""

    number: str
    thickness: str


class PrintedAsh(tables.Frame):
    """Everything that a template needs, as text; tables as templates walk through them."""

    title: str
    when: str
    utc: str
    column: str
    column_short: str
    coordinates: str
    window: str
    expires: str
    level: dict[str, str]
    cumulative: str
    chip: dict[str, str]
    how_bad: str
    classes: list[ThicknessRow]
    total: str
    where: str
    who: str
    zones: dict[str, object] | None
    numbers: dict[str, str]
    near: list[dict[str, object]]
    near_answer: str
    towns: list[dict[str, object]]
    more_towns: int
    airports: list[dict[str, object]]
    airports_answer: str
    needs: dict[str, object] | None
    prepare: str
    topics: list[str]
    effects: list[dict[str, object]]
    things: list[dict[str, object]]
    beyond: dict[str, object]
    colours: Mapping[str, str]
    thickness: dict[str, str]


def printed(impact: AshImpact, _: Language, towns: int = MOST_TOWNS, *, tight: bool = False) -> PrintedAsh:
    """Everything a template needs, as text; lists of rows for tables.

    towns: most of their table on page 2. tight: page 1 has no room for all rows that it usually shows. The eruption
    is known (event has a volcano).
    """
    event = eruption_of(impact["event"])
    found = counted(impact)
    when, utc = moment(event["time"], event, _)
    codes = [name for name in WORST_FIRST if impact["map"]["cells_by_class"][name]]
    return {
        **tables.frame(
            impact,
            _("Volcanic ash impact report"),
            (
                _("Version {number}", number=impact["version_number"]),
                f" · {event['volcano']}, {_short(event['time'], event, _)}",
            ),
            _method(_),
            _("An automatic estimate; check in the field before deciding. Scan for the newest version."),
            _,
        ),
        "title": _("Volcanic ash of {volcano}", volcano=event["volcano"]),
        "when": when,
        "utc": utc,
        "column": column(event, _),
        "column_short": _("Column {height} m", height=figures.whole(event["eruption_height_m"], _.code)),
        "coordinates": figures.coordinates(event["longitude"], event["latitude"], _.code),
        "window": _window(event, _),
        "expires": _("holds until {when}", when=_short(event["expires"], event, _)),
        "level": level(event["alert_level"], _),
        "cumulative": cumulative(impact, _),
        "chip": {"code": LEVEL_CODES[event["alert_level"]], "text": event["alert_level"].upper()},
        "how_bad": how_bad(impact, _),
        "classes": _classes(impact, _),
        "total": tables.total(impact, CLASSES, _),
        "where": where(impact, found, _),
        "who": who(impact, _),
        "zones": tables.table(impact, found, WORST_FIRST, CLASSES, _TIGHT if tight else MOST_ZONES, _),
        "numbers": {name: str(number) for number, name in enumerate(CLASSES, 1)},
        "near": _towns(impact, _TIGHT if tight else MOST_NEAR, _),
        "near_answer": near(impact, _),
        "towns": _towns(impact, towns, _),
        "more_towns": max(0, len(impact["places"] or ()) - towns),
        "airports": _airports(impact, _TIGHT if tight else MOST_AIRPORTS, _),
        "airports_answer": airports(impact, _),
        "needs": tables.needs(impact, _),
        "prepare": prepare(impact, _),
        "topics": [_(topic) for topic in words.ASH_TOPICS.values()],
        "effects": [_effect(impact, name, _) for name in codes],
        "things": tables.things(impact, _KINDS, WORST_FIRST, CLASSES, _),
        "beyond": beyond(impact, _),
        "colours": palette.ASH,
        "thickness": {name: thickness(impact["map"], name, _) for name in CLASSES},
    }


def moment(stored: str, event: Eruption, _: Language) -> tuple[str, str]:
    """A stored time by the clock at the volcano, and in UTC."""
    utc = parse(stored)
    zone = time_zone(event)
    return (
        f"{figures.date(utc, zone, _.code)}, {dates.clock(utc, zone)}",
        dates.dated(utc, _.code, "UTC"),
    )


def time_zone(event: Eruption) -> str:
    """WIB, WITA or WIT: by the offset in which the eruption's time was written, else by longitude."""
    return next(
        (zone for zone, hours in TIME_ZONES.items() if hours == event["utc_offset_hours"]),
        time_zone_of(event["longitude"]),
    )


def column(event: Eruption | AshEntry, _: Language) -> str:
    """How high the column rose."""
    height = figures.whole(event["eruption_height_m"], _.code)
    if event["column_height_m"] is None:
        return _("Column {height} m above the vent; above the sea not known", height=height)
    return _(
        "Column {height} m above the vent, {sea} m above the sea",
        height=height,
        sea=figures.whole(event["column_height_m"], _.code),
    )


def thickness(deposit: AshDeposit, name: str, _: Language) -> str:
    """The limits of a class in centimetres. deposit: impact.json's map."""
    low, high = deposit["limits_cm"][name]
    return between(low, high, _)


def between(low: float | None, high: float | None, _: Language) -> str:
    """Two thicknesses in centimetres as a class prints them. high: None where nothing is too thick for it."""
    lower = figures.shortest(low or 0.0, _.code)
    return f"> {lower} cm" if high is None else f"{lower}–{figures.shortest(high, _.code)} cm"


def thickest(impact: AshImpact, _: Language) -> str:
    """The thickest ash on the map, in centimetres."""
    most = impact["map"]["max_cm"]
    return figures.decimal(most, 1 if most >= 0.05 else 2, _.code)


def how_bad(impact: AshImpact, _: Language) -> str:
    """How many people live under ash that roofs may not bear."""
    by_class = tables.people_by_class(impact)
    if by_class is None:
        return _("Who lives under the ash is not known.")
    if (impact["people"]["total"] or 0.0) < 1:
        return _("By the population data nobody lives under the ash.")
    thick = sum(by_class[name] for name in THICK)
    if thick < 1:
        return _("Nobody lives under more than {cm} cm of ash.", cm=limits.of(_).ash_cm)
    people = figures.people_sentence(thick, _.code)
    return _("{people} people under more than {cm} cm of ash.", people=people, cm=limits.of(_).ash_cm)


def cumulative(impact: AshImpact, _: Language) -> str:
    """How many people live under thick ash of this fall and the earlier ones together; "" for a first one."""
    total = impact.get("cumulative")
    if not total or total["displaced"] is None:
        return ""
    return _(
        "With {count} earlier falls: {people} people under more than {cm} cm.",
        cm=limits.of(_).ash_cm,
        count=len(total["events"]),
        people=figures.people_sentence(total["displaced"], _.code),
    )


def where(impact: AshImpact, zones: Sequence[CountedZone], _: Language) -> str:
    """Where people live under the thickest ash."""
    most = thickest(impact, _)
    for name in WORST_FIRST:
        reached = sorted(
            (zone for zone in zones if zone["by_class"][name] >= 1), key=lambda zone: -zone["by_class"][name]
        )
        if not reached:
            continue
        names = [short(zone["name"]) for zone in reached]
        what = {"thickness": thickness(impact["map"], name, _), "first": names[0]}
        if len(names) == 1:
            return _("Thickest where people live: {thickness}, in {first}.", **what)
        if len(names) == 2:
            return _("Thickest: {thickness}, in {first} and {second}.", second=names[1], **what)
        if len(names) == 3:
            return _(
                "Thickest: {thickness}, in {first}, {second} and {third}.", second=names[1], third=names[2], **what
            )
        return _(
            "Thickest: {thickness}, in {first}, {second} and {more} more.", second=names[1], more=len(names) - 2, **what
        )
    return _("Thickest on the map: {most} cm.", most=most)


def who(impact: AshImpact, _: Language) -> str:
    """How many people live under ash at all."""
    people = impact["people"]["total"]
    if people is None:
        return _("How many people live there is not known.")
    if people < 1:
        return _("Nobody under the ash.")
    return _("{people} people under ash.", people=figures.people_sentence(people, _.code))


def near(impact: AshImpact, _: Language) -> str:
    """The head of the list of towns."""
    if impact["places"] is None:
        return _("No towns are installed.")
    if not impact["places"]:
        return _("No town under the ash.")
    return _("{count} towns under ash.", count=figures.whole(len(impact["places"]), _.code))


def airports(impact: AshImpact, _: Language) -> str:
    """The head of the list of airports."""
    if impact["airports"] is None:
        return _("No airports are installed.")
    if not impact["airports"]:
        return _("No airport under the ash.")
    return _("{count} airports under ash.", count=figures.whole(len(impact["airports"]), _.code))


def prepare(impact: AshImpact, _: Language) -> str:
    """The head of the planning figures."""
    if impact["displaced"] is None:
        return _("No planning figures: who lives there is not known.")
    if impact["displaced"] < 1:
        return _("No planning figures: nobody under more than {cm} cm.", cm=limits.of(_).ash_cm)
    return _("Prepare for {people} displaced people.", people=tables.people_text(impact["displaced"], _))


def beyond(impact: AshImpact, _: Language) -> dict[str, object]:
    """What is not in the figures."""
    return {
        "lead": _("Lava, hot clouds, lahars, gas, deaths, loss in money, ash still in the air."),
        "checks": [
            _("The ash is a model's forecast for its window, not a measurement."),
            _("Rain makes ash heavier and sets off lahars: check rivers that rise on the volcano."),
        ],
        "missing": [tables.ended(_.reason(one)) for one in impact.get("layers_missing", ())],
    }


def level(name: str, _: Language) -> dict[str, str]:
    """An alert level of PVMBG in its own words: colour code, name, rank."""
    return {
        "code": LEVEL_CODES[name],
        "name": name.upper(),
        "rank": _("level {rank} of {count} (PVMBG)", rank=ALERT_LEVELS.index(name) + 1, count=len(ALERT_LEVELS)),
    }


def _window(event: Eruption, _: Language) -> str:
    days = event["forecast_days"]
    expires = _short(event["expires"], event, _)
    if days == 1:
        return _("Forecast for one day, holds until {when}", when=expires)
    return _("Forecast for {days} days, holds until {when}", days=days, when=expires)


def _short(stored: str, event: Eruption, _: Language) -> str:
    utc, zone = parse(stored), time_zone(event)
    return dates.dated(utc, _.code, zone)


def _classes(impact: AshImpact, _: Language) -> list[ThicknessRow]:
    """A row per class, the thickest first."""
    people = tables.people(impact, CLASSES, _)
    cells = impact["map"]["cells_by_class"]
    worst = next((name for name in WORST_FIRST if cells[name]), None)
    return [
        {
            "code": name,
            "number": str(CLASSES.index(name) + 1),
            "name": _(words.ASH_CLASSES[name]),
            "thickness": thickness(impact["map"], name, _),
            "people": people[name]["people"] if people else _("not known"),
            "bar": people[name]["bar"] if people else 0,
            "own": name == worst,
        }
        for name in WORST_FIRST
    ]


def _effect(impact: AshImpact, name: str, _: Language) -> dict[str, object]:
    return {
        "code": name,
        "number": str(CLASSES.index(name) + 1),
        "name": _(words.ASH_CLASSES[name]),
        "thickness": thickness(impact["map"], name, _),
        "texts": [_(words.ASH_EFFECTS[name][topic]) for topic in words.ASH_TOPICS],
    }


def _towns(impact: AshImpact, most: int, _: Language) -> list[dict[str, object]]:
    return [
        {
            "name": one["name"],
            "zone": short(one["zone"] or ""),
            "people": figures.whole(max(1, one["population"] / 1000), _.code) if one["population"] else _("not known"),
            "unknown": not one["population"],
            **_spot(one, _),
        }
        for one in (impact["places"] or ())[:most]
    ]


def _airports(impact: AshImpact, most: int, _: Language) -> list[dict[str, object]]:
    return [
        {"name": one["name"] + (f" ({one['code']})" if one["code"] else ""), **_spot(one, _)}
        for one in (impact["airports"] or ())[:most]
    ]


def _spot(one: AshSpot, _: Language) -> dict[str, object]:
    """The class of a point, and where it lies from the volcano."""
    return {
        "code": one["class"],
        "number": str(CLASSES.index(one["class"]) + 1),
        "distance": "" if one["distance_km"] is None else f"{figures.whole(one['distance_km'], _.code)}\u00a0km",
        "direction": _(words.WINDS[one["direction"]]) if one["direction"] else "",
    }


def _method(_: Language) -> str:
    return _(
        "Ash: the model's raster as it was sent, in {count} classes. People: cells on borders shared by area, nothing "
        "resampled. Displaced: all under more than {cm} cm (InaSAFE's rule). Needs: BNPB Perka 7/2008. Rounded in "
        "print alone, each figure by itself.",
        count=limits.of(_).ash_classes,
        cm=limits.of(_).ash_cm,
    )
