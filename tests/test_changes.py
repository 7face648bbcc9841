"""Where to change what: each change of README's table is made in a copy of the sources, in one file, and is seen.

One file; two where a sentence is translated.
"""

import json
import os
import shutil
import subprocess
import sys
from importlib.util import cache_from_source
from pathlib import Path

import asyncssh
import pytest
import test_readme
import yaml

from gateway.sftp.accounts import Accounts
from siaga import edition
from siaga.settings import Settings
from siaga.store import Store

ROOT = Path(__file__).parent.parent
BY_HAND = {  # tested below: files of a home
    "an SFTP user: keys, folders, bounds; [docs/security.md](docs/security.md)",
    "what BMKG uploads with by S3, another in each home",
}
CATALOGUES = "siaga/report/locale/"  # where a sentence is translated
BESIDE = (".po", ".schema.json")  # what may stand beside the one file: a translation, the form of a stored record
WORDS = "siaga/report/words.py"
SUNDANESE = (  # a row before that of English, whose marks are all points
    '    "en": Convention(',
    '    "su": Convention("Sunda", ("m",) * 12, ("d",) * 7, *["."] * (len(Convention.__dataclass_fields__) - 3)),\n'
    '    "en": Convention(',
)
CHANGES = {  # row, case: ({file: (text, another)}, what is looked at, what it is then)
    ("a colour", "map and edition"): (
        {"siaga/palette.py": ('8: "#ff9e1f"', '8: "#ff9e2f"')},
        """
from siaga import edition
from siaga.gis.map import scale
seen = [scale.SHAKING.styles[8].colour, edition.templates_sha256() == EDITION]
""",
        ["#ff9e2f", False],
    ),
    ("a colour", "a flood's state on map and in style sheets"): (
        {"siaga/palette.py": ('"3": "#4a8cc7"', '"3": "#4a8cd7"')},
        """
from siaga import palette
from siaga.gis.map import scale
seen = [scale.FLOODING.styles[3].colour, "--flood-3:#4a8cd7" in palette.custom_properties()]
""",
        ["#4a8cd7", True],
    ),
    ("a colour", "a class of ash"): (
        {"siaga/palette.py": ('"medium": "#fc8d59"', '"medium": "#fc8d69"')},
        """
from siaga import edition
from siaga.gis.map import scale
seen = [scale.ASHFALL.styles[3].colour, edition.templates_sha256() == EDITION]
""",
        ["#fc8d69", False],
    ),
    ("a colour", "an alert level in style sheets and edition"): (
        {"siaga/palette.py": ('"orange": "#f0801a"', '"orange": "#f0802a"')},
        """
from siaga import edition, palette
seen = ["--level-orange:#f0802a" in palette.custom_properties(), edition.templates_sha256() == EDITION]
""",
        [True, False],
    ),
    ("a fatality constant", "deaths"): (
        {"siaga/impact/fatality.py": ("7: 0.000387804494226", "7: 0.5")},
        """
import numpy as np
from siaga.impact import earthquake
people = np.zeros(10)
people[6] = 1000.0
seen = earthquake.estimate(people)["fatalities"]["itb-bayesian"]["median"]
""",
        500.0,
    ),
    ("what counts as a school, a hospital, a main road", "a kind of school"): (
        {"siaga/exposure/vocabulary.py": (" kampus universitas", " kampus paud universitas")},
        """
from siaga.exposure import vocabulary
seen = vocabulary.STRUCTURES.type_of(("paud",))
""",
        "education",
    ),
    ("a product of the analysis", "one more"): (
        {
            "siaga/analysis/earthquake.py": (
                '        Product("grid.xml", "input"',
                '        Product("note.txt", "note", "text/plain", b"seen"),\n        Product("grid.xml", "input"',
            )
        },
        """
from siaga.analysis.earthquake import of_earthquake
from siaga.data.analysis_data import AnalysisData
from siaga.timing import Timing
from fixtures.grids import make_grid
import pathlib
nothing = AnalysisData("1" * 64, "Test", (), {})
found = of_earthquake(make_grid(), "initial", nothing, pathlib.Path("."), Timing())
seen = "note.txt" in [product["path"] for product in found.impact["products"]]
""",
        True,
    ),
    ("a product of the analysis", "one more of a flood"): (
        {
            "siaga/analysis/flood.py": (
                '        Product("flood_data.json", "input"',
                '        Product("note.txt", "note", "text/plain", b"seen"),\n'
                '        Product("flood_data.json", "input"',
            )
        },
        """
from siaga.analysis.flood import of_flood
from siaga.data.analysis_data import AnalysisData
from siaga.timing import Timing
from fixtures import floods
found = of_flood(floods.answer(), None, AnalysisData("1" * 64, "Test", (), {}), Timing())
seen = "note.txt" in [product["path"] for product in found.impact["products"]]
""",
        True,
    ),
    ("a product of the analysis", "one more of an ash fall"): (
        {
            "siaga/analysis/ash.py": (
                '        Product("hazard.tif", "hazard"',
                '        Product("note.txt", "note", "text/plain", b"seen"),\n        Product("hazard.tif", "hazard"',
            )
        },
        """
from siaga.analysis.ash import of_ash
from siaga.data.analysis_data import AnalysisData
from siaga.timing import Timing
from fixtures import ash
found = of_ash([ash.raster()], ash.request(), AnalysisData("1" * 64, "Test", (), {}), Timing())
seen = "note.txt" in [product["path"] for product in found.impact["products"]]
""",
        True,
    ),
    ("what a list knows of an event", "one more fact"): (
        {
            "siaga/catalog.py": (
                '"place": impact["places"]["landmark"],',
                '"place": impact["places"]["landmark"], "exercise": impact["drill"],',
            ),
            "siaga/catalog.schema.json": (
                '    "drill": {\n     "type": "boolean"\n    },',
                '    "drill": {\n     "type": "boolean"\n    },\n    "exercise": {\n     "type": "boolean"\n    },',
            ),
        },
        """
import pathlib, json
from fixtures.impacts import make_impact
from siaga import catalog, keys
impact = make_impact()[0]
run = keys.Run("earthquake", impact["event_id"], keys.Version.parse(impact["version"]), impact["run"])
known = json.loads(pathlib.Path("siaga/catalog.schema.json").read_text())["$defs"]["earthquake"]["properties"].keys()
entry = catalog.entry(impact, run, b"", {}, [])
seen = [entry.get("exercise"), sorted(entry.keys() - known)]
""",
        [False, []],
    ),
    ("what a flood state means for people", "who is displaced"): (
        {"siaga/impact/flood.py": ("displaced=(0.0, 0.01, 0.03, 0.05)", "displaced=(0.0, 0.01, 0.03, 0.5)")},
        """
from siaga.impact import flood
seen = flood.SCALE.amounts((0.0, 0.0, 0.0, 100.0))["displaced"]
""",
        50.0,
    ),
    ("a product of the report", "one more"): (
        {
            "siaga/report/paper.py": (
                "others = beside.make()",
                'others = [*beside.make(), Product("note.txt", "note", "text/plain", b"seen")]',
            )
        },
        """
from fixtures.impacts import make_impact
from siaga.report import paper, record
paper._draw_pictures = lambda _none: None
made = paper.of((), paper.ALONE)
seen = "note.txt" in [product["path"] for product in record.of(make_impact()[0], made, None)["products"]]
""",
        True,
    ),
    ("a bucket that wakes a function", "another name in a bucket"): (
        {"siaga/hazards.py": ('patterns=("*grid.xml",', 'patterns=("*grid.xml", "*other.xml",')},
        """
import pathlib
from siaga import stack
woken = stack.waking(stack.load(pathlib.Path("stack.yml")), "shakemaps-bnpb", "a/other.xml")
seen = [function.name for function in woken]
""",
        ["on-shakemap"],
    ),
    ("a bucket that wakes a function", "a new bucket"): (
        {"siaga/hazards.py": ("SHAKEMAPS_BNPB),", 'SHAKEMAPS_BNPB, "shakemaps-usgs"),')},
        """
import pathlib
from siaga import keys, stack
woken = stack.waking(stack.load(pathlib.Path("stack.yml")), "shakemaps-usgs", "a/grid.xml")
seen = [[function.name for function in woken], "shakemaps-usgs" in keys.BUCKETS]
""",
        [["on-shakemap"], True],
    ),
    ("an ash class, what it may bring", "its limits"): (
        {"siaga/hazard/ash.py": ("LIMITS_CM = (0.01, 0.1, 2.0,", "LIMITS_CM = (0.01, 0.1, 1.0,")},
        """
import numpy as np
from siaga.hazard import ash
seen = ash.CLASSES[int(ash.classify(np.array([1.5]))[0]) - 1]
""",
        "medium",
    ),
    ("an ash class, what it may bring", "who is displaced"): (
        {"siaga/impact/ash.py": ("displaced=(0.0, 0.0, 0.0, 1.0, 1.0)", "displaced=(0.0, 0.0, 0.5, 1.0, 1.0)")},
        """
from siaga.impact import ash
seen = ash.SCALE.amounts((0.0, 0.0, 100.0, 0.0, 0.0))["displaced"]
""",
        50.0,
    ),
    ("an ash class, what it may bring", "a sentence and its translation"): (
        {
            WORDS: ("No damage; ash collects in gutters.", "Gutters fill."),
            "siaga/report/locale/id.po": ("No damage; ash collects in gutters.", "Gutters fill."),
        },
        """
import pathlib, tempfile
from fixtures import hazards
from siaga import language
from siaga.report.classed import ash
with tempfile.TemporaryDirectory() as folder:
    impact = hazards.fall(pathlib.Path(folder))[0]
pages = [str(ash.printed(impact, language.load(code))) for code in ("en", "id")]
seen = ["Gutters fill." in page for page in pages] + ["talang" in pages[1]]
""",
        [True, False, True],
    ),
    ("how much memory, time and how many slots a function has", "all three"): (
        {
            "stack.yml": (
                """exec_timeout: 120s
      max_analyses: "500"     # then the slot drains and is started afresh
      max_memory_mb: "2048"
      SIAGA_STORE_URL: "${SIAGA_STORE_URL:-}"
      SIAGA_PUBLIC_URL: "${SIAGA_PUBLIC_URL:-}"
    secrets: &secrets [slot-token, metrics-token, store-functions-key, store-functions-secret]
    readonly_root_filesystem: true    # /tmp can be written
    requests: &requests
      memory: 512Mi
    limits: &limits
      memory: 2560Mi
    labels:
      com.openfaas.scale.min: "1\"""",
                """exec_timeout: 240s
    secrets: &secrets []
    requests: &requests {}
    limits: &limits
      memory: 3Gi
    labels:
      com.openfaas.scale.min: "2\"""",
            )
        },
        """
import pathlib
from siaga import stack
first = stack.load(pathlib.Path("stack.yml"))[0]
seen = [first.memory, first.timeout_seconds, first.replicas]
""",
        ["3Gi", 240.0, 2],
    ),
    ("a language", "a third one"): (
        {
            "siaga/conventions.py": SUNDANESE,
            "siaga/report/locale/su.po": (
                "",
                'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
                'msgid "EXERCISE"\nmsgstr "LATIHAN SU"\n',
            ),
        },
        """
from siaga.report import assembly, paper
seen = {language.code: paper.exercise_alone(language).exercise for language in assembly._languages()}.get("su")
""",
        "LATIHAN SU",
    ),
    ("a language", "a third one of the web app"): (
        {
            "siaga/conventions.py": SUNDANESE,
            "web/locale/su.po": (
                "",
                'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
                'msgid "Nothing is here"\nmsgstr "Euweuh"\n',
            ),
        },
        """
from siaga import language
from web import shell
seen = "su" in language.LANGUAGES and shell.language_of("su")("Nothing is here")
""",
        "Euweuh",
    ),
    ("how a language writes numbers and days", "its separators"): (
        {"siaga/conventions.py": ('group=".",', 'group=" ",')},
        """
from siaga.report import figures
seen = figures.whole(12345, "id")
""",
        "12 345",
    ),
    ("a setting", "what holds where none is given"): (
        {"siaga/settings.py": ('said.door("WEB", 8000)', 'said.door("WEB", 8001)')},
        """
from siaga.settings import Settings
seen = Settings.load({"SIAGA_HOME": "home"}).web_port
""",
        8001,
    ),
}


