"""The JSON Schemas of what the API answers: those of what is stored, and those of its own records, from their types."""

import types
import typing
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from json import loads
from typing import Any, Literal, get_args, get_origin, get_type_hints

from siaga.impact import schemas as stored
from siaga.impact.schemas import Schema
from web.api import records

HAZARDS = {"earthquake": "Earthquake", "flood": "Flood", "ash": "Ash"}
_PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean"}
_PREFIX = "#/components/schemas/"


@cache
def components() -> Mapping[str, Schema]:
    """All of them by name, as OpenAPI's components have them."""
    made: dict[str, Schema] = {}
    catalogue = document("siaga", "catalog")
    for hazard, name in HAZARDS.items():
        made |= _lifted(f"{name}Impact", stored.of(hazard))
        made |= _lifted(
            f"{name}Event", catalogue["$defs"][hazard] | {"$defs": {"reason": catalogue["$defs"]["reason"]}}
        )
        _make_event(made[f"{name}Event"], name)
        made |= _zones(name, made[f"{name}Impact"])
        made[f"{name}Events"] = _page(name)
    made["Event"] = {"oneOf": [reference(f"{name}Event") for name in HAZARDS.values()]}
    made["Events"] = _record(records.Versions) | {"required": ["versions"]}
    made["Events"]["properties"]["versions"] = {"type": "array", "items": reference("Event")}
    made["Impact"] = {"oneOf": [reference(f"{name}Impact") for name in HAZARDS.values()]}
    made["Zones"] = {"oneOf": [reference(f"{name}Zones") for name in HAZARDS.values()]}
    made |= _subscriptions()
    for kind in records.ANSWERS:
        made[kind.__name__] = _record(kind)
    for name, properties in (
        ("Earthquakes", reference("EarthquakeEvent")),
        ("AshFalls", reference("AshEvent")),
        ("ZoneShapes", {"anyOf": [made[f"{name}Zones"]["properties"]["zones"]["items"] for name in HAZARDS.values()]}),
        ("AreaShapes", reference("Area")),
        ("VolcanoPoints", reference("Volcano")),
    ):
        made[name] = _features(properties)
    return made


def reference(name: str) -> Schema:
    """The component of that name, from anywhere in the document."""
    return {"$ref": f"{_PREFIX}{name}"}


def of_type(kind: Any) -> Schema:
    """The schema of a type: plain ones, Literal, lists, mappings of text, records, or several of them."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind in _PLAIN:
        return {"type": _PLAIN[kind]}
    if kind is types.NoneType:
        return {"type": "null"}
    if kind in records.ANSWERS:
        return reference(kind.__name__)
    if typing.is_typeddict(kind):
        return _record(kind)
    if origin is Literal:
        return {"enum": list(inner)}
    if origin is list:
        return {"type": "array", "items": of_type(inner[0])}
    if origin in (dict, Mapping):
        return {"type": "object", "additionalProperties": of_type(inner[1])}
    if origin in (types.UnionType, typing.Union):
        return {"anyOf": [of_type(one) for one in inner]}
    return {}  # anything


def _record(kind: Any) -> Schema:
    """A record: its docstring, all its fields, no others."""
    fields = get_type_hints(kind)
    return {
        "type": "object",
        "description": " ".join((kind.__doc__ or "").split()),
        "properties": {name: of_type(field) for name, field in fields.items()},
        "required": sorted(kind.__required_keys__),
        "additionalProperties": False,
    }


def _lifted(name: str, schema: Schema) -> dict[str, Schema]:
    """A schema that stands alone, as components: its definitions beside it, since a document has one root."""
    inner = {one: f"{name}.{one}" for one in schema.get("$defs", {})}

    def moved(part: Any) -> Any:
        if isinstance(part, dict):
            if str(part.get("$ref", "")).startswith("#/$defs/"):
                return reference(inner[part["$ref"].removeprefix("#/$defs/")])
            return {key: moved(value) for key, value in part.items() if key not in ("$defs", "$id", "$schema")}
        return [moved(one) for one in part] if isinstance(part, list) else part

    return {name: moved(schema)} | {inner[one]: moved(part) for one, part in schema.get("$defs", {}).items()}


def _make_event(schema: Schema, name: str) -> None:
    """Turn the schema of a catalogue entry into that of an event: without what is the store's alone."""
    for field in records.OF_THE_STORE:
        schema["properties"].pop(field, None)
    added = _record(records.EventFacts)
    schema["properties"] |= added["properties"]
    schema["required"] = sorted((set(schema["required"]) - set(records.OF_THE_STORE)) | set(added["required"]))
    schema["description"] = (
        f"{stored.of(name.lower())['title']}: what a list says of one version. {added['description']}"
    )


