"""A product: one file of a result."""

import hashlib
from dataclasses import dataclass
from typing import NotRequired, TypedDict

PACKAGE = "event.gpkg"  # the product that holds zones, places and roads of a run for a GIS
ZONES = "zones.geojson"  # the product that holds zones of a flood or an ash fall with their figures, for maps


class ProductRecord(TypedDict):
    """How impact.json and report.json list a product. size: bytes; language: where it has one."""

    path: str
    role: str
    media_type: str
    size: int
    sha256: str
    language: NotRequired[str]


@dataclass(frozen=True, slots=True)
class Product:
    """One file of a result. path: within the run's folder; role: what it is for, e.g. hazard, report."""

    path: str
    role: str
    media_type: str
    body: bytes
    language: str = ""

    def record(self) -> ProductRecord:
        """How impact.json and report.json list it."""
        listed: ProductRecord = {
            "path": self.path,
            "role": self.role,
            "media_type": self.media_type,
            "size": len(self.body),
            "sha256": hashlib.sha256(self.body).hexdigest(),
        }
        if self.language:
            listed["language"] = self.language
        return listed
