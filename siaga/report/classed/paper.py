"""The papers of hazards with classes of depth or thickness: floods and ash falls."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely.geometry

from siaga.exposure.places import Places
from siaga.exposure.vocabulary import OVERLAYS
from siaga.gis.map import sheet
from siaga.gis.map.scale import ASHFALL, FLOODING, Scale
from siaga.language import Language
from siaga.product import Product
from siaga.report import paper, template
from siaga.report.classed import ash, flood, picture
from siaga.report.fit import MAP_MM, Fit
from siaga.report.words import short

_BANDS_MM = (6.8, 13.2)  # of a demonstration, of an exercise
_LEAST_MAP = 60.0  # mm; the column beside the map is usually as high
_FLOOD_MM, _ASH_MM = (47.0, 72.0), 67.0  # heights that usually fit: of a flood on one page or two


@dataclass(frozen=True, slots=True)
class Atlas:
    """What maps are drawn with. zones: (name, geometry) of the districts that an ash fall's map may name."""

    basemap: Path | None
    places: Places | None
    zones: Sequence[tuple[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Paper:
    """As paper.Paper has it.

    collection: GeoJSON of the scale's classes. origin: beside the mark of where the hazard comes from. guess: of
    how it fills its sheets. printed: everything the templates need. facts: what the picture says.
    """

    impact: Mapping[str, Any]
    collection: Mapping[str, Any]
    atlas: Atlas
    language: Language
    url: str
    scale: Scale
    sheets: Sequence[str]
    origin: str
    guess: Fit
    printed: Callable[[Fit, Language], dict[str, Any]]
    facts: Callable[[Mapping[str, Any], Language], dict[str, Any]]

    def first(self) -> Fit:
        """A guess of how it fills its sheets."""
        return self.guess

    def map(self, height_mm: float) -> sheet.MapSheet:
        """The map of page 1."""
        words = paper.words(self.language, self.origin)
        return self._map(
            words,
            width_mm=MAP_MM,
            height_mm=height_mm,
            zones=[(short(name), shape) for name, shape in self.atlas.zones],
        )

    def html(self, map_png: bytes, fitted: Fit) -> str:
        """The pages."""
        return template.html(self.sheets, self.printed(fitted, self.language), map_png, self.url, fitted, self.language)

    def share_map(self, words: sheet.Words) -> sheet.MapSheet:
        """The map of the picture."""
        mm = 25.4 / picture.MAP_DPI
        width, height = picture.map_px(self.impact)
        return self._map(words, width_mm=width * mm, height_mm=height * mm, dpi=picture.MAP_DPI, small=True)

    def share(self, map_png: bytes) -> str:
        """The picture as a page of its own."""
        shown = self.facts(self.printed(self.guess, self.language), self.language)
        return picture.html(self.impact, shown, map_png, self.language)

    def _map(self, words: sheet.Words, **more: Any) -> sheet.MapSheet:
        event = self.impact["event"]
        return sheet.MapSheet(
            self.collection,
            event.get("longitude"),
            event.get("latitude"),
            self.atlas.basemap,
            self.atlas.places,
            words=words,
            drill=self.impact["drill"],
            scale=self.scale,
            **({"zones": ()} | more),
        )


def of_flood(
    impact: Mapping[str, Any],
    collection: Mapping[str, Any],
    trends: flood.Trends,
    atlas: Atlas,
    public_url: str,
    languages: Sequence[Language],
) -> list[Product]:
    """A flood's products, in the order of the languages. trends: as flood.printed has them."""
    named = flood.neighbourhoods(impact["villages"], languages[0])
    things = impact["structures"] is not None or impact["roads"] is not None
    detail = len(named) > flood.MOST_DEEPEST or things
    beside = min(_LEAST_MAP, 30.0 + 5.0 * len(named))  # as high as the column beside the map
    atlas = Atlas(atlas.basemap, atlas.places, _deepest(collection, named))

    papers = [
        Paper(
            impact,
            collection,
            atlas,
            language,
            f"{public_url}/floods/{impact['event_id']}",
            FLOODING,
            ("flood-1.html", "flood-2.html"),
            "",
            _guess(impact, _FLOOD_MM[detail], beside, 1 + detail, flood.MOST_ROWS - _rows_of_things(impact)),
            lambda fit, _: flood.printed(impact, trends, _, fit.rows, tight=fit.tight),
            lambda shown, _: picture.of_flood(impact, shown, _),
        )
        for language in languages
    ]
    return paper.of(papers)


def of_ash(
    impact: Mapping[str, Any],
    collection: Mapping[str, Any],
    atlas: Atlas,
    public_url: str,
    languages: Sequence[Language],
) -> list[Product]:
    """The products of an ash fall of which the eruption is known, in the order of the languages."""
    stands = any(impact[name] is not None for name in OVERLAYS)

    papers = [
        Paper(
            impact,
            collection,
            atlas,
            language,
            f"{public_url}/ash/{impact['event_id']}",
            ASHFALL,
            ("ash-1.html", "ash-2.html", "ash-3.html"),
            impact["event"]["volcano"],
            _guess(impact, _ASH_MM, _LEAST_MAP, 2 + stands, ash.MOST_ROWS),
            lambda fit, _: ash.printed(impact, _, fit.rows, tight=fit.tight),
            lambda shown, _: picture.of_ash(impact, shown, _),
        )
        for language in languages
    ]
    return paper.of(papers)


def _guess(impact: Mapping[str, Any], height: float, least: float, pages: int, rows: int) -> Fit:
    demonstration = any(file["demonstration"] for file in impact["provenance"]["analysis_data"]["files"])
    bands = demonstration * _BANDS_MM[0] + impact["drill"] * _BANDS_MM[1]
    return Fit(pages, max(least, height - bands - 4.0 * len(impact["warnings"])), rows, least_mm=least)


def _rows_of_things(impact: Mapping[str, Any]) -> int:
    """Rows of neighbourhoods that give way to structures and roads."""
    layers = [impact[name] for name in ("structures", "roads") if impact[name] is not None]
    return sum(2 * (len(layer["by_type"]) + 5) for layer in layers)


def _deepest(collection: Mapping[str, Any], named: Sequence[Mapping[str, Any]]) -> list[tuple[str, Any]]:
    """The kelurahan with the deepest water, and its deepest RW."""
    found = []
    for one in named[: flood.MOST_DEEPEST]:
        shapes = [
            shapely.geometry.shape(feature["geometry"])
            for feature in collection["features"]
            if feature["properties"]["geom_id"].startswith(one["code"] or "")
            and feature["properties"]["parent"].title() == one["name"]
            and feature["properties"]["class"] == one["state"]
        ]
        if shapes:
            found.append((one["name"], max(shapes, key=lambda shape: shape.area)))
    return found
