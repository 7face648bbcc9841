"""What Siaga takes for granted of an object store, against the one that the settings name.

SIAGA_TEST_STORE_URL, _KEY and _SECRET name another one; what only our own MinIO does is then not run.
"""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from botocore.exceptions import ClientError
from support.running import free_ports, wait_for

from siaga import events, keys, stack
from siaga.errors import BadInput, Conflict, Forbidden, NotFound, SiagaError, Unavailable
from siaga.events import Notification
from siaga.machine import minio, public
from siaga.store import Store, _minutes_apart

LONG = "20260101000000/" + ("é" * 120 + "/") * 4 + "x" * 36 + "/grid.xml"  # 255 bytes a name is MinIO's own limit
ODD_KEYS = [
    "with space/grid.xml",
    "plus+and%41percent/grid.xml",
    "Gempa Bumi–Sulawesi 東京 🌋/grid.xml",
    "a&b=c;d?e#f'\"<>|*:$,@!~^`{}[]/grid.xml",
    LONG,
]
RIVALS = 24


def test_an_object_comes_back_as_it_went(store):
    body = bytes(range(256)) * 1000
    told = {"sha256": "ab", "uploader": "bmkg"}
    etag = store.put(keys.RESULTS, "a/b.bin", body, "application/x-thing", metadata=told)
    got, head = store.get(keys.RESULTS, "a/b.bin")
    assert got == body
    assert (head.key, head.size, head.media_type) == ("a/b.bin", len(body), "application/x-thing")
    assert head.metadata == told
    assert head.etag == etag == store.head(keys.RESULTS, "a/b.bin").etag
    assert '"' not in etag
    assert head.modified.utcoffset().total_seconds() == 0


def test_the_same_bytes_have_the_same_etag_wherever_they_lie(store):
    # the receipt of a repeated upload is found by it
    first = store.put(keys.SHAKEMAPS, "a/grid.xml", b"same")
    assert store.put(keys.SHAKEMAPS_BNPB, "b/grid.xml", b"same") == first
    assert store.put(keys.SHAKEMAPS, "a/grid.xml", b"same") == first
    assert store.put(keys.SHAKEMAPS, "a/grid.xml", b"other") != first


@pytest.mark.parametrize("key", ODD_KEYS, ids=["space", "plus", "unicode", "signs", "1024 bytes"])
def test_odd_keys_are_kept_as_they_are(store, key):
    etag = store.put(keys.SHAKEMAPS, key, key.encode())
    assert store.get(keys.SHAKEMAPS, key, if_match=etag)[0] == key.encode()
    assert [head.key for head in store.list(keys.SHAKEMAPS)] == [key]
    assert [head.key for head in store.versions(keys.SHAKEMAPS)] == [key]
    folders, _objects = store.children(keys.SHAKEMAPS, "")
    assert folders == [key.partition("/")[0]]
    assert requests.get(store.presign(keys.SHAKEMAPS, key, 60), timeout=10).content == key.encode()
    store.delete(keys.SHAKEMAPS, key)
    assert not store.exists(keys.SHAKEMAPS, key)


def test_a_key_that_no_store_can_hold_is_not_put(store):
    for key in ("x" * 1025, "20260101000000/../../grid.xml"):
        for ask in (lambda: store.put(keys.SHAKEMAPS, key, b""), lambda: store.head(keys.SHAKEMAPS, key)):  # noqa: B023
            with pytest.raises((BadInput, NotFound)):  # to try again would not help
                ask()


def race(write):
    """How often `write(number)` wins when many threads call it at once; the others must hear of a conflict."""
    start = threading.Barrier(RIVALS)

    def rival(number):
        start.wait()
        try:
            write(number)
        except Conflict:
            return None
        return number

    with ThreadPoolExecutor(RIVALS) as threads:
        return [number for number in threads.map(rival, range(RIVALS)) if number is not None]


def test_of_many_who_make_an_object_one_wins(store):
    won = race(lambda number: store.put(keys.RESULTS, "one", b"%d" % number, if_absent=True))
    assert len(won) == 1
    assert store.get(keys.RESULTS, "one")[0] == b"%d" % won[0]


def test_of_many_who_change_an_object_one_wins(store):
    before = store.put(keys.RESULTS, "one", b"before")
    won = race(lambda number: store.put(keys.RESULTS, "one", b"%d" % number, if_match=before))
    assert len(won) == 1
    assert store.get(keys.RESULTS, "one")[0] == b"%d" % won[0]


