"""E-mail: text and HTML, the picture in the page, the PDF beside it; handed to one SMTP server, by TLS.

The server signs (DKIM) and delivers. A message whose end was sent and not answered counts as unsure: a second copy of
an alert is worse than a line in the log that names the one in doubt.
"""

import re
import smtplib
import ssl
import textwrap
import threading
from dataclasses import dataclass
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP, Policy
from email.utils import format_datetime
from urllib.parse import urlsplit

from siaga import moment
from siaga.alerts.channel import Message, Rejected, Returned, Unsure
from siaga.alerts.subscription import Subscription
from siaga.environment import LOOPBACK
from siaga.errors import SiagaError, Unavailable
from siaga.printable import shown

_SECONDS = 20.0  # for each answer of the server
_MOST_PER_CONNECTION = 100
_LONGEST_NAME = 70  # characters of a display name
_FILE_NAME = re.compile(r"[^A-Za-z0-9._+-]")
_WIDTH = 76  # characters of a line of plain text; an address stands on one, however long


class _WholeHeader(UnstructuredHeader, BaseHeader):
    """A header on one line as it is: of an address that is folded or encoded, mail programs make no button."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _WholeHeader)
_POLICY = SMTP.clone(header_factory=_HEADERS)


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed over, and as whom. url: smtps://host or smtp://host, which turns to TLS by STARTTLS unless
    it is this machine; with :port where it is not 465 or 587. sender: the address in From. user: "" for no login.
    """

    url: str
    sender: str
    user: str = ""
    password: str = ""


class Mail:
    """Channel e-mail. Each thread has a connection of its own, used for one message after another."""

    repeatable = False

    def __init__(self, server: Server) -> None:
        """Connects at the first message."""
        self._server, self._threads = server, threading.local()
        self._opened: list[smtplib.SMTP] = []

    def send(self, subscription: Subscription, message: Message) -> str:
        """Hand it to the server. Raises Unavailable, Rejected, Returned, Unsure."""
        body = letter(self._server.sender, subscription, message).as_bytes(policy=_POLICY)
        smtp = self._smtp()
        try:
            self._begin(smtp, subscription.address)
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise Unavailable("The mail server broke off: {detail}", detail=type(error).__name__) from None
        try:
            smtp.send(re.sub(rb"(?m)^\.", b"..", body) + b"\r\n.\r\n")
            code, answer = smtp.getreply()
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise Unsure(
                "The mail server broke off before it answered: {detail}", detail=type(error).__name__
            ) from None
        _judge(code, answer, Rejected)
        return f"{code} {_words(answer)}"

    def close(self) -> None:
        """End all connections."""
        for smtp in self._opened:
            smtp.close()
        self._opened, self._threads = [], threading.local()

    def _begin(self, smtp: smtplib.SMTP, address: str) -> None:
        """Up to the place where the message is sent."""
        refused: SiagaError | None = None
        try:
            _judge(*smtp.mail(self._server.sender), Rejected)
            _judge(*smtp.rcpt(address), Returned)
            code, answer = smtp.docmd("DATA")
            if code != 354:
                _judge(code if code >= 400 else 451, answer, Rejected)
        except SiagaError as error:
            refused = error
        if refused:
            smtp.rset()
            raise refused

    def _smtp(self) -> smtplib.SMTP:
        smtp: smtplib.SMTP | None = getattr(self._threads, "smtp", None)
        if smtp is None or self._threads.count >= _MOST_PER_CONNECTION:
            self._drop()
            smtp = self._threads.smtp = self._connect()
            self._threads.count = 0
            self._opened.append(smtp)
        self._threads.count += 1
        return smtp

    def _drop(self) -> None:
        smtp: smtplib.SMTP | None = getattr(self._threads, "smtp", None)
        if smtp is not None:
            smtp.close()
        self._threads.smtp = None

    def _connect(self) -> smtplib.SMTP:
        parts, context = urlsplit(self._server.url), ssl.create_default_context()
        host = parts.hostname or ""
        try:
            if parts.scheme == "smtps":
                smtp: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=_SECONDS, context=context)
            else:
                smtp = smtplib.SMTP(host, parts.port or 587, timeout=_SECONDS)
                if host not in LOOPBACK:
                    smtp.starttls(context=context)
            smtp.ehlo_or_helo_if_needed()
            if self._server.user:
                smtp.login(self._server.user, self._server.password)
        except (smtplib.SMTPException, OSError) as error:
            detail = str(error) if isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException) else ""
            raise Unavailable(
                "The mail server {host} lets nobody in: {detail}", host=host, detail=detail or type(error).__name__
            ) from None
        return smtp


def letter(sender: str, subscription: Subscription, message: Message) -> EmailMessage:
    """The message as mail. Nothing in a header can begin another one: names from outside are on one line by then."""
    mail = EmailMessage(policy=_POLICY)
    domain = sender.rpartition("@")[2]
    name = "".join(mark for mark in shown(subscription.name) if mark not in '"\\<>')[:_LONGEST_NAME]
    mail["From"] = Address("Siaga", addr_spec=sender)
    mail["To"] = Address(name, addr_spec=subscription.address)
    mail["Subject"] = shown(message.subject.replace("\xa0", " "))
    mail["Date"] = format_datetime(moment.now())
    mail["Message-ID"] = f"<{_FILE_NAME.sub('-', message.id)}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    if message.stop:
        mail["List-Unsubscribe"] = f"<{message.stop}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content("\n".join(map(_wrapped, message.text.splitlines())))
    mail.add_alternative(message.html, subtype="html")
    if message.picture:
        _text, page = mail.iter_parts()
        assert isinstance(page, MIMEPart)
        page.add_related(message.picture, "image", "png", cid="<picture>", filename="siaga.png", disposition="inline")
    if message.report:
        file_name = _FILE_NAME.sub("-", message.report_name)
        mail.add_attachment(message.report, maintype="application", subtype="pdf", filename=file_name)
    return mail


def _wrapped(line: str) -> str:
    return textwrap.fill(line, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _judge(code: int, answer: bytes, refused: type[Rejected]) -> None:
    """Raise what an answer means; 2xx is fine, 4xx may be better later, 5xx is final."""
    if code < 300:
        return
    if 400 <= code < 500:
        raise Unavailable("The mail server says {code}: {words}", code=code, words=_words(answer))
    raise refused("The mail server says {code}: {words}", code=code, words=_words(answer))


def _words(answer: bytes) -> str:
    return shown(" ".join(answer.decode("utf-8", "replace").split()))[:160]
