"""The population grid: any raster of counts that GDAL reads from one file, in strips, never resampled."""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from osgeo import gdal

from siaga.errors import BadInput, Reason, reason
from siaga.foreign import Array, Band, Kind
from siaga.gis import crs, sources
from siaga.gis.people import uncounted
from siaga.gis.people.uncounted import Odd, either
from siaga.hazard.shakemap import Nodes

gdal.UseExceptions()
gdal.SetCacheMax(64 << 20)  # blocks are read once, row by row; GDAL's own 5 % of the memory would only fill up

_ROWS_READ = 512  # at a time, or as many as one block has
_CELLS_AT_ONCE = 1 << 19  # small enough to stay in the processor's cache
_CELLS_SURVEYED = 1 << 20  # all of them up to here; of a larger raster a part as large
_PLACES_SURVEYED = 64
_KM_PER_DEGREE = 111.32  # along the equator
_SKEW = 0.01  # of a cell: what moves none farther than this from end to end is no rotation
_marks_of: dict[tuple[str, int, int], tuple[float, ...]] = {}  # by path, time in ns and size
_NOISE = 1e-6  # persons: what lies below nobody by less is nobody


@dataclass(frozen=True, slots=True)
class Window:
    """Rows and columns of a grid."""

    rows: slice
    columns: slice

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, columns."""
        return self.rows.stop - self.rows.start, self.columns.stop - self.columns.start


@dataclass(frozen=True, slots=True)
class Strip:
    """Some rows of a window, as the data have them.

    people: (rows, columns) persons, float64, 0 where nothing is known. unknown: True there; None where
    all is known. negative: cells with a count below 0, odd: those with a number that is no count; both are
    unknown.
    """

    window: Window
    people: NDArray[np.float64]
    unknown: NDArray[np.bool_] | None
    negative: int
    odd: Odd


@dataclass(frozen=True, slots=True)
class PopulationGrid:
    """Persons per cell, band 1, in any CRS, not rotated. Never resampled: the hazard comes to this grid.

    west, north: outer corner; width, height: of one cell, positive; all in units of the CRS. Row 0 is
    the northernmost even where the file begins in the south. nodata: NaN if none. crs: as WKT.
    degrees: whether coordinates are longitude and latitude of WGS 84 (or within metres of it). unit: metres
    of a unit of the CRS, 0 where it is an angle. marks: numbers that stand for missing data undeclared.
    skipped_rows, skipped_columns: where a part begins within the whole file, `file_rows` high and packed
    in blocks `block_rows` high.
    """

    path: Path
    west: float
    north: float
    width: float
    height: float
    columns: int
    rows: int
    nodata: float
    crs: str
    degrees: bool
    south_up: bool
    unit: float
    file_rows: int
    block_rows: int
    skipped_rows: int = 0
    skipped_columns: int = 0
    warnings: tuple[Reason, ...] = ()
    marks: tuple[float, ...] = ()

    @classmethod
    def open(cls, path: Path) -> "PopulationGrid":
        """Read where the grid lies. Raises BadInput with a sentence when it is no such raster."""
        source = sources.raster(path)
        if not source.RasterCount:
            raise BadInput("{file} holds several rasters; give one of persons per cell by itself", file=path.name)
        transform = source.GetGeoTransform(can_return_null=True)
        if transform is None:
            raise BadInput("{file}: the population grid does not say where it lies", file=path.name)
        west, width, skew_x, north, skew_y, height = transform
        skewed = abs(skew_x) * source.RasterYSize > _SKEW * abs(width)
        skewed |= abs(skew_y) * source.RasterXSize > _SKEW * abs(height)
        if skewed or width <= 0 or height == 0:
            raise BadInput("{file}: the population grid is rotated; its rows must run west to east", file=path.name)
        band = source.GetRasterBand(1)
        if gdal.DataTypeIsComplex(band.DataType):
            raise BadInput("{file}: the population grid holds complex numbers, not counts", file=path.name)
        rows, columns = source.RasterYSize, source.RasterXSize
        if height > 0:  # the first row is the southernmost
            north += rows * height
        reference, warnings = source.GetSpatialRef(), []
        if reference is None:
            east, south = west + columns * width, north - rows * abs(height)
            if west < -180.5 or east > 360.5 or south < -90.5 or north > 90.5:
                raise BadInput(
                    "{file} names no coordinate system; give it one, as gdal_edit.py -a_srs and ogr2ogr -a_srs do",
                    file=path.name,
                )
            reference = crs.wgs84()
            said = reason("{file} names no coordinate system; it is taken for longitude and latitude", file=path.name)
            warnings.append(said)
        seen = [source.GetRasterBand(number + 1).GetColorInterpretation() for number in range(source.RasterCount)]
        if sum(one != gdal.GCI_AlphaBand for one in seen) > 1:
            said = reason("{file}: the first of its {count} bands is taken", file=path.name, count=len(seen))
            warnings.append(said)
        missing = band.GetNoDataValue()
        grid = cls(
            path=path,
            west=west,
            north=north,
            width=width,
            height=abs(height),
            columns=columns,
            rows=rows,
            nodata=math.nan if missing is None else missing,
            crs=reference.ExportToWkt(),
            degrees=crs.in_degrees(reference),
            south_up=height > 0,
            unit=0.0 if reference.IsGeographic() else reference.GetLinearUnits(),
            file_rows=rows,
            block_rows=band.GetBlockSize()[1],
            warnings=tuple(warnings),
        )
        scale, offset = _scaling(band)
        if not (math.isfinite(scale) and scale > 0 and math.isfinite(offset)):
            raise BadInput("{file}: the population grid has a scale that is none", file=path.name)
        return replace(grid, marks=grid._marks(scale, offset))

    def window(self, west: float, south: float, east: float, north: float) -> Window | None:
        """The cells that a rectangle in units of the CRS touches; None where it lies off the grid."""
        left = max(0, math.floor((west - self.west) / self.width))
        right = min(self.columns, math.ceil((east - self.west) / self.width))
        top = max(0, math.floor((self.north - north) / self.height))
        bottom = min(self.rows, math.ceil((self.north - south) / self.height))
        return Window(slice(top, bottom), slice(left, right)) if top < bottom and left < right else None

    def windows(self, nodes: Nodes) -> list[Window]:
        """The cells that a map touches, in one window, or two where the map crosses the grid's edge at 180°."""
        west, south, east, north = nodes.edges
        if not self.degrees:
            window = self.window(*self._projected(west, south, east, north))
            return [window] if window else []
        found: list[Window] = []
        for turn in (-360.0, 0.0, 360.0):
            window = self.window(west + turn, south, east + turn, north)
            if window and found:  # no cell twice, even if the map goes round the world
                begin = max(window.columns.start, found[-1].columns.stop)
                window = Window(window.rows, slice(begin, window.columns.stop)) if begin < window.columns.stop else None
            if window:
                found.append(window)
        return found

    def beyond(self, nodes: Nodes) -> float | None:
        """The share of a map's nodes, 0 to 1, that lie off this grid; None where its CRS does not reach them."""
        longitude, latitude = np.meshgrid(nodes.longitudes, nodes.latitudes)
        if self.degrees:
            x = longitude - 360 * np.floor((longitude - self.west) / 360 + 1e-9)
            y = latitude
        else:
            try:
                x, y = crs.from_lonlat(longitude, latitude, self.crs)
            except RuntimeError:
                return None
        x, y = (x - self.west) / self.width, (self.north - y) / self.height
        slack = 1e-6  # an outer node may stand upon the grid's edge
        on = (x >= -slack) & (x <= self.columns + slack) & (y >= -slack) & (y <= self.rows + slack)
        return float(1 - on.mean())

    def cropped(self, window: Window) -> "PopulationGrid":
        """The same grid, but for what lies outside the window."""
        return replace(
            self,
            west=self.west + window.columns.start * self.width,
            north=self.north - window.rows.start * self.height,
            columns=window.shape[1],
            rows=window.shape[0],
            skipped_rows=self.skipped_rows + window.rows.start,
            skipped_columns=self.skipped_columns + window.columns.start,
        )

    @property
    def whole(self) -> Window:
        """All cells."""
        return Window(slice(0, self.rows), slice(0, self.columns))

    @property
    def across(self) -> tuple[float, float] | None:
        """West and east edge in degrees; None where the CRS is not one of longitude and latitude."""
        return (self.west, self.west + self.columns * self.width) if self.degrees else None

    def x(self, window: Window) -> NDArray[np.float64]:
        """Of the cells' centres, one per column, in units of the CRS."""
        return self.west + (np.arange(window.columns.start, window.columns.stop) + 0.5) * self.width

    def y(self, window: Window) -> NDArray[np.float64]:
        """Of the cells' centres, one per row, north first, in units of the CRS."""
        return self.north - (np.arange(window.rows.start, window.rows.stop) + 0.5) * self.height

    def lonlat(self, window: Window) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Longitude and latitude of every cell's centre, (rows, columns) each, degrees, WGS 84."""
        x, y = np.meshgrid(self.x(window), self.y(window))
        return (x, y) if self.degrees else crs.to_lonlat(x, y, self.crs)

    def area(self, window: Window) -> NDArray[np.float64]:
        """Of a cell in each row of the window, km²; of other angles than degrees as if they were some."""
        if self.unit:
            return np.full(window.shape[0], self.width * self.height * self.unit**2 / 1e6)
        narrowed = np.cos(np.radians(np.clip(self.y(window), -89.9, 89.9)))
        area: NDArray[np.float64] = self.width * self.height * _KM_PER_DEGREE**2 * narrowed
        return area

    def lonlat_of(
        self, window: Window, row: NDArray[np.int64], column: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Longitude and latitude of the centres of some of a window's cells, degrees, WGS 84."""
        x, y = self.x(window)[column], self.y(window)[row]
        return (x, y) if self.degrees else crs.to_lonlat(x, y, self.crs)

    def strips(self, window: Window, cells: int = _CELLS_AT_ONCE) -> Iterator[Strip]:
        """The window from north to south, about `cells` cells at a time.

        The next rows are unpacked in a second thread while the caller works on these. Raises BadInput where
        they add up to more people than there are.
        """
        source = sources.raster(self.path)  # kept, or its band would hang in the air
        band = source.GetRasterBand(1)
        few, total = max(1, cells // window.shape[1]), 0.0
        with ThreadPoolExecutor(1) as reader:
            reads = [(rows, Window(rows, window.columns)) for rows in self._reads(window.rows)]
            coming = reader.submit(self._raw, reads[0][1])
            for number, (rows, _) in enumerate(reads):
                raw, hidden = coming.result()
                if number + 1 < len(reads):
                    coming = reader.submit(self._raw, reads[number + 1][1])
                for top in range(rows.start, rows.stop, few):
                    inside = slice(top - rows.start, min(rows.stop, top + few) - rows.start)
                    part = Window(slice(top, rows.start + inside.stop), window.columns)
                    strip = self._strip(band, part, raw[inside], None if hidden is None else hidden[inside])
                    total += float(strip.people.sum())
                    if total > uncounted.MOST_PEOPLE:
                        raise BadInput(
                            "{file} counts more people than live on Earth; give a raster of persons per cell that "
                            "declares its no-data value",
                            file=self.path.name,
                        )
                    yield strip

    def _reads(self, rows: slice) -> list[slice]:
        """Rows to read at once: whole rows of the file's blocks, so that none is unpacked twice."""
        block = min(self.block_rows, 4 * _ROWS_READ)
        most = max(1, _ROWS_READ // block) * block
        found, begin = [], rows.start
        while begin < rows.stop:
            stop = min(rows.stop, begin + most - (begin + self.skipped_rows) % most)
            found.append(slice(begin, stop))
            begin = stop
        return found

    def _raw(self, window: Window) -> tuple[Array, Array | None]:
        """Values as stored, and True where a mask hides them (None without a mask), north first."""
        source = sources.raster(self.path)  # a data set of GDAL's belongs to one thread
        band = source.GetRasterBand(1)
        rows, columns = window.shape
        first = window.rows.start + self.skipped_rows
        if self.south_up:
            first = self.file_rows - first - rows
        where = (window.columns.start + self.skipped_columns, first, columns, rows)
        masked = band.GetMaskFlags() & gdal.GMF_PER_DATASET
        try:
            raw = band.ReadAsArray(*where)
            hidden = band.GetMaskBand().ReadAsArray(*where) == 0 if masked else None
        except RuntimeError as error:
            raise BadInput("{file} is cut off or damaged: {detail}", file=self.path.name, detail=str(error)) from error
        if self.south_up:
            raw, hidden = raw[::-1], None if hidden is None else hidden[::-1]
        return raw, hidden

    def _strip(self, band: Band, window: Window, raw: Array, hidden: Array | None) -> Strip:
        people = raw.astype(np.float64)
        unknown = either(hidden, self._missing(raw))
        scale, offset = _scaling(band)
        if (scale, offset) != (1.0, 0.0):
            people = people * scale + offset
        with np.errstate(over="ignore"):
            finite = raw.dtype.kind != "f" or np.isfinite(people.sum())
        if not finite:
            unknown = either(unknown, ~np.isfinite(people))
        if unknown is not None:
            np.copyto(people, 0.0, where=unknown)
        negative = 0
        if people.min() < 0:
            below = people < -_NOISE
            negative = int(np.count_nonzero(below))
            np.maximum(people, 0.0, out=people)
            unknown = either(unknown, below)
        odd, strange = uncounted.odd(people, raw, self.marks, uncounted.most(self.area(window)), scale, offset)
        if strange is not None:
            np.copyto(people, 0.0, where=strange)
            unknown = either(unknown, strange)
        return Strip(window, people, unknown, negative, odd)

    def _missing(self, raw: Array) -> NDArray[np.bool_] | None:
        """True where values as stored are the declared one for missing; None where it cannot occur."""
        if math.isnan(self.nodata) or not _fits(self.nodata, raw.dtype):
            return None
        # Compared in the band's own type: a nodata of -3.4e38 is another number in float64.
        missing: NDArray[np.bool_] = raw == raw.dtype.type(self.nodata)
        return missing

    def _marks(self, scale: float, offset: float) -> tuple[float, ...]:
        """Numbers that stand for missing data undeclared; looked for once while the file stays as it is."""
        stat = self.path.stat()
        seen = (str(self.path), stat.st_mtime_ns, stat.st_size)
        if seen not in _marks_of:
            area = float(np.median(self.area(self.whole)))
            _marks_of[seen] = uncounted.marks(self._surveyed(), scale, offset, area)
        return _marks_of[seen]

    def _surveyed(self) -> Array:
        """Values as stored, but for missing ones: all of them, or of a large raster some from all over it."""
        if self.rows * self.columns <= _CELLS_SURVEYED:
            windows = [self.whole]
        else:
            places = _PLACES_SURVEYED if self.block_rows <= 4 * _ROWS_READ else 2
            high = min(self.rows, max(self.block_rows, 16), _ROWS_READ)
            wide = min(self.columns, max(1, _CELLS_SURVEYED // _PLACES_SURVEYED // high))
            along = np.arange(places) / max(1, places - 1)
            # Whole blocks as far as may be, one from each row of them and never below each other.
            tops = ((along * (self.rows - high)).astype(int) // high * high).tolist()
            lefts = (((along * 0.618 * places) % 1 * (self.columns - wide)).astype(int) // wide * wide).tolist()
            windows = [
                Window(slice(top, top + high), slice(left, left + wide)) for top, left in zip(tops, lefts, strict=True)
            ]
        found = []
        for window in windows:
            raw, hidden = self._raw(window)
            unknown = either(hidden, self._missing(raw))
            found.append(raw.ravel() if unknown is None else raw[~unknown])
        return np.concatenate(found)

    def _projected(self, west: float, south: float, east: float, north: float) -> tuple[float, float, float, float]:
        """The rectangle's bounds in this CRS; the whole grid where the CRS does not reach that far."""
        along = np.linspace(0, 1, 201)
        longitude = np.concatenate((west + along * (east - west),) * 2 + (np.full(201, west), np.full(201, east)))
        latitude = np.concatenate((np.full(201, south), np.full(201, north)) + (south + along * (north - south),) * 2)
        try:
            x, y = crs.from_lonlat(longitude, latitude, self.crs)
        except RuntimeError:
            south = self.north - self.rows * self.height
            return self.west, south, self.west + self.columns * self.width, self.north
        # The bulge of an edge between two of its 201 points stays well below one per cent of the whole.
        slack_x, slack_y = (x.max() - x.min()) / 100, (y.max() - y.min()) / 100
        return x.min() - slack_x, y.min() - slack_y, x.max() + slack_x, y.max() + slack_y


def _scaling(band: Band) -> tuple[float, float]:
    """What makes persons of values as stored: factor and summand."""
    scale, offset = band.GetScale(), band.GetOffset()
    return 1.0 if scale is None else scale, 0.0 if offset is None else offset


def _fits(value: float, dtype: Kind) -> bool:
    if dtype.kind == "f":
        return True
    limits = np.iinfo(dtype)
    return bool(limits.min <= value <= limits.max and value == int(value))
