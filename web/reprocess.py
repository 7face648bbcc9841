"""Doing it again, in the operator's browser: what failed, ranges that are looked at before they are ordered, orders."""

from collections.abc import Mapping
from dataclasses import dataclass

import requests
from flask import Blueprint, Flask, current_app, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from siaga import dates, moment, understood
from siaga.accounts.account import OPERATOR
from siaga.answers import OrderFacts, PlanFacts
from siaga.errors import BadInput, SiagaError, Unavailable
from siaga.understood import OrdersTold
from web import audit, login, status
from web.services import services

_NAME = "siaga-reprocess"
_SHOWN = 100
_SECONDS = 300  # for the gateway to look through all inputs
RANGES = {
    "failed": "What was refused or failed",
    "missing": "What has no result and no job",
    "latest": "The latest events",
    "period": "All events of the period below",
    "exposure": "What was made with other exposure data than today's",
    "software": "What another version of Siaga made",
    "edition": "What was printed with other templates than today's",
    "all": "All events",
    "named": "One event, folder or file, by its name",
}
_AGES = ("exposure", "software", "edition")
_FIELDS = ("what", "count", "name", "since", "until", "report")
_ORDER_STATES = {"open": "Running", "stopped": "Stopped", "done": "Done"}

pages = Blueprint("reprocess", __name__)


@dataclass(frozen=True, slots=True)
class Gateway:
    """The gateway, as far as its token for orders opens it."""

    url: str
    token: str

    def order(self, path: str, body: Mapping[str, object]) -> None:
        """Have something done. Raises as ask does, Unavailable also where its answer does not say that it is."""
        if not isinstance(self.ask("POST", path, body), dict):
            raise Unavailable("The gateway answers in a form that is not known here; whether it does it is not known")

    def plan(self, wanted: Mapping[str, object]) -> PlanFacts:
        """What an order would do. Raises as ask does, Unavailable also where that is not understood."""
        plan = understood.plan(self.ask("POST", "/siaga/reprocess", {**wanted, "dry_run": True}))
        if plan is None:
            raise Unavailable("The gateway tells its plan in a form that is not known here; nothing was ordered")
        return plan

    def orders(self) -> OrdersTold | None:
        """All orders; None where it tells of them in no form that is known. Raises as ask does."""
        return understood.orders(self.ask("GET", "/siaga/orders"))

    def ask(
        self, method: str, path: str, body: Mapping[str, object] | None = None, seconds: float = _SECONDS
    ) -> object:
        """Its answer, None for no JSON. Raises SiagaError with the reason that it gives, Unavailable without answer."""
        try:
            answer = requests.request(
                method,
                self.url + path,
                json=body,
                headers={"Authorization": f"Bearer {self.token}"},
                timeout=seconds,
            )
        except requests.RequestException as error:
            raise Unavailable("The gateway does not answer; nothing was ordered") from error
        told = understood.body(answer)
        if not answer.ok:
            raise understood.refusal(answer.status_code, told)
        return told


def install(app: Flask, url: str, token: str) -> None:
    """Let the operator order things again. url, token: of the gateway, for its orders."""
    app.extensions[_NAME] = Gateway(url, token)
    app.register_blueprint(pages)


@pages.get("/reprocess")
@login.page(OPERATOR)
def overview() -> tuple[str, int]:
    """What failed, the form, and the orders."""
    return _page({"what": request.args.get("what", "")})


@pages.post("/reprocess/look")
@login.page(OPERATOR)
def look() -> tuple[str, int]:
    """What an order would do, before it is placed."""
    told = _told()
    try:
        plan = gateway().plan(_wanted(told))
    except SiagaError as error:
        return _page(told, error)
    return _page(told, plan=plan)


@pages.post("/reprocess/order")
@login.page(OPERATOR)
def order() -> AnyResponse | tuple[str, int]:
    """Place the order that was looked at."""
    told = _told()
    try:
        gateway().order("/siaga/reprocess", _wanted(told) | _who())
    except SiagaError as error:
        return _page(told, error)
    return redirect(url_for("status.status") if told["what"] == "named" else url_for("reprocess.overview"))


@pages.post("/reprocess/retry")
@login.page(OPERATOR)
def retry() -> AnyResponse | tuple[str, int]:
    """Try one input again."""
    return _change("/siaga/reprocess", _input())


@pages.post("/reprocess/drop")
@login.page(OPERATOR)
def drop() -> AnyResponse | tuple[str, int]:
    """Give one input up for good, with a word why."""
    return _change("/siaga/drop", _input() | {"why": request.form.get("why", "")})


@pages.post("/reprocess/stop")
@login.page(OPERATOR)
def stop() -> AnyResponse | tuple[str, int]:
    """Withdraw the rest of an order."""
    return _change("/siaga/orders/stop", {"id": request.form.get("id", "")})


