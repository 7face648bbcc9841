"""The address at which the SFTP door tells watchers that it lives, whether it can work, and its figures."""

import asyncio
import threading
from collections.abc import Callable, Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from gateway.sftp.door import Door
from siaga import keys, vitals
from siaga.listener import Listener
from siaga.settings import Settings
from siaga.vitals import Disk, Vitals

_LOOP_SECONDS = 3.0  # within which the door's one loop must come round
_STATUSES = {200: "200 OK", 401: "401 Unauthorized", 404: "404 Not Found", 503: "503 Service Unavailable"}


def serve(settings: Settings, door: Door, loop: asyncio.AbstractEventLoop) -> Listener:
    """Answer in threads beside the door's loop, until closed. Raises OSError when the port is taken."""
    look = vitals.watched(lambda: door.store.exists(keys.SHAKEMAPS, vitals.NOTHING))
    told = Vitals(settings.secret(vitals.TOKEN), {"store": look.check}, [Disk(settings.home)], lambda: _stuck(loop))
    server = Listener(_app(told), *settings.sftp_health, lambda _method, _path, _headers: False, threads=2)
    threading.Thread(target=server.run, name="health", daemon=True).start()
    return server


def _stuck(loop: asyncio.AbstractEventLoop) -> str:
    """Why nobody is served although the port takes connections; "" where that is not so."""
    try:
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result(_LOOP_SECONDS)
    except TimeoutError:
        return f"the door has done nothing for {_LOOP_SECONDS:g} s"
    return ""


def _app(told: Vitals) -> Callable[..., Iterable[bytes]]:
    def app(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        answer = told.answer(environ["PATH_INFO"], environ.get("HTTP_AUTHORIZATION", ""))
        if answer is None or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            answer = vitals.Answer(404, b"Nothing is here")
        start(_STATUSES[answer.status], [("Content-Type", answer.media_type)])
        return [answer.body]

    return app
