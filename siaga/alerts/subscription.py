"""A subscription: who hears of which events, by which channel, at what time of day.

All its fields are texts in a form, a row of CSV and the API; `read` turns them into values. Stored ones are parsed
alike, but an odd address or name that is stored stays, so that operators see it and why its messages fail.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from email.errors import MessageError
from email.headerregistry import Address
from urllib.parse import urlsplit

from siaga.errors import BadInput
from siaga.hazard.ash import CLASSES as ASH_CLASSES
from siaga.hazard.flood import STATES
from siaga.hazards import HAZARDS
from siaga.impact.loss import LEVELS
from siaga.language import LANGUAGES
from siaga.moment import TIME_ZONES
from siaga.outlets import ADDRESSES

SCHEMA = "siaga/subscription/1"
CHANNELS = tuple(ADDRESSES)
POSTED = ("webhook", "cap")  # to an address of HTTP, signed with a secret of the subscription
NONE = "none"  # for hazards: of none
PENDING, ACTIVE, STOPPED = STANDINGS = ("pending", "active", "stopped")
ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
MOST_ZONES = 600  # all kabupaten and kota are 514

_CLOCK_FACE = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_ZONE_CODE = re.compile(r"[A-Za-z0-9._-]{1,20}")
_FORMULA = ("=", "+", "-", "@")  # operators open the table of all in a spreadsheet
_LONGEST = 120  # characters of a name; 1000 of an address
_MOST_DIGITS = 9

Rectangle = tuple[float, float, float, float]  # west, south, east, north in degrees, WGS84


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who hears of what.

    hazards: by name. zones: codes of the installed boundaries; rectangle, margin_km: where an epicentre or volcano must
    lie, or how near; with neither, everywhere. What follows are thresholds, of which one that is reached is enough;
    without any of a hazard all its events are told: level of a quake; people at MMI `mmi` and above; magnitude; RWs
    (areas) in that state of a flood or a higher one; class of ash. quiet_from, quiet_until: a time of day by the clock
    of time_zone in which only events of quiet_level and above are told at once. drills: exercises, too. digest: once a
    day. after_report: not before the report is there. standing: one of STANDINGS.
    """

    name: str
    channel: str
    address: str
    language: str = LANGUAGES[0]
    hazards: tuple[str, ...] = tuple(HAZARDS)
    zones: tuple[str, ...] = ()
    rectangle: Rectangle | None = None
    margin_km: float = 0.0
    level: str = ""
    mmi: int = 6
    people: float | None = None
    magnitude: float | None = None
    state: int | None = None
    areas: float | None = None
    ash_class: str = ""
    quiet_from: str = ""
    quiet_until: str = ""
    time_zone: str = "WIB"
    quiet_level: str = "orange"
    drills: bool = False
    digest: bool = False
    after_report: bool = False
    standing: str = PENDING
    created: str = ""
    by: str = ""
    id: str = ""

    def encode(self) -> bytes:
        """The stored form."""
        return json.dumps({"schema": SCHEMA} | asdict(self), ensure_ascii=False, indent=1).encode()

    @property
    def row(self) -> dict[str, str]:
        """All that a person edits, as texts: what `read` makes the same of."""
        return {name: text_of(getattr(self, name)) for name in EDITED}


def decode(body: bytes) -> Subscription:
    """A stored one. Raises BadInput."""
    try:
        stored = json.loads(body)
        edited = _parsed({name: text_of(stored[name]) for name in EDITED})
        standing, created, by, name = (str(stored[field]) for field in ("standing", "created", "by", "id"))
    except (ValueError, TypeError, KeyError) as error:
        raise BadInput("A subscription cannot be read: {detail}", detail=str(error)) from error
    return replace(edited, standing=standing, created=created, by=by, id=name)


def read(row: Mapping[str, str]) -> Subscription:
    """What a form, a row of CSV or a program sends; what is missing or empty is as usual.

    Raises BadInput naming the field.
    """
    wanted = _parsed(row)
    if not _is_sendable(wanted):
        raise _wrong_address(wanted)
    if wanted.name.startswith(_FORMULA):
        raise BadInput(
            "name begins with {mark}, which a spreadsheet takes for a formula; begin it with a letter",
            mark=wanted.name[0],
            field="name",
        )
    return wanted


def _parsed(row: Mapping[str, str]) -> Subscription:
    unknown = sorted(row.keys() - set(EDITED))
    if unknown:
        raise BadInput("There is no field {name}; there are {names}", name=unknown[0][:40], names=", ".join(EDITED))
    values = {name: parse(name, text) for name, parse in EDITED.items() if (text := row.get(name, "").strip())}
    for name in ("name", "channel", "address"):
        if name not in values:
            raise BadInput("{field} is missing", field=name)
    wanted = Subscription(**values)  # type: ignore[arg-type]  # each is what its parser makes
    _check(wanted)
    return wanted


