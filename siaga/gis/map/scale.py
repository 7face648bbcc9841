"""How the classes of a hazard are drawn on a map: colour, numeral, hatching; one scale per hazard."""

from collections.abc import Mapping
from dataclasses import dataclass

from siaga import palette
from siaga.hazard.ash import CLASSES
from siaga.impact import flood
from siaga.impact.mmi import ROMAN

INK, INK_500 = "#14202b", "#5c6b77"


@dataclass(frozen=True, slots=True)
class ClassStyle:
    """How one class is drawn.

    numeral: on its plates. hatch: angles of the lines over its colour. sea_mm: width of its
    edge over the sea, 0 for none.
    """

    colour: str
    numeral: str
    hatch: tuple[int, ...] = ()
    sea_mm: float = 0.0


@dataclass(frozen=True, slots=True)
class Scale:
    """The classes of one hazard.

    field: of the GeoJSON's features. values: what it says, in order, the slightest first; a class's number is
    its place there, from 1. styles: by number; a class without one is not drawn. shown: the map fits all that is
    of this class or a higher one. closer: a small map fits the highest two alone. clipped: to the land.
    least_degrees: a map narrower than this shows too little to recognise. least_named: of the map, 0 to 1; a
    smaller zone is not named. edge, edge_mm: of the filled shapes. mark: of the place where the hazard comes from.
    names_beside: names of zones stand beside them, so that they hide none of a small one.
    numerals: plates per class at most, towns: of all, on a large and on a small map.
    """

    field: str
    values: tuple[object, ...]
    styles: Mapping[int, ClassStyle]
    shown: int
    closer: bool
    clipped: bool
    least_degrees: float
    least_named: float
    edge: str = INK_500
    edge_mm: float = 0.08
    mark: str = "star"
    names_beside: bool = False
    numerals: tuple[int, int] = (3, 1)
    towns: tuple[int, int] = (15, 7)

    def number(self, properties: Mapping[str, object]) -> int:
        """The class of a feature."""
        return self.values.index(properties[self.field]) + 1


_MMI = tuple(range(1, 11))

# VIII hatched, IX and X cross-hatched, so that grey print still tells them apart.
SHAKING = Scale(
    field="mmi",
    values=_MMI,
    styles={
        mmi: ClassStyle(
            palette.MMI[mmi], ROMAN[mmi], {8: (45,), 9: (45, 135), 10: (45, 135)}.get(mmi, ()), 0.08 + 0.022 * mmi
        )
        for mmi in _MMI[1:]
    },
    shown=6,
    closer=True,
    clipped=True,
    least_degrees=0.7,
    least_named=0.006,
)
# A neighbourhood is land, whatever a coarser base map says. State 1 is no depth: hatched, without a colour.
FLOODING = Scale(
    field="class",
    values=flood.CLASSES,
    styles={
        number: ClassStyle(palette.FLOOD[name], name, (45,) if number == 1 else ())
        for number, name in enumerate(flood.CLASSES, 1)
    },
    shown=1,
    closer=False,
    clipped=False,
    least_degrees=0.08,
    least_named=0.0,
    edge=palette.WATER_EDGE,
    edge_mm=0.1,
    mark="",
    names_beside=True,
    numerals=(0, 0),
    towns=(9, 3),
)
ASHFALL = Scale(
    field="class",
    values=CLASSES,
    styles={number: ClassStyle(palette.ASH[name], str(number), (), 0.1) for number, name in enumerate(CLASSES, 1)},
    shown=2,
    closer=False,
    clipped=True,
    least_degrees=0.4,
    least_named=0.006,
    mark="triangle",
    numerals=(3, 0),
)
