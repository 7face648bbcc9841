"""The pages of a flood's or an ash fall's report: how they are filled at first, and what they say for a fit."""

import math

from siaga.hazards import HAZARDS
from siaga.impact.stored import AshImpact, ClassedImpact, FloodImpact
from siaga.impact.stored.head import of_demonstration
from siaga.language import Language
from siaga.report import layout, template
from siaga.report.classed import ash, flood
from siaga.report.fit import ROW_MM, Fit

_BANDS_MM = (6.8, 13.2)  # of a demonstration, of an exercise
_LEAST_MAP = 60.0  # mm; the column beside the map is usually as high
_FLOOD_MM, _ASH_MM = (47.0, 72.0), 67.0  # heights that usually fit: of a flood on one page or two
_FLOOD, _ASH = ("flood-1.html", "flood-2.html"), ("ash-1.html", "ash-2.html", "ash-3.html")


def flood_fit(impact: FloodImpact, language: Language) -> Fit:
    """A guess from what is known beforehand."""
    named = flood.neighbourhoods(impact["villages"], language)
    listed = len(named) > flood.MOST_DEEPEST and layout.prints(impact, language, "neighbourhoods")
    met = impact["structures"] is not None or impact["roads"] is not None
    detail = listed or (met and layout.prints(impact, language, "structures"))
    column = min(_LEAST_MAP, 30.0 + 5.0 * len(named))  # as high as the column beside the map
    return _guess(impact, _FLOOD_MM[detail], column, 1 + detail, flood.MOST_ROWS - _rows_of_things(impact), language)


def ash_fit(impact: AshImpact, language: Language) -> Fit:
    """As flood_fit."""
    met = any(layer is not None for layer in (impact["structures"], impact["roads"], impact["land_cover"]))
    stands = met and layout.prints(impact, language, "standing")
    return _guess(impact, _ASH_MM, _LEAST_MAP, 2 + stands, ash.MOST_ROWS, language)


def of_flood(impact: FloodImpact, trends: flood.Trends, public_url: str, language: Language, fitted: Fit) -> str:
    """The whole report as one self-contained page. trends: as flood.printed has them."""
    shown = flood.printed(impact, trends, language, fitted.rows, tight=fitted.tight)
    return _html(impact, shown, _FLOOD, public_url, language, fitted, () if shown["things"] else ("structures",))


def of_ash(impact: AshImpact, public_url: str, language: Language, fitted: Fit) -> str:
    """As of_flood."""
    shown = ash.printed(impact, language, fitted.rows, tight=fitted.tight)
    return _html(impact, shown, _ASH, public_url, language, fitted)


def _html(
    impact: ClassedImpact,
    shown: flood.PrintedFlood | ash.PrintedAsh,
    templates: tuple[str, ...],
    public_url: str,
    language: Language,
    fitted: Fit,
    without: tuple[str, ...] = (),
) -> str:
    url = f"{public_url}/{HAZARDS[impact['hazard']].page}/{impact['event_id']}"
    rows = layout.rows(impact, language, without)
    return template.html(templates, {**shown, "sections": rows}, url, fitted, language, impact)


def _guess(impact: ClassedImpact, height: float, least: float, pages: int, rows: int, language: Language) -> Fit:
    demonstration = of_demonstration(impact["provenance"]["analysis_data"]["files"])
    less = demonstration * _BANDS_MM[0] + impact["drill"] * _BANDS_MM[1] + 4.0 * len(impact["warnings"])
    less += layout.opening_mm(impact, language)
    closing = layout.closing_mm(impact, language)
    if pages == 1:
        less += closing
    rows -= math.ceil(closing / ROW_MM)
    dressed = layout.dresses(impact, language)
    return Fit(pages, max(least, height - less), rows, least_mm=least, dressed=dressed)


def _rows_of_things(impact: FloodImpact) -> int:
    """Rows of neighbourhoods that give way to structures and roads."""
    layers = [layer for layer in (impact["structures"], impact["roads"]) if layer is not None]
    return sum(2 * (len(layer["by_type"]) + 5) for layer in layers)
