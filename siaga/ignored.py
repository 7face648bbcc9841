"""What lies in a bucket of inputs and wakes nothing: by design, or under a name that its sender should change."""

from siaga import keys


def lacking(bucket: str, key: str) -> str:
    """What a key in an input bucket should end in to wake a function; "" where it does, or lies there by design.

    >>> lacking("shakemaps", "20180220163351/grid.xml.bak"), lacking("shakemaps", "20180220163351/output/GRID.XML")
    ('grid.xml', '')
    >>> lacking("ashmaps", "candidates/0a.tif"), lacking("floodmaps", "flood_data.json")
    ('', '2…/flood_data.json')
    """
    if keys.woken(bucket, key) or key.endswith("/"):
        return ""
    if bucket == keys.FLOODMAPS:
        return "" if key.startswith((keys.HOURS, keys.SUSPECT, keys.OUTAGES)) else f"2…/{keys.FLOOD_DATA}"
    if bucket == keys.ASHMAPS:
        known = key.startswith(keys.CANDIDATES) or key.endswith(f"/{keys.ASH_RASTER}")
        return "" if known else f"/{keys.ASH_REQUEST}"
    return "" if keys.is_notice(key) else keys.GRID