def look(folder, probes):
    """What each of some pieces of code sees in the sources that lie in a folder."""
    program = "import json, sys\nfor code in json.load(sys.stdin):\n"
    program += f"    names = {{'EDITION': {edition.templates_sha256()!r}}}\n    exec(code, names)\n"
    program += "    print('SEEN', json.dumps(names['seen']))\n"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT / 'tests'}", "QT_QPA_PLATFORM": "offscreen"},
        input=json.dumps(probes),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line.removeprefix("SEEN ")) for line in done.stdout.splitlines() if line.startswith("SEEN ")]


@pytest.fixture(scope="module")
def before():
    """What is seen where nothing is changed."""
    return dict(zip(CHANGES, look(ROOT, [probe for _edits, probe, _then in CHANGES.values()]), strict=True))


def copied(folder, files):
    """The sources of library and functions, with the bytecode that there is, the stack file, and the parts of files."""
    left_out = shutil.ignore_patterns("*.pyc.*", "node_modules")
    for part in {"siaga", "functions"} | {Path(file).parts[0] for file in files if "/" in file}:
        shutil.copytree(ROOT / part, folder / part, ignore=left_out)
    shutil.copy(ROOT / "stack.yml", folder)


def test_each_row_of_the_table_is_tested():
    rows = {row[0] for row in test_readme.rows("Where to change what")}
    assert {row for row, _case in CHANGES} | BY_HAND == rows


