"""One event of a hazard: page, paper, PDF, picture, workbook and record print the same numbers and words."""

import html
import io
import json
import re
import subprocess

import numpy as np
import pytest
import shapely
from fixtures import ash, exposure, floods, grids, installed
from openpyxl import load_workbook

from functions.on_ash import handler as on_ash
from functions.on_flood import handler as on_flood
from functions.on_shakemap import handler as on_shakemap
from functions.render_report import handler as render_report
from siaga import keys, language
from siaga.report import figures
from siaga.report.classed import ash as ash_printed
from siaga.report.classed import flood as flood_printed
from siaga.report.classed import picture, tables
from siaga.report.earthquake import picture as quake_picture
from siaga.report.earthquake import printed as quake_printed
from siaga.store import Store
from web import create_app
from web.index import Index

QUAKE, EVENT, HOUR = "20180805194635", "201702211904+0700_Merapi", "2017022105-6-rw"
HAZARDS = ["earthquake", "flood", "ash"]
NUMBER = r"\d[\d.,]*\d|\d"
EDGES = (105.0, 106.73, 106.75, 110.44, 110.46, 113.0)  # degrees: through the flood and through the ash


@pytest.fixture(scope="module")
def made(tmp_path_factory, emptied, qgis):
    """{hazard: (impact, {language: page}, {language: list}, files)}: one event each, all the way through a store."""
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
    exposure.install(root, files, "Test exposure")
    functions = Store.connect(minio, "functions")
    root.put(keys.FLOODMAPS, f"{HOUR}/{keys.FLOOD_DATA}", floods.answer())
    quake = grids.make_grid(lon=107.0, lat=-7.4, peak=8.1, description="Selatan Jawa")
    root.put(keys.SHAKEMAPS, f"{QUAKE}_se/grid.xml", quake)
    body = ash.raster()
    root.put(keys.ASHMAPS, f"{EVENT}/ash_fall.tif", body)
    root.put(keys.ASHMAPS, f"{EVENT}/request.json", ash.request())
    runs = {
        "earthquake": _run(functions, minio, on_shakemap, keys.SHAKEMAPS, f"{QUAKE}_se/grid.xml"),
        "flood": _run(functions, minio, on_flood, keys.FLOODMAPS, f"{HOUR}/{keys.FLOOD_DATA}"),
        "ash": _run(functions, minio, on_ash, keys.ASHMAPS, f"{EVENT}/request.json"),
    }
    for run in runs.values():
        _run(functions, minio, render_report, keys.RESULTS, f"{run}/{keys.IMPACT}")
    index = Index(Store.connect(minio, "web"), folder / "index.sqlite")
    client = create_app(Store.connect(minio, "web"), index, "http://127.0.0.1:9").test_client()
    index.refresh()
    address = {"earthquake": f"/earthquakes/{QUAKE}", "flood": f"/floods/{HOUR}", "ash": f"/ash/{EVENT}"}
    listed = {"earthquake": "/earthquakes?", "flood": f"/floods?day={HOUR[:8]}&", "ash": "/ash?"}
    found = {}
    for hazard, run in runs.items():
        impact = json.loads(root.get(keys.RESULTS, f"{run}/{keys.IMPACT}")[0])
        pages = {code: client.get(f"{address[hazard]}?lang={code}").get_data(as_text=True) for code in ("id", "en")}
        lists = {code: client.get(f"{listed[hazard]}lang={code}").get_data(as_text=True) for code in ("id", "en")}
        bodies = {
            one.key.rpartition("/")[2]: root.get(keys.RESULTS, one.key)[0] for one in root.list(keys.RESULTS, run)
        }
        found[hazard] = impact, pages, lists, bodies
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
    """(rows of both surfaces, rows of zones, sentences) as the hazard's one function prints them, and its picture.

    A row is its heading and its cells; the picture is the page that it is typeset from.
    """
    _ = language.load(code)
    if impact["hazard"] == "earthquake":
        return of_earthquake(impact, _)
    people = [tables.people_text(impact[name], _) for name in ("affected", "displaced")]
    if impact["hazard"] == "flood":
        shown = flood_printed.printed(impact, {1: None, 6: None, 24: None}, _)
        lines = [(one["depth"], [one["areas"], one["people"]]) for one in shown["classes"]]
        lines += [(one["name"], one["cells"]) for one in shown["deepest"]]
        drawn = picture.of_flood(impact, shown, _)
    else:
        shown = ash_printed.printed(impact, _)
        lines = [(one["name"], [one["people"]]) for one in shown["classes"]]
        people += [shown["level"]["name"], shown["level"]["rank"]]
        drawn = picture.of_ash(impact, shown, _)
    lines += [(one["name"], [one["amount"]]) for one in (shown["needs"] or {"rows": []})["rows"]]
    zones = [(one["name"], [*one["cells"], one["total"]]) for one in shown["zones"]["rows"]]
    return lines, zones, people, picture.html(impact, drawn, _)


def of_earthquake(impact, _):
    shown = quake_printed.printed(impact, _)
    lines = [(one["name"], [one["base"], one["upper"]]) for one in shown["planning"]["rows"]]
    lines += [(one["name"].upper(), [one["text"]]) for one in shown["level"]["bars"]]
    lines += [(one["name"], [one["share"]]) for one in shown["worst"]["rows"]]
    table = shown["table"]
    zones = [(one["name"], [one["people"], *one["cells"], one["strong"], one["share"]]) for one in table["rows"]]
    zones.append((table["total"]["name"], [table["total"]["people"], *table["total"]["cells"]]))
    said = [shown["level"]["likely"], shown["level"]["wide"], shown["magnitude"], shown["depth"]]
    return lines, zones, said, quake_picture.html(impact, _)


