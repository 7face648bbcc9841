"""Calling functions by URL: one slot each, one call at a time in each slot.

A job pays for what broke while it was worked on, and for nothing else. So a slot is knocked at before it is
called, and when a call brings no answer it is asked whether it had taken that call up; it notes that where its
successor finds it. A call that it had not taken up was none.
"""

import http.client
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.leases import Call, Leases
from siaga.errors import SiagaError, Unavailable
from siaga.stack import Function, Slot

Headers = list[tuple[str, str]]

HOP_BY_HOP = {  # RFC 9110, section 7.6.1; Host and lengths are made anew
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
    "te", "trailer", "transfer-encoding", "upgrade", "host", "content-length",
}  # fmt: skip
_CONNECT_SECONDS = 3.0
_MARGIN_SECONDS = 10.0  # a slot ends its own call first, and says so
_PATIENCE_SECONDS = 3.0  # for a slot that is busy or started again; QGIS is up in 1 to 2 s
_PROBE_SECONDS = 1.0
_KNOCK_SECONDS = 2.0
_ASK_SECONDS = 30.0  # for the successor of a slot that died: the longest wait of the supervisor, and its start
_ASK_AGAIN_SECONDS = 0.2
_ROOM_SECONDS = 0.5  # between two looks whether something live waits in vain
_TOKEN, _TRY, _LIMIT = "X-Slot-Token", "X-Try-Id", "X-Limit"
_PATIENCE, _BACKFILL = "X-Patience", "X-Backfill"
_OWN = {name.lower() for name in (_TOKEN, _TRY, _LIMIT, _PATIENCE, _BACKFILL)}  # nobody else says these
_PACED = "X-Paced"  # a slot that works more slowly on backfill says so
_SUSPECT_SHARE = 4  # what has ended a slot gets this part of the time-out, but for its last attempt


class NoConnection(Unavailable):
    """Nothing accepted the connection, so the function was not called."""


class NotTakenUp(Unavailable):
    """The slot fell silent before it had begun with this call, so the function was not called."""


class BrokenOff(SiagaError):
    """The connection broke in the middle of a call; what the function did is not known.

    begun: the slot had begun with it. seconds: from the call until it broke off. ended: how its process ended, as its
    successor tells: silent, a signal's name or a status, then the processor seconds for which it had answered nobody;
    "" when nobody told.
    """

    status = 502
    begun, ended, seconds = False, "", 0.0


class Unsendable(BrokenOff):
    """The call cannot be written down as a request, whoever is to get it."""


class TimedOut(SiagaError):
    """The function did not answer in its time."""

    status = 504


@dataclass(frozen=True, slots=True)
class Try:
    """A call that a slot works on. name: its X-Try-Id. since: monotonic seconds."""

    call: Call
    url: str
    name: str
    since: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What a function answered. body is whole."""

    status: int
    headers: Headers
    body: bytes

    def header(self, name: str) -> str:
        """The first header of that name, "" when there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    @property
    def slot_is_away(self) -> bool:
        """Whether the slot itself was busy, starting or stopping; a function's own 503 is JSON."""
        return self.status == 429 or (self.status == 503 and "json" not in self.header("Content-Type"))


