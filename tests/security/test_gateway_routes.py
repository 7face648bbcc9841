"""The gateway's routes to callers who try odd paths, methods and bodies: with the login and without."""

import http.client
import json
import socket

import pytest
import requests
from support.gateway_process import Gateway, receipts
from support.running import wait_for


@pytest.fixture(scope="module")
def gateway(emptied, tmp_path_factory):
    started = Gateway(emptied, tmp_path_factory.mktemp("gateway")).start()
    yield started
    started.stop()


def ask(gateway, method, path, body=None, login=True, **headers):
    """One request whose path is sent as it stands; (status, headers, text)."""
    connection = http.client.HTTPConnection("127.0.0.1", gateway.settings.gateway_port, timeout=20)
    if login:
        headers["Authorization"] = f"Bearer {gateway.login[1]}"
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    told = answer.status, answer.headers, answer.read().decode("utf-8", "replace")
    connection.close()
    return told


@pytest.mark.parametrize(
    "path",
    [
        *("/function/..%2f..%2fsystem%2finfo", "/function/%2e%2e/system/info", "/function/../system/info"),
        *("/function/on-shakemap%00", "/function/ON-SHAKEMAP", "/function/on-shakemap.other", "/function/"),
        *("/system/../function/on-shakemap", "/system/functions/..%2f..%2fetc"),
    ],
)
def test_gw_01_gw_02_gw_03_odd_names_are_no_functions(gateway, function, path):
    for login in (True, False):
        status, _headers, text = ask(gateway, "GET", path, login=login)
        assert status in (400, 401, 404, 503), text
        assert "provider" not in text
    assert not function.calls


def test_gw_02_a_whole_address_in_the_request_line_opens_nothing(gateway):
    for path in (
        "//system/info",
        "//function/on-shakemap",
        f"{gateway.url}/system/info",
        "http://evil.example/system/info",
    ):
        assert ask(gateway, "GET", path, login=False)[0] in (400, 401, 404, 421)


def test_gw_04_gw_24_a_slots_own_routes_are_no_way_round_the_login(gateway, function):
    assert ask(gateway, "GET", "/function/on-shakemap/_/ready", login=False)[0] == 401
    assert ask(gateway, "GET", "/function/on-shakemap/_/took-up?try=x", login=False)[0] == 401
    assert not function.calls


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "FOO", "PROPFIND"])
def test_gw_05_odd_methods_do_nothing(gateway, function, method):
    for path in ("/function/on-shakemap", "/siaga/jobs", "/system/functions"):
        assert ask(gateway, method, path)[0] in (400, 404, 405, 501)
    status, _headers, _text = ask(gateway, "GET", "/siaga/reprocess", **{"X-HTTP-Method-Override": "POST"})
    assert status == 405
    assert not function.calls


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(
            ("GET", f"/system/{name}")
            for name in ("info", "functions", "secrets", "namespaces", "logs?name=on-shakemap")
        ),
        *(("POST", f"/system/{name}") for name in ("functions", "secrets", "scale-function/on-shakemap")),
        ("POST", "/siaga/reprocess"),
    ],
)
def test_gw_06_nothing_of_the_system_without_the_login(gateway, method, path):
    assert ask(gateway, method, path, login=False)[0] == 401


def test_gw_07_the_password_is_too_long_to_be_guessed(gateway):
    user, password = gateway.login
    assert len(password) >= 32
    guesses = [password[:-1], password.lower(), password.upper(), password + "\n", "admin", ""]
    for guess in guesses:
        answer = requests.get(f"{gateway.url}/system/functions", auth=(user, guess), timeout=20)
        assert answer.status_code == 401, guess


@pytest.mark.parametrize(
    "query",
    [
        *("name=on-shakemap&instance=../../secrets/gateway-password", "name=on-shakemap&instance=/etc/passwd"),
        *("name=..%2f..%2fsecrets%2fgateway-password", "name=on-shakemap%00", "name=.*", "name=%2e%2e"),
    ],
)
def test_gw_08_a_log_is_read_by_no_path(gateway, query):
    status, _headers, text = ask(gateway, "GET", f"/system/logs?{query}")
    assert (status, text) in ((200, ""), (status if status == 404 else 404, text))
    assert gateway.login[1] not in text
    assert "root:" not in text


def test_gw_09_no_answer_holds_a_secret(gateway):
    secrets = [path.read_text().strip() for path in gateway.settings.secrets.glob("*") if "-key.pub" not in path.name]
    for path in ("/system/functions", "/system/function/on-shakemap", "/system/secrets", "/system/info", "/siaga/jobs"):
        text = ask(gateway, "GET", path)[2]
        assert not [one for one in secrets if len(one) > 10 and one in text], path


