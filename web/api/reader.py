"""The page that shows the document: what can be asked, with which parameters, and what is answered."""

from flask import Blueprint, g, render_template

from siaga.impact.schemas import Schema
from web.api.document import document
from web.api.operations import BASE
from web.prefix import under

pages = Blueprint("reader", __name__)


@pages.get("/api")
def page() -> str:
    """The page."""
    shown = document(g.language, under(BASE))
    asked = [
        _operation(path, method, told) for path, methods in shown["paths"].items() for method, told in methods.items()
    ]
    groups = [(tag["name"], [one for one in asked if one["group"] == tag["name"]]) for tag in shown["tags"]]
    return render_template(
        "api.html",
        tab="",
        base=BASE,
        paragraphs=shown["info"]["description"].split("\n\n"),
        groups=groups,
        records=[_record(name, schema) for name, schema in shown["components"]["schemas"].items()],
    )


def _operation(path: str, method: str, told: Schema) -> dict[str, object]:
    media_type, content = next(iter(told["responses"]["200"]["content"].items()))
    return {
        "name": told["operationId"],
        "path": path,
        "method": method.upper(),
        "scopes": [scope for one in told.get("security", ()) for scopes in one.values() for scope in scopes],
        "bodies": [
            (sent, ", ".join(content["schema"].get("properties", ())))
            for sent, content in told.get("requestBody", {}).get("content", {}).items()
        ],
        "group": told["tags"][0],
        "summary": told["summary"],
        "description": told.get("description", ""),
        "media_type": media_type,
        "answer": kind(content["schema"]),
        "record": kind(content["schema"]) if "$ref" in content["schema"] else "",
        "parameters": [
            {"name": one["name"], "place": one["in"], "about": one["description"], "kind": kind(one["schema"])}
            | {"default": one["schema"].get("default")}
            for one in told["parameters"]
        ],
    }


def _record(name: str, schema: Schema) -> dict[str, object]:
    return {
        "name": name,
        "description": schema.get("description", ""),
        "fields": [(field, kind(form)) for field, form in schema.get("properties", {}).items()],
        "kind": "" if "properties" in schema else kind(schema),
    }


def kind(schema: Schema) -> str:
    """A schema in a few words, names of components among them.

    >>> kind({"type": ["number", "null"]}), kind({"type": "array", "items": {"$ref": "#/components/schemas/Hour"}})
    ('number | null', 'Hour[]')
    """
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " | ".join(dict.fromkeys(kind(one) for one in schema[several]))
    if "const" in schema or "enum" in schema:
        return " | ".join(_literal(value) for value in schema.get("enum", [schema.get("const")]))
    named = schema.get("type", "any")
    names = [named] if isinstance(named, str) else named
    return " | ".join(_plain(name, schema) for name in names)


def _literal(value: object) -> str:
    return "null" if value is None else f'"{value}"'


def _plain(name: str, schema: Schema) -> str:
    if name == "array":
        inner = kind(schema["items"]) if "items" in schema else "any"
        return f"({inner})[]" if " " in inner else f"{inner}[]"
    if name == "string" and "format" in schema:
        return str(schema["format"])
    return str(name)
