"""Names for what libraries without types hand out, so that a signature says which thing is meant all the same.

mypy takes each for anything: QGIS, GDAL and shapely say nothing of their types, numpy cannot
say which type of number a file will turn out to hold, nor sqlite3 what a statement asks for.
"""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]  # numbers of the type that a file has, texts, or shapes as shapely keeps them
Kind: TypeAlias = np.dtype[Any]  # that type
Geometry: TypeAlias = Any  # shapely: one shape, or an array of them where shapely takes either
FeatureLayer: TypeAlias = Any  # OGR or QGIS: the features of one kind
Feature: TypeAlias = Any  # OGR or QGIS: one of them
Source: TypeAlias = Any  # GDAL or OGR: an opened file
Band: TypeAlias = Any  # GDAL: one band of a raster
Reference: TypeAlias = Any  # OSR: a coordinate reference system, or what turns one into another
QgisObject: TypeAlias = Any  # whatever else QGIS has
SqlRow: TypeAlias = tuple[Any, ...]  # sqlite3: a row, each value of the type of its column
