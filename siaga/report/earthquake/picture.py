"""The picture for messengers: five facts and a map, 1080 × 1350 px, readable on a phone without a tap."""

from collections.abc import Mapping
from typing import Any

from siaga import moment
from siaga.impact.mmi import ROMAN
from siaga.language import Language
from siaga.report import figures, listed
from siaga.report.earthquake import sentences
from siaga.report.earthquake.printed import printed, time_zone
from siaga.report.template import data_uri, environment

WIDTH, HEIGHT = 1080, 1350  # px
BAND = 56
MAP_DPI = 395.0  # so that the map's smallest name is 34 px high
_MAP_TOP, _LINE = 716, 46
_FOOT = 164  # three lines below the map


def map_px(impact: Mapping[str, Any]) -> tuple[int, int]:
    """Where the map begins and how high it is; bands and a check to make take their room from it."""
    demonstration = any(file["demonstration"] for file in impact["provenance"]["analysis_data"]["files"])
    top = BAND * (impact["drill"] + demonstration) + _MAP_TOP
    return top, HEIGHT - top - _FOOT - _LINE * (impact["caveats"]["tsunami"] is not False)


def html(impact: Mapping[str, Any], map_png: bytes, _: Language) -> str:
    """The picture as a page of its own, to be typeset at 96 dpi."""
    shown = printed(impact, _)
    top, height = map_px(impact)
    zone = time_zone(impact, listed.counted(impact))
    utc = moment.parse(impact["event"]["time"])
    others = [figures.clock(utc, "WIB")] if zone != "WIB" else [figures.clock(utc, "UTC")]
    tsunami = impact["caveats"]["tsunami"] is not False
    people, classes, shaking = _people(impact, _)
    return (
        environment()
        .get_template("share.html")
        .render(
            **shown,
            _=_,
            top=top - _MAP_TOP,
            place=sentences.short_location(impact, _),
            when=f"{figures.short_date(utc, _.code, zone)}, {figures.clock(utc, zone)}",
            others=" · ".join([*others, f"{_('depth')} {shown['depth']}"]),
            deaths=shown["level"]["likely"] or _("not known"),
            people=people,
            classes_word=classes,
            shaking_word=shaking,
            worst_line=sentences.worst_line(impact, shown["worst"], _),
            check=_("Check BMKG's tsunami warning.") if tsunami else "",
            made=_made(impact, zone, _),
            map=data_uri("image/png", map_png),
            map_top=top,
            map_height=height,
        )
    )


def _people(impact: Mapping[str, Any], _: Language) -> tuple[str, str, str]:
    """How many, in which classes, and how that feels."""
    found = sentences.most_shaken(impact)
    if found is None:
        return _("not known"), "", ""
    lowest, top, people = found
    if people < 1:
        return "0", "", ""
    classes = ROMAN[top] if lowest == top else f"{ROMAN[lowest]}–{ROMAN[top]}"
    felt = _(sentences.SHAKING[top])
    if lowest != top:
        felt = _("{low} to {high}", low=_(sentences.SHAKING[lowest]), high=felt)
    return figures.people_sentence(people, _.code), _("at MMI {classes},", classes=classes), felt


def _made(impact: Mapping[str, Any], zone: str, _: Language) -> str:
    """Version, and when its map was made, in two zones."""
    said = [_("version {number}", number=impact["version_number"])]
    if impact["event"]["process_time"]:
        utc = moment.parse(impact["event"]["process_time"])
        clocks = figures.clock(utc, zone), figures.clock(utc, "WIB" if zone != "WIB" else "UTC")
        said.append(f"{figures.short_date(utc, _.code, zone)}, {clocks[0]} ({clocks[1]})")
    return " · ".join(said)
