"""PetaBencana's answer and a raster of people: impact.json and its products as files."""

import argparse
from pathlib import Path

from siaga import errors
from siaga.cli.analyse import files
from siaga.settings import Settings

_NOTHING_EARLIER = {1: None, 6: None, 24: None}  # hours; a file knows of no other


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("flood", type=Path, metavar="FLOOD.json", help="the whole answer or a bare FeatureCollection")
    files.add_population_and_zones(parser)
    parser.add_argument("--structures", type=Path, metavar="FILE", help="buildings in any file that OGR opens")
    parser.add_argument("--roads", type=Path, metavar="FILE", help="lines in any file that OGR opens")
    parser.add_argument("--snapshot", metavar="ID", help="2017022105-6-rw; the hour of the newest state in the answer")
    files.add_report(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")


def run(settings: Settings, chosen: argparse.Namespace) -> int:
    """Write impact.json and its products into the folder, impact.json last."""
    # Imported here, as they take longer than all the other commands need.
    from siaga.analysis.flood import of_flood
    from siaga.keys import Snapshot
    from siaga.timing import Timing

    body = files.read(chosen.flood)
    snapshot = Snapshot.parse(chosen.snapshot) if chosen.snapshot else None
    if chosen.report:
        from siaga.gis import application

        application.start()
    try:
        # Raw: a building that the water touches anywhere is wet, not one whose middle is.
        exposure = files.exposure(chosen, settings.cache, raw=("structures", "roads"))
        found = of_flood(body, snapshot, exposure, Timing())
        made = list(found.products)
        if chosen.report and found.impact["reported"]:
            from siaga.report import assembly

            areas, basemap = files.body_of(made, "flood.geojson"), files.basemap(settings.cache)
            printed, record = assembly.of_flood(
                found.impact, areas, _NOTHING_EARLIER, exposure, basemap, settings.public_url
            )
            made += [*printed, record]
    except OSError as error:
        raise errors.of_file(error, chosen.out) from error
    files.write(chosen.out, made, found.to_bytes())
    files.tell(chosen.out, found.impact)
    if chosen.report and not found.impact["reported"]:
        print("note     No area has state 2 or more; such an hour is recorded, not reported")
    return 0
