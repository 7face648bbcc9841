"""WhatsApp: the few lines and the picture's address as JSON to a gateway that a setting names.

There are many such gateways; what one of them wants that differs is a few lines between it and Siaga.
"""

import json

from siaga.alerts.channel import Message, Rejected, Unsure
from siaga.alerts.subscription import Subscription
from siaga.errors import Unavailable
from siaga.outgoing import Unanswered, post


class WhatsApp:
    """Channel whatsapp."""

    repeatable = False

    def __init__(self, url: str, token: str) -> None:
        """`token`: goes along as a bearer's; "" for none."""
        self._url, self._token = url, token

    def send(self, subscription: Subscription, message: Message) -> str:
        """Hand it over. Raises Unavailable, Rejected, Unsure."""
        body = {"id": message.id, "to": subscription.address, "text": message.short}
        headers = {"Content-Type": "application/json", "Idempotency-Key": message.id}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            answer = post(self._url, headers, json.dumps(body, ensure_ascii=False).encode(), None)
        except Unanswered as error:
            raise Unsure(error.template, **error.values) from None
        if answer.status >= 500 or answer.status == 429:
            raise Unavailable("The WhatsApp gateway answered {status}", status=answer.status)
        if answer.status >= 300:
            raise Rejected("The WhatsApp gateway answered {status}", status=answer.status)
        return str(answer.status)

    def close(self) -> None:
        """Nothing is kept open."""
