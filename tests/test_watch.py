"""The watcher: what is wrong by what parts say, whom it tells and when, and a stopped part of a real Siaga."""

import json
import os
import signal
import ssl
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer

import pytest
import requests
from support.mail_server import MailServer, certificate
from support.running import SIAGA, wait_for

from siaga.errors import BadInput
from siaga.watch import asking, telling
from siaga.watch.asking import Reply
from siaga.watch.judging import troubles
from siaga.watch.rounds import Rounds
from siaga.watch.telling import Channel, Message

NOW = 1_800_000_000.0
DISK = {"siaga_disk_size_bytes": [({}, 100.0)]}
CALM = {
    "gateway": Reply(
        figures={
            "siaga_disk_free_bytes": [({}, 40.0)],
            "siaga_jobs_oldest_age_seconds": [
                ({"function": "on-shakemap", "urgency": "live"}, 20.0),
                ({"function": "on-shakemap", "urgency": "backfill"}, 90_000.0),
            ],
            "siaga_sweep_last_timestamp_seconds": [({"kind": "recent"}, NOW - 5), ({"kind": "full"}, NOW - 80_000)],
            "siaga_backup_last_timestamp_seconds": [({}, NOW - 90_000)],
            "siaga_canary_interval_seconds": [({}, 600.0)],
            "siaga_canary_sent_timestamp_seconds": [({}, NOW - 60)],
            "siaga_canary_published_timestamp_seconds": [({}, NOW - 655)],
        }
        | DISK
    ),
    "web": Reply(
        figures={
            "siaga_inputs_failed": [({}, 0.0)],
            "siaga_index_read_timestamp_seconds": [({}, NOW - 3)],
            "siaga_source_last_success_timestamp_seconds": [
                ({"source": "bmkg"}, NOW - 70),
                ({"source": "shakemap"}, NOW - 900_000),
                ({"source": "petabencana-ID-JK"}, NOW - 5000),
            ],
        }
    ),
    "SFTP port": Reply(),
    "store": Reply(),
}


def said(name, **changed):
    """What is wrong when one part says something else."""
    old = CALM[name]
    figures = dict(old.figures) | changed.pop("figures", {})
    return troubles(CALM | {name: Reply(**{"figures": figures} | changed)}, NOW)


def test_nothing_is_wrong_in_a_calm_hour():
    assert troubles(CALM, NOW) == []


@pytest.mark.parametrize(
    ("name", "change", "trouble", "words"),
    [
        ("web", {"dead": "it takes no connection"}, "web down", "web does not answer: it takes no connection"),
        ("gateway", {"unable": "store: it does not answer"}, "gateway unable", "cannot work: store"),
        ("gateway", {"unread": "it answers 401"}, "gateway unread", "cannot be read: it answers 401"),
        ("store", {"dead": "it answers 503"}, "store down", "store does not answer"),
        ("gateway", {"figures": {"siaga_disk_free_bytes": [({}, 2.0)]}}, "gateway disk", "the disk of gateway is full"),
        (
            "web",
            {"figures": {"siaga_source_last_success_timestamp_seconds": [({"source": "bmkg"}, NOW - 660)]}},
            "bmkg dead",
            "bmkg has given nothing for 11 minutes",
        ),
        (
            "web",
            {
                "figures": {
                    "siaga_source_last_success_timestamp_seconds": [({"source": "petabencana-ID-JK"}, NOW - 14400)]
                }
            },
            "petabencana-ID-JK dead",
            "for 4 hours",
        ),
        (
            "gateway",
            {"figures": {"siaga_backup_last_timestamp_seconds": [({}, NOW - 100_000)]}},
            "backup",
            "the newest backup is 28 hours old",
        ),
        (
            "gateway",
            {"figures": {"siaga_canary_sent_timestamp_seconds": [({}, NOW - 100)]}},
            "canary",
            "no report 100 s after its upload",
        ),
        (
            "gateway",
            {
                "figures": {
                    "siaga_canary_sent_timestamp_seconds": [({}, NOW - 1400)],
                    "siaga_canary_published_timestamp_seconds": [({}, NOW - 1390)],
                }
            },
            "canary",
            "no canary was sent for 1400 s",
        ),
        (
            "gateway",
            {"figures": {"siaga_jobs_oldest_age_seconds": [({"function": "on-ash", "urgency": "live"}, 200.0)]}},
            "on-ash waits",
            "waits for on-ash for 200 s",
        ),
        (
            "gateway",
            {"figures": {"siaga_sweep_last_timestamp_seconds": [({"kind": "recent"}, NOW - 130)]}},
            "sweep",
            "no sweep has ended for 130 s",
        ),
        ("web", {"figures": {"siaga_inputs_failed": [({}, 3.0)]}}, "failed 3", "3 inputs were refused"),
        ("web", {"figures": {"siaga_index_read_timestamp_seconds": [({}, NOW - 200)]}}, "lists", "are 200 s old"),
    ],
)
def test_each_trouble_is_named_and_no_other(name, change, trouble, words):
    (one,) = said(name, **change)
    assert one.name == trouble
    assert words in one.text


