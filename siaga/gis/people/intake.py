"""A raster of people of an operator, checked and brought to the form that analyses read."""

from pathlib import Path

from osgeo import gdal

from siaga.errors import BadInput, reason
from siaga.gis import sources
from siaga.gis.intake import Tell, nobody
from siaga.gis.people.population import PopulationGrid
from siaga.gis.people.uncounted import Odd

gdal.UseExceptions()


def convert(path: Path, target: Path, tell: Tell = nobody) -> float:
    """Write a raster of counts as a cloud-optimised GeoTIFF, its cells untouched; returns how many people.

    tell: what the operator should know. A number that marks missing data undeclared is declared in what is
    written. Raises BadInput when it is not one band of counts, north up.
    """
    source = sources.raster(path)
    grid = PopulationGrid.open(path)  # raises where it is no grid that people can be counted on
    if source.RasterCount != 1 and source.GetRasterBand(2).GetColorInterpretation() != gdal.GCI_AlphaBand:
        raise BadInput(
            "{file} has {count} bands; give a raster of one band, persons per cell",
            file=path.name,
            count=source.RasterCount,
        )
    total, negative, odd = _counted(grid)
    if total <= 0 and odd.crowded:
        raise BadInput(
            "{file} holds {value} in a cell, which is more people than can be there; a raster of persons per cell is "
            "needed, with its no-data value set",
            file=path.name,
            value=f"{odd.highest:.6g}",
        )
    if total <= 0:
        raise BadInput(
            "{file} counts {total:.4g} people; a raster of persons per cell is needed, with its no-data value set",
            file=path.name,
            total=total,
        )
    if len(odd.marks) == 1 and source.GetRasterBand(1).GetNoDataValue() is None:
        source = gdal.Translate("", source, format="VRT", noData=next(iter(odd.marks)))
    options = ["COMPRESS=ZSTD", "LEVEL=9", "PREDICTOR=YES", "BLOCKSIZE=256", "OVERVIEWS=NONE", "BIGTIFF=IF_SAFER"]
    gdal.GetDriverByName("COG").CreateCopy(str(target), source, options=options)
    warnings = [*grid.warnings, *odd.warnings(path)]
    if negative:
        said = reason("{file}: {cells} cells have a negative count; taken as unknown", file=path.name, cells=negative)
        warnings.append(said)
    for one in warnings:
        tell(one["text"])
    return total


def _counted(grid: PopulationGrid) -> tuple[float, int, Odd]:
    """People on all of the grid, how many cells have a count below 0, and what is no count there."""
    total, negative, odd = 0.0, 0, Odd()
    for strip in grid.strips(grid.whole):
        total += float(strip.people.sum())
        negative += strip.negative
        odd.add(strip.odd)
    return total, negative, odd
