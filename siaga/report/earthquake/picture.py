"""The picture for messengers of an earthquake: five facts and a map."""

from siaga import dates, moment
from siaga.impact.mmi import ROMAN
from siaga.impact.stored.earthquake import EarthquakeImpact
from siaga.language import Language
from siaga.report import figures, listed, picture
from siaga.report.earthquake import sentences
from siaga.report.earthquake.printed import printed, time_zone

_LINE = 46  # px


def map_px(impact: EarthquakeImpact) -> int:
    """Height of the map; a check to make takes a line of it."""
    return picture.map_px(impact, _below(impact))


def html(impact: EarthquakeImpact, _: Language) -> str:
    """The picture as a page of its own, to be typeset at 96 dpi."""
    shown = printed(impact, _)
    clock_zone = time_zone(impact, listed.counted(impact))
    utc = moment.parse(impact["event"]["time"])
    others = [dates.clock(utc, "WIB")] if clock_zone != "WIB" else [dates.clock(utc, "UTC")]
    people, classes, shaking = _people(impact, _)
    worst = [str(row["name"]) for row in shown["worst"]["rows"] if row["matters"]][:2]
    more: dict[str, object] = {
        "place": sentences.short_location(impact, _),
        "when": dates.dated(utc, _.code, clock_zone),
        "others": " · ".join([*others, f"{_('depth')} {shown['depth']}"]),
        "deaths": shown["level"]["likely"] or _("not known"),
        "people": people,
        "classes_word": classes,
        "shaking_word": shaking,
        "worst_line": sentences.worst_line(impact, worst, _),
        "check": _("Check BMKG's tsunami warning.") if _below(impact) else "",
        "version_line": _version(impact, clock_zone, _),
    }
    return picture.html("picture-earthquake.html", impact, {**shown, **more}, _below(impact), _)


def _below(impact: EarthquakeImpact) -> int:
    """Height of the check for a tsunami."""
    return _LINE * (impact["caveats"]["tsunami"] is not False)


def _people(impact: EarthquakeImpact, _: Language) -> tuple[str, str, str]:
    """How many, in which classes, and how that feels."""
    most_shaken = sentences.most_shaken(impact)
    if most_shaken is None:
        return _("not known"), "", ""
    lowest, top, people = most_shaken
    if people < 1:
        return "0", "", ""
    classes = ROMAN[top] if lowest == top else f"{ROMAN[lowest]}–{ROMAN[top]}"
    felt = _(sentences.SHAKING[top])
    if lowest != top:
        felt = _("{low} to {high}", low=_(sentences.SHAKING[lowest]), high=felt)
    return figures.people_sentence(people, _.code), _("at MMI {classes},", classes=classes), felt


def _version(impact: EarthquakeImpact, clock_zone: str, _: Language) -> str:
    """Version, and when its map was made, in two zones."""
    parts = [_("version {number}", number=impact["version_number"])]
    if impact["event"]["process_time"]:
        utc = moment.parse(impact["event"]["process_time"])
        clocks = dates.clock(utc, clock_zone), dates.clock(utc, "WIB" if clock_zone != "WIB" else "UTC")
        parts.append(f"{dates.short(utc, _.code, clock_zone)}, {clocks[0]} ({clocks[1]})")
    return " · ".join(parts)
