"""What `siaga demo --flood` and `--ash` send: real inputs where a folder of them is at hand, else invented ones.

The folder is `shared` beside the checkout. What is invented says so by its names (CONTOH).
"""

from dataclasses import dataclass
from pathlib import Path

from siaga import keys
from siaga.settings import REPOSITORY

SHARED = REPOSITORY.parent / "shared" / "data"
_FLOOD, _ASH = Path("flood/petabencana-20170221.json"), Path("ash/merapi-ashfall.tif")


@dataclass(frozen=True, slots=True)
class Sample:
    """One input. what: for people. objects: keys with their content, the one that wakes a function last."""

    what: str
    bucket: str
    objects: tuple[tuple[str, bytes], ...]


def flood(shared: Path = SHARED) -> Sample:
    """PetaBencana's answer in Jakarta's flood of 21 February 2017, or an invented one."""
    from siaga.function import invented

    real = shared / _FLOOD
    if real.exists():
        snapshot, body, what = "2017022105-6-rw", real.read_bytes(), "Jakarta's flood of 21 February 2017"
    else:
        snapshot, body, what = invented.SNAPSHOT, invented.flood(), "an invented flood in Jakarta"
    return Sample(what, keys.FLOODMAPS, ((keys.Snapshot.parse(snapshot).data, body),))


def ash(shared: Path = SHARED) -> Sample:
    """A model's ash fall from Merapi with a request for it, or an invented one."""
    from siaga.function import invented

    real = shared / _ASH
    if real.exists():
        name, raster, what = "Merapi", real.read_bytes(), "a model's ash fall from Merapi"
    else:
        name, raster, what = "Merapi contoh", invented.ash(), "an invented ash fall from Merapi"
    folder = keys.EruptionId.parse(invented.ERUPTION + name.replace(" ", "-"))
    request = invented.ash_request(raster, name)
    return Sample(what, keys.ASHMAPS, ((folder.raster, raster), (folder.request, request)))
