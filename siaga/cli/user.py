"""`siaga user` and `siaga operator`: who may log in to the web app, and as what."""

import argparse
import getpass
import sys
from typing import TYPE_CHECKING

from siaga.accounts.account import OPERATOR
from siaga.commands import Commands
from siaga.errors import Conflict, SiagaError
from siaga.roles import ROLES
from siaga.settings import Settings

_ACTIONS = {
    "add": "a new user; asks for a password, or reads it from standard input",
    "list": "all users, their roles and whether they have a second factor",
    "role": "give a user another role",
    "reset": "another password and no second factor, for who lost them",
    "disable": "let nobody log in as that user",
    "enable": "let them again",
}


if TYPE_CHECKING:  # which a command imports when it is called
    from siaga.accounts.audit import Audit
    from siaga.accounts.directory import Accounts


def add_to(commands: Commands) -> None:
    """Add `user` and `operator` to the command line's commands."""
    user = commands.add_parser("user", help="who may log in to the web app: add, list, role, reset, disable, enable")
    actions = user.add_subparsers(required=True, dest="action", metavar="ACTION")
    for action, what in _ACTIONS.items():
        one = actions.add_parser(action, help=what)
        if action != "list":
            one.add_argument("name", metavar="NAME")
        if action == "add":
            one.add_argument("--role", choices=ROLES, default=OPERATOR)
        if action == "role":
            one.add_argument("role", choices=ROLES)
    user.set_defaults(run=_run)
    operator = commands.add_parser("operator", help="as `siaga user add NAME`, or another password for that user")
    operator.add_argument("name", metavar="NAME")
    operator.set_defaults(run=_operator)


def _run(settings: Settings, chosen: argparse.Namespace) -> int:
    accounts, audit = _opened(settings)
    if chosen.action == "list":
        for one in accounts.listed():
            marks = ["second factor"] * bool(one.second_factor) + ["disabled"] * one.disabled
            print(f"{one.name:<24} {one.role:<11} {', '.join(marks)}".rstrip())
        return 0
    match chosen.action:
        case "add":
            one = accounts.add(chosen.name, chosen.role, _password())
        case "role":
            one = accounts.set_role(chosen.name, chosen.role)
        case "reset":
            one = accounts.reset(chosen.name, _password())
        case _:
            one = accounts.set_disabled(chosen.name, chosen.action == "disable")
    _note(audit, f"users.{chosen.action}", f"{one.name} {one.role}")
    print(f"{one.name} is {one.role}{', disabled' if one.disabled else ''}; the page is {settings.public_url}/login")
    return 0


def _operator(settings: Settings, chosen: argparse.Namespace) -> int:
    (accounts, audit), password = _opened(settings), _password()
    try:
        one, what = accounts.add(chosen.name, OPERATOR, password), "users.add"
    except Conflict:
        one, what = accounts.set_password(chosen.name, password), "account.password"
    _note(audit, what, f"{one.name} {one.role}")
    print(f"{one.name} may log in now as {one.role}, at {settings.public_url}/login")
    return 0


def _opened(settings: Settings) -> "tuple[Accounts, Audit]":
    from siaga.accounts.audit import Audit
    from siaga.accounts.directory import Accounts
    from siaga.store import Store

    store = Store.connect(settings, "accounts")
    return Accounts(store, settings.secrets), Audit(store)


def _note(audit: "Audit", what: str, about: str) -> None:
    from siaga.accounts.audit import DONE

    audit.note(f"{getpass.getuser()} (siaga user)", what, DONE, "", about)


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise SiagaError("The two passwords differ")
    return password
