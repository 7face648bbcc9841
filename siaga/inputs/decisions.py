"""What operators decided of an event: that readers do not see it, or whether somebody felt it. An object each."""

import json
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal
from urllib.parse import quote

from siaga import keys
from siaga.errors import BadInput, Conflict, NotFound
from siaga.printable import shown
from siaga.store import Store

Kind = Literal["hidden", "felt"]
HIDDEN: Final = "hidden"
FELT: Final = "felt"
KINDS: tuple[Kind, ...] = (HIDDEN, FELT)
LONGEST = 500  # characters of a reason
_LARGEST = 1 << 14  # bytes of a decision


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision on one event.

    event_id: one of the ids of its maps; a decision holds for all maps that show the same event. kind: one of KINDS.
    value: None where somebody's decision was taken back, so that what maps and BMKG say holds again. why: in the
    operator's words. who: an account. when: UTC, as siaga.moment stamps it.
    """

    hazard: str
    event_id: str
    drill: bool
    kind: str
    value: bool | None
    why: str
    who: str
    when: str

    @property
    def identity(self) -> str:
        """What spellings of its id have in common."""
        return keys.identity(self.hazard, self.event_id)

    @property
    def key(self) -> str:
        """Where it lies in bucket decisions."""
        which = "drill" if self.drill else "event"
        return f"{self.hazard}/{quote(self.identity, safe='')}/{which}/{self.kind}.json"

    def encode(self) -> bytes:
        """As it is stored."""
        return json.dumps(asdict(self), indent=1).encode()

    @classmethod
    def decode(cls, body: bytes) -> "Decision":
        """Read it back. Raises BadInput."""
        try:
            stored: dict[str, Any] = json.loads(body)
            one = cls(**{name: stored[name] for name in cls.__dataclass_fields__})
        except (ValueError, TypeError, KeyError) as error:
            raise BadInput("A decision cannot be read: {detail}", detail=str(error)) from error
        if one.kind not in KINDS or one.value not in (True, False, None):
            raise BadInput("A decision cannot be read: {detail}", detail=f"{one.kind}, {one.value}")
        return one


def decide(store: Store, wanted: Decision) -> Decision:
    """Write it down; returns what holds then: the former decision where it says the same already.

    store: with the rights of role operators. Raises BadInput for a reason that is none, Conflict where another
    decides at the same moment.
    """
    wanted = replace(wanted, why=shown(" ".join(wanted.why.split())))
    if not wanted.why or len(wanted.why) > LONGEST:
        raise BadInput("Write why, in at most {most} characters", field="why", most=LONGEST)
    try:
        body, head = store.get(keys.DECISIONS, wanted.key, at_most=_LARGEST)
    except NotFound:
        etag = ""
    else:
        former = Decision.decode(body)
        if former.value == wanted.value:
            return former
        etag = head.etag
    try:
        store.put(keys.DECISIONS, wanted.key, wanted.encode(), "application/json", if_absent=not etag, if_match=etag)
    except Conflict as error:
        raise Conflict("Another operator decides on this event at this moment; look, and try again") from error
    return wanted
