"""A channel: a way by which messages reach people. Each is one module under siaga/alerts/channels."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from siaga.alerts.subscription import Subscription
from siaga.errors import SiagaError


class Rejected(SiagaError):
    """The other side takes this message never; returned: since it takes nothing at that address."""

    returned = False


class Returned(Rejected):
    """There is nobody at that address, or they take no messages."""

    returned = True


class Unsure(SiagaError):
    """The message was handed over, and nobody answered whether it was taken."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent. id: the same however often it is tried. kind: as siaga.alerts.change has it, gathered or matter.

    subject, text: plain; html: whole. short: a few lines for messengers. page: the address to read on; stop: that ends
    the subscription, "" where it has none. picture: PNG; report: PDF; None where there is none. facts: for machines.
    """

    id: str
    kind: str
    language: str
    subject: str
    text: str
    html: str
    short: str
    page: str
    stop: str
    picture: bytes | None
    report: bytes | None
    report_name: str
    facts: Mapping[str, object]


class Channel(Protocol):
    """repeatable: whether to send a message again is as if it was sent once, since the other side tells by its id."""

    @property
    def repeatable(self) -> bool:
        """Whether a message whose fate is unknown is sent again."""

    def send(self, subscription: Subscription, message: Message) -> str:
        """Hand it over; returns what the other side answered, in a few words.

        Raises Unavailable where trying later may help and nothing was taken, Rejected, Unsure.
        """

    def close(self) -> None:
        """Let go of connections; the channel may be used again."""
