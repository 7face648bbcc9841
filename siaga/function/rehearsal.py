"""What a function does before its first input, so that this one finds it warm: the same with an invented one.

Nothing is put into any bucket and nothing is logged but one line. What stays is in memory, and on disk what is fetched
or prepared once: analysis data and shares. The slot calls `warm` while nobody calls it (template/python3-qgis/slot.py)
and asks again and again; it is done anew once other analysis data are installed.
"""

import logging
from collections.abc import Callable, Sequence

import numpy as np

from siaga.data import analysis_data
from siaga.data.analysis_data import AnalysisData
from siaga.errors import SiagaError
from siaga.exposure import places
from siaga.function.frame import Context, open_context
from siaga.inputs import invented_quake
from siaga.timing import Timing

_log = logging.getLogger("siaga.function")
_SOMEWHERE = (110.37, -7.8)  # degrees, EPSG:4326: Yogyakarta, where no towns are installed


class _Wanted(Exception):
    """A call waits, which comes first."""


class _Stoppable(Timing):
    """A stopwatch that ends the rehearsal between two of its steps once a call waits."""

    def __init__(self, wanted: Callable[[], bool]) -> None:
        super().__init__()
        self._wanted = wanted

    def step(self, name: str) -> None:
        super().step(name)
        if self._wanted():
            raise _Wanted


class Rehearsal:
    """A function's `warm`, which is handed `wanted`: whether a call waits."""

    def __init__(self, roles: Sequence[str], work: Callable[[Context, AnalysisData, Timing], object]) -> None:
        """roles: of the analysis data, those that the function opens.

        work: the function's own; what it returns is let go. At each step of the Timing it may end, when a call waits:
        that one goes on with what is warm by then.
        """
        self._roles, self._work = roles, work
        self._manifest = ""  # of the data that it was done with

    def __call__(self, wanted: Callable[[], bool]) -> None:
        """Do it, unless it was done with the data that are installed now."""
        try:
            context = open_context()
            exposure = analysis_data.open(context.store, context.settings.cache, self._roles)
        except SiagaError:  # nothing is installed yet, or the store is away: next time
            return
        if exposure.manifest_sha256 == self._manifest:
            return
        timing = _Stoppable(wanted)
        try:
            timing.step("exposure")
            self._work(context, exposure, timing)
        except _Wanted:
            return
        self._manifest = exposure.manifest_sha256
        _log.info("warm after %.1f s: %s", sum(timing.seconds.values()), ", ".join(timing.seconds))


def shakemap(exposure: AnalysisData) -> bytes:
    """An invented ShakeMap of a quake under the largest town that is installed."""
    path = exposure.path("places")
    towns = places.read(path) if path else None
    if towns is None or not len(towns):
        return invented_quake.shakemap(*_SOMEWHERE)
    largest = int(np.argmax(np.nan_to_num(towns.population)))
    return invented_quake.shakemap(float(towns.longitude[largest]), float(towns.latitude[largest]))