def gateway() -> Gateway:
    """That of this app."""
    found: Gateway = current_app.extensions[_NAME]
    return found


def _change(path: str, body: Mapping[str, str]) -> AnyResponse | tuple[str, int]:
    audit.about(", ".join(str(value) for value in body.values() if value))
    try:
        gateway().order(path, dict(body) | _who())
    except SiagaError as error:
        return _page({}, error)
    return redirect(url_for("reprocess.overview"))


def _input() -> dict[str, str]:
    return {name: request.form.get(name, "")[:2000] for name in ("bucket", "key", "function")}


def _who() -> dict[str, str]:
    return {"who": login.name()}


def _told() -> dict[str, str]:
    """What the form says, as it was typed."""
    told = {name: request.form.get(name, "")[:2000] for name in _FIELDS}
    audit.about(", ".join(f"{name} {value}" for name, value in told.items() if value))
    return told


def _wanted(told: Mapping[str, str]) -> dict[str, object]:
    """The order that the form tells. Raises BadInput naming the field."""
    what = told["what"]
    if what not in RANGES:
        raise BadInput("{field} is {value}; choose one of the list", field="what", value=repr(what)[:80])
    wanted: dict[str, object] = {name: told[name] for name in ("since", "until") if told[name] and what != "named"}
    if what == "named":
        if not told["name"].strip():
            raise BadInput("Write the name of an event, a folder or a file")
        wanted["input"] = told["name"]
    elif what == "latest":
        if not told["count"].isdecimal() or not 0 < int(told["count"]) < 1_000_000:
            raise BadInput("latest is {value}; write how many events, such as 10", value=repr(told["count"])[:80])
        wanted["latest"] = int(told["count"])
    elif what in _AGES:
        wanted["older"] = [what]
    elif what != "period":
        wanted[what] = True
    elif not wanted:
        raise BadInput("Write from when or until when the events happened")
    return wanted | ({"report": True} if told["report"] else {})


def _page(told: Mapping[str, str], error: SiagaError | None = None, plan: PlanFacts | None = None) -> tuple[str, int]:
    index = services().index
    is_away, orders = False, None
    try:
        orders = gateway().orders()
    except SiagaError:
        is_away = True
    failed, count = index.ledger.failed(_SHOWN)
    page = render_template(
        "reprocess.html",
        tab="status",
        told=dict.fromkeys(_FIELDS, "") | dict(told),
        sentence=g.language.reason(error.reason()) if error else "",
        plan=plan,
        lasts=_lasts(plan["seconds"]) if plan and plan["seconds"] is not None else "",
        ranges=RANGES,
        failed=[status.receipt_row(one) for one in failed],
        count=count,
        dropped=[status.receipt_row(one) for one in index.ledger.receipts(("dropped",), _SHOWN)[0]],
        is_away=is_away,
        orders=[_shown(one, one["id"] in orders.unclear) for one in orders.orders] if orders else None,
        unread=orders.unread if orders else 0,
        state_names=status.STATES | _ORDER_STATES,
    )
    return page, error.status if error else 200


def _shown(order: OrderFacts, is_unclear: bool) -> dict[str, object]:
    """An order as the page shows it: what it is about, in the form's words, and how far it is."""
    wanted = order["wanted"]
    about = [
        *(g.language(RANGES[name]) for name in ("failed", "missing", "all") if name in wanted),
        *(g.language(RANGES[age]) for age in wanted.get("older", ()) if age in _AGES),
        *([g.language("The latest {count} events", count=wanted["latest"])] if "latest" in wanted else ()),
        *([g.language("Made before {when}", when=wanted["older_than"])] if "older_than" in wanted else ()),
        *([g.language("{count} inputs by name", count=len(wanted["inputs"]))] if "inputs" in wanted else ()),
        *([g.language("from {when}", when=wanted["since"])] if "since" in wanted else ()),
        *([g.language("before {when}", when=wanted["until"])] if "until" in wanted else ()),
        *([g.language("the report alone")] if wanted.get("report") else ()),
        *([wanted["function"]] if "function" in wanted else ()),
        *([g.language("more than this page knows")] if is_unclear or set(wanted.get("older", ())) - {*_AGES} else ()),
    ]
    return {
        **order,
        "state": order["state"] if order["state"] in _ORDER_STATES else "unknown",
        "about": ", ".join(about),
        "reason": g.language.reason(order["reason"]),
        "placed": dates.dated(moment.parse(order["placed"]), g.code) if order["placed"] else "",
    }


def _lasts(seconds: float) -> str:
    """About how long, in whole minutes or hours."""
    minutes = max(1, round(seconds / 60))
    if minutes < 120:
        return str(g.language("about {count} min", count=minutes))
    return str(g.language("about {count} h", count=round(minutes / 60)))
