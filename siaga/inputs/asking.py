"""Asking somebody else's server: bounded in time and size whatever it does, and what went wrong in a sentence."""

import errno
import html
import logging
import re
import socket
import ssl
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from weakref import WeakSet

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from siaga.errors import BadInput, Unavailable

MOST_BYTES = 64 << 20  # of an answer
CONNECT_SECONDS, READ_SECONDS = 5.0, 20.0
_DETAIL = 200
_NO_WAY = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN)
_log = logging.getLogger(__name__)


class Answer(NamedTuple):
    """What came, and to which question."""

    url: str
    body: bytes


class Refused(BadInput):
    """The server will not answer this question, however often it is asked."""


class Later(Unavailable):
    """Too many questions. seconds: how long to wait."""

    seconds = 0.0


class Doubted(BadInput):
    """An answer that came but cannot be believed. body: as it came."""

    body: bytes | None = None


class Asker:
    """Asks with one session; its connections are its own."""

    def __init__(self, user_agent: str, timeouts: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS)) -> None:
        """timeouts: to connect, and between two pieces of an answer."""
        self._timeouts = timeouts
        self._session, adapter = requests.Session(), _Adapter()
        self._cut = adapter.cut
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)
        # no-cache: a proxy on the way must not repeat an error that the server marked as good for an hour
        self._session.headers.update(
            {"User-Agent": user_agent, "Accept": "application/json", "Cache-Control": "no-cache", "Pragma": "no-cache"}
        )

    def get(self, url: str, deadline: float) -> Answer:
        """One question, until that moment of time.monotonic(). Returns an answer of status 200.

        Raises Refused, Later, Unavailable, Doubted.
        """
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
            raise _unreached(url, error) from error
        except urllib3.exceptions.HTTPError as error:
            if time.monotonic() >= deadline:
                raise Unavailable("{url} did not answer in time", url=url) from error
            _log.warning("%s broke off its answer: %s", url, error)
            raise Unavailable("{url} broke off its answer", url=url) from error
        finally:
            cutting.cancel()
        if time.monotonic() >= deadline:  # what was cut off may look like an end
            raise Unavailable("{url} did not answer in time", url=url)
        _check(url, response, body)
        return Answer(url, body)


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


def _body(url: str, response: requests.Response, deadline: float) -> bytes:
    """What was sent, piece by piece, so that neither its length nor its slowness can hold us up."""
    pieces, size = [], 0
    while piece := response.raw.read1(1 << 16, decode_content=True):
        size += len(piece)
        if size > MOST_BYTES:
            raise Doubted("{url} sends more than {limit} MiB", url=url, limit=MOST_BYTES >> 20)
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
        later = Later("{url} answers {status}: {detail}", **said)
        later.seconds = _retry_after(response.headers.get("Retry-After", ""))
        raise later
    if 300 <= status < 500 and status != 408:
        raise Refused("{url} answers {status}: {detail}", **said)
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


def _unreached(url: str, error: BaseException) -> Unavailable:
    """Why a server is not reached, in words that can be translated; those of the system go to the log."""
    within: BaseException | None = error
    while within is not None:
        error, within = within, _within(within)
    _log.warning("%s is not reached: %s", url, error)
    if isinstance(error, socket.gaierror):
        return Unavailable("{url} cannot be reached: no name server finds its name", url=url)
    if isinstance(error, ssl.SSLError):
        return Unavailable("{url} cannot be reached: its certificate or encryption is not to be trusted", url=url)
    if isinstance(error, ConnectionRefusedError):
        return Unavailable("{url} cannot be reached: nobody listens there", url=url)
    if isinstance(error, OSError) and error.errno in _NO_WAY:
        return Unavailable("{url} cannot be reached: no network leads there", url=url)
    return Unavailable("{url} cannot be reached: the connection breaks off", url=url)


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
