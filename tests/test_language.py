"""Readers get Indonesian first: every sentence that they can meet has one."""

import ast
import re
import string
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from siaga import language
from siaga.data.demo import recipe
from siaga.language import CORE, Language
from siaga.report import assembly, words
from siaga.report.classed import flood
from siaga.report.earthquake import past, sentences
from web import downloads, shell, status
from web.ash import upload as web_ash
from web.floods import listing

ROOT = Path(__file__).parent.parent
WEB = ROOT / "web" / "locale"
SPEAKING = (
    "_",
    "both",
    "BadInput",
    "reason",
    "NotFound",
    "Superseded",
    "Unavailable",
    "SiagaError",
    "Conflict",
    "Forbidden",
)
SPEAKING += (
    "NoConnection",
    "NotTakenUp",
    "BrokenOff",
    "TimedOut",
    "_Doubted",
    "_Refused",
    "_Later",
    "TooOften",
    "NotLoggedIn",
)
# what only the person at the command line meets; that speaks English, as its commands do
COMMAND_LINE = (
    "cli",
    "data",
    "demo",
    "forecasts",
    "ingest",
    "machine",
    "operatoraccount",
    "settings",
    "stack",
    "storeserver",
    "supervisor",
    "intake",
    "overlays",
    "features",
    "forgery",
    "modes",
    "points",
)
READ = [
    *(
        path
        for path in (ROOT / "siaga").rglob("*.py")
        if not {*path.relative_to(ROOT).parts, path.stem} & set(COMMAND_LINE)
    ),
    *(ROOT / "functions").rglob("*.py"),
    *(ROOT / "gateway").rglob("*.py"),
    *(ROOT / "web").rglob("*.py"),
]
PAGES = [*(ROOT / "siaga" / "report" / "templates").glob("*.html"), *(ROOT / "web").rglob("*.html")]


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
    tables += (words.STRUCTURES, words.ROADS, words.LAND, past.CAUSES, dict(words.GROUP_NAMES))
    tables += (assembly.LAYERS, *downloads.FILES.values(), status._STATES, shell._STATUS_WORDS, listing.DEPTHS)
    tables += (flood.NAMES, words.ASH_CLASSES, words.ASH_TOPICS, *words.ASH_EFFECTS.values(), web_ash.LEVELS)
    in_tables = {word for table in (*tables, sentences._COUNT_WORDS) for word in table.values()}
    titles = re.findall(r'file\(\s*"\w+",\s*"[\w.]+",\s*"([^"]+)"', Path(recipe.__file__).read_text(encoding="utf-8"))
    assert len(titles) >= 3
    return needs | in_tables | set(titles[:3])


def places(template: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in string.Formatter().parse(template) if name}


@pytest.fixture(scope="module")
def indonesian() -> Language:
    return language.load("id", (CORE, WEB))


def translated(indonesian: Language, sentence: str) -> bool:
    catalogue = indonesian._translations
    while catalogue is not None:
        if sentence in getattr(catalogue, "_catalog", {}):
            return True
        catalogue = catalogue._fallback
    return False


def test_every_sentence_has_an_indonesian_one(indonesian):
    said = set().union(*map(said_in_code, READ), *map(said_in_page, PAGES), said_by_tables())
    assert len(said) > 200
    assert sorted(sentence for sentence in said if not translated(indonesian, sentence)) == []


def test_every_place_of_a_stored_sentence_is_filled_where_it_is_said():
    empty = []
    for path in READ:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            given = {keyword.arg for keyword in node.keywords}
            if name in SPEAKING and isinstance(node.args[0].value, str) and None not in given:
                empty += [(path.name, node.args[0].value)] if places(node.args[0].value) - given else []
    assert empty == []


def test_a_translation_fills_the_same_places(indonesian):
    catalogue = indonesian._translations
    while catalogue is not None:
        for sentence, other in getattr(catalogue, "_catalog", {}).items():
            if sentence:
                assert places(sentence) == places(other), sentence
        catalogue = catalogue._fallback


def test_a_stored_reason_is_told_in_the_readers_language(indonesian):
    reason = {"text": "The file is empty", "template": "The file is empty", "values": {}}
    assert indonesian.reason(reason) == "Berkas kosong"
    assert language.load("en").reason(reason) == "The file is empty"
    assert indonesian.reason(None) == ""


def test_a_number_in_a_reason_has_the_languages_point(indonesian):
    template = "The map ends where the shaking is still MMI {mmi}; people beyond it are not counted"
    reason = {"text": "", "template": template, "values": {"mmi": 6.5}}
    assert "MMI 6,5;" in indonesian.reason(reason)
    assert "MMI 6.5;" in language.load("en").reason(reason)


def test_a_reason_of_another_version_of_siaga_keeps_its_own_words(indonesian):
    assert indonesian.reason({"text": "Moon is 7", "template": "Moon is {phase}", "values": {}}) == "Moon is 7"
