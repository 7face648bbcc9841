"""The picture for messengers of any hazard: 1080 × 1350 px, readable on a phone without a tap."""

from collections.abc import Mapping

from siaga import palette
from siaga.impact.stored import Impact
from siaga.impact.stored.head import of_demonstration
from siaga.language import Language
from siaga.report import limits
from siaga.report.fit import MAP_URL
from siaga.report.template import environment

WIDTH, HEIGHT = 1080, 1350  # px
MAP_DPI = 395.0  # so that the map's smallest name is 34 px high
_BAND = 56
_MAP_TOP = 716
_FOOT = 164  # three lines below the map


def bands_px(impact: Impact) -> int:
    """Height of the bands that say that it is an exercise, or of demonstration data."""
    demonstration = of_demonstration(impact["provenance"]["analysis_data"]["files"])
    return _BAND * (bool(impact["drill"]) + demonstration)


def map_px(impact: Impact, below: int = 0) -> int:
    """Height of the map; bands take their room from it, and what stands below it besides the foot."""
    return HEIGHT - bands_px(impact) - _MAP_TOP - _FOOT - below


def html(template: str, impact: Impact, shown: Mapping[str, object], below: int, _: Language) -> str:
    """The picture as a page of its own, to be typeset at 96 dpi. It names its map.

    shown: what the template needs besides.
    """
    top = bands_px(impact)
    return (
        environment()
        .get_template(template)
        .render(
            **shown,
            _=_,
            palette=palette.custom_properties(),
            limits=limits.of(_),
            top=top,
            map=MAP_URL,
            map_top=top + _MAP_TOP,
            map_height=map_px(impact, below),
        )
    )
