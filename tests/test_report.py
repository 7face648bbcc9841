"""The printed report: it adds up, it holds its pages, nothing overlaps or leaves the margins."""

import doctest
import io
import re
from functools import cache

import pytest
from fixtures.impacts import full, make_impact, of_before, overlapping, word_boxes
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from siaga import dates, language, moment
from siaga.exposure.vocabulary import OVERLAYS
from siaga.report import figures, fit, listed, typeset
from siaga.report.earthquake import changes, pages, paper, printed, workbook
from siaga.report.earthquake import fit as first_fit
from siaga.report.laterimage import LaterImage
from siaga.report.paper import Atlas, Beside

NAMES = [f"Kabupaten Kepulauan Yang Sangat Panjang {number}" for number in range(14)]


def number(text):
    """A printed Indonesian number back; fewer than 100 count as none, as in the printed sums."""
    return 0 if text.startswith("<") else int(text.replace(".", ""))


@pytest.mark.parametrize("module", [dates, figures, moment, printed.sentences])
def test_examples_in_the_docstrings_hold(module):
    assert doctest.testmod(module).failed == 0


@given(st.lists(st.floats(0.001, 1), min_size=4, max_size=4))
def test_chances_in_whole_percent_sum_to_100(parts):
    exact = {name: part / sum(parts) for name, part in zip("abcd", parts, strict=True)}
    assert sum(figures.percentages(exact).values()) == 100


@given(
    st.lists(st.floats(0, 1e6), min_size=10, max_size=10),
    st.lists(st.floats(0.01, 1), min_size=1, max_size=20),
)
def test_both_pages_show_the_same_people(people, shares):
    total = sum(shares)
    zones = [(f"Kabupaten {n}", share / total) for n, share in enumerate(shares)]
    impact, _bands = make_impact(people, zones, nlon=3, nlat=3)
    shown = printed.printed(impact, language.load("id"))
    if not shown["table"]["rows"]:
        return
    first = {row["roman"]: number(row["people"]) for row in shown["classes"]["rows"]}
    heads, total_row = shown["table"]["heads"], shown["table"]["total"]
    for head, cell in zip(heads, total_row["cells"], strict=True):
        column = sum(number(row["cells"][heads.index(head)]) for row in shown["table"]["rows"])
        assert number(cell) == first[head["roman"]]
        assert abs(column - number(cell)) <= 100 * (len(shown["table"]["rows"]) + 1), "each is rounded by itself"
    assert total_row["people"] == shown["classes"]["total"]
    strong = sum(impact["people"]["by_mmi"][str(mmi)] for mmi in range(6, 11))
    assert total_row["strong"] == figures.people_cell(strong, "id"), "as the list and the page have it"


def test_a_sum_is_the_rounded_sum_not_that_of_rounded_rows():
    impact, _bands = make_impact([0, 0, 0, 0, 40_060, 100_060, 219_880, 0, 0, 0], [("A", 0.5), ("B", 0.5)])
    shown = printed.printed(impact, language.load("en"))
    assert [row["people"] for row in shown["classes"]["rows"] if row["people"] != "0"] == [
        "219,900",
        "100,100",
        "40,100",
    ]
    assert shown["classes"]["total"] == shown["table"]["total"]["people"] == "360,000"
    assert shown["table"]["total"]["strong"] == "319,900"


def _with_table(people, zones, outside):
    impact, _bands = make_impact(people, zones)
    by_mmi = {str(mmi): 0.0 for mmi in range(1, 11)} | {"7": outside}
    model = {"expected": 5.0}
    rest = {"by_mmi": by_mmi, "people": outside, "affected": outside, "displaced": outside}
    rest["fatalities"] = dict.fromkeys(("pager", "itb", "itb-bayesian"), model)
    impact["table"] = {"level": impact["zones"][0]["level"], "covers": 0.9, "outside": rest}
    return impact


