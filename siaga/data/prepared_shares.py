"""Shares of the installed population cells: prepared at an import, kept in the bucket, fetched where they are needed.

One archive per population and zones, `shares/<name>.zip`, with the files that siaga.gis.people.shares writes, as they
are. It follows from installed files alone, so no manifest names it and no run's id knows of it; where the bucket has
none, the first quake on each machine prepares them itself.
"""

import logging
import re
import shutil
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from siaga import diskcache, filehash, keys
from siaga.data import analysis_data
from siaga.data.analysis_data import AnalysisData
from siaga.errors import NotFound
from siaga.exposure.zones import ZoneFields
from siaga.gis.people import shares
from siaga.gis.people.population import PopulationGrid
from siaga.gis.people.shares import Shares

if TYPE_CHECKING:
    from siaga.store import Store

ROLES = ("population", "zones")
_PARTS = re.compile(r"whole\.json|\d\d/(spans\.bin|shares\.bin|rows\.npz|zones\.json)")
_SAME_TIME = (1980, 1, 1, 0, 0, 0)  # of every part, so that the same shares are the same bytes
_STAY = timedelta(days=1)  # shares of before: two operators at work must not take away each other's
_log = logging.getLogger("siaga.data")


def publish(store: "Store", exposure: AnalysisData, cache: Path) -> Shares | None:
    """Prepare the shares on this machine and put them into the bucket; None where population or zones are missing.

    Shares of data that were replaced more than a day ago are removed from the bucket.
    """
    made_of = _made_of(exposure)
    if made_of is None:
        return None
    prepared, folder = shares.prepare(*made_of, cache), shares.folder_of(*made_of, cache)
    key = keys.shares(folder.name)
    with diskcache.scratch(folder.parent) as archive:
        _pack(folder, archive)
        analysis_data.upload(store, key, archive, filehash.sha256(archive))
    for old in list(store.list(keys.ANALYSIS_DATA, keys.SHARES)):
        if old.key != key and datetime.now(UTC) - old.modified > _STAY:
            store.delete(keys.ANALYSIS_DATA, old.key)
    return prepared


def fetch(store: "Store", exposure: AnalysisData, cache: Path) -> None:
    """Have the shares on this machine if the bucket has them. Raises Unavailable."""
    made_of = _made_of(exposure)
    if made_of is None:
        return
    folder = shares.folder_of(*made_of, cache)

    def download(into: Path) -> None:
        with diskcache.scratch(folder.parent) as archive:
            store.download(keys.ANALYSIS_DATA, keys.shares(folder.name), archive)
            _unpack(archive, into)

    try:
        diskcache.keep(folder, download)
    except NotFound:
        pass
    except zipfile.BadZipFile as error:
        _log.warning("%s is damaged and not used: %s", keys.shares(folder.name), error)


def _made_of(exposure: AnalysisData) -> tuple[PopulationGrid, Path, ZoneFields] | None:
    """Population, zones and their fields; None where one of the two is not installed."""
    population, zones = (exposure.path(role) for role in ROLES)
    if population is None or zones is None:
        return None
    return PopulationGrid.open(population), zones, exposure.zone_fields


def _pack(folder: Path, archive: Path) -> None:
    with zipfile.ZipFile(archive, "w") as packed:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            part = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _SAME_TIME)
            part.file_size = path.stat().st_size
            with path.open("rb") as source, packed.open(part, "w") as target:
                shutil.copyfileobj(source, target, 1 << 20)


def _unpack(archive: Path, folder: Path) -> None:
    """Raises BadZipFile where a part is damaged, or is none of shares."""
    with zipfile.ZipFile(archive) as packed:
        for name in packed.namelist():
            if not _PARTS.fullmatch(name):
                raise zipfile.BadZipFile(f"{name} is no part of shares")
            packed.extract(name, folder)
