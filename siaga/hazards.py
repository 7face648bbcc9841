"""The hazards: a row each, by the name that keys of results and impact.json carry.

What reads, counts and prints one lies in the folders that are named after it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

SHAKEMAPS = "shakemaps"
SHAKEMAPS_CORRECTED = "shakemaps-corrected"
SHAKEMAPS_BNPB = "shakemaps-bnpb"
FLOODMAPS = "floodmaps"
ASHMAPS = "ashmaps"
CANARY = "canary"
RENDERER = "render-report"  # the function that makes the report, whichever of them it is
PREVIEW = "preview"  # its path for a report that is looked at and stored nowhere


@dataclass(frozen=True, slots=True)
class Hazard:
    """Where a hazard comes in and where it is shown.

    function: that analyses its inputs. buckets: in which they arrive. unshown: buckets whose inputs take the same way,
    and of which no list knows. name: of the object that wakes the function.
    patterns: of the keys that wake it, where stack.yml says nothing else; letters are the same in either case.
    page: the path of its pages on the web.
    """

    function: str
    buckets: tuple[str, ...]
    name: str
    patterns: tuple[str, ...]
    page: str
    unshown: tuple[str, ...] = ()


HAZARDS: Mapping[str, Hazard] = {
    "earthquake": Hazard(
        function="on-shakemap",
        buckets=(SHAKEMAPS, SHAKEMAPS_CORRECTED, SHAKEMAPS_BNPB),
        name="grid.xml",
        patterns=("*grid.xml", "*grid.xml.zip", "*grid.xml.gz"),
        page="earthquakes",
        unshown=(CANARY,),
    ),
    "flood": Hazard(
        function="on-flood",
        buckets=(FLOODMAPS,),
        name="flood_data.json",
        patterns=("2*flood_data.json",),
        page="floods",
    ),
    "ash": Hazard(
        function="on-ash",
        buckets=(ASHMAPS,),
        name="request.json",
        patterns=("*/request.json",),
        page="ash",
    ),
}
EARTHQUAKE, FLOOD, ASH = (HAZARDS[name] for name in ("earthquake", "flood", "ash"))


def of_bucket(bucket: str) -> str:
    """The hazard whose inputs arrive in that bucket; "" where none do.

    >>> of_bucket("shakemaps-bnpb"), of_bucket("results")
    ('earthquake', '')
    """
    return next((name for name, one in HAZARDS.items() if bucket in one.buckets + one.unshown), "")
