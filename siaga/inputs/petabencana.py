"""PetaBencana's REST API: what is flooded now, and which answers may be believed.

Three generations of servers answer under two names; they differ in the name of the region's parameter, and
some fall silent when a parameter is missing, so every question names everything. Facts that shape this
module: a cached answer has no Content-Type; errors carry "cache-control: max-age=3600"; an unknown region is
answered with "nothing is flooded" by one server; an answer is kept for an hour per URL.
"""

import html
import random
import re
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode
from weakref import WeakSet

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from siaga.errors import BadInput, Reason, SiagaError, Unavailable
from siaga.hazard import flood
from siaga.hazard.flood import FloodMap, read_flood

ARCHIVE_WINDOW_SECONDS = 604_800  # the longest that /floods/archive answers
ROUNDS = 3  # each server is asked so often

_CONNECT_SECONDS, _READ_SECONDS = 5.0, 20.0
_DETAIL = 200


class Region(NamedTuple):
    """A region by the code of newer servers (ISO 3166-2) and by that of the first ones; "" if it had none."""

    admin: str
    city: str


@dataclass(frozen=True, slots=True)
class Data:
    """Something is flooded. body: the answer as it came; url: what was asked."""

    body: bytes
    flood: FloodMap
    url: str


@dataclass(frozen=True, slots=True)
class Empty:
    """Nothing is flooded, and that is proved: asked twice in different forms, by a server that knows the region.

    url: what was asked; proof: what was asked besides.
    """

    url: str
    proof: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suspect:
    """Nothing can be said. reason: stored reason; body: an answer that could not be believed, None without one."""

    reason: Reason
    body: bytes | None = None


class _Answer(NamedTuple):
    url: str
    body: bytes


_Found = TypeVar("_Found")


