"""Clients that dawdle, hoard connections or send what nobody asked for keep nobody else out."""

import http.client
import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from support.gateway_process import Gateway
from support.running import free_ports, wait_for

from siaga import listener
from siaga.errors import Unavailable

CROWD = 1100


@pytest.fixture(scope="module")
def gateway_up(emptied, tmp_path_factory):
    started = Gateway(emptied, tmp_path_factory.mktemp("gateway")).start()
    yield started
    started.stop()


@contextmanager
def crowd(port):
    """Connections that each send another line of a head now and then; gives them."""
    opened = []
    try:
        for _ in range(CROWD):
            opened.append(socket.create_connection(("127.0.0.1", port), timeout=10))
            opened[-1].sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        yield opened
    finally:
        for one in opened:
            one.close()


def drip(opened):
    """Another byte on each; how many are still there."""
    alive = 0
    for one in opened:
        try:
            one.sendall(b"x")
            alive += 1
        except OSError:
            continue
    return alive


def served(url):
    """Seconds until five askers in a row were answered."""
    began = time.monotonic()
    for _ in range(5):
        assert requests.get(f"{url}/healthz", timeout=10).ok
    return time.monotonic() - began


def test_we_19_a_crowd_that_drips_keeps_no_reader_out(web_up):
    settings, _process = web_up
    with crowd(settings.web_port) as opened:
        assert served(settings.public_url) < 5
        drip(opened)
        assert served(settings.public_url) < 5


def test_wh_07_a_crowd_that_drips_keeps_no_notification_out(gateway_up):
    with crowd(gateway_up.settings.gateway_port) as opened:
        assert served(gateway_up.url) < 5
        drip(opened)
        assert served(gateway_up.url) < 5


@contextmanager
def listening(app, known=lambda *_: False, **settings):
    port = free_ports(1)
    server = listener.Listener(app, "127.0.0.1", port, known, threads=2, **settings)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield port
    finally:
        server.close()


def echo(environ, start):
    """How much was said to come, and how much there is of it."""
    body = environ["wsgi.input"].read()
    start("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ.get('CONTENT_LENGTH')} {len(body)}".encode()]


def test_we_19_a_head_has_a_deadline_however_often_a_line_comes(monkeypatch):
    monkeypatch.setattr(listener, "_HEAD_SECONDS", 0.5)
    monkeypatch.setattr(listener, "_CHECK_SECONDS", 0.1)
    with listening(echo) as port, socket.create_connection(("127.0.0.1", port), timeout=20) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\n")
        began = time.monotonic()

        def ended():
            try:
                slow.sendall(b"X-Slow: x\r\n")
            except OSError:
                return True
            return False

        wait_for(ended, 20, "the end of the connection")
        assert time.monotonic() - began < 15


def test_a_second_request_on_a_connection_is_answered(monkeypatch):
    with listening(echo) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        for body in (b"one", b"second"):
            connection.request("POST", "/", body)
            assert connection.getresponse().read() == b"%d %d" % (len(body), len(body))
        connection.close()


def chunks(total):
    for _ in range(total >> 16):
        yield b"x" * (1 << 16)


@pytest.mark.parametrize("chunked", [False, True])
def test_we_21_of_a_large_body_from_nobody_little_is_kept(chunked):
    size = 8 << 20
    body = chunks(size) if chunked else b"x" * size
    with listening(echo, max_request_body_size=64 << 20) as port:
        answer = requests.post(f"http://127.0.0.1:{port}/", data=body, timeout=20)
        assert answer.text == f"{size} {listener.SMALL}"
    with listening(echo, lambda _method, _path, headers: headers["X-Pass"] == "mine") as port:
        body = chunks(size) if chunked else b"x" * size
        answer = requests.post(f"http://127.0.0.1:{port}/", data=body, headers={"X-Pass": "mine"}, timeout=20)
        assert answer.text == f"{size} {size}"


