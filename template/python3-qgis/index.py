"""One process, one slot: HTTP in threads, QGIS and the handler in the main thread.

Serves `handle(event, context)` as OpenFaaS's python3-http template does, without a watchdog. QGIS must
be started once and used from one thread, so an HTTP thread hands its call over and waits.

    GET  /_/health   200 as soon as the process listens; whoever watches over it asks, and ends one that is silent
    GET  /_/ready    200 when QGIS is up and the handler imported; 429 while busy; 503 before and after
    GET  /_/took-up?try=…   whether work began on the call that came with that X-Try-Id: yes or no, in this
                            process or in the one before it on this place; 404 when nobody can know;
                            X-Ended tells how that one ended, as its supervisor says (last_end)
    POST /_/end?try=…   end the call with that X-Try-Id, and with it the process: others wait; yes or no
    POST /_/hurry    the call that runs goes on at full pace, though it is backfill: something live waits for the slot
    GET  /_/metrics  figures for Prometheus: its calls by status and their seconds, what the handler counts, the process
    GET  /healthz, /readyz, /metrics   the same as health, ready and metrics
    any  /…          the function; 429 at once while another call runs, 504 after a time-out, with the
                     processor time that the call has used in X-Processor-Seconds, and X-Ended-Early if others waited

All but health and ready want the header X-Slot-Token. Its value is in the file slot_token_file
(/var/openfaas/secrets/slot-token); without that file no process begins. Metrics take the token in metrics_token_file
(/var/openfaas/secrets/metrics-token) as well, as `Authorization: Bearer …`, which Prometheus can send.

Environment besides: PORT (8080), HOST (0.0.0.0), FUNCTION_MODULE (function.handler), exec_timeout (60s),
max_analyses (0: no limit), max_memory_mb (0: no limit), memory_limit (such as 2560Mi; none: the host's own),
niceness (0; more for a function that all others go before on the processor), qgis (yes; no for a function that neither
draws nor measures: it is ready a second sooner, and takes 160 MB less),
call_mark (a file that outlives the process; it names the calls on which work began), spare_slot (yes: the function has
another slot, too, so that this one may stay slow after backfill where it may not be made quick again).
A call with X-Backfill: yes works below all others on the processor (pace.py). While nobody calls, the slot gets warm by
what the handler's module has as `warm`, a function that is handed another one that says when to stop.
After exec_timeout the process answers and exits, or after less if the call says so (X-Limit), as the gateway does
for what has ended a slot before, or once no other thread could run for so long (X-Patience); a caller may wait for
less (X-Timeout, 1 s or more), which ends its answer and nothing else. After max_analyses calls, over max_memory_mb,
or on SIGTERM the process finishes, answers and exits. Whoever started it starts it again.
"""

import ctypes
import gc
import hmac
import importlib
import json
import logging
import os
import re
import resource
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from flask import Blueprint, Flask, Response, current_app, request
from flask.typing import ResponseReturnValue
from pace import Pace
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest
from slot import Call, Event, Slot, worked
from waitress import create_server

_log = logging.getLogger("slot")
_NAME = "siaga-slot"
_METHODS = ["GET", "PUT", "POST", "PATCH", "DELETE"]
_SHORTEST_SECONDS = 1.0  # that a caller may wait
_TOKEN_FILE = "/var/openfaas/secrets/slot-token"
_METRICS_FILE = "/var/openfaas/secrets/metrics-token"
_OPEN = ("/_/health", "/_/ready", "/healthz", "/readyz")  # whoever watches over a container has no secrets
_METRICS = ("/_/metrics", "/metrics")
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_QUANTITY = re.compile(r"(\d+)([KMG]i?)?")
_UNITS = {None: 1, "K": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}

_CALLS = Counter("siaga_function_calls", "Calls of this slot by the status of their answers", ["status"])
_SECONDS = Histogram(
    "siaga_function_seconds",
    "Seconds of the calls that the handler has answered",
    buckets=(0.25, 0.5, 1, 1.5, 2, 3, 5, 8, 13, 20, 30, 60, 120, 300, 600),
)
_BUSY = Gauge("siaga_function_busy", "Whether a call runs in this slot now")
_READY = Gauge("siaga_function_ready", "Whether this slot takes calls, or is busy with one; 0 at its start and end")

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


def answer(result: object) -> ResponseReturnValue:
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


def create_app(slot: Slot, token: str, metrics_token: str = "") -> Flask:
    """The HTTP side. token: what callers must show. metrics_token: opens the figures besides; "" does not."""
    app = Flask("function")
    app.extensions[_NAME] = slot
    app.before_request(partial(_refuse, token, metrics_token))
    app.register_blueprint(routes)
    return app


def _refuse(token: str, metrics_token: str) -> Response | None:
    """The answer to a request that may not come in; None lets it in."""
    sent = request.headers.get("X-Slot-Token", "").encode()
    bearer = request.headers.get("Authorization", "").encode()
    may_read = bool(metrics_token) and hmac.compare_digest(bearer, f"Bearer {metrics_token}".encode())
    if request.path in _OPEN or (request.path in _METRICS and may_read):
        return None
    if not hmac.compare_digest(sent, token.encode()):
        return Response("The token of this slot is missing or wrong.", 401, mimetype="text/plain")
    return None


def _slot() -> Slot:
    """That of the app that answers this request."""
    slot: Slot = current_app.extensions[_NAME]
    return slot


@routes.get("/_/health")
@routes.get("/healthz")
def health() -> str:
    """The process listens."""
    return "OK"