def test_a_condition_that_does_not_hold_changes_nothing(store):
    old = store.put(keys.RESULTS, "one", b"old")
    store.put(keys.RESULTS, "one", b"new")
    for condition in ({"if_absent": True}, {"if_match": old}):
        with pytest.raises(Conflict):
            store.put(keys.RESULTS, "one", b"lost", **condition)
    with pytest.raises(Conflict):
        store.get(keys.RESULTS, "one", if_match=old)
    with pytest.raises(SiagaError):  # nothing there to be changed
        store.put(keys.RESULTS, "none", b"lost", if_match=old)
    assert [head.key for head in store.list(keys.RESULTS)] == ["one"]
    assert store.get(keys.RESULTS, "one")[0] == b"new"


def test_a_listing_is_whole_and_in_order_beyond_a_thousand(store):
    names = [f"2026{number:04d}/grid.xml" for number in range(1100)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda name: store.put(keys.SHAKEMAPS, name, b""), names))
    assert [head.key for head in store.list(keys.SHAKEMAPS)] == names
    assert [head.key for head in store.list(keys.SHAKEMAPS, start_after="20260042/grid.xml")] == names[43:]
    assert [head.key for head in store.list(keys.SHAKEMAPS, start_after="20260042")] == names[42:]
    assert [head.key for head in store.list(keys.SHAKEMAPS, "202601")] == names[100:200]
    assert [head.key for head in store.list(keys.SHAKEMAPS, "202601", start_after="20260150")] == names[150:200]
    folders, objects = store.children(keys.SHAKEMAPS, "")
    assert (folders, objects) == ([name.partition("/")[0] for name in names], [])
    assert list(store.list(keys.SHAKEMAPS, "nothing/")) == []
    assert len(list(store.versions(keys.SHAKEMAPS))) == len(names)


def test_a_folder_holds_what_lies_right_below_it(store):
    # an object of a folder's own name would hide what lies in it: our MinIO does so, and the door refuses one
    for name in ("grid.xml", "a/grid.xml", "a/output/grid.xml", "a/output/more/x", "b/y"):
        store.put(keys.SHAKEMAPS, name, b"")
    folders, objects = store.children(keys.SHAKEMAPS, "a/")
    assert (folders, [head.key for head in objects]) == (["output"], ["a/grid.xml"])
    folders, objects = store.children(keys.SHAKEMAPS, "")
    assert (folders, [head.key for head in objects]) == (["a", "b"], ["grid.xml"])


def test_ranges_and_pieces(store, tmp_path):
    body = bytes(range(256)) * 4096
    store.put(keys.ANALYSIS_DATA, "population.tif", body)
    assert store.get_range(keys.ANALYSIS_DATA, "population.tif", 0, 15) == body[:16]
    assert store.get_range(keys.ANALYSIS_DATA, "population.tif", 1000, 70_000) == body[1000:70_001]
    assert store.get_range(keys.ANALYSIS_DATA, "population.tif", len(body) - 5, len(body) + 99) == body[-5:]
    head, pieces = store.stream(keys.ANALYSIS_DATA, "population.tif", chunk=1 << 16)
    assert (head.size, b"".join(pieces)) == (len(body), body)
    store.download(keys.ANALYSIS_DATA, "population.tif", tmp_path / "copy.tif")
    assert (tmp_path / "copy.tif").read_bytes() == body
    assert [path.name for path in tmp_path.iterdir()] == ["copy.tif"]


def test_a_download_that_fails_leaves_no_file(store, tmp_path):
    with pytest.raises(NotFound):
        store.download(keys.ANALYSIS_DATA, "nothing.tif", tmp_path / "copy.tif")
    assert not (tmp_path / "copy.tif").exists()


def test_what_was_overwritten_or_deleted_is_still_there_as_a_version(store):
    old = store.put(keys.SHAKEMAPS, "a/grid.xml", b"old")
    new = store.put(keys.SHAKEMAPS, "a/grid.xml", b"new")
    versions = list(store.versions(keys.SHAKEMAPS, "a/"))
    assert [(head.etag, head.latest) for head in versions] == [(new, True), (old, False)]
    first = store.get(keys.SHAKEMAPS, "a/grid.xml", version_id=versions[1].version_id)
    assert (first[0], first[1].etag) == (b"old", old)
    assert store.head(keys.SHAKEMAPS, "a/grid.xml", version_id=versions[1].version_id).size == 3
    store.delete(keys.SHAKEMAPS, "a/grid.xml")
    assert not store.exists(keys.SHAKEMAPS, "a/grid.xml")
    assert [(head.etag, head.latest) for head in store.versions(keys.SHAKEMAPS)] == [(new, False), (old, False)]


