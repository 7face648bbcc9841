"""The report of an earthquake: its paper and its picture in one language."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siaga.exposure.places import Places
from siaga.gis.map import sheet
from siaga.language import Language
from siaga.product import Product
from siaga.report import fit, paper
from siaga.report.earthquake import changes, pages, picture
from siaga.report.earthquake import fit as first_fit
from siaga.report.earthquake.changes import Change
from siaga.report.words import short


def render(
    impact: Mapping[str, Any],
    bands: Mapping[str, Any],
    basemap: Path | None,
    places: Places | None,
    zones: Sequence[tuple[str, Any]],
    public_url: str,
    languages: Sequence[Language],
    below: Mapping[str, Any] | None = None,
    meanwhile: Callable[[], list[Product]] = list,
) -> list[Product]:
    """All products, in the order of the languages, then those that `meanwhile` makes while pages are set.

    below: impact.json of the version that ranks just below this one, to tell what changed; None where there is none.
    zones: (name, geometry) of the districts that the map may name.
    """
    return paper.of(
        [
            Paper(
                impact,
                bands,
                basemap,
                places,
                zones,
                public_url,
                language,
                changes.change(below, impact, language) if below else None,
            )
            for language in languages
        ],
        meanwhile,
    )


@dataclass(frozen=True, slots=True)
class Paper:
    """As paper.Paper has it. change: against the version below."""

    impact: Mapping[str, Any]
    bands: Mapping[str, Any]
    basemap: Path | None
    places: Places | None
    zones: Sequence[tuple[str, Any]]
    public_url: str
    language: Language
    change: Change | None

    def first(self) -> fit.Fit:
        """A guess of how it fills its sheets."""
        return first_fit.first(self.impact, self.change is not None)

    def map(self, height_mm: float) -> sheet.MapSheet:
        """The map of page 1."""
        return sheet.MapSheet(
            self.bands,
            self.impact["event"]["longitude"],
            self.impact["event"]["latitude"],
            self.basemap,
            self.places,
            [(short(name), geometry) for name, geometry in self.zones],
            paper.words(self.language, self.language("Epicentre")),
            self.impact["drill"],
            fit.MAP_MM,
            height_mm,
        )

    def html(self, map_png: bytes, fitted: fit.Fit) -> str:
        """The pages."""
        return pages.html(self.impact, map_png, self.public_url, self.language, fitted, self.change)

    def share_map(self, words: sheet.Words) -> sheet.MapSheet:
        """The map of the picture."""
        _top, height = picture.map_px(self.impact)
        mm = 25.4 / picture.MAP_DPI
        return sheet.MapSheet(
            self.bands,
            self.impact["event"]["longitude"],
            self.impact["event"]["latitude"],
            self.basemap,
            self.places,
            (),
            words,
            self.impact["drill"],
            width_mm=picture.WIDTH * mm,
            height_mm=height * mm,
            dpi=picture.MAP_DPI,
            small=True,
        )

    def share(self, map_png: bytes) -> str:
        """The picture as a page of its own."""
        return picture.html(self.impact, map_png, self.language)