@pytest.mark.parametrize("code", ["id", "en"])
@pytest.mark.parametrize("hazard", HAZARDS)
def test_page_and_paper_print_the_same(made, hazard, code):
    impact, pages, _lists, files = made[hazard]
    page, paper = pages[code], files[f"report-{code}.html"].decode()
    lines, zones, said, _picture = facts(impact, code)
    assert len(zones) >= 2
    assert impact["planning"]
    for surface, name in ((page, "page"), (paper, "paper")):
        there = list(rows(surface))
        for heading, cells in lines:
            wanted = [text(cell) for cell in cells if cell != "0"]  # none may be left blank in a table
            assert any(
                heading.upper() in row[0].upper() and all(cell in row[1:] for cell in wanted) for row in there
            ), (name, heading, wanted)
        for words in said:
            assert text(words) in text(surface), (name, words)
    on_page = {bare(row[0]): row[1:] for row in rows(page)}
    for heading, cells in zones:
        for cell in cells:
            assert text(cell) in on_page[bare(heading)], (heading, cell, on_page[bare(heading)])


def bare(name):
    """A zone's name without what kind of zone it is and how much of it is known."""
    return name.removeprefix("Kabupaten ").split(" (")[0]


@pytest.mark.parametrize("code", ["id", "en"])
@pytest.mark.parametrize("hazard", HAZARDS)
def test_the_list_says_what_the_page_says(made, hazard, code):
    impact, pages, lists, _files = made[hazard]
    if hazard == "earthquake":
        people = sum(impact["people"]["by_mmi"][str(mmi)] for mmi in range(6, 11))
    else:
        people = impact["affected"]
    cells = [cell for row in rows(lists[code]) for cell in row]
    exact, round_one = figures.people_cell(people, code), figures.people_sentence(people, code)
    assert any(exact in re.findall(NUMBER, cell) for cell in cells)
    assert exact in text(pages[code]) or text(round_one) in text(pages[code])
    if hazard == "earthquake":
        magnitude = figures.decimal(impact["event"]["magnitude"], 1, code)
        assert any(cell.startswith(magnitude) for cell in cells)
        assert f"M {magnitude}" in text(pages[code])


@pytest.mark.parametrize("code", ["id", "en"])
@pytest.mark.parametrize("hazard", HAZARDS)
def test_pdf_and_picture_have_no_number_of_their_own(made, hazard, code, tmp_path):
    impact, _pages, _lists, files = made[hazard]
    (tmp_path / "report.pdf").write_bytes(files[f"report-{code}.pdf"])
    told = subprocess.run(
        ["pdftotext", "-layout", "report.pdf", "-"], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    printed = set(re.findall(NUMBER, text(files[f"report-{code}.html"].decode().partition("<body")[2])))
    pieces = printed | {piece for one in printed for piece in re.findall(r"\d+", one)}  # a line may break in a number
    assert set(re.findall(NUMBER, text(told))) <= pieces
    drawn = set(re.findall(NUMBER, text(facts(impact, code)[3].partition("<body")[2])))
    assert len(drawn) > 5
    assert not {one for one in drawn if one not in pieces}


@pytest.mark.parametrize("code", ["id", "en"])
@pytest.mark.parametrize("hazard", HAZARDS)
def test_the_text_to_pass_on_has_no_number_of_its_own(made, hazard, code):
    _impact, pages, _lists, files = made[hazard]
    before, _tag, rest = pages[code].partition("<textarea")
    passed, _tag, after = rest.partition("</textarea>")
    lines = text(passed.partition(">")[2].replace("\n", " | ")).split(" | ")
    assert len(lines) == 5
    assert lines[-1].startswith("http")
    there = f"{text(before)} {text(after)} {text(files[f'report-{code}.html'].decode())}"
    numbers = re.findall(NUMBER, " ".join(lines[:-1]))
    assert len(numbers) > 5
    assert not set(numbers) - set(re.findall(NUMBER, there))


@pytest.mark.parametrize("hazard", HAZARDS)
def test_the_workbook_holds_what_is_rounded_on_paper(made, hazard):
    impact, _pages, _lists, files = made[hazard]
    book = load_workbook(io.BytesIO(files["zones.xlsx"]), read_only=True)
    cells = [
        [value for value in row if isinstance(value, (int, float))]
        for worksheet in book
        for row in worksheet.iter_rows(values_only=True)
    ]
    field = "by_mmi" if hazard == "earthquake" else "by_class"
    for zone in impact["zones"]:
        exact = list(zone[field].values())
        assert any(
            all(any(value == pytest.approx(one, rel=1e-9) for value in row) for one in exact) for row in cells
        ), zone["name"]
    for name, amount in needs(impact):
        assert any(value == pytest.approx(amount, rel=1e-9) for row in cells for value in row), name


def needs(impact):
    """(name, amount) of everything that is to be prepared."""
    cases = impact["planning"].values() if impact["hazard"] == "earthquake" else [impact["planning"]]
    for case in cases:
        yield from case["needs"].items()
