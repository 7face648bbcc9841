"""Nobody asks the gateway without a login or a token, under a name that is not its own, or from another site's page."""

import base64
import socket
import sqlite3

import pytest
import requests
from support.gateway_process import Gateway, receipts
from support.running import wait_for

ROUTES = [
    ("GET", "/siaga/jobs"),
    ("GET", "/siaga/pending"),
    ("GET", "/siaga/orders"),
    ("POST", "/siaga/orders/stop"),
    ("POST", "/siaga/drop"),
    ("GET", "/siaga/previews"),
    ("POST", "/siaga/previews"),
    ("POST", "/siaga/reprocess"),
    ("POST", "/function/reprocess"),
    ("POST", "/siaga/events"),
    ("GET", "/function/on-shakemap"),
    ("POST", "/function/on-shakemap/_/ready"),
    ("POST", "/function/absent"),
    ("POST", "/async-function/on-shakemap"),
    ("POST", "/async-function/on-shakemap.openfaas-fn/x"),
    ("GET", "/system/functions"),
    ("GET", "/healthz/"),
    ("GET", "/no/such/route"),
]
# the web's token opens these
ORDERS = {"/siaga/orders", "/siaga/orders/stop", "/siaga/drop", "/siaga/reprocess", "/siaga/previews"}
FORGED = {"bucket": "shakemaps", "key": "FORGED/<b>grid.xml"}


@pytest.fixture(scope="module")
def gateway(emptied, tmp_path_factory):
    """One gateway for all tests of this module, with a name besides."""
    started = Gateway(emptied, tmp_path_factory.mktemp("gateway"), SIAGA_GATEWAY_HOSTS="gateway.siaga Other").start()
    yield started
    started.stop()


def send(gateway, method, path, **more):
    """One request, redirects not followed."""
    return requests.request(method, f"{gateway.url}{path}", timeout=20, allow_redirects=False, **more)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_but_health_wants_to_know_who_asks(gateway, function, method, path):
    user, password = gateway.login
    webhook, jobs = gateway.settings.secret("webhook-token"), gateway.settings.secret("jobs-token")
    wrong = ["", "Basic", "Basic %%%", "Bearer", f"Bearer {password}x", f"Bearer {password[:-1]}", f"Digest {password}"]
    wrong += [f"Bearer {webhook}"] if path != "/siaga/events" else [f"Bearer {jobs}", f"Bearer {password}"]
    wrong += [f"Bearer {jobs}"] if path != "/siaga/jobs" else []
    wrong += [] if path in ORDERS else [f"Bearer {gateway.settings.secret('orders-token')}"]
    for said in wrong:
        assert send(gateway, method, path, headers={"Authorization": said}, json=FORGED).status_code == 401, said
    for login in (("", ""), (user, ""), ("", password), (user, password + "x"), (password, user)):
        assert send(gateway, method, path, auth=login, json=FORGED).status_code == 401
    assert not function.calls
    assert send(gateway, "GET", "/healthz").status_code == 200


def test_a_forged_call_leaves_no_receipt(gateway, function, store):
    for body in (FORGED, {"Records": [{"s3": {"bucket": {"name": "shakemaps"}, "object": {"key": "x/grid.xml"}}}]}):
        assert send(gateway, "POST", "/async-function/on-shakemap", json=body).status_code == 401
    assert not gateway.jobs()["jobs"]
    assert not receipts(store)
    assert not function.calls


@pytest.mark.parametrize("host", ["evil.com", "evil.com:8080", "127.0.0.1.evil.com", "localhost.evil.com", "0", "[::2]",
                                  "127.0.0.1@evil.com", "[", "evil.com#localhost", "2130706433"])  # fmt: skip
def test_a_name_that_is_not_ours_is_refused_even_with_the_login(gateway, function, host):
    for path in ("/siaga/jobs", "/system/functions", "/function/on-shakemap"):
        answer = send(gateway, "GET", path, auth=gateway.login, headers={"Host": host})
        assert answer.status_code in (400, 421), (path, answer.text)
    assert not function.calls


@pytest.mark.parametrize("host", ["127.0.0.1", "LOCALHOST:1", "[::1]:8080", "gateway.siaga:8080", "other"])
def test_its_own_names_are_answered(gateway, host):
    assert send(gateway, "GET", "/siaga/jobs", auth=gateway.login, headers={"Host": host}).status_code == 200


def test_a_request_without_a_host_is_refused(gateway):
    with socket.create_connection(("127.0.0.1", gateway.settings.gateway_port), timeout=10) as connection:
        connection.sendall(f"GET /siaga/jobs HTTP/1.0\r\nAuthorization: Bearer {gateway.login[1]}\r\n\r\n".encode())
        assert connection.recv(100).split(b"\r\n")[0].split()[1] in (b"400", b"421", b"200")


@pytest.mark.parametrize("origin", ["http://evil.com", "null", "http://127.0.0.1.evil.com", "file://", "http://["])
def test_a_page_of_another_site_cannot_send(gateway, function, origin):
    # a browser that knows the login would add it by itself
    headers = {"Origin": origin, "Content-Type": "text/plain"}
    for path in ("/async-function/on-shakemap", "/function/on-shakemap", "/siaga/reprocess"):
        answer = send(gateway, "POST", path, auth=gateway.login, headers=headers, json=FORGED)
        assert answer.status_code == 403
    assert not function.calls


def test_no_login_and_no_cookie_of_a_caller_is_kept(gateway, function, store):
    function.answer = lambda _: (503, {"reason": {"text": "away", "template": "away", "values": {}}})
    password = gateway.login[1]
    headers = {"Authorization": f"Bearer {password}", "Cookie": "session=not-to-be-kept", "X-Mine": "to-be-kept"}
    assert send(gateway, "POST", "/async-function/on-shakemap", headers=headers, data=b"plain").status_code == 202
    wait_for(lambda: function.calls, 10)
    seen = {name.lower(): value for name, value in function.calls[0].headers.items()}
    assert seen["x-mine"] == "to-be-kept"
    assert not {"authorization", "cookie"} & set(seen)
    with sqlite3.connect(gateway.database) as database:
        stored = [base64.b64decode(row[0]) for row in database.execute("SELECT inputs FROM workflow_input")]
    assert any(b"X-Mine" in one for one in stored)
    for secret in (password.lower().encode(), b"not-to-be-kept", b"authorization", b"cookie"):
        assert not any(secret in one.lower() for one in stored)
    function.answer = lambda _: (200, "")
    wait_for(lambda: not gateway.jobs()["calls"], 20)
