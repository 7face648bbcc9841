"""One event of a hazard: page, paper, PDF, picture, workbook and record print the same numbers and words."""

import html
import io
import json
import re
import subprocess

import numpy as np
import pytest
import shapely
from fixtures import ash, exposure, floods, installed
from openpyxl import load_workbook

from functions.on_ash import handler as on_ash
from functions.on_flood import handler as on_flood
from functions.render_report import handler as render_report
from siaga import keys, language
from siaga.data import analysis_data
from siaga.impact.flood import CLASSES
from siaga.report import figures
from siaga.report.classed import ash as ash_printed
from siaga.report.classed import flood as flood_printed
from siaga.report.classed import picture, tables
from siaga.store import Store
from web import create_app
from web.index import Index

EVENT, HOUR = "201702211904+0700_Merapi", "2017022105-6-rw"
EDGES = (105.0, 106.73, 106.75, 110.44, 110.46, 113.0)  # degrees: through the flood and through the ash


@pytest.fixture(scope="module")
def made(tmp_path_factory, emptied, qgis):
    """{hazard: (impact, {language: page}, files)} of one flood and one ash fall, all the way through a store."""
    minio = emptied
    folder = tmp_path_factory.mktemp("one-number")
    root = Store.connect(minio, "root")
    # uneven people, so that sums of rounded parts differ from rounded sums
    people = 1237.3 + np.arange(150 * 300).reshape(150, 300) % 13
    grid = exposure.population(folder / "people.tif", people, 106.0, -6.0, 0.02)
    parts = [
        (f"{number}", f"Kabupaten {name}", "regency", None, shapely.box(left, -9, right, -5))
        for number, (name, left, right) in enumerate(zip("ABCDE", EDGES, EDGES[1:], strict=False))
    ]
    zones = exposure.zones(folder / "zones.geojson", parts)
    files = [exposure.data_file("population", grid), exposure.data_file("zones", zones)]
    analysis_data.install(root, files, "Test exposure", demonstration=False)
    functions = Store.connect(minio, "functions")
    root.put(keys.FLOODMAPS, f"{HOUR}/{keys.FLOOD_DATA}", floods.answer())
    body = ash.raster()
    root.put(keys.ASHMAPS, f"{EVENT}/ash_fall.tif", body)
    root.put(keys.ASHMAPS, f"{EVENT}/request.json", ash.request())
    runs = {
        "flood": _run(functions, minio, on_flood, keys.FLOODMAPS, f"{HOUR}/{keys.FLOOD_DATA}"),
        "ash": _run(functions, minio, on_ash, keys.ASHMAPS, f"{EVENT}/request.json"),
    }
    for run in runs.values():
        _run(functions, minio, render_report, keys.RESULTS, f"{run}/{keys.IMPACT}")
    index = Index(Store.connect(minio, "web"), folder / "index.sqlite")
    client = create_app(Store.connect(minio, "web"), index, "http://127.0.0.1:9").test_client()
    index.refresh()
    address = {"flood": f"/floods/{HOUR}", "ash": f"/ash/{EVENT}"}
    found = {}
    for hazard, run in runs.items():
        impact = json.loads(root.get(keys.RESULTS, f"{run}/{keys.IMPACT}")[0])
        pages = {code: client.get(f"{address[hazard]}?lang={code}").get_data(as_text=True) for code in ("id", "en")}
        bodies = {
            one.key.rpartition("/")[2]: root.get(keys.RESULTS, one.key)[0] for one in root.list(keys.RESULTS, run)
        }
        found[hazard] = impact, pages, bodies
    return found


def _run(functions, minio, handler, bucket, key):
    status, answer = installed.call(handler.run, functions, minio, bucket, key, functions.head(bucket, key).etag)
    assert (status, answer["state"]) == (200, "done"), answer
    return answer["run"]


def rows(page):
    """Every row of every table of a page: the texts of its cells."""
    for row in re.findall(r"<tr\b.*?</tr>", page, re.DOTALL):
        yield [text(cell) for cell in re.findall(r"<t[hd]\b.*?</t[hd]>", row, re.DOTALL)]