def _check(wanted: Subscription) -> None:
    """What fields say together. Raises BadInput."""
    pattern, _example = ADDRESSES[wanted.channel]
    if len(wanted.address) > 1000 or not pattern.fullmatch(wanted.address):
        raise _wrong_address(wanted)
    if bool(wanted.quiet_from) != bool(wanted.quiet_until):
        raise BadInput("quiet_from and quiet_until go together; write both or neither")


def _is_sendable(wanted: Subscription) -> bool:
    """Whether a message can be made for its address: some that fit the pattern are none to mail or HTTP."""
    try:
        if wanted.channel == "email":
            return bool(Address(addr_spec=wanted.address).domain)
        parts = urlsplit(wanted.address)
        return wanted.channel not in POSTED or bool(parts.hostname and parts.port != 0)
    except (ValueError, MessageError):
        return False


def _wrong_address(wanted: Subscription) -> BadInput:
    return BadInput(
        "address is {value}; for {channel} write one like {example}",
        value=repr(wanted.address[:80]),
        channel=wanted.channel,
        example=ADDRESSES[wanted.channel][1],
        field="address",
    )


def text_of(value: object) -> str:
    """A value as a form holds it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple | list):
        return " ".join(map(text_of, value))
    return "" if value is None else f"{value:.12g}" if isinstance(value, float) else str(value)


Parser = Callable[[str, str], object]  # of a field's name and its text; raises BadInput


def _word(*allowed: str) -> Parser:
    def parse(name: str, text: str) -> str:
        if text not in allowed:
            raise _wrong(name, text, ", ".join(allowed))
        return text

    return parse


def _words(*allowed: str) -> Parser:
    single = _word(*allowed)
    return lambda name, text: tuple(str(single(name, word)) for word in dict.fromkeys(text.split()))


def _number(least: float, most: float) -> Parser:
    def parse(name: str, text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            raise _wrong(name, text, f"{least:g} … {most:g}")
        return value

    return parse


def _whole(least: int, most: int) -> Parser:
    def parse(name: str, text: str) -> int:
        if not text.isdecimal() or len(text) > _MOST_DIGITS or not least <= int(text) <= most:
            raise _wrong(name, text, f"{least} … {most}")
        return int(text)

    return parse


def _yes(name: str, text: str) -> bool:
    return _word("yes", "no")(name, text) == "yes"


def _clock(name: str, text: str) -> str:
    if not _CLOCK_FACE.fullmatch(text):
        raise _wrong(name, text, "22:00")
    return text


def _line(most: int) -> Parser:
    def parse(name: str, text: str) -> str:
        if len(text) > most or not text.isprintable():
            raise BadInput(
                "{field} is longer than {most} characters or holds a mark that cannot be seen", field=name, most=most
            )
        return text

    return parse


def _zones(name: str, text: str) -> tuple[str, ...]:
    codes = tuple(dict.fromkeys(text.replace(",", " ").split()))
    wrong = [code for code in codes if not _ZONE_CODE.fullmatch(code)]
    if wrong or len(codes) > MOST_ZONES:
        raise _wrong(name, " ".join(wrong or codes), "52.71 52.08")
    return codes


def _rectangle(name: str, text: str) -> Rectangle:
    try:
        west, south, east, north = map(float, text.replace(",", " ").split())
        fits = -180 <= west < east <= 180 and -90 <= south < north <= 90
    except ValueError:
        fits = False
    if not fits:
        raise _wrong(name, text, "115.8 -9.2 116.8 -8.1")
    return west, south, east, north


def _wrong(name: str, text: str, example: str) -> BadInput:
    return BadInput("{field} is {value}; write {example}", field=name, value=repr(text[:80]), example=example)


EDITED: Mapping[str, Parser] = {
    "name": _line(_LONGEST),
    "channel": _word(*CHANNELS),
    "address": _line(1000),
    "language": _word(*LANGUAGES),
    "hazards": _words(*HAZARDS, NONE),
    "zones": _zones,
    "rectangle": _rectangle,
    "margin_km": _number(0, 5000),
    "level": _word(*LEVELS),
    "mmi": _whole(4, 10),
    "people": _number(1, 1e9),
    "magnitude": _number(0, 10),
    "state": _whole(min(STATES), max(STATES)),
    "areas": _number(1, 1e5),
    "ash_class": _word(*ASH_CLASSES),
    "quiet_from": _clock,
    "quiet_until": _clock,
    "time_zone": _word(*TIME_ZONES),
    "quiet_level": _word(*LEVELS),
    "drills": _yes,
    "digest": _yes,
    "after_report": _yes,
}
