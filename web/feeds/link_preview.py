"""What messengers and other sites show of a link to an event (Open Graph): its title, a few lines, its picture."""

from flask import g

from siaga.alerts import brief
from siaga.catalog import Entry
from web.feeds import addresses


def of(entry: Entry) -> dict[str, str]:
    """That of a version, in the language of the page. picture: "" until its report is there."""
    shown = brief.of(entry, g.language)
    return {
        "title": f"{g.language('EXERCISE')}: {shown.title}" if entry["drill"] else shown.title,
        "text": " ".join((f"{shown.level_name}.", *shown.lines)),
        "address": addresses.version(entry),
        "picture": addresses.file(entry, f"share-{g.code}.png") if entry["report"] else "",
    }
