"""report.json: which run it reports, in which languages, what it compares with, and its files."""

import json
from collections.abc import Sequence
from typing import NotRequired, TypedDict

from siaga import language
from siaga.impact.stored import Impact
from siaga.impact.versions import Revision, restarted
from siaga.product import Product, ProductRecord

SCHEMA = "siaga/report/1"


class ComparedVersion(TypedDict):
    """The version that ranks just below.

    counter_restarted: whether its number is higher than that of the report's own, whose map was made later.
    """

    event_id: str
    version: str
    run: str
    counter_restarted: bool


class ReportRecord(TypedDict):
    """All of it. run: folder in bucket results. compared_with: None where no version ranks lower.

    layout: by language the version of the agency's layout; missing where all is as usual.
    """

    schema: str
    run: str
    languages: list[str]
    compared_with: ComparedVersion | None
    products: list[ProductRecord]
    layout: NotRequired[dict[str, int]]


def of(impact: Impact, products: Sequence[Product], below: Impact | None) -> ReportRecord:
    """The record of a report. below: impact.json of the version that ranks just below."""
    found: ReportRecord = {
        "schema": SCHEMA,
        "run": "/".join((impact["hazard"], impact["event_id"], impact["version"], impact["run"])),
        "languages": list(language.LANGUAGES),
        "compared_with": _compared(impact, below) if below else None,
        "products": [product.record() for product in products],
    }
    if laid_out := impact["provenance"].get("layout"):
        found["layout"] = {code: one["version"] for code, one in laid_out.items()}
    return found


def to_bytes(record: ReportRecord) -> bytes:
    """As it is stored."""
    return json.dumps(record, sort_keys=True, indent=1).encode()


def _compared(impact: Impact, below: Impact) -> ComparedVersion:
    return {
        "event_id": below["event_id"],
        "version": below["version"],
        "run": below["run"],
        "counter_restarted": restarted(Revision.of(below), Revision.of(impact)),
    }