def test_who_holds_a_presigned_address_may_do_that_and_no_more(store):
    store.put(keys.RESULTS, "a.pdf", b"%PDF")
    address = store.presign(keys.RESULTS, "a.pdf", 60)
    assert requests.get(address, timeout=10).content == b"%PDF"
    assert requests.put(address, b"other", timeout=10).status_code == 403
    assert requests.get(address.replace("a.pdf", "b.pdf"), timeout=10).status_code == 403
    assert requests.get(address.partition("?")[0], timeout=10).status_code == 403
    upload = store.presign(keys.SHAKEMAPS, "a/grid.xml", 60, method="put")
    assert requests.put(upload, b"<a/>", timeout=10).status_code == 200
    assert store.get(keys.SHAKEMAPS, "a/grid.xml")[0] == b"<a/>"


def test_what_the_store_refuses_is_said_in_our_own_errors(store, minio):
    with pytest.raises(NotFound):
        store.get(keys.RESULTS, "nothing")
    with pytest.raises(NotFound):
        store.head(keys.RESULTS, "nothing")
    with pytest.raises(NotFound):
        list(store.list("no-such-bucket"))
    with pytest.raises(NotFound):
        store.stream(keys.RESULTS, "nothing")
    with pytest.raises(Forbidden):
        Store(minio.store_url, minio.secret("store-root-key"), "not the secret").put(keys.RESULTS, "a", b"")
    store.delete(keys.RESULTS, "nothing")  # none there is fine


@pytest.mark.parametrize(("bucket", "key"), [("Not a bucket!", "x"), (keys.SHAKEMAPS, "")])
def test_a_name_that_no_store_can_have_is_not_tried_for_ever(store, bucket, key):
    for ask in (store.get, store.head, store.stream):
        with pytest.raises(BadInput):
            ask(bucket, key)


def test_a_store_that_is_away_may_come_back(tmp_path):
    away = Store(f"http://127.0.0.1:{free_ports(1)}", "someone", "somewhere")
    for ask in (
        lambda: away.get("abc", "b"),
        lambda: away.put("abc", "b", b""),
        lambda: list(away.list("abc")),
        lambda: away.download("abc", "b", tmp_path / "b"),
        lambda: away.exists("abc", "b"),
    ):
        with pytest.raises(Unavailable, match=r"abc/\w*: the store does not answer$"):  # of its address no word
            ask()


def test_a_stream_that_breaks_off_is_said_in_our_own_error():
    class Torn(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            for name, value in (("ETag", '"e"'), ("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")):
                self.send_header(name, value)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            self.wfile.write(b"x" * 1000)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Torn)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        torn = Store(f"http://127.0.0.1:{server.server_port}", "someone", "somewhere")
        with pytest.raises(Unavailable):
            torn.get("bucket", "key")
        with pytest.raises(Unavailable):
            list(torn.stream("bucket", "key")[1])
    finally:
        server.shutdown()
        server.server_close()


