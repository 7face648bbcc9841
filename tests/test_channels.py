"""Channels against servers of their kind on this machine: webhooks, the Bot API, a gateway to WhatsApp, mail by TLS."""

import base64
import hmac
import json
import threading
from dataclasses import replace
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network

import pytest
from support.mail_server import MailServer, certificate
from support.running import free_ports

from siaga import machine, moment
from siaga.alerts import subscription
from siaga.alerts.channel import Message, Rejected, Returned, Unsure
from siaga.alerts.channels import opened
from siaga.alerts.channels.cap import Cap
from siaga.alerts.channels.mail import Mail, Server
from siaga.alerts.channels.telegram import Telegram
from siaga.alerts.channels.webhook import Webhook, secret
from siaga.alerts.channels.whatsapp import WhatsApp
from siaga.errors import BadInput, Unavailable
from siaga.outgoing import Guard
from siaga.settings import Settings

TOKEN = "12345:a-token-of-a-bot"  # pragma: allowlist secret
MESSAGE = Message(
    id="20261127.initial-v001.ani.first",
    kind="first",
    language="id",
    subject="Gempa M 6,9",
    text="Teks",
    html="<p>Teks",
    short="*Gempa M 6,9*\nTeks",
    page="http://127.0.0.1/earthquakes/1",
    stop="",
    picture=None,
    report=None,
    report_name="",
    facts={"magnitude": 6.9, "people": None},
)


class Receiver:
    """An HTTP server that keeps what it was sent and answers what it is told: a status and JSON."""

    def __init__(self):
        self.calls, self.status, self.answer = [], 200, {"ok": True, "result": {"message_id": 7}}
        self.document = b""  # what a GET brings
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200 if receiver.document else 404)
                self.end_headers()
                self.wfile.write(receiver.document)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.calls.append((self.path, self.headers, body))
                if receiver.status == 0:  # breaks off
                    return
                self.send_response(receiver.status)
                self.end_headers()
                self.wfile.write(json.dumps(receiver.answer).encode())

            def log_message(self, *_):
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self):
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver():
    started = Receiver()
    yield started
    started.stop()


def to(channel, address):
    return subscription.read({"name": "Ani", "channel": channel, "address": address})


HERE = Guard([ip_network("127.0.0.1")], [])


