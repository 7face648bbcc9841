"""How old the lists are and what state of the store they show, for pages that stay open: pushed, else asked for."""

import json
import threading
import time
from collections.abc import Iterator

from flask import Blueprint, Flask, Response, current_app, jsonify

from web.index import Index
from web.services import services
from web.shell import freshness

_NAME = "siaga-streams"
_BEAT_SECONDS = 3.0  # between two words at most: so long a thread stays with a reader who is gone
_LIFE_SECONDS = 300.0  # of one stream; a browser then opens the next by itself

pages = Blueprint("live", __name__)


def install(app: Flask, streams: int) -> None:
    """streams: how many readers are told at once, each by a thread of the server; all others ask by themselves."""
    app.register_blueprint(pages)
    app.extensions[_NAME] = threading.BoundedSemaphore(streams) if streams else None


@pages.get("/live.json")
def asked() -> Response:
    """For whoever asks now and then."""
    return jsonify(_state(services().index))


@pages.get("/live")
def pushed() -> Response:
    """A stream of server-sent events; 204, at which a browser gives up, when as many as may be are open."""
    free = current_app.extensions[_NAME]
    if free is None or not free.acquire(blocking=False):
        return Response(status=204)
    response = Response(_told(services().index), mimetype="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"  # nginx would keep it until it has more
    response.call_on_close(free.release)
    return response


def _told(index: Index) -> Iterator[str]:
    """What is, then at each change of the lists, and at least every few seconds."""
    end = time.monotonic() + _LIFE_SECONDS
    yield "retry: 2000\n\n"
    while time.monotonic() < end:
        seen = index.lists.changes
        yield f"data: {json.dumps(_state(index))}\n\n"
        index.lists.wait(seen, _BEAT_SECONDS)


def _state(index: Index) -> dict[str, object]:
    """revision: the same wherever the same entries are shown."""
    told = freshness(index)
    return {"state": told["state"], "seconds": told["seconds"], "revision": index.revision}