# Least rights: (role, bucket) -> what it may do there; everything else is refused.
# Who may list may see the versions too: MinIO takes the one right for the other.
READ, LIST, PUT, DELETE = "read", "list", "put", "delete"
RIGHTS = {
    ("bmkg", keys.SHAKEMAPS): {READ, LIST, PUT},
    ("bmkg", keys.SHAKEMAPS_CORRECTED): {READ, LIST, PUT},
    **{("door", bucket): {READ, LIST, PUT} for bucket in keys.INPUTS},
    **{("functions", bucket): {READ, LIST} for bucket in (*keys.INPUTS, keys.CANARY, keys.ANALYSIS_DATA)},
    ("functions", keys.FLOODMAPS): {READ, LIST, PUT},
    ("functions", keys.RESULTS): {READ, LIST, PUT},
    ("functions", keys.ANNOUNCEMENTS): {READ, LIST, PUT},
    **{("functions", bucket): {READ, LIST} for bucket in (keys.TEXTS, keys.DECISIONS, keys.SUBSCRIPTIONS)},
    ("functions", keys.NOTIFICATIONS): {READ, LIST, PUT, DELETE},
    **{("gateway", bucket): {READ, LIST} for bucket in (*keys.INPUTS, keys.RESULTS, keys.TEXTS, keys.DECISIONS)},
    ("gateway", keys.NOTIFICATIONS): {LIST},
    ("ash", keys.ASHMAPS): {READ, LIST, PUT},
    **{("operators", bucket): {PUT} for bucket in (keys.SHAKEMAPS, keys.SHAKEMAPS_CORRECTED)},
    **{("operators", bucket): {READ, LIST, PUT} for bucket in (keys.DECISIONS, keys.TEXTS, keys.NOTIFICATIONS)},
    ("operators", keys.ANALYSIS_DATA): {LIST},  # and read what describes its versions
    ("operators", keys.SUBSCRIPTIONS): {READ, LIST, PUT, DELETE},
    **{("accounts", bucket): {READ, LIST, PUT} for bucket in (keys.ACCOUNTS, keys.AUDIT)},
    **{("gateway", bucket): {READ, LIST, PUT, DELETE} for bucket in (keys.LEDGER, keys.CANARY)},
    **{("web", bucket): {LIST} for bucket in keys.INPUTS},
    **{("web", bucket): {READ, LIST} for bucket in (keys.FLOODMAPS, keys.RESULTS, keys.LEDGER)},
    **{("web", bucket): {READ, LIST} for bucket in (keys.ANNOUNCEMENTS, keys.DECISIONS, keys.TEXTS)},
}


@pytest.mark.parametrize("role", minio.ROLES)
def test_a_role_may_do_what_it_needs_and_nothing_else(store, ours, role):
    narrow = Store.connect(ours, role)
    for bucket in keys.BUCKETS:
        store.put(bucket, "there", b"x")
        version = store.head(bucket, "there").version_id
        tried = {
            READ: lambda: narrow.get(bucket, "there"),  # noqa: B023 - called in this round
            LIST: lambda: list(narrow.list(bucket)),  # noqa: B023
            PUT: lambda: narrow.put(bucket, "mine", b"x"),  # noqa: B023
            DELETE: lambda: narrow.delete(bucket, "there"),  # noqa: B023
        }
        assert {what for what, ask in tried.items() if allowed(ask)} == RIGHTS.get((role, bucket), set()), bucket
        if version:  # what is history for the one who overwrote it must stay for all others
            assert not allowed(lambda: narrow.delete(bucket, "there", version_id=version))  # noqa: B023
            assert store.exists(bucket, "there")


def test_the_sweep_may_list_whatever_wakes_a_function(minio):
    for function in stack.load(minio.stack):
        for pattern in function.inputs:
            assert LIST in RIGHTS["gateway", pattern.bucket], (function.name, pattern)


@pytest.mark.parametrize("role", minio.ROLES)
def test_nobody_but_the_gateway_leaves_or_removes_notices_beside_maps(store, ours, role):
    narrow = Store.connect(ours, role)
    for bucket in keys.SHAKEMAP_BUCKETS:
        for key in ("a/grid.xml.refused.txt", "a/grid.xml.failed.txt", "GRID.XML.published.txt"):
            store.put(bucket, key, b"x")
            asked = (lambda: narrow.put(bucket, key, b"y"), lambda: narrow.delete(bucket, key))  # noqa: B023
            assert [allowed(ask) for ask in asked] == [role == "gateway"] * 2, (bucket, key)


def test_where_the_operator_allows_it_anybody_reads_products_and_catalogue_and_nothing_else(store, ours):
    client = Store.connect(ours, "root")._client
    readable = (
        "ash/201702211904+0700_Merapi/initial-v001-aaaaaaaa/12345678/report-id.pdf",
        "catalog/ash/2017/02/x.json",
    )
    for key in (*readable, "other"):
        store.put(keys.RESULTS, key, b"%PDF")
    for bucket in keys.BUCKETS:
        store.put(bucket, "catalog/other", b"x")

    def asked(path, method="get"):
        return requests.request(method, f"{ours.store_url}/{path}", data=b"y" if method == "put" else None, timeout=10)

    minio.configure(replace(ours, public_results=True), stack.load(ours.stack))
    assert [asked(f"{keys.RESULTS}/{key}").content for key in readable] == [b"%PDF"] * 2
    refused = [asked(f"{keys.RESULTS}/other"), asked(f"{keys.RESULTS}?list-type=2"), asked(keys.RESULTS), asked("")]
    refused += [asked(f"{keys.RESULTS}?versions"), asked(f"{keys.RESULTS}?policy")]
    refused += [asked(f"{keys.RESULTS}/{readable[0]}", method) for method in ("put", "delete")]
    refused += [asked(f"{bucket}/catalog/other") for bucket in keys.BUCKETS if bucket != keys.RESULTS]
    public.allow(client, allowed=False)
    refused += [asked(f"{keys.RESULTS}/{key}") for key in readable]
    assert {(one.url, one.status_code) for one in refused if one.status_code != 403} == set()


