"""What an analysis of a hazard with classes leaves of its zones: their figures as a table, and on their ground."""

from siaga.data.analysis_data import AnalysisData
from siaga.gis.people import outlines
from siaga.impact.classed import Scale
from siaga.impact.stored import ClassedImpact
from siaga.product import ZONES, Product


def products(impact: ClassedImpact, scale: Scale, exposure: AnalysisData, box: outlines.Box) -> list[Product]:
    """zones.csv, and zones.geojson where there are zones under the hazard. box: around the hazard, degrees."""
    made = [Product("zones.csv", "zones", "text/csv", scale.zones_csv(impact["zones"], impact["table"]))]
    polygons = exposure.path("zones")
    if polygons and impact["zones"]:
        drawn = outlines.geojson(impact["zones"], polygons, exposure.zone_fields, box)
        made.append(Product(ZONES, "zones", "application/geo+json", drawn))
    return made
