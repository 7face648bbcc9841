"""The report of an earthquake: its paper and its picture in one language."""

from collections.abc import Mapping, Sequence

from siaga.foreign import Geometry
from siaga.gis.map import drawing
from siaga.gis.map.scale import SHAKING
from siaga.impact.stored.earthquake import (
    EarthquakeImpact,
)
from siaga.language import Language
from siaga.product import Product
from siaga.report import paper
from siaga.report.earthquake import changes, fit, pages, picture
from siaga.report.fit import Fit
from siaga.report.paper import ALONE, Atlas, Beside, Paper


def render(
    impact: EarthquakeImpact,
    bands: Mapping[str, Geometry],
    atlas: Atlas,
    public_url: str,
    languages: Sequence[Language],
    below: EarthquakeImpact | None = None,
    beside: Beside = ALONE,
) -> list[Product]:
    """All products, in the order of the languages, then those that are made beside.

    below: impact.json of the version that ranks just below this one, to tell what changed; None where there is none.
    """
    shapes = drawing.shapes(bands, SHAKING)
    papers = [written(impact, shapes, atlas, public_url, language, below) for language in languages]
    return paper.of(papers, beside)


def written(
    impact: EarthquakeImpact,
    shapes: Mapping[int, Geometry],
    atlas: Atlas,
    public_url: str,
    language: Language,
    below: EarthquakeImpact | None = None,
) -> Paper:
    """What it says in one language; nothing of it is drawn or set yet.

    shapes: of the MMI classes by their number. Other arguments as above.
    """
    change = changes.change(below, impact, language) if below else None

    def html(fitted: Fit) -> str:
        return pages.html(impact, public_url, language, fitted, change)

    return Paper(
        impact,
        shapes,
        atlas,
        language,
        SHAKING,
        language("Epicentre"),
        fit.first(impact, change is not None, language),
        picture.map_px(impact),
        html,
        lambda: picture.html(impact, language),
    )