@pytest.mark.parametrize(
    ("code", "name"), [("en", "outside the zones listed"), ("id", "di luar wilayah yang terdaftar")]
)
def test_who_lives_outside_the_zones_has_a_last_row(code, name):
    people = [0, 0, 0, 0, 0, 0, 40_000, 0, 0, 0]
    impact = _with_table(people, [(f"Kabupaten {n}", 0.05) for n in range(15)], 10_000.0)
    table = printed.printed(impact, language.load(code), rows=6)["table"]
    assert len(table["rows"]) == 6
    assert table["rows"][-1]["name"] == name
    assert number(table["rows"][-1]["people"].replace(",", ".")) == 10_000
    assert number(table["total"]["people"].replace(",", ".")) == 40_000
    assert sum(int(re.sub(r"\D", "", row["share"])) for row in table["rows"]) == 100


def test_zones_of_which_little_or_nothing_is_known_say_so():
    impact = _with_table([0, 0, 0, 0, 0, 0, 4000, 0, 0, 0], [("A", 0.5), ("B", 0.5), ("C", 0.0)], 0.0)
    impact["zones"][0]["known"] = 0.64
    blank = {"by_mmi": dict.fromkeys(map(str, range(1, 11))), "people": None, "known": 0.0}
    impact["zones"][2] |= blank | {"affected": None, "displaced": None}
    rows = printed.printed(impact, language.load("en"))["table"]["rows"]
    assert {row["name"] for row in rows[:2]} == {"A (64 % known)", "B"}
    assert (rows[2]["name"], rows[2]["people"], set(rows[2]["cells"])) == ("C", "not known", {""})


def test_pager_s_level_stands_beside_siaga_s():
    impact, _bands = make_impact([0, 0, 0, 0, 4e5, 3e5, 2e5, 0, 0, 0])
    shown = printed.printed(impact, language.load("en"))["level"]["beside"]
    assert (
        shown
        == f"Siaga; by PAGER's median it would be {impact['alert']['pager_level'].upper()}. Loss in money is not in it."
    )
    del impact["alert"]["pager_level"]
    assert printed.printed(impact, language.load("en"))["level"]["beside"] == "Siaga; the others compare"


def test_a_loss_stands_in_dollars_alone_where_an_older_record_has_no_rupiah():
    impact, _bands = make_impact([0, 0, 0, 0, 4e5, 3e5, 2e5, 0, 0, 0])
    for code, joined in (("id", " atau Rp"), ("en", " or Rp")):
        money = printed.printed(impact, language.load(code))["money"]
        assert all(joined in money[name] for name in ("likely", "wide"))
        assert "; Rp" in money["gdp"]
    for name in [one for one in impact["economic"] if "idr" in one]:
        del impact["economic"][name]
    money = printed.printed(impact, language.load("en"))["money"]
    assert money["likely"].startswith("US$")
    assert not any("Rp" in text for text in money.values())


@pytest.mark.parametrize(
    ("zones", "said"),
    [((), "No district under this map."), ([("Kota X", 0.0)], "All expected deaths are outside the zones listed.")],
)
def test_people_outside_all_districts_have_needs_and_models_on_page_2(zones, said):
    impact, _bands = make_impact([0, 0, 0, 0, 0, 3e6, 2e6, 4e5, 0, 0], zones)
    english = language.load("en")
    fitted = first_fit.first(impact, False, english)
    assert fitted.pages == 2
    assert printed.printed(impact, english)["which_districts"] == said
    page = pages.html(impact, "http://x", english, fitted, None)
    assert said in page
    assert "Needs per week" in page


def test_no_town_on_the_map_is_said_only_where_towns_are_installed():
    impact, _bands = make_impact([0, 0, 0, 0, 0, 3e6, 2e6, 4e5, 0, 0])
    english = language.load("en")
    assert printed.printed(impact, english)["towns"]["answer"] == "No towns are installed."
    files = impact["provenance"]["analysis_data"]["files"]
    impact["provenance"]["analysis_data"]["files"] = [*files, files[0] | {"role": "places"}]
    assert printed.printed(impact, english)["towns"]["answer"] == "No town on the map."


