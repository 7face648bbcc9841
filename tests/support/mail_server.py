"""SMTP servers for tests: they keep what they were sent, and refuse, dawdle or kill as they are told."""

import email
import os
import signal
import ssl
import subprocess
import sys
import time
from email.policy import default
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox

from support.running import free_ports, is_free, wait_for


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


class Deadly(Mailbox):
    """For `python -m aiosmtpd -c`: keeps mails in a Maildir, and after so many of them kills a process, once.

    victim: a file that names the process; it is removed when that is done.
    """

    def __init__(self, folder, after, victim):
        super().__init__(folder)
        self.after, self.victim = int(after), Path(victim)

    @classmethod
    def from_cli(cls, _parser, *arguments):
        """As it is called."""
        return cls(*arguments)

    def handle_message(self, message):
        """Keep a mail."""
        super().handle_message(message)
        if len(self.mailbox) >= self.after and self.victim.exists():
            process = int(self.victim.read_text())
            self.victim.unlink()
            os.kill(process, signal.SIGKILL)


class MailProcess:
    """Such a server as a process; its mails outlive it."""

    def __init__(self, folder, after):
        self.port, self.folder, self.victim = free_ports(1), folder / "mails", folder / "victim"
        self._command = [sys.executable, "-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{self.port}"]
        self._command += ["-c", "support.mail_server.Deadly", str(self.folder), str(after), str(self.victim)]
        self.process = None

    def start(self):
        """Listen; returns itself."""
        env = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
        self.process = subprocess.Popen(self._command, env=env, stderr=subprocess.DEVNULL)
        wait_for(lambda: not is_free(self.port), 60, "the mail server")
        return self

    def stop(self):
        """Listen no more."""
        self.process.terminate()
        self.process.wait()

    def kill(self, process):
        """Kill that process once the mails are there."""
        part = self.victim.with_suffix(".part")
        part.write_text(str(process))
        part.replace(self.victim)

    def letters(self):
        """(address, subject) of every mail that it ever took."""
        mails = [email.message_from_bytes(path.read_bytes(), policy=default) for path in self.folder.glob("new/*")]
        return [(mail["X-RcptTo"], mail["Subject"]) for mail in mails]
