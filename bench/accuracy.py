"""The tables of docs/accuracy.md: `python -m bench.accuracy` reckons them anew and writes the page.

`accuracy.TABLES` are functions that each give a headline, words and rows; whoever adds a golden case
adds a function, or a row to one that is there.
"""

import math
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.golden import ash as golden_ash
from bench.golden import earthquake as golden
from bench.golden import flood as golden_flood
from siaga.exposure.zones import ZoneFields
from siaga.gis.people import ash_ground, by_class, by_mmi
from siaga.hazard.gridxml import read_shakemap
from siaga.impact import earthquake, fatality, needs
from siaga.impact.fatality import ITB, ITB_BAYESIAN, PAGER
from siaga.report import figures
from siaga.settings import Settings

PAGE = Path(__file__).parent.parent / "docs" / "accuracy.md"
Row = Sequence[object]
_HEAD = ("case", "figure", "InaSAFE 5.0.7", "exact", "Siaga", "Siaga − exact", "why InaSAFE differs")


def golden_people(cache: Path) -> tuple[str, str, list[Row]]:
    """EQ-1 and EQ-2: people by class on InaSAFE's rasters."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = golden.layers(cache, Path(scratch))
        for case in golden.cases(folder):
            fields = ZoneFields(case.code, None, None, None)
            zones = folder / case.zones if case.zones else None
            found = by_mmi.people(read_shakemap(case.grid_xml), folder / case.population, zones, folder, fields)
            exact = {mmi: sum(people[mmi] for people in case.truth.values()) for mmi in range(1, 11)}
            within = found.by_mmi - found.table.outside if found.table else found.by_mmi  # as InaSAFE counts
            ours = dict(zip(range(1, 11), within.tolist(), strict=True))
            rows += _case(case, exact, ours)
            for zone in found.zones:
                truth = sum(count for mmi, count in case.truth[zone.code].items() if mmi >= 2)
                figure = f"affected in area {zone.code}"
                rows.append(_row(case.name, figure, case.by_zone[zone.code], truth, float(zone.by_class[1:].sum())))
    words = (
        "People by MMI class and area. *exact* is reckoned in `bench/golden/earthquake.py` by plain loops over cells "
        "and areas, *Siaga* is what the program finds. InaSAFE's test hazards are rasters; here the centre of each "
        "cell is a node of a grid.xml."
    )
    return "People on rasters: EQ-1, EQ-2", words, rows


def _case(case: golden.Case, exact: dict[int, float], ours: dict[int, float]) -> list[Row]:
    rows: list[Row] = []
    why = case.why
    for mmi in range(1, 11):
        if exact[mmi] or ours[mmi] or mmi in case.inasafe:
            rows.append(_row(case.name, f"people at MMI {mmi}", case.inasafe.get(mmi), exact[mmi], ours[mmi], why))
            why = ""
    rates = [golden.ITB_BAYESIAN.get(mmi, 0.0) for mmi in range(1, 11)]
    for figure, of in (
        ("affected", lambda mmi, count: count if mmi >= 2 else 0.0),
        ("fatalities", lambda mmi, count: count * rates[mmi - 1]),
        ("displaced", lambda mmi, count: count * (1 - rates[mmi - 1]) if mmi >= 6 else 0.0),
    ):
        truth, found = (sum(of(mmi, count) for mmi, count in people.items()) for people in (exact, ours))
        rows.append(_row(case.name, figure, case.inasafe[figure], truth, found))
    return rows


def golden_totals(_: Path) -> tuple[str, str, list[Row]]:
    """EQ-3 to EQ-5: what follows from totals by class."""
    rows: list[Row] = []
    rounded = "whole persons per polygon, then summed"
    cases = (
        ("EQ-3", {8: 108855.0}, {"fatalities": 202, "displaced": 108653, "rice": 304229, "clean water": 7279751}),
        (
            "EQ-4",
            {3: 9.0, 4: 1.0, 5: 2.0, 6: 75.0, 7: 10.0, 8: 112.0, 9: 9.0},
            {"fatalities": 0, "displaced": 206, "rice": 576, "clean water": 13802},
        ),
    )
    for name, people, inasafe in cases:
        deaths = sum(count * golden.ITB_BAYESIAN.get(mmi, 0) for mmi, count in people.items())
        displaced = sum(count for mmi, count in people.items() if mmi >= 6) - deaths
        found = earthquake.displaced(people)
        amounts = needs.needs(found)
        rows += [
            _row(name, "fatalities", inasafe["fatalities"], deaths, fatality.expected(ITB_BAYESIAN, people), rounded),
            _row(name, "displaced", inasafe["displaced"], displaced, found),
            _row(name, "rice, kg a week", inasafe["rice"], displaced * 2.8, amounts["rice_kg_week"]),
            _row(name, "clean water, l a week", inasafe["clean water"], displaced * 67, amounts["clean_water_l_week"]),
        ]
    people = {8: 200.0}
    pager = 200 * 0.5 * math.erfc(-math.log(8 / 13.248768) / 0.150846 / math.sqrt(2))
    itb = 200 * 10 ** (0.62275231 * 8 - 8.03314466)
    why = "θ and β rounded to 13.249 and 0.151, Φ approximated; here USGS's own constants"
    rows += [
        _row("EQ-5", "fatalities, itb", 0.17778, itb, fatality.expected(ITB, people)),
        _row("EQ-5", "fatalities, pager", 0.083498, pager, fatality.expected(PAGER, people), why),
        _row("EQ-5", "displaced", 199.6297, 200 * (1 - 0.001851451786), earthquake.displaced(people)),
    ]
    words = "Population as polygons (EQ-3, EQ-4) and the older InaSAFE 3.5.4 (EQ-5), from their totals by class."
    return "Deaths, displaced and needs from totals: EQ-3 to EQ-5", words, rows


def golden_floods(_: Path) -> tuple[str, str, list[Row]]:
    """FL-12 and FL-13: people and buildings under water in Jakarta."""
    why = (
        "InaSAFE counts people in slivers between RWs, districts and the edge of the data twice; displaced is stored "
        "as 7, since it rounds to whole persons per polygon"
    )
    tables = (
        ("FL-13, in the districts", golden_flood.FL_13, why),
        ("FL-13, whole raster", golden_flood.FL_13_WHOLE, ""),
        ("FL-12", golden_flood.FL_12, "the same rule: a building that the water touches is wet"),
        ("FL-12", golden_flood.FL_12_ROADS, "whole metres"),
    )
    rows: list[Row] = []
    for case, table, reason in tables:
        for number, (figure, (inasafe, exact)) in enumerate(table.items()):
            rows.append(_row(case, figure, inasafe, exact, exact, "" if number else reason))
    words = (
        "PetaBencana's answer of 21 February 2017 upon InaSAFE's population, districts and buildings. No package has "
        "that answer: the figures stand in `bench/golden/flood.py`, and `tests/test_flooded.py` reckons the "
        "exact ones by plain loops, and Siaga's, where it is at hand. Overlapping RWs count once, at the higher state."
    )
    return "People and buildings under water: FL-12, FL-13", words, rows


def golden_ash_fall(cache: Path) -> tuple[str, str, list[Row]]:
    """AS-5: people under ash of each class."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = golden_ash.layers(cache, Path(scratch))
        exact = golden_ash.truth(folder)
        classed = ash_ground.polygons(ash_ground.read((folder / "ash.tif").read_bytes()))
        ours = by_class.people(classed, folder / "people.asc", None).by_class
    rows: list[Row] = [
        _row(
            "AS-5", f"people under {name.replace('_', ' ')} ash", golden_ash.INASAFE.get(name), exact[name], found, why
        )
        for name, found, why in zip(exact, ours.tolist(), ("", golden_ash.WHY, "", "", ""), strict=True)
        if exact[name]
    ]
    words = (
        "InaSAFE's ash raster, 27 m, upon its population raster, 220 m. A cell's thickness holds for all of the cell, "
        "and a cell of people is divided by area. Buildings, roads and land cover (AS-1 to AS-3) are reckoned in "
        "`tests/test_analyse_ash.py`: roads and land cover are InaSAFE's to its rounding; of 181 buildings four that "
        "cross a border count where their middle is (124, 56, 1), not in the highest class that they touch "
        "(120, 60, 1)."
    )
    return "People under ash: AS-5", words, rows