def test_a_result_of_before_is_still_printed():
    zones = [("Kota X", 0.6), ("Kota Y", 0.4)]
    impact = of_before(make_impact([0, 0, 0, 0, 0, 3e6, 2e6, 4e5, 0, 0], zones)[0])
    english = language.load("en")
    page = pages.html(impact, "http://x", english, first_fit.first(impact, False, english), None)
    assert "Kota X" in page
    assert listed.OUTSIDE not in page
    assert workbook.make(impact, [english])
    assert "not known" in pages.html(
        of_before(make_impact(None)[0]), "http://x", english, first_fit.first(impact, False, english), None
    )


def test_a_year_that_is_not_known_is_not_printed():
    impact, _bands = make_impact([0] * 10)
    (population,) = (one for one in impact["provenance"]["analysis_data"]["files"] if one["role"] == "population")
    population["year"] = None
    assert printed.printed(impact, language.load("en"))["sources"]["population"] == population["title"]


def test_unknown_is_a_word_never_nought():
    impact, _bands = make_impact(None)
    shown = printed.printed(impact, language.load("id"))
    assert shown["classes"] is None
    assert shown["level"]["name"] == "TIDAK DIKETAHUI"
    assert shown["models"] == []
    indonesian = language.load("id")
    page = pages.html(impact, "http://x", indonesian, first_fit.first(impact, False, indonesian), None)
    assert "di luar data penduduk" in page
    assert not re.search(r">\s*0\s*</", page)


def test_a_few_people_are_not_nobody():
    impact, _bands = make_impact([0, 0, 0, 0, 30, 0, 0, 0, 0, 0], [("Kota X", 1.0)])
    shown = printed.printed(impact, language.load("en"))
    assert [row["people"] for row in shown["classes"]["rows"] if row["roman"] == "V"] == ["<100"]
    assert shown["table"]["rows"][0]["cells"] == ["<100"]


CASES = {
    "green": ({"people": [0, 0, 1e5, 2e6, 1.3e6, 5e5, 1e5, 1200, 0, 0], "zones": [("Kota X", 1.0)]}, 1),
    "orange": (
        {"people": [0, 1e6, 1e6, 1e6, 2e6, 3e6, 2e6, 4e5, 1e4, 0], "zones": [(name, 1 / 14) for name in NAMES]},
        2,
    ),
    "everything at once": (
        {
            "people": [1234567.0] * 10,
            "zones": [(name, 1 / 14) for name in NAMES],
            "event_type": "SCENARIO",
            "order": "shuffled",
            "floor": 4.6,
            "process_time": "2018-08-07T19:01:00Z",
            "description": "A very long place name that an uploader wrote into the file by hand",
            "warnings": [
                {"text": "w", "template": "The population data have negative counts; they are taken as unknown"},
                {
                    "text": "w",
                    "template": "The population data are of {year}, more than ten years before the quake",
                    "values": {"year": 2000},
                },
                {
                    "text": "w",
                    "template": "The rows of grid_data do not run from north to south; they were placed by LON and LAT",
                },
            ],
        },
        2,
    ),
    "one district": ({"people": [0, 0, 0, 0, 0, 0, 0, 0, 0, 9e6], "zones": [("Kota X", 1.0)]}, 2),
    "nobody": ({"people": [0.0] * 10, "zones": [("Kota X", 1.0)]}, 1),
    "outside": ({"people": None}, 1),
}


@cache
def rendered(case, code):
    """A case's files by name, rendered once for all checks."""
    impact, bands = make_impact(**CASES[case][0])
    made = paper.render(impact, bands, Atlas(None, None), "https://siaga.example.go.id", [language.load(code)])
    return {one.path: one for one in made}


@pytest.mark.parametrize("code", language.LANGUAGES)
@pytest.mark.parametrize("case", CASES)
def test_pages_hold_and_no_word_leaves_the_margins_or_overlaps(case, code, qgis, tmp_path):
    boxes, count = word_boxes(rendered(case, code)[f"report-{code}.pdf"].body, tmp_path)
    assert count == CASES[case][1]
    out = [box for box in boxes if box[2] < 11.5 or box[4] > 198.5 or box[3] < 3 or box[5] > 294]
    assert out == []
    assert list(overlapping(boxes)) == []