def test_each_file_of_a_row_is_changed_by_a_case():
    for what, files, *_names in test_readme.rows("Where to change what"):
        changed = {file for (row, _case), (edits, *_seen) in CHANGES.items() if row == what for file in edits}
        for file in test_readme.quoted(files) if what not in BY_HAND else ():
            assert any(one.startswith(file) for one in changed), f"{what}: {file}"


@pytest.mark.parametrize("change", CHANGES, ids=", ".join)
def test_a_change_is_made_in_one_file_and_seen(change, tmp_path, before):
    edits, probe, then = CHANGES[change]
    (named,) = (test_readme.quoted(row[1]) for row in test_readme.rows("Where to change what") if row[0] == change[0])
    copied(tmp_path, edits)
    sources = [file for file in edits if not file.endswith(BESIDE)]
    assert len(sources) == 1
    for file, (text, another) in edits.items():
        path = tmp_path / file
        assert any(file == one or (file.startswith(one) and one.endswith("/")) for one in (*named, CATALOGUES)), file
        if text:
            source = path.read_text(encoding="utf-8")
            assert text in source, file
            path.write_text(source.replace(text, another, 1), encoding="utf-8")
            Path(cache_from_source(str(path))).unlink(missing_ok=True)  # of the same second and size, it would hold
        else:
            assert not path.exists()
            path.write_text(another, encoding="utf-8")
    assert before[change] != then
    assert look(tmp_path, [probe]) == [then]


