"""An SMTP server for tests: it keeps what it was sent, and refuses or dawdles as it is told."""

import email
import ssl
import subprocess
import time
from email.policy import default

from aiosmtpd.controller import Controller

from support.running import free_ports


def certificate(folder):
    """Of localhost, by nobody: what a server shows it with, and the file that makes it hold."""
    key, crt = folder / "key.pem", folder / "crt.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", crt, "-days", "2"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(crt, key)
    return context, crt


class MailServer:
    """Listens on 127.0.0.1. letters: (address, message) in the order in which they were taken.

    tls: from the first byte; starttls: that it offers.
    answers: by address, what is said of a recipient. seconds: that each message takes.
    """

    def __init__(self, port=0, tls=None, seconds=0.0, starttls=None):
        self.letters, self.answers, self.seconds, self.times = [], {}, seconds, []
        self.port = port or free_ports(1)
        kind = {"ssl_context": tls} if tls else {"tls_context": starttls} if starttls else {}
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, ready_timeout=10, **kind)

    def start(self):
        """Listen; returns itself."""
        self._controller.start()
        return self

    def stop(self):
        """Listen no more."""
        self._controller.stop()

    def of(self, address):
        """What came for that address."""
        return [message for to, message in self.letters if to == address]

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        """Take a recipient, or answer as told."""
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):
        """Keep a message."""
        time.sleep(self.seconds)
        message = email.message_from_bytes(envelope.content, policy=default)
        self.letters.append((envelope.rcpt_tos[0], message))
        self.times.append(time.monotonic())
        return "250 2.0.0 taken"
