"""CAP 1.2: the message of the event's version, as the web's feed has it, posted to a hub; signed as webhooks are.

A hub tells one that came twice by its identifier. References, updates and cancels are the feed's (docs/feeds.md).
"""

import requests
from defusedxml import ElementTree

from siaga.alerts.change import CANCELLED, KINDS
from siaga.alerts.channel import Message, Rejected
from siaga.alerts.channels.webhook import hand_over, secret, signed
from siaga.alerts.subscription import Subscription
from siaga.errors import Unavailable
from siaga.hazards import HAZARDS
from siaga.outgoing import Guard

_SECONDS = 15.0
_IDENTIFIER = "{urn:oasis:names:tc:emergency:cap:1.2}identifier"


class Cap:
    """Channel cap."""

    repeatable = True

    def __init__(self, public_url: str, guard: Guard, key: str) -> None:
        """`public_url`: of the web app, whose feed has the messages. `key`: as Webhook has it."""
        self._public_url, self._guard, self._key = public_url, guard, key

    def send(self, subscription: Subscription, message: Message) -> str:
        """Post it. Raises Unavailable, Rejected, Returned, BadInput where nothing may be posted there."""
        if message.kind not in KINDS:
            raise Rejected("CAP tells events alone: no trial, nothing of operators")
        body = self._document(message)
        headers = signed(secret(self._key, subscription.id), message.id, body)
        return hand_over(subscription.address, headers | {"Content-Type": "application/cap+xml"}, body, self._guard)

    def close(self) -> None:
        """Nothing is kept open."""

    def _document(self, message: Message) -> bytes:
        """That of the feed. Raises Unavailable until the web knows the version, and what was decided of it."""
        hazard, event_id, version = (str(message.facts[name]) for name in ("hazard", "event_id", "version"))
        url = f"{self._public_url}/feeds/cap/{HAZARDS[hazard].page}/{event_id}/{version}.xml"
        try:
            answer = requests.get(url, timeout=_SECONDS)
            name = ElementTree.fromstring(answer.content).findtext(_IDENTIFIER) or "" if answer.ok else ""
        except (requests.RequestException, ElementTree.ParseError) as error:
            raise Unavailable("The feed of CAP does not answer: {detail}", detail=type(error).__name__) from None
        wanted = f"siaga.{hazard}.{event_id}.{version}.{message.facts['run']}"
        right = ".hidden." in name if message.kind == CANCELLED else f"{name}.".startswith(f"{wanted}.")
        if not right:
            raise Unavailable("The feed of CAP has no message of {version} yet", version=version)
        return answer.content
