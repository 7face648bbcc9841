"""The files of a run that a reader may take along."""

from siaga.conventions import CONVENTIONS
from siaga.language import Language
from siaga.report import figures

_OF_LANGUAGE = {
    "report-{code}.pdf": "PDF report, {language}",
    "report-{code}.html": "HTML report, {language}",
    "share-{code}.png": "Picture for messengers, {language}",
    "report-{code}.png": "Page 1 as a picture, {language}",
    "map-{code}.png": "Map, {language}",
}
_REPORT = {path.format(code=code): name for path, name in _OF_LANGUAGE.items() for code in CONVENTIONS}
_FIGURES = {"impact.json": "All figures (impact.json)"}
_GPKG = {"event.gpkg": "For QGIS: layers with their styles (GeoPackage)"}
FILES = {
    "earthquake": _REPORT
    | {
        "zones.xlsx": "Workbook: districts, people, deaths, needs (XLSX)",
        "zones.csv": "Table of districts (CSV)",
    }
    | _GPKG
    | {
        "contours.geojson": "MMI contours (GeoJSON)",
        "bands.geojson": "MMI classes (GeoJSON)",
        "hazard.tif": "MMI (GeoTIFF)",
        "grid.xml": "ShakeMap (grid.xml)",
    }
    | _FIGURES,
    "flood": _REPORT
    | {
        "zones.xlsx": "Workbook: neighbourhoods, people, needs (XLSX)",
        "zones.csv": "Table of zones (CSV)",
        "zones.geojson": "Zones with their people (GeoJSON)",
        "flood.geojson": "Neighbourhoods under water (GeoJSON)",
        "flood_data.json": "PetaBencana's answer as it came (JSON)",
    }
    | _GPKG
    | _FIGURES,
    "ash": _REPORT
    | {
        "zones.xlsx": "Workbook: zones, people, needs (XLSX)",
        "zones.csv": "Table of zones (CSV)",
        "zones.geojson": "Zones with their people (GeoJSON)",
        "classes.geojson": "Thickness classes (GeoJSON)",
        "hazard.tif": "Ash thickness in cm (GeoTIFF)",
        "cumulative.tif": "Thickness together with earlier falls (GeoTIFF)",
        "request.json": "What was said of the eruption (request.json)",
    }
    | _GPKG
    | _FIGURES,
}
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
    "png": "image/png",
    "csv": "text/csv; charset=utf-8",
    "geojson": "application/geo+json",
    "tif": "image/tiff",
    "xml": "application/xml",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "gpkg": "application/geopackage+sqlite3",
    "json": "application/json",
}
SHOWN_INLINE = ("pdf", "html", "png")


def listed(hazard: str, sizes: dict[str, int], hashes: dict[str, str], _: Language) -> list[dict[str, str]]:
    """Those that are there, in the order of FILES. sizes: bytes by name; hashes: sha256 likewise."""
    return [
        {
            "path": path,
            "name": _(name, language=_language(path, _)),
            "size": size_text(sizes[path], _),
            "sha256": hashes.get(path, ""),
        }
        for path, name in FILES[hazard].items()
        if path in sizes
    ]


def _language(path: str, _: Language) -> str:
    """The language that a file is in, "" where it is in none or all."""
    convention = CONVENTIONS.get(path.partition(".")[0].rpartition("-")[2])
    return _(convention.name) if convention else ""


def size_text(size: int, _: Language) -> str:
    """How large a file is, in bytes, as pages say it."""
    if size >= 1_000_000:
        return f"{figures.decimal(size / 1e6, 1, _.code)} MB"
    return f"{figures.whole(max(1, size / 1000), _.code)} kB"