def test_a_webhook_is_signed_so_that_its_receiver_can_check_it(receiver):
    assert Webhook(HERE, "key").send(to("webhook", f"{receiver.url}/siaga?a=1"), MESSAGE) == "200"
    ((path, headers, body),) = receiver.calls
    assert path == "/siaga?a=1"
    data = json.loads(body)["data"]
    assert (data["magnitude"], data["people"], data["subject"]) == (6.9, None, "Gempa M 6,9")
    assert abs(int(headers["webhook-timestamp"]) - moment.now().timestamp()) < 60
    shared = base64.b64decode(secret("key", "").removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    right = base64.b64encode(hmac.digest(shared, signed, sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{right}"
    assert headers["webhook-id"] == MESSAGE.id


@pytest.mark.parametrize(
    ("status", "kind"),
    [(500, Unavailable), (429, Unavailable), (0, Unavailable), (404, Rejected), (301, Rejected), (410, Returned)],
)
def test_what_a_webhooks_receiver_answers(receiver, status, kind):
    receiver.status = status
    with pytest.raises(kind):
        Webhook(HERE, "key").send(to("webhook", receiver.url), MESSAGE)
    assert len(receiver.calls) == 1  # no redirect is followed, nothing is repeated by itself


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "10.0.0.1", "0.0.0.0"]
)
def test_a_webhook_reaches_nothing_that_is_not_public(receiver, address):
    port = receiver.url.rpartition(":")[2]
    with pytest.raises(BadInput, match="The address leads to"):
        Webhook(Guard([], []), "key").send(to("webhook", f"http://{address}:{port}/"), MESSAGE)
    assert receiver.calls == []


def test_a_webhook_never_reaches_siaga_itself(receiver):
    own = Guard([ip_network("127.0.0.0/8")], [int(receiver.url.rpartition(":")[2])])
    with pytest.raises(BadInput, match="nothing is ever posted"):
        Webhook(own, "key").send(to("webhook", receiver.url), MESSAGE)
    assert receiver.calls == []


def test_telegram_gets_the_lines_and_the_picture_with_them(receiver):
    bot = Telegram(receiver.url, TOKEN)
    assert bot.send(to("telegram", "-1001"), MESSAGE) == "7"
    path, _headers, body = receiver.calls[0]
    assert path == f"/bot{TOKEN}/sendMessage"
    assert json.loads(body) == {"chat_id": "-1001", "text": "Gempa M 6,9\nTeks"}
    bot.send(to("telegram", "-1001"), replace(MESSAGE, picture=b"\x89PNG"))
    path, headers, body = receiver.calls[1]
    assert path == f"/bot{TOKEN}/sendPhoto"
    assert headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert b'name="caption"\r\n\r\nGempa M 6,9\nTeks\r\n' in body
    assert b"\r\n\r\n\x89PNG\r\n" in body


@pytest.mark.parametrize(
    ("status", "answer", "kind"),
    [
        (403, {"ok": False, "description": "Forbidden: bot was blocked by the user"}, Returned),
        (400, {"ok": False, "description": "Bad Request: chat not found"}, Returned),
        (429, {"ok": False, "description": "Too Many Requests: retry after 5"}, Unavailable),
        (404, {"ok": False, "description": f"Not Found {TOKEN}"}, Unavailable),
        (0, {}, Unsure),
    ],
)
def test_what_telegram_answers_never_tells_the_token(receiver, status, answer, kind, caplog):
    receiver.status, receiver.answer = status, answer
    with pytest.raises(kind) as refused:
        Telegram(receiver.url, TOKEN).send(to("telegram", "@ekoeko"), MESSAGE)
    assert TOKEN not in str(refused.value)
    assert TOKEN not in caplog.text


def test_a_bot_api_that_is_away_is_tried_later():
    with pytest.raises(Unavailable) as refused:
        Telegram(f"http://127.0.0.1:{free_ports(1)}", TOKEN).send(to("telegram", "1"), MESSAGE)
    assert TOKEN not in str(refused.value)


def test_the_gateway_to_whatsapp_gets_the_lines_with_an_id(receiver):
    WhatsApp(f"{receiver.url}/send", "a-token").send(to("whatsapp", "+628123456789"), MESSAGE)
    ((path, headers, body),) = receiver.calls
    assert (path, headers["Authorization"], headers["Idempotency-Key"]) == ("/send", "Bearer a-token", MESSAGE.id)
    assert json.loads(body) == {"id": MESSAGE.id, "to": "+628123456789", "text": MESSAGE.short}
    receiver.status = 400
    with pytest.raises(Rejected):
        WhatsApp(receiver.url, "").send(to("whatsapp", "+628123456789"), MESSAGE)


def test_mail_goes_by_tls_to_a_server_whose_certificate_holds(tmp_path, monkeypatch):
    context, crt = certificate(tmp_path)
    server = MailServer(tls=context)
    monkeypatch.setenv("SSL_CERT_FILE", str(crt))
    server.start()
    mail = Mail(Server(f"smtps://localhost:{server.port}", "siaga@bnpb.example.id"))
    assert mail.send(to("email", "ani@bpbd.example.id"), MESSAGE) == "250 2.0.0 taken"
    monkeypatch.delenv("SSL_CERT_FILE")
    mail.close()
    with pytest.raises(Unavailable, match="lets nobody in"):
        mail.send(to("email", "ani@bpbd.example.id"), MESSAGE)
    assert len(server.letters) == 1
    server.stop()


def test_a_secret_that_is_unset_opens_no_channel_and_one_that_is_filled_in_does(tmp_path):
    mail = {"SIAGA_MAIL_URL": "smtps://mail.example.id", "SIAGA_WHATSAPP_URL": "https://wa.example.id"}
    settings = Settings.load({"SIAGA_HOME": str(tmp_path)} | mail)
    machine.make_secrets(settings)
    found = opened.channels(settings)
    assert "telegram" not in found
    assert (found["email"]._server.user, found["whatsapp"]._token) == ("", "")
    for name in ("mail-user", "telegram-token"):
        settings.replace_secret(name, TOKEN)
    machine.make_secrets(settings)
    found = opened.channels(settings)
    assert (found["email"]._server.user, found["telegram"]._token) == (TOKEN, TOKEN)


def test_a_hub_of_cap_gets_the_message_of_the_feed_once_the_feed_has_it(receiver):
    channel, hub = Cap(receiver.url, HERE, "key"), to("cap", f"{receiver.url}/hub")
    of_event = {"hazard": "earthquake", "event_id": "20261127", "version": "initial-v001-aaaaaaaa", "run": "12345678"}
    message = replace(MESSAGE, facts=of_event)
    name = "siaga.earthquake.20261127.initial-v001-aaaaaaaa.12345678"
    documents = {
        kind: f'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>{text}</identifier></alert>'.encode()
        for kind, text in (("first", name), ("other", f"{name}9"), ("cancelled", "siaga.earthquake.1.hidden.2026"))
    }
    for early in (b"", b"<", documents["other"], documents["cancelled"]):
        receiver.document = early
        with pytest.raises(Unavailable, match="The feed of CAP"):
            channel.send(hub, message)
    with pytest.raises(Rejected, match="events alone"):
        channel.send(hub, replace(message, kind="trial"))
    assert receiver.calls == []
    for kind in ("first", "cancelled"):
        receiver.document = documents[kind]
        assert channel.send(hub, replace(message, kind=kind)) == "200"
        path, headers, body = receiver.calls.pop()
        assert (path, headers["Content-Type"], body) == ("/hub", "application/cap+xml", documents[kind])
        assert headers["webhook-signature"].startswith("v1,")
