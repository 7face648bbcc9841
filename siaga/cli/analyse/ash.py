"""A raster of ash thickness and a raster of people: impact.json and its products as files."""

import argparse
from pathlib import Path

from siaga import errors
from siaga.cli.analyse import files, overlays
from siaga.errors import SiagaError
from siaga.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument(
        "rasters", type=Path, nargs="+", metavar="FILE.tif", help="thickness in cm; several falls are added up"
    )
    parser.add_argument("--request", type=Path, metavar="FILE.json", help="what is known of the eruption")
    files.add_population_and_zones(parser)
    overlays.add_arguments(parser)
    parser.add_argument("--places", type=Path, metavar="FILE.csv", help="towns, as in the analysis data")
    parser.add_argument("--airports", type=Path, metavar="FILE.csv", help="airports, as in the analysis data")
    files.add_report(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")


def run(settings: Settings, chosen: argparse.Namespace) -> int:
    """Write impact.json and its products into the folder, impact.json last."""
    # Imported here, as they take longer than all the other commands need.
    from siaga.analysis.ash import of_ash
    from siaga.timing import Timing

    rasters = [files.read(path) for path in chosen.rasters]
    request = files.read(chosen.request) if chosen.request else None
    if chosen.report and request is None:
        raise SiagaError("A report tells of an eruption; name its --request FILE.json too")
    if request and (chosen.places or chosen.airports or chosen.report):  # distances from the volcano are QGIS's
        from siaga.gis import application

        application.start()
    exposure = files.exposure(chosen, settings.cache, raw=("airports",))
    try:
        found = of_ash(rasters, request, exposure, Timing())
        made = list(found.products)
        if chosen.report:
            from siaga.report import assembly

            classes, basemap = files.body_of(made, "classes.geojson"), files.basemap(settings.cache)
            printed, record = assembly.of_ash(found.impact, classes, exposure, basemap, settings.public_url)
            made += [*printed, record]
    except OSError as error:
        raise errors.of_file(error, chosen.out) from error
    files.write(chosen.out, made, found.to_bytes())
    files.tell(chosen.out, found.impact)
    return 0
