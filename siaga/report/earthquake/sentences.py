"""The answers: one sentence per question, built from rules. Whoever reads only these has the report."""

from collections.abc import Mapping, Sequence

from siaga.catalog import EarthquakeEntry
from siaga.impact.mmi import CLASSES, ROMAN, class_of
from siaga.impact.stored.earthquake import (
    CountedEarthquakeZone,
    DeathsRecord,
    EarthquakeEvent,
    EarthquakeImpact,
    PlaceRecord,
    ShakenStructures,
    SimilarQuake,
)
from siaga.language import Language
from siaga.report import figures, limits, listed, words
from siaga.report.words import short

SHAKING = {
    1: "not felt",
    2: "weak",
    3: "weak",
    4: "light",
    5: "moderate",
    6: "strong",
    7: "very strong",
    8: "severe",
    9: "violent",
    10: "extreme",
}
DAMAGE = {
    1: "none",
    2: "none",
    3: "none",
    4: "none",
    5: "very light",
    6: "light",
    7: "moderate",
    8: "moderate to heavy",
    9: "heavy",
    10: "very heavy",
}
HELP = {
    "green": "Help from outside is usually not needed.",
    "yellow": "Help by the region is usually enough.",
    "orange": "National help is usually needed.",
    "red": "International help is usually needed.",
}
_EXAMPLE = 7  # a class
_ONE_DEATH, _AGREED, _APART = 1.0, 1.5, 5.0  # medians below one death are none; factors between medians
_COUNT_WORDS = {1: "One district", 2: "Two districts", 3: "Three districts", 4: "Four districts", 5: "Five districts"}


def people_known(impact: EarthquakeImpact) -> bool:
    """Whether anything is known of the people under the map."""
    return impact["people"]["total"] is not None


def people_by_mmi(impact: EarthquakeImpact) -> Mapping[str, float] | None:
    """People under the map by MMI class; None where nothing is known of them."""
    by_mmi = {mmi: people for mmi, people in impact["people"]["by_mmi"].items() if people is not None}
    return by_mmi if people_known(impact) else None


def setting(impact: EarthquakeImpact) -> tuple[str, Mapping[str, float], DeathsRecord] | None:
    """The level, the chance of each, and the deaths by the model that sets it; None where none is known."""
    alert, deaths = impact["alert"], impact["fatalities"]
    if alert["level"] is None or alert["probability"] is None or deaths is None:
        return None
    return alert["level"], alert["probability"], deaths[alert["model"]]


def title(event: EarthquakeEvent | EarthquakeEntry, place: PlaceRecord | None, _: Language) -> str:
    """What and where, in a few words. place: the landmark of the epicentre."""
    magnitude = figures.decimal(event["magnitude"], 1, _.code)
    if place is None:
        where = event["description"]
        return (
            _("M {magnitude} earthquake, {where}", magnitude=magnitude, where=where)
            if where
            else _("M {magnitude} earthquake", magnitude=magnitude)
        )
    if place["distance_km"] < 5:
        return _("M {magnitude} earthquake at {place}", magnitude=magnitude, place=place["name"])
    wind = _(words.WINDS[place["from_place"]])
    return _("M {magnitude} earthquake {wind} of {place}", magnitude=magnitude, wind=wind, place=place["name"])


def location(event: EarthquakeEvent | EarthquakeEntry, place: PlaceRecord | None, _: Language) -> str:
    """Distance and direction from a place that people know, as an uploader's bulletin has it. place: as title."""
    if place is None:
        return event["description"]
    name = place["name"] + (
        f", {short(place['zone'])}" if place["zone"] and short(place["zone"]) != place["name"] else ""
    )
    km = figures.whole(place["distance_km"], _.code)
    if km == "0":
        return _("At {place}", place=name)
    return _("{km} km {wind} of {place}", km=km, wind=_(words.WINDS[place["from_place"]]), place=name)