def test_who_sends_much_is_asked_while_others_are_answered(monkeypatch):
    monkeypatch.setattr(listener, "_ASKERS", 1)
    size, asked, told = 1 << 20, threading.Semaphore(0), threading.Event()

    def known(_method, path, _headers):
        asked.release()
        assert told.wait(20)
        if path == "/silent":
            raise Unavailable("The store does not answer")
        return path == "/mine"

    def send(path):
        return requests.post(f"http://127.0.0.1:{port}{path}", data=b"x" * size, timeout=20)

    with listening(echo, known, max_request_body_size=64 << 20) as port, ThreadPoolExecutor() as senders:
        try:
            sent = [senders.submit(send, path) for path in ("/mine", "/invented", "/silent")]
            assert asked.acquire(timeout=20)
            assert requests.post(f"http://127.0.0.1:{port}/", data=b"x", timeout=20).text == "1 1"
            assert not any(one.done() for one in sent)
        finally:
            told.set()
        mine, invented, silent = (one.result() for one in sent)
    assert (mine.text, invented.text) == (f"{size} {size}", f"{size} {listener.SMALL}")
    assert (silent.status_code, "send it again in a moment" in silent.text) == (503, True)


def spooled(process):
    """Bytes that lie in files without a name, where waitress keeps what is large."""
    found = 0
    for one in Path(f"/proc/{process.pid}/fd").iterdir():
        try:
            if "(deleted)" in os.readlink(one):
                found += one.stat().st_size
        except FileNotFoundError:
            continue
    return found


def test_we_21_half_sent_bodies_fill_no_disk(web_up):
    settings, process = web_up
    opened = []
    try:
        for _ in range(10):
            one = socket.create_connection(("127.0.0.1", settings.web_port), timeout=10)
            opened.append(one)
            head = f"POST /ash/upload HTTP/1.1\r\nHost: x\r\nContent-Length: {60 << 20}\r\n\r\n"
            one.sendall(head.encode() + b"x" * (4 << 20))
        assert served(settings.public_url) < 5
        assert spooled(process) < 4 << 20
    finally:
        for one in opened:
            one.close()
    answer = requests.post(f"{settings.public_url}/ash/upload?lang=en", data=b"x" * (4 << 20), timeout=20)
    assert answer.status_code == 403
    assert "Log in before you send a file" in answer.text


def raw(port, sent):
    """What is answered to those bytes, until the other end closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as one:
        got = b""
        try:
            one.sendall(sent)
            while piece := one.recv(1 << 16):
                got += piece
        except ConnectionError:  # it did not wait for the end of what was sent
            return got or b"- cut off"
        return got


@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_gw_21_a_request_that_says_its_length_twice_is_refused(gateway_up, web_up, version):
    sent = (
        f"POST /siaga/events HTTP/{version}\r\nHost: 127.0.0.1\r\nConnection: keep-alive\r\nContent-Length: 6\r\n"
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    ).encode()
    for port in (gateway_up.settings.gateway_port, web_up[0].web_port):
        got = raw(port, sent)
        assert got.startswith(b"HTTP/1"), got
        assert got.split(b" ")[1] == b"400"
        assert got.count(b"HTTP/1") == 1  # what came behind it was not taken for a request


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"POST /siaga/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", b"501"),
        (b"POST /siaga/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", b"501"),
        (b"POST /siaga/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", b"400"),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Big: " + b"x" * 400_000 + b"\r\n\r\n", b"431 cut"),
    ],
    ids=["two codings", "no coding", "two lengths", "large head"],
)
def test_gw_22_odd_requests_are_refused(gateway_up, sent, status):
    assert raw(gateway_up.settings.gateway_port, sent).split(b" ")[1] in status


def test_a_server_that_is_closed_in_the_middle_of_an_answer_leaves_no_traceback(caplog):
    asked, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def app(_environ, start):
        asked.set()
        go_on.wait(20)
        start("200 OK", [("Content-Length", "2")])
        ended.set()
        return [b"ok"]

    server = listener.Listener(app, "127.0.0.1", 0, lambda *_: True, threads=1)
    port = server.socket.getsockname()[1]
    threading.Thread(target=server.run, daemon=True).start()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        assert asked.wait(20)
        server.close()
        go_on.set()
        assert ended.wait(20)
        server.task_dispatcher.shutdown(timeout=20)
    assert "Traceback" not in caplog.text
