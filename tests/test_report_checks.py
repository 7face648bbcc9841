"""The checks that a printed report must stand, on a strong quake with everything that can be installed."""

import io
import re
import subprocess

import numpy as np
import pytest
from fixtures import impacts
from PIL import Image, ImageColor

from siaga import language, palette
from siaga.impact.fatality import LEVELS
from siaga.report import figures, template
from siaga.report.earthquake import beyond, paper, printed
from siaga.report.paper import Atlas

QUESTIONS = (
    "SEBERAPA PARAH",
    "DI MANA",
    "SIAPA: MENURUT MMI",
    "SIAPA: MENURUT KABUPATEN/KOTA",
    "SEBERAPA YAKIN",
    "BELUM TERMASUK DALAM ANGKA INI",
    "SIAPA: PENDUDUK MENURUT KABUPATEN/KOTA DAN MMI",
    "APA YANG DISIAPKAN: ANGKA PERENCANAAN",
    "DI MANA: TEMPAT PALING TERGUNCANG",
    "PERNAH TERJADI: GEMPA SERUPA DALAM 400 KM",
    "MODEL MANA MENYEBUT APA",
    "APA YANG BERUBAH SEJAK",
    "Asal.",
)
VIOLET = np.array((0x5B, 0x2D, 0x8E))
INK, WHITE = (0x14, 0x20, 0x2B), (255, 255, 255)


def texts(*names):
    return "".join((template.TEMPLATES / name).read_text(encoding="utf-8") for name in names)


CSS = texts("levels.css", "report.css")
PICTURE = texts("levels.css", "picture.css", "picture.html", "picture-earthquake.html")


def rendered(drill=False):
    impact, bands, below = impacts.full(**({"event_type": "SCENARIO"} if drill else {}))
    if drill:  # the longest that there is room for, so that nothing of the page gives way to it
        lines = "BADAN PENANGGULANGAN BENCANA DAERAH PROVINSI NUSA TENGGARA BARAT, PUSDALOPS 24 JAM", "Pusdalops 24 jam"
        impact["provenance"] |= {"letterhead": {"id": [line.ljust(80, ".")[:80] for line in lines]}}
    indonesian = [language.load("id")]
    made = paper.render(impact, bands, Atlas(None, None), "https://siaga.example.go.id", indonesian, below)
    return impact, {one.path: one.body for one in made}


@pytest.fixture(scope="module")
def real(qgis):
    return rendered()