class PetaBencana:
    """The service under its base URLs, asked in their order."""

    def __init__(
        self,
        urls: Sequence[str],
        user_agent: str,
        seconds: float,
        *,
        pause: float = 2.0,
        timeouts: tuple[float, float] = (_CONNECT_SECONDS, _READ_SECONDS),
    ) -> None:
        """seconds: for one question with all its repetitions; pause: before the first repetition, it doubles;
        timeouts: to connect, and between two pieces of an answer.
        """
        self._urls = [url.rstrip("/") for url in urls]
        self._seconds, self._pause, self._timeouts = seconds, pause, timeouts
        self._session, adapter = requests.Session(), _Adapter()
        self._cut = adapter.cut
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)
        # no-cache: a proxy on the way must not repeat an error that the server marked as good for an hour
        self._session.headers.update(
            {"User-Agent": user_agent, "Accept": "application/json", "Cache-Control": "no-cache", "Pragma": "no-cache"}
        )

    def floods(self, region: Region) -> Data | Empty | Suspect:
        """What is flooded in that region now."""

        def ask(base: str, deadline: float) -> Data | Empty:
            return self._floods(base, region, deadline)

        try:
            return self._any(ask)
        except SiagaError as error:
            return Suspect(error.reason(), error.body if isinstance(error, _Doubted) else None)

    def archive(self, region: Region, start: datetime, end: datetime) -> dict[str, int]:
        """The highest state that each area was set to between two moments, by area_id.

        An area that kept its state all the while is not among them. Raises Unavailable or BadInput when no
        server has an archive or answers.
        """
        asked = {"start": _with_offset(start), "end": _with_offset(end)}

        def ask(base: str, deadline: float) -> dict[str, int]:
            return _highest(self._of_region(base, "/floods/archive", region, asked, deadline))

        return self._any(ask)

    def _floods(self, base: str, region: Region, deadline: float) -> Data | Empty:
        """Ask one server; raises _Doubted when it answers but cannot be believed."""
        first, found = self._map(base, region, "geojson", deadline)
        if found.areas:
            return Data(first.body, found, first.url)
        # The server keeps answers per URL for an hour: the other form is another answer.
        second, other = self._map(base, region, "topojson", deadline)
        if other.areas:
            return Data(second.body, other, second.url)
        return Empty(first.url, (second.url, self._knows(base, region, deadline)))

    def _map(self, base: str, region: Region, form: str, deadline: float) -> tuple[_Answer, FloodMap]:
        asked = {"minimum_state": "1", "geoformat": form, "format": "json"}
        answer = self._of_region(base, "/floods", region, asked, deadline)
        try:
            return answer, read_flood(answer.body)
        except BadInput as error:
            doubted = _Doubted("{url}: {detail}", url=answer.url, detail=str(error))
            doubted.body = answer.body
            raise doubted from error

    def _knows(self, base: str, region: Region, deadline: float) -> str:
        """The canary: whether the server lists the region; what was asked. Raises _Doubted when it does not."""
        answer = self._get(base, "/cities", {"geoformat": "geojson", "format": "json"}, deadline)
        try:
            features = flood.unwrap(flood.parse_json(answer.body))["features"]
            codes = {feature["properties"]["code"] for feature in features}
        except (BadInput, KeyError, TypeError) as error:
            raise _Doubted("{url} says nothing is flooded, but its list of regions cannot be read", url=base) from error
        if not codes & {region.admin, region.city}:
            raise _Doubted(
                "{url} says nothing is flooded, but it does not know the region {region}", url=base, region=region.admin
            )
        return answer.url

    def _any(self, ask: Callable[[str, float], _Found]) -> _Found:
        """The first good answer of any server; raises why there is none."""
        deadline = time.monotonic() + self._seconds
        failures: dict[str, SiagaError] = {}
        asked = dict.fromkeys(self._urls, 0.0)  # from when on each may be asked again
        for number in range(ROUNDS):
            if number:
                pause = self._pause * 2 ** (number - 1) * random.uniform(0.5, 1.5)
                _sleep_until(max(time.monotonic() + pause, min(asked.values())), deadline)
            if time.monotonic() >= deadline:
                break
            for base in [base for base, ready in asked.items() if ready <= time.monotonic()]:
                try:
                    return ask(base, deadline)
                except _Later as error:
                    asked[base] = time.monotonic() + error.seconds
                    failures[base] = error
                except _Refused as error:
                    del asked[base]  # it would say the same again
                    failures[base] = error
                except _Doubted as error:
                    failures[base] = error
                except Unavailable as error:
                    failures.setdefault(base, error)  # what it said before tells more than a silence
            if not asked:
                break
        raise _together(failures)

    def _of_region(self, base: str, path: str, region: Region, asked: dict[str, str], deadline: float) -> _Answer:
        """Ask with the newer servers' parameter, then with the first ones' where that one is refused."""
        try:
            return self._get(base, path, {"admin": region.admin} | asked, deadline)
        except _Refused:
            if not region.city:
                raise
        return self._get(base, path, {"city": region.city} | asked, deadline)

    def _get(self, base: str, path: str, asked: dict[str, str], deadline: float) -> _Answer:
        """One question. Returns an answer of status 200; raises _Refused, _Later, Unavailable, _Doubted."""
        url = f"{base}{path}?" + urlencode(asked)
        left = deadline - time.monotonic()
        if left <= 0:
            raise Unavailable("{url} did not answer in time", url=url)
        connect, read = (min(left, seconds) for seconds in self._timeouts)
        cutting = threading.Timer(left, self._cut)  # a time-out is for silence; a server may drip headers for hours
        cutting.daemon = True
        cutting.start()
        try:
            with self._session.get(url, timeout=(connect, read), stream=True, allow_redirects=False) as response:
                body = _body(url, response, deadline)
        except requests.RequestException as error:
            if isinstance(error, requests.Timeout) or time.monotonic() >= deadline:
                raise Unavailable("{url} did not answer in time", url=url) from error
            raise Unavailable("{url} cannot be reached: {detail}", url=url, detail=_short(error)) from error
        except urllib3.exceptions.HTTPError as error:
            if time.monotonic() >= deadline:
                raise Unavailable("{url} did not answer in time", url=url) from error
            raise Unavailable("{url} broke off its answer: {detail}", url=url, detail=_short(error)) from error
        finally:
            cutting.cancel()
        if time.monotonic() >= deadline:  # what was cut off may look like an end
            raise Unavailable("{url} did not answer in time", url=url)
        _check(url, response, body)
        return _Answer(url, body)


