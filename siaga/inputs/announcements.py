"""Quakes as BMKG announces them to everybody, within minutes and without a map: three public lists of JSON.

What shapes this module, of each list under <base>/<name>.json: `Infogempa.gempa` is one quake in autogempa and fifteen
in the others; every value is text; Coordinates is latitude, longitude; DateTime is UTC and wins over Tanggal and Jam,
which are of Indonesian clocks and months; a quake has no id, and the time in the name of its picture may be that of the
announcement. Potensi says "Tidak berpotensi tsunami" of quakes that cannot raise one.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypedDict

from siaga import keys
from siaga.errors import BadInput, Conflict, NotFound, Reason
from siaga.moment import parse, stamp
from siaga.printable import shown
from siaga.store import Store

LISTS = ("gempadirasakan", "autogempa", "gempaterkini")  # felt; the latest; M 5 and above: the best told first
SCHEMA, SOURCE_SCHEMA = "siaga/announcement/1", "siaga/announcements-source/1"

SOURCE = "source.json"  # in the bucket beside the quakes: when the lists were last asked for, and answered

_LONGEST = 200  # characters of a text
_YEARS = range(1900, 2200)  # to moments of others nothing can be added, or they are none of a quake that is told
_MOST_QUAKES = 200  # of a list
_TSUNAMI = re.compile(r"berpotensi tsunami", re.IGNORECASE)  # at the beginning: "Tidak berpotensi …" is the contrary
_TRIES = 5
_JSON = "application/json"


class SourceRecord(TypedDict):
    """When BMKG's lists were last asked for and answered, UTC; reason: why nothing of the last answer can be used."""

    schema: str
    asked: str
    answered: str | None
    reason: Reason | None


class Record(TypedDict):
    """A stored announcement."""

    schema: str
    source: str
    time: str
    longitude: float
    latitude: float
    magnitude: float
    depth_km: float | None
    place: str
    felt: str
    tsunami: bool | None


@dataclass(frozen=True, slots=True)
class Announcement:
    """One quake. time: UTC. longitude, latitude: degrees in WGS84. depth_km: None if not said.

    place: BMKG's words for where it was. felt: who felt it, as intensities and places in BMKG's words; "" where nothing
    is said of it, which does not mean that nobody did. tsunami: whether BMKG says that it may raise one, None if
    nothing is said.
    """

    time: datetime
    longitude: float
    latitude: float
    magnitude: float
    depth_km: float | None
    place: str
    felt: str = ""
    tsunami: bool | None = None

    def record(self) -> Record:
        """As it is stored."""
        return {
            "schema": SCHEMA,
            "source": "BMKG",
            "time": stamp(self.time),
            "longitude": self.longitude,
            "latitude": self.latitude,
            "magnitude": self.magnitude,
            "depth_km": self.depth_km,
            "place": self.place,
            "felt": self.felt,
            "tsunami": self.tsunami,
        }

    @classmethod
    def of(cls, record: Record) -> "Announcement":
        """Read a stored record; raises KeyError, ValueError or TypeError where it is none."""
        return cls(
            time=parse(record["time"]),
            longitude=record["longitude"],
            latitude=record["latitude"],
            magnitude=record["magnitude"],
            depth_km=record["depth_km"],
            place=record["place"],
            felt=record["felt"],
            tsunami=record["tsunami"],
        )

    def joined(self, older: "Announcement") -> "Announcement":
        """The same with what only an older one says: not every list tells who felt it."""
        return replace(
            self,
            place=older.place if older.felt and not self.felt else self.place,
            felt=self.felt or older.felt,
            tsunami=older.tsunami if self.tsunami is None else self.tsunami,
            depth_km=older.depth_km if self.depth_km is None else self.depth_km,
        )


def key_of(time: datetime) -> str:
    """The key in bucket announcements of the quake of that moment, a whole second in UTC.

    >>> key_of(datetime(2026, 4, 6, 1, 56, 46, tzinfo=UTC))
    '20260406T015646Z.json'
    """
    return f"{time.astimezone(UTC):%Y%m%dT%H%M%SZ}.json"


def read(body: bytes) -> tuple[list[Announcement], list[Reason]]:
    """The quakes of one list, and why others of it cannot be read. Raises BadInput when it is no such list."""
    try:
        listed = json.loads(body)["Infogempa"]["gempa"]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise BadInput("The answer has no Infogempa.gempa: {detail}", detail=_short(error)) from error
    if isinstance(listed, dict):
        listed = [listed]
    if not isinstance(listed, list) or len(listed) > _MOST_QUAKES:
        raise BadInput("Infogempa.gempa is no list of at most {most} quakes", most=_MOST_QUAKES)
    found, reasons = [], []
    for row in listed:
        try:
            found.append(_quake(row))
        except BadInput as error:
            reasons.append(error.reason())
    return found, reasons