@routes.get("/_/ready")
@routes.get("/readyz")
def ready() -> tuple[str, int, dict[str, str]]:
    """Whether a call would be taken now."""
    slot, paced = _slot(), {"X-Paced": "yes"}
    if not slot.ready or slot.draining:
        return "starting or stopping", 503, paced
    return ("busy", 429, paced) if slot.busy else ("OK", 200, paced)


@routes.get("/_/metrics")
@routes.get("/metrics")
def metrics() -> Response:
    """What this slot has done, whatever the handler counts, and how its process stands."""
    slot = _slot()
    _BUSY.set(slot.busy)
    _READY.set(slot.ready and not slot.draining)
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)


@routes.post("/_/hurry")
def hurry() -> str:
    """Work at full pace from now on, until the next call."""
    _slot().pace.set(slow=False)
    return "OK"


@routes.post("/_/end")
def end() -> str:
    """End one call: it is tried again, and others need the slot now."""
    return "yes" if _slot().end(request.args.get("try", "")) else "no"


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
    backfill = request.headers.get("X-Backfill") == "yes"
    one = Call(Event(), limit, request.headers.get("X-Try-Id", ""), backfill, _shortened(limit, "X-Patience"))
    status, result = slot.call(one, _shortened(limit, "X-Timeout"))
    response = current_app.make_response(answer(result) if status == 200 else (str(result), status))
    if status != 200:
        response.mimetype = "text/plain"
    if status == 504 and one.worked_before:
        response.headers["X-Processor-Seconds"] = f"{worked() - one.worked_before:.1f}"
    if status == 504 and one.early:
        response.headers["X-Ended-Early"] = "yes"
    if status in (429, 503):
        response.headers["Retry-After"] = "1"
    response.headers["X-Duration-Seconds"] = f"{time.monotonic() - started:f}"
    _CALLS.labels(response.status_code).inc()
    if status == 200:
        _SECONDS.observe(time.monotonic() - started)

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


class _WithoutQgis:
    """What a function stands on that uses no QGIS."""

    def idle(self) -> None:
        """Nobody calls: there are no events of Qt to work off."""

    def trim(self) -> None:
        """Leave nothing of one call to the next; without this the process grows by megabytes a call."""
        _trim()


class _Qgis(_WithoutQgis):
    """QGIS, of one process and its main thread; kept until the end: dropped, it takes QGIS with it."""

    def __init__(self) -> None:
        from qgis.core import QgsApplication, QgsProject
        from qgis.PyQt.QtCore import QCoreApplication, QEvent

        self._application, self._project = QgsApplication([], False), QgsProject
        self._loop, self._deleted = QCoreApplication, QEvent.DeferredDelete
        self._application.initQgis()

    def idle(self) -> None:
        """Nobody calls: Qt works off its events."""
        self._loop.processEvents()

    def trim(self) -> None:
        """Leave no layer of one call to the next."""
        self._project.instance().clear()
        self._loop.processEvents()
        self._loop.sendPostedEvents(None, self._deleted)
        _trim()


def _trim() -> None:
    """Give back what a call has used.

    What the first call leaves, such as modules and caches, stays for good and is looked through no more: with QGIS
    that is a hundred thousand objects, 40 ms for each look.
    """
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
    metrics_file = Path(os.getenv("metrics_token_file", _METRICS_FILE))
    metrics_token = metrics_file.read_text(encoding="utf-8").strip() if metrics_file.is_file() else ""
    if limit := os.getenv("memory_limit", ""):
        # data, not address space: QGIS maps far more than it uses
        resource.setrlimit(resource.RLIMIT_DATA, (quantity(limit), quantity(limit)))
    if runtime := os.getenv("XDG_RUNTIME_DIR"):
        Path(runtime).mkdir(mode=0o700, parents=True, exist_ok=True)  # Qt refuses one that others may read
    if niceness := int(os.getenv("niceness", "0")):
        os.nice(niceness)
        with suppress(OSError):  # the session's own, where the kernel shares the processor out by session
            Path("/proc/self/autogroup").write_text(str(niceness), encoding="ascii")
    slot = Slot(
        seconds(os.getenv("exec_timeout", "60s")),
        int(os.getenv("max_analyses", "0")),
        int(os.getenv("max_memory_mb", "0")),
        Pace(os.getenv("spare_slot") == "yes"),
        Path(mark) if mark else None,
    )
    signal.signal(signal.SIGTERM, lambda *_: setattr(slot, "draining", True))
    # create_server binds at once; a port that is taken ends the process here, with its own words.
    server = create_server(
        create_app(slot, token, metrics_token),
        host=os.getenv("HOST", "0.0.0.0"),
        port=int(os.getenv("PORT", "8080")),
        threads=6,
    )
    threading.Thread(target=server.run, daemon=True).start()
    toolkit = _WithoutQgis() if os.getenv("qgis") == "no" else _Qgis()
    sys.path.insert(0, os.getcwd())
    handler = importlib.import_module(os.getenv("FUNCTION_MODULE", "function.handler"))
    _log.info("ready on %s as %s", os.getenv("PORT", "8080"), socket.gethostname())
    slot.serve(handler.handle, toolkit, getattr(handler, "warm", None))
    deadline = time.monotonic() + 5
    while slot.open_answers and time.monotonic() < deadline:
        time.sleep(0.02)
    sys.stderr.flush()
    os._exit(0)  # QGIS's own exit crashes now and then, and there is nothing left to save


if __name__ == "__main__":
    main()