def rounding(_: Path) -> tuple[str, str, list[Row]]:
    """How numbers are printed."""
    rows: list[Row] = []
    for number in (3, 989, 991, 8888, 99950, 100001, 9888888):
        step = 10 if number < 1000 else 100 if number < 100000 else 1000
        rows.append(
            (
                "",
                f"{number:,} people",
                f"{math.ceil(number / step) * step:,}",
                f"{number:,}",
                figures.people_cell(number, "en"),
                "",
                "",
            )
        )
    rows[0] = (*rows[0][:-1], "InaSAFE always rounds up, so that 3 people are 10 and a column never adds up")
    words = (
        "InaSAFE rounds people up to the next 10, 100 or 1,000. Siaga prints tables to the nearest 100, says "
        "“<100” for a few people, and lets a printed table add up. Nothing is rounded before it is printed."
    )
    return "Printed numbers", words, rows


TABLES: list[Callable[[Path], tuple[str, str, list[Row]]]] = [
    golden_people,
    golden_totals,
    golden_floods,
    golden_ash_fall,
    rounding,
]


def page(cache: Path) -> str:
    """The whole page as Markdown. cache: where the source archive of inasafe-core lies, or will."""
    parts = [
        "# How right the figures are",
        "Made by `python -m bench.accuracy`; do not edit. The same cases are tests (`tests/test_golden.py`).",
        _RULES,
    ]
    for table in TABLES:
        title, words, rows = table(cache)
        parts += [f"## {title}", words, _markdown(rows)]
    return "\n\n".join(parts) + "\n"


