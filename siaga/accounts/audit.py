"""Who did what, when, from where, and with which result: an object each, which nobody but root changes or removes."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from siaga import keys, moment
from siaga.accounts import naming
from siaga.errors import BadInput
from siaga.store import Store

RESULTS = ("done", "refused", "failed")
DONE, REFUSED, FAILED = RESULTS
_MONTHS = 24  # that are looked through for a page of entries
_LARGEST = 1 << 16  # bytes of an entry
_LONGEST = 2000  # characters of what is told


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was done, or tried.

    when: UTC, as stored. who: an account, or the user of a command line; "" for a stranger. what: the name of the
    action. result: one of RESULTS. where: address of the sender. about: what it was done to, in the action's words.
    """

    when: str
    who: str
    what: str
    result: str
    where: str
    about: str

    @classmethod
    def decode(cls, body: bytes) -> "Entry":
        """Read it back. Raises BadInput."""
        try:
            stored = json.loads(body)
            return cls(**{name: str(stored[name]) for name in cls.__dataclass_fields__})
        except (ValueError, TypeError, KeyError) as error:
            raise BadInput("An entry of the audit cannot be read: {detail}", detail=str(error)) from error


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries: of whom, of which action, with which result; "" for any. before: the key of a later entry."""

    who: str = ""
    what: str = ""
    result: str = ""
    before: str = ""


class Audit:
    """The trail in bucket audit, whose keys tell time, action, result and name, so that a LIST finds what is sought."""

    def __init__(self, store: Store) -> None:
        """`store` with the rights of role accounts."""
        self._store = store

    def note(self, who: str, what: str, result: str, where: str, about: str = "") -> Entry:
        """Write down one thing, now. Raises Unavailable."""
        now = moment.now()
        entry = Entry(moment.stamp(now), who[:_LONGEST], what, result, where, about[:_LONGEST])
        key = naming.audit(now, what, result, who, secrets.token_hex(4))
        self._store.put(keys.AUDIT, key, json.dumps(asdict(entry)).encode(), "application/json", if_absent=True)
        return entry

    def entries(self, wanted: Wanted, count: int) -> tuple[list[Entry], str]:
        """The newest of them, newest first, and the key after which older ones follow ("" when there are none)."""
        found: list[str] = []
        for key in self._keys(wanted):
            if len(found) == count:
                return self._read(found), found[-1]
            found.append(key)
        return self._read(found), ""

    def _keys(self, wanted: Wanted) -> Iterator[str]:
        for month in _months(moment.now()):
            if wanted.before and month > wanted.before[: len(month)]:
                continue
            for head in reversed(list(self._store.list(keys.AUDIT, month))):
                if (not wanted.before or head.key < wanted.before) and _answers(head.key, wanted):
                    yield head.key

    def _read(self, found: list[str]) -> list[Entry]:
        return [Entry.decode(self._store.get(keys.AUDIT, key, at_most=_LARGEST)[0]) for key in found]


def _answers(key: str, wanted: Wanted) -> bool:
    parts = naming.audit_parts(key)
    asked = (wanted.what, wanted.result, wanted.who)
    return len(parts) == len(asked) and all(not one or one == part for one, part in zip(asked, parts, strict=True))


def _months(now: datetime) -> Iterator[str]:
    year, month = now.astimezone(UTC).year, now.astimezone(UTC).month
    for _ in range(_MONTHS):
        yield f"{year:04d}/{month:02d}/"
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
