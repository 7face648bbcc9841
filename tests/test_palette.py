"""Colours have one owner: style sheets, templates and pictures name what the palette writes."""

import re
from pathlib import Path

import pytest

from siaga import palette

ROOT = Path(__file__).parent.parent
OWN = {
    colour
    for colours in (palette.FLOOD, palette.ASH, palette.LEVEL, {"edge": palette.WATER_EDGE})
    for colour in colours.values()
}
SHEETS = [
    path for part in ("siaga", "web") for path in (ROOT / part).rglob("*.css") if "node_modules" not in path.parts
]


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_each_colour_that_a_style_sheet_names_is_written(sheet):
    written = re.findall(r"--([\w-]+):#[0-9a-f]{6};", palette.custom_properties())
    named = re.findall(r"var\(--((?:flood|level|water)-[\w-]+)\)", sheet.read_text(encoding="utf-8"))
    assert set(named) <= set(written)


@pytest.mark.parametrize("sheet", ["siaga.css", "map.css"])
def test_pages_have_few_sizes_of_letters_two_weights_and_few_gaps(sheet):
    """Those of the design; what is laid over something else, by a negative margin, goes by its own size."""
    text = (ROOT / "web" / "static" / sheet).read_text(encoding="utf-8")
    sizes = re.findall(r"(?:font-size: |font:\s+(?:\d+ )?)(\d+)px", text)
    assert sizes
    assert set(sizes) <= {"12", "14", "16", "20", "28", "44"}
    assert set(re.findall(r"font-weight: (\d+);", text)) <= {"400", "600"}
    gaps = re.findall(r"\s(?:gap|margin(?:-\w+)?): ([^;-]*);", text)
    assert {size for gap in gaps for size in re.findall(r"(\d+)px", gap)} <= set("4 8 12 16 24 32 48".split())


def test_a_class_of_every_hazard_and_level_has_its_colour_in_one_place():
    for part in ("siaga", "web", "functions"):
        for path in (ROOT / part).rglob("*"):
            if path.suffix in {".py", ".css", ".html", ".js"} and "node_modules" not in path.parts:
                repeated = OWN & set(re.findall(r"#[0-9a-f]{6}", path.read_text(encoding="utf-8")))
                assert not repeated or path.name == "palette.py", f"{path}: {repeated}"
