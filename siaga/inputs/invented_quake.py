"""An invented ShakeMap, small and plausible: to get warm with, and as a canary."""

import math

_DEPTH_KM, _SPACING, _COUNT = 11.0, 0.05, 41  # degrees between nodes, nodes on a side
_KM_PER_DEGREE = 111.2


def shakemap(longitude: float, latitude: float, magnitude: float = 6.4, strongest: float = 8.3) -> bytes:
    """The grid.xml of a quake under that place: MMI falls off from its strongest with the distance from it."""
    reach = _SPACING * (_COUNT - 1) / 2
    steps = [-reach + _SPACING * number for number in range(_COUNT)]
    rows = "\n".join(
        f"{longitude + east:.6f} {latitude - south:.6f} {_mmi(east, south, latitude, strongest):.2f}"
        for south in steps
        for east in steps
    )
    names = ("LON", "LAT", "MMI")
    described = "".join(f'<grid_field index="{place}" name="{name}" />' for place, name in enumerate(names, 1))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<shakemap_grid event_id="20260101000000" shakemap_id="20260101000000" shakemap_version="1" \
process_timestamp="2025-12-31T17:10:00Z" shakemap_originator="BMKG" map_status="RELEASED" shakemap_event_type="ACTUAL">
<event magnitude="{magnitude:.1f}" depth="{_DEPTH_KM}" lat="{latitude:.6f}" lon="{longitude:.6f}" \
event_timestamp="2026-01-01T00:00:00WIB" event_network="" event_description="CONTOH" />
<grid_specification lon_min="{longitude - reach:.6f}" lat_min="{latitude - reach:.6f}" \
lon_max="{longitude + reach:.6f}" lat_max="{latitude + reach:.6f}" nominal_lon_spacing="{_SPACING}" \
nominal_lat_spacing="{_SPACING}" nlon="{_COUNT}" nlat="{_COUNT}" />
{described}
<grid_data>
{rows}
</grid_data>
</shakemap_grid>
""".encode()


def _mmi(east: float, south: float, latitude: float, strongest: float) -> float:
    """At so many degrees from the epicentre; 1 is not felt."""
    km = math.hypot(east * math.cos(math.radians(latitude)), south) * _KM_PER_DEGREE
    return max(strongest - 3.2 * math.log10(math.hypot(km, _DEPTH_KM) / _DEPTH_KM), 1.0)