_RULES = """\
The rules that the exact figures follow:

- MMI is taken at the centre of each population cell, bilinear between the nodes of the grid.xml. The map is the
  hull of its nodes and half a cell more; in that half cell the outermost values go on.
- A node without MMI is unknown as far as its cell reaches: nobody there is counted, in no class, and
  `map.unknown_share` and a warning say how much of the map that is.
- Class k is (k − 0.5, k + 0.5] of the MMI rounded to 1e-6; below 0.5 is I, above 10.5 is X.
- A cell inside a zone belongs to it, a cell on a border is divided by area; where zones overlap the first in the
  file has the area. Population is never resampled.
- Totals count everybody on the map who has a count, in a zone or not; zones break them down. The golden cases are
  those of InaSAFE, which counts within the areas alone, and so are summed over the zones here.
- Nothing is rounded before it is printed.

InaSAFE's figures are those of version 5.0.7 run without a display on the layers of its own tests."""


def _row(case: str, figure: str, inasafe: float | None, exact: float, ours: float, why: str = "") -> Row:
    apart = ours - exact
    shown = "0" if abs(apart) <= 1e-9 * max(abs(exact), 1) else f"{apart:.2g}"
    return case, figure, "–" if inasafe is None else _number(inasafe), _number(exact), _number(ours), shown, why


def _number(value: float) -> str:
    if value == 0:
        return "0"
    return f"{value:,.4f}" if abs(value) < 1 else f"{value:,.2f}"


def _markdown(rows: Sequence[Row]) -> str:
    lines = [_HEAD, ("---", "---", "--:", "--:", "--:", "--:", "---"), *rows]
    return "\n".join("| " + " | ".join(str(value) for value in line) + " |" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(page(Settings.load(os.environ).cache), encoding="utf-8")
