"""An analysis: one input's content and the exposure in, impact.json and its products out.

One module per hazard, each with of_<hazard>(…) -> Analysis. The function on-<hazard> and the command
`siaga analyse` both call it, so that figures made with a store and without one are the same. It knows no
store, no clock and no place of arrival.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Generic, TypeVar

from siaga import edition, keys, software
from siaga.data.analysis_data import AnalysisData
from siaga.hazard.ash import AshFall
from siaga.hazard.flood import FloodMap
from siaga.hazard.shakemap import ShakeMap
from siaga.impact import record
from siaga.impact.stored import Impact
from siaga.impact.stored.head import Provenance, RunRecord
from siaga.product import Product

ImpactT = TypeVar("ImpactT", bound=Impact)


@dataclass(frozen=True, slots=True)
class Analysis(Generic[ImpactT]):
    """What one analysis found.

    run: where it belongs. hazard: the map that was read. impact: the record, its products listed.
    products: the files themselves, impact.json not among them.
    """

    run: keys.Run
    hazard: ShakeMap | FloodMap | AshFall
    impact: ImpactT
    products: tuple[Product, ...]

    @classmethod
    def of(
        cls,
        run: keys.Run,
        hazard: ShakeMap | FloodMap | AshFall,
        impact: ImpactT,
        products: Sequence[Product],
    ) -> "Analysis[ImpactT]":
        """With the products listed in the record. impact: all else of it."""
        impact["products"] = [product.record() for product in products]
        return cls(run, hazard, impact, tuple(products))

    def to_bytes(self) -> bytes:
        """impact.json as it is stored."""
        return record.to_bytes(self.impact)


def run_of(hazard: str, event_id: str, source_type: str, number: int, body: bytes, exposure: AnalysisData) -> keys.Run:
    """The run of an input's content with this exposure and this software. number: the version that the file gives."""
    content = sha256(body).hexdigest()
    version = keys.Version(source_type, number, content[:8])
    made_of = [content, source_type, exposure.manifest_sha256, software.version(), edition.templates_sha256()]
    for own in exposure.stationery.get(hazard, {}).values():  # a report with others is another run
        made_of.append(json.dumps(own, sort_keys=True))
    return keys.Run(hazard, event_id, version, sha256("\0".join(made_of).encode()).hexdigest()[:8])


def head(run: keys.Run, body: bytes, exposure: AnalysisData, drill_reason: str = "") -> RunRecord:
    """What the records of all hazards begin with. body: the input that the run is of."""
    made_of = provenance(body, exposure)
    own = exposure.stationery.get(run.hazard, {})
    if "letterhead" in own:
        made_of["letterhead"] = own["letterhead"]
    if "layout" in own:
        made_of["layout"] = own["layout"]
    return {
        "schema": record.SCHEMA,
        "event_id": run.event_id,
        "version": str(run.version),
        "run": run.run,
        "source_type": run.version.source_type,
        "version_number": run.version.number,
        "drill": bool(drill_reason),
        "drill_reason": drill_reason,
        "provenance": made_of,
    }


def provenance(body: bytes, exposure: AnalysisData) -> Provenance:
    """impact.json's provenance: input, analysis data, software, each with its hash."""
    return {
        "input": {"sha256": sha256(body).hexdigest(), "size": len(body)},
        "analysis_data": {"manifest_sha256": exposure.manifest_sha256, "files": list(exposure.files)},
        "software": {
            "name": "siaga",
            "version": software.version(),
            "templates_sha256": edition.templates_sha256(),
        },
    }
