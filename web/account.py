"""One's own account: role, password, second factor with its QR picture, codes on paper."""

import io

import segno
from flask import Blueprint, g, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from siaga.accounts import passwords, second_factor
from siaga.accounts.account import ADMIN, ASH_EDITOR, OPERATOR, VIEWER, Account
from siaga.errors import BadInput, Forbidden
from web import login

ROLES = {VIEWER: "Viewer", ASH_EDITOR: "Ash editor", OPERATOR: "Operator", ADMIN: "Administrator"}

pages = Blueprint("account", __name__)


@pages.get("/account")
@login.page(VIEWER, enrolled=False)
def overview() -> tuple[str, int]:
    """What the account is, and what can be changed about it."""
    return _page()


@pages.post("/account/password")
@login.page(VIEWER, enrolled=False)
def password() -> AnyResponse | tuple[str, int]:
    """Another password; every other session ends."""
    new = request.form.get("new", "")
    try:
        _check_password()
        if new != request.form.get("again", ""):
            raise BadInput("The new passwords differ")
        login.begin(login.installed().accounts.set_password(login.name(), new))
    except (BadInput, Forbidden) as error:
        return _page(g.language.reason(error.reason()), error.status)
    return redirect(url_for("account.overview", done="password"))


@pages.get("/account/second-factor")
@login.page(VIEWER, enrolled=False)
def second_factor_form() -> AnyResponse | str:
    """The QR picture for an app; who has one already finds what to do about it in the overview."""
    if _own().second_factor:
        return redirect(url_for("account.overview"))
    return _enrolment()


@pages.post("/account/second-factor")
@login.page(VIEWER, enrolled=False)
def enrol() -> AnyResponse | str | tuple[str, int]:
    """Take the app once its first code is right; shows the codes on paper, this once."""
    secret = str(session.get("secret", ""))
    if not secret or _own().second_factor:
        return redirect(url_for("account.second_factor_form"))
    step = second_factor.step_of(secret, request.form.get("code", ""), 0)
    if step is None:
        sentence = g.language("The code is wrong; look at the clock of your phone, and type the newest one")
        return _enrolment(sentence), 422
    account, codes = login.installed().accounts.enrol(login.name(), secret, step)
    del session["secret"]
    login.begin(account)
    return render_template("recovery_codes.html", tab="account", codes=codes)


@pages.post("/account/second-factor/off")
@login.page(VIEWER, enrolled=False)
def off() -> AnyResponse | tuple[str, int]:
    """Log in by password alone from now on, or with another app; the password says that it is really you."""
    try:
        _check_password()
    except Forbidden as error:
        return _page(g.language.reason(error.reason()), error.status)
    login.begin(login.installed().accounts.without_second_factor(login.name()))
    return redirect(url_for("account.second_factor_form"))


def _own() -> Account:
    account = login.user()
    if account is None:  # the guard lets nobody else in
        raise Forbidden("Log in first")
    return account


def _check_password() -> None:
    if login.installed().admit(login.name(), request.form.get("password", "")) is None:
        raise Forbidden("The password is wrong")


def _page(sentence: str = "", status: int = 200) -> tuple[str, int]:
    account = _own()
    page = render_template(
        "account.html",
        tab="account",
        account=account,
        role=ROLES[account.role],
        wanted=login.installed().asks_second_factor(account),
        shortest=passwords.SHORTEST,
        done=request.args.get("done", ""),
        sentence=sentence,
    )
    return page, status


def _enrolment(sentence: str = "") -> str:
    """The page with the QR picture of a secret that the session keeps until its first code is right."""
    if "secret" not in session:
        session["secret"] = second_factor.new_secret()
    secret = str(session["secret"])
    picture = io.BytesIO()
    segno.make(second_factor.address(secret, login.name()), error="m").save(
        picture, kind="svg", scale=5, border=4, xmldecl=False, svgns=False, light="#fff", nl=False
    )
    account = _own()
    return render_template(
        "second_factor.html",
        tab="account",
        picture=picture.getvalue().decode(),
        secret=" ".join(secret[place : place + 4] for place in range(0, len(secret), 4)),
        wanted=login.installed().asks_second_factor(account),
        sentence=sentence,
    )
