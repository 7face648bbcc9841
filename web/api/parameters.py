"""What a program may ask for: each parameter once, as it is described and as it is read."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from siaga.errors import BadInput
from siaga.impact.schemas import Schema

_SWITCHES = ("true", "false")
_LONGEST = 100  # characters of a value that are told again


class BadParameter(BadInput):
    """A parameter is not what it should be; the sentence names it in `field`."""

    status = 400


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. about: an English sentence, to be translated. read: its value; raises BadParameter.

    place: query, path, or header, which its operation reads by itself. many: whether it is a list, written with commas.
    """

    name: str
    about: str
    schema: Schema
    read: Callable[[str], object]
    default: object = None
    place: str = "query"
    many: bool = False

    def describe(self, about: str) -> Schema:
        """As OpenAPI has it. about: in the reader's language."""
        described: Schema = {"name": self.name, "in": self.place, "description": about, "schema": self.schema}
        if self.default is not None:
            described["schema"] = self.schema | {"default": self.default}
        if self.many:
            described |= {"style": "form", "explode": False}
        return described | ({"required": True} if self.place == "path" else {})


def text(name: str, about: str, most: int = _LONGEST) -> Parameter:
    """Any words, cut nowhere."""

    def read(value: str) -> str:
        if len(value) > most:
            raise BadParameter("{field} is too long; write at most {most} characters", field=name, most=most)
        return value

    return Parameter(name, about, {"type": "string", "maxLength": most}, read)


def pattern(name: str, about: str, form: str, example: str, place: str = "path") -> Parameter:
    """A name of a known form, such as an id."""

    def read(value: str) -> str:
        if not re.fullmatch(form, value):
            raise BadParameter("{field} is {value}; write one such as {example}", **_told(name, value), example=example)
        return value

    return Parameter(name, about, {"type": "string", "pattern": f"^(?:{form})$"}, read, None, place)


def choice(name: str, about: str, values: Sequence[str], default: str | None = None, place: str = "query") -> Parameter:
    """One of a few words."""

    def read(value: str) -> str:
        if value not in values:
            raise BadParameter("{field} is {value}; choose one of {names}", **_told(name, value), names=_listed(values))
        return value

    return Parameter(name, about, {"type": "string", "enum": list(values)}, read, default, place)


def switch(name: str, about: str, default: bool | None = None) -> Parameter:
    """True or false."""

    def read(value: str) -> bool:
        if value not in _SWITCHES:
            names = _listed(_SWITCHES)
            raise BadParameter("{field} is {value}; choose one of {names}", **_told(name, value), names=names)
        return value == "true"

    return Parameter(name, about, {"type": "boolean"}, read, default)


def whole(name: str, about: str, least: int, most: int, default: int | None = None) -> Parameter:
    """A whole number."""
    told = partial(_bounded, name, least, most)

    def read(value: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,9}", value) or not least <= int(value) <= most:
            raise BadParameter("{field} is {value}; write a whole number from {least} to {most}", **told(value))
        return int(value)

    return Parameter(name, about, {"type": "integer", "minimum": least, "maximum": most}, read, default)


def number(name: str, about: str, least: float, most: float) -> Parameter:
    """Any number."""
    told = partial(_bounded, name, least, most)

    def read(value: str) -> float:
        found = _number(value)
        if found is None or not least <= found <= most:
            raise BadParameter("{field} is {value}; write a number from {least} to {most}", **told(value))
        return found

    return Parameter(name, about, {"type": "number", "minimum": least, "maximum": most}, read)


def moment(name: str, about: str) -> Parameter:
    """A moment with its zone, or a day, which begins at 00:00 UTC."""
    form = {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}]}

    return Parameter(name, about, form, partial(_moment, name))


def header(name: str, about: str) -> Parameter:
    """A header of the request."""
    return Parameter(name, about, {"type": "string"}, str, None, "header")


def box(name: str, about: str) -> Parameter:
    """A rectangle: west, south, east, north in degrees; west is greater than east across the date line."""
    form = {
        "type": "array",
        "prefixItems": [{"type": "number", "minimum": -side, "maximum": side} for side in (180, 90, 180, 90)],
        "items": {"type": "number"},
        "minItems": 4,
        "maxItems": 4,
    }

    return Parameter(name, about, form, partial(_box, name), many=True)


def _moment(name: str, value: str) -> datetime:
    try:
        found = datetime.fromisoformat(value.replace(" ", "+").upper())  # a plus that nobody has escaped
        if found.tzinfo is None and len(value) > len("2018-08-05"):
            raise ValueError
        return (found.replace(tzinfo=UTC) if found.tzinfo is None else found).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadParameter(
            "{field} is {value}; write a time with its zone or a day: {example}",
            **_told(name, value),
            example="2018-08-05T11:46:35Z, 2018-08-05",
        ) from None


def _box(name: str, value: str) -> tuple[float, float, float, float]:
    sides = [_number(part) for part in value.split(",")]
    if len(sides) == 4 and None not in sides:
        west, south, east, north = (side or 0.0 for side in sides)
        if max(abs(west), abs(east)) <= 180 and -90 <= south <= north <= 90:
            return west, south, east, north
    raise BadParameter(
        "{field} is {value}; write west,south,east,north in degrees: {example}",
        **_told(name, value),
        example="95,-11,141,6",
    )


def _number(value: str) -> float | None:
    return float(value) if re.fullmatch(r"[+-]?[0-9]{1,20}(\.[0-9]{0,20})?([eE][+-]?[0-9]{1,2})?", value) else None


def _bounded(name: str, least: float, most: float, value: str) -> dict[str, object]:
    return {**_told(name, value), "least": least, "most": most}


def _told(name: str, value: str) -> dict[str, str]:
    return {"field": name, "value": repr(value[:_LONGEST])}


def _listed(values: Sequence[str]) -> str:
    return ", ".join(values)
