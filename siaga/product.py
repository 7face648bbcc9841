"""A product: one file of a result."""

import hashlib
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Product:
    """One file of a result. path: within the run's folder; role: what it is for, e.g. hazard, report."""

    path: str
    role: str
    media_type: str
    body: bytes
    language: str = ""

    def record(self) -> dict[str, Any]:
        """How impact.json and report.json list it."""
        listed: dict[str, Any] = {
            "path": self.path,
            "role": self.role,
            "media_type": self.media_type,
            "size": len(self.body),
            "sha256": hashlib.sha256(self.body).hexdigest(),
        }
        return listed | ({"language": self.language} if self.language else {})
