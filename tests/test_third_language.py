"""A third language is a row of conventions and a catalogue beside each of the others: nothing is left in another.

The language is made up: each Latin letter of a sentence becomes a Cyrillic one, so that a Latin word on a page is a
name, a unit or an abbreviation, or else a sentence that no catalogue reaches.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase

import pytest
import translations
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po
from fixtures import ashfalls, floodhours, hazards, impacts, receipts

from siaga import catalog, keys
from siaga.errors import reason
from siaga.events import Notification
from siaga.store import Store

ROOT = Path(__file__).parent.parent
CODE = "qq"  # of no language
LETTERS = {ord(one): chr(0x430 + number) for number, one in enumerate(ascii_lowercase)}
LETTERS |= {ord(one): chr(0x410 + number) for number, one in enumerate(ascii_uppercase)}
ROW = f"""    "{CODE}": Convention(
        name="Test language",
        months=tuple(f"мес{{number}}" for number in range(1, 13)),
        days=tuple(f"ден{{number}}" for number in range(1, 8)),
        decimal="·",
        group="’",
        percent="٪",
        thousand="тыс",
        million="млн",
        billion="млрд",
        trillion="трлн",
        north="С",
        south="Ю",
        east="В",
        west="З",
    ),
"""
# What no catalogue translates: names of data, places and functions, units, times, ids, keys, addresses.
NAMES = """Siaga SIAGA BMKG PetaBencana PAGER ITB Bayes EXPO-CAT ShakeMap MMI WIB WITA WIT UTC RW RWs PDF PNG HTML XLSX
CSV CAP GeoJSON GeoTIFF GeoPackage QGIS JSON ID EN QQ US Rp km cm ha kg kB MB grid.xml impact.json sha256
Merapi Boyolali
Kabupaten Kota Kepulauan Sangat Panjang Tempat Yang Namanya Seririt SMP Negeri Lombok Utara Penduduk Test people
population zones Sekali Bandar Udara ABC Jakarta Jawa Tengah DKI Jelambar Baru JELAMBAR BARU ID-JK
Atom OGC API Features STAC NORMAL WASPADA AWAS""".split()
SHAPES = (
    r"\S+/\S+",
    r"\b\d{10}-6-rw\b",
    r"\b(?:initial|corrected)-v\d+-[0-9a-f]{8}\b",
    r"\b[0-9a-f]{8,}…?",
    r"\b[IVX]+\b",
    r"\bv\d+\b",
    r"\bon-(?:shakemap|flood|ash)\b",
)
SAYING = ("alt", "title", "aria-label", "placeholder")  # attributes


def made_up(sentence):
    """The sentence in the language; what stands in braces, tags and entities stays."""
    parts = re.split(r"(\{[^}]*\}|<[^>]*>|&\w+;)", sentence)
    return "".join(part if number % 2 else part.translate(LETTERS) for number, part in enumerate(parts))


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """The library and the web app with one row and two catalogues more."""
    folder = tmp_path_factory.mktemp("third")
    for part in ("siaga", "web"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    shutil.copy(ROOT / "stack.yml", folder)
    conventions = folder / "siaga" / "conventions.py"
    text, before = conventions.read_text(encoding="utf-8"), '    "en": Convention('
    conventions.write_text(text.replace(before, ROW + before, 1), encoding="utf-8")
    for place, web in (("siaga/report/locale", False), ("web/locale", True)):
        catalogue = Catalog(charset="utf-8")
        for sentence in translations.said_by(web):
            catalogue.add(sentence, made_up(sentence))
        with (folder / place / f"{CODE}.po").open("wb") as file:
            write_po(file, catalogue, width=0)
    return folder


def filled(settings, folder):
    """A store with one event of each hazard and inputs in every state; what the program is given."""
    store, empty = Store.connect(settings, "root"), reason("The file is empty")
    quake, _bands, below = impacts.full(warnings=[empty])
    run = keys.Run("earthquake", quake["event_id"], keys.Version.parse(quake["version"]), quake["run"])
    written = json.dumps(quake).encode()
    store.put(keys.RESULTS, run.key(keys.IMPACT), written, "application/json")
    sent = Notification(keys.SHAKEMAPS, f"{quake['event_id']}/grid.xml", "e")
    arrival = sent.content() | {"folder_id": "", "received": "2018-08-05T12:01:00Z"}
    time = datetime.fromisoformat(quake["event"]["time"].removesuffix("Z")).replace(tzinfo=UTC)
    entry = catalog.entry(quake, run, written, arrival, [], "WITA")
    catalog.switch_to(store, str(keys.CatalogEntry.of(run, time)), entry)
    hour = floodhours.put_data(store, 0, {floodhours.A: 1, floodhours.B: 2, floodhours.C: 4})
    ashfalls.put(store)
    for number, state in enumerate(("done", "refused", "dead", "superseded")):
        one = Notification(keys.SHAKEMAPS, f"{number}/grid.xml", "e")
        receipts.write(store, receipts.receipt(one, state, reason=empty, warnings=(empty,)))
    store.put(keys.SHAKEMAPS, "8/grid.txt", b"x")
    paths = ["/earthquakes", f"/earthquakes/{quake['event_id']}", "/floods", f"/floods/{hour['event_id']}"]
    return {
        "earthquake": quake,
        "below": below,
        "flood": hazards.worst(hazards.flood(folder)[0]),
        "ash": hazards.worst(hazards.fall(folder)[0]),
        "paths": [*paths, "/ash", f"/ash/{ashfalls.EVENT}", "/status"],
    }


class Reader(HTMLParser):
    """What a page says: its text, and what attributes say of pictures and controls."""

    def __init__(self):
        super().__init__()
        self.said, self._silent = [], 0

    def handle_starttag(self, tag, attributes):
        self._silent += tag in ("script", "style")
        self.said += [
            value for name, value in attributes if name in ("alt", "title", "aria-label", "placeholder") and value
        ]

    def handle_endtag(self, tag):
        self._silent -= tag in ("script", "style")

    def handle_data(self, data):
        if not self._silent and data.strip():
            self.said.append(data.strip())


@pytest.fixture(scope="module")
def said(sources, emptied, qgis, tmp_path_factory):
    """{report, picture or path of the web: all texts on it}."""
    env = {
        "PYTHONPATH": str(sources),
        "SIAGA_HOME": str(emptied.home),
        "SIAGA_SECRETS": str(emptied.secrets),
        "SIAGA_STORE_URL": emptied.store_url,
        "QT_QPA_PLATFORM": "offscreen",
    }
    done = subprocess.run(
        [sys.executable, ROOT / "tests" / "fixtures" / "third.py", CODE],
        cwd=sources,
        env=os.environ | env,
        input=json.dumps(filled(emptied, tmp_path_factory.mktemp("exposure"))),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = {}
    for name, page in json.loads(done.stdout).items():
        reader = Reader()
        reader.feed(page)
        found[name] = reader.said
    return found


def left(text):
    """The Latin words of a text that are neither names, units nor ids."""
    for shape in SHAPES:
        text = re.sub(shape, " ", text)
    return [word for word in re.findall(r"[A-Za-z][\w.-]*[A-Za-z0-9]", text) if word not in NAMES]


def test_no_page_says_a_word_of_another_language(said):
    assert len(said) == 6 + 7
    found = [f"{name}: {left(text)} in {text}" for name, texts in said.items() for text in texts if left(text)]
    assert not found, "\n".join(found)


def test_every_page_speaks_the_language_and_writes_its_numbers_and_days(said):
    for name, texts in said.items():
        assert sum(bool(re.search("[а-я]{3}", text)) for text in texts) >= 10, name
    quake = " ".join(said["earthquake"])
    for written in ("мес8", "8·30° Ю", "тыс", "٪", "12’"):
        assert written in quake, written
