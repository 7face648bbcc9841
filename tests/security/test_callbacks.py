"""The answer of a call without waiting goes to public addresses, to others where that is allowed, never to Siaga."""

import ipaddress
import socket
from types import SimpleNamespace

import pytest
import requests
from support.gateway_process import Function, Gateway
from support.running import wait_for

from gateway import invoke
from gateway.callback import Callbacks
from siaga.errors import BadInput, SiagaError

NOWHERE = (
    *("http://127.0.0.1:9000/", "http://localhost/", "http://[::1]/", "http://0x7f000001/", "http://2130706433/"),
    *("http://0/", "http://0.0.0.0/", "http://10.0.0.1/", "http://192.168.1.1/", "http://172.16.0.1/"),
    *("http://100.64.0.1/", "http://[fd00::1]/", "http://[::ffff:127.0.0.1]/", "http://user:pw@127.0.0.1/"),
    *("http://169.254.169.254/latest/meta-data/", "http://[fe80::1]/", "http://[::ffff:169.254.169.254]/"),
    *("http://[64:ff9b::127.0.0.1]/", "http://[64:ff9b::10.0.0.1]/", "http://[64:ff9b::a9fe:a9fe]/", "http://[::]/"),
    *(
        "http://[::10.0.0.1]/",
        "http://[::169.254.169.254]/",
        "http://[::ffff:0:10.0.0.1]/",
        "http://[::ffff:10.0.0.1]/",
    ),
    *("http://224.0.0.1/", "http://[ff02::1]/", "http://255.255.255.255/"),
)
NEVER = (
    "169.254.169.254",
    "fe80::1",
    "::ffff:169.254.169.254",
    "64:ff9b::169.254.169.254",
    "::169.254.169.254",
    "224.0.0.1",
    "0.0.0.0",
)
UNSENDABLE = ("file:///etc/passwd", "gopher://x/", "ftp://x/", "javascript:alert(1)", "http://x:0/", "http://[::1", "")


@pytest.fixture
def callbacks():
    """Those of an install as it comes: nothing is allowed besides, and 9000 is the store's port."""
    return Callbacks((), [9000, 8080])


@pytest.mark.parametrize("url", NOWHERE)
def test_gw_12_what_is_not_public_gets_no_answer(callbacks, url):
    with pytest.raises(BadInput, match="X-Callback-Url leads to"):
        callbacks.check(url)


@pytest.mark.parametrize("url", UNSENDABLE)
def test_gw_11_what_is_no_web_address_is_refused(callbacks, url):
    with pytest.raises(BadInput, match="write an http or https address"):
        callbacks.check(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://8.8.8.8/",
        "https://[2001:4860:4860::8888]:8443/x?y",
        "http://no.such.name.invalid/",
        "http://[64:ff9b::8.8.8.8]/",
    ],
)
def test_public_addresses_and_names_that_are_not_known_yet_pass(callbacks, url):
    assert callbacks.check(url) == url


@pytest.mark.parametrize("address", NEVER)
def test_gw_12_some_addresses_are_never_posted_to_whatever_is_allowed(address):
    everything = Callbacks(map(ipaddress.ip_network, ("0.0.0.0/0", "::/0")), [9000])
    with pytest.raises(BadInput, match="where no answer is ever posted"):
        everything.refuse(address, 80, here=False)


def test_gw_12_siagas_own_ports_are_never_posted_to():
    allowed = Callbacks([ipaddress.ip_network("127.0.0.0/8")], [9000])
    assert allowed.check("http://127.0.0.1:9001/x")
    for url in ("http://127.0.0.1:9000/results/x", "http://localhost:9000/", "http://127.9.9.9:9000/"):
        with pytest.raises(BadInput, match="where no answer is ever posted"):
            allowed.check(url)


def test_gw_12_a_name_that_leads_elsewhere_by_now_is_looked_at_again(callbacks):
    """Whoever owns a name may let it lead anywhere; what counts is who was reached, before anything is sent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(BadInput, match="not public"):
            invoke.begin(url, "POST", "/", [], b"secret answer", 10, may=callbacks.refuse)
        caller, _address = listener.accept()
        with caller:
            caller.settimeout(10)
            assert caller.recv(100) == b""


@pytest.fixture
def gateway(emptied, tmp_path):
    started = Gateway(emptied, tmp_path, SIAGA_CALLBACK_NETWORKS="").start()
    yield started
    started.stop()


def send(gateway, url, body=b"plain"):
    return requests.post(
        f"{gateway.url}/async-function/on-shakemap",
        data=body,
        headers={"X-Callback-Url": url},
        auth=gateway.login,
        timeout=20,
    )


def test_gw_12_the_gateway_says_so_and_calls_nobody(gateway):
    answer = send(gateway, f"{gateway.settings.store_url}/results/x")
    assert answer.status_code == 400
    assert "where no answer is ever posted" in answer.text
    answer = send(gateway, "http://10.0.0.1/")
    assert answer.status_code == 400
    assert "SIAGA_CALLBACK_NETWORKS" in answer.text
    assert not gateway.jobs()["calls"]


@pytest.fixture
def allowing(emptied, tmp_path):
    started = Gateway(emptied, tmp_path).start()
    function, receiver = Function(started.settings.function_port), Function(started.settings.function_port + 7)
    yield SimpleNamespace(gateway=started, function=function, receiver=receiver)
    function.stop()
    receiver.stop()
    started.stop()


def test_gw_13_a_receiver_that_sends_on_is_not_followed(allowing):
    gateway, receiver = allowing.gateway, allowing.receiver
    allowing.function.answer = lambda _: (200, "the answer")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert send(gateway, f"http://127.0.0.1:{listener.getsockname()[1]}/").status_code == 202
        caller, _address = listener.accept()
        with caller:
            caller.recv(1 << 16)
            there = f"http://127.0.0.1:{receiver.port}/elsewhere"
            caller.sendall(f"HTTP/1.1 307 On\r\nLocation: {there}\r\nContent-Length: 0\r\n\r\n".encode())
    wait_for(lambda: not gateway.jobs()["calls"], 20)
    assert not receiver.calls


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/a\tb", "http://127.0.0.1:{port}/a b"])
def test_gw_14_odd_marks_in_an_address_add_no_header(allowing, url):
    allowing.function.answer = lambda _: (200, "the answer")
    sent = url.format(port=allowing.receiver.port)
    assert send(allowing.gateway, sent).status_code in (202, 400)
    wait_for(lambda: not allowing.gateway.jobs()["calls"], 20)
    assert all("X-Evil" not in one.headers for one in allowing.receiver.calls)
    with pytest.raises(SiagaError):
        invoke.begin(f"http://127.0.0.1:{allowing.receiver.port}", "POST", "/a\r\nX-Evil: 1", [], b"", 5)


def test_gw_15_a_callback_to_the_gateway_itself_makes_no_loop(allowing):
    answer = send(allowing.gateway, f"{allowing.gateway.url}/async-function/on-shakemap")
    assert answer.status_code == 400
    assert not allowing.function.calls
