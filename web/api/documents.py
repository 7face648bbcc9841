"""The JSON Schemas of the documents that lie in the buckets, for who checks them or reads them without this API."""

from siaga.hazards import HAZARDS
from siaga.impact import schemas as impacts
from siaga.impact.schemas import Schema
from web.api.operations import operation
from web.api.parameters import choice
from web.api.schemas import document

FILES = {
    "catalog": ("siaga", "catalog"),
    "report": ("siaga.report", "report"),
    "receipt": ("siaga", "receipt"),
}
NAMES = (*(f"impact-{hazard}" for hazard in HAZARDS), *FILES)
_NAME = choice("document", "Which document of a bucket", NAMES, place="path")


@operation("/schemas", "Begin here", "Schemas")
def stored_schemas() -> dict[str, dict[str, str]]:
    """The documents in the buckets that have a JSON Schema

    Each by the $id of its schema, which the document bears as `schema`.
    """
    return {"schemas": {name: str(_schema(name)["$id"]) for name in NAMES}}


@operation("/schemas/{document}", "Begin here", "", (_NAME,), "application/schema+json")
def stored_schema(document: str) -> Schema:
    """The JSON Schema of one of them

    It refers to nothing outside itself.
    """
    return _schema(document)


def _schema(name: str) -> Schema:
    if name not in FILES:
        return impacts.of(name.removeprefix("impact-"))
    return document(*FILES[name])
