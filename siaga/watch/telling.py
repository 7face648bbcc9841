"""Whom the watcher tells, and how: a mail, a POST to an address, a ping as long as all is well."""

import smtplib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

import requests

from siaga.errors import BadInput

_SECONDS = 10.0
_KEPT = 20  # messages that a channel did not take yet
_PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class Message:
    """What has changed. subject: one line. troubles: all that is wrong now."""

    subject: str
    text: str
    troubles: Sequence[str]


Send = Callable[[Message], None]


class Channel:
    """One way to tell; what it does not take is tried again with the next round, in order."""

    def __init__(self, name: str, send: Send, say: Callable[[str], None]) -> None:
        """send: raises OSError or requests' errors. say: hears why a message was not taken."""
        self._name, self._send, self._say = name, send, say
        self._waiting: deque[Message] = deque(maxlen=_KEPT)

    def tell(self, message: Message) -> None:
        """Take it on."""
        self._waiting.append(message)

    def flush(self) -> None:
        """Send what waits."""
        while self._waiting:
            try:
                self._send(self._waiting[0])
            except (OSError, smtplib.SMTPException) as error:  # requests' errors are OSErrors
                self._say(f"{self._name} takes no message, it is tried again: {error}")
                return
            self._waiting.popleft()


def mail(server: str, sender: str, to: Sequence[str], password: str) -> Send:
    """By SMTP. server: smtp://user@host:587 (STARTTLS where it is offered), or smtps://…; raises BadInput."""
    where = urlsplit(server)
    if where.scheme not in _PORTS or not where.hostname:
        raise BadInput("{server} is no mail server such as smtp://mail.example.id:587", server=server)
    host, port, user = where.hostname, where.port or _PORTS[where.scheme], unquote(where.username or "")

    def send(message: Message) -> None:
        kind = smtplib.SMTP_SSL if where.scheme == "smtps" else smtplib.SMTP
        with kind(host, port, timeout=_SECONDS) as connection:
            if where.scheme == "smtp" and "starttls" in _features(connection):
                connection.starttls()
            if user:
                connection.login(user, password)
            connection.send_message(_letter(message, sender, to))

    return send


def post(url: str) -> Send:
    """As JSON: {"subject", "text", "troubles"}; "text" alone is what Slack, Mattermost and their kin show."""

    def send(message: Message) -> None:
        text = f"{message.subject}\n{message.text}"
        body = {"subject": message.subject, "text": text, "troubles": list(message.troubles)}
        requests.post(url, json=body, timeout=_SECONDS, allow_redirects=False).raise_for_status()

    return send


def ping(url: str) -> None:
    """Say that all is well. Raises requests' errors."""
    requests.get(url, timeout=_SECONDS, allow_redirects=False).raise_for_status()


def _features(connection: smtplib.SMTP) -> Sequence[str]:
    connection.ehlo()
    return list(connection.esmtp_features)


def _letter(message: Message, sender: str, to: Sequence[str]) -> EmailMessage:
    letter = EmailMessage()
    letter["Subject"], letter["From"], letter["To"] = message.subject, sender, ", ".join(to)
    letter["Date"], letter["Message-ID"] = formatdate(), make_msgid(domain="siaga.invalid")
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(message.text)
    return letter