@pytest.mark.parametrize(
    "body",
    [
        *(
            b"",
            b"[]",
            b"{{{",
            b"null",
            b'"x"',
            b"\xff\xfe",
            b'{"event_id": []}',
            b'{"event_id": {}}',
            b'{"event_id": 1}',
        ),
        *(b'{"bucket": ["shakemaps"], "key": "x"}', b'{"event_id": "' + b"x" * 100_000 + b'"}', b"[" * 100_000),
        b'{"bucket": "shakemaps", "key": "\\u0000"}',
    ],
    ids=lambda body: body[:20].decode("latin-1"),
)
def test_gw_10_reprocessing_takes_no_odd_body(gateway, body):
    status, _headers, text = ask(gateway, "POST", "/siaga/reprocess", body)
    assert status in (400, 404, 422), text
    assert "Traceback" not in text


@pytest.mark.parametrize(("bucket", "status"), [("ledger", 202), ("..", 202)])
def test_gw_17_a_call_for_what_is_no_input_ends_in_words(gateway, function, store, bucket, status):
    function.answer = lambda _: (200, {"state": "refused", "reason": {"text": "no", "template": "no", "values": {}}})
    body = json.dumps({"bucket": bucket, "key": "x"}).encode()
    assert ask(gateway, "POST", "/async-function/on-shakemap", body)[0] == status
    wait_for(lambda: not gateway.jobs()["jobs"], 20)
    assert {one["state"] for one in receipts(store)} <= {"refused", "dead"}


def test_gw_20_no_other_origin_is_told_that_it_may(gateway):
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "X-Callback-Url"}
    for origin in ("http://evil.example", "null"):
        _status, headers, _text = ask(gateway, "OPTIONS", "/async-function/on-shakemap", Origin=origin, **asked)
        assert not [name for name in headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer x", "Basic eDp4", "Bearer é", "Token {}"])
def test_wh_01_a_notification_without_the_token_is_not_taken(gateway, function, store, token):
    said = token.format(gateway.settings.secret("webhook-token"))
    answer = requests.post(
        f"{gateway.url}/siaga/events", data=b"{}", headers={"Authorization": said.encode()}, timeout=20
    )
    assert answer.status_code == 401


def test_wh_02_what_nobody_can_read_is_kept_and_breaks_nothing(gateway):
    for body in (b"{", b"[]", b"[" * 500_000, b"\xff", b'{"Records": {}}'):
        assert gateway.announce(body).status_code == 200
    assert gateway.announce(b"{}").status_code == 200


def notification(bucket, key, etag="e"):
    return {
        "eventName": "s3:ObjectCreated:Put",
        "s3": {"bucket": {"name": bucket}, "object": {"key": key, "eTag": etag}},
    }


def test_wh_03_the_same_notification_again_is_one_job(gateway, function, store):
    store.put("shakemaps", "20260601000000/grid.xml", b"x")
    etag = store.head("shakemaps", "20260601000000/grid.xml").etag
    body = json.dumps({"Records": [notification("shakemaps", "20260601000000/grid.xml", etag)]}).encode()
    for _ in range(5):
        assert gateway.announce(body).status_code == 200
    wait_for(lambda: receipts(store) and not gateway.jobs()["jobs"], 20)
    assert len(function.calls) == 1


def test_wh_04_odd_names_in_a_notification_break_nothing(gateway, function, store):
    odd = [
        notification("..", "grid.xml"),
        notification("shakemaps", "a%00%0A/grid.xml"),
        notification("shakemaps", "b/grid.xml", 'e"\r\nX-Evil: 1'),
        notification("shakemaps", ["x"]),
    ]
    counts = gateway.announce(json.dumps({"Records": odd}).encode()).json()
    assert counts["unreadable"] >= 2
    wait_for(lambda: not gateway.jobs()["jobs"], 30)
    assert all("X-Evil" not in called.headers for called in function.calls)


def test_wh_05_many_records_are_soon_through(gateway, function):
    records = [notification("shakemaps", f"{number}/other.txt") for number in range(50_000)]
    body = json.dumps({"Records": records}).encode()
    counts = gateway.announce(body).json()
    assert counts["ignored"] == len(records)
    assert requests.get(f"{gateway.url}/healthz", timeout=10).ok


def test_wh_06_a_large_body_without_the_token_is_refused(gateway):
    with socket.create_connection(("127.0.0.1", gateway.settings.gateway_port), timeout=20) as connection:
        connection.sendall(
            f"POST /siaga/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {65 << 20}\r\n\r\n".encode()
        )
        assert connection.recv(100).split(b" ")[1] in (b"401", b"413")
    answer = requests.post(f"{gateway.url}/siaga/events", data=b"x" * (8 << 20), timeout=20)
    assert answer.status_code == 401
