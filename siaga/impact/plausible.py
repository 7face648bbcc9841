"""Whether a ShakeMap can be right: what is odd in it is said beside the figures, and changes none of them.

The highest intensity that a quake may reach: Atkinson and Wald (2007, Seismological Research Letters 78, 362-368),
the higher of their equations for California and for central and eastern North America right above the focus, and
two and a half more: of 556 maps of Indonesian quakes since 1973 (USGS's EXPO-CAT) none reaches a class above it. The
strongest quake measured had magnitude 9.5 (Chile 1960), the deepest lay 735 km down.
"""

from math import hypot, log10

import numpy as np

from siaga.errors import BadInput, Reason
from siaga.hazard.shakemap import ShakeMap
from siaga.moment import stamp

_MARGIN = 2.5  # MMI; six standard deviations of the equations
_CALIFORNIA = (12.27, 2.270, 0.1304, -1.30, -0.0007070, 1.95, -0.577, 14.0, 30.0)
_EAST = (11.72, 2.36, 0.1155, -0.44, -0.002044, 2.31, -0.479, 17.0, 80.0)
_MAGNITUDES = (2.5, 9.6)  # weaker ones are not mapped, and stronger ones have never been
_DEPTHS_KM = (0.0, 750.0)
_TOP = 10.5  # where ShakeMap's scale ends
_FELT = 1.5  # a map of nothing but class I may well be flat


def doubts(shakemap: ShakeMap) -> list[Reason]:
    """Stored reasons to doubt the map; none for one that may be right."""
    said = []
    if not _on_map(shakemap):
        said.append(BadInput("The epicentre lies outside the map; the strongest shaking may not be on it"))
    if shakemap.max_mmi > _FELT and shakemap.max_mmi == float(np.nanmin(shakemap.mmi)):
        said.append(BadInput("The map has MMI {mmi} at every node, as no quake shakes", mmi=round(shakemap.max_mmi, 2)))
    nought = int(np.count_nonzero(shakemap.mmi == 0))
    if nought:  # the scale begins at I; programs that mask write 0 where they know nothing
        said.append(
            BadInput(
                "MMI is 0 at {count} nodes, which no scale of shaking has; people there are counted in class I",
                count=nought,
            )
        )
    highest = max_mmi(shakemap.magnitude, shakemap.depth_km)
    if shakemap.max_mmi > highest:
        said.append(
            BadInput(
                "The map reaches MMI {mmi}; a quake of magnitude {magnitude} at a depth of {depth} km is not known to "
                "shake harder than {highest}",
                mmi=round(shakemap.max_mmi, 1),
                magnitude=round(shakemap.magnitude, 1),
                depth=round(shakemap.depth_km),
                highest=round(highest, 1),
            )
        )
    if shakemap.max_mmi > _TOP:
        said.append(
            BadInput(
                "The map reaches MMI {mmi}; the scale of ShakeMap ends at {top}",
                mmi=round(shakemap.max_mmi, 1),
                top=round(_TOP),
            )
        )
    made = shakemap.process_time
    if made and made < shakemap.time:
        said.append(
            BadInput(
                "The map says that it was made at {made}, before the quake at {time}; one of the two times is wrong",
                made=stamp(made),
                time=stamp(shakemap.time),
            )
        )
    if not _MAGNITUDES[0] <= shakemap.magnitude <= _MAGNITUDES[1]:
        said.append(BadInput("The magnitude of {magnitude} is odd; it may be wrong", magnitude=shakemap.magnitude))
    if not _DEPTHS_KM[0] <= shakemap.depth_km <= _DEPTHS_KM[1]:
        said.append(BadInput("The depth of {depth} km is odd; it may be wrong", depth=shakemap.depth_km))
    return [one.reason() for one in said]


def max_mmi(magnitude: float, depth_km: float) -> float:
    """The highest MMI that a quake may reach, generously; depth_km: of its focus.

    >>> [round(max_mmi(*quake), 1) for quake in ((4.0, 10), (6.5, 10), (6.5, 600), (8.3, 600))]
    [6.9, 10.8, 6.4, 8.8]
    """
    return max(_expected(magnitude, depth_km, equation) for equation in (_CALIFORNIA, _EAST)) + _MARGIN


def _expected(magnitude: float, depth_km: float, equation: tuple[float, ...]) -> float:
    c1, c2, c3, c4, c5, c6, c7, h, far = equation
    km = hypot(max(depth_km, 0.0), h)
    bend = max(0.0, log10(km / far))
    above = magnitude - 6
    return c1 + c2 * above + c3 * above**2 + c4 * log10(km) + c5 * km + c6 * bend + c7 * magnitude * log10(km)


def _on_map(shakemap: ShakeMap) -> bool:
    west, south, east, north = shakemap.nodes.edges
    return (shakemap.longitude - west) % 360 <= east - west and south <= shakemap.latitude <= north
