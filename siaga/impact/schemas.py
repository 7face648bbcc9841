"""The JSON Schema of each hazard's impact.json: a head that all share, and what is the hazard's own."""

import json
from importlib import resources
from typing import Any


def of(hazard: str) -> dict[str, Any]:
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


def _part(name: str) -> dict[str, Any]:
    text = resources.files("siaga.impact").joinpath(f"{name}.schema.json").read_text(encoding="utf-8")
    part: dict[str, Any] = json.loads(text)
    return part
