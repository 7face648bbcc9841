"""The picture for messengers of a flood or an ash fall: what it says."""

from collections.abc import Mapping

from siaga.impact.stored import AshImpact, ClassedImpact, FloodImpact
from siaga.impact.stored.head import of_demonstration
from siaga.language import Language
from siaga.report import figures, limits, picture
from siaga.report.classed.ash import PrintedAsh
from siaga.report.classed.flood import PrintedFlood


def html(impact: ClassedImpact, facts: Mapping[str, object], _: Language) -> str:
    """The picture as a page of its own, to be typeset at 96 dpi. facts: of one hazard, as below."""
    demonstration = of_demonstration(impact["provenance"]["analysis_data"]["files"])
    shown = {**facts, "drill": impact["drill"], "demonstration": demonstration}
    return picture.html("picture-classed.html", impact, shown, 0, _)


def of_flood(impact: FloodImpact, shown: PrintedFlood, _: Language) -> dict[str, object]:
    """What the picture of a flood says. shown: as printed."""
    limit = limits.of(_)
    states = _("(states {first} to {last})", first=limit.first_state, last=limit.last_state)
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
            (
                _people(impact["affected"], _),
                _("persons"),
                _("in flooded RWs"),
                states,
            ),
            (shown["displaced"] or _("not known"), _("displaced,"), "", _("planning figure")),
        ],
        "worst": shown["where"],
        "mark": "",
        "without": _("Not included: deaths, disease, loss in money."),
        "from_": impact["event_id"],
    }


def of_ash(impact: AshImpact, shown: PrintedAsh, _: Language) -> dict[str, object]:
    """What the picture of an ash fall says. shown: as printed."""
    limit = limits.of(_)
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
            (_people(impact["affected"], _), _("persons"), _("under ash"), _("(above {cm} cm)", cm=limit.least_ash_cm)),
            (_people(impact["displaced"], _), _("persons"), _("under more than"), _("{cm} cm of ash", cm=limit.ash_cm)),
        ],
        "worst": shown["where"],
        "mark": f"▲ {impact['event']['volcano']}",
        "without": _("Not included: lava, hot clouds, lahars, gas."),
        "from_": shown["running"]["name"],
    }


def _people(count: float | None, _: Language) -> str:
    return _("not known") if count is None else figures.people_sentence(count, _.code)
