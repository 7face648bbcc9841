"""Files instead of a store: what an analysis reads from them, and how it leaves its products."""

import argparse
import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from siaga import errors, filehash, keys
from siaga.cli.analyse import overlays
from siaga.data.analysis_data import AnalysisData
from siaga.errors import BadInput
from siaga.exposure.vocabulary import OVERLAYS
from siaga.exposure.zones import ZoneFields
from siaga.foreign import Geometry
from siaga.impact.stored import Impact
from siaga.impact.stored.head import SourceFile
from siaga.product import Product


def add_population_and_zones(parser: argparse.ArgumentParser) -> None:
    """Options that every hazard's command has."""
    parser.add_argument("--population", type=Path, required=True, metavar="RASTER", help="people per cell")
    parser.add_argument("--population-year", type=int, metavar="YEAR", help="of what the raster describes")
    parser.add_argument("--zones", type=Path, metavar="FILE", help="polygons in any file that OGR opens")
    parser.add_argument("--zone-code", metavar="FIELD", help="that tells zones apart; code")
    parser.add_argument("--zone-name", metavar="FIELD", help="to be printed; name, or else the code")


def read(path: Path) -> bytes:
    """A file's bytes. Raises BadInput with a sentence when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput("{file}: {detail}", file=str(path), detail=error.strerror or str(error)) from error


def exposure(chosen: argparse.Namespace, cache: Path, raw: Sequence[str] = ()) -> AnalysisData:
    """The named files as analysis data; their hashes take the place of a manifest.

    raw: roles whose files are read as they are, not as `siaga data import` would install them.
    Names of folders are left out of what is recorded, so that the same bytes give the same record.
    """
    if chosen.zones is None and (chosen.zone_code or chosen.zone_name):
        raise BadInput("--zone-code and --zone-name say nothing without --zones")
    as_they_are = ("population", "zones", "places", *raw)
    paths = {role: path for role in as_they_are if (path := getattr(chosen, role, None))}
    laid_over = overlays.ready(chosen, cache)
    named = paths | {role: getattr(chosen, role) for role in laid_over}
    if chosen.report and (drawn_on := basemap(cache)):
        named["basemap"] = drawn_on  # drawn, not counted with: of the run all the same
    years = {"population": chosen.population_year}
    entries = tuple(_entry(role, path, years.get(role), cache) for role, path in named.items())
    fields = ZoneFields(chosen.zone_code or "code", _name_field(chosen), None, None)
    datasets = [filehash.of_dataset(path, cache) for path in named.values()]
    made_of = json.dumps([entries, datasets, [fields.code, fields.name], _types(chosen)], sort_keys=True)
    return AnalysisData(
        manifest_sha256=sha256(made_of.encode()).hexdigest(),
        title="Files",
        files=entries,
        _paths=paths | laid_over,
        zone_fields=fields,
        installed=False,
    )


def write(folder: Path, products: Sequence[Product], impact: bytes) -> None:
    """Write the products, and impact.json last: while it is missing the folder is not done."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in (keys.IMPACT, keys.REPORT):
            (folder / old).unlink(missing_ok=True)
        for product in products:
            (folder / product.path).write_bytes(product.body)
        (folder / keys.IMPACT).write_bytes(impact)
    except OSError as error:
        raise errors.of_file(error, folder) from error


def tell(folder: Path, impact: Impact) -> None:
    """Say what a reader should know, and where the files are."""
    note, unknown = impact["people"]["note"], impact["people"]["total"] is None
    if note:
        print(f"{'unknown ' if unknown else 'note    '} {note['text']}")
    if unknown:
        print("unknown  how many people are reached, and what follows from that")
    for warning in impact["warnings"]:
        print(f"note     {warning['text']}")
    print(f"written  {folder}")


def _types(chosen: argparse.Namespace) -> list[str]:
    return [getattr(chosen, f"{role}_type", "") for role in OVERLAYS]


def _name_field(chosen: argparse.Namespace) -> str | None:
    """The field that was named; without a name the code serves, unless no field was named at all."""
    if chosen.zone_name:
        return str(chosen.zone_name)
    return None if chosen.zone_code else "name"


def _entry(role: str, path: Path, year: int | None, cache: Path) -> SourceFile:
    try:
        digest = filehash.sha256(path, cache)
    except OSError as error:
        raise BadInput("{file}: {detail}", file=str(path), detail=error.strerror or str(error)) from error
    return {
        "role": role,
        "path": path.name,
        "sha256": digest,
        "title": path.name,
        "year": year,
        "source": "a file on this machine",
        "demonstration": False,
    }


def add_report(parser: argparse.ArgumentParser) -> None:
    """The option that makes the report too."""
    parser.add_argument("--report", action="store_true", help="make the report too, in Indonesian and English")


def basemap(cache: Path) -> Path | None:
    """That of the demonstration exposure if it has been built here; without one the ground stays plain."""
    from siaga.data import demo

    path = cache / "demo-exposure" / demo.recipe_hash() / "basemap.gpkg"
    return path if path.exists() else None


def body_of(products: Sequence[Product], path: str) -> dict[str, Geometry]:
    """What a GeoJSON product holds."""
    found: dict[str, Geometry] = json.loads(next(product.body for product in products if product.path == path))
    return found
