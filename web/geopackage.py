"""Tables of a GeoPackage, read from its bytes alone: shapes and values, without GDAL."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import shapely

_COLUMN = "geom"  # as GDAL names it, which writes all of ours
_ENVELOPES = (0, 32, 48, 48, 64)  # bytes of an envelope in a geometry's head by its kind; OGC 12-128r17, 2.1.3


def rows(package: bytes, table: str) -> Iterator[tuple[shapely.Geometry | None, dict[str, Any]]]:
    """Each row's shape, None where it has none, and its other columns by their names, without the row's number."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(package)
        cursor = connection.execute(f'select * from "{table}"')
        names = [one[0] for one in cursor.description]
        for row in cursor:
            values = dict(zip(names, row, strict=True))
            blob = values.pop(_COLUMN)
            values.pop("fid", None)
            yield (_shape(blob) if blob else None), values


def _shape(blob: bytes) -> shapely.Geometry | None:
    """A geometry behind its head of eight bytes and its envelope; None for an empty one."""
    shape = shapely.from_wkb(blob[8 + _ENVELOPES[blob[3] >> 1 & 7] :])
    return None if shape.is_empty else shape
