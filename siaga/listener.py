"""An HTTP server that slow or greedy clients do not hold: waitress, with bounds for connections, heads and bodies.

Waitress alone counts connections and looks at how long each was silent. Here a head has a deadline in all, however
often a client sends another line of it; where many connections wait, a new one takes the place of the one that has
waited longest; and of a body from nobody who is known no more is kept than a form needs. Who sends a large one may take
a while to find out, so other threads ask, and until they know no more of that connection is read.
"""

import logging
import resource
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Protocol

from waitress.buffers import OverflowableBuffer
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.receiver import ChunkedReceiver, FixedStreamReceiver
from waitress.server import TcpWSGIServer
from waitress.utilities import Error

_log = logging.getLogger(__name__)
SMALL = 64 << 10  # bytes of a body from anybody
_HEAD_SECONDS = 20.0  # from the end of the last answer to the end of the next head
_BODY_SECONDS = 60.0  # for a body from anybody
_MOST = 800  # connections; the system would allow more, a thousand by waitress's own count
_CHECK_SECONDS = 2
_ASKERS = 2  # threads that ask who sends a large body

Known = Callable[[str, str, Mapping[str, str]], bool]


def raise_descriptors() -> None:
    """Let this process have as many connections and files open as the system grants."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class _Bounded(OverflowableBuffer):  # type: ignore[misc]  # waitress has no types
    """A body that is counted to its end and kept up to SMALL; what it was is for the app to refuse.

    whole: all of it is kept from now on.
    """

    whole = False

    def __init__(self, overflow: int) -> None:
        super().__init__(overflow)
        self._size = 0

    def append(self, data: bytes) -> None:
        if self.whole or self._size < SMALL:
            super().append(data if self.whole else data[: SMALL - self._size])
        self._size += len(data)

    def __len__(self) -> int:
        return self._size


class _Receiver(Protocol):
    """What waitress reads a body with."""

    def getbuf(self) -> _Bounded:
        """Where it is kept."""


class _Unsure(Error):  # type: ignore[misc]
    """The answer to a large body of which nobody could find out whose it is."""

    code = 503
    reason = "Service Unavailable"


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    """A request that says its length in one way, from somebody who may send so much.

    bounded: little of its body is kept. asking: it is being found out whether all may be. unsure: that failed.
    """

    ask: Callable[["_Parser", Mapping[str, str]], None]
    body_rcv: _Receiver | None
    error: object
    bounded = asking = unsure = False

    def received(self, data: bytes) -> int:
        taken = int(super().received(data))
        if self.completed and self.unsure and not self.error:
            self.error = _Unsure("Who sends this cannot be found out just now; send it again in a moment")
        return taken

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        if "TRANSFER_ENCODING" in self.headers or (self.chunked and "CONTENT_LENGTH" in self.headers):
            raise ParsingError("Content-Length and Transfer-Encoding do not go together")
        large = SMALL < self.content_length < self.adj.max_request_body_size  # beyond that it is refused anyway
        if self.body_rcv is None or not (self.chunked or large):
            return
        kept = _Bounded(self.adj.inbuf_overflow)
        self.body_rcv = ChunkedReceiver(kept) if self.chunked else FixedStreamReceiver(self.content_length, kept)
        self.bounded = self.asking = True
        self.ask(self, {name.replace("_", "-").title(): value for name, value in self.headers.items()})

    def learn(self, known: bool | None) -> None:
        """Go on; None: nobody could tell. What came before is a part of one read, less than SMALL."""
        self.asking, self.unsure = False, known is None
        if known and self.body_rcv is not None:
            self.bounded, self.body_rcv.getbuf().whole = False, True


class _Channel(HTTPChannel):  # type: ignore[misc]
    """A connection that knows since when its next request is awaited."""

    def __init__(self, *args: object, **named: object) -> None:
        super().__init__(*args, **named)
        self.since = time.monotonic()  # waitress's own times jump with the clock

    def readable(self) -> bool:
        return bool(super().readable()) and not (self.request is not None and self.request.asking)

    def received(self, data: bytes) -> bool:
        taken = bool(super().received(data))
        if self.request is None:
            self.since = time.monotonic()
        return taken

    def service(self) -> None:
        try:
            super().service()
        except OSError:  # the server was closed meanwhile, and its trigger with it
            if self.server.trigger is None or not self.server.trigger._closed:
                raise
        self.since = time.monotonic()

    def is_waiting(self) -> bool:
        """Whether nothing is under way but a head, or a body of somebody who is not known."""
        request = self.request
        return not (self.requests or self.total_outbufs_len or self.will_close) and (
            request is None or not request.headers_finished or request.bounded
        )

    def end_if_late(self, now: float) -> None:
        begun = self.request is not None and self.request.headers_finished
        if self.is_waiting() and now - self.since > (_BODY_SECONDS if begun else _HEAD_SECONDS):
            self.will_close = True


class Listener(TcpWSGIServer):  # type: ignore[misc]
    """The server of an app. Raises OSError when the port is taken."""

    def __init__(self, app: object, host: str, port: int, known: Known, **settings: object) -> None:
        """host: where to listen. known: whether method, path and headers are of somebody who may send a large body.

        It is asked in threads of its own, several at a time. settings: waitress's.
        """
        self._known, self._asked = known, 0  # questions without an answer; counted by the server's thread alone
        self._askers = ThreadPoolExecutor(_ASKERS, "asker")
        parser = type("Parser", (_Parser,), {"ask": staticmethod(self._ask)})
        self.channel_class = type("Channel", (_Channel,), {"parser_class": parser})
        super().__init__(
            app,
            host=host,
            port=port,
            connection_limit=2 * _MOST,
            asyncore_use_poll=True,  # select() ends at a thousand
            cleanup_interval=_CHECK_SECONDS,
            ident=None,
            **settings,
        )

    def handle_accept(self) -> None:
        """Take a connection; beyond the most of them in the place of the one that has waited longest."""
        waiting = [one for one in self.active_channels.values() if one.is_waiting()]
        if len(self.active_channels) >= _MOST and waiting:
            min(waiting, key=lambda one: one.since).will_close = True
        super().handle_accept()

    def close(self) -> None:
        """Listen no more."""
        self._askers.shutdown(wait=False, cancel_futures=True)
        super().close()

    def _ask(self, parser: _Parser, headers: Mapping[str, str]) -> None:
        if self._asked >= _MOST:
            parser.learn(None)
            return
        self._asked += 1
        asked = self._askers.submit(self._known, parser.command, parser.path, headers)
        asked.add_done_callback(partial(self._answer, parser))

    def _answer(self, parser: _Parser, asked: Future[bool]) -> None:
        """Hand it to the server's thread, which alone reads."""
        if asked.cancelled() or self.trigger._closed:
            return
        error = asked.exception()
        if error is not None:
            _log.warning("who sends a large body cannot be found out: %s", error)
        self.trigger.pull_trigger(partial(self._learned, parser, None if error else asked.result()))

    def _learned(self, parser: _Parser, known: bool | None) -> None:
        self._asked -= 1
        parser.learn(known)

    def maintenance(self, now: float) -> None:
        """Close what has waited too long."""
        super().maintenance(now)
        for channel in self.active_channels.values():
            channel.end_if_late(time.monotonic())
