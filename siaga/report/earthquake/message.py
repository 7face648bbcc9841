"""A quake in five lines, for whoever passes it on by messenger."""

from siaga.language import Language
from siaga.report import limits
from siaga.report.earthquake.printed import Printed
from siaga.report.message import first_line


def lines(printed: Printed, link: str, _: Language) -> list[str]:
    """Level and quake; when; deaths; people; where to read on. An exercise, and stand-in data, say so first.

    printed: a report as siaga.report.earthquake.printed has it. link: of the page.
    """
    level = printed["level"]
    limit = limits.of(_)
    deaths = (
        _("Deaths: {range} ({likely} chance)", range=level["likely"], likely=limit.likely)
        if level["bars"]
        else printed["how_bad"]
    )
    return [
        first_line(printed["title"], level["name"], _, drill=printed["drill"], demonstration=printed["demonstration"]),
        f"{printed['time']['main']}. {_('Depth')} {printed['depth']}. {printed['location']}.",
        deaths,
        f"{printed['who']} {printed['where']}".strip(),
        link,
    ]
