"""Texts above lists, for admins: written, looked at, kept in versions, restored; the newest holds."""

from flask import Blueprint, Flask, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from siaga import dates, moment
from siaga.accounts.account import ADMIN
from siaga.conventions import CONVENTIONS
from siaga.errors import BadInput, Conflict, SiagaError
from siaga.inputs import texts
from siaga.inputs.texts import LANDING, LONGEST, PLACES, REPORT, Place, Text, paragraphs
from siaga.store import Store
from web import audit, login, tabs
from web.services import give, given, services

_NAME = "siaga-texts"
LANGUAGES = {code: convention.name for code, convention in CONVENTIONS.items()}

pages = Blueprint("texts", __name__)


def install(app: Flask, store: Store | None) -> None:
    """Show texts; and let admins write them where there is a store for it, with the rights of role operators."""
    app.jinja_env.globals["landing"] = landing
    give(app, _NAME, store, pages)


def landing(hazard: str) -> list[list[tuple[str, str]]]:
    """What stands above the list of a hazard in the page's language: paragraphs in pieces, [] for nothing."""
    newest = services().index.texts.newest(Place(LANDING, hazard, g.code))
    return paragraphs(newest.text) if newest else []


@pages.get("/texts")
@login.page(ADMIN)
def overview() -> AnyResponse | tuple[str, int]:
    """A text, its form and its versions."""
    hazard, code = request.args.get("hazard", PLACES[0].hazard), request.args.get("of", g.code)
    if request.args.get("kind") == REPORT:  # where its lines were written before there were layouts
        return redirect(url_for("layouts.overview", hazard=hazard, of=code))
    return _page(texts.place_of(LANDING, hazard, code))


@pages.post("/texts/look")
@login.page(ADMIN)
def look() -> tuple[str, int]:
    """How it would stand there."""
    place, written = _place(), request.form.get("text", "")
    try:
        return _page(place, written=written, preview=paragraphs(texts.cleaned(place, written)))
    except BadInput as error:
        return _page(place, error, written)


@pages.post("/texts/save")
@login.page(ADMIN)
def save() -> AnyResponse | tuple[str, int]:
    """Let it hold from now on."""
    place, written = _place(), request.form.get("text", "")
    return _write(Text(place, 0, written, login.name(), moment.stamp(g.now)))


@pages.post("/texts/restore")
@login.page(ADMIN)
def restore() -> AnyResponse | tuple[str, int]:
    """Let an older version hold again."""
    place = _place()
    older = texts.version(_store(), place, request.form.get("number", ""))
    return _write(Text(place, 0, older.text, login.name(), moment.stamp(g.now), older.number))


def _write(text: Text) -> AnyResponse | tuple[str, int]:
    try:
        one = texts.write(_store(), text)
    except (BadInput, Conflict) as error:
        return _page(text.place, error, text.text)
    audit.about(f"{one.place} {one.number}" + (f" = {one.restores}" if one.restores else ""))
    services().index.texts.refresh()
    place = text.place
    return redirect(url_for("texts.overview", hazard=place.hazard, of=place.language))


def _place() -> Place:
    place = texts.place_of(LANDING, *(request.form.get(name, "")[:40] for name in ("hazard", "of")))
    audit.about(str(place))
    return place


def _store() -> Store:
    return given(_NAME)


def _page(
    place: Place,
    error: SiagaError | None = None,
    written: str | None = None,
    preview: list[list[tuple[str, str]]] | None = None,
) -> tuple[str, int]:
    there = texts.all_versions(_store(), place)
    found = [one for _number, one in there if one]
    page = render_template(
        "texts.html",
        tab="texts",
        place=place,
        places=[one for one in PLACES if one.kind == LANDING],
        hazards=tabs.NAMES,
        tongues=LANGUAGES,
        written=written if written is not None else found[0].text if found else "",
        preview=preview,
        versions=[_row(number, one) for number, one in there],
        longest=LONGEST,
        sentence=g.language.reason(error.reason()) if error else "",
    )
    return page, error.status if error else 200


def _row(number: int, one: Text | None) -> dict[str, object]:
    return row(one) | {"paragraphs": paragraphs(one.text)} if one else {"number": number, "broken": True}


def row(version: Text) -> dict[str, object]:
    """A version as lists tell it: its number, who wrote it and when, what it restores."""
    return {
        "number": version.number,
        "broken": False,
        "who": version.who,
        "when": dates.dated(moment.parse(version.when), g.code),
        "restores": version.restores,
    }
