"""What became of alerts, for operators: each event that somebody was to hear of, who heard, who did not, and why."""

import json
from collections import Counter
from datetime import timedelta
from itertools import islice
from typing import Any

from flask import Blueprint, Flask, current_app, g, render_template

from siaga import keys
from siaga.accounts.account import OPERATOR
from siaga.alerts import naming
from siaga.alerts.change import BELOW, CANCELLED, FIRST, UPDATE
from siaga.alerts.naming import Step
from siaga.errors import BadInput, NotFound
from siaga.hazards import HAZARDS
from siaga.report import figures
from siaga.store import Store
from web import login

_NAME = "siaga-notifications"
_DAYS, _MOST = 7, 50  # of events that are shown
_FAILED_DAYS = 1
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
    after = f"{naming.LOG}{naming.clock(g.now - timedelta(days=_DAYS))}"
    newest = sorted(
        (head.key for head in _store().list(keys.NOTIFICATIONS, naming.LOG, start_after=after)), reverse=True
    )
    rows = [row for key in islice(newest, _MOST) if (row := _row(key))]
    return render_template(
        "notifications.html", tab="notifications", rows=rows, days=_DAYS, failed=failed(_store()), states=STATES
    )


def failed(store: Store) -> int:
    """How many messages were given up in the last day."""
    after = f"{naming.FAILED}{naming.clock(g.now - timedelta(days=_FAILED_DAYS))}"
    return sum(1 for _head in store.list(keys.NOTIFICATIONS, naming.FAILED, start_after=after))


def _row(key: str) -> dict[str, Any] | None:
    try:
        log, step = json.loads(_store().get(keys.NOTIFICATIONS, key)[0]), Step.parse(key)
    except (NotFound, BadInput, ValueError):
        return None
    messages = log["messages"].values()
    went = [one for one in messages if one["kind"]]
    why = Counter(g.language.reason(one["reason"]) for one in messages if not one["kind"])
    return {
        "title": log["title"].get(g.code, ""),
        "page": f"/{HAZARDS[step.hazard].page}/{step.event_id}",
        "when": f"{figures.short_date(step.received, g.code, 'WIB')}, {figures.clock(step.received, 'WIB')}",
        "version": log["version"],
        "hidden": log["hidden"],
        "counts": sorted(Counter(one["state"] for one in went).items()),
        "messages": [
            {
                "name": one["name"],
                "channel": one["channel"],
                "kind": KINDS.get(one["kind"], one["kind"]),
                "state": one["state"],
                "reason": g.language.reason(one["reason"]),
            }
            for one in sorted(went, key=lambda one: (one["state"] == "sent", one["name"]))
        ],
        "skipped": why.most_common(),
    }


def _store() -> Store:
    store: Store = current_app.extensions[_NAME]
    return store
