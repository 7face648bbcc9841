"""All accounts: one object each in a bucket that only the store role `accounts` opens, changed by conditional PUT."""

import hashlib
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from siaga import keys
from siaga.accounts import naming, passwords, second_factor
from siaga.accounts.account import OPERATOR, VIEWER, Account, check_name, check_role
from siaga.accounts.tokens import Tokens
from siaga.errors import Conflict, Forbidden, NotFound, SiagaError
from siaga.moment import stamp
from siaga.store import Store

OLD_FILES = ("operator-account", "operator-sessions")  # of the secrets folder, before there were accounts
_ROUNDS = 10  # a change is tried while others change the same account
_LARGEST = 1 << 16  # bytes of an account
_ODD = re.compile(r"[^A-Za-z0-9._@-]")
_OF_PROVIDER = "oidc:"  # no name of our own has a colon
_LONGEST_CALLED, _DIGITS = 60, 8  # characters of what a provider calls somebody, and of who has that name as another
LONGEST = len(_OF_PROVIDER) + _LONGEST_CALLED + 1 + _DIGITS  # characters of any account's name


class Accounts:
    """Accounts as the store has them at this moment, so that a change counts at once in every web process."""

    def __init__(self, store: Store, secrets: Path | None = None) -> None:
        """`store` with the rights of role accounts. secrets: the folder whose operator of old times is taken in."""
        self._store, self._secrets = store, secrets

    def get(self, name: str) -> Account | None:
        """The account of that name, None if there is none. Raises Unavailable."""
        return self._read(name)[0]

    def listed(self) -> list[Account]:
        """All of them, by name."""
        self._take_in()
        heads = self._store.list(keys.ACCOUNTS, naming.USERS)
        return [Account.decode(self._store.get(keys.ACCOUNTS, head.key, at_most=_LARGEST)[0]) for head in heads]

    def tokens(self) -> Tokens:
        """The tokens of programs, which lie beside accounts."""
        return Tokens(self._store, self.get)

    def is_empty(self) -> bool:
        """Whether there is no account yet."""
        self._take_in()
        return next(self._store.list(keys.ACCOUNTS, naming.USERS), None) is None

    def add(self, name: str, role: str, password: str) -> Account:
        """A new one. Raises Conflict when there is one of that name, BadInput for what cannot serve."""
        one = Account(check_name(name), check_role(role), passwords.hashed(password), _generation(), stamp())
        return self._add(one)

    def of_subject(self, subject: str) -> Account | None:
        """The account of whom an OpenID provider knows by that, whatever it calls them now; None at the first log-in.

        Of several, as there may be of old times, a disabled one.
        """
        own = (one for one in self.listed() if one.subject == subject)
        return min(own, key=lambda one: not one.disabled, default=None)

    def add_of_provider(self, called: str, role: str, subject: str) -> Account:
        """A new one of whom an OpenID provider names. called: by it; another subject of that name has another account.

        Raises Conflict where both names that it could bear are taken.
        """
        name = name_of_provider(called)
        if self.get(name):
            name += f"-{hashlib.sha256(subject.encode()).hexdigest()[:_DIGITS]}"
        password_hash = passwords.hashed(secrets.token_urlsafe())  # of a password that nobody knows
        return self._add(Account(name, check_role(role), password_hash, _generation(), stamp(), subject=subject))

    def readmit(self, name: str, role: str) -> Account:
        """Let in again whom an OpenID provider names, with the role of now. Raises Forbidden where it is disabled."""
        check_role(role)

        def admitted(one: Account) -> Account:
            if one.disabled:
                raise Forbidden("This account is disabled; who administers accounts can let it in again")
            return replace(one, role=role)

        return self.change(name, admitted)

    def dismiss(self, name: str) -> Account:
        """For whom an OpenID provider names in no group any more: the least role, and sessions end."""
        return self.change(name, lambda one: replace(one, role=VIEWER, generation=_generation()))

    def change(self, name: str, change: Callable[[Account], Account]) -> Account:
        """Put what `change` makes of the account in its place; raises NotFound, and whatever `change` raises.

        It is called again where another changed the account meanwhile.
        """
        for _ in range(_ROUNDS):
            account, etag = self._read(name)
            if account is None:
                raise NotFound("There is no user {name}", name=repr(name[:80]))
            changed = change(account)
            if changed == account:
                return account
            try:
                self._store.put(keys.ACCOUNTS, naming.user(name), changed.encode(), "application/json", if_match=etag)
            except Conflict:
                continue
            return changed
        raise Conflict("The user {name} is being changed by others; try again", name=repr(name[:80]))

    def set_role(self, name: str, role: str) -> Account:
        """From its next request on it has that role."""
        check_role(role)
        return self.change(name, lambda one: replace(_own(one), role=role))

    def set_password(self, name: str, password: str) -> Account:
        """Its sessions and its tokens end."""
        password_hash = passwords.hashed(password)
        return self.change(
            name,
            lambda one: replace(_own(one), password_hash=password_hash, generation=_generation(), tokens=_generation()),
        )

    def renew_hash(self, name: str, password: str) -> Account:
        """Keep the same password by today's hash; its sessions end, its tokens do not."""
        password_hash = passwords.hashed(password)
        return self.change(name, lambda one: replace(one, password_hash=password_hash))

    def reset(self, name: str, password: str) -> Account:
        """For who lost password or app: another password, no second factor; sessions and tokens end."""
        password_hash = passwords.hashed(password)
        return self.change(
            name,
            lambda one: replace(
                _own(one),
                password_hash=password_hash,
                generation=_generation(),
                tokens=_generation(),
                second_factor="",
                last_step=0,
                recovery=(),
            ),
        )

    def set_disabled(self, name: str, disabled: bool) -> Account:
        """Let nobody log in by it, or let them again; its sessions end."""
        return self.change(name, lambda one: replace(one, disabled=disabled, generation=_generation()))

    def end_sessions(self, name: str) -> Account:
        """Let every session of before be none."""
        return self.change(name, lambda one: replace(one, generation=_generation()))

    def enrol(self, name: str, secret: str, step: int) -> tuple[Account, list[str]]:
        """Take that app as second factor, its code of `step` being used; gives codes on paper. Other sessions end."""
        codes = second_factor.recovery_codes()
        kept = tuple(map(second_factor.digest, codes))
        changed = self.change(
            name,
            lambda one: replace(
                _own(one), second_factor=secret, last_step=step, recovery=kept, generation=_generation()
            ),
        )
        return changed, codes

    def without_second_factor(self, name: str) -> Account:
        """Ask for the password alone again; its sessions end."""
        return self.change(
            name, lambda one: replace(one, second_factor="", last_step=0, recovery=(), generation=_generation())
        )

    def use_code(self, name: str, code: str) -> Account | None:
        """Spend a code of the app, or one on paper; None for a wrong one and for one that was used before."""

        def spent(one: Account) -> Account:
            step = second_factor.step_of(one.second_factor, code, one.last_step) if one.second_factor else None
            if step is not None:
                return replace(one, last_step=step)
            digest = second_factor.digest(code)
            if digest in one.recovery:
                return replace(one, recovery=tuple(kept for kept in one.recovery if kept != digest))
            raise _WrongCode("The code is wrong, or was used before")

        try:
            return self.change(name, spent)
        except (_WrongCode, NotFound):
            return None

    def _add(self, account: Account) -> Account:
        try:
            self._store.put(
                keys.ACCOUNTS, naming.user(account.name), account.encode(), "application/json", if_absent=True
            )
        except Conflict as error:
            raise Conflict("There is a user {name} already", name=repr(account.name)) from error
        return account

    def _take_in(self) -> None:
        """The one operator of the secrets folder, as it was before there were accounts, becomes an account.

        Its files go once that stands; where one of that name stands already, it is left as it is.
        """
        if self._secrets is None or not (self._secrets / OLD_FILES[0]).exists():
            return
        with suppress(FileNotFoundError, Conflict):  # another process was quicker
            name, _, password_hash = (self._secrets / OLD_FILES[0]).read_text(encoding="utf-8").strip().partition(":")
            if name and password_hash:
                self._add(Account(name, OPERATOR, password_hash, _generation(), stamp()))
        for file in OLD_FILES:
            (self._secrets / file).unlink(missing_ok=True)

    def _read(self, name: str) -> tuple[Account | None, str]:
        self._take_in()
        try:
            body, head = self._store.get(keys.ACCOUNTS, naming.user(name), at_most=_LARGEST)
        except NotFound:
            return None, ""
        return Account.decode(body), head.etag


def name_of_provider(called: str) -> str:
    """The name of an account here of whom an OpenID provider calls so.

    >>> name_of_provider("budi s@bnpb.go.id")
    'oidc:budi_s@bnpb.go.id'
    """
    return f"{_OF_PROVIDER}{_ODD.sub('_', called)[:_LONGEST_CALLED]}"


def _own(account: Account) -> Account:
    """The account, unless an OpenID provider keeps password and role of it. Raises Forbidden."""
    if account.subject:
        raise Forbidden("The OpenID provider keeps password, second factor and role of this account")
    return account


class _WrongCode(SiagaError):
    """The code does not serve."""


def _generation() -> str:
    return secrets.token_urlsafe(16)
