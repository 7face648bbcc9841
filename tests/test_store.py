"""The contract with the object store: what Siaga relies on, tried on whatever store the settings name."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests
from running import free_ports, wait_for

from siaga import events, keys
from siaga.errors import Conflict, Forbidden, NotFound, Unavailable
from siaga.store import Store

ODD = ["with space.xml", "gempa é+ 日本/grid.xml", "a%2Fb&c=d?e#f.xml", "x" * 1024]


def test_what_is_put_comes_back_with_its_type_and_metadata(store):
    etag = store.put(keys.RESULTS, "a.json", b"{}", "application/json", metadata={"sha256": "ab"})
    body, head = store.get(keys.RESULTS, "a.json")
    assert (body, head.etag, head.size, head.media_type) == (b"{}", etag, 2, "application/json")
    assert store.head(keys.RESULTS, "a.json").metadata == {"sha256": "ab"}
    assert '"' not in etag


@pytest.mark.parametrize("key", ODD, ids=range(len(ODD)))
def test_odd_keys_are_kept_as_they_are(store, key):
    # A file system beneath may refuse one part of a name above 255 bytes: long keys have folders.
    key = "/".join(key[at : at + 200] for at in range(0, len(key), 200))[:1024]
    store.put(keys.RESULTS, key, key.encode())
    assert store.get(keys.RESULTS, key)[0] == key.encode()
    assert [head.key for head in store.list(keys.RESULTS)] == [key]


def test_listings_are_in_order_go_past_a_thousand_and_begin_where_told(store):
    names = [f"many/{number:05d}" for number in range(1100)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: store.put(keys.RESULTS, name, b""), names))
    assert [head.key for head in store.list(keys.RESULTS, "many/")] == names
    assert [head.key for head in store.list(keys.RESULTS, "many/", start_after="many/01097")] == names[1098:]
    assert list(store.list(keys.RESULTS, "none/")) == []


def test_ranges(store, tmp_path):
    store.put(keys.RESULTS, "digits", b"0123456789")
    assert store.get_range(keys.RESULTS, "digits", 2, 4) == b"234"
    head, pieces = store.stream(keys.RESULTS, "digits", chunk=3)
    assert (head.size, b"".join(pieces)) == (10, b"0123456789")
    store.download(keys.RESULTS, "digits", tmp_path / "digits")
    assert (tmp_path / "digits").read_bytes() == b"0123456789"


def test_only_one_of_many_puts_where_nothing_is(store):
    def put(number):
        try:
            store.put(keys.RESULTS, "once", str(number).encode(), if_absent=True)
        except Conflict:
            return None
        return number

    with ThreadPoolExecutor(16) as pool:
        won = [number for number in pool.map(put, range(16)) if number is not None]
    assert len(won) == 1
    assert store.get(keys.RESULTS, "once")[0] == str(won[0]).encode()


def test_only_one_of_many_puts_over_the_same_content(store):
    etag = store.put(keys.RESULTS, "entry", b"before")

    def put(number):
        try:
            store.put(keys.RESULTS, "entry", str(number).encode(), if_match=etag)
        except Conflict:
            return None
        return number

    with ThreadPoolExecutor(16) as pool:
        won = [number for number in pool.map(put, range(16)) if number is not None]
    assert len(won) == 1
    with pytest.raises(Conflict):
        store.get(keys.RESULTS, "entry", if_match=etag)


def test_overwritten_content_is_still_there_as_a_version(store):
    first = store.put(keys.SHAKEMAPS, "e/grid.xml", b"one")
    store.put(keys.SHAKEMAPS, "e/grid.xml", b"two")
    kept = list(store.versions(keys.SHAKEMAPS, "e/"))
    assert [version.latest for version in kept] == [True, False]
    assert kept[1].etag == first
    assert store.get(keys.SHAKEMAPS, "e/grid.xml", version_id=kept[1].version_id)[0] == b"one"


def test_what_is_missing_is_not_found_and_deleting_it_is_fine(store):
    for ask in (store.get, store.head):
        with pytest.raises(NotFound):
            ask(keys.RESULTS, "nothing")
    assert not store.exists(keys.RESULTS, "nothing")
    store.delete(keys.RESULTS, "nothing")


def test_a_link_lets_one_thing_happen_without_a_key(store):
    put = store.presign(keys.ASHMAPS, "e/ash_fall.tif", 60, method="put")
    assert requests.put(put, data=b"tif", timeout=10).ok
    assert requests.get(store.presign(keys.ASHMAPS, "e/ash_fall.tif", 60), timeout=10).content == b"tif"
    other = put.replace("ash_fall.tif", "other.tif")
    assert requests.put(other, data=b"tif", timeout=10).status_code == 403


def test_a_store_that_is_away_is_unavailable_and_a_wrong_key_forbidden(store, settings):
    away = Store("http://127.0.0.1:9", "key", "secretsecret")
    with pytest.raises(Unavailable):
        away.get(keys.RESULTS, "a")
    with pytest.raises(Forbidden):
        Store(settings.store_url, "siaga-nobody", "secretsecret").get(keys.RESULTS, "a")


RIGHTS = [
    ("bmkg", "put", keys.SHAKEMAPS, True),
    ("bmkg", "put", keys.SHAKEMAPS_CORRECTED, True),
    ("bmkg", "list", keys.SHAKEMAPS, True),
    ("bmkg", "get", keys.SHAKEMAPS, False),
    ("bmkg", "delete", keys.SHAKEMAPS, False),
    *(("bmkg", do, bucket, False) for do in ("put", "list", "get") for bucket in (keys.RESULTS, keys.LEDGER)),
    ("bmkg", "put", keys.SHAKEMAPS_BNPB, False),
    ("door", "put", keys.SHAKEMAPS, True),
    ("door", "delete", keys.SHAKEMAPS, False),
    ("door", "get", keys.RESULTS, False),
    ("functions", "get", keys.SHAKEMAPS, True),
    ("functions", "put", keys.RESULTS, True),
    ("functions", "put", keys.SHAKEMAPS, False),
    ("functions", "put", keys.LEDGER, False),
    ("functions", "delete", keys.RESULTS, False),
    ("gateway", "put", keys.LEDGER, True),
    ("gateway", "delete", keys.LEDGER, True),
    ("gateway", "put", keys.RESULTS, False),
    ("gateway", "put", keys.SHAKEMAPS, False),
    ("web", "get", keys.RESULTS, True),
    ("web", "get", keys.LEDGER, True),
    ("web", "list", keys.SHAKEMAPS, True),
    ("web", "get", keys.SHAKEMAPS, False),
    *(("web", do, bucket, False) for do in ("put", "delete") for bucket in (keys.RESULTS, keys.LEDGER)),
]


@pytest.mark.parametrize(("role", "do", "bucket", "may"), RIGHTS)
def test_a_role_may_do_what_it_needs_and_no_more(store, minio, role, do, bucket, may):
    if not minio.store_is_ours:
        return  # users of another store are its operator's business
    store.put(bucket, "there", b"1")
    mine = Store.connect(minio, role)
    calls = {
        "put": lambda: mine.put(bucket, "new", b"2"),
        "get": lambda: mine.get(bucket, "there"),
        "list": lambda: list(mine.list(bucket)),
        "delete": lambda: mine.delete(bucket, "there"),
    }
    if may:
        calls[do]()
    else:
        with pytest.raises(Forbidden):
            calls[do]()


class Receiver(BaseHTTPRequestHandler):
    """Keeps what the store announces."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((self.headers.get("Authorization"), body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        """Quiet."""


def test_a_put_is_announced_with_the_key_quoted_once_and_a_tag_is_not(tmp_path):
    import os
    import subprocess

    from running import environment

    from siaga import stack, storeserver
    from siaga.settings import Settings

    port = free_ports(1)
    env = environment(tmp_path, SIAGA_GATEWAY_PORT=str(port))
    own = Settings.load(env)
    receiver = HTTPServer(("127.0.0.1", port), Receiver)
    receiver.heard = []
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    server = subprocess.Popen(
        storeserver.command(own),
        env=os.environ | dict(storeserver.environment(own)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: storeserver.ready(own), 60, "the store")
        storeserver.configure(own, stack.load(own.stack))
        door = Store.connect(own, "door")
        key = "in é+ 日/grid.xml"
        etag = door.put(keys.SHAKEMAPS, key, b"<x/>")
        door.put(keys.SHAKEMAPS, "in/other.txt", b"no function wants this")
        Store.connect(own, "root")._client.put_object_tagging(
            Bucket=keys.SHAKEMAPS, Key=key, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]}
        )
        door.put(keys.SHAKEMAPS, "last/grid.xml", b"<y/>")

        def named():
            return [event for _, body in receiver.heard if body != b"" for event in events.parse(body)]

        wait_for(lambda: any(event.key == "last/grid.xml" for event in named()), 20, "the notification")
        assert {(event.bucket, event.key) for event in named()} == {
            (keys.SHAKEMAPS, key),
            (keys.SHAKEMAPS, "last/grid.xml"),
        }
        first = next(event for event in named() if event.key == key)
        assert first.etag == etag
        assert first.version_id
        token = own.secret("webhook-token")
        assert {said for said, body in receiver.heard if body} <= {f"Bearer {token}", token}
        assert json.loads(receiver.heard[-1][1])["EventName"] == "s3:ObjectCreated:Put"
    finally:
        server.terminate()
        server.wait()
        receiver.shutdown()
        receiver.server_close()
