"""One process, one slot: HTTP in threads, QGIS and the handler in the main thread.

Serves `handle(event, context)` as OpenFaaS's python3-http template does, without a watchdog. QGIS must
be started once and used from one thread, so an HTTP thread hands its call over and waits.

    GET  /_/health   200 as soon as the process listens
    GET  /_/ready    200 when QGIS is up and the handler imported; 429 while busy; 503 before and after
    any  /…          the function; 429 at once while another call runs, 504 after a time-out

Environment: PORT (8080), HOST (0.0.0.0), FUNCTION_MODULE (function.handler), exec_timeout (60s),
max_analyses (0: no limit), max_memory_mb (0: no limit). After a time-out the process answers and exits;
after max_analyses calls, over max_memory_mb, or on SIGTERM it finishes, answers and exits. Whoever
started it starts it again.
"""

import ctypes
import faulthandler
import gc
import importlib
import json
import logging
import os
import queue
import re
import signal
import socket
import sys
import threading
import time
from dataclasses import dataclass, field

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from flask import Flask, Response, request
from qgis.core import QgsApplication, QgsProject
from qgis.PyQt.QtCore import QCoreApplication, QEvent
from waitress import create_server

_log = logging.getLogger("slot")
_METHODS = ["GET", "PUT", "POST", "PATCH", "DELETE"]
_FLUSH_SECONDS = 0.5  # for an answer to leave before the process ends
_STUCK_SECONDS = 15  # beyond the time-out: native code holds the interpreter, only the kernel helps
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def seconds(text):
    """Read "90s", "5m", "1h30m" or a bare number of seconds, as Go's duration does."""
    if text.isdigit():
        return float(text)
    match = _DURATION.fullmatch(text)
    if not match or not any(match.groups()):
        raise ValueError(f"{text!r} is not a duration such as 90s or 5m")
    hours, minutes, rest = (int(part or 0) for part in match.groups())
    return float(hours * 3600 + minutes * 60 + rest)


class Event:
    """What a handler learns of a request: body (bytes), headers, method, query, path."""

    def __init__(self):
        """Read from Flask's current request."""
        self.body = request.get_data()
        self.headers = request.headers
        self.method = request.method
        self.query = request.args
        self.path = request.path


class Context:
    """Where a handler runs: hostname."""

    def __init__(self):
        """Read from the environment."""
        self.hostname = os.getenv("HOSTNAME", "localhost")


@dataclass
class Call:
    """One request on its way through the main thread."""

    event: Event
    result: object = None
    error: BaseException | None = None
    done: threading.Event = field(default_factory=threading.Event)


class Slot:
    """Room for one call at a time."""

    def __init__(self, timeout, max_calls, max_memory_mb):
        """`timeout` in seconds; zero for the other two means no limit."""
        self.timeout, self.max_calls, self.max_memory_mb = timeout, max_calls, max_memory_mb
        self.ready = False
        self.draining = False
        self.open_answers = 0
        self._taken = threading.Lock()
        self._calls = queue.Queue()

    @property
    def busy(self):
        """Whether a call runs now."""
        return self._taken.locked()

    def call(self, event, timeout):
        """Run the handler in the main thread; (status, result)."""
        if not self.ready or self.draining:
            return 503, "This slot is starting or stopping; try again."
        if not self._taken.acquire(blocking=False):
            return 429, "This slot is busy; try again."
        one = Call(event)
        self._calls.put(one)
        if not one.done.wait(timeout):
            self.draining = True  # the main thread cannot be stopped, so the process must go
            threading.Timer(_FLUSH_SECONDS, os._exit, [1]).start()
            return 504, f"The function did not answer within {timeout:g} seconds."
        self._taken.release()
        if one.error:
            return 500, f"The function failed: {type(one.error).__name__}. The log has the details."
        return 200, one.result

    def serve(self, handle, tidy):
        """Run calls until the slot drains; in the main thread."""
        served = 0
        self.ready = True
        while not (self.draining and self._calls.empty()):
            try:
                one = self._calls.get(timeout=0.2)
            except queue.Empty:
                QCoreApplication.processEvents()
                continue
            faulthandler.dump_traceback_later(self.timeout + _STUCK_SECONDS, exit=True)
            try:
                one.result = handle(one.event, Context())
            except Exception as error:  # whatever a handler raises is its defect, and the slot's answer 500
                _log.exception("the handler failed")
                one.error = error
            faulthandler.cancel_dump_traceback_later()
            served += 1
            if (self.max_calls and served >= self.max_calls) or self._too_big():
                self.draining = True
            one.done.set()
            tidy()

    def _too_big(self):
        with open("/proc/self/statm", encoding="ascii") as file:
            resident = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return self.max_memory_mb and resident > self.max_memory_mb * 2**20


def answer(result):
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


def create_app(slot):
    """The HTTP side."""
    app = Flask("function")

    @app.get("/_/health")
    def health():
        return "OK"

    @app.get("/_/ready")
    def ready():
        if not slot.ready or slot.draining:
            return "starting or stopping", 503
        return ("busy", 429) if slot.busy else ("OK", 200)

    @app.route("/", defaults={"path": ""}, methods=_METHODS)
    @app.route("/<path:path>", methods=_METHODS)
    def function(path):  # noqa: ARG001 - Event reads the path itself
        started = time.monotonic()
        slot.open_answers += 1
        status, result = slot.call(Event(), _timeout(slot.timeout))
        response = app.make_response(answer(result) if status == 200 else (result, status))
        if status != 200:
            response.mimetype = "text/plain"
        if status in (429, 503):
            response.headers["Retry-After"] = "1"
        response.headers["X-Duration-Seconds"] = f"{time.monotonic() - started:f}"

        @response.call_on_close
        def closed():
            slot.open_answers -= 1

        return response

    return app


def _timeout(limit):
    """`X-Timeout` shortens the time-out of one call, never lengthens it."""
    try:
        return min(limit, seconds(request.headers.get("X-Timeout", "")))
    except ValueError:
        return limit


def _trim():
    """Leave nothing of one analysis to the next; without this the process grows by megabytes a call."""
    QgsProject.instance().clear()
    QCoreApplication.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.DeferredDelete)
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)


def main():
    """Listen, start QGIS, import the handler, serve until drained."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    slot = Slot(
        seconds(os.getenv("exec_timeout", "60s")),
        int(os.getenv("max_analyses", "0")),
        int(os.getenv("max_memory_mb", "0")),
    )
    signal.signal(signal.SIGTERM, lambda *_: setattr(slot, "draining", True))
    # create_server binds at once; a port that is taken ends the process here, with its own words.
    server = create_server(
        create_app(slot), host=os.getenv("HOST", "0.0.0.0"), port=int(os.getenv("PORT", "8080")), threads=6
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
