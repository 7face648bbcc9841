"""One process, one slot: HTTP in threads, QGIS and the handler in the main thread.

Serves `handle(event, context)` as OpenFaaS's python3-http template does, without a watchdog. QGIS must
be started once and used from one thread, so an HTTP thread hands its call over and waits.

    GET  /_/health   200 as soon as the process listens; whoever watches over it asks, and ends one that is silent
    GET  /_/ready    200 when QGIS is up and the handler imported; 429 while busy; 503 before and after
    GET  /_/took-up?try=…   whether work began on the call that came with that X-Try-Id: yes or no, in this
                            process or in the one before it on this place; 404 when nobody can know;
                            X-Ended tells how that one ended, as its supervisor says (last_end)
    any  /…          the function; 429 at once while another call runs, 504 after a time-out, with the
                     processor time that the call has used in X-Processor-Seconds

All but the first two want the header X-Slot-Token. Its value is in the file slot_token_file
(/var/openfaas/secrets/slot-token); without that file no process begins.

Environment besides: PORT (8080), HOST (0.0.0.0), FUNCTION_MODULE (function.handler), exec_timeout (60s),
max_analyses (0: no limit), max_memory_mb (0: no limit), memory_limit (such as 2560Mi; none: the host's own),
call_mark (a file that outlives the process; it names the calls on which work began).
After exec_timeout the process answers and exits, or after less if the call says so (X-Limit), as the gateway does
for what has ended a slot before; a caller may wait for less (X-Timeout, 1 s or more), which ends its answer and
nothing else. After max_analyses calls, over max_memory_mb, or on SIGTERM the process
finishes, answers and exits. Whoever started it starts it again.
"""

import ctypes
import faulthandler
import gc
import hmac
import importlib
import json
import logging
import os
import queue
import re
import resource
import signal
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from flask import Blueprint, Flask, Response, current_app, request
from qgis.core import QgsApplication, QgsProject
from qgis.PyQt.QtCore import QCoreApplication, QEvent
from waitress import create_server

_log = logging.getLogger("slot")
_NAME = "siaga-slot"
_METHODS = ["GET", "PUT", "POST", "PATCH", "DELETE"]
_FLUSH_SECONDS = 0.5  # for an answer to leave before the process ends
_STUCK_SECONDS = 5  # beyond the time-out: native code holds the interpreter, only the kernel helps
_SHORTEST_SECONDS = 1.0  # that a caller may wait
_REMEMBERED = 20  # calls on which work began
_TOKEN_FILE = "/var/openfaas/secrets/slot-token"
_OPEN = ("/_/health", "/_/ready")  # whoever watches over a container has no secrets
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_QUANTITY = re.compile(r"(\d+)([KMG]i?)?")
_UNITS = {None: 1, "K": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}

routes = Blueprint("slot", __name__)


def seconds(text: str) -> float:
    """Read "90s", "5m", "1h30m" or a bare number of seconds, as Go's duration does."""
    if text.isdigit():
        return float(text)
    match = _DURATION.fullmatch(text)
    if not match or not any(match.groups()):
        raise ValueError(f"{text!r} is not a duration such as 90s or 5m")
    hours, minutes, rest = (int(part or 0) for part in match.groups())
    return float(hours * 3600 + minutes * 60 + rest)


def quantity(text: str) -> int:
    """Read "2560Mi", "2G" or a bare number of bytes, as Kubernetes does."""
    match = _QUANTITY.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is not a quantity of memory such as 2560Mi")
    return int(match[1]) * _UNITS[match[2]]


class Event:
    """What a handler learns of a request: body (bytes), headers, method, query, path."""

    def __init__(self) -> None:
        """Read from Flask's current request."""
        self.body = request.get_data()
        self.headers = request.headers
        self.method = request.method
        self.query = request.args
        self.path = request.path


class Context:
    """Where a handler runs: hostname."""

    def __init__(self) -> None:
        """Read from the environment."""
        self.hostname = os.getenv("HOSTNAME", "localhost")


@dataclass
class Call:
    """One request on its way through the main thread. limit: seconds until it ends the process; name: its X-Try-Id."""

    event: Event
    limit: float
    name: str = ""
    worked_before: float = 0.0
    result: object = None
    error: BaseException | None = None
    done: threading.Event = field(default_factory=threading.Event)


class Begun:
    """The calls on which work began; they are in a file, so that the next process knows of which this one died."""

    def __init__(self, file: Path | None) -> None:
        """`file` may be None: then nobody can know."""
        self._file = file
        self._names: deque[str] = deque(maxlen=_REMEMBERED)
        if file:
            with suppress(OSError):
                self._names.extend(file.read_text(encoding="utf-8", errors="replace").split())
            self._write()
        self._before = set(self._names)

    def add(self, name: str) -> None:
        """Note it before the work begins; what cannot be noted must not be denied later."""
        if name:
            self._names.append(name)
            self._write()

    def _write(self) -> None:
        if self._file:
            try:
                self._file.write_text("\n".join(self._names), encoding="utf-8")
            except OSError:
                with suppress(OSError):
                    self._file.unlink()

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def was_before(self, name: object) -> bool:
        """Whether the work began in a process before this one."""
        return name in self._before

    @property
    def exists(self) -> bool:
        """Whether there is a file that would tell."""
        return self._file is not None and self._file.exists()


