"""Whether a JSON Schema is what a stored record's type says, down to the last key."""

import collections.abc
import json
import types
import typing
from pathlib import Path


def schema(name):
    """The JSON Schema of that name, from the root of the library, for the records of no single hazard."""
    path = Path(__file__).parents[2] / "siaga" / f"{name}.schema.json"
    return json.loads(path.read_text(encoding="utf-8"))


def same(kind, schema, whole=None, where="record"):
    """Fail where a type and a JSON Schema do not describe the same records, down to the last key.

    A mapping is an object whose keys all have values of one type. Patterns, limits and the values of an enumeration
    are the schema's alone. whole: the schema that `$ref` points into.
    """
    whole = whole or schema
    kinds, kind_null = _kinds(kind)
    forms, form_null = _forms(schema, whole)
    assert kind_null == form_null, (where, "null")
    if not kinds or kinds & {typing.Any, object}:
        assert not any(form.keys() & {"properties", "additionalProperties", "items"} for form in forms), where
        return
    (one,) = kinds
    origin, inner = typing.get_origin(one), typing.get_args(one)
    types_ = {form["type"] for form in forms}
    assert len(types_) == 1, (where, types_)
    (form, *_others), (said,) = forms, types_
    if typing.is_typeddict(one):
        assert said == "object", where
        assert form["additionalProperties"] is False, where
        fields = typing.get_type_hints(one)
        assert fields.keys() == form["properties"].keys(), (where, fields.keys() ^ form["properties"].keys())
        assert one.__required_keys__ == set(form["required"]), (where, one.__required_keys__ ^ set(form["required"]))
        for name, field in fields.items():
            same(field, form["properties"][name], whole, f"{where}.{name}")
    elif origin is list:
        assert said == "array", where
        same(inner[0], form["items"], whole, f"{where}[]")
    elif origin in (dict, collections.abc.Mapping):
        assert said == "object", where
        assert inner[0] is str, where
        if "properties" in form:
            assert set(form["required"]) == form["properties"].keys(), where
            assert form["additionalProperties"] is False, where
            values = form["properties"].values()
        else:
            values = [form.get("additionalProperties", {})]
        for value in values:
            same(inner[1], value, whole, f"{where}{{}}")
    else:
        assert _NAMES[one] == said, (where, one, said)


_NAMES = {str: "string", int: "integer", float: "number", bool: "boolean"}


def _kinds(kind):
    """What a type may be besides None, and whether it may be None. A literal is of the type of its values."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        found = [_kinds(one) for one in inner]
        return set().union(*(kinds for kinds, _null in found)), any(null for _kinds, null in found)
    if kind is type(None):
        return set(), True
    return ({type(one) for one in inner} if origin is typing.Literal else {kind}), False


def _forms(schema, whole):
    """What a schema allows besides null, each with one "type", and whether it allows null."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        return _forms(whole["$defs"][name], whole)
    if "oneOf" in schema:
        found = [_forms(one, whole) for one in schema["oneOf"]]
        return [form for forms, _null in found for form in forms], any(null for _forms, null in found)
    values = [schema["const"]] if "const" in schema else schema.get("enum", [])
    names = [_NAMES[type(value)] if value is not None else "null" for value in values]
    names = names or (schema["type"] if isinstance(schema.get("type"), list) else [schema.get("type")])
    return [schema | {"type": name} for name in dict.fromkeys(names) if name != "null"], "null" in names
