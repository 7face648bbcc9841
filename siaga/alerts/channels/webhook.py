"""Webhooks: the figures as JSON, signed, as the Standard Webhooks have it; tried again until they are taken.

A receiver tells a message that came twice by its webhook-id, and one that somebody recorded by its webhook-timestamp.
"""

import base64
import hmac
import json
from collections.abc import Mapping
from hashlib import sha256

from siaga import moment
from siaga.alerts.channel import Message, Rejected, Returned
from siaga.alerts.subscription import Subscription
from siaga.errors import Unavailable, reason
from siaga.outgoing import Guard, Unanswered, post

_LATER = (408, 409, 425, 429)
_GONE = 410


class Webhook:
    """Channel webhook."""

    repeatable = True

    def __init__(self, guard: Guard, key: str) -> None:
        """`key`: of this Siaga, from which the secret of each subscription is derived."""
        self._guard, self._key = guard, key

    def send(self, subscription: Subscription, message: Message) -> str:
        """Post it. Raises Unavailable, Rejected, Returned, BadInput where nothing may be posted there."""
        facts = dict(message.facts) | {"subject": message.subject, "text": message.text, "language": message.language}
        body = json.dumps({"type": "siaga.alert", "data": facts}, ensure_ascii=False).encode()
        headers = signed(secret(self._key, subscription.id), message.id, body)
        return hand_over(subscription.address, headers, body, self._guard)

    def close(self) -> None:
        """Nothing is kept open."""


def hand_over(url: str, headers: Mapping[str, str], body: bytes, guard: Guard) -> str:
    """Post it; the status. Raises Unavailable, Rejected, Returned, BadInput."""
    try:
        answer = post(url, headers, body, guard)
    except Unanswered as error:
        raise Unavailable(error.template, **error.values) from None
    if answer.status >= 300:
        wrong = reason("The receiver answered {status}", status=answer.status)
        final = answer.status < 500 and answer.status not in _LATER
        kind = Returned if answer.status == _GONE else Rejected if final else Unavailable
        raise kind(wrong["template"], **wrong["values"])
    return str(answer.status)


def secret(key: str, subscription_id: str) -> str:
    """What a receiver checks signatures with; shown to whoever edits the subscription."""
    derived = hmac.digest(key.encode(), f"webhook|{subscription_id}".encode(), sha256)
    return f"whsec_{base64.b64encode(derived).decode()}"


def signed(shared: str, message_id: str, body: bytes) -> dict[str, str]:
    """The headers of a signed message. shared: the secret as `secret` writes it."""
    stamp = str(int(moment.now().timestamp()))
    content = f"{message_id}.{stamp}.".encode() + body
    signature = base64.b64encode(hmac.digest(base64.b64decode(shared.removeprefix("whsec_")), content, sha256)).decode()
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{signature}",
    }
