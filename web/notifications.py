"""What became of alerts, for operators: each event that somebody was to hear of, who heard, who did not, and why."""

from collections import Counter
from datetime import timedelta

from flask import Blueprint, Flask, current_app, g, render_template

from siaga import dates
from siaga.accounts.account import OPERATOR
from siaga.alerts import delivery, history
from siaga.alerts.change import BELOW, CANCELLED, FIRST, UPDATE
from siaga.alerts.delivery import Wanted
from siaga.alerts.history import LogRecord
from siaga.alerts.naming import Step
from siaga.hazards import HAZARDS
from siaga.store import Store
from web import login
from web.subscriptions import CHANNELS

_NAME = "siaga-notifications"
DAYS, _MOST = 7, 50  # of events that are shown
KINDS = {FIRST: "First", UPDATE: "Update", BELOW: "Correction", CANCELLED: "Cancelled"}
STATES = {
    "sent": "Sent",
    "held": "Held",
    "sending": "Being sent",
    "retry": "Trying again",
    "failed": "Failed",
    "unsure": "Not sure whether it was taken",
    "skipped": "Not sent",
}

pages = Blueprint("notifications", __name__)


def install(app: Flask, store: Store) -> None:
    """Show them. store: with the rights of role operators."""
    app.extensions[_NAME] = store
    app.register_blueprint(pages)


@pages.get("/notifications")
@login.page(OPERATOR)
def overview() -> str:
    """The events of the last days, the newest first."""
    store = installed_store()
    newest = delivery.steps(store, Wanted(g.now - timedelta(days=DAYS)))
    return render_template(
        "notifications.html",
        tab="notifications",
        rows=[_row(step, log) for step in newest[:_MOST] if (log := history.load(store, step))],
        days=DAYS,
        failed=delivery.failed(store, g.now),
        states=STATES,
    )


def _row(step: Step, log: LogRecord) -> dict[str, object]:
    messages = [one.row for one in delivery.rows(installed_store(), step, log)]
    went = [one for one in messages if one["kind"]]
    why = Counter(g.language.reason(one["reason"]) for one in messages if not one["kind"])
    return {
        "title": log["title"].get(g.code, ""),
        "page": f"/{HAZARDS[step.hazard].page}/{step.event_id}",
        "when": dates.dated(step.received, g.code),
        "version": log["version"],
        "hidden": log["hidden"],
        "counts": sorted(Counter(one["state"] for one in went).items()),
        "messages": [
            {
                "name": one["name"],
                "channel": CHANNELS.get(one["channel"], one["channel"]),
                "kind": KINDS.get(one["kind"], one["kind"]),
                "state": one["state"],
                "reason": g.language.reason(one["reason"]),
            }
            for one in sorted(went, key=lambda one: (one["state"] == "sent", one["name"]))
        ],
        "skipped": why.most_common(),
    }


def installed_store() -> Store:
    """That of this app, with the rights of role operators."""
    store: Store = current_app.extensions[_NAME]
    return store
