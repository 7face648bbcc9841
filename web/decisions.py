"""What operators decide of an event: hide it or show it again, and whether it was felt; with a word why."""

from flask import Blueprint, Flask, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from siaga import dates, keys, moment
from siaga.accounts.account import OPERATOR
from siaga.catalog import Entry
from siaga.errors import BadInput
from siaga.inputs import decisions
from siaga.inputs.decisions import FELT, HIDDEN, Decision
from siaga.store import Store
from web import audit, login, tabs
from web.runs import find
from web.services import give, given, services

_NAME = "siaga-decisions"
_SHOWN = 200
_PAGES = {  # hazard: the end point of its event's page, and what that calls the id
    "earthquake": ("earthquakes.event", "event_id"),
    "flood": ("floods.event", "snapshot"),
    "ash": ("ashfalls.event", "event_id"),
}
_FELT = {"yes": True, "no": False, "": None}

pages = Blueprint("decisions", __name__)


def install(app: Flask, store: Store | None) -> None:
    """Show what was decided; and let operators decide where there is a store for it, with the rights of that role."""
    app.jinja_env.globals["decided"] = shown
    give(app, _NAME, store, pages)


def shown(entry: Entry) -> dict[str, dict[str, object]]:
    """By kind what holds for the event of a catalogue entry, as pages tell it; {} where nothing was decided."""
    return {kind: _row(one) for kind, one in services().index.decisions.of(entry).items()}


def decide(entry: Entry, kind: str, value: bool | None, why: str, who: str) -> None:
    """Write it down for the ids of all maps of the event, so that it holds however they are joined.

    Raises BadInput for a reason that is none, Conflict.
    """
    index = services().index
    versions = index.versions(entry["event_id"], entry["version"], entry["hazard"]) or [entry]
    ids = {keys.identity(one["hazard"], one["event_id"]): one["event_id"] for one in versions}
    when = moment.stamp(g.now)
    for event_id in ids.values():
        one = Decision(entry["hazard"], event_id, entry["drill"], kind, value, why, who, when)
        decisions.decide(given(_NAME), one)
    index.heed()


@pages.get("/hidden")
@login.page(OPERATOR)
def hidden() -> str:
    """All events that readers do not see."""
    found, total = services().index.decisions.hidden(_SHOWN)
    rows = [_row(one) for one in found]
    return render_template("hidden.html", tab="status", rows=rows, total=total, hazards=tabs.NAMES)


@pages.post("/decisions/hide")
@login.page(OPERATOR)
def hide() -> AnyResponse:
    """Let readers not see an event."""
    return _decided(HIDDEN, True)


@pages.post("/decisions/show")
@login.page(OPERATOR)
def show() -> AnyResponse:
    """Let readers see it again."""
    return _decided(HIDDEN, False)


@pages.post("/decisions/felt")
@login.page(OPERATOR)
def felt() -> AnyResponse:
    """Say that somebody felt it, that nobody did, or that what map and BMKG say holds again."""
    value = request.form.get("felt", "-")
    if value not in _FELT:
        raise BadInput("{field} is {value}; choose one of the list", field="felt", value=repr(value)[:80])
    return _decided(FELT, _FELT[value])


def _decided(kind: str, value: bool | None) -> AnyResponse:
    hazard, event_id, version = (request.form.get(name, "")[:100] for name in ("hazard", "event_id", "version"))
    why = request.form.get("why", "")
    audit.about(f"{hazard} {event_id} {version} {'' if value is None else value}: {why}")
    if hazard not in _PAGES:
        raise BadInput("{field} is {value}; choose one of the list", field="hazard", value=repr(hazard)[:80])
    decide(find(services().index, hazard, event_id, version)[1], kind, value, why, login.name())
    return redirect(_page(hazard, event_id, version))


def _page(hazard: str, event_id: str, version: str = "") -> str:
    endpoint, name = _PAGES[hazard]
    named = {name: event_id} | ({"version": version} if version else {})
    return url_for(endpoint, _external=False, **named)


def _row(one: Decision) -> dict[str, object]:
    when = moment.parse(one.when)
    return {
        "hazard": one.hazard,
        "event_id": one.event_id,
        "drill": one.drill,
        "value": one.value,
        "why": one.why,
        "who": one.who,
        "when": dates.dated(when, g.code),
        "page": _page(one.hazard, one.event_id),
    }
