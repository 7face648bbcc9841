"""What an analysis of a hazard with classes leaves of its zones: their figures as a table, and on their ground."""

from siaga.data.analysis_data import AnalysisData
from siaga.gis.people import outlines
from siaga.gis.people.by_class import ClassedPolygons
from siaga.impact.classed import Scale
from siaga.impact.stored import ClassedImpact
from siaga.product import ZONES, Product


def products(impact: ClassedImpact, scale: Scale, exposure: AnalysisData, classed: ClassedPolygons) -> list[Product]:
    """zones.csv, and zones.geojson where zones lie under the hazard. classed: what of the ground has which class."""
    made = [Product("zones.csv", "zones", "text/csv", scale.zones_csv(impact["zones"], impact["table"]))]
    polygons = exposure.path("zones")
    if polygons and impact["zones"]:
        drawn = outlines.geojson(impact["zones"], polygons, exposure.zone_fields, classed.bounds)
        made.append(Product(ZONES, "zones", "application/geo+json", drawn))
    return made
