"""Telegram: the few lines, as a photograph's caption once there is the picture, by the Bot API.

The Bot API knows no id by which it would tell a message that came twice, so one that was not answered counts as unsure.
"""

import json
import secrets

from siaga.alerts.channel import Message, Returned, Unsure
from siaga.alerts.subscription import Subscription
from siaga.errors import Unavailable
from siaga.outgoing import Unanswered, post

_LONGEST_TEXT, _LONGEST_CAPTION = 4096, 1024  # characters, by the Bot API
_NOBODY = (400, 403)  # no such chat; the bot was put out of it


class Telegram:
    """Channel telegram."""

    repeatable = False

    def __init__(self, url: str, token: str) -> None:
        """`token`: of the bot; it is part of every address, so that no address is ever told."""
        self._url, self._token = url, token

    def send(self, subscription: Subscription, message: Message) -> str:
        """Hand it over. Raises Unavailable, Returned, Unsure."""
        text = message.short.replace("*", "")
        fields = {"chat_id": subscription.address}
        if message.picture:
            fields["caption"] = text[:_LONGEST_CAPTION]
            kind, body = _form(fields, message.picture)
            return self._call("sendPhoto", kind, body)
        fields["text"] = text[:_LONGEST_TEXT]
        return self._call("sendMessage", "application/json", json.dumps(fields).encode())

    def close(self) -> None:
        """Nothing is kept open."""

    def _call(self, method: str, kind: str, body: bytes) -> str:
        url = f"{self._url}/bot{self._token}/{method}"
        try:
            answer = post(url, {"Content-Type": kind}, body, None)
        except Unanswered as error:
            raise Unsure(error.template, **error.values) from None
        told = answer.json()
        if answer.status == 200 and told.get("ok") is True:
            sent = told.get("result")
            return str(sent.get("message_id", "")) if isinstance(sent, dict) else ""
        words = str(told.get("description", ""))[:160].replace(self._token, "…")
        if answer.status in _NOBODY:
            raise Returned("Telegram says {code}: {words}", code=answer.status, words=words)
        raise Unavailable("Telegram says {code}: {words}", code=answer.status, words=words)


def _form(fields: dict[str, str], picture: bytes) -> tuple[str, bytes]:
    """A form with a file, as multipart/form-data."""
    mark = secrets.token_hex(16)
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = 'Content-Disposition: form-data; name="photo"; filename="siaga.png"\r\nContent-Type: image/png'
    parts += [f"--{mark}\r\n{head}\r\n\r\n".encode(), picture, f"\r\n--{mark}--\r\n".encode()]
    return f"multipart/form-data; boundary={mark}", b"".join(parts)