@pytest.fixture(scope="module")
def drill(qgis):
    return rendered(drill=True)


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def luminance(colour):
    channels = np.array(colour) / 255
    linear = np.where(channels <= 0.03928, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_thirteen_questions_in_their_order(real):
    page = real[1]["report-id.html"].decode()
    places = [page.index(question) for question in QUESTIONS]
    assert places == sorted(places)
    assert page.index("Gempa M 6,9") < places[0]


def test_no_text_of_the_page_ends_with_a_blank(real):
    """WeasyPrint would break such a paragraph's lines elsewhere than the same words without it."""
    for name in [name for name in real[1] if name.endswith(".html")]:
        page = real[1][name].decode()
        assert "</p>" in page
        assert not re.search(r"\n\s*</(?:p|td|th|li|h[1-6])>", page)


def test_words_keep_their_margins_and_do_not_overlap(drill, tmp_path):
    boxes, count = impacts.word_boxes(drill[1]["report-id.pdf"], tmp_path)
    assert count == 3
    assert [box for box in boxes if box[2] < 11.8 or box[4] > 198.3 or box[3] < 3 or box[5] > 294] == []
    assert list(impacts.overlapping(boxes)) == []


def test_each_page_says_version_time_and_minutes_since(real, tmp_path):
    boxes, count = impacts.word_boxes(real[1]["report-id.pdf"], tmp_path)
    for page in range(1, count + 1):
        words = [word for number, word, *_ in boxes if number == page]
        assert {"Versi", "menit", "setelah"} <= set(words)
        assert any(re.fullmatch(r"\d\d:\d\d", word) for word in words)


def test_shares_and_things_add_up():
    impact, _bands, _below = impacts.full()
    shown = printed.printed(impact, language.load("id"))

    def number(text):
        return 0 if text.startswith("<") else int(re.sub(r"\D", "", text))

    assert sum(number(row["share"]) for row in shown["table"]["rows"]) == 100
    for table in shown["stands"]["tables"]:
        for column in range(4):
            cells = [number(row["cells"][column]) for row in table["rows"]]
            assert sum(cells) == number(table["total"]["cells"][column])
        for row in (*table["rows"], table["total"]):
            assert sum(number(cell) for cell in row["cells"][:3]) == number(row["cells"][3])


def test_page_and_picture_show_the_same_figures(real):
    from siaga.report.earthquake import picture

    impact = real[0]
    indonesian = language.load("id")
    level = printed.printed(impact, indonesian)["level"]
    page, shared = real[1]["report-id.html"].decode(), picture.html(impact, indonesian)
    for text in (level["likely"], level["wide"], level["name"], *(bar["text"] for bar in level["bars"])):
        assert text in page
        assert text in shared
    assert figures.people_sentence(410_000, "id") in page
    assert figures.people_sentence(410_000, "id") in shared


def test_deaths_and_money_are_never_one_number_alone(real):
    page = real[1]["report-id.html"].decode()
    assert re.search(r"US\$\s[\d,.]+(\s\w+)?–[\d,.]+\s(juta|miliar)", page)
    assert re.search(r"Rp\s[\d,.]+(\s\w+)?–[\d,.]+\s(miliar|triliun)", page)
    assert "PDB per kapita US$" in page
    for row in printed.printed(real[0], language.load("id"))["models"]:
        assert re.search(rf"<b>{re.escape(row['median'])}</b></td>\s*<td>{re.escape(row['wide'])}", page)


def test_planning_figures_are_labelled_and_a_past_quake_stands_beside_them(real):
    page = real[1]["report-id.html"].decode()
    block = page[page.index("ANGKA PERENCANAAN") : page.index("TEMPAT PALING TERGUNCANG")]
    for words in ("dasar: ≥ VIII", "tengah: ≥ VII", "atas: ≥ VI", "Bukan jumlah pengungsi", "Yogyakarta 2006"):
        assert words in block


def test_levels_get_darker_and_their_words_stay_readable():
    colours = {level: ImageColor.getrgb(colour) for level, colour in palette.LEVEL.items()}
    shades = [luminance(colours[level]) for level in LEVELS]
    assert shades == sorted(shades, reverse=True)
    assert max(np.diff(shades)) < -0.1
    for level in LEVELS:
        assert contrast(WHITE if level == "red" else INK, colours[level]) >= 4.5


def test_every_colour_of_words_stands_out_from_white():
    for text in (CSS, PICTURE):
        for code in re.findall(r"(?<![-\w])color: #([0-9a-f]{6})", text):
            colour = tuple(int(code[i : i + 2], 16) for i in (0, 2, 4))
            assert contrast(colour, WHITE) >= 4.5, code


def test_fonts_are_embedded_and_none_falls_back(real, tmp_path):
    path = tmp_path / "report.pdf"
    path.write_bytes(real[1]["report-id.pdf"])
    lines = subprocess.run(["pdffonts", str(path)], capture_output=True, text=True, check=True).stdout.splitlines()[2:]
    assert lines
    for line in lines:
        assert re.match(r"\w+\+(Inter|Open-?Sans)", line), line
        assert line.split()[-5] == "yes", line


def test_the_paper_is_tagged_for_screen_readers(real, tmp_path):
    """Language and author; headings, tables with a body, header cells and pictures are marked as what they are."""
    document = tmp_path / "report.pdf"
    document.write_bytes(real[1]["report-id.pdf"])
    about, structure = (
        subprocess.run(["pdfinfo", option, document], capture_output=True, text=True, check=True).stdout
        for option in ("-box", "-struct")
    )
    assert re.search(r"^Tagged: +yes$", about, re.MULTILINE)
    assert re.search(r"^Author: +Siaga$", about, re.MULTILINE)
    assert {"H1", "H2", "Table", "TBody", "TH", "TD", "Figure"} <= set(re.findall(r"^ *(\w+)", structure, re.MULTILINE))


def test_the_picture_for_messengers_is_small_and_its_words_are_large(real, drill):
    for _impact, made in (real, drill):
        body = made["share-id.png"]
        assert Image.open(io.BytesIO(body)).size == (1080, 1350)
        assert len(body) <= 200_000
    sizes = sorted(int(size) for size in re.findall(r"(?:font-size: ?|font:\s*(?:\d+\s+)?)(\d+)px", PICTURE))
    assert sizes[0] == 28  # the tag in the level's block alone
    assert sizes[1] >= 34
    assert sum(size < 34 for size in sizes) == 1


def test_violet_belongs_to_exercises(real, drill):
    """A real event has none; of an exercise, each quarter of a map says it, and so do band and level."""
    for name in ("report-id.png", "map-id.png", "share-id.png"):
        assert np.abs(pixels(real[1][name]) - VIOLET).sum(axis=2).min() > 60, name
    plain, marked = pixels(real[1]["share-id.png"]), pixels(drill[1]["share-id.png"])
    assert (np.abs(marked[:60] - VIOLET).sum(axis=2) < 40).sum() > 5000
    assert plain.shape == marked.shape
    picture, under = pixels(drill[1]["map-id.png"]), [*palette.MMI.values(), "#fcfcfa"]
    laid = [0.42 * np.array(VIOLET) + 0.58 * np.array(ImageColor.getrgb(colour)) for colour in under]
    marks = np.min([np.abs(picture - colour).sum(axis=2) for colour in laid], axis=0) < 12
    middle, centre = marks.shape[0] // 2, marks.shape[1] // 2
    for quarter in (
        marks[:middle, :centre],
        marks[:middle, centre:],
        marks[middle:, :centre],
        marks[middle:, centre:],
    ):
        assert quarter.sum() > 300
    page = pixels(drill[1]["report-id.png"])
    for rows in (page[:120], page[-140:]):
        assert (np.abs(rows - VIOLET).sum(axis=2) < 60).sum() > 2000


def test_what_changed_is_on_page_one_and_in_a_table_and_absent_without_a_version_below(real, qgis):
    page = real[1]["report-id.html"].decode()
    assert "Sejak versi 1, awal: tetap." in page
    assert re.search(r"Versi 1, awal</th>\s*<td>6,8</td>", page)
    assert re.search(r"Selisih</th>\s*<td>\+0,1</td>", page)
    impact, bands, _below = impacts.full()
    alone = paper.render(impact, bands, Atlas(None, None), "https://x", [language.load("id")])
    first = next(one.body for one in alone if one.path == "report-id.html").decode()
    assert "APA YANG BERUBAH" not in first
    assert "Sejak versi" not in first


@pytest.mark.parametrize(
    ("caveats", "said", "unsaid"),
    [
        ({"tsunami": True}, "Gempa dangkal di laut", "tidak diketahui"),
        ({"tsunami": True, "epicentre_offshore": False}, "12 km dari pantai", "di laut"),
        ({"tsunami": None}, "tidak diketahui", "di laut"),
        ({"landslide": True}, "Longsor di lereng", "tsunami BMKG"),
        ({}, "", "periksa"),
    ],
)
def test_what_to_check_is_told_by_the_caveats(caveats, said, unsaid):
    impact, _bands, _below = impacts.full()
    quiet = {"tsunami": False, "landslide": False, "liquefaction": False}
    impact["caveats"] |= quiet | {"epicentre_offshore": True} | caveats
    told = " ".join(beyond.beyond(impact, language.load("id"))["checks"])
    assert said in told
    assert unsaid not in told


def test_unknown_money_is_named_among_what_is_left_out():
    impact, _bands, _below = impacts.full()
    assert "kerugian" not in beyond.beyond(impact, language.load("id"))["lead"]
    impact["economic"] = None
    assert "kerugian ekonomi" in beyond.beyond(impact, language.load("id"))["lead"]
    assert printed.printed(impact, language.load("id"))["money"] is None