def test_a_canary_that_is_switched_off_is_not_missed():
    off = {"siaga_canary_interval_seconds": [({}, 0.0)], "siaga_canary_sent_timestamp_seconds": [({}, NOW - 9e6)]}
    assert said("gateway", figures=off) == []


class Told:
    """A watcher whose rounds answer what the test says, and what came of them."""

    def __init__(self, fails=0):
        self.replies, self.messages, self.pings, self.lines, self.fails = dict(CALM), [], 0, [], fails
        channel = Channel("a channel", self.take, self.lines.append)
        self.rounds = Rounds(lambda: self.replies, [channel], self.ping, self.lines.append)

    def take(self, message):
        if self.fails:
            self.fails -= 1
            raise ConnectionRefusedError("away")
        self.messages.append(message)

    def ping(self):
        self.pings += 1


@pytest.fixture
def at(monkeypatch):
    monkeypatch.setattr(time, "time", lambda: NOW)


def test_what_is_wrong_twice_in_a_row_is_told_once_and_its_end_too(at):
    told = Told()
    told.rounds.once()
    assert (told.messages, told.pings) == ([], 1)
    told.replies["web"] = Reply(dead="it takes no connection")
    assert [one.name for one in told.rounds.once()] == ["web down"]
    assert told.messages == []
    for _ in range(3):
        told.rounds.once()
    assert [one.subject for one in told.messages] == ["Siaga: web does not answer: it takes no connection"]
    told.replies["store"] = Reply(dead="it answers 503")
    told.rounds.once()
    told.rounds.once()
    assert "STILL  web does not answer" in told.messages[-1].text
    told.replies = dict(CALM)
    told.rounds.once()
    told.rounds.once()
    assert (told.messages[-1].subject, told.messages[-1].troubles) == ("Siaga: all is well again", [])
    assert told.messages[-1].text == "OVER   store down\nOVER   web down"
    assert told.pings == 1  # a minute has not passed, and none while something was wrong


def test_what_is_wrong_for_one_look_alone_wakes_nobody(at):
    told = Told()
    for reply in (Reply(dead="x"), CALM["web"]) * 3:
        told.replies["web"] = reply
        told.rounds.once()
    assert told.messages == []


def test_a_message_that_nobody_takes_is_told_later(at):
    told = Told(fails=2)
    told.replies["web"] = Reply(dead="it takes no connection")
    for _ in range(4):
        told.rounds.once()
    assert [one.subject for one in told.messages] == ["Siaga: web does not answer: it takes no connection"]
    assert sum("takes no message" in line for line in told.lines) == 2


