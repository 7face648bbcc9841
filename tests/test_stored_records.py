"""What Siaga stores is described twice, as a type for its readers here and as a JSON Schema for all others: equally."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pytest
from support import typed

from siaga import catalog
from siaga.impact import schemas, stored
from siaga.receipt import StoredReceipt
from siaga.report.record import ReportRecord

RECORDS = {
    "earthquake": (stored.EarthquakeImpact, schemas.of("earthquake")),
    "flood": (stored.FloodImpact, schemas.of("flood")),
    "ash": (stored.AshImpact, schemas.of("ash")),
    "report": (ReportRecord, typed.schema("report/report")),
    "receipt": (StoredReceipt, typed.schema("receipt")),
}
ENTRIES = {"earthquake": catalog.EarthquakeEntry, "flood": catalog.FloodEntry, "ash": catalog.AshEntry}


@pytest.mark.parametrize("name", RECORDS)
def test_type_and_schema_of_a_stored_record_are_equal(name):
    typed.same(*RECORDS[name])


@pytest.mark.parametrize("hazard", ENTRIES)
def test_type_and_schema_of_a_catalogue_entry_are_equal(hazard):
    whole = typed.schema("catalog")
    assert {"$ref": f"#/$defs/{hazard}"} in whole["oneOf"]
    typed.same(ENTRIES[hazard], whole["$defs"][hazard], whole)


class Part(TypedDict):
    """A part of the record below."""

    name: str


class Whole(TypedDict):
    """A record with one field of each kind."""

    count: int
    size: float | None
    by_class: Mapping[str, float]
    parts: list[Part]
    note: NotRequired[str]


PART = {
    "type": "object",
    "properties": {"name": {"type": "string"}},
    "required": ["name"],
    "additionalProperties": False,
}
FIELDS = {
    "count": {"const": 1},
    "size": {"type": ["number", "null"]},
    "by_class": {"type": "object", "additionalProperties": {"type": "number"}},
    "parts": {"type": "array", "items": {"$ref": "#/$defs/part"}},
    "note": {"enum": ["a", "b"]},
}
REQUIRED = ["by_class", "count", "parts", "size"]


def whole(required=REQUIRED, part=PART, **fields):
    properties = {name: field for name, field in (FIELDS | fields).items() if field}
    return {
        "$defs": {"part": part},
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def test_an_equal_schema_is_found_equal():
    typed.same(Whole, whole())
    by_name = {name: {"type": "number"} for name in ("low", "high")}
    listed = {"type": "object", "properties": by_name, "required": ["low", "high"], "additionalProperties": False}
    typed.same(Whole, whole(by_class=listed, size={"oneOf": [{"type": "null"}, {"type": "number"}]}))


@pytest.mark.parametrize(
    "other",
    [
        whole(count=None),
        whole(count={"type": "number"}),
        whole(count={"type": ["integer", "null"]}),
        whole(size={"type": "number"}),
        whole(size={"enum": ["1", None]}),
        whole(more={"type": "string"}),
        whole(required=[*REQUIRED, "note"]),
        whole(required=REQUIRED[1:]),
        whole(by_class={"type": "object", "additionalProperties": {"type": "integer"}}),
        whole(by_class={"type": "object"}),
        whole(parts={"type": "array", "items": {"type": "string"}}),
        whole(part=PART | {"properties": {"title": {"type": "string"}}, "required": ["title"]}),
        whole() | {"additionalProperties": True},
    ],
)
def test_every_difference_is_found(other):
    with pytest.raises((AssertionError, KeyError)):
        typed.same(Whole, other)
