"""Keys of the buckets subscriptions and notifications: built and parsed here alone."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from siaga import keys
from siaga.errors import BadInput

LOG, HELD, FAILED, RETURNED = "log/", "held/", "failed/", "returned/"  # in notifications, beside the messages
TRIALS = "trials/"  # what wakes notify there
MATTERS = "matters/"  # messages to operators
TOLD = "told/"  # marks of what operators heard and what lasts
ENTERED, MAILED = "entered/", "mailed/"  # addresses that strangers entered, before and after they were asked
_MESSAGES = "messages/"
_STEP = re.compile(r"(\d{8}T\d{6}Z)_([a-z]+)_(.+)_([^_]+)")


def subscription(subscription_id: str) -> str:
    """The key of a subscription in its bucket."""
    return f"{subscription_id}.json"


def subscription_id(key: str) -> str:
    """The id that such a key names."""
    return key.removesuffix(".json")


@dataclass(frozen=True, slots=True)
class Step:
    """One version of an event as it goes out, or its withdrawal.

    received: when its input came, UTC; of a withdrawal when somebody decided. version: with its run, and what else
    parts it from others, without underscores.
    """

    received: datetime
    hazard: str
    event_id: str
    version: str

    def __str__(self) -> str:
        return f"{clock(self.received)}_{self.hazard}_{self.event_id}_{self.version}"

    @property
    def log(self) -> str:
        """Where it is written who is to hear of it, and what became of that."""
        return f"{LOG}{self}.json"

    def message(self, subscription_id: str) -> str:
        """The record of the message about it to that subscriber."""
        return f"{_MESSAGES}{subscription_id}/{self}.json"

    @classmethod
    def parse(cls, key: str) -> "Step":
        """Read it back, from the key of its log; raises BadInput."""
        match = _STEP.fullmatch(key.removeprefix(LOG).removesuffix(".json"))
        try:
            if match:
                return cls(moment_of(match[1]), match[2], match[3], match[4])
        except ValueError:  # no such day
            pass
        raise BadInput("{value} is not the key of a log of messages", value=repr(key[:200]))


def held(until: datetime, message: str) -> str:
    """The mark of a message that is held until then; its body is the key of the message's record."""
    return f"{HELD}{clock(until)}/{message.removeprefix(_MESSAGES)}"


def of_held(key: str) -> tuple[str, str, str]:
    """Until when, for which subscription, and the record that such a mark names.

    >>> of_held("held/20261127T030000Z/posko-1/a.json")
    ('20261127T030000Z', 'posko-1', 'messages/posko-1/a.json')
    """
    until, _, message = key.removeprefix(HELD).partition("/")
    return until, message.partition("/")[0], f"{_MESSAGES}{message}"


def gathered(until: str, subscription_id: str) -> str:
    """The record of the one message of what was held for that subscriber. until: as in the marks."""
    return f"{_MESSAGES}{subscription_id}/{until}_gathered.json"


def trial(subscription_id: str, name: str) -> str:
    """What is asked for: a trial message of that name to that subscription."""
    return f"{TRIALS}{subscription_id}_{name}.json"


def of_trial(subscription_id: str, name: str) -> str:
    """The record of the message of such a trial."""
    return f"{_MESSAGES}{subscription_id}/trial_{name}.json"


def of_entered(name: str) -> str:
    """The record of the mail that asks an address of that name."""
    return f"{_MESSAGES}{ENTERED}{name}.json"


def failed(moment: datetime, message: str) -> str:
    """The mark of a message that was given up."""
    return f"{FAILED}{clock(moment)}/{message.removeprefix(_MESSAGES)}"


def returned(subscription_id: str) -> str:
    """The mark of an address that takes no messages."""
    return f"{RETURNED}{subscription_id}.json"


def asked(matter: str, occurrence: str) -> str:
    """What operators are to hear and did not hear yet."""
    return f"{keys.ASKED}{matter}/{occurrence}.json"


def of_asked(key: str) -> tuple[str, str]:
    """The matter and the occurrence that such a key names.

    >>> of_asked("asked/dead-on-ash/20261127T030000Z-a1.json")
    ('dead-on-ash', '20261127T030000Z-a1')
    """
    matter, _, occurrence = key.removeprefix(keys.ASKED).removesuffix(".json").partition("/")
    return matter, occurrence


def heard(matter: str, occurrence: str) -> str:
    """The mark of what operators heard."""
    return f"{TOLD}{matter}/{occurrence}"


def of_heard(key: str) -> tuple[str, str]:
    """The matter and the occurrence that such a mark names."""
    matter, _, occurrence = key.removeprefix(TOLD).partition("/")
    return matter, occurrence


def matter(name: str, moment: datetime | None = None) -> str:
    """A message of a matter that was begun in that minute; without one where all of it lie."""
    return f"{MATTERS}{name}/" + (f"{moment.astimezone(UTC):%Y%m%dT%H%MZ}.json" if moment else "")


def matter_message(operator: str, key: str) -> str:
    """The record of that message to one operator. key: as `matter` makes it."""
    return f"{_MESSAGES}{operator}/{key.removeprefix(MATTERS).replace('/', '_')}"


def clock(moment: datetime) -> str:
    """As it stands in keys, so that they sort by time.

    >>> clock(datetime(2026, 11, 27, 3, 0, tzinfo=UTC))
    '20261127T030000Z'
    """
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def moment_of(clock: str) -> datetime:
    """Read it back, UTC; raises ValueError.

    >>> moment_of("20261127T030000Z").isoformat()
    '2026-11-27T03:00:00+00:00'
    """
    return datetime.strptime(clock, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
