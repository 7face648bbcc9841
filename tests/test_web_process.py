"""The web app as a process: readers who dawdle, and who send what nobody asked for."""

import http.client
import os
import re
import socket
import subprocess
import sys

import pytest
import requests
from support.web_process import running_web


@pytest.fixture(scope="module")
def port(minio, tmp_path_factory):
    """Where a web app listens; none of the tests leaves anything in it that another would meet."""
    with running_web(minio, tmp_path_factory.mktemp("web")) as (settings, _process):
        yield settings.web_port


def test_idle_readers_keep_nobody_out(port):
    idle = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(200)]
    try:
        for connection in idle:
            connection.sendall(b"GET /earthquakes HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        assert requests.get(f"http://127.0.0.1:{port}/healthz", timeout=20).ok
    finally:
        for connection in idle:
            connection.close()


def test_a_huge_body_is_refused_before_it_is_sent(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.putrequest("POST", "/earthquakes")
    connection.putheader("Content-Length", str(1 << 30))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_who_guesses_passwords_through_a_proxy_locks_out_nobody_else(port):
    def guess(address):
        login = requests.Session()
        page = login.get(f"http://127.0.0.1:{port}/login", timeout=20).text
        told = {"name": "operator", "password": "guess", "token": re.search(r'name="token" value="([^"]+)"', page)[1]}
        sent = {
            "X-Forwarded-For": f"192.0.2.99, {address}"
        }  # the proxy adds the last one; before it, anything may stand
        return login.post(f"http://127.0.0.1:{port}/login", data=told, headers=sent, timeout=20).status_code

    assert [guess("198.51.100.1") for _ in range(6)] == [403] * 5 + [429]
    assert guess("198.51.100.2") == 403


def test_strangers_who_subscribe_wait_for_no_silent_store(minio, tmp_path):
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        more = {"SIAGA_STORE_URL": url, "SIAGA_OPEN_SUBSCRIPTIONS": "yes", "SIAGA_MAIL_URL": "smtp://127.0.0.1:9"}
        with running_web(minio, tmp_path, **more) as (settings, _process):
            join, reader = f"http://127.0.0.1:{settings.web_port}/subscriptions/join?lang=en", requests.Session()
            token = re.search(r'name="token" value="([^"]+)"', reader.get(join, timeout=45).text)[1]
            form = {"token": token, "address": "ani@example.id", "language": "en", "area": "all", "level": "red"}
            answer = reader.post(join, data=form, timeout=45)  # a client that is not patient waits three minutes
    assert answer.status_code == 503
    assert "The store does not answer just now" in answer.text
    assert url not in answer.text


def test_a_wrong_setting_is_told_in_a_sentence():
    started = subprocess.run(
        [sys.executable, "-m", "web"],
        env=os.environ | {"SIAGA_WEB_PORT": "eight"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert started.returncode == 1
    assert started.stderr.startswith("the web app cannot start: ")
    assert "SIAGA_WEB_PORT" in started.stderr
    assert "Traceback" not in started.stderr
