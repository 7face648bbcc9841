"""The papers of hazards with classes of depth or thickness: floods and ash falls."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import shapely.geometry

from siaga.gis.map import drawing
from siaga.gis.map.scale import ASHFALL, FLOODING, Scale
from siaga.hazards import HAZARDS
from siaga.impact.stored import AshImpact, ClassedImpact, FloodImpact
from siaga.language import Language
from siaga.product import Product
from siaga.report import paper, template
from siaga.report.classed import ash, flood, picture
from siaga.report.fit import Fit
from siaga.report.paper import ALONE, Atlas, Beside, Paper
from siaga.report.picture import map_px

_BANDS_MM = (6.8, 13.2)  # of a demonstration, of an exercise
_LEAST_MAP = 60.0  # mm; the column beside the map is usually as high
_FLOOD_MM, _ASH_MM = (47.0, 72.0), 67.0  # heights that usually fit: of a flood on one page or two


def of_flood(
    impact: FloodImpact,
    classes: Mapping[str, Any],
    trends: flood.Trends,
    atlas: Atlas,
    public_url: str,
    languages: Sequence[Language],
    beside: Beside = ALONE,
) -> list[Product]:
    """A flood's products, in the order of the languages, then those that are made beside.

    trends: as flood.printed has them.
    """
    named = flood.neighbourhoods(impact["villages"], languages[0])
    things = impact["structures"] is not None or impact["roads"] is not None
    detail = len(named) > flood.MOST_DEEPEST or things
    column = min(_LEAST_MAP, 30.0 + 5.0 * len(named))  # as high as the column beside the map
    guess = _guess(impact, _FLOOD_MM[detail], column, 1 + detail, flood.MOST_ROWS - _rows_of_things(impact))
    drawn = _Drawn(
        drawing.shapes(classes, FLOODING), Atlas(atlas.basemap, atlas.places, _deepest(classes, named)), FLOODING
    )

    def printed(fitted: Fit, _: Language) -> dict[str, Any]:
        return flood.printed(impact, trends, _, fitted.rows, tight=fitted.tight)

    printing = _Printing(printed, ("flood-1.html", "flood-2.html"), partial(picture.of_flood, impact))
    return paper.of([_paper(impact, drawn, printing, guess, public_url, language) for language in languages], beside)


def of_ash(
    impact: AshImpact,
    classes: Mapping[str, Any],
    atlas: Atlas,
    public_url: str,
    languages: Sequence[Language],
    beside: Beside = ALONE,
) -> list[Product]:
    """As of_flood, of an ash fall of which the eruption is known."""
    stands = any(layer is not None for layer in (impact["structures"], impact["roads"], impact["land_cover"]))
    guess = _guess(impact, _ASH_MM, _LEAST_MAP, 2 + stands, ash.MOST_ROWS)
    drawn = _Drawn(drawing.shapes(classes, ASHFALL), atlas, ASHFALL, impact["event"]["volcano"] or "")

    def printed(fitted: Fit, _: Language) -> dict[str, Any]:
        return ash.printed(impact, _, fitted.rows, tight=fitted.tight)

    printing = _Printing(printed, ("ash-1.html", "ash-2.html", "ash-3.html"), partial(picture.of_ash, impact))
    return paper.of([_paper(impact, drawn, printing, guess, public_url, language) for language in languages], beside)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What a map shows; fields as Paper has them."""

    classes: Mapping[int, Any]
    atlas: Atlas
    scale: Scale
    origin: str = ""


@dataclass(frozen=True, slots=True)
class _Printing:
    """What a hazard says. printed: everything that the templates of the pages need; facts: of the picture."""

    printed: Callable[[Fit, Language], dict[str, Any]]
    templates: tuple[str, ...]
    facts: Callable[[Mapping[str, Any], Language], dict[str, Any]]


def _paper(
    impact: ClassedImpact, drawn: _Drawn, printing: _Printing, guess: Fit, public_url: str, language: Language
) -> Paper:
    url = f"{public_url}/{HAZARDS[impact['hazard']].page}/{impact['event_id']}"

    def pages(fitted: Fit) -> str:
        shown = printing.printed(fitted, language)
        return template.html(printing.templates, shown, url, fitted, language, impact["provenance"])

    def of_picture() -> str:
        facts = printing.facts(printing.printed(guess, language), language)
        return picture.html(impact, facts, language)

    return Paper(
        impact,
        drawn.classes,
        drawn.atlas,
        language,
        drawn.scale,
        drawn.origin,
        guess,
        map_px(impact),
        pages,
        of_picture,
    )


def _guess(impact: ClassedImpact, height: float, least: float, pages: int, rows: int) -> Fit:
    demonstration = any(file["demonstration"] for file in impact["provenance"]["analysis_data"]["files"])
    bands = demonstration * _BANDS_MM[0] + impact["drill"] * _BANDS_MM[1]
    return Fit(pages, max(least, height - bands - 4.0 * len(impact["warnings"])), rows, least_mm=least)


def _rows_of_things(impact: FloodImpact) -> int:
    """Rows of neighbourhoods that give way to structures and roads."""
    layers = [layer for layer in (impact["structures"], impact["roads"]) if layer is not None]
    return sum(2 * (len(layer["by_type"]) + 5) for layer in layers)


def _deepest(classes: Mapping[str, Any], named: Sequence[Mapping[str, Any]]) -> list[tuple[str, Any]]:
    """The kelurahan with the deepest water, and its deepest RW."""
    deepest = []
    for village in named[: flood.MOST_DEEPEST]:
        shapes = [
            shapely.geometry.shape(feature["geometry"])
            for feature in classes["features"]
            if feature["properties"]["geom_id"].startswith(village["code"] or "")
            and feature["properties"]["parent"].title() == village["name"]
            and feature["properties"]["class"] == village["state"]
        ]
        if shapes:
            deepest.append((village["name"], max(shapes, key=lambda shape: shape.area)))
    return deepest
