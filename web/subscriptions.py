"""Subscriptions to alerts, for operators: who hears of what; and the page by which whoever gets them ends them."""

import csv
import io
import secrets as randomness
from dataclasses import replace
from functools import partial

from flask import Blueprint, Flask, Response, current_app, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from siaga.accounts.account import OPERATOR
from siaga.alerts import subscription as subscriptions
from siaga.alerts.channels import webhook
from siaga.alerts.directory import Directory, Tokens
from siaga.alerts.subscription import ACTIVE, EDITED, POSTED, STOPPED, Subscription
from siaga.alerts.trial import UNTRIED
from siaga.conventions import CONVENTIONS
from siaga.errors import BadInput, Conflict, NotFound, SiagaError
from siaga.report import words
from siaga.store import Store
from web import audit, login

_NAME = "siaga-subscriptions"
_MOST_ROWS = 5000  # of a table that is taken in
_MOST_BYTES = 2 << 20
STANDINGS = {"pending": "Not confirmed", "active": "Active", "stopped": "Stopped"}
CHANNELS = {"email": "E-mail", "webhook": "Webhook", "cap": "CAP", "telegram": "Telegram", "whatsapp": "WhatsApp"}

pages = Blueprint("subscriptions", __name__)


def install(app: Flask, store: Store, key: str) -> None:
    """Let operators write them. store: with the rights of role operators. key: of alerts, for tokens and secrets."""
    app.extensions[_NAME] = Directory(store), Tokens(key)
    app.register_blueprint(pages)


@pages.get("/subscriptions")
@login.page(OPERATOR)
def overview() -> tuple[str, int]:
    """All of them, and the form of one."""
    name = request.args.get("edit", "")
    there = request.args.get("there", 0, type=int)
    return _page(installed_directory().get(name) if name else None, there=there)


@pages.post("/subscriptions/save")
@login.page(OPERATOR)
def save() -> AnyResponse | tuple[str, int]:
    """A new one, or what is to hold of one from now on."""
    name = request.form.get("id", "")[:40]
    row = {field: request.form.get(field, "") for field in EDITED}
    row["hazards"] = " ".join(request.form.getlist("hazards")) or subscriptions.NONE
    try:
        wanted = subscriptions.read(row)
        if name:
            one = installed_directory().change(name, lambda former: edited(former, wanted))
        else:
            one = installed_directory().add(wanted, ACTIVE, login.name())
    except BadInput as error:
        return _page(installed_directory().get(name) if name else None, error, row)
    audit.about(f"{one.id} {one.channel}")
    return redirect(url_for("subscriptions.overview", edit=one.id, _anchor="form"))


@pages.post("/subscriptions/stand")
@login.page(OPERATOR)
def stand() -> AnyResponse:
    """Stop one, or let it go on."""
    name = request.form.get("id", "")[:40]
    standing = ACTIVE if request.form.get("go_on") else STOPPED
    audit.about(f"{name} {standing}")
    installed_directory().change(name, lambda one: replace(one, standing=standing))
    return redirect(url_for("subscriptions.overview"))


@pages.post("/subscriptions/remove")
@login.page(OPERATOR)
def remove() -> AnyResponse | tuple[str, int]:
    """Remove a stopped one with its address."""
    name = request.form.get("id", "")[:40]
    audit.about(name)
    one, etag = installed_directory().load(name)
    if one.standing == ACTIVE:  # another let it go on meanwhile
        return _page(one, Conflict("{name} is active; stop it before you remove it", name=one.name))
    installed_directory().remove(name, etag)
    return redirect(url_for("subscriptions.overview"))


@pages.get("/subscriptions/export.csv")
@login.page(OPERATOR)
def export() -> Response:
    """All of them as a table that can be taken in again."""
    written = io.StringIO()
    table = csv.DictWriter(written, ["id", "standing", *EDITED], lineterminator="\r\n")
    table.writeheader()
    for one in installed_directory().all():
        table.writerow({"id": one.id, "standing": one.standing} | one.row)
    named = {"Content-Disposition": 'attachment; filename="subscriptions.csv"'}
    return Response(written.getvalue().encode("utf-8-sig"), mimetype="text/csv", headers=named)