class Post(BaseHTTPRequestHandler):
    """Keeps what is posted to it."""

    def do_POST(self):
        self.server.taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.answer()

    def do_GET(self):
        self.server.pings += 1
        self.answer()

    def answer(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Mailbox(StreamRequestHandler):
    """As much of SMTP as takes a letter."""

    def handle(self):
        self.wfile.write(b"220 mailbox\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                letter = b"".join(iter(self.rfile.readline, b".\r\n"))
                self.server.taken.append(letter.decode())
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
            if word == b"QUIT":
                return


@pytest.fixture
def serving():
    """Start a server in this process; it keeps what it takes."""
    servers = []

    def start(kind, handler):
        server = kind(("127.0.0.1", 0), handler)
        server.daemon_threads, server.taken, server.pings = True, [], 0
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_mail_says_what_is_wrong(serving):
    mailbox = serving(ThreadingTCPServer, Mailbox)
    url = f"smtp://127.0.0.1:{mailbox.server_address[1]}"
    telling.mail(url, "siaga@example.id", ["duty@example.id", "b@example.id"], "")(
        Message("Siaga: web", "NEW  web", ["web"])
    )
    (letter,) = mailbox.taken
    assert "Subject: Siaga: web" in letter
    assert "To: duty@example.id, b@example.id" in letter
    assert letter.rstrip().endswith("NEW  web")


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_mail_server_elsewhere_must_show_a_certificate_that_holds(scheme, tmp_path, monkeypatch):
    monkeypatch.setattr(telling, "LOOPBACK", ())
    context, crt = certificate(tmp_path)
    server = MailServer(**{"tls" if scheme == "smtps" else "starttls": context}).start()
    send = telling.mail(f"{scheme}://localhost:{server.port}", "siaga@example.id", ["duty@example.id"], "")
    with pytest.raises(ssl.SSLCertVerificationError):
        send(Message("Siaga: web", "NEW  web", ["web"]))
    assert server.letters == []
    monkeypatch.setenv("SSL_CERT_FILE", str(crt))
    send(Message("Siaga: web", "NEW  web", ["web"]))
    assert len(server.of("duty@example.id")) == 1
    server.stop()


def test_no_password_goes_in_plain_text_to_another_machine(serving, monkeypatch):
    monkeypatch.setattr(telling, "LOOPBACK", ())
    mailbox = serving(ThreadingTCPServer, Mailbox)
    lines = []
    send = telling.mail(f"smtp://ani@127.0.0.1:{mailbox.server_address[1]}", "siaga@example.id", ["b@c"], "pw")
    channel = Channel("mail", send, lines.append)
    channel.tell(Message("Siaga: web", "NEW  web", ["web"]))
    channel.flush()
    (line,) = lines
    assert "offers no STARTTLS" in line
    assert mailbox.taken == []


def test_addresses_that_are_secret_are_not_said(serving):
    class Odd(Post):
        def answer(self):
            self.send_error(503)

    port = serving(ThreadingHTTPServer, Odd).server_address[1]
    for url in (f"http://u:hush@127.0.0.1:{port}/hush?hush", "http://127.0.0.1:9/hush"):
        lines, shown = [], telling.shown_address(url)
        channel = Channel(shown, telling.post(url), lines.append)
        channel.tell(Message("Siaga: web", "NEW  web", ["web"]))
        Rounds(dict, [channel], lambda url=url: telling.ping(url), lines.append).once()
        post, ping = lines
        assert "takes no message" in post
        assert "nobody takes the ping" in ping
        assert not any("hush" in line for line in lines)
        assert all(("status 503" in line) == (str(port) in shown) for line in lines)


@pytest.mark.parametrize("url", ["mail.example.id", "http://mail.example.id", "smtp://"])
def test_what_is_no_mail_server_is_named(url):
    with pytest.raises(BadInput, match=r"no mail server such as smtp://mail\.example\.id:587"):
        telling.mail(url, "a@b", ["c@d"], "")


def test_what_answers_with_an_error_is_asked_what_it_says(serving):
    class Odd(Post):
        def do_GET(self):
            self.send_response(503 if self.path == "/readyz" else 401 if self.path == "/metrics" else 200)
            self.end_headers()
            self.wfile.write(b"store: it does not answer\n" if self.path == "/readyz" else b"")

    port = serving(ThreadingHTTPServer, Odd).server_address[1]
    reply = asking.ask(f"http://127.0.0.1:{port}", "t")
    assert (reply.dead, reply.unable) == ("", "store: it does not answer")
    assert "401" in reply.unread
    assert asking.ask("http://127.0.0.1:9", "t").dead == "it takes no connection"


def test_a_stopped_part_of_a_running_siaga_is_told_within_two_minutes_and_its_return_too(stack_up, serving):
    post = serving(ThreadingHTTPServer, Post)
    url = f"http://127.0.0.1:{post.server_address[1]}"
    once = stack_up.run("watch", "--once")
    assert once.returncode in (0, 2), once.stderr
    assert "does not answer" not in once.stdout
    (web,) = stack_up.pids("web")
    stopped = [stack_up.process.pid, web]  # the supervisor too, or it would start the part again before anybody looks
    with (stack_up.settings.home / "watch.log").open("w") as log:
        watcher = subprocess.Popen(
            [SIAGA, "watch", "--every", "1", "--webhook", f"{url}/", "--ping", f"{url}/ping"],
            env=os.environ | stack_up.environment,
            stdout=log,
            stderr=log,
        )
    try:
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        wait_for(lambda: any("web does not answer" in one["text"] for one in post.taken), 120, "the alarm")
        print(f"told after {time.monotonic() - began:.0f} s")
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    try:
        wait_for(lambda: any("OVER   web down" in one["text"] for one in post.taken), 120, "the end of the alarm")
    finally:
        watcher.terminate()
        watcher.wait(20)


def test_a_ping_goes_out_to_whoever_waits_for_it(serving):
    post = serving(ThreadingHTTPServer, Post)
    telling.ping(f"http://127.0.0.1:{post.server_address[1]}/ping")
    assert post.pings == 1
    with pytest.raises(requests.RequestException):
        telling.ping("http://127.0.0.1:9/")
