"""Who may ask the API, and how often: pages of other hosts by a setting (CORS), everybody up to a number a minute."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from math import ceil

from flask import Flask, Response, current_app, request

from siaga.errors import SiagaError

ANYBODY = "*"
_NAME = "siaga-access"
_SECONDS = 60.0
_REMEMBERED = 10_000  # addresses
_DAY = 86400


class TooMany(SiagaError):
    """More questions than are answered; later it may go on."""

    status = 429


@dataclass(frozen=True, slots=True)
class Access:
    """origins: of pages that may read the answers, such as https://peta.example.id; "*" is all.

    per_minute: questions of one address; 0 is no bound.
    """

    origins: tuple[str, ...] = ()
    per_minute: int = 0


class Rates:
    """How much each address has left; it comes back evenly. Kept in memory by each process: a restart forgets it."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` in seconds."""
        self._most, self._clock, self._lock = per_minute, clock, threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}  # by address: questions, and when that was so

    def take(self, address: str) -> None:
        """Count one question of an address. Raises TooMany."""
        if not self._most:
            return
        name, now = _network(address), self._clock()
        with self._lock:
            left, since = self._left.pop(name, (float(self._most), now))
            left = min(self._most, left + (now - since) * self._most / _SECONDS)
            self._left[name] = (max(0.0, left - 1), now)  # those who asked last stand last
            if len(self._left) > _REMEMBERED:
                del self._left[next(iter(self._left))]
        if left < 1:
            raise TooMany("More than {count} questions in a minute; wait a moment, then go on", count=self._most)


def install(app: Flask, access: Access) -> None:
    """Let the routes that `count` and `allow` guard be answered within these bounds."""
    app.extensions[_NAME] = (access, Rates(access.per_minute))


def count() -> None:
    """Before each request. Raises TooMany."""
    rates: Rates = current_app.extensions[_NAME][1]
    rates.take(request.remote_addr or "")


def allow(response: Response) -> Response:
    """After each request: whether a page of another host may read the answer."""
    access: Access = current_app.extensions[_NAME][0]
    if response.status_code == TooMany.status:
        response.headers["Retry-After"] = str(ceil(_SECONDS / access.per_minute))
    if not access.origins:
        return response
    anybody, origin = ANYBODY in access.origins, request.headers.get("Origin", "")
    if not anybody:
        response.vary.add("Origin")
    if origin and (anybody or origin in access.origins):
        response.headers["Access-Control-Allow-Origin"] = ANYBODY if anybody else origin
        response.headers["Access-Control-Expose-Headers"] = "ETag, Retry-After"
        if request.method == "OPTIONS":
            response.headers["Access-Control-Allow-Methods"] = "GET, HEAD, OPTIONS"
            response.headers["Access-Control-Allow-Headers"] = "If-None-Match"
            response.headers["Access-Control-Max-Age"] = str(_DAY)
    return response


def _network(address: str) -> str:
    """The address; of one of version 6 the 64 bits that one customer has."""
    try:
        one = ip_address(address)
    except ValueError:
        return address
    return one.exploded[:19] if isinstance(one, IPv6Address) else address