@pytest.mark.parametrize("drill", [True, False])
@pytest.mark.parametrize("more", [1, 3])
@pytest.mark.parametrize("strongest", [8, 10])
def test_a_strong_quake_is_set_once_and_holds_its_first_page_whatever_warnings_it_has(more, strongest, drill):
    people = [0, 1e6, 1e6, 1e6, 2e6, 3e6, 2e6, 4e5, 1e4, 1e3]
    given = CASES["everything at once"][0] | {"people": people[:strongest] + [0] * (10 - strongest)}
    short = {"description": "Yogyakarta", "zones": [(f"Kota {number}", 1 / 14) for number in range(14)]}
    impact, _bands = make_impact(**given | short | {"warnings": given["warnings"][:more]})
    impact["drill"] = drill
    for code in language.LANGUAGES:
        spoken = language.load(code)
        fitted = first_fit.first(impact, False, spoken)
        page = pages.html(impact, "http://x", spoken, fitted, None)
        room = typeset.typeset(page, fitted, drill, LaterImage())[1]
        assert fit.mended(fitted, room) is None, room


@pytest.mark.parametrize(("drill", "revised"), [(True, False), (False, True), (True, True)])
def test_a_quake_with_much_on_its_second_page_is_set_once(drill, revised):
    impact, _bands, below = full(zones=[(f"Kota {n}", 1 / 14) for n in range(14)], demonstration=drill)
    impact = {name: value for name, value in impact.items() if name not in OVERLAYS} | {"drill": drill}
    for code in language.LANGUAGES:
        spoken = language.load(code)
        fitted = first_fit.first(impact, revised, spoken)
        assert fitted.pages == 2
        change = changes.change(below, impact, spoken) if revised else None
        room = typeset.typeset(pages.html(impact, "http://x", spoken, fitted, change), fitted, drill, LaterImage())[1]
        assert fit.mended(fitted, room) is None, room
        assert room["end-2"] > -3.5, "its last line lies over the small print, which begins 3 mm below the limit"


@pytest.mark.parametrize(("code", "where"), [("id", "MANA"), ("en", "WHERE")])
def test_how_sure_the_level_is_ends_above_the_line_of_the_next_row(code, where, qgis, tmp_path):
    boxes, _count = word_boxes(rendered("green", code)[f"report-{code}.pdf"].body, tmp_path)
    line = next(top for _page, word, _left, top, *_ in boxes if word == where) - 1.85
    crossing = [box for box in boxes if box[0] == 1 and box[3] < line < box[5]]
    assert crossing == []


def test_the_same_impact_gives_the_same_bytes(qgis):
    impact, bands = make_impact(**CASES["orange"][0])
    both = [language.load("id"), language.load("en")]
    handed = []
    beside = Beside(list, handed.extend)
    together = paper.render(impact, bands, Atlas(None, None), "https://siaga.example.go.id", both, None, beside)
    assert {one.path for one in handed} == {one.path for one in together}
    assert len(handed) == len(together), "each is handed over once"
    alone = rendered("orange", "id") | rendered("orange", "en")
    assert {one.path: one.record() for one in together} == {path: one.record() for path, one in alone.items()}


def test_only_an_exercise_is_violet_and_it_says_so_on_every_page(qgis, tmp_path):
    for case, is_drill in (("orange", False), ("everything at once", True)):
        boxes, count = word_boxes(rendered(case, "id")["report-id.pdf"].body, tmp_path)
        told = {page for page, word, *_ in boxes if word == "LATIHAN"}
        assert told == (set(range(1, count + 1)) if is_drill else set())


def test_pictures_are_whole(qgis):
    made = rendered("orange", "id")
    page = Image.open(io.BytesIO(made["report-id.png"].body))
    assert (page.width, page.height) == (1241, 1754)
    picture = Image.open(io.BytesIO(made["map-id.png"].body)).convert("RGB")
    colours = {colour for _count, colour in picture.getcolors(1 << 20)}
    assert (0xFF, 0x9E, 0x1F) in colours  # VIII stands on the map in the colour of the legend
    assert len(made["thumbnail-id.png"].body) < 100_000
