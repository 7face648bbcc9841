"""The newest event of a hazard, the newest version of an event: each by an address that stays."""

from typing import Literal

from flask import Blueprint, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from siaga import keys
from siaga.errors import NotFound, Unavailable
from siaga.hazards import HAZARDS
from web.floods.pages import chosen_region
from web.index import Filter, Index, floods
from web.runs import find, run_of
from web.services import services

pages = Blueprint("latest", __name__)


@pages.get("/earthquakes/latest", defaults={"hazard": "earthquake"})
@pages.get("/ash/latest", defaults={"hazard": "ash"})
def event(hazard: Literal["earthquake", "ash"]) -> AnyResponse:
    """The first of the list: exercises and what is hidden are not on it. Raises NotFound, Unavailable."""
    index = services().index
    found = index.events(hazard, Filter(), 1, 0)[0]
    if not found:
        raise _nothing(index)
    return _sent_on(f"/{HAZARDS[hazard].page}/{found[0]['event_id']}")


@pages.get("/floods/latest")
def hour() -> AnyResponse:
    """The newest hour of a region of which is known what stood under water, which may be nothing. Raises as event."""
    index = services().index
    region = chosen_region(index)
    newest = index.floods.latest_known(region)
    if newest is None:
        raise _nothing(index)
    return _sent_on(f"/floods/{keys.Snapshot(floods.moment_of(newest.hour), region)}")


@pages.get("/earthquakes/<event_id>/latest", defaults={"hazard": "earthquake"})
@pages.get("/floods/<event_id>/latest", defaults={"hazard": "flood"})
@pages.get("/ash/<event_id>/latest", defaults={"hazard": "ash"})
def version(hazard: str, event_id: str) -> AnyResponse:
    """The version of an event that counts, by its own address. Raises NotFound."""
    return _sent_on(f"/{run_of(find(services().index, hazard, event_id, '')[1]).page}")


def _nothing(index: Index) -> NotFound | Unavailable:
    if not index.whole:
        return Unavailable("The lists are being read anew from the store; try again in a moment")
    return NotFound("Nothing is listed yet; this address leads to the newest event as soon as there is one")


def _sent_on(path: str) -> AnyResponse:
    """The way there, in the language that was asked for; nobody may keep it, since it may lead elsewhere soon."""
    response = redirect(f"{path}?lang={g.code}" if request.args.get("lang") else path)
    response.headers["Cache-Control"] = "no-store"
    return response