def text(part):
    """What a reader sees of a part of a page, blanks run together."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", part)).replace("\u00a0", " ").split())


def facts(impact, code):
    """(heading of a row, its cells) as the one function of the hazard prints them; the sentences; the words."""
    _ = language.load(code)
    if impact["hazard"] == "flood":
        shown = flood_printed.printed(impact, {1: None, 6: None, 24: None}, _)
        lines = [(one["depth"], [one["areas"], one["people"]]) for one in shown["classes"]]
        lines += [(one["name"], one["cells"]) for one in shown["deepest"]]
        said = [tables.people_said(impact["affected"], _), tables.people_said(impact["displaced"], _)]
        facts_of = picture.of_flood(impact, shown, _)["facts"]
    else:
        shown = ash_printed.printed(impact, _)
        lines = [(one["name"], [one["people"]]) for one in shown["classes"]]
        said = [tables.people_said(impact["affected"], _), tables.people_said(impact["displaced"], _)]
        said += [shown["level"]["name"], shown["level"]["rank"]]
        facts_of = picture.of_ash(impact, shown, _)["facts"]
    lines += [(one["name"], [one["amount"]]) for one in (shown["needs"] or {"rows": []})["rows"]]
    zones = [(one["name"], [*one["cells"], one["total"]]) for one in shown["zones"]["rows"]]
    return lines, zones, said, facts_of


def plain(one):
    return text(one)


@pytest.mark.parametrize("code", ["id", "en"])
@pytest.mark.parametrize("hazard", ["flood", "ash"])
def test_page_and_paper_print_the_same(made, hazard, code):
    impact, pages, files = made[hazard]
    page, paper = pages[code], files[f"report-{code}.html"].decode()
    lines, zones, said, _facts = facts(impact, code)
    assert len(zones) >= 2
    needs = impact["planning"] and impact["planning"]["people"] >= 1
    assert needs
    for surface, name in ((page, "page"), (paper, "paper")):
        there = list(rows(surface))
        for heading, cells in lines:
            wanted = [plain(cell) for cell in cells if cell != "0"]  # none may be left blank in a table
            assert any(
                heading in row[0] and all(any(cell == seen for seen in row[1:]) for cell in wanted)
                for row in there
                if row
            ), (name, heading, wanted)
        for words in said:
            assert plain(words) in text(surface), (name, words)
    on_page = {row[0]: row[1:] for row in rows(page) if row}
    for heading, cells in zones:
        (row,) = [
            on_page[name]
            for name in on_page
            if name.removeprefix("Kabupaten ").split(" (")[0] == heading.split(" (")[0]
        ]
        for cell in cells:
            assert plain(cell) in row, (heading, cell, row)


@pytest.mark.parametrize("code", ["id", "en"])
@pytest.mark.parametrize("hazard", ["flood", "ash"])
def test_pdf_and_picture_have_no_number_of_their_own(made, hazard, code, tmp_path):
    impact, _pages, files = made[hazard]
    (tmp_path / "report.pdf").write_bytes(files[f"report-{code}.pdf"])
    told = subprocess.run(
        ["pdftotext", "-layout", "report.pdf", "-"], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    paper = text(files[f"report-{code}.html"].decode().partition("<body")[2])
    numbers = r"\d[\d.,]*\d|\d"
    printed = set(re.findall(numbers, paper))
    drawn = {number for line in told.replace("\u00a0", " ").splitlines() for number in re.findall(numbers, line)}
    assert drawn <= printed | {number for one in printed for number in re.findall(r"\d+", one)}, drawn - printed
    _lines, _zones, said, shared = facts(impact, code)
    people = {plain(one) for one in said}
    for number, *_words in shared:
        assert plain(number) in people | {plain(text(paper))} or plain(number) in paper, number


@pytest.mark.parametrize("hazard", ["flood", "ash"])
def test_the_workbook_holds_what_is_rounded_on_paper(made, hazard):
    impact, _pages, files = made[hazard]
    book = load_workbook(io.BytesIO(files["zones.xlsx"]), read_only=True)
    values = {
        value
        for sheet in book
        for row in sheet.iter_rows(values_only=True)
        for value in row
        if isinstance(value, (int, float))
    }
    names = CLASSES if hazard == "flood" else list(impact["people"]["by_class"])
    for zone in impact["zones"]:
        for name in names:
            exact = zone["by_class"][name]
            assert any(figures.people_cell(value, "en") == figures.people_cell(exact, "en") for value in values), zone
            assert any(value == pytest.approx(exact, rel=1e-9) for value in values), (zone["name"], name)
