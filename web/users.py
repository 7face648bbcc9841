"""The users' page of admins: who may log in, as what; new ones, other roles, resets, and who may no more."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from siaga.accounts import passwords
from siaga.accounts.account import ADMIN, OPERATOR
from siaga.accounts.directory import LONGEST
from siaga.errors import BadInput, Conflict, Forbidden, SiagaError
from web import account, audit, login

pages = Blueprint("users", __name__)


@pages.get("/users")
@login.page(ADMIN)
def overview() -> tuple[str, int]:
    """All users, and the form for a new one."""
    return _page()


@pages.post("/users/add")
@login.page(ADMIN)
def add() -> tuple[str, int]:
    """A new user; the password is made here and shown this once."""
    name, role = _name(), request.form.get("role", "")
    audit.about(f"{name} {role[:40]}")
    given = passwords.new_password()
    try:
        login.installed().accounts.add(name, role, given)
    except (BadInput, Conflict) as error:
        return _page(error)
    return _page(given=(name, given))


@pages.post("/users/role")
@login.page(ADMIN)
def role() -> AnyResponse | tuple[str, int]:
    """Another role."""
    name, new = _name(), request.form.get("role", "")
    audit.about(f"{name} {new[:40]}")
    try:
        login.installed().accounts.set_role(_another(name), new)
    except SiagaError as error:
        return _page(error)
    return redirect(url_for("users.overview"))


@pages.post("/users/reset")
@login.page(ADMIN)
def reset() -> tuple[str, int]:
    """For who lost password or app: a new password, shown this once, and no second factor."""
    name, given = _name(), passwords.new_password()
    audit.about(name)
    try:
        login.installed().accounts.reset(_another(name), given)
    except SiagaError as error:
        return _page(error)
    return _page(given=(name, given))


@pages.post("/users/disable")
@login.page(ADMIN)
def disable() -> AnyResponse | tuple[str, int]:
    """Let nobody log in as that user."""
    return _set_disabled(True)


@pages.post("/users/enable")
@login.page(ADMIN)
def enable() -> AnyResponse | tuple[str, int]:
    """Let them again."""
    return _set_disabled(False)


def _set_disabled(disabled: bool) -> AnyResponse | tuple[str, int]:
    name = _name()
    audit.about(name)
    try:
        login.installed().accounts.set_disabled(_another(name), disabled)
    except SiagaError as error:
        return _page(error)
    return redirect(url_for("users.overview"))


def _name() -> str:
    return request.form.get("name", "")[: LONGEST + 1]


def _another(name: str) -> str:
    """The name, unless it is one's own: who locks the door must not stand outside. Raises Forbidden."""
    if name == login.name():
        raise Forbidden("Nobody changes this of the own account; another admin can, or `siaga user` on the server")
    return name


def _page(error: SiagaError | None = None, given: tuple[str, str] | None = None) -> tuple[str, int]:
    page = render_template(
        "users.html",
        tab="users",
        users=login.installed().accounts.listed(),
        roles=account.ROLES,
        usual=OPERATOR,
        given=given,
        sentence=g.language.reason(error.reason()) if error else "",
    )
    return page, error.status if error else 200