def _zones(name: str, impact: Schema) -> dict[str, Schema]:
    """The zones of a hazard: as impact.json has them, with numbers of other agencies."""
    numbers = _record(records.ZoneNumbers)
    zone = impact["properties"]["zones"]["items"]
    zone = zone | {
        "properties": zone["properties"] | numbers["properties"],
        "required": sorted({*zone["required"], *numbers["required"]}),
        "description": numbers["description"],
    }
    head = _record(records.ZonesHead)
    head["properties"] |= {
        "hazard": {"const": name.lower()},
        "zones": {"type": "array", "items": zone},
        "table": impact["properties"]["table"],
    }
    head["required"] = sorted({*head["required"], "zones", "table"})
    return {f"{name}Zones": head}


def subscription() -> Schema:
    """A subscription as it is stored."""
    return document("siaga.alerts", "subscription")


def document(package: str, name: str) -> Schema:
    """That of a stored document, from the file that its package bears, a copy of the caller's own."""
    schema: Schema = loads(resources.files(package).joinpath(f"{name}.schema.json").read_text(encoding="utf-8"))
    return schema


def _subscriptions() -> dict[str, Schema]:
    """Those of one and of a page of them."""
    fields, facts = subscription()["properties"], _record(records.SubscriptionFacts)
    del fields["schema"]
    facts["properties"] = {name: fields[name] for name in sorted(fields)} | facts["properties"]
    facts["required"] = sorted(facts["properties"])
    listed = _record(records.Subscriptions)
    listed["properties"]["subscriptions"] = {"type": "array", "items": reference("Subscription")}
    listed["required"] = sorted(listed["properties"])
    return {"Subscription": facts, "Subscriptions": listed}


def _page(name: str) -> Schema:
    page = _record(records.Page)
    page["properties"]["events"] = {"type": "array", "items": reference(f"{name}Event")}
    page["required"] = sorted({*page["required"], "events"})
    return page


def _features(properties: Schema) -> Schema:
    """A GeoJSON FeatureCollection, EPSG:4326, of features with those properties."""
    feature = {
        "type": "object",
        "properties": {
            "type": {"const": "Feature"},
            "id": {"type": "string"},
            "geometry": {"anyOf": [{"type": "null"}, {"type": "object"}]},
            "properties": properties,
        },
        "required": ["geometry", "id", "properties", "type"],
        "additionalProperties": False,
    }
    collection = _record(records.Collection)
    collection["properties"] |= {
        "type": {"const": "FeatureCollection"},
        "features": {"type": "array", "items": feature},
    }
    collection["required"] = sorted({*collection["required"], "type", "features"})
    return collection


def used(operations: Iterable[str]) -> set[str]:
    """The components that those name, and those that these refer to."""
    found: set[str] = set()
    waiting = list(operations)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _named(components()[name])
    return found


def _named(part: object) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"].removeprefix(_PREFIX)] if "$ref" in part else []
        return own + [name for value in part.values() for name in _named(value)]
    return [name for one in part for name in _named(one)] if isinstance(part, list) else []
