"""A flood or an ash fall in five lines, for whoever passes it on by messenger."""

from siaga.catalog import AshEntry, FloodEntry
from siaga.impact.stored import ClassedImpact
from siaga.impact.stored.ash import AshImpact
from siaga.impact.stored.flood import FloodImpact
from siaga.language import Language
from siaga.report.classed import ash, flood, tables
from siaga.report.listed import counted
from siaga.report.message import first_line


def of_flood(impact: FloodImpact, entry: FloodEntry, when: str, link: str, _: Language) -> list[str]:
    """Deepest state and region; when; how many RWs; people and where; where to read on.

    when: the hour as its page tells it, which may show the states of an earlier one. link: of that page.
    """
    state = impact["map"]["highest_class"]
    level = f"{_(flood.NAMES[state]).upper()}, {flood.depth(state, _)}" if state else _("DRY")
    title = _("Flood in {region}", region=flood.region_name(entry["region"]))
    people = _with_note(
        f"{flood.who(impact, _)} {flood.where(flood.neighbourhoods(impact['villages'], _), _)}", impact, _
    )
    if state not in flood.AFFECTED:
        people = _("State 1 means caution: its depth is not known, and its people are not counted as affected.")
    return [
        first_line(title, level, _, drill=entry["drill"], demonstration=entry["demonstration"]),
        f"{when}. PetaBencana.",
        flood.how_bad(impact, _),
        *([people] if state else []),
        link,
    ]


def of_ash(impact: AshImpact, entry: AshEntry, when: str, until: str, link: str, _: Language) -> list[str]:
    """Volcano and level; when, how high, until when; people under thick ash; all people and where; where to read on.

    when, until: eruption and end of the forecast by the volcano's clock, as the page tells them. link: of the page.
    """
    level = ash.level(entry["alert_level"], _)
    title = _("Volcanic ash of {volcano}", volcano=entry["volcano"]["name"])
    return [
        first_line(
            title, f"{level['name']}, {level['rank']}", _, drill=entry["drill"], demonstration=entry["demonstration"]
        ),
        f"{when}. {ash.column(entry, _)}; {_('holds until {when}', when=until)}.",
        f"{ash.how_bad(impact, _)} {ash.cumulative(impact, _)}".strip(),
        _with_note(f"{ash.who(impact, _)} {ash.where(impact, counted(impact), _)}", impact, _),
        link,
    ]


def _with_note(people: str, impact: ClassedImpact, _: Language) -> str:
    """With what is not known of the people there, since whoever gets the text does not see the page."""
    return f"{people} {tables.ended(_.reason(impact['people']['note']))}".strip()
