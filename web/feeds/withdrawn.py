"""CAP's Cancel of an event that an operator took out of sight: it takes back its messages, tells nothing else."""

from collections.abc import Sequence
from datetime import timedelta
from xml.etree import ElementTree

from siaga import moment
from siaga.catalog import Entry
from siaga.inputs.decisions import Decision
from siaga.language import LANGUAGES, Language
from web.feeds import judgement, markup
from web.shell import language_of
from web.tabs import NAMES

_DAY = timedelta(days=1)


def fill(root: ElementTree.Element, entry: Entry, decision: Decision, references: Sequence[str]) -> None:
    """From msgType on. references: of all its messages. decision: by which the event is hidden."""
    markup.add(root, "msgType", "Cancel")
    markup.add(root, "source", f"Siaga, {entry['arrival']['bucket']}")
    markup.add(root, "scope", "Restricted")
    markup.add(root, "restriction", judgement.RESTRICTION)
    markup.add(root, "references", " ".join(references), 100 * markup.LINE)
    for code in LANGUAGES:
        _info(ElementTree.SubElement(root, "info"), entry, decision, language_of(code))


def _info(info: ElementTree.Element, entry: Entry, decision: Decision, _: Language) -> None:
    text = _("An operator took this event out of sight; earlier messages of it no longer hold.")
    for name, value in (
        ("language", _.code),
        ("category", judgement.CATEGORY[entry["hazard"]]),
        ("event", _(NAMES[entry["hazard"]])),
        ("responseType", "AllClear"),
        ("urgency", "Past"),
        ("severity", "Unknown"),
        ("certainty", "Unknown"),
        ("expires", moment.at_offset(moment.parse(decision.when) + _DAY, 7).isoformat(timespec="seconds")),
        ("headline", text[:160]),
        ("description", text),
    ):
        markup.add(info, name, value, markup.TEXT)