def how_bad(impact: EarthquakeImpact, _: Language) -> str:
    """The chance of deaths, in words.

    The level need not be what is most likely (Siaga's is the highest with its chance of forecast.ALERT_CHANCES),
    so the chances are told, never one class of deaths.
    """
    found = setting(impact)
    if found is None:
        return _("Deaths cannot be estimated: how many people are under the map is not known.")
    (level, exact, deaths), limit = found, limits.of(_)
    hundred = figures.percent(*figures.reaching("orange", exact), _.code)
    thousand = figures.percent(*figures.reaching("red", exact), _.code)
    if level == "green":
        if deaths["expected"] == 0:
            return _("No deaths by shaking are expected.")
        return _(
            "Most likely no deaths by shaking; chance of {many} or more: {chance}.", many=limit.many, chance=hundred
        )
    if level == "yellow":
        any_death = figures.percent(*figures.reaching("yellow", exact), _.code)
        return _(
            "Chance of any deaths: {any}; of {many} or more: {chance}.", any=any_death, many=limit.many, chance=hundred
        )
    return _(
        "Chance of {many} deaths or more: {chance}; of {most}: {top}.",
        many=limit.many,
        chance=hundred,
        most=limit.most,
        top=thousand,
    )


def where(impact: EarthquakeImpact, zones: Sequence[CountedEarthquakeZone], _: Language) -> str:
    """The strongest shaking that met people, and in which districts. zones: the finest level."""
    by_mmi = people_by_mmi(impact)
    if by_mmi is None:
        strongest = class_of(impact["map"]["max_mmi"])
        return _(
            "Strongest on the map: MMI {roman} ({shaking}); who lives there is not known.",
            roman=ROMAN[strongest],
            shaking=_(SHAKING[strongest]),
        )
    reached = [mmi for mmi in CLASSES if by_mmi[str(mmi)] >= 1]
    if not reached:
        return _("Nobody lives under this map.")
    top = reached[-1]
    most = sorted(zones, key=lambda zone: -zone["by_mmi"][str(top)])
    names = [short(zone["name"]) for zone in most if zone["by_mmi"][str(top)] >= 1]
    what = {"roman": ROMAN[top], "shaking": _(SHAKING[top])}
    if not names:
        return _("Strongest where people live: {roman} ({shaking}).", **what)
    if len(names) == 1:
        return _("Strongest: {roman} ({shaking}), in {first}.", first=names[0], **what)
    if len(names) == 2:
        return _("Strongest: {roman} ({shaking}), in {first} and {second}.", first=names[0], second=names[1], **what)
    if len(names) == 3:
        first, second, third = names
        return _(
            "Strongest: {roman} ({shaking}), in {first}, {second} and {third}.",
            first=first,
            second=second,
            third=third,
            **what,
        )
    return _(
        "Strongest: {roman} ({shaking}), in {first}, {second} and {more} more.",
        first=names[0],
        second=names[1],
        more=len(names) - 2,
        **what,
    )


def who(impact: EarthquakeImpact, _: Language) -> str:
    """How many people felt the worst of it."""
    found = most_shaken(impact)
    if found is None:
        return _("How many people live there is not known.")
    lowest, top, people = found
    if people < 1:
        return _("Nobody on the map.")
    classes = ROMAN[top] if lowest == top else f"{ROMAN[lowest]}–{ROMAN[top]}"
    return _("{people} at MMI {classes}.", people=figures.people_sentence(people, _.code), classes=classes)


def most_shaken(impact: EarthquakeImpact) -> tuple[int, int, float] | None:
    """Lowest and highest class of the worst shaking that met people (VIII and above, VI and above, or the
    strongest alone), and how many they are; None where people are unknown.
    """
    by_mmi = people_by_mmi(impact)
    if by_mmi is None:
        return None
    reached = [mmi for mmi in CLASSES if by_mmi[str(mmi)] >= 1]
    if not reached:
        return 1, 1, 0.0
    top = reached[-1]
    lowest = next((floor for floor in (8, 6) if top >= floor), top)
    return lowest, top, sum(by_mmi[str(mmi)] for mmi in range(lowest, 11))