class Slot:
    """Room for one call at a time."""

    def __init__(self, timeout: float, max_calls: int, max_memory_mb: int, mark: Path | None = None) -> None:
        """`timeout` in seconds; zero for the next two means no limit; `mark`: the file of Begun."""
        self.timeout, self.max_calls, self.max_memory_mb = timeout, max_calls, max_memory_mb
        self.ready = False
        self.draining = False
        self.open_answers = 0
        self.begun = Begun(mark)
        self._taken = threading.Lock()
        self._calls: queue.Queue[Call] = queue.Queue()

    @property
    def busy(self) -> bool:
        """Whether a call runs now."""
        return self._taken.locked()

    def call(self, call: Call, timeout: float) -> tuple[int, object]:
        """Run the handler in the main thread; (status, result). The caller waits for `timeout` seconds at most."""
        if not self.ready or self.draining:
            return 503, "This slot is starting or stopping; try again."
        if not self._taken.acquire(blocking=False):
            return 429, "This slot is busy; try again."
        self._calls.put(call)
        if not call.done.wait(timeout):
            if timeout >= call.limit:
                self.draining = True  # the main thread cannot be stopped, so the process must go
                threading.Timer(_FLUSH_SECONDS, os._exit, [1]).start()
            return 504, f"The function did not answer within {timeout:g} seconds."
        if call.error:
            return 500, f"The function failed: {type(call.error).__name__}. The log has the details."
        return 200, call.result

    def serve(self, handle: Callable[[Event, Context], object], tidy: Callable[[], None]) -> None:
        """Run calls until the slot drains; in the main thread."""
        served = 0
        self.ready = True
        while not (self.draining and self._calls.empty()):
            try:
                one = self._calls.get(timeout=0.2)
            except queue.Empty:
                QCoreApplication.processEvents()
                continue
            # a call whose caller no longer waits has no other end than this
            faulthandler.dump_traceback_later(one.limit + _STUCK_SECONDS, exit=True)
            self.begun.add(one.name)
            one.worked_before = _worked()
            try:
                one.result = handle(one.event, Context())
            except Exception as error:  # whatever a handler raises is its defect, and the slot's answer 500
                _log.exception("the handler failed")
                one.error = error
            faulthandler.cancel_dump_traceback_later()
            served += 1
            if (self.max_calls and served >= self.max_calls) or self._too_big():
                self.draining = True
            self._taken.release()
            one.done.set()
            tidy()

    def _too_big(self) -> bool:
        with open("/proc/self/statm", encoding="ascii") as file:
            resident = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return self.max_memory_mb > 0 and resident > self.max_memory_mb * 2**20


def _worked() -> float:
    """Seconds for which the main thread has used the processor, or waited for its turn on a busy machine."""
    with open("/proc/self/schedstat", encoding="ascii") as file:
        return sum(int(nanoseconds) for nanoseconds in file.read().split()[:2]) / 1e9


def answer(result: Any) -> Any:
    """Turn what a handler returned into a response, with python3-http's forms."""
    if isinstance(result, dict):
        body = result.get("body")
        if isinstance(body, (dict, list)):
            response = Response(json.dumps(body), mimetype="application/json")
        else:
            response = Response(body if isinstance(body, (str, bytes)) else "" if body is None else str(body))
        response.status_code = int(result.get("statusCode", 200))
        headers = result.get("headers") or {}
        for name, value in headers.items() if isinstance(headers, dict) else headers:
            response.headers[name] = value
        return response
    if result is None:
        return Response("")
    if isinstance(result, list):
        return Response(json.dumps(result), mimetype="application/json")
    if isinstance(result, (str, bytes, tuple, Response)):
        return result  # Flask's own forms
    _log.error("the handler returned %s, which is no response", type(result).__name__)
    return Response("The function returned something that is no response.", 500)


def create_app(slot: Slot, token: str) -> Flask:
    """The HTTP side. token: what callers must show."""
    app = Flask("function")
    app.extensions[_NAME] = slot
    app.before_request(partial(_refuse, token))
    app.register_blueprint(routes)
    return app


def _refuse(token: str) -> Response | None:
    """The answer to a request that may not come in; None lets it in."""
    sent = request.headers.get("X-Slot-Token", "").encode()
    if request.path not in _OPEN and not hmac.compare_digest(sent, token.encode()):
        return Response("The token of this slot is missing or wrong.", 401, mimetype="text/plain")
    return None


