"""What the web shows of a run is what the functions wrote, byte for byte; and it can be framed by nobody."""

import hashlib
import http.client
import json

import pytest
from fixtures import floodhours

from siaga import keys
from siaga.store import Store
from web import create_app
from web.index import Index

AREAS = {floodhours.A: 2, floodhours.B: 3}


@pytest.fixture
def shown(store, minio, tmp_path):
    """An hour with a page, and the app that shows it."""
    entry = floodhours.put_data(store, 0, AREAS, report=False)
    index = Index(Store.connect(minio, "web"), tmp_path / "index.sqlite")
    index.refresh()
    client = create_app(Store.connect(minio, "web"), index, "http://127.0.0.1:9").test_client()
    return store, client, entry


def product(store, entry, body, report=None):
    """List the flood's polygons with the hash of that body, in impact.json and so in the catalogue."""
    key = entry["impact"]["key"]
    told = json.loads(store.get(keys.RESULTS, key)[0])
    told["products"] = [{"path": "flood.geojson", "sha256": hashlib.sha256(body).hexdigest()}]
    written = json.dumps(told).encode()
    store.put(keys.RESULTS, key, written)
    store.put(keys.RESULTS, key.replace("impact.json", "flood.geojson"), body)
    entry["impact"]["sha256"] = hashlib.sha256(written).hexdigest()
    (where,) = [head.key for head in store.list(keys.RESULTS, "catalog/")]
    store.put(keys.RESULTS, where, json.dumps(entry).encode())


def address(entry, path):
    return f"/floods/{entry['event_id']}/{entry['version']}/files/{path}"


def test_s3_28_a_file_that_was_put_in_the_place_of_another_is_not_shown(shown, minio, tmp_path):
    store, _client, entry = shown
    good, evil = b'{"type": "FeatureCollection", "features": []}', b"TSUNAMI 30 m, EVAKUASI SEKARANG"
    product(store, entry, good)
    index = Index(Store.connect(minio, "web"), tmp_path / "again.sqlite")
    index.refresh()
    client = create_app(Store.connect(minio, "web"), index, "http://127.0.0.1:9").test_client()
    for _ in range(2):
        assert client.get(address(entry, "flood.geojson")).data == good
    store.put(keys.RESULTS, entry["impact"]["key"].replace("impact.json", "flood.geojson"), evil)
    answer = client.get(address(entry, "flood.geojson"))
    assert answer.status_code == 503
    assert b"TSUNAMI" not in answer.data
    store.put(keys.RESULTS, entry["impact"]["key"].replace("impact.json", "flood.geojson"), good)
    assert client.get(address(entry, "flood.geojson")).data == good


def test_s3_28_a_record_that_was_overwritten_is_not_shown(shown):
    store, client, entry = shown
    told = json.loads(store.get(keys.RESULTS, entry["impact"]["key"])[0]) | {"affected": 9e9}
    store.put(keys.RESULTS, entry["impact"]["key"], json.dumps(told).encode())
    for path in (f"/floods/{entry['event_id']}", address(entry, "impact.json")):
        answer = client.get(path + "?lang=en")
        assert answer.status_code == 503
        assert "is not what was published" in answer.text


def test_s3_28_a_file_that_nobody_published_is_not_there(shown):
    store, client, entry = shown
    store.put(keys.RESULTS, entry["impact"]["key"].replace("impact.json", "zones.xlsx"), b"smuggled")
    assert client.get(address(entry, "zones.xlsx")).status_code == 404
    assert "files/zones.xlsx" not in client.get(f"/floods/{entry['event_id']}?lang=en").text


def test_we_05_no_page_and_no_file_can_be_framed(shown):
    _store, client, entry = shown
    for path in ("/floods", "/status", f"/floods/{entry['event_id']}", address(entry, "impact.json"), "/nothing"):
        answer = client.get(path)
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], path
        assert answer.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("path", ["//static/x.css", "//floods", "/static//shell.css", "///evil.example/x", "//", "/"])
def test_we_07_we_08_no_address_and_no_host_sends_anybody_elsewhere(web_up, path):
    settings, _process = web_up
    connection = http.client.HTTPConnection("127.0.0.1", settings.web_port, timeout=20)
    told = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Original-URL": "//evil.example/"}
    connection.request("GET", path, headers=told)
    answer = connection.getresponse()
    assert "evil.example" not in answer.headers.get("Location", "")
    assert b"evil.example" not in answer.read().replace(path.encode(), b"")
    connection.close()
