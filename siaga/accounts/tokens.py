"""Tokens by which programs change something: each of an account, for a few things, for a time; only hashes are kept.

A token is `siaga_<id>_<secret>`. The secret has 256 random bits, so that its sha256 tells nothing and no slow hash is
needed, which a program would pay for with every call.
"""

import hmac
import json
import re
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from siaga import keys, moment
from siaga.accounts import naming
from siaga.accounts.account import ASH_EDITOR, OPERATOR, Account
from siaga.errors import BadInput, Conflict, Forbidden, NotFound
from siaga.printable import shown
from siaga.store import Store

SCOPES = {  # what a token may do: the role that its account must have
    "write:event": OPERATOR,
    "write:ash": ASH_EDITOR,
    "write:felt": OPERATOR,
    "write:hide": OPERATOR,
    "write:reprocess": OPERATOR,
    "read:alerts": OPERATOR,
    "write:alerts": OPERATOR,
}
MOST_DAYS = 366
LONGEST = 80  # characters of what a token is for
_MOST = 50  # tokens of one account that are good
_LARGEST = 1 << 14  # bytes of a record
_FORM = re.compile(r"siaga_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token.

    account: whose it is. purpose: in the words of who made it. scopes: of SCOPES. digest: sha256 of the secret.
    created, expires, revoked: moments as stored; revoked is "" while it is good. word: the account's `tokens` when it
    was made; it ends when the account has another.
    """

    id: str
    account: str
    purpose: str
    scopes: tuple[str, ...]
    digest: str
    created: str
    expires: str
    revoked: str = ""
    word: str = ""

    def is_good(self, now: datetime, owner: Account) -> bool:
        """Whether it is neither revoked nor past its time, and the owner's password is that of when it was made."""
        return not self.revoked and self.word == owner.tokens and now < moment.parse(self.expires)

    def encode(self) -> bytes:
        """As it is stored."""
        return json.dumps(asdict(self), indent=1).encode()

    @classmethod
    def decode(cls, body: bytes) -> "Token":
        """Read it back. Raises BadInput."""
        try:
            stored = json.loads(body)
            named = {"word": "", **stored}  # there was none before passwords ended tokens
            named = {name: named[name] for name in cls.__dataclass_fields__}
            return cls(**named | {"scopes": tuple(stored["scopes"])})
        except (ValueError, TypeError, KeyError) as error:
            raise BadInput("A token cannot be read: {detail}", detail=str(error)) from error


class Tokens:
    """Tokens as the store has them at this moment, so that a revoked one ends at once in every web process."""

    def __init__(self, store: Store, account: Callable[[str], Account | None]) -> None:
        """`store` with the rights of role accounts. account: that of a name."""
        self._store, self._account = store, account

    def add(self, owner: Account, purpose: str, scopes: tuple[str, ...], days: int) -> tuple[Token, str]:
        """A new one, and the text that is shown this once. Raises BadInput, Forbidden, Conflict."""
        if owner.subject:  # nobody would tell when the provider takes its role away
            raise Forbidden("Tokens are of accounts of Siaga's own; ask who administers them for one")
        purpose = shown(" ".join(purpose.split()))
        if not purpose or len(purpose) > LONGEST:
            raise BadInput("Write what the token is for, in at most {most} characters", field="purpose", most=LONGEST)
        if not scopes or not SCOPES.keys() >= set(scopes):
            raise BadInput("Choose what the token may do: {names}", field="scopes", names=", ".join(SCOPES))
        if not 1 <= days <= MOST_DAYS:
            raise BadInput("Write for how many days the token is good, 1 to {most}", field="days", most=MOST_DAYS)
        if not all(owner.may(SCOPES[scope]) for scope in scopes):
            raise Forbidden("Your account's role may not do that; who administers accounts can give it another")
        now = moment.now()
        if sum(one.is_good(now, owner) for one in self.listed(owner.name)) >= _MOST:
            raise Conflict("An account has at most {most} tokens that are good; revoke one first", most=_MOST)
        secret, expires = secrets.token_urlsafe(32), moment.stamp(now + timedelta(days=days))
        chosen = tuple(scope for scope in SCOPES if scope in scopes)
        made = moment.stamp(now)
        one = Token(
            secrets.token_hex(8), owner.name, purpose, chosen, _digest(secret), made, expires, word=owner.tokens
        )
        self._store.put(keys.ACCOUNTS, naming.token(one.id), one.encode(), "application/json", if_absent=True)
        return one, f"siaga_{one.id}_{secret}"

    def listed(self, account: str = "") -> list[Token]:
        """Those of an account, or all, the newest first."""
        heads = self._store.list(keys.ACCOUNTS, naming.TOKENS)
        found = [Token.decode(self._store.get(keys.ACCOUNTS, head.key, at_most=_LARGEST)[0]) for head in heads]
        mine = [one for one in found if account in ("", one.account)]
        return sorted(mine, key=lambda one: (one.created, one.id), reverse=True)

    def revoke(self, token_id: str, account: str = "") -> Token:
        """Let it be good no more; that of an account alone, where one is named. Raises NotFound, Conflict."""
        key = naming.token(token_id)
        try:
            body, head = self._store.get(keys.ACCOUNTS, key, at_most=_LARGEST)
        except NotFound:
            body = b""
        one = Token.decode(body) if body else None
        if one is None or account not in ("", one.account):
            raise NotFound("There is no token {name}", name=repr(token_id[:40]))
        if one.revoked:
            return one
        ended = replace(one, revoked=moment.stamp())
        self._store.put(keys.ACCOUNTS, key, ended.encode(), "application/json", if_match=head.etag)
        return ended

    def admit(self, text: str) -> tuple[Account, Token] | None:
        """The account and the token of that text; None for what is none, has ended or is of nobody."""
        match = _FORM.fullmatch(text)
        if not match:
            return None
        try:
            one = Token.decode(self._store.get(keys.ACCOUNTS, naming.token(match[1]), at_most=_LARGEST)[0])
        except NotFound:
            return None
        right = hmac.compare_digest(one.digest, _digest(match[2]))
        account = self._account(one.account) if right else None
        good = account and not account.disabled and one.is_good(moment.now(), account)
        return (account, one) if account and good else None


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