def _slot() -> Slot:
    """That of the app that answers this request."""
    slot: Slot = current_app.extensions[_NAME]
    return slot


@routes.get("/_/health")
def health() -> str:
    """The process listens."""
    return "OK"


@routes.get("/_/ready")
def ready() -> tuple[str, int]:
    """Whether a call would be taken now."""
    slot = _slot()
    if not slot.ready or slot.draining:
        return "starting or stopping", 503
    return ("busy", 429) if slot.busy else ("OK", 200)


@routes.get("/_/took-up")
def took_up() -> Response:
    """Whether work began on a call, and how the process ended in which it did."""
    begun, name = _slot().begun, request.args.get("try")
    if name not in begun:
        told = ("no", 200) if begun.exists else ("unknown", 404)
        return Response(*told, mimetype="text/plain")
    ended = os.getenv("last_end", "") if begun.was_before(name) else ""
    return Response("yes", headers={"X-Ended": ended} if ended else None, mimetype="text/plain")


@routes.route("/", defaults={"path": ""}, methods=_METHODS)
@routes.route("/<path:path>", methods=_METHODS)
def function(path: str) -> Response:  # noqa: ARG001 - Event reads the path itself
    """Call the handler."""
    slot = _slot()
    started = time.monotonic()
    slot.open_answers += 1
    limit = _shortened(slot.timeout, "X-Limit")
    one = Call(Event(), limit, request.headers.get("X-Try-Id", ""))
    status, result = slot.call(one, _shortened(limit, "X-Timeout"))
    response = current_app.make_response(answer(result) if status == 200 else (str(result), status))
    if status != 200:
        response.mimetype = "text/plain"
    if status == 504 and one.worked_before:
        response.headers["X-Processor-Seconds"] = f"{_worked() - one.worked_before:.1f}"
    if status in (429, 503):
        response.headers["Retry-After"] = "1"
    response.headers["X-Duration-Seconds"] = f"{time.monotonic() - started:f}"

    @response.call_on_close
    def closed() -> None:
        slot.open_answers -= 1

    return response


def _shortened(limit: float, header: str) -> float:
    """A header may shorten a limit, never lengthen it; a second is the least."""
    try:
        return min(limit, max(_SHORTEST_SECONDS, seconds(request.headers.get(header, ""))))
    except ValueError:
        return limit


def _trim() -> None:
    """Leave nothing of one analysis to the next; without this the process grows by megabytes a call.

    What the first call leaves, such as modules and caches, stays for good and is looked through no more: with QGIS
    that is a hundred thousand objects, 40 ms for each look.
    """
    QgsProject.instance().clear()
    QCoreApplication.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.DeferredDelete)
    gc.collect()
    if not gc.get_freeze_count():
        gc.freeze()
    ctypes.CDLL("libc.so.6").malloc_trim(0)


def main() -> None:
    """Listen, start QGIS, import the handler, serve until drained."""
    os.umask(0o077)  # what a handler keeps on disk is for its own user
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    token_file, mark = Path(os.getenv("slot_token_file", _TOKEN_FILE)), os.getenv("call_mark", "")
    try:
        token = token_file.read_text(encoding="utf-8").strip()
    except OSError as error:
        sys.exit(f"the slot's token cannot be read, and without it anybody could call: {error}")
    if not token:
        sys.exit(f"{token_file} holds no token")
    if limit := os.getenv("memory_limit", ""):
        # data, not address space: QGIS maps far more than it uses
        resource.setrlimit(resource.RLIMIT_DATA, (quantity(limit), quantity(limit)))
    slot = Slot(
        seconds(os.getenv("exec_timeout", "60s")),
        int(os.getenv("max_analyses", "0")),
        int(os.getenv("max_memory_mb", "0")),
        Path(mark) if mark else None,
    )
    signal.signal(signal.SIGTERM, lambda *_: setattr(slot, "draining", True))
    # create_server binds at once; a port that is taken ends the process here, with its own words.
    server = create_server(
        create_app(slot, token), host=os.getenv("HOST", "0.0.0.0"), port=int(os.getenv("PORT", "8080")), threads=6
    )
    threading.Thread(target=server.run, daemon=True).start()
    qgis = QgsApplication([], False)  # kept until the end: dropped, it takes QGIS with it
    qgis.initQgis()
    sys.path.insert(0, os.getcwd())
    handler = importlib.import_module(os.getenv("FUNCTION_MODULE", "function.handler"))
    _log.info("ready on %s as %s", os.getenv("PORT", "8080"), socket.gethostname())
    slot.serve(handler.handle, _trim)
    deadline = time.monotonic() + 5
    while slot.open_answers and time.monotonic() < deadline:
        time.sleep(0.02)
    sys.stderr.flush()
    os._exit(0)  # QGIS's own exit crashes now and then, and there is nothing left to save


if __name__ == "__main__":
    main()
