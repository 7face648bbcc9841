"""The report of an earthquake: its paper and its picture in one language."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from siaga.gis.map.scale import SHAKING
from siaga.impact.stored.earthquake import (
    EarthquakeImpact,
)
from siaga.language import Language
from siaga.product import Product
from siaga.report import paper
from siaga.report.earthquake import changes, fit, pages, picture
from siaga.report.fit import Fit
from siaga.report.paper import Atlas, Paper


def render(
    impact: EarthquakeImpact,
    bands: Mapping[str, Any],
    atlas: Atlas,
    public_url: str,
    languages: Sequence[Language],
    below: EarthquakeImpact | None = None,
    meanwhile: Callable[[], list[Product]] = list,
) -> list[Product]:
    """All products, in the order of the languages, then those that `meanwhile` makes while pages are set.

    below: impact.json of the version that ranks just below this one, to tell what changed; None where there is none.
    """
    papers = [written(impact, bands, atlas, public_url, language, below) for language in languages]
    return paper.of(papers, meanwhile)


def written(
    impact: EarthquakeImpact,
    bands: Mapping[str, Any],
    atlas: Atlas,
    public_url: str,
    language: Language,
    below: EarthquakeImpact | None = None,
) -> Paper:
    """What it says in one language; nothing of it is drawn or set yet. Arguments as above."""
    change = changes.change(below, impact, language) if below else None

    def html(fitted: Fit) -> str:
        return pages.html(impact, public_url, language, fitted, change)

    return Paper(
        impact,
        bands,
        atlas,
        language,
        SHAKING,
        language("Epicentre"),
        fit.first(impact, change is not None, language),
        picture.map_px(impact),
        html,
        lambda: picture.html(impact, language),
    )
