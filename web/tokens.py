"""Tokens of one's own account: made for a purpose, shown once, revoked; an admin sees and revokes those of all."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from siaga import dates, moment
from siaga.accounts.account import ADMIN, ASH_EDITOR, Account
from siaga.accounts.tokens import LONGEST, MOST_DAYS, SCOPES, Token
from siaga.errors import BadInput, Conflict, Forbidden, SiagaError
from web import audit, bearer, login

_USUAL_DAYS = 90
NAMES = {
    "write:event": "Send ShakeMaps",
    "write:ash": "Upload ash falls",
    "write:felt": "Say whether a quake was felt",
    "write:hide": "Hide events and show them again",
    "write:reprocess": "Do inputs again",
    "read:alerts": "Read subscriptions and what became of alerts",
    "write:alerts": "Write subscriptions, send trial messages",
}

pages = Blueprint("tokens", __name__)


@pages.get("/account/tokens")
@login.page(ASH_EDITOR)
def overview() -> tuple[str, int]:
    """Those of the account, and the form for a new one."""
    return _page()


@pages.post("/account/tokens/add")
@login.page(ASH_EDITOR)
def add() -> tuple[str, int]:
    """A new one; its text is shown this once."""
    purpose, days = request.form.get("purpose", "")[: LONGEST + 1], request.form.get("days", "")
    scopes = tuple(request.form.getlist("scopes"))[: len(SCOPES)]
    audit.about(f"{purpose}: {', '.join(scopes)[:200]}; {days[:10]}")
    owner = login.user()
    try:
        if owner is None:  # the guard lets nobody else in
            raise Forbidden("Log in first")
        count = int(days) if days.isascii() and days.isdigit() and len(days) < 6 else 0
        one, text = bearer.installed().add(owner, purpose, scopes, count)
    except (BadInput, Conflict, Forbidden) as error:
        return _page(error)
    audit.about(f"{one.id}: {purpose}: {', '.join(one.scopes)}; {days}")
    return _page(given=text)


@pages.post("/account/tokens/revoke")
@login.page(ASH_EDITOR)
def revoke() -> AnyResponse | tuple[str, int]:
    """Let one be good no more."""
    name = request.form.get("id", "")[:40]
    audit.about(name)
    try:
        bearer.installed().revoke(name, "" if login.may(ADMIN) else login.name())
    except SiagaError as error:
        return _page(error)
    return redirect(url_for("tokens.overview"))


def _page(error: SiagaError | None = None, given: str = "") -> tuple[str, int]:
    found = bearer.installed().listed("" if login.may(ADMIN) else login.name())
    owners = {name: login.installed().accounts.get(name) for name in {one.account for one in found}}
    page = render_template(
        "tokens.html",
        tab="account",
        tokens=[_row(one, owners[one.account]) for one in found],
        scopes={scope: NAMES[scope] for scope, role in SCOPES.items() if login.may(role)},
        most_days=MOST_DAYS,
        usual_days=_USUAL_DAYS,
        longest=LONGEST,
        given=given,
        sentence=g.language.reason(error.reason()) if error else "",
    )
    return page, error.status if error else 200


def _row(one: Token, owner: Account | None) -> dict[str, object]:
    late = g.now >= moment.parse(one.expires)
    state = "good" if owner and one.is_good(g.now, owner) else "expired" if late and not one.revoked else "revoked"
    return {
        "id": one.id,
        "account": one.account,
        "purpose": one.purpose,
        "scopes": [g.language(NAMES[scope]) for scope in one.scopes if scope in NAMES],
        "state": state,
        "created": dates.short(moment.parse(one.created), g.code, "WIB"),
        "expires": dates.short(moment.parse(one.expires), g.code, "WIB"),
    }
