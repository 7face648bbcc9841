"""The papers of hazards with classes of depth or thickness: floods and ash falls."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import shapely.geometry

from siaga.foreign import Geometry
from siaga.gis.map import drawing
from siaga.gis.map.scale import ASHFALL, FLOODING, Scale
from siaga.impact.stored import AshImpact, ClassedImpact, FloodImpact
from siaga.language import Language
from siaga.product import Product
from siaga.report import paper
from siaga.report.classed import ash, flood, pages, picture
from siaga.report.fit import Fit
from siaga.report.paper import ALONE, Atlas, Beside, Paper
from siaga.report.picture import map_px


def of_flood(
    impact: FloodImpact,
    classes: Mapping[str, Geometry],
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
    drawn = _Drawn(
        drawing.shapes(classes, FLOODING), Atlas(atlas.basemap, atlas.places, _deepest(classes, named)), FLOODING
    )

    def written(_: Language) -> _Printing:
        guess = pages.flood_fit(impact, _)
        shown = flood.printed(impact, trends, _, guess.rows, tight=guess.tight)
        return _Printing(
            guess, partial(pages.of_flood, impact, trends, public_url, _), picture.of_flood(impact, shown, _)
        )

    return paper.of([_paper(impact, drawn, written(language), language) for language in languages], beside)


def of_ash(
    impact: AshImpact,
    classes: Mapping[str, Geometry],
    atlas: Atlas,
    public_url: str,
    languages: Sequence[Language],
    beside: Beside = ALONE,
) -> list[Product]:
    """As of_flood, of an ash fall of which the eruption is known."""
    drawn = _Drawn(drawing.shapes(classes, ASHFALL), atlas, ASHFALL, impact["event"]["volcano"] or "")

    def written(_: Language) -> _Printing:
        guess = pages.ash_fit(impact, _)
        shown = ash.printed(impact, _, guess.rows, tight=guess.tight)
        return _Printing(guess, partial(pages.of_ash, impact, public_url, _), picture.of_ash(impact, shown, _))

    return paper.of([_paper(impact, drawn, written(language), language) for language in languages], beside)


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What a map shows; fields as Paper has them."""

    classes: Mapping[int, Geometry]
    atlas: Atlas
    scale: Scale
    origin: str = ""


@dataclass(frozen=True, slots=True)
class _Printing:
    """What a hazard says in one language. guess, pages: as Paper has them; facts: of the picture."""

    guess: Fit
    pages: Callable[[Fit], str]
    facts: Mapping[str, object]


def _paper(impact: ClassedImpact, drawn: _Drawn, printing: _Printing, language: Language) -> Paper:
    return Paper(
        impact,
        drawn.classes,
        drawn.atlas,
        language,
        drawn.scale,
        drawn.origin,
        printing.guess,
        map_px(impact),
        printing.pages,
        lambda: picture.html(impact, printing.facts, language),
    )


def _deepest(classes: Mapping[str, Geometry], named: Sequence[flood.Neighbourhood]) -> list[tuple[str, Geometry]]:
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