def begin(
    url: str,
    method: str,
    target: str,
    headers: Iterable[tuple[str, str]],
    body: bytes,
    timeout: float,
    may: Callable[[str, int, bool], None] = lambda _address, _port, _here: None,
) -> http.client.HTTPResponse:
    """Send one request and return the response with its body still to be read; redirects are not followed.

    target: path and query. may: raises what it will unless something may be sent to that address, that port, on this
    machine or not; asked of the one that was reached, whatever its name says. Raises NoConnection, BrokenOff,
    Unsendable, TimedOut.
    """
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    try:
        connection = kind(parts.hostname or "", parts.port, timeout=_CONNECT_SECONDS)
        connection.connect()
    except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: no such name or port can be
        raise NoConnection("{url} accepts no connection: {detail}", url=url, detail=str(error)) from error
    try:
        peer, own = connection.sock.getpeername(), connection.sock.getsockname()
        may(peer[0], peer[1], peer[0] == own[0])
        connection.sock.settimeout(timeout)
        connection.putrequest(method, parts.path.rstrip("/") + target, skip_accept_encoding=True)
        for name, value in headers:
            if name.lower() not in HOP_BY_HOP:
                connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body)))
        connection.putheader("Connection", "close")
        connection.endheaders(body)
        return connection.getresponse()
    except SiagaError:
        connection.close()
        raise
    except TimeoutError as error:
        connection.close()
        raise TimedOut("{url} did not answer within {seconds} seconds", url=url, seconds=f"{timeout:g}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: a header that cannot be sent
        connection.close()
        kind_of = Unsendable if isinstance(error, ValueError) else BrokenOff
        raise kind_of("The connection to {url} broke off: {detail}", url=url, detail=repr(error)) from error


def request(
    url: str, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes, timeout: float
) -> Answer:
    """Send one request and read the whole answer. Raises NoConnection, BrokenOff, TimedOut."""
    response = begin(url, method, target, headers, body, timeout)
    try:
        return Answer(response.status, response.getheaders(), response.read())
    except TimeoutError as error:
        raise TimedOut("{url} did not answer within {seconds} seconds", url=url, seconds=f"{timeout:g}") from error
    except (OSError, http.client.HTTPException) as error:
        raise BrokenOff("The connection to {url} broke off: {detail}", url=url, detail=repr(error)) from error
    finally:
        response.close()


def call_headers(headers: Iterable[tuple[str, str]]) -> Headers:
    """The headers that OpenFaaS's gateway adds to a call: X-Call-Id unless there is one, X-Start-Time (ns)."""
    kept = [(name, value) for name, value in headers if name.lower() != "x-start-time"]
    if not any(name.lower() == "x-call-id" for name, _ in kept):
        kept.append(("X-Call-Id", str(uuid.uuid4())))
    return [*kept, ("X-Start-Time", str(time.time_ns()))]


class Slots:
    """All slots of all functions, and who uses which. Shared by all threads."""

    def __init__(self, slots: list[Slot], token: str) -> None:
        """`slots` as siaga.stack.slots lists them; `token`: what lets a caller in there."""
        self._pass = (_TOKEN, token)
        self.functions: dict[str, Function] = {slot.function.name: slot.function for slot in slots}
        self._urls: dict[str, list[str]] = {name: [] for name in self.functions}
        for slot in slots:
            self._urls[slot.function.name].append(slot.url)
        self._leases = Leases(self._urls)
        self._paced: set[str] = set()  # slots that keep their pace, and let it be changed
        self._tries: dict[str, Try] = {}  # by name
        self.invocations: Counter[str] = Counter()

    def urls(self, function: str) -> list[str]:
        """Where its slots are called now, one each; several may share one."""
        return list(self._urls[function])

    def count(self, function: str) -> int:
        """How many slots it has now."""
        return len(self._urls[function])

    def replace(self, function: str, urls: list[str]) -> None:
        """A function has these slots from now on."""
        self._leases.replace(function, urls)

    def live_waiting(self, function: str) -> int:
        """How many live jobs of that function wait for a slot."""
        return self._leases.live_waiting(function)

    def under_way(self) -> set[str]:
        """The ids of the jobs that hold a slot now."""
        return self._leases.under_way()

    def call(self, call: Call) -> Answer:
        """Call a function for a job; waits for a slot of its own, live jobs first.

        Backfill works below all others on the processor, until a live call has to wait for its slot. A suspect has a
        part of the time-out until its last attempt. A slot that is busy with somebody's direct call, or is just being
        started again, is waited for a few seconds.
        Raises NoConnection, NotTakenUp, BrokenOff, TimedOut.
        """
        limit = self.limit(call)
        headers = [*self._let_in(call_headers(call.headers)), (_LIMIT, f"{limit:.0f}s")]
        if not call.last:
            headers.append((_PATIENCE, f"{self.part(call.function):.0f}s"))
        self.invocations[call.function] += 1
        self._hurry(self._leases.held_up(call))
        with self._leases.lease(call) as first:
            if call.is_backfill and not self.live_waiting(call.function):
                headers.append((_BACKFILL, "yes"))
            deadline = time.monotonic() + _PATIENCE_SECONDS
            others = [] if call.suspect else [url for url in self._urls[call.function] if url != first]
            urls = [first, *others]
            while True:
                try:
                    answer = self._try(call, urls, headers, limit)
                    if not answer.slot_is_away or time.monotonic() > deadline:
                        return answer
                except NoConnection:
                    if time.monotonic() > deadline:
                        raise
                time.sleep(0.1)

    def limit(self, call: Call) -> float:
        """Seconds after which a slot ends a call, and itself."""
        whole = self.functions[call.function].timeout_seconds
        return self.part(call.function) if call.suspect and not call.last else whole

    def part(self, function: str) -> float:
        """The part of its time-out, in seconds, that nobody else has to wait for an attempt but the last."""
        return max(1.0, self.functions[function].timeout_seconds // _SUSPECT_SHARE)

    def keep_room(self, stop: threading.Event) -> None:
        """Look now and then whether something live waits in vain, until told to stop."""
        while not stop.wait(_ROOM_SECONDS):
            for function in self.functions:
                if self.live_waiting(function):
                    self._make_room(function)

    def _make_room(self, function: str) -> None:
        """End one attempt, if each slot has one that is suspect or has had its part of the time-out.

        It is tried again behind all others; a last attempt has all its time, and is left alone.
        """
        held = [one for one in list(self._tries.values()) if one.call.function == function]
        if len(held) < len(self._urls[function]):
            return  # one is free, or being started again
        since = time.monotonic() - self.part(function)
        late = [one for one in held if one.since < since]
        if all(one in late or one.call.suspect for one in held):
            for one in sorted((one for one in late if not one.call.last), key=lambda one: one.since)[:1]:
                self._end(one)

    def open(
        self, function: str, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes
    ) -> http.client.HTTPResponse:
        """Call a function for somebody who waits for the answer; any slot that is free.

        Returns the response with its body still to be read; the last slot's 429 or refusal stands for
        all. Raises NoConnection, BrokenOff, TimedOut.
        """
        self.invocations[function] += 1
        timeout = self.functions[function].timeout_seconds + _MARGIN_SECONDS
        headers = self._let_in(headers)
        urls = self._leases.by_freedom(function)
        for url in urls[:-1]:
            try:
                response = begin(url, method, target, headers, body, timeout)
            except NoConnection:
                continue
            if response.status != 429:
                return response
            response.close()
        return begin(urls[-1], method, target, headers, body, timeout)

    def ready(self, function: str) -> int:
        """How many slots of a function are up; a busy one is."""
        return sum(_is_up(url) for url in self._urls[function])

    def _let_in(self, headers: Iterable[tuple[str, str]]) -> Headers:
        return [*((name, value) for name, value in headers if name.lower() not in _OWN), self._pass]

    def _try(self, call: Call, urls: list[str], headers: Headers, limit: float) -> Answer:
        for url in urls[:-1]:
            try:
                answer = self._hand(call, url, headers, limit)
            except NoConnection:
                continue
            if not answer.slot_is_away:
                return answer
        return self._hand(call, urls[-1], headers, limit)

    def _hand(self, call: Call, url: str, headers: Headers, limit: float) -> Answer:
        """Hand a job to one slot, unless it is away."""
        standing = _knock(url)
        if standing.slot_is_away:
            return standing
        if standing.header(_PACED):
            self._paced.add(url)
        name = str(uuid.uuid4())
        self._tries[name] = one = Try(call, url, name, time.monotonic())
        try:
            return request(url, call.method, call.target, [*headers, (_TRY, name)], call.body, limit + _MARGIN_SECONDS)
        except Unsendable:
            raise
        except (BrokenOff, TimedOut) as error:
            seconds = time.monotonic() - one.since
            begun, ended = self._had_begun(call.function, url, name)
            if begun is False:
                raise NotTakenUp("The slot {url} was started again before it came to this", url=url) from error
            if isinstance(error, BrokenOff):
                error.begun, error.ended, error.seconds = bool(begun), ended, seconds
            raise
        finally:
            del self._tries[name]

    def _end(self, one: Try) -> None:
        """Ask a slot to end what it works on; one that does not hear it ends by itself."""
        if one.url in self._paced:
            with suppress(SiagaError):
                request(one.url, "POST", f"/_/end?try={one.name}", [self._pass], b"", _PROBE_SECONDS)

    def _hurry(self, urls: Iterable[str]) -> None:
        """Let backfill that something live waits for work as if it were live; a slot of other make has one pace."""
        for url in self._paced.intersection(urls):
            with suppress(SiagaError):
                request(url, "POST", "/_/hurry", [self._pass], b"", _PROBE_SECONDS)

    def _had_begun(self, function: str, url: str, name: str) -> tuple[bool | None, str]:
        """Whether a slot had begun with a call, by its own word or its successor's; None when nobody can tell.

        And how its process ended, where the successor was told.
        """
        deadline = time.monotonic() + _ASK_SECONDS
        while time.monotonic() < deadline and url in self._urls[function]:
            try:
                answer = request(url, "GET", f"/_/took-up?try={name}", [self._pass], b"", _KNOCK_SECONDS)
            except SiagaError:
                time.sleep(_ASK_AGAIN_SECONDS)
                continue
            begun = {b"yes": True, b"no": False}.get(answer.body) if answer.status == 200 else None
            return begun, answer.header("X-Ended")
        return None, ""


def _knock(url: str) -> Answer:
    """How a slot stands; one that does not even say that accepts no connection. Raises NoConnection."""
    try:
        return request(url, "GET", "/_/ready", [], b"", _KNOCK_SECONDS)
    except (BrokenOff, TimedOut) as error:
        raise NoConnection("{url} accepts no connection: {detail}", url=url, detail=str(error)) from error


def _is_up(url: str) -> bool:
    try:
        return request(url, "GET", "/_/ready", [], b"", _PROBE_SECONDS).status in (200, 429)
    except SiagaError:
        return False
