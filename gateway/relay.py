"""What a gateway is asked that does not lead: passed on to the one that does, held for seconds while none does."""

import http.client
import time
from collections.abc import Callable, Iterator
from urllib.parse import quote

from flask import Response, request

from gateway.invoke import HOP_BY_HOP, BrokenOff, NoConnection, TimedOut, begin, call_headers
from gateway.lead import Lead
from gateway.login import EVENTS
from siaga import vitals

_HOLD_SECONDS = 15.0  # longer than a lease lasts and its successor starts
_LOOK_SECONDS = 0.1
_EVENT_SECONDS, _SECONDS, _CALL_SECONDS = 5.0, 60.0, 660.0  # for an answer; a function may take its time
_PASSED_ON = "X-Siaga-Passed-On"
_OWN = (*vitals.OPEN, vitals.METRICS)
_CHUNK = 1 << 16


class Relay:
    """Stands before all routes of a gateway but those that speak of itself."""

    def __init__(self, lead: Lead, works: Callable[[], bool]) -> None:
        """`works`: whether this gateway leads and has started."""
        self._lead, self._works = lead, works

    def pass_on(self) -> Response | None:
        """The leader's answer; None when this gateway answers by itself.

        What may be sent twice is sent again when the leader falls silent: announcements, questions, calls without
        waiting, which are taken once by their id.
        """
        if request.path in _OWN or self._works():
            return None
        if request.headers.get(_PASSED_ON):
            return _unavailable("this gateway does not lead")
        headers = [*request.headers.items(), (_PASSED_ON, "yes")]
        if _may_repeat():
            headers = call_headers(headers)
        deadline = time.monotonic() + _HOLD_SECONDS
        while time.monotonic() < deadline:
            try:
                if (answer := self._ask(headers)) is not None:
                    return streamed(answer)
            except (BrokenOff, TimedOut) as error:
                if not _may_repeat():
                    return Response(f"{error}\n", error.status, {"X-OpenFaaS-Internal": "proxy"}, mimetype="text/plain")
            time.sleep(_LOOK_SECONDS)
            if self._works():
                return None
        return _unavailable("no gateway leads just now")

    def _ask(self, headers: list[tuple[str, str]]) -> http.client.HTTPResponse | None:
        """The leader's response, None when nobody leads or answers. Raises BrokenOff, TimedOut."""
        if not self._lead.leader:
            return None
        query = f"?{request.query_string.decode()}" if request.query_string else ""
        called = request.path.startswith("/function/")
        seconds = _EVENT_SECONDS if request.path == EVENTS else _CALL_SECONDS if called else _SECONDS
        try:
            answer = begin(
                self._lead.leader, request.method, quote(request.path) + query, headers, request.get_data(), seconds
            )
        except NoConnection:
            return None
        if answer.getheader(_PASSED_ON):  # it leads no more
            answer.close()
            return None
        return answer


def streamed(answer: http.client.HTTPResponse) -> Response:
    """Another's answer, nearly as it is; its body is read while it is passed back."""

    def body() -> Iterator[bytes]:
        with answer:
            while chunk := answer.read1(_CHUNK):
                yield chunk

    response = Response(body(), answer.status)
    response.headers.clear()
    for name, value in answer.getheaders():
        if name.lower() not in HOP_BY_HOP - {"content-length"}:
            response.headers.add(name, value)
    return response


def _may_repeat() -> bool:
    asks = request.method in ("GET", "HEAD") and not request.path.startswith("/function/")
    return asks or request.path == EVENTS or request.path.startswith("/async-function/")


def _unavailable(why: str) -> Response:
    return Response(f"{why}; ask again\n", 503, {"Retry-After": "1", _PASSED_ON: "no"}, mimetype="text/plain")