def test_what_was_overwritten_expires_in_buckets_of_inputs_alone(ours):
    client = Store.connect(ours, "root")._client
    assert ours.old_inputs_days == 90

    def rules(bucket):
        try:
            return client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        except ClientError:
            return []

    assert [rule["NoncurrentVersionExpiration"]["NoncurrentDays"] for rule in rules(keys.SHAKEMAPS)] == [90]
    for days in (0, 7, 90):
        for bucket in keys.INPUTS:
            minio._forget(client, bucket, days)
        for bucket in keys.BUCKETS:
            found = {rule["ID"]: rule for rule in rules(bucket)}
            old = found.pop("old-versions", None)
            assert list(found) == (["candidates"] if bucket == keys.ASHMAPS else [])
            assert (old is not None) == (bucket in keys.INPUTS and days > 0), bucket
            if old:
                assert old["NoncurrentVersionExpiration"]["NoncurrentDays"] == days
                assert "Days" not in old["Expiration"]  # the newest content stays, however old it is


def allowed(ask) -> bool:
    try:
        ask()
    except Forbidden:
        return False
    return True


def test_nobody_but_root_may_change_rights_buckets_or_rules(ours):
    for role in minio.ROLES:
        narrow = Store.connect(ours, role)._client
        for change in (
            lambda: narrow.create_bucket(Bucket="mine"),  # noqa: B023 - called in this round
            lambda: narrow.delete_bucket(Bucket=keys.SHAKEMAPS),  # noqa: B023
            lambda: narrow.put_bucket_versioning(  # noqa: B023
                Bucket=keys.SHAKEMAPS, VersioningConfiguration={"Status": "Suspended"}
            ),
            lambda: narrow.put_bucket_notification_configuration(  # noqa: B023
                Bucket=keys.SHAKEMAPS, NotificationConfiguration={}
            ),
            lambda: narrow.put_bucket_policy(Bucket=keys.SHAKEMAPS, Policy="{}"),  # noqa: B023
        ):
            with pytest.raises(Exception, match="AccessDenied"):
                change()


def test_nothing_is_open_to_strangers(ours):
    for bucket in keys.BUCKETS:
        assert requests.get(f"{ours.store_url}/{bucket}/", timeout=10).status_code == 403
        assert requests.get(f"{ours.store_url}/{bucket}/there", timeout=10).status_code == 403
        assert requests.put(f"{ours.store_url}/{bucket}/there", b"x", timeout=10).status_code == 403


