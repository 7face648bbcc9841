"""What to draw on a map, and the words on it; below all that draws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import shapely

from siaga.exposure.places import Places
from siaga.foreign import Geometry
from siaga.gis.map.scale import SHAKING, Scale


@dataclass(frozen=True, slots=True)
class Words:
    """What is written on the map, in one language."""

    epicentre: str
    north: str
    exercise: str
    east: str
    west: str
    south: str
    north_of_equator: str
    decimal: str = "."


NO_WORDS = Words("", "", "", "", "", "", "")


@dataclass(frozen=True, slots=True)
class MapSheet:
    """What to draw.

    bands: shapes of the scale's classes by their number, as drawing.shapes gives them. longitude, latitude: of the
    epicentre or volcano, None where the hazard comes from nowhere in particular. zones: (name, geometry) for the
    small capitals.
    width_mm, height_mm: on paper; dpi: of the picture. small: few towns, and no furniture.
    """

    bands: Mapping[int, Geometry]
    longitude: float | None
    latitude: float | None
    basemap: Path | None
    places: Places | None
    zones: Sequence[tuple[str, Geometry]]
    words: Words
    drill: bool = False
    width_mm: float = 122.0
    height_mm: float = 84.0
    dpi: float = 220.0
    small: bool = False
    scale: Scale = SHAKING

    @property
    def point(self) -> Geometry:
        """Where the hazard comes from; empty where from nowhere in particular."""
        return shapely.Point() if self.longitude is None else shapely.Point(self.longitude, self.latitude)
