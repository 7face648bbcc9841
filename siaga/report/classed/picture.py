"""The picture for messengers of a flood or an ash fall: 1080 × 1350 px, readable on a phone without a tap."""

from collections.abc import Mapping
from typing import Any

from siaga.language import Language
from siaga.report import figures
from siaga.report.template import data_uri, environment

WIDTH, HEIGHT = 1080, 1350  # px
BAND = 56
MAP_DPI = 395.0  # so that the map's smallest name is 34 px high
_MAP_TOP = 716
_FOOT = 164  # three lines below the map


def map_px(impact: Mapping[str, Any]) -> tuple[int, int]:
    """Width and height of the map; bands take their room from it."""
    return WIDTH, HEIGHT - _top(impact) - _MAP_TOP - _FOOT


def html(impact: Mapping[str, Any], facts: Mapping[str, Any], map_png: bytes, _: Language) -> str:
    """The picture as a page of its own, to be typeset at 96 dpi. facts: of one hazard, as below."""
    top = _top(impact)
    return (
        environment()
        .get_template("share-classed.html")
        .render(
            **facts,
            _=_,
            top=top,
            map=data_uri("image/png", map_png),
            map_top=top + _MAP_TOP,
            map_height=map_px(impact)[1],
            drill=impact["drill"],
            demonstration=_demonstration(impact),
        )
    )


def of_flood(impact: Mapping[str, Any], shown: Mapping[str, Any], _: Language) -> dict[str, Any]:
    """What the picture of a flood says. shown: as printed."""
    return {
        "language": _.code,
        "title": shown["title"],
        "when": shown["when"],
        "others": f"PetaBencana · {shown['utc']}",
        "level": shown["state"]["code"],
        "word": shown["state"]["name"],
        "rank": shown["state"]["rank"],
        "head": _("RWs by depth of water"),
        "bars": [
            (row["code"], row["depth"] if row["code"] != "1" else row["name"], row["areas"], row["own"])
            for row in shown["classes"]
        ],
        "colours": shown["colours"],
        "facts": [
            (_people(impact["affected"], _), _("persons"), _("in flooded RWs"), _("(states 2 to 4)")),
            (shown["displaced"] or _("not known"), _("displaced,"), "", _("planning figure")),
        ],
        "worst": shown["where"],
        "mark": "",
        "without": _("Not included: deaths, disease, loss in money."),
        "from_": impact["event_id"],
    }


def of_ash(impact: Mapping[str, Any], shown: Mapping[str, Any], _: Language) -> dict[str, Any]:
    """What the picture of an ash fall says. shown: as printed."""
    return {
        "language": _.code,
        "title": shown["title"],
        "when": shown["when"],
        "others": f"{shown['column_short']} · {shown['expires']}",
        "level": shown["level"]["code"],
        "word": shown["level"]["name"],
        "rank": shown["level"]["rank"],
        "head": _("People by thickness of ash"),
        "bars": [(row["code"], row["thickness"], row["people"], row["own"]) for row in shown["classes"]],
        "colours": shown["colours"],
        "facts": [
            (_people(impact["affected"], _), _("persons"), _("under ash"), _("(above 0.01 cm)")),
            (_people(impact["displaced"], _), _("persons"), _("under more than"), _("5 cm of ash")),
        ],
        "worst": shown["where"],
        "mark": f"▲ {impact['event']['volcano']}",
        "without": _("Not included: lava, hot clouds, lahars, gas."),
        "from_": shown["running"]["name"],
    }


def _people(count: float | None, _: Language) -> str:
    return _("not known") if count is None else figures.people_sentence(count, _.code)


def _demonstration(impact: Mapping[str, Any]) -> bool:
    return any(file["demonstration"] for file in impact["provenance"]["analysis_data"]["files"])


def _top(impact: Mapping[str, Any]) -> int:
    return BAND * (bool(impact["drill"]) + _demonstration(impact))
