"""What a program sends: a JSON object of a form, as the document describes it; a sentence names what does not fit."""

import json
from collections.abc import Mapping
from typing import Any

from flask import request

from siaga.errors import BadInput
from siaga.impact.schemas import Schema
from siaga.listener import SMALL
from web.api.operations import JSON

_KINDS: Mapping[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "array": (list,),
    "null": (type(None),),
}


def form(*, optional: Mapping[str, Schema] | None = None, **properties: Schema) -> Schema:
    """An object with these fields, and perhaps those."""
    everything = {**properties, **(optional or {})}
    return {
        "type": "object",
        "properties": everything,
        "required": sorted(properties),
        "additionalProperties": False,
    }


def read_body(wanted: Schema) -> dict[str, Any]:
    """The JSON object that was sent, of that form. Raises BadInput naming the field."""
    if request.mimetype != JSON:
        raise BadInput("Send the body as {media_type}", media_type=JSON)
    try:
        sent = json.loads(request.get_data()[: SMALL + 1])
    except (ValueError, RecursionError) as error:
        raise BadInput("The body is not JSON: {detail}", detail=str(error)[:200]) from error
    fields, required = wanted["properties"], set(wanted["required"])
    if not isinstance(sent, dict) or not required <= sent.keys() <= fields.keys():
        if len(required) == len(fields):
            raise BadInput("Send a JSON object with these fields and no others: {names}", names=", ".join(fields))
        raise BadInput(
            "Send a JSON object with {required}, and no fields but these: {names}",
            required=", ".join(wanted["required"]),
            names=", ".join(fields),
        )
    for name, value in sent.items():
        _check(name, value, fields[name])
    return sent


def _check(name: str, value: object, field: Schema) -> None:
    """Whether a value is of its field's kind, as far as every field has it alike; raises BadInput."""
    if "enum" in field:
        if value not in field["enum"]:
            raise BadInput("{field} has to be one of: {names}", field=name, names=", ".join(map(repr, field["enum"])))
        return
    kinds = [field["type"]] if isinstance(field["type"], str) else field["type"]
    if not any(_is(kind, value) for kind in kinds):
        raise BadInput("{field} has to be one of: {names}", field=name, names=", ".join(kinds))
    if isinstance(value, str) and "minLength" in field and not 1 <= len(value.strip()) <= field["maxLength"]:
        raise BadInput("Write {field} in 1 to {most} characters", field=name, most=field["maxLength"])
    if isinstance(value, list):
        least, most = field.get("minItems", 0), field.get("maxItems", len(value))
        if not least <= len(value) <= most:
            raise BadInput("{field} has {count} entries; write {least} to {most}", field=name, count=len(value),
                least=least, most=most)  # fmt: skip
        for one in value:
            _check(name, one, field["items"])


def _is(kind: str, value: object) -> bool:
    return isinstance(value, _KINDS[kind]) and (kind == "boolean" or not isinstance(value, bool))
