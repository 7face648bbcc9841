"""The JSON Schema of each hazard's impact.json: a head that all share, and what is the hazard's own."""

import json
from importlib import resources
from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]  # a JSON Schema, whose parts are as deep as it likes


def of(hazard: str) -> Schema:
    """The whole schema of that hazard's impact.json; it refers to nothing outside itself.

    Where a hazard says more narrowly what the head says too, its own words count.
    """
    head, own = _part("head"), _part(hazard)
    return head | {
        "$id": own["$id"],
        "title": own["title"],
        "description": f"{own.get('description', '')} {head['description']}".strip(),
        "$defs": head["$defs"] | own.get("$defs", {}),
        "properties": head["properties"] | own["properties"],
        "required": sorted({*head["required"], *own["required"]}),
        "additionalProperties": False,
    }


def _part(name: str) -> Schema:
    text = resources.files("siaga.impact").joinpath(f"{name}.schema.json").read_text(encoding="utf-8")
    part: Schema = json.loads(text)
    return part
