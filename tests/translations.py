"""Which sentences Siaga says, where they are said, and which of them a catalogue lacks: `make translations`.

Run as a program it adds what is missing to each catalogue, with an empty translation to be filled in.
"""

import ast
import io
import re
from collections.abc import Iterable
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment, nodes

from siaga import language
from siaga.alerts import optin
from siaga.conventions import CONVENTIONS
from siaga.data.demo import recipe
from siaga.exposure.zones import LEVEL_NAMES
from siaga.report import assembly, words
from siaga.report.classed import flood
from siaga.report.earthquake import past, sentences
from web import (
    account,
    audit,
    board,
    datasets,
    downloads,
    layouts,
    notifications,
    reprocess,
    shell,
    status,
    subscriptions,
    tabs,
    texts,
    tokens,
)
from web.api import document, events
from web.floods import listing

ROOT = Path(__file__).parent.parent
WEB = ROOT / "web" / "locale"
SPEAKING = (
    "_",
    "both",
    "BadInput",
    "Damaged",
    "reason",
    "NotFound",
    "Superseded",
    "Unavailable",
    "SiagaError",
    "Conflict",
    "Forbidden",
)
SPEAKING += (
    "language",
    "NoConnection",
    "NotTakenUp",
    "BrokenOff",
    "TimedOut",
    "BadParameter",
    "TooMany",
    "Doubted",
    "Refused",
    "Later",
    "TooOften",
    "NotLoggedIn",
    "NoToken",
    "Rejected",
    "Returned",
    "Unanswered",
    "Unsure",
    "Stale",
    "Unconditional",
    "TooManyWait",
)
# what only the person at the command line meets; that speaks English, as its commands do
COMMAND_LINE = (
    "cli",
    "data/demo",
    "data/features.py",
    "data/imports.py",
    "data/points.py",
    "gis/intake.py",
    "gis/people/intake.py",
    "inspection",
    "machine",
    "modes.py",
    "settings.py",
    "stack.py",
)
READ = [
    *(
        path
        for path in (ROOT / "siaga").rglob("*.py")
        if not any(path.is_relative_to(ROOT / "siaga" / one) for one in COMMAND_LINE)
    ),
    *(ROOT / "functions").rglob("*.py"),
    *(ROOT / "gateway").rglob("*.py"),
    *(ROOT / "web").rglob("*.py"),
]
PAGES = [
    *(ROOT / "siaga" / "report" / "templates").glob("*.html"),
    *(ROOT / "siaga" / "alerts" / "templates").glob("*.*"),
    *(ROOT / "web").rglob("*.html"),
]


def said_in_code(path: Path) -> set[str]:
    """First arguments of calls that make a sentence."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and node.args:
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            first = node.args[0]
            if name in SPEAKING and isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.add(first.value)
    return found


def said_in_page(path: Path) -> set[str]:
    """What a template passes to _(); a sentence may stand in several literals, one after another."""
    calls = Environment().parse(path.read_text(encoding="utf-8")).find_all(nodes.Call)
    named = [call for call in calls if isinstance(call.node, nodes.Name) and call.node.name == "_"]
    return {call.args[0].value for call in named if isinstance(call.args[0], nodes.Const)}


def said_by_tables() -> set[str]:
    """Words that stand in tables of the report's code."""
    needs = {word for name, standard, _unit in words.NEED_NAMES.values() for word in (name, standard)}
    tables = (words.WINDS, sentences.SHAKING, sentences.DAMAGE, words.LEVELS, sentences.HELP)
    tables += (
        words.LAYERS,
        words.STRUCTURES,
        words.ROADS,
        words.LAND,
        past.CAUSES,
        dict(words.GROUP_NAMES),
        LEVEL_NAMES,
    )
    areas = {name: area for name, (area, _rectangle) in optin.AREAS.items()}
    tables += (
        LEVEL_NAMES,
        areas,
        assembly.LAYERS,
        flood.NAMES,
        words.ASH_CLASSES,
        words.ASH_TOPICS,
        *words.ASH_EFFECTS.values(),
    )
    in_tables = {word for table in (*tables, sentences._COUNT_WORDS) for word in table.values()}
    titles = re.findall(r'file\(\s*"\w+",\s*"[\w.]+",\s*"([^"]+)"', Path(recipe.__file__).read_text(encoding="utf-8"))
    assert len(titles) >= 3
    return needs | in_tables | set(titles[:3])


def said_by_tables_of_web() -> set[str]:
    """Words that stand in tables of the web's code."""
    tables = (*downloads.FILES.values(), status.STATES, status._PART_STATES, shell._STATUS_WORDS)
    tables += (notifications.KINDS, notifications.STATES, subscriptions.STANDINGS, subscriptions.CHANNELS)
    tables += (reprocess.RANGES, reprocess._ORDER_STATES, account.ROLES, board.STATES)
    tables += (audit.ACTIONS, audit.RESULTS, events._UNKNOWN, tokens.NAMES, texts.LANGUAGES, *layouts.TITLES.values())
    tables += (tabs.NAMES, listing.KINDS, datasets.ROLE_NAMES, datasets._KINDS)
    words = {word for table in tables for word in table.values()} | {one.name for one in CONVENTIONS.values()}
    return words | {*document.sentences(), shell._NO_OPERATION}


def said_by(web: bool) -> set[str]:
    """The sentences of the web app, or those of all else; each has a catalogue of its own."""
    code = (path for path in READ if path.is_relative_to(ROOT / "web") == web)
    pages = (path for path in PAGES if path.is_relative_to(ROOT / "web") == web)
    tables = said_by_tables_of_web() if web else said_by_tables()
    return set().union(*map(said_in_code, code), *map(said_in_page, pages)) | tables


def said() -> set[str]:
    """All sentences that a reader can meet."""
    return said_by(web=True) | said_by(web=False)


def translated(catalogue: Path) -> set[str]:
    """The sentences that have a translation there."""
    with catalogue.open("rb") as file:
        return {str(message.id) for message in read_po(file) if message.id and message.string}


def add(catalogue: Path, missing: Iterable[str]) -> int:
    """Put each sentence that the catalogue does not name at its end, untranslated; how many there were."""
    with catalogue.open("rb") as file:
        named = {str(message.id) for message in read_po(file)}
    new = Catalog()
    for sentence in sorted(set(missing) - named):
        new.add(sentence)
    entries = io.BytesIO()
    write_po(entries, new, width=0, omit_header=True)
    if len(new):
        with catalogue.open("ab") as file:
            file.write(b"\n" + entries.getvalue().strip() + b"\n")
    return len(new)


def main() -> None:
    """Add to the catalogues of every language but English, in which the sentences are written, what they lack."""
    for code in (code for code in language.LANGUAGES if code != "en"):
        core, web = language.CORE / f"{code}.po", WEB / f"{code}.po"
        missing, of_core = said() - translated(core) - translated(web), said_by(web=False)
        for catalogue, lacking in ((core, missing & of_core), (web, missing - of_core)):
            added, name = add(catalogue, lacking), catalogue.relative_to(ROOT)
            print(f"{name}: {added} added, {len(lacking)} with an empty msgstr to be filled in")


if __name__ == "__main__":
    main()
