"""All that a report consists of, and the record that lists it; for the function and for files."""

import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from siaga import keys, language
from siaga.data.analysis_data import AnalysisData
from siaga.exposure import places
from siaga.exposure.zones import ZoneFields
from siaga.foreign import Geometry
from siaga.gis.map import drawing, eventpackage
from siaga.gis.map.scale import SHAKING
from siaga.gis.people import outlines
from siaga.hazard.gridxml import read_shakemap
from siaga.impact.stored import ClassedImpact, Impact
from siaga.impact.stored.ash import AshImpact
from siaga.impact.stored.earthquake import EarthquakeImpact
from siaga.impact.stored.flood import FloodImpact
from siaga.product import PACKAGE, Product
from siaga.report import listed, record
from siaga.report.classed import paper as classed_paper
from siaga.report.classed import workbook as classed_workbook
from siaga.report.classed.flood import Trends
from siaga.report.earthquake import paper as earthquake_paper
from siaga.report.earthquake import workbook as earthquake_workbook
from siaga.report.paper import Atlas, Beside, HandOver, nobody
from siaga.timing import Timing

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
GEOPACKAGE = "application/geopackage+sqlite3"
# Of the analysis data, those that a hazard's report uses.
ROLES = {
    "earthquake": ("basemap", "places", "zones", "structures"),
    "flood": ("basemap", "places"),
    "ash": ("basemap", "places", "zones"),
}
# What the layers of the event GeoPackage are called.
LAYERS = {
    "bands": "MMI classes",
    "zones": "Zones",
    "contours": "MMI contours",
    "structures": "Structures at MMI VII and above",
    "places": "Towns",
    "epicentre": "Epicentre",
}


def of_earthquake(
    impact: EarthquakeImpact,
    bands: Mapping[str, Geometry],
    grid: bytes,
    exposure: AnalysisData,
    basemap: Path | None,
    public_url: str,
    below: EarthquakeImpact | None = None,
    hand_over: HandOver = nobody,
) -> tuple[list[Product], Product]:
    """Every product of the report in every language, and its record, report.json, to be written last.

    bands: GeoJSON of MMI classes. grid: the grid.xml. below: impact.json of the version that ranks just
    below; None if none. hand_over: is handed each product as soon as it is made.
    """
    polygons = exposure.path("zones")
    named = _named(polygons, exposure.zone_fields, impact) if polygons else ()
    products = earthquake_paper.render(
        impact,
        bands,
        _atlas(exposure, basemap, named),
        public_url,
        _languages(),
        below,
        Beside(lambda: tables(impact, bands, grid, exposure), hand_over),
    )
    return products, _recorded(impact, products, below)


def rehearse(
    impact: EarthquakeImpact, bands: Mapping[str, Geometry], grid: bytes, exposure: AnalysisData, timing: Timing
) -> None:
    """Do once what of_earthquake does in this process, step by step, and keep nothing of it.

    Typesetters get warm by themselves. A flood's report and an ash fall's share all of it that is slow at first.
    """
    tables(impact, bands, grid, exposure)
    timing.step("tables")
    polygons = exposure.path("zones")
    named = _named(polygons, exposure.zone_fields, impact) if polygons else ()
    atlas = _atlas(exposure, exposure.path("basemap"), named)
    paper = earthquake_paper.written(impact, drawing.shapes(bands, SHAKING), atlas, "", _languages()[0])
    paper.pages(paper.guess)
    paper.picture()
    timing.step("pages")
    drawing.draw(paper.map(paper.guess.map_mm))
    timing.step("map")


def of_flood(
    impact: FloodImpact,
    areas: Mapping[str, Geometry],
    trends: Trends,
    exposure: AnalysisData,
    basemap: Path | None,
    public_url: str,
    hand_over: HandOver = nobody,
) -> tuple[list[Product], Product]:
    """As of_earthquake. areas: flood.geojson. trends: what changed since earlier hours, as flood.printed has them."""
    languages = _languages()
    atlas = _atlas(exposure, basemap)
    beside = Beside(partial(_table, impact, languages), hand_over)
    products = classed_paper.of_flood(impact, areas, trends, atlas, public_url, languages, beside)
    return products, _recorded(impact, products, None)


def of_ash(
    impact: AshImpact,
    classes: Mapping[str, Geometry],
    exposure: AnalysisData,
    basemap: Path | None,
    public_url: str,
    hand_over: HandOver = nobody,
) -> tuple[list[Product], Product]:
    """As of_earthquake. classes: classes.geojson. The eruption is known."""
    languages = _languages()
    polygons = exposure.path("zones")
    named = _named(polygons, exposure.zone_fields, impact) if polygons else ()
    beside = Beside(partial(_table, impact, languages), hand_over)
    products = classed_paper.of_ash(impact, classes, _atlas(exposure, basemap, named), public_url, languages, beside)
    return products, _recorded(impact, products, None)


def _table(impact: ClassedImpact, languages: Sequence[language.Language]) -> list[Product]:
    return [Product("zones.xlsx", "table", XLSX, classed_workbook.make(impact, languages))]


def _atlas(exposure: AnalysisData, basemap: Path | None, named: Sequence[tuple[str, Geometry]] = ()) -> Atlas:
    """named: the zones that the map may name."""
    towns = exposure.path("places")
    return Atlas(basemap, places.read(towns) if towns else None, named)


def tables(
    impact: EarthquakeImpact, bands: Mapping[str, Geometry], grid: bytes, exposure: AnalysisData
) -> list[Product]:
    """The workbook and the GeoPackage, in all languages at once; arguments as above."""
    languages = _languages()
    polygons = exposure.path("zones")
    contents = eventpackage.Contents(
        impact=impact,
        shakemap=read_shakemap(grid),
        bands=bands,
        outlines=outlines.whole(polygons, exposure.zone_fields) if polygons else {},
        structures=exposure.path("structures"),
        words={name: " / ".join(dict.fromkeys(_(words) for _ in languages)) for name, words in LAYERS.items()},
    )
    return [
        Product("zones.xlsx", "table", XLSX, earthquake_workbook.make(impact, languages)),
        Product(PACKAGE, "package", GEOPACKAGE, _package(contents)),
    ]


def _languages() -> list[language.Language]:
    return [language.load(code) for code in language.LANGUAGES]


def _package(contents: eventpackage.Contents) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / PACKAGE
        eventpackage.make(path, contents)
        return path.read_bytes()


def _recorded(impact: Impact, products: Sequence[Product], below: Impact | None) -> Product:
    return Product(keys.REPORT, "record", "application/json", record.to_bytes(record.of(impact, products, below)))


def _named(path: Path, fields: ZoneFields, impact: EarthquakeImpact | AshImpact) -> list[tuple[str, Geometry]]:
    """Names and outlines of the districts that the analysis found on the map."""
    known = outlines.whole(path, fields)
    districts = ((zone["name"], known.get(zone["code"])) for zone in listed.counted(impact))
    return [(name, outline) for name, outline in districts if outline is not None]
