"""Subscribing without an operator, where a setting allows it: an address is entered, asked by mail and confirmed."""

from flask import Blueprint, Flask, current_app, g, render_template, request

from siaga.alerts import optin
from siaga.alerts.subscription import Subscription
from siaga.errors import BadInput, NotFound, SiagaError, Unavailable
from siaga.report import words
from siaga.store import Store
from web import audit, login
from web.rates import Rates
from web.subscriptions import installed_directory, installed_tokens

_NAME = "siaga-join"
_PER_MINUTE = 5  # addresses that one reader enters
_USUAL_LEVEL = "orange"

pages = Blueprint("join", __name__)


def install(app: Flask, store: Store, has_mail: bool) -> None:
    """Let everybody ask. store: with the rights of role operators. has_mail: whether a server for mails is set."""
    app.extensions[_NAME] = store, Rates(_PER_MINUTE), has_mail
    app.jinja_env.globals["joinable"] = has_mail
    app.register_blueprint(pages)


@pages.get("/subscriptions/join")
def form() -> str:
    """The form; where no mail goes out, a sentence that says so."""
    return _form({"language": g.code, "area": optin.EVERYWHERE, "level": _USUAL_LEVEL})


@pages.post("/subscriptions/join")
def ask() -> tuple[str, int]:
    """Ask the address, and say the same whatever is known of it."""
    store, rates, has_mail = _installed()
    if not has_mail:
        return _form({}), Unavailable.status
    rates.take(request.remote_addr or "")
    given = {name: request.form.get(name, "")[:1000] for name in ("address", "language", "area", "level")}
    try:
        one = optin.wanted(given["address"], given["language"], given["area"], given["level"])
        optin.ask(store, installed_tokens().key, one, g.now)
    except (BadInput, optin.TooManyWait) as error:
        return _form(given, error), error.status
    return render_template("join.html", tab="", state="asked", address=one.address, hours=optin.HOURS), 200


@pages.get("/subscriptions/confirm/<name>/<token>")
def ask_to_confirm(name: str, token: str) -> str:
    """Whoever has the mail is asked once more: what opens links beforehand confirms nothing."""
    return _shown(_of_token(name, token), "confirm")


@pages.post("/subscriptions/confirm/<name>/<token>")
@login.without_cookie
def confirm(name: str, token: str) -> str:
    """Make the subscription; of one that is there already, and perhaps another by now, tell how it stands."""
    asked = _of_token(name, token)
    one = optin.confirm(installed_directory(), asked)
    g.tried = one.id  # who it was, for the audit
    audit.about(one.id)
    return _shown(asked, one.standing)


def _of_token(name: str, token: str) -> Subscription:
    if not installed_tokens().fits(token, "confirm", name):
        raise NotFound("This link is not good, or its time is over; ask for another")
    return optin.pending(_installed()[0], name, g.now)


def _shown(one: Subscription, state: str) -> str:
    terms = optin.terms(one, g.language)
    return render_template("join.html", tab="", state=state, address=one.address, terms=terms)


def _form(given: dict[str, str], error: SiagaError | None = None) -> str:
    return render_template(
        "join.html",
        tab="",
        state="form" if _installed()[2] else "no mail",
        row={"address": ""} | given,
        areas={name: area for name, (area, _rectangle) in optin.AREAS.items()},
        provinces=[(optin.AREAS[name][0], told) for name, told in optin.PROVINCES.items()],
        levels={name: words.LEVELS[name] for name in optin.LEVELS},
        sentence=g.language.reason(error.reason()) if error else "",
    )


def _installed() -> tuple[Store, Rates, bool]:
    opened: tuple[Store, Rates, bool] = current_app.extensions[_NAME]
    return opened