def short_location(impact: EarthquakeImpact, _: Language) -> str:
    """Where, in the fewest words."""
    place = impact["places"]["landmark"]
    if place is None:
        return str(impact["event"]["description"])
    if place["distance_km"] < 5:
        return str(place["name"])
    return _("{wind} of {place}", wind=_(words.WINDS[place["from_place"]]), place=place["name"])


def worst_line(impact: EarthquakeImpact, names: Sequence[str], _: Language) -> str:
    """The worst districts by their share of the deaths; where none are expected, the strongest shaking.

    names: of the two worst that matter, or fewer.
    """
    if impact["alert"]["level"] in (None, "green") or not names:
        found = most_shaken(impact)
        if found is None or found[2] < 1:
            return where(impact, (), _)
        top = found[1]
        return _("Strongest where people live: {roman} ({shaking}).", roman=ROMAN[top], shaking=_(SHAKING[top]))
    if len(names) == 1:
        return _("Worst: {first}", first=names[0])
    return _("Worst: {first} and {second}", first=names[0], second=names[1])


def which_districts(
    ranked: Sequence[tuple[CountedEarthquakeZone, float]], impact: EarthquakeImpact, _: Language
) -> str:
    """How the expected deaths are shared out; ranked: (zone, share) with the largest first."""
    if not people_known(impact):
        return _("No figures by district.")
    if not ranked or ranked[0][1] == 0:
        rest = listed.outside(impact)
        if rest and rest["fatalities"]["pager"]["expected"] > 0:
            return _("All expected deaths are outside the zones listed.")
        return _("No deaths are expected anywhere.") if ranked else _("No district under this map.")
    total, count = 0.0, 0
    for zone_share in ranked[:5]:
        total, count = total + zone_share[1], count + 1
        if total >= 0.9:
            break
    share = figures.percent(round(total * 100), total, _.code)
    return _("{districts}: {share} of the expected deaths.", districts=_(_COUNT_WORDS[count]), share=share)


def sender_place(impact: EarthquakeImpact, _: Language) -> str:
    """Where the map's sender says that it was; "" where the title or the location say the same."""
    place = " ".join(impact["event"]["description"].split())
    landmark = impact["places"]["landmark"]
    ours = f"{title(impact['event'], landmark, _)} {location(impact['event'], landmark, _)}".casefold()
    return "" if place.casefold() in ours else place


def class_width(_: Language) -> str:
    """How far a class of MMI reaches, by one of them."""
    low, high = (figures.decimal(mmi, 1, _.code) for mmi in (_EXAMPLE - 0.5, _EXAMPLE + 0.5))
    return _("{roman} stands for MMI {low} up to {high}, and so on.", roman=ROMAN[_EXAMPLE], low=low, high=high)


def certainty(impact: EarthquakeImpact, _: Language) -> str:
    """How sure the estimate of deaths is, in a word: by how far the models' medians lie apart. "" where none is.

    The bounds are ours: models that agree within a half name one level, a factor of five is half a level's width.
    """
    if impact["fatalities"] is None:
        return ""
    medians = [one["median"] for one in impact["fatalities"].values()]
    least, most = max(min(medians), _ONE_DEATH), max(max(medians), _ONE_DEATH)
    times = most / least
    return _("High.") if times < _AGREED else _("Medium.") if times < _APART else _("Low.")


def how_sure(impact: EarthquakeImpact, _: Language) -> str:
    """How far the models differ."""
    if impact["fatalities"] is None:
        return _("No model can be applied.")
    medians = [one["median"] for one in impact["fatalities"].values()]
    if max(medians) < 1:
        return _("All models expect fewer than one death.")
    if min(medians) < 1:
        return _(
            "The models differ: one expects none, another {most} deaths.", most=figures.deaths(max(medians), _.code)
        )
    times = max(medians) / min(medians)
    if times < _AGREED:
        return _("The models agree closely.")
    return _("The models' medians differ by a factor of {times}.", times=figures.whole(times, _.code))