def _quake(row: object) -> Announcement:
    if not isinstance(row, dict):
        raise BadInput("An entry of Infogempa.gempa is no object")
    latitude, _, longitude = _text(row, "Coordinates").partition(",")
    return Announcement(
        time=_time(_text(row, "DateTime")),
        longitude=_number("Coordinates", longitude, -180, 180),
        latitude=_number("Coordinates", latitude, -90, 90),
        magnitude=_number("Magnitude", _text(row, "Magnitude"), -2, 10.5),
        depth_km=_depth(_text(row, "Kedalaman")),
        place=_text(row, "Wilayah"),
        felt="" if _text(row, "Dirasakan") == "-" else _text(row, "Dirasakan"),
        tsunami=bool(_TSUNAMI.match(_text(row, "Potensi"))) if _text(row, "Potensi") else None,
    )


def _text(row: Mapping[str, object], name: str) -> str:
    """A field as one printable line, "" where it is missing."""
    value = row.get(name)
    return "" if value is None else shown(" ".join(str(value).split()))[:_LONGEST]


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput("DateTime is no time with its zone: {text}", text=text) from error
    if moment.tzinfo is None or moment.year not in _YEARS:
        raise BadInput("DateTime is no time with its zone: {text}", text=text)
    return moment.astimezone(UTC).replace(microsecond=0)


def _number(field: str, text: str, least: float, most: float) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not least <= number <= most:
        raise BadInput(
            "{field} is {value}, no number from {least} to {most}", field=field, value=text, least=least, most=most
        )
    return number


def _depth(text: str) -> float | None:
    """Kilometres of "10 km"; None where none are said."""
    number = text.lower().removesuffix("km").strip().replace(",", ".")
    return _number("Kedalaman", number, 0, 1000) if number else None


def _short(error: BaseException) -> str:
    return f"{type(error).__name__} {error}"[:80]


class Announcements:
    """What was announced, in the bucket of that name: an object for each quake, and one of how the source stands."""

    def __init__(self, store: Store) -> None:
        """store: with rights to read the bucket; to write where it is written."""
        self._store = store

    def write(self, quakes: Iterable[Announcement]) -> int:
        """Store what is new or says more than before; how many objects were written. quakes: the best told first."""
        joined: dict[datetime, Announcement] = {}
        for one in quakes:
            joined[one.time] = joined[one.time].joined(one) if one.time in joined else one
        return sum(self._write(one) for one in joined.values())

    def _write(self, quake: Announcement) -> bool:
        key = key_of(quake.time)
        for _ in range(_TRIES):
            older, etag = self._read(key)
            record = (quake.joined(older) if older else quake).record()
            if older and record == older.record():
                return False
            try:
                self._put(key, record, etag)
            except Conflict:  # another one wrote meanwhile
                continue
            return True
        raise Conflict("{key} is written by others all the time", key=key)

    def note(self, now: datetime, reason: Reason | None) -> None:
        """Note that the source was asked: it answered, or why nothing of it can be used."""
        try:
            body, head = self._store.get(keys.ANNOUNCEMENTS, SOURCE)
            answered, etag = json.loads(body)["answered"], head.etag
        except (NotFound, ValueError, KeyError, TypeError):
            answered, etag = None, ""  # the first time; or somebody else put it there, and it gives way
        record: SourceRecord = {
            "schema": SOURCE_SCHEMA,
            "asked": stamp(now),
            "answered": answered if reason else stamp(now),
            "reason": reason,
        }
        self._store.put(keys.ANNOUNCEMENTS, SOURCE, json.dumps(record).encode(), _JSON, if_match=etag)

    def _read(self, key: str) -> tuple[Announcement | None, str]:
        try:
            body, head = self._store.get(keys.ANNOUNCEMENTS, key)
        except NotFound:
            return None, ""
        try:
            return Announcement.of(json.loads(body)), head.etag
        except (ValueError, KeyError, TypeError):
            return None, head.etag  # it was put there by somebody else, and gives way

    def _put(self, key: str, record: Record, etag: str) -> None:
        body = json.dumps(record, ensure_ascii=False).encode()
        self._store.put(keys.ANNOUNCEMENTS, key, body, _JSON, if_absent=not etag, if_match=etag)