def test_an_sftp_user_is_an_entry_of_one_file_that_is_read_again(tmp_path):
    file = tmp_path / "sftp-users.yml"
    key = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    user = {"keys": [key], "prefixes": {"shakemaps": "shakemaps"}}
    file.write_text(yaml.safe_dump({"users": {"bmkg": user}}))
    told = []
    accounts = Accounts(file, told.append)
    assert accounts.get("bnpb") is None
    file.write_text(yaml.safe_dump({"users": {"bmkg": user, "bnpb": user}}))
    os.utime(file, ns=(1, 1))
    assert accounts.get("bnpb").folders == {"shakemaps": "shakemaps"}
    assert told == [f"{file} was read anew: 2 users"]


def test_what_bmkg_uploads_with_is_read_from_two_secrets_of_the_home(tmp_path):
    settings = Settings.load({"SIAGA_HOME": str(tmp_path)})
    settings.make_secret("store-bmkg-key", "siaga-bmkg")
    for secret in ("first secret", "second secret"):
        (settings.secrets / "store-bmkg-secret").unlink(missing_ok=True)
        settings.make_secret("store-bmkg-secret", secret)
        signed = Store.connect(settings, "bmkg")._client._request_signer._credentials
        assert (signed.access_key, signed.secret_key) == ("siaga-bmkg", secret)
