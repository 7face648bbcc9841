"""The official list of islands: which regency each lies in."""

import csv
import io
import re
from dataclasses import dataclass

import numpy as np
import shapely

from siaga.data.demo.packages import NAMES, Packages
from siaga.data.demo.provinces import POLYGON_OF
from siaga.foreign import Array

OFFSHORE = 0.03  # degrees; an island nearer to an outline than this goes with that outline
_COORDINATE = re.compile(r"(\d{1,3})°(\d{1,2})'([\d.]{1,12})\" ([NSEW])")


@dataclass(frozen=True, slots=True)
class Islands:
    """points: n x 2, degrees. regencies: n codes. polygons: n names of the province polygons they belong to."""

    points: Array
    regencies: tuple[str, ...]
    polygons: tuple[str, ...]


def read(packages: Packages, outlines: Array) -> Islands:
    """The islands of idn-area-data that have a regency and lie off every one of the outlines."""
    rows = csv.DictReader(io.StringIO(packages.read(NAMES, "package/data/islands.csv").decode()))
    coded = [(row["regency_code"], _degrees(row["coordinate"])) for row in rows if row["regency_code"]]
    points = np.array([point for _, point in coded])
    tree = shapely.STRtree(outlines)
    near = np.unique(tree.query(shapely.points(points), predicate="dwithin", distance=OFFSHORE)[0])
    off = np.setdiff1d(np.arange(len(points)), near)
    regencies = tuple(coded[number][0] for number in off)
    return Islands(points[off], regencies, tuple(POLYGON_OF[code[:2]] for code in regencies))


def _degrees(text: str) -> tuple[float, float]:
    """03°19'03.44" N 097°07'41.73" E -> longitude, latitude."""
    latitude, longitude = (
        (int(degrees) + int(minutes) / 60 + float(seconds) / 3600) * (-1 if side in "SW" else 1)
        for degrees, minutes, seconds, side in _COORDINATE.findall(text)
    )
    return longitude, latitude
