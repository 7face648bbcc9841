"""The catalogue of volcanoes of the installed analysis data, for choosing one."""

import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from siaga import keys, moment
from siaga.data import analysis_data
from siaga.errors import BadInput, NotFound
from siaga.exposure import places
from siaga.store import Store


@dataclass(frozen=True, slots=True)
class Volcano:
    """One volcano. longitude, latitude: degrees. elevation_m: above the sea, None if unknown.

    district, province: in which it lies, None where that is not known.
    """

    name: str
    longitude: float
    latitude: float
    elevation_m: float | None
    district: str | None = None
    province: str | None = None

    @property
    def time_zone(self) -> str:
        """WIB, WITA or WIT, by which clock people live around it."""
        return moment.time_zone_of(self.longitude)


class Volcanoes:
    """Read once per content of the catalogue; store: with the rights of role ash."""

    def __init__(self, store: Store) -> None:
        self._store, self._lock = store, threading.Lock()
        self._key, self._listed = "", tuple[Volcano, ...]()

    def listed(self) -> tuple[Volcano, ...]:
        """All of them by name; none when no catalogue is installed."""
        try:
            files = analysis_data.manifest_of(self._store)["files"]
        except NotFound:
            return ()
        key = next((entry["path"] for entry in files if entry["role"] == "volcanoes"), "")
        with self._lock:
            if key != self._key:
                self._listed = _read(self._store, key) if key else ()
                self._key = key
            return self._listed

    def named(self, name: str) -> Volcano:
        """The volcano of that name, whatever the case of its letters; raises BadInput."""
        wanted = name.strip().casefold()
        for volcano in self.listed():
            if volcano.name.casefold() == wanted:
                return volcano
        raise BadInput("There is no volcano {name} in the catalogue; choose one of the list", name=name.strip()[:50])


def _read(store: Store, key: str) -> tuple[Volcano, ...]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "volcanoes.csv"
        path.write_bytes(store.get(keys.ANALYSIS_DATA, key)[0])
        table = places.read_volcanoes(path)
    columns = (table.name, table.longitude, table.latitude, table.elevation_m, table.district, table.province)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    found = (
        Volcano(name, x, y, None if np.isnan(height) else height, district or None, province or None)
        for name, x, y, height, district, province in rows
    )
    return tuple(sorted(found, key=lambda volcano: volcano.name))
