"""Links into InAWARE: Siaga's webhook, the bridge as a process, InAWARE as its old API answered."""

import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from urllib.parse import parse_qs

import pytest
import requests
from fixtures.alerts import EVENT, log, quake, subscribe
from support.running import free_ports, is_free, wait_for
from test_notify import later

from functions.notify import handler
from siaga import keys
from siaga.alerts.channels.webhook import secret, signed
from siaga.errors import Unavailable
from siaga.function import frame
from siaga.settings import REPOSITORY
from siaga.store import Store


class InAware:
    """Knows some hazards; keeps what is asked."""

    def __init__(self):
        self.hazards, self.asked, self.products, self.refuses = [], [], [], 0
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                answer = stand_in.answer(self.path, self.headers, body)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, *_):
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, path, headers, body):
        """As the old API does."""
        assert headers["Authorization"] == "Basic c2lhZ2E6YQ=="  # siaga:a
        if path == "/hp_srv/services/hazards/1/json/get_hazards":
            self.asked.append(parse_qs(body)["where"][0])
            return self.hazards
        assert path == "/hp_srv/services/products/2/json/create_product"
        assert headers["Content-Type"].startswith("multipart/form-data")
        if self.products and self.refuses:
            self.refuses -= 1
            return {"description": "Product not created."}
        parts = [one.partition("\r\n\r\n") for one in body.split("--")[1:] if "name=" in one]
        self.products.append({head.split('"')[1]: value.rstrip("\r\n") for head, _, value in parts})
        return {"description": "Product Created."}

    def stop(self):
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def inaware():
    started = InAware()
    yield started
    started.stop()


@contextmanager
def bridge(folder, inaware, shared, port):
    """The bridge as an operator starts it."""
    told = {"INAWARE_URL": inaware.url, "INAWARE_USER": "siaga", "INAWARE_PASSWORD": "a", "SIAGA_SECRET": shared}
    script = REPOSITORY / "deployment" / "inaware" / "push.py"
    environment = os.environ | told | {"DONE": str(folder / "done")}
    process = subprocess.Popen([sys.executable, script, str(port)], env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: not is_free(port), 60, "the bridge")
        yield
    finally:
        process.terminate()
        process.wait()


def report_of(store, woken):
    """The same version, once its report is there."""
    run = f"earthquake/{EVENT}/initial-v001-aaaaaaaa/12345678"
    store.put(keys.RESULTS, f"{run}/share-id.png", b"\x89PNG")
    store.put(keys.RESULTS, f"{run}/report-id.pdf", b"%PDF-")
    entry = json.loads(store.get(woken.bucket, woken.key)[0])
    return quake(store, report={"key": f"{run}/report.json"}, time=entry["time"], arrival=entry["arrival"])


def test_links_come_once_the_report_and_the_hazard_are_there(store, minio, inaware, tmp_path, monkeypatch):
    minio.make_secret("alerts-key")
    port = free_ports(1)
    name = subscribe(store, "InAWARE", channel="webhook", address=f"http://127.0.0.1:{port}/", after_report="yes")
    monkeypatch.setattr(handler.opened, "guard", lambda _settings: handler.opened.Guard([ip_network("127.0.0.1")], []))
    context = frame.Context(Store.connect(minio, "functions"), minio)
    inaware.refuses = 1
    with bridge(tmp_path, inaware, secret(minio.secret("alerts-key"), name), port):
        woken = quake(store)
        handler.run(woken, context)
        assert log(store)["InAWARE"][2] == "The subscription waits for the report"
        assert inaware.asked == []
        woken = report_of(store, woken)
        with pytest.raises(Unavailable, match="The receiver answered 503"):
            handler.run(woken, context)  # InAWARE does not know the quake yet
        assert inaware.asked == [f"comment_text like '%BMKG-ID%{EVENT}%'"]
        inaware.hazards = [{"hazard_ID": 4711}]
        later(monkeypatch, seconds=15)
        with pytest.raises(Unavailable, match="The receiver answered 503"):
            handler.run(woken, context)  # it makes one product of two
        later(monkeypatch, seconds=40)
        handler.run(woken, context)
    assert log(store)["InAWARE"][1] == "sent"
    page = f"{minio.public_url}/earthquakes/{EVENT}/initial-v001-aaaaaaaa/files"
    assert [(one["hazard_id"], one["data"], one["product_type"]) for one in inaware.products] == [
        ("4711", f"{page}/report-id.pdf", "URL_PRODUCT"),
        ("4711", f"{page}/report-en.pdf", "URL_PRODUCT"),
    ]


def test_no_link_comes_of_a_trial_a_correction_or_a_withdrawal_and_none_twice(inaware, tmp_path):
    port, shared, links = free_ports(1), secret("key", "another"), {"id": "https://x/1", "en": "https://x/2"}
    inaware.hazards = [{"hazard_ID": 4711}]

    def put(number, **more):
        data = {"hazard": "earthquake", "event_id": EVENT, "kind": "first", "drill": False, "links": {"report": links}}
        body = json.dumps({"data": data | more}).encode()
        headers = signed(shared, f"m{number}", body)
        return requests.post(f"http://127.0.0.1:{port}/", body, headers=headers, timeout=60).text

    with bridge(tmp_path, inaware, shared, port):
        others = [*({"kind": kind} for kind in ("trial", "below", "cancelled", "gathered")), {"drill": True}]
        others += [{"demonstration": True}]
        assert {put(number, **more) for number, more in enumerate(others)} == {"nothing to put"}
        assert inaware.asked == []
        assert [put(10), put(11), put(12, kind="update", links={"report": {"id": "https://x/3"}})] == ["put"] * 3
    assert [one["data"] for one in inaware.products] == ["https://x/1", "https://x/2", "https://x/3"]


def test_what_siaga_did_not_sign_reaches_nobody(inaware, tmp_path):
    port = free_ports(1)
    with bridge(tmp_path, inaware, secret("key", "another"), port):
        body = {"data": {"hazard": "earthquake", "event_id": EVENT, "links": {"report": {"id": "https://x"}}}}
        assert requests.post(f"http://127.0.0.1:{port}/", json=body, timeout=10).status_code == 401
    assert inaware.asked == []
