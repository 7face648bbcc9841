"""Trial messages, for operators: asked for here, sent by the function notify, and what became of each."""

import re
from datetime import timedelta

from flask import Blueprint, Flask, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from siaga import keys, moment
from siaga.accounts.account import OPERATOR
from siaga.alerts import trial
from siaga.alerts.subscription import ACTIVE, Subscription
from siaga.alerts.trial import Trial
from siaga.errors import BadInput
from siaga.hazards import HAZARDS
from siaga.store import Store
from web import audit, login
from web.index import Filter
from web.services import give, given, services
from web.subscriptions import installed_directory

NAME = r"[a-z0-9-]{8,40}"  # of a trial, by whoever asks for it
WAITING = "waiting"
_NAME = "siaga-trials"
_PATIENCE = timedelta(minutes=1)  # so long the page asks again by itself

pages = Blueprint("trials", __name__)


def install(app: Flask, store: Store) -> None:
    """Let operators ask for them. store: with the rights of that role."""
    give(app, _NAME, store, pages)


def ask(subscription: Subscription, name: str, who: str) -> Trial:
    """Ask for one of the newest event that the subscription could be about.

    Raises BadInput where it is stopped, or of a channel without trials.
    """
    if subscription.channel == trial.UNTRIED:
        raise BadInput("Channel CAP has no trial: it gets the message of a version as the feed has it")
    if subscription.standing != ACTIVE:
        raise BadInput("The subscription is stopped; let it go on, then try it")
    audit.about(f"{subscription.id} {name}")
    wanted = Trial(subscription.id, name, _newest(subscription.hazards), moment.stamp(g.now), who)
    return trial.ask(given(_NAME), wanted)


def outcome(subscription_id: str, name: str) -> dict[str, object]:
    """What became of it: asked, state, answer of the other side, why it failed. Raises NotFound."""
    wanted = trial.asked(given(_NAME), subscription_id, name)
    record = trial.outcome(given(_NAME), wanted)
    return {
        "subscription": subscription_id,
        "trial": name,
        "asked": wanted.asked,
        "state": record.state if record else WAITING,
        "answer": record.answer if record and record.state == "sent" else None,
        "reason": g.language.reason(record.reason) or None if record else None,
    }


@pages.post("/subscriptions/trial")
@login.page(OPERATOR)
def send() -> AnyResponse:
    """Ask for one; the form has its name, so that a form that is sent twice asks once."""
    one = installed_directory().get(request.form.get("id", "")[:40])
    asked_for = ask(one, _checked(request.form.get("trial", "")), login.name())
    return redirect(url_for("trials.shown", subscription_id=one.id, name=asked_for.name))


@pages.get("/subscriptions/trial/<subscription_id>/<name>")
@login.page(OPERATOR)
def shown(subscription_id: str, name: str) -> str:
    """What became of it; asks again by itself while that is not known."""
    one = installed_directory().get(subscription_id)
    facts = outcome(one.id, _checked(name))
    waits = facts["state"] in (WAITING, "sending")
    recent = g.now - moment.parse(str(facts["asked"])) < _PATIENCE
    return render_template("trial.html", tab="subscriptions", one=one, facts=facts, waits=waits, recent=recent)


def _checked(name: str) -> str:
    if not re.fullmatch(NAME, name):
        raise BadInput("The page was too old or not ours; load it again and repeat what you did")
    return name


def _newest(hazards: tuple[str, ...]) -> str:
    """The key of the catalogue entry of the newest event of these hazards that readers see; "" for none."""
    index = services().index
    found = [entry for hazard in hazards if hazard in HAZARDS for entry in index.events(hazard, Filter(), 1, 0)[0]]
    newest = max(found, key=lambda entry: str(entry["time"]), default=None)
    if newest is None:
        return ""
    version = keys.Version.parse(newest["version"])
    return str(keys.CatalogEntry(newest["hazard"], moment.parse(newest["time"]), newest["event_id"], version))