@pages.post("/subscriptions/import")
@login.page(OPERATOR)
def take_in() -> AnyResponse | tuple[str, int]:
    """A table: all of its rows or none; a row with the id of one changes it, others are new.

    A new row that says what a subscription says already makes none: a table that broke off half way is taken in again.
    """
    try:
        rows = _rows()
    except BadInput as error:
        return _page(None, error)
    known, there = {tuple(one.row.values()) for one in installed_directory().all()}, 0
    for name, wanted in rows:
        if name:
            installed_directory().change(name, partial(edited, wanted=wanted))
        elif (row := tuple(wanted.row.values())) in known:
            there += 1
        else:
            installed_directory().add(wanted, ACTIVE, login.name())
            known.add(row)
    audit.about(f"{len(rows)} rows, {there} there already")
    return redirect(url_for("subscriptions.overview", there=there or None))


@pages.get("/subscriptions/stop/<name>/<token>")
def ask_to_stop(name: str, token: str) -> str:
    """Whoever gets the messages is asked whether to end them: what opens links beforehand ends nothing."""
    return render_template("stop.html", tab="", one=_of_token(name, token), done=False)


@pages.post("/subscriptions/stop/<name>/<token>")
@login.without_cookie
def stop(name: str, token: str) -> str:
    """End them; mail programs send this by themselves (RFC 8058)."""
    one = _of_token(name, token)
    g.tried = one.id  # who it was, for the audit
    audit.about(one.id)
    installed_directory().change(one.id, lambda former: replace(former, standing=STOPPED))
    return render_template("stop.html", tab="", one=one, done=True)


def _of_token(name: str, token: str) -> Subscription:
    if not installed_tokens().fits(token, "stop", name):
        raise NotFound("There is no subscription {name}", name=name[:40])
    return installed_directory().get(name)


def edited(former: Subscription, wanted: Subscription) -> Subscription:
    """What is to hold of one, whose id and standing stay."""
    kept = {name: getattr(former, name) for name in ("id", "standing", "created", "by")}
    return replace(wanted, **kept)


def _rows() -> list[tuple[str, Subscription]]:
    """What a table says: (id or "", what is wanted). Raises BadInput naming the row."""
    sent = request.files.get("table")
    body = sent.read(_MOST_BYTES + 1) if sent else b""
    try:
        table = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput("The table is no CSV in UTF-8: {detail}", detail=str(error)) from error
    if not table or len(table) > _MOST_ROWS or len(body) > _MOST_BYTES:
        raise BadInput(
            "The table has {count} rows; write at least one, at most {most}", count=len(table), most=_MOST_ROWS
        )
    there = {one.id for one in installed_directory().all()}
    return [_row(number, row, there) for number, row in enumerate(table, 2)]


def _row(number: int, row: dict[str, str], there: set[str]) -> tuple[str, Subscription]:
    name = (row.pop("id", "") or "").strip()
    row.pop("standing", "")
    try:
        if name and name not in there:
            raise NotFound("There is no subscription {name}", name=name[:40])
        return name, subscriptions.read({str(field): text or "" for field, text in row.items()})
    except (BadInput, NotFound) as error:
        detail = g.language.reason(error.reason())
        raise BadInput("Row {number} of the table: {detail}", number=number, detail=detail) from error


def _page(
    chosen: Subscription | None, error: SiagaError | None = None, row: dict[str, str] | None = None, there: int = 0
) -> tuple[str, int]:
    secret = ""
    sentence = (
        g.language("{count} rows were there already and make no second subscription", count=there) if there else ""
    )
    if chosen and chosen.channel in POSTED:
        secret = webhook.secret(installed_tokens().key, chosen.id)
    usual = chosen.row if chosen else {"hazards": "earthquake flood ash", "level": "orange", "mmi": "6"}
    page = render_template(
        "subscriptions.html",
        tab="subscriptions",
        rows=installed_directory().all(),
        returned=installed_directory().returned(),
        edited=chosen,
        trial=f"trial-{randomness.token_hex(8)}" if chosen and chosen.channel != UNTRIED else "",
        row=dict.fromkeys(EDITED, "") | (row if row is not None else usual),
        secret=secret,
        channels=CHANNELS,
        standings=STANDINGS,
        levels=words.LEVELS,
        ash_classes=words.ASH_CLASSES,
        tongues={code: convention.name for code, convention in CONVENTIONS.items()},
        sentence=g.language.reason(error.reason()) if error else sentence,
    )
    return page, error.status if error else 200


def installed_directory() -> Directory:
    """That of this app."""
    directory: Directory = current_app.extensions[_NAME][0]
    return directory


def installed_tokens() -> Tokens:
    """Those of this app."""
    tokens: Tokens = current_app.extensions[_NAME][1]
    return tokens
