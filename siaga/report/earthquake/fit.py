"""How the report of an earthquake fills its pages: the first guess."""

import math

from siaga.exposure.vocabulary import OVERLAYS
from siaga.impact.stored.earthquake import EarthquakeImpact
from siaga.impact.stored.head import of_demonstration
from siaga.language import Language
from siaga.report import fit, layout, listed
from siaga.report.earthquake import districts
from siaga.report.earthquake.printed import Printed, printed
from siaga.report.fit import Fit
from siaga.report.words import short

LEGEND_MM, LEGEND_ROW_MM, TIGHT_ROW_MM = 7.5, 7.1, 4.9  # of the classes beside the map: head and foot; a row at least
_TIGHT_LEGEND_MM = 4.8  # of their head and foot there
_TIGHT_MM = 6.5  # that a tight page leaves for its map at least
_ROWS_TO_SPARE = 1  # of a page 2 with the least rows; one that lacks more than these holds if it is tight
_ROWS_BY_TIGHT, _FEWEST_ROWS = 3, 2  # that it finds room for by being tight; what it has where even that is too little
_SHORT_MM = 1.0  # below the legend's height the page of no language holds unless it is tight
_ON_ONE_LINE, _LONG_MM = 21, 5.1  # letters of a district in the table of the worst; what the second line takes
WORST_WHEN_TIGHT = 4  # districts in that table
# Height of a line, mm, and letters that it takes, fewer unless all is tight: across the page; an answer above the
# bars, above the table of the worst; a note below the bars or the map.
_ACROSS_MM, _ACROSS = 3.9, (118, 118)
_ANSWER_MM, _BAD, _WORST = 4.7, (64, 70), (46, 50)
_NOTE_MM, _NOTE = 3.1, (100, 107)
_BAD_LINES, _BAD_LETTERS = 4, 75  # of the note below the bars: as many have room; what it says besides the reason
_FACT_MM, _FACT, _FACT_LINES = 3.4, 45, 4  # height of a line of facts, its letters; how many there usually are
_BESIDE_MM = 4.0  # that the table of the worst may be higher before its row is: how sure stands beside it
_DRILL_MM, _DEMONSTRATION_MM = 13.2, 6.8  # of the bands


def first(impact: EarthquakeImpact, change: bool, language: Language) -> Fit:
    """A guess from what is known beforehand; it holds for most quakes."""
    pages = _pages(impact, language)
    demonstration = of_demonstration(impact["provenance"]["analysis_data"]["files"])
    shown = printed(impact, language)
    bands = _DEMONSTRATION_MM * demonstration + _DRILL_MM * impact["drill"]
    height = _map_mm(impact, pages, change) - bands - layout.opening_mm(impact, language)
    below = math.ceil(layout.closing_mm(impact, language) / fit.ROW_MM)  # in rows of the last page
    height -= fit.ROW_MM * below if pages == 1 else 0.0
    rupiah = "idr_per_usd" in (impact.get("economic") or {})  # the loss takes up to two lines more
    rows = 12 - round(bands / fit.ROW_MM) - (3 + 2 * rupiah + 5 * change + below if pages == 2 else 0)
    rows_beside = districts.legend_rows(impact) if _lived_in(impact) else 0
    least = max(fit.LOWEST_MM, LEGEND_MM + LEGEND_ROW_MM * rows_beside)
    tight = height - _longer_mm(impact, shown, tight=False) < least - _SHORT_MM
    tight = tight or (pages == 2 and rows < fit.LEAST_ROWS - _ROWS_TO_SPARE)
    height += _TIGHT_MM * tight - _longer_mm(impact, shown, tight)
    least = max(fit.LOWEST_MM, _TIGHT_LEGEND_MM + TIGHT_ROW_MM * rows_beside) if tight else least
    return Fit(
        pages,
        min(fit.HIGHEST_MM, max(least if tight else fit.LOWEST_MM, height)),
        min(fit.MOST_ROWS, max(min(fit.LEAST_ROWS, rows + _ROWS_BY_TIGHT), _FEWEST_ROWS, rows)),
        fit.LEAST_TOWNS if pages == 2 and (change or bands > 10) else fit.MOST_TOWNS,
        tight=tight,
        least_mm=least,
        tight_mm=_TIGHT_MM,
        dressed=layout.dresses(impact, language),
    )


def _map_mm(impact: EarthquakeImpact, pages: int, change: bool) -> float:
    """Height that the map finds on a page 1 without bands and longer texts, measured on set pages; a little less."""
    height = 83.5
    if pages == 1:
        height -= 28.0 + 13.0 * change
    people = impact["people"]["total"]
    if people is None:
        return height + 47.5  # no chances, no classes, no districts
    if people <= 0:
        return height + 8.0
    return height


def _longer_mm(impact: EarthquakeImpact, shown: Printed, tight: bool) -> float:
    """Height of what page 1 says at greater length than others do. shown: as printed."""
    across = _lines(" ".join([shown["beyond"]["lead"], *shown["beyond"]["checks"]]), _ACROSS[tight]) - 1
    across += sum(_lines(warning, _ACROSS[tight]) for warning in shown["warnings"])
    reason = len(shown["level"]["reason"]) + _BAD_LETTERS
    bad = _ANSWER_MM * (_lines(shown["how_bad"], _BAD[tight]) - 1)
    bad += _NOTE_MM * (math.ceil(reason / _NOTE[tight]) - _BAD_LINES)
    below = _NOTE_MM * (_lines(shown["map_note"], _NOTE[tight]) - 1)
    beside = max(0.0, _worst_mm(impact, shown, tight) - _BESIDE_MM, _facts_mm(shown))
    return _ACROSS_MM * across + max(0.0, bad) + below + beside


def _worst_mm(impact: EarthquakeImpact, shown: Printed, tight: bool) -> float:
    """Height of the districts beside how sure all is, above that of as many with short names."""
    most = WORST_WHEN_TIGHT if tight else districts.MOST_WORST
    zones = districts.ranked(impact, listed.counted(impact))[:most]
    longer = _LONG_MM * sum(len(short(zone["name"])) > _ON_ONE_LINE for zone, _deaths in zones)
    answer = _ANSWER_MM * (_lines(shown["which_districts"], _WORST[tight]) - 1)
    return longer + answer - fit.ROW_MM * (districts.MOST_WORST - len(zones))


def _facts_mm(shown: Printed) -> float:
    """Height of the facts below how sure all is, above what they usually have."""
    version = shown["version"]
    shakemap = f"{shown['source']}, {version['name']} ({version['kind']}), {version['mapped']}"
    facts = shakemap, shown["sources"]["population"], shown["level"]["beside"]
    return _FACT_MM * (sum(_lines(fact, _FACT) for fact in facts) - _FACT_LINES)


def _lines(text: str, letters: int) -> int:
    """How many lines a text takes, by its letters."""
    return max(1, math.ceil(len(text) / letters))


def _pages(impact: EarthquakeImpact, language: Language) -> int:
    """A green quake has one page, others two, and a third where structures were met and shall be printed."""
    if impact["alert"]["level"] in (None, "green") or not _lived_in(impact):
        return 1
    layers = (impact.get(name) for name in OVERLAYS)
    met = any(layer is not None for layer in layers)
    return 3 if met and layout.prints(impact, language, "standing") else 2


def _lived_in(impact: EarthquakeImpact) -> bool:
    return (impact["people"]["total"] or 0.0) > 0
