"""Which archive of vector tiles maps are drawn from: one small object in the bucket says it."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NotRequired, TypedDict

from siaga import keys
from siaga.errors import NotFound

if TYPE_CHECKING:
    from siaga.store import Store


@dataclass(frozen=True, slots=True)
class MapTiles:
    """What `tiles/current.json` says.

    size: bytes. bounds: west, south, east, north in degrees. credit: who made what the tiles are drawn from.
    made_of: the sha256 of these files, () where an older Siaga drew them.
    """

    sha256: str
    size: int
    bounds: tuple[float, float, float, float]
    credit: str
    made_of: tuple[str, ...] = ()


class _Pointer(TypedDict):
    sha256: str
    size: int
    bounds: list[float]
    credit: str
    made_of: NotRequired[list[str]]


def current(store: "Store") -> MapTiles | None:
    """The archive that maps are drawn from; None where there is none, or none of a known form. Raises Unavailable."""
    try:
        found: _Pointer = json.loads(store.get(keys.ANALYSIS_DATA, keys.MAP_TILES)[0])
        west, south, east, north = map(float, found["bounds"])
        made_of = tuple(map(str, found.get("made_of", ())))
        return MapTiles(
            str(found["sha256"]), int(found["size"]), (west, south, east, north), str(found["credit"]), made_of
        )
    except (NotFound, ValueError, KeyError, TypeError):
        return None
