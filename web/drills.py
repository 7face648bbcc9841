"""An exercise (LATIHAN) from the page of a quake: its map is sent in again as a scenario that happens now."""

from dataclasses import dataclass

from flask import Blueprint, Flask, current_app, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from siaga import moment
from siaga.accounts.account import OPERATOR
from siaga.inputs import drills
from siaga.store import Store
from web import audit, login
from web.runs import find
from web.services import services

_NAME = "siaga-drills"
_GRID = "grid.xml"

pages = Blueprint("drills", __name__)


@dataclass(frozen=True, slots=True)
class Door:
    """Where exercises are sent in. store: with the rights of role operators."""

    store: Store


def install(app: Flask, store: Store) -> None:
    """Let operators start exercises."""
    app.extensions[_NAME] = Door(store)
    app.register_blueprint(pages)


@pages.post("/drills/start")
@login.page(OPERATOR)
def start() -> AnyResponse:
    """Send the map of a version in again as an exercise, once the operator has written the word for it."""
    event_id, version = (request.form.get(name, "")[:100] for name in ("event_id", "version"))
    audit.about(f"{event_id} {version}")
    entry = find(services().index, "earthquake", event_id, version)[1]
    grid = services().runs.content(entry, _GRID)
    door: Door = current_app.extensions[_NAME]
    started = drills.start(door.store, grid, moment.now())
    audit.about(f"{event_id} {version}: {started}")
    return redirect(url_for("status.status", sent=started))
