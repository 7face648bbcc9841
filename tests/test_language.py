"""Readers get Indonesian first: every sentence that they can meet has one."""

import ast
import re
import string

import pytest
import translations
from babel.messages.pofile import read_po
from translations import READ, SPEAKING, WEB

from siaga import language
from siaga.errors import BadInput, reason
from siaga.language import CORE, Language

NUMBER = re.compile(
    r"\d|\b(two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|fifty|hundreds?|thousands?|millions?)\b", re.I
)
FACTS = (  # numbers that are no constants of the code: places, systems, examples, citations, the past, counting
    r"\{[^}]*\}",
    r"EPSG:4326|UTF-8|Windows-1252|sha256|ogr2ogr|\bs3\.|kg/m[23]|kg_m3",
    r"(such as|write it as|its zone, as|UTC or) \S+",
    r"Perka 7/2008|G 1\.71|30 arcsec|of 2020|since 1970|in 2018",
    r"Yogyakarta 2006.*displaced",
    r"\b(Two|Three|Four|Five) districts|Two grid_field|two units|of the two times|two of one kind|of five fields",
    r"[Pp]age 1|step \d of 2|^1 (day|hour ago)|chance of 1 in|yellow with 1 in|State 1|k [−+] 0\.5",
    r"children under 5|65\+",
    r"\b0 at|between 0 and|MMI is 0|\b1 to |\(thousand\)|64 hexadecimal",
)


def places(template: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in string.Formatter().parse(template) if name}


@pytest.fixture(scope="module")
def indonesian() -> Language:
    return language.load("id", (CORE, WEB))


def test_every_sentence_has_an_indonesian_one():
    said = translations.said()
    assert len(said) > 200
    have = translations.translated(CORE / "id.po") | translations.translated(WEB / "id.po")
    assert sorted(said - have) == []


def test_a_sentence_without_a_translation_is_added_once_and_not_taken_for_translated(tmp_path):
    catalogue = tmp_path / "id.po"
    catalogue.write_bytes((CORE / "id.po").read_bytes())
    known, new = sorted(translations.translated(catalogue))[0], 'A "new" sentence of {length} letters. ' * 4
    assert translations.add(catalogue, [known, new]) == 1
    assert translations.add(catalogue, [known, new]) == 0
    written = catalogue.read_bytes()
    assert written.startswith((CORE / "id.po").read_bytes())
    assert written.count(b'msgstr ""') == (CORE / "id.po").read_bytes().count(b'msgstr ""') + 1
    assert new not in translations.translated(catalogue)
    catalogue.write_bytes(written[: written.rindex(b'""')] + b'"Kalimat {length} huruf"\n')
    assert new in translations.translated(catalogue)


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


def test_modules_that_speak_to_the_command_line_alone_are_there():
    assert all((translations.ROOT / "siaga" / one).exists() for one in translations.COMMAND_LINE)


def test_no_sentence_has_two_translations():
    seen = []
    for folder in (CORE, WEB):
        with (folder / "id.po").open("rb") as file:
            seen.append({message.id for message in read_po(file) if message.id})
    assert not seen[0] & seen[1]


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


def test_a_moment_in_a_reason_stands_by_the_clock_of_wib(indonesian):
    said = reason("The source is silent since {time}", time="2026-11-27T18:58:14Z")
    assert said["text"].endswith("2026-11-27T18:58:14Z")
    assert indonesian.reason(said).endswith("28 Nov 2026, 01:58:14 WIB")
    assert language.load("en").reason(said).endswith("28 Nov 2026, 01:58:14 WIB")


def test_a_limit_in_a_reason_has_the_languages_groups_and_a_year_has_none(indonesian):
    said = BadInput("The file has more than {most} lists and objects", most=5_000_000)
    assert "more than 5,000,000 lists" in str(said)
    assert "lebih dari 5.000.000 daftar" in indonesian.reason(said.reason())
    template = "The population data are of {year}, more than {years} years before the quake"
    assert "tahun 2005, lebih dari 10 tahun" in indonesian.reason(reason(template, year=2005, years=10))


def test_no_sentence_tells_a_limit_that_stands_in_the_code():
    limits = {one for one in translations.said() if NUMBER.search(re.sub("|".join(FACTS), "", one))}
    assert sorted(limits) == []
    assert NUMBER.search(re.sub("|".join(FACTS), "", "The file has more than ten thousand rows; send 500 at a time"))


def test_a_reason_of_another_version_of_siaga_keeps_its_own_words(indonesian):
    assert indonesian.reason({"text": "Moon is 7", "template": "Moon is {phase}", "values": {}}) == "Moon is 7"