def strong_shaking(impact: EarthquakeImpact, _: Language) -> str:
    """The head of the table of districts."""
    by_mmi = people_by_mmi(impact) or {}
    people = sum(by_mmi.get(str(mmi), 0.0) for mmi in range(6, 11))
    if people == 0:
        return _("Nobody felt strong shaking (MMI VI or more).")
    return _(
        "{people} people felt strong shaking or worse (MMI VI and above).",
        people=figures.people_sentence(people, _.code),
    )


def prepare_for(people: float, roman: str, _: Language) -> str:
    """The head of the planning figures; people: of the highest bound that has any."""
    count = figures.people_sentence(people, _.code)
    if roman == "VIII":
        return _("Prepare for {people} people.", people=count)
    return _("Nobody at VIII; at most {people} people at MMI ≥ {roman}.", people=count, roman=roman)


def towns(places: Sequence[PlaceRecord], _: Language) -> str:
    """The head of the table of towns."""
    shaken = [place["mmi"] for place in places if place["mmi"] is not None]
    if not shaken:
        return _("No town on the map.")
    top = class_of(max(shaken))
    count = sum(class_of(mmi) >= top for mmi in shaken)
    if count == 1:
        return _("One of these places at MMI {roman}.", roman=ROMAN[top])
    return _("{count} of these places at MMI {roman}.", count=count, roman=ROMAN[top])


def leaning(impact: EarthquakeImpact, _: Language) -> str:
    """The head of the table of models."""
    alerts = [one["alert"] for one in (impact["fatalities"] or {}).values()]
    worst = max(set(alerts), key=lambda level: (alerts.count(level), list(words.LEVELS).index(level)))
    count = alerts.count(worst)
    if count == len(alerts):
        return _("All {count} models say {level}.", count=count, level=_(words.LEVELS[worst]))
    if count == 1:
        return _("Each model names another level.")
    return _("{count} of {all} models say {level}.", count=count, all=len(alerts), level=_(words.LEVELS[worst]))


def happened(events: Sequence[SimilarQuake], _: Language) -> str:
    """The head of the table of similar quakes."""
    tolls = [toll(one) for one in events]
    told = [toll_ for toll_ in tolls if toll_ is not None]
    if not events:
        return _("No similar quake is known within {km} km.", km=limits.of(_).reach_km)
    count = len(events)
    if not told:
        return _("{count} similar quakes; no deaths are reported.", count=count)
    low, high = (figures.whole(number, _.code) for number in (min(told), max(told)))
    if count == 1:
        return _("One similar quake: {high} deaths.", high=high)
    if low == high:
        return _("{count} similar quakes; the deadliest: {high} deaths.", count=count, high=high)
    return _("{count} similar quakes: {low} to {high} deaths.", count=count, low=low, high=high)


def toll(event: SimilarQuake) -> int | None:
    """Deaths of a past quake by all causes, else by shaking; None where none are reported."""
    deaths = event["deaths"] or {}
    total = deaths.get("total")
    count = deaths.get("shaking") if total is None else total
    return None if count is None else round(count)


def structures(impact: EarthquakeImpact, _: Language) -> str:
    """The head of the tables of structures, roads and land."""
    layer = impact.get("structures")
    if layer is None:
        return _("What was shaken, by kind.")
    strong = sum(one["by_mmi"][str(mmi)] for one in layer["by_class"].values() for mmi in range(6, 11))
    if strong == 0:
        return _("No structure at MMI VI or more.")
    return _("{count} structures at MMI VI and above.", count=figures.whole(strong, _.code))


def notable(structures: ShakenStructures | None, _: Language) -> str:
    """The head of the list of hospitals, schools and bridges."""
    if structures is None:
        return _("No structures are installed.")
    counts = {
        kind: sum(one["type"] == kind for one in structures["notable"]) + structures["notable_rest"].get(kind, 0)
        for kind in ("health", "education", "bridge")
    }
    if not any(counts.values()):
        return _("No hospital, school or bridge at MMI VII or more.")
    return _(
        "At MMI VII and above: {health} health, {education} schools, {bridge} bridges.",
        **{kind: figures.whole(count, _.code) for kind, count in counts.items()},
    )
