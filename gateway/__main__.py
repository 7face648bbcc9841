"""The gateway as a process: `python -m gateway`. Listens on loopback unless the settings say otherwise."""

import logging
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from gateway.login import Guard
from gateway.routes import create_app
from gateway.service import Gateway
from siaga import modes
from siaga.errors import SiagaError
from siaga.listener import Listener, raise_descriptors
from siaga.settings import Settings

_log = logging.getLogger("gateway")
_THREADS = 32  # each call that somebody waits for holds one
_MAX_BODY = 64 << 20
_WATCH_SECONDS = 1.0
_TURN_SECONDS = 0.2


def main() -> int:
    """Serve until SIGTERM.

    Ends with 1: the settings are wrong, the port is taken, or the job database does not answer; 3: the job database
    vanished, or another gateway leads, start again; 4: a defect.
    """
    os.umask(modes.PRIVATE)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    settings = Settings.load(os.environ)
    where = settings.gateway_host, settings.gateway_port
    try:  # to listen comes before all work: a second gateway must not take up the jobs of the first
        gateway = Gateway.build(settings)
        app, guard = create_app(gateway), Guard.of(settings)
        raise_descriptors()
        gateway.lead.prepare()
        server = Listener(app, *where, guard.admits(app), threads=_THREADS, max_request_body_size=_MAX_BODY)
    except (SiagaError, OSError) as error:
        _log.error("the gateway of %s:%d cannot start: %s", *where, error)
        return 1
    threading.excepthook = _defect
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - signal's contract
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    gateway.stand_by(_lost)
    if gateway.lead.is_held:
        gateway.start()
    threading.Thread(target=server.run, name="http", daemon=True).start()
    _log.info("listening on %s:%d", *where)
    while not gateway.works.is_set() and not stopping.is_set():
        if gateway.lead.wait(_TURN_SECONDS):
            gateway.start()
    kept = _wait(stopping, gateway.inbox.file)
    if not kept:
        _log.error("the job database %s is gone; the sweep will restore it", gateway.inbox.file)
        sys.stderr.flush()
        os._exit(3)  # every thread that uses the database is lost
    server.close()
    gateway.close()
    sys.stderr.flush()
    os._exit(0)  # calls that are cut off must not hold the process


def _lost() -> None:
    """Another gateway works by now; what this one had begun is done again there."""
    _log.error("the lead is lost: the job database did not answer in time")
    sys.stderr.flush()
    os._exit(3)


def _defect(raised: threading.ExceptHookArgs) -> None:
    """A thread that dies of a defect would be missed by nobody; the supervisor starts the process again."""
    sys.__excepthook__(raised.exc_type, raised.exc_value or raised.exc_type(), raised.exc_traceback)
    os._exit(4)


def _wait(stopping: threading.Event, file: Path | None) -> bool:
    """Wait for the end; False when the job database was taken away meanwhile."""
    inode = file.stat().st_ino if file else 0
    while not stopping.wait(_WATCH_SECONDS):
        try:
            if file and file.stat().st_ino != inode:
                return False
        except FileNotFoundError:
            return False
    return True


if __name__ == "__main__":
    sys.exit(main())
