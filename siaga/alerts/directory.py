"""All subscriptions, one object each, changed by conditional PUT; and the tokens that confirm and end one."""

import hmac
import json
import re
import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256

from siaga import keys, moment
from siaga.alerts import naming
from siaga.alerts import subscription as subscriptions
from siaga.alerts.subscription import ACTIVE, ID, Subscription
from siaga.errors import BadInput, Conflict, NotFound
from siaga.store import Store

_MOST_BYTES = 1 << 16
_NAME_SIGNS = 24  # of an id that come from the name
_TRIES = 3  # of ids that another may have


class Directory:
    """Reads them, each again only once it changed."""

    def __init__(self, store: Store) -> None:
        """`store` with the rights of functions or operators."""
        self._store = store
        self._read: dict[str, tuple[str, Subscription]] = {}  # by id: etag and what it says

    def all(self) -> list[Subscription]:
        """Every one that can be read, by id."""
        return [one for one, _etag in self.entries()]

    def entries(self) -> list[tuple[Subscription, str]]:
        """Every one that can be read and its ETag, by id."""
        heads = {naming.subscription_id(head.key): head.etag for head in self._store.list(keys.SUBSCRIPTIONS)}
        kept = {}
        for name, etag in heads.items():
            if name in self._read and self._read[name][0] == etag:
                kept[name] = self._read[name]
                continue
            try:
                kept[name] = etag, self.load(name)[0]
            except (NotFound, BadInput):  # removed since it was listed, or not of a known form
                continue
        self._read = kept
        return [(kept[name][1], kept[name][0]) for name in sorted(kept)]

    def active(self) -> list[Subscription]:
        """Those that hear of events."""
        return [one for one in self.all() if one.standing == ACTIVE]

    def get(self, subscription_id: str) -> Subscription:
        """One. Raises NotFound."""
        return self.load(subscription_id)[0]

    def add(self, wanted: Subscription, standing: str, by: str) -> Subscription:
        """A new one. by: who makes it."""
        for _ in range(_TRIES):
            name = _new_id(wanted.name, secrets.token_hex(4))
            one = replace(wanted, id=name, standing=standing, created=moment.stamp(), by=by)
            if self._put_new(one):
                return one
        raise Conflict("No free id was there for the subscription; try again")

    def add_once(self, wanted: Subscription, standing: str, by: str) -> tuple[Subscription, str]:
        """A new one, or the one that says the same already, and its ETag; however many ask for it at once.

        Raises Conflict naming the one that says the same and stands otherwise: whoever stopped it is not overruled.
        """
        same = [entry for entry in self.entries() if entry[0].row == wanted.row]
        same.sort(key=lambda entry: entry[0].standing != standing)
        there = same[0] if same else self._add_derived(wanted, standing, by)
        if there[0].standing != standing:
            raise Conflict(
                "Subscription {name} says the same in every field and stands otherwise; change that one",
                name=there[0].id,
            )
        return there

    def _add_derived(self, wanted: Subscription, standing: str, by: str) -> tuple[Subscription, str]:
        """One whose id is a digest of what it says, so that those who ask for it at once get the same; its ETag."""
        for number in range(_TRIES):  # what had that id first may say something else by now
            told = json.dumps([wanted.row, number], sort_keys=True)
            name = _new_id(wanted.name, sha256(told.encode()).hexdigest()[:8])
            one = replace(wanted, id=name, standing=standing, created=moment.stamp(), by=by)
            if etag := self._put_new(one):
                return one, etag
            there = self.load(name)
            if there[0].row == wanted.row:
                return there
        raise Conflict("No free id was there for the subscription; try again")

    def add_as(self, subscription_id: str, wanted: Subscription) -> Subscription:
        """An active one of that id; the one of that id that is there already, however it stands."""
        one = replace(wanted, id=subscription_id, standing=ACTIVE, created=moment.stamp())
        return one if self._put_new(one) else self.get(subscription_id)

    def _put_new(self, one: Subscription) -> str:
        """Its ETag; "" where one of its id is there."""
        key = naming.subscription(one.id)
        try:
            return self._store.put(keys.SUBSCRIPTIONS, key, one.encode(), "application/json", if_absent=True)
        except Conflict:
            return ""

    def change(self, subscription_id: str, change: Callable[[Subscription], Subscription]) -> Subscription:
        """Change one; what is the same already is not written. Raises NotFound, Conflict."""
        former, etag = self.load(subscription_id)
        after = change(former)
        self.replace(former, after, etag)
        return after

    def replace(self, former: Subscription, after: Subscription, etag: str) -> str:
        """Write another in place of the one with that ETag; its own ETag. Raises Conflict."""
        if after == former:
            return etag
        key = naming.subscription(former.id)
        return self._store.put(keys.SUBSCRIPTIONS, key, after.encode(), "application/json", if_match=etag)

    def remove(self, subscription_id: str, etag: str) -> None:
        """Remove the one with that ETag. Raises Conflict."""
        self._store.delete(keys.SUBSCRIPTIONS, naming.subscription(subscription_id), if_match=etag)

    def returned(self) -> set[str]:
        """The ids of those whose address took no message since they were changed last."""
        prefix = naming.RETURNED
        marks = {
            naming.subscription_id(head.key.removeprefix(prefix)): head.modified
            for head in self._store.list(keys.NOTIFICATIONS, prefix)
        }
        heads = self._store.list(keys.SUBSCRIPTIONS) if marks else ()
        changed = {naming.subscription_id(head.key): head.modified for head in heads}
        return {name for name, when in marks.items() if name in changed and when >= changed[name]}

    def load(self, subscription_id: str) -> tuple[Subscription, str]:
        """One and its ETag. Raises NotFound."""
        if not ID.fullmatch(subscription_id):
            raise NotFound("There is no subscription {name}", name=subscription_id[:40])
        try:
            body, head = self._store.get(keys.SUBSCRIPTIONS, naming.subscription(subscription_id), at_most=_MOST_BYTES)
        except NotFound as error:
            raise NotFound("There is no subscription {name}", name=subscription_id) from error
        return subscriptions.decode(body), head.etag


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of addresses that nobody has to log in for. They are derived, so that none is stored anywhere."""

    key: str

    def of(self, purpose: str, subscription_id: str) -> str:
        """purpose: stop or confirm."""
        return hmac.new(self.key.encode(), f"{purpose}|{subscription_id}".encode(), sha256).hexdigest()[:40]

    def fits(self, token: str, purpose: str, subscription_id: str) -> bool:
        """Whether it is that one."""
        return hmac.compare_digest(token.encode(), self.of(purpose, subscription_id).encode())

    def address(self, public_url: str, purpose: str, subscription_id: str) -> str:
        """The page that it opens."""
        return f"{public_url}/subscriptions/{purpose}/{subscription_id}/{self.of(purpose, subscription_id)}"


def _new_id(name: str, tail: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    readable = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_NAME_SIGNS].strip("-")
    return f"{readable or 'subscriber'}-{tail}"