class _Adapter(HTTPAdapter):
    """Connections that can be cut from another thread, whatever is being read from them."""

    def init_poolmanager(self, *args: Any, **named: Any) -> None:
        super().init_poolmanager(*args, **named)
        self._open: WeakSet[socket.socket] = WeakSet()
        opened = self._open

        class Plain(HTTPConnection):
            def connect(self) -> None:
                super().connect()
                opened.add(self.sock)

        class Secure(HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                opened.add(self.sock)

        self.poolmanager.pool_classes_by_scheme = {
            "http": type("Pool", (HTTPConnectionPool,), {"ConnectionCls": Plain}),
            "https": type("Pool", (HTTPSConnectionPool,), {"ConnectionCls": Secure}),
        }

    def cut(self) -> None:
        """End every connection that is open."""
        for one in list(self._open):
            with suppress(OSError):  # closed already
                one.shutdown(socket.SHUT_RDWR)


class _Refused(BadInput):
    """The server will not answer this question, however often it is asked."""


class _Later(Unavailable):
    """Too many questions. seconds: how long to wait."""

    seconds = 0.0


class _Doubted(BadInput):
    """An answer that came but cannot be believed. body: as it came."""

    body: bytes | None = None


def _body(url: str, response: requests.Response, deadline: float) -> bytes:
    """What was sent, piece by piece, so that neither its length nor its slowness can hold us up."""
    pieces, size = [], 0
    while piece := response.raw.read1(1 << 16, decode_content=True):
        size += len(piece)
        if size > flood.MAX_BYTES:
            raise _Doubted("{url} sends more than {limit} MiB", url=url, limit=flood.MAX_BYTES >> 20)
        if time.monotonic() > deadline:
            raise Unavailable("{url} did not answer in time", url=url)
        pieces.append(piece)
    return b"".join(pieces)


def _check(url: str, response: requests.Response, body: bytes) -> None:
    status = response.status_code
    if status == 200:
        return
    said = {"url": url, "status": status, "detail": _page(body)}
    if status == 429:
        later = _Later("{url} answers {status}: {detail}", **said)
        later.seconds = _retry_after(response.headers.get("Retry-After", ""))
        raise later
    if 300 <= status < 500 and status != 408:
        raise _Refused("{url} answers {status}: {detail}", **said)
    raise Unavailable("{url} answers {status}: {detail}", **said)


def _retry_after(text: str) -> float:
    """Seconds; the header holds them or a date."""
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def _sleep_until(moment: float, deadline: float) -> None:
    time.sleep(max(0.0, min(moment, deadline) - time.monotonic()))


def _together(failures: Mapping[str, SiagaError]) -> SiagaError:
    """One error of what every server said; with the answer that was doubted, if there is one."""
    doubts = [error for error in failures.values() if isinstance(error, _Doubted)]
    if not failures:
        return Unavailable("No server of PetaBencana is set")
    if len(failures) == 1:
        return next(iter(failures.values()))
    if not doubts:
        return Unavailable("No server of PetaBencana answers: {detail}", detail="; ".join(map(str, failures.values())))
    together = _Doubted("PetaBencana cannot be believed: {detail}", detail="; ".join(map(str, failures.values())))
    together.body = next((doubt.body for doubt in doubts if doubt.body is not None), None)
    return together


def _highest(answer: _Answer) -> dict[str, int]:
    try:
        rows = flood.parse_json(answer.body)["result"]
        states = ((str(row["area_id"]), row["max_state"]) for row in rows if row["max_state"] is not None)
        found = {area.encode("utf-8", "replace").decode(): state for area, state in states}
    except (BadInput, KeyError, TypeError) as error:
        raise _Refused("{url}: the archive cannot be read", url=answer.url) from error
    if not all(type(state) is int and 0 <= state <= 4 for state in found.values()):
        raise _Refused("{url}: the archive has a state that is none", url=answer.url)
    return {area: state for area, state in found.items() if state > 0}


def _with_offset(moment: datetime) -> str:
    """As /floods/archive reads it: an offset is required, and Z is none."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}+0000"


def _short(error: BaseException) -> str:
    """What went wrong at the bottom: libraries wrap the words of the system in the names of their own objects."""
    within: BaseException | None = error
    while within is not None:
        error, within = within, _within(within)
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return re.sub(r"^\[[^]]*\] |^<[^>]*>: ", "", said)[:_DETAIL]


def _within(error: BaseException) -> BaseException | None:
    """The error that this one wraps, if any."""
    reason = getattr(error, "reason", None)
    if isinstance(reason, BaseException):
        return reason
    return next((one for one in error.args if isinstance(one, BaseException)), None) or error.__cause__


def _page(body: bytes) -> str:
    """What an answer that is none says, without markup; of a page its title."""
    text = body[: 64 * _DETAIL].decode("utf-8", "replace")
    if title := re.search(r"<title[^>]*>([^<]*)", text, re.IGNORECASE):
        text = html.unescape(title[1])
    elif "<html" in text.lower():
        text = "an HTML page"
    return " ".join(text.split())[:_DETAIL]
