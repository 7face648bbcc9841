"""The files of a run that a reader may take along."""

from siaga.language import Language
from siaga.report import figures

FILES = {
    "report-id.pdf": "PDF report, Indonesian",
    "report-en.pdf": "PDF report, English",
    "report-id.html": "HTML report, Indonesian",
    "report-en.html": "HTML report, English",
    "share-id.png": "Picture for messengers, Indonesian",
    "share-en.png": "Picture for messengers, English",
    "report-id.png": "Page 1 as a picture, Indonesian",
    "report-en.png": "Page 1 as a picture, English",
    "map-id.png": "Map, Indonesian",
    "map-en.png": "Map, English",
    "zones.xlsx": "Workbook: districts, people, deaths, needs (XLSX)",
    "zones.csv": "Table of districts (CSV)",
    "event.gpkg": "For QGIS: layers and a styled project (GeoPackage)",
    "contours.geojson": "MMI contours (GeoJSON)",
    "bands.geojson": "MMI classes (GeoJSON)",
    "hazard.tif": "MMI (GeoTIFF)",
    "grid.xml": "ShakeMap (grid.xml)",
    "impact.json": "All figures (impact.json)",
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


def listed(sizes: dict[str, int], _: Language) -> list[dict[str, str]]:
    """Those that are there, in the order of FILES. sizes: bytes by name."""
    return [
        {"path": path, "name": _(name), "size": _size(sizes[path], _)} for path, name in FILES.items() if path in sizes
    ]


def _size(size: int, _: Language) -> str:
    if size >= 1_000_000:
        return f"{figures.decimal(size / 1e6, 1, _.code)} MB"
    return f"{figures.whole(max(1, size / 1000), _.code)} kB"
