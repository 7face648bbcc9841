"""Whether a value from the store is what its record's type says, down to the last key."""

import types
import typing


def check(value, kind, where="record"):
    """Fail where the value is not of the type: TypedDict, dict, list, union or plain. A whole number is a float too."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if kind is typing.Any:
        return
    if typing.is_typeddict(kind):
        assert isinstance(value, dict), where
        assert value.keys() == kind.__required_keys__, (where, value.keys() ^ kind.__required_keys__)
        for name, one in typing.get_type_hints(kind).items():
            check(value[name], one, f"{where}.{name}")
    elif origin in (types.UnionType, typing.Union):
        if value is not None or type(None) not in inner:
            (rest,) = (one for one in inner if one is not type(None))
            check(value, rest, where)
    elif origin is list:
        assert isinstance(value, list), where
        for number, one in enumerate(value):
            check(one, inner[0], f"{where}[{number}]")
    elif origin is dict:
        assert isinstance(value, dict), where
        for name, one in value.items():
            check(name, inner[0], where)
            check(one, inner[1], f"{where}.{name}")
    else:
        allowed = (int, float) if kind is float else (kind,)
        assert type(value) in allowed, (where, value, kind)
