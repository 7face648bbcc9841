"""The audit: every changing request of an account and every log-in is noted; a page for admins finds it again."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from flask import Blueprint, Flask, Response, current_app, g, render_template, request

from siaga import dates, moment
from siaga.accounts import audit
from siaga.accounts.account import ADMIN
from siaga.accounts.audit import DONE, FAILED, REFUSED, Audit, Wanted
from siaga.errors import SiagaError
from web import login

_NAME = "siaga-audit"
_NOTED = ("openid.enter",)  # though a browser asks for it by GET: it begins a session
_OF_STRANGERS = ("login.", "openid.", "join.ask")  # what begins an action of somebody without an account
_SHOWN = 100
_STRANGERS, _WINDOW = 60, 300.0  # entries of strangers within so many seconds; more are in the log alone
ACTIONS = {  # a changing request: what it is called
    "login.enter": "Password to log in",
    "login.enter_code": "Code to log in",
    "login.leave": "Log out",
    "openid.enter": "Log in by the OpenID provider",
    "account.password": "Own password",
    "account.enrol": "Second factor on",
    "account.off": "Second factor off",
    "ash.look": "Look at an ash fall",
    "ash.submit": "Upload of an ash fall",
    "ash.send": "Upload of an ash fall by a program",
    "reprocess.look": "Look at what would be done again",
    "reprocess.order": "Do again",
    "reprocess.retry": "Try again",
    "reprocess.drop": "Drop",
    "reprocess.stop": "Stop an order",
    "drills.start": "Start an exercise",
    "decisions.hide": "Hide an event",
    "decisions.show": "Show an event again",
    "decisions.felt": "Say whether an event was felt",
    "tokens.add": "New token",
    "tokens.revoke": "Token revoked",
    "api.send_map": "ShakeMap by a program",
    "api.send_ash": "Ash fall by a program",
    "api.set_felt": "Say whether an event was felt",
    "api.set_hidden": "Hide or show an event",
    "api.do_again": "Do again",
    "api.add_subscription": "Subscription",
    "api.set_subscription": "Subscription",
    "api.remove_subscription": "Subscription removed",
    "layouts.look": "Look at a layout of reports",
    "layouts.order_paper": "Look at a layout of reports on paper",
    "layouts.save": "Layout of reports",
    "layouts.restore": "Older layout of reports in force again",
    "texts.look": "Look at a text of the agency",
    "texts.save": "Text of the agency",
    "texts.restore": "Older text of the agency restored",
    "subscriptions.save": "Subscription",
    "subscriptions.stand": "Subscription stopped or going on",
    "subscriptions.remove": "Subscription removed",
    "subscriptions.take_in": "Table of subscriptions",
    "trials.send": "Trial message",
    "api.ask_for_trial": "Trial message",
    "join.ask": "Address entered by a stranger",
    "join.confirm": "Subscription confirmed by whom it is for",
    "subscriptions.stop": "Subscription stopped by whom it was for",
    "data.activate": "Analysis data activated",
    "data.import": "Analysis data imported",
    "data.remove": "Analysis data taken out",
    "users.add": "New user",
    "users.role": "Role of a user",
    "users.reset": "Reset of a user",
    "users.disable": "User disabled",
    "users.enable": "User enabled",
}
RESULTS = {DONE: "Done", REFUSED: "Refused", FAILED: "Failed"}

pages = Blueprint("audit", __name__)


class Strangers:
    """How many requests of strangers were noted lately: whoever has no account must not fill the store."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` in seconds."""
        self._clock, self._lock, self._noted = clock, threading.Lock(), list[float]()

    def admit(self) -> bool:
        """Whether one more may be noted."""
        with self._lock:
            now = self._clock()
            self._noted = [when for when in self._noted if when > now - _WINDOW]
            free = len(self._noted) < _STRANGERS
            if free:
                self._noted.append(now)
        return free


def install(app: Flask, trail: Audit) -> None:
    """Note what is done in this app."""
    app.extensions[_NAME] = trail, Strangers()
    app.register_blueprint(pages)


def about(text: object) -> None:
    """Tell what this request is about, for its entry."""
    g.about = str(text)


@pages.after_app_request
def note(response: Response) -> Response:
    """Write down what was asked and what came of it; a trail that cannot be written is told by the log."""
    endpoint = request.endpoint or ""
    if (request.method in login.SAFE and endpoint not in _NOTED) or endpoint not in current_app.view_functions:
        return response
    account = g.get("account")
    who = account.name if account else g.get("tried", "")
    if not who and not endpoint.startswith(_OF_STRANGERS) and not request.authorization:
        return response  # a stranger was sent to the login page, and did nothing
    trail, strangers = current_app.extensions[_NAME]
    result = FAILED if response.status_code >= 500 else REFUSED if _is_refused(response) else DONE
    said = (who, endpoint, result, request.remote_addr or "", g.get("about", ""))
    current_app.logger.info("audit: %r", said)
    if account or strangers.admit():
        try:
            trail.note(*said)
        except SiagaError as error:
            current_app.logger.error("%r is not in the audit: %s", said, error)
    return response


@pages.get("/audit")
@login.page(ADMIN)
def trail() -> str:
    """What was done, newest first."""
    asked = {name: request.args.get(name, "")[:300] for name in ("who", "what", "result", "before")}
    wanted = Wanted(**asked)
    found, older = current_app.extensions[_NAME][0].entries(wanted, _SHOWN)
    return render_template(
        "audit.html",
        tab="audit",
        wanted=wanted,
        rows=[_row(entry) for entry in found],
        older=replace(wanted, before=older) if older else None,
        actions=ACTIONS,
        results=RESULTS,
    )


def _is_refused(response: Response) -> bool:
    return response.status_code >= 400 or bool(g.get("turned_away"))


def _row(entry: audit.Entry) -> dict[str, str]:
    when = moment.parse(entry.when)
    return {
        "when": dates.dated(when, g.code, seconds=True),
        "who": entry.who,
        "what": ACTIONS.get(entry.what, entry.what),
        "result": entry.result,
        "result_name": RESULTS.get(entry.result, entry.result),
        "where": entry.where,
        "about": entry.about,
    }