class Receiver:
    """Stands where the gateway would, and keeps what the store announces."""

    def __init__(self, port: int) -> None:
        self.notices: list[tuple[dict, bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.notices.append((dict(self.headers), body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def events(self, bucket: str) -> list[Notification]:
        """What was announced of that bucket."""
        found = [event for _headers, body in list(self.notices) for event in events.parse(body)]
        return [event for event in found if event.bucket == bucket]

    def stop(self) -> None:
        """No longer accept connections."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver(ours):
    """The webhook's other end."""
    listening = Receiver(ours.gateway_port)
    yield listening
    listening.stop()


@pytest.mark.parametrize("key", ODD_KEYS, ids=["space", "plus", "unicode", "signs", "1024 bytes"])
def test_the_store_announces_a_content_as_we_read_it(store, ours, receiver, key):
    etag = store.put(keys.SHAKEMAPS, key, b"<a/>")
    wait_for(lambda: receiver.events(keys.SHAKEMAPS), 20, "the notification")
    event = receiver.events(keys.SHAKEMAPS)[-1]
    assert event == Notification(keys.SHAKEMAPS, key, etag, store.head(keys.SHAKEMAPS, key).version_id)
    headers, body = receiver.notices[-1]
    assert headers["Authorization"] == f"Bearer {ours.secret('webhook-token')}"
    assert json.loads(body)["Key"] == f"{keys.SHAKEMAPS}/{key}"


def test_of_inputs_everything_is_announced_and_elsewhere_what_wakes_a_function(store, receiver):
    # the store's filters tell capital letters from small ones; GRID.XML must not wait for the sweep
    run = "earthquake/20180805194635/initial-v001-aaaaaaaa/12345678"
    for bucket, key in (
        (keys.FLOODMAPS, f"{keys.HOURS}2017022105-6-rw/same.json"),
        (keys.RESULTS, f"{run}/report.json"),
        (keys.DECISIONS, "earthquake/20180805194635/event/felt.json"),
        (keys.NOTIFICATIONS, "log/x.json"),
        (keys.LEDGER, "on-shakemap/x.json"),
        (keys.ANALYSIS_DATA, "manifest.json"),
    ):
        store.put(bucket, key, b"x")
    told = [(bucket, "a/grid.xml") for bucket in keys.SHAKEMAP_BUCKETS] + [(keys.RESULTS, f"{run}/impact.json")]
    told += [(keys.SHAKEMAPS, f"a/{name}") for name in ("GRID.XML", "grid.xml.zip", "other.txt")]
    told += [(keys.FLOODMAPS, "2017022105-6-rw/FLOOD_DATA.JSON"), (keys.RESULTS, "catalog/earthquake/2018/08/x.json")]
    told += [(keys.DECISIONS, "earthquake/20180805194635/event/hidden.json")]
    for bucket, key in told:
        store.put(bucket, key, b"x")
    store.delete(keys.SHAKEMAPS, "a/other.txt")

    def heard():
        return [event for _headers, body in receiver.notices for event in events.parse(body)]

    wait_for(lambda: len(heard()) >= len(told), 20, "the notifications")
    assert sorted((event.bucket, event.key) for event in heard()) == sorted(told)


def test_copies_and_uploads_in_parts_are_announced_but_tags_are_not(store, receiver):
    client = store._client
    store.put(keys.SHAKEMAPS, "a/grid.xml", b"x")
    client.put_object_tagging(Bucket=keys.SHAKEMAPS, Key="a/grid.xml", Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    source = {"Bucket": keys.SHAKEMAPS, "Key": "a/grid.xml"}
    client.copy_object(Bucket=keys.SHAKEMAPS, Key="b/grid.xml", CopySource=source)
    where = {"Bucket": keys.SHAKEMAPS, "Key": "c/grid.xml"}
    upload = client.create_multipart_upload(**where)["UploadId"]
    part = client.upload_part(**where, UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": part}]}
    client.complete_multipart_upload(**where, UploadId=upload, MultipartUpload=parts)
    wait_for(lambda: len(receiver.events(keys.SHAKEMAPS)) >= 3, 20, "three notifications")
    told = receiver.events(keys.SHAKEMAPS)
    assert sorted(event.key for event in told) == ["a/grid.xml", "b/grid.xml", "c/grid.xml"]
    assert {event.key: event.etag for event in told} == {head.key: head.etag for head in store.list(keys.SHAKEMAPS)}
    assert told[-1].etag.endswith("-1")  # no md5: an ETag is a name, never a checksum


def test_a_receiver_that_is_away_holds_up_no_upload(store, receiver):
    receiver.stop()
    store.put(keys.SHAKEMAPS, "a/grid.xml", b"x")
    assert store.exists(keys.SHAKEMAPS, "a/grid.xml")


def test_the_set_up_of_the_store_can_be_repeated(store, ours, receiver):
    minio.configure(ours, stack.load(ours.stack))
    store.put(keys.SHAKEMAPS, "again/grid.xml", b"x")
    wait_for(lambda: [one.key for one in receiver.events(keys.SHAKEMAPS)] == ["again/grid.xml"], 20)
    assert Store.connect(ours, "bmkg").put(keys.SHAKEMAPS, "mine/grid.xml", b"x")


def test_clocks_that_are_apart_are_no_lack_of_rights():
    now = datetime.now(UTC)
    told = [(now + timedelta(minutes=minutes)).strftime("%a, %d %b %Y %H:%M:%S GMT") for minutes in (-120, -5, 0, 16)]
    assert [_minutes_apart(date) for date in told] == [120, 0, 0, 16]
    assert [_minutes_apart(date) for date in ("", "yesterday")] == [0, 0]
