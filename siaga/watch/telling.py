"""Whom the watcher tells, and how: a mail, a POST to an address, a ping as long as all is well."""

import smtplib
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

import requests

from siaga.environment import LOOPBACK
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
        """name: may be said aloud. send: raises OSError or requests' errors. say: hears why a message was not taken."""
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
                self._say(f"{self._name} takes no message, it is tried again: {detail(error)}")
                return
            self._waiting.popleft()


def mail(server: str, sender: str, to: Sequence[str], password: str) -> Send:
    """By SMTP. server: smtp://user@host:587 or smtps://…; raises BadInput.

    A server on another machine must show a certificate that holds; without STARTTLS it is sent no password.
    """
    where = urlsplit(server)
    if where.scheme not in _PORTS or not where.hostname:
        raise BadInput("{server} is no mail server such as smtp://mail.example.id:587", server=server)
    host, port, user = where.hostname, where.port or _PORTS[where.scheme], unquote(where.username or "")

    def send(message: Message) -> None:
        with _connected(where.scheme == "smtps", host, port, bool(user)) as connection:
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


def detail(error: Exception) -> str:
    """Why something was not taken. Of requests' errors not their text: it holds the whole address, which is secret."""
    if not isinstance(error, requests.RequestException):
        return str(error) or type(error).__name__
    answer = "" if error.response is None else f", status {error.response.status_code}"
    return f"{type(error).__name__}{answer}"


def shown_address(url: str) -> str:
    """The part of an address that is no secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _connected(tls: bool, host: str, port: int, login: bool) -> smtplib.SMTP:
    """tls: from the first byte. login: a password will be sent."""
    context = ssl.create_default_context()
    if tls:
        return smtplib.SMTP_SSL(host, port, timeout=_SECONDS, context=context)
    connection = smtplib.SMTP(host, port, timeout=_SECONDS)
    if host in LOOPBACK:
        return connection
    try:
        connection.ehlo_or_helo_if_needed()
        if connection.has_extn("starttls"):
            connection.starttls(context=context)
        elif login:
            raise smtplib.SMTPNotSupportedError(f"{host} offers no STARTTLS, and without it no password is sent")
    except (OSError, smtplib.SMTPException):
        connection.close()
        raise
    return connection


def _letter(message: Message, sender: str, to: Sequence[str]) -> EmailMessage:
    letter = EmailMessage()
    letter["Subject"], letter["From"], letter["To"] = message.subject, sender, ", ".join(to)
    letter["Date"], letter["Message-ID"] = formatdate(), make_msgid(domain="siaga.invalid")
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(message.text)
    return letter
