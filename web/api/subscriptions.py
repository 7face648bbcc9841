"""Subscriptions for programs with a token: read, made, changed and removed, so that nobody's change is lost."""

import json
from dataclasses import asdict, replace

from flask import Response, g, request

from siaga.alerts import subscription as subscriptions
from siaga.alerts.channels import webhook
from siaga.alerts.subscription import ACTIVE, EDITED, ID, POSTED, STANDINGS, STOPPED, Subscription
from siaga.errors import SiagaError
from web import audit, trials
from web.api import schemas
from web.api.body import form, read_body
from web.api.events import following
from web.api.operations import JSON, change, private
from web.api.parameters import choice, header, pattern, text, whole
from web.subscriptions import edited, installed_directory, installed_tokens

_GROUP = "Alerts, by token"
_READ, _WRITE = "read:alerts", "write:alerts"
_PATH = "/subscriptions/{subscription_id}"
_NEEDED = ("name", "channel", "address")
_FIELDS = {name: schemas.subscription()["properties"][name] for name in EDITED}
_STANDING = {"enum": [ACTIVE, STOPPED]}
_GIVEN = form(
    optional={name: field for name, field in _FIELDS.items() if name not in _NEEDED} | {"standing": _STANDING},
    **{name: _FIELDS[name] for name in _NEEDED},
)
SUBSCRIPTION = pattern("subscription_id", "The id of the subscription", ID.pattern, "posko-lombok-1f2e3d4c")
_TRIAL_PATH = f"{_PATH}/trials/{{trial}}"
_TRIAL = pattern("trial", "A name of the trial, of your choice", trials.NAME, "trial-0123456789")
_IF_MATCH = header("If-Match", "The ETag of what you have read; * for whatever it is")
_LIMIT = whole("limit", "How many at most", 1, 500, 50)
_CURSOR = text("cursor", "Where to go on: as `next` of the page before has it", 200)
_STANDS = choice("standing", "Those that are active, stopped or not confirmed", STANDINGS)


class Stale(SiagaError):
    """What is to be changed is not what was read."""

    status = 412


class Unconditional(SiagaError):
    """It is not said what was read."""

    status = 428


@private("/subscriptions", _GROUP, "Subscriptions", _READ, (_LIMIT, _CURSOR, _STANDS))
def listed_subscriptions(limit: int, cursor: str | None, standing: str | None) -> dict[str, object]:
    """Subscriptions to alerts, by their ids"""
    found = [
        entry
        for entry in installed_directory().entries()
        if entry[0].id > (cursor or "") and standing in (None, entry[0].standing)
    ]
    returned = installed_directory().returned()
    last = found[limit - 1][0].id if len(found) > limit else ""
    shown = [_record(one, etag, one.id in returned, secret=False) for one, etag in found[:limit]]
    return {"subscriptions": shown, "next": following(last)}


@private(_PATH, _GROUP, "Subscription", _READ, (SUBSCRIPTION,))
def subscription(subscription_id: str) -> Response:
    """One subscription; its ETag is for If-Match"""
    return _answer(*installed_directory().load(subscription_id), secret=False)


@change("POST", "/subscriptions", _GROUP, "Subscription", _WRITE, {JSON: _GIVEN})
def add_subscription() -> Response:
    """A new subscription, or the one that says the same in every field already

    Where that one stands otherwise, such as stopped, nothing is changed, and the answer names it.
    Who is written here hears of what comes from then on; fields that are left out are as usual.
    """
    wanted, standing = _wanted()
    there = installed_directory().add_once(wanted, standing or ACTIVE, g.account.name)
    audit.about(f"{there[0].id} {there[0].channel}")
    return _answer(*there, secret=True)


@change("PUT", _PATH, _GROUP, "Subscription", _WRITE, {JSON: _GIVEN}, (SUBSCRIPTION, _IF_MATCH))
def set_subscription(subscription_id: str) -> Response:
    """What is to hold of a subscription from now on; fields that are left out are as usual, not as they were"""
    wanted, standing = _wanted()
    former, etag = _as_read(subscription_id)
    after = replace(edited(former, wanted), standing=standing or former.standing)
    audit.about(f"{subscription_id} {after.channel} {after.standing}")
    return _answer(after, installed_directory().replace(former, after, etag), secret=True)


@change("DELETE", _PATH, _GROUP, "Subscription", _WRITE, {}, (SUBSCRIPTION, _IF_MATCH))
def remove_subscription(subscription_id: str) -> Response:
    """Remove a subscription with its address; answers what it was

    What became of its messages stays in the log, under its name.
    """
    audit.about(subscription_id)
    former, etag = _as_read(subscription_id)
    answer = _answer(former, etag, secret=False)
    installed_directory().remove(subscription_id, etag)
    return answer


@change("PUT", _TRIAL_PATH, _GROUP, "Trial", _WRITE, {}, (SUBSCRIPTION, _TRIAL))
def ask_for_trial(subscription_id: str, trial: str) -> dict[str, object]:
    """Send a trial message, which says first that it is one, of the newest event or of one that is made up

    The same name asked for again is the same trial: it goes out once. It is tried once.
    """
    trials.ask(installed_directory().get(subscription_id), trial, g.account.name)
    return trials.outcome(subscription_id, trial)


@private(_TRIAL_PATH, _GROUP, "Trial", _READ, (SUBSCRIPTION, _TRIAL))
def trial(subscription_id: str, trial: str) -> dict[str, object]:
    """What became of a trial message"""
    return trials.outcome(subscription_id, trial)


def _wanted() -> tuple[Subscription, str]:
    """What was sent, and how it is to stand, "" where that is not said. Raises BadInput naming the field."""
    sent = read_body(_GIVEN)
    row = {name: subscriptions.text_of(value) for name, value in sent.items() if name in EDITED}
    return subscriptions.read(row), str(sent.get("standing", ""))


def _as_read(subscription_id: str) -> tuple[Subscription, str]:
    """A subscription that is as the sender has read it, and its ETag. Raises NotFound, Stale, Unconditional."""
    one, etag = installed_directory().load(subscription_id)
    if "If-Match" not in request.headers:
        raise Unconditional("Send If-Match with the ETag of what you have read, so that no other change is lost")
    if not request.if_match.contains(etag):
        raise Stale("Another has changed it since you read it; read it again, and change that")
    return one, etag


def _answer(one: Subscription, etag: str, *, secret: bool) -> Response:
    record = _record(one, etag, one.id in installed_directory().returned(), secret=secret)
    response = Response(json.dumps(record, ensure_ascii=False), content_type=JSON)
    response.set_etag(etag)
    return response


def _record(one: Subscription, etag: str, returned: bool, *, secret: bool) -> dict[str, object]:
    shown = webhook.secret(installed_tokens().key, one.id) if secret and one.channel in POSTED else None
    return asdict(one) | {"etag": etag, "returned": returned, "secret": shown}
