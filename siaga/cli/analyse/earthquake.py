"""An earthquake's grid.xml and a raster of people: impact.json and its products as files."""

import argparse
from pathlib import Path

from siaga import errors
from siaga.cli.analyse import files, overlays
from siaga.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("grid", type=Path, metavar="GRID.xml")
    files.add_population_and_zones(parser)
    parser.add_argument("--places", type=Path, metavar="FILE.csv", help="towns, as in the analysis data")
    overlays.add_arguments(parser)
    parser.add_argument("--corrected", action="store_true", help="the map is a corrected one, not an initial one")
    files.add_report(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")


def run(settings: Settings, chosen: argparse.Namespace) -> int:
    """Write impact.json and its products into the folder, impact.json last."""
    # Imported here, as they take longer than all the other commands need.
    from siaga.analysis.earthquake import of_earthquake
    from siaga.timing import Timing

    body = files.read(chosen.grid)
    exposure = files.exposure(chosen, settings.cache)
    if chosen.places or chosen.report:
        from siaga.gis import application

        application.start()
    source = "corrected" if chosen.corrected else "initial"
    try:
        found = of_earthquake(body, source, exposure, settings.cache, Timing())
        made = list(found.products)
        if chosen.report:
            from siaga.report import assembly

            bands = files.body_of(made, "bands.geojson")
            basemap = files.basemap(settings.cache)
            printed, record = assembly.of_earthquake(found.impact, bands, body, exposure, basemap, settings.public_url)
            made += [*printed, record]
    except OSError as error:
        raise errors.of_file(error, chosen.out) from error
    files.write(chosen.out, made, found.to_bytes())
    files.tell(chosen.out, found.impact)
    return 0
