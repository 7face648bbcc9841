"""The store to strangers, to each role, and to the holder of a link: nothing beyond what each was given."""

import http.client
import json
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
import requests
from botocore.exceptions import ClientError
from minio import MinioAdmin
from minio.credentials import StaticProvider
from minio.error import MinioAdminException

from siaga import keys
from siaga.errors import BadInput, NotFound
from siaga.machine import minio as minio_server
from siaga.store import Store

ALL = "arn:aws:s3:::*"
OPEN = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": ALL}],
}
LINK_SECONDS = 60


@pytest.fixture
def ours(minio):
    """The settings, when they are of our own MinIO."""
    if not minio.store_is_ours:
        pytest.skip("not run: rights are those of the MinIO that Siaga sets up")
    return minio


@pytest.fixture(params=minio_server.ROLES)
def narrow(request, store, ours):
    """The client of each role in turn."""
    store.put(keys.SHAKEMAPS, "there", b"x")
    store.put(keys.RESULTS, "there", b"x")
    return Store.connect(ours, request.param)._client


def ask(ours, method, path, **more):
    return requests.request(method, f"{ours.store_url}{path}", timeout=10, **more)


def test_s3_01_s3_02_a_stranger_lists_reads_and_writes_nothing(store, ours):
    store.put(keys.RESULTS, "there", b"secret")
    assert ask(ours, "GET", "/").status_code == 403
    for bucket in keys.BUCKETS:
        assert ask(ours, "GET", f"/{bucket}/").status_code == 403
        assert ask(ours, "GET", f"/{bucket}/?list-type=2").status_code == 403
        assert ask(ours, "PUT", f"/{bucket}/x", data=b"x").status_code == 403
        assert ask(ours, "DELETE", f"/{bucket}/there").status_code == 403
        form = ask(ours, "POST", f"/{bucket}/", data={"key": "x"}, files={"file": b"x"})
        assert form.status_code in (400, 403)
        assert not store.exists(bucket, "x")
    assert b"secret" not in ask(ours, "GET", f"/{keys.RESULTS}/there").content


def test_s3_03_what_is_there_and_what_is_not_look_the_same_to_a_stranger(store, ours):
    store.put(keys.RESULTS, "there", b"x")
    there, missing = (ask(ours, "HEAD", f"/{keys.RESULTS}/{name}") for name in ("there", "missing"))
    assert (there.status_code, missing.status_code) == (403, 403)
    assert {name for name in there.headers if "etag" in name.lower()} == set()


@pytest.mark.parametrize(
    "path",
    [
        *("/minio/v2/metrics/cluster", "/minio/v2/metrics/node", "/minio/metrics/v3/api", "/minio/prometheus/metrics"),
        *("/minio/admin/v3/info", "/minio/admin/v3/list-users", "/minio/admin/v3/kms/status", "/minio/kms/v1/status"),
        *("/minio/peer/v39/serverinfo", "/minio/bootstrap/v1/verify", "/minio/grid/v1", "/minio/storage/v63/x"),
        *("/minio/admin/v3/heal/", "/minio/admin/v3/profile?profilerType=cpu&duration=1"),
    ],
)
def test_s3_04_a_stranger_administers_nothing(ours, path):
    for method in ("GET", "POST"):
        assert ask(ours, method, path).status_code in (400, 403, 404, 405, 426), method


@pytest.mark.parametrize("path", ["/minio/health/live", "/minio/health/ready", "/minio/health/cluster"])
def test_s3_05_that_it_lives_is_all_that_is_told(ours, path):
    answer = ask(ours, "GET", path)
    assert (answer.status_code, answer.content) == (200, b"")


def test_s3_06_a_stranger_is_given_no_passing_key(ours):
    for body in ("Action=AssumeRole&Version=2011-06-15", "Action=AssumeRoleWithWebIdentity&WebIdentityToken=x"):
        answer = ask(ours, "POST", "/", data=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
        assert answer.status_code in (400, 403)
        assert b"SecretAccessKey" not in answer.content


def test_s3_07_s3_08_s3_09_s3_10_s3_11_the_agencys_key(store, ours):
    bmkg = Store.connect(ours, "bmkg")
    own = {keys.SHAKEMAPS, keys.SHAKEMAPS_CORRECTED}
    client = bmkg._client
    assert {one["Name"] for one in client.list_buckets()["Buckets"]} == own
    first = bmkg.put(keys.SHAKEMAPS, "a/grid.xml", b"one")
    version = store.head(keys.SHAKEMAPS, "a/grid.xml").version_id
    bmkg.put(keys.SHAKEMAPS, "a/grid.xml", b"two")
    assert [head.etag for head in store.versions(keys.SHAKEMAPS, "a/")][1] == first  # the former is still there
    for bucket in set(keys.BUCKETS) - own:
        store.put(bucket, "there", b"x")
        for tried in (
            lambda: client.put_object(Bucket=bucket, Key="x", Body=b"x"),  # noqa: B023 - called in this round
            lambda: client.get_object(Bucket=bucket, Key="there"),  # noqa: B023
            lambda: client.head_object(Bucket=bucket, Key="there"),  # noqa: B023
            lambda: client.list_objects_v2(Bucket=bucket),  # noqa: B023
        ):
            with pytest.raises(ClientError, match=r"AccessDenied|403"):
                tried()
    for more in ({}, {"VersionId": version}):
        with pytest.raises(ClientError, match="AccessDenied"):
            client.delete_object(Bucket=keys.SHAKEMAPS, Key="a/grid.xml", **more)
    batch = client.delete_objects(Bucket=keys.SHAKEMAPS, Delete={"Objects": [{"Key": "a/grid.xml"}]})
    assert batch["Errors"][0]["Code"] == "AccessDenied"
    assert store.get(keys.SHAKEMAPS, "a/grid.xml")[0] == b"two"


def denied(call):
    with pytest.raises(ClientError) as raised:
        call()
    code = raised.value.response["Error"]["Code"]
    assert code in ("AccessDenied", "NotImplemented", "InvalidRequest", "MethodNotAllowed", "403"), code


def test_s3_12_s3_13_s3_14_no_role_changes_buckets_rules_or_rights(narrow):
    rule = {"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    cors = {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}
    tags = {"TagSet": [{"Key": "a", "Value": "b"}]}
    lock = {"ObjectLockEnabled": "Enabled"}
    bucket = {"Bucket": keys.SHAKEMAPS}
    denied(lambda: narrow.create_bucket(Bucket="another"))
    denied(lambda: narrow.delete_bucket(**bucket))
    denied(lambda: narrow.put_bucket_policy(**bucket, Policy=json.dumps(OPEN)))
    denied(lambda: narrow.delete_bucket_policy(**bucket))
    denied(lambda: narrow.put_bucket_notification_configuration(**bucket, NotificationConfiguration={}))
    denied(lambda: narrow.put_bucket_versioning(**bucket, VersioningConfiguration={"Status": "Suspended"}))
    denied(lambda: narrow.put_bucket_lifecycle_configuration(**bucket, LifecycleConfiguration={"Rules": [rule]}))
    denied(lambda: narrow.put_bucket_cors(**bucket, CORSConfiguration=cors))
    denied(lambda: narrow.put_bucket_acl(**bucket, ACL="public-read"))
    denied(lambda: narrow.put_object_acl(**bucket, Key="there", ACL="public-read"))
    denied(lambda: narrow.put_object_tagging(**bucket, Key="there", Tagging=tags))
    denied(lambda: narrow.put_object_lock_configuration(**bucket, ObjectLockConfiguration=lock))


def test_s3_15_s3_16_no_role_deletes_versions_or_copies_across(narrow, store):
    version = store.head(keys.SHAKEMAPS, "there").version_id
    denied(lambda: narrow.delete_object(Bucket=keys.SHAKEMAPS, Key="there", VersionId=version))
    batch = {"Objects": [{"Key": "there", "VersionId": version}]}
    with suppress(ClientError):  # some are refused as a whole
        assert narrow.delete_objects(Bucket=keys.SHAKEMAPS, Delete=batch).get("Errors")
    copy = {"Bucket": keys.RESULTS, "Key": "there"}
    denied(lambda: narrow.copy_object(Bucket=keys.SHAKEMAPS, Key="copy", CopySource=copy))
    assert store.exists(keys.SHAKEMAPS, "there")
    assert not store.exists(keys.SHAKEMAPS, "copy")


@pytest.mark.parametrize("role", minio_server.ROLES)
def test_s3_21_no_role_makes_users(ours, role):
    secrets = StaticProvider(ours.secret(f"store-{role}-key"), ours.secret(f"store-{role}-secret"))
    admin = MinioAdmin(endpoint=ours.store_url.partition("://")[2], credentials=secrets, secure=False)
    for call in (lambda: admin.user_add("evil", "evil-evil-evil"), lambda: admin.user_list(), lambda: admin.info()):
        with pytest.raises(MinioAdminException, match="AccessDenied"):
            call()


@pytest.mark.parametrize("key", ["nul\0", "a/../b", "../b", "a//b", "a/./b", "/"])
def test_s3_33_keys_that_lead_elsewhere_are_no_keys(store, key):
    with pytest.raises((BadInput, NotFound)):
        store.put(keys.SHAKEMAPS, key, b"x")
    assert not list(store.list(keys.SHAKEMAPS))


def test_s3_33_nor_are_they_in_the_address(store, ours):
    port = urlsplit(ours.store_url).port
    for path in (
        f"/{keys.SHAKEMAPS}/../{keys.RESULTS}/x",
        f"/{keys.SHAKEMAPS}/..%2f..%2f.minio.sys/config",
        "/.minio.sys/",
    ):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("PUT", path, b"x")
        assert connection.getresponse().status in (400, 403)
        connection.close()


@pytest.fixture
def link(store, ours):
    """A link for one raster, as an operator's program gets it."""
    return Store.connect(ours, "ash").presign(keys.ASHMAPS, "candidates/0a.tif", LINK_SECONDS, method="put")


def put(url, **more):
    return requests.put(url, more.pop("data", b"x"), timeout=10, **more)


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url.replace("0a.tif", "0b.tif"),
        lambda url: url.replace(f"/{keys.ASHMAPS}/", f"/{keys.RESULTS}/"),
        lambda url: url.replace(f"X-Amz-Expires={LINK_SECONDS}", "X-Amz-Expires=604800"),
        lambda url: url + "&acl",
        lambda url: url + "&tagging",
        lambda url: url + "&versionId=00000000-0000-0000-0000-000000000000",
        lambda url: url + "&uploads",
        lambda url: url + "&retention",
    ],
    ids=["key", "bucket", "time", "acl", "tagging", "version", "parts", "retention"],
)
def test_s3_36_a_link_is_for_what_it_says(store, link, change):
    assert change(link) != link
    assert put(change(link)).status_code >= 400
    assert not list(store.list(keys.ASHMAPS))
    assert not list(store.list(keys.RESULTS))


def test_s3_37_s3_38_s3_39_a_link_puts_and_does_nothing_else(store, link):
    assert put(link, data=b"one").status_code == 200
    for method in ("GET", "HEAD", "DELETE", "POST"):
        assert requests.request(method, link, timeout=10).status_code in (400, 403, 405)
    assert put(link, data=b"another").status_code == 200  # whoever sends is compared by hash when it is handed in
    assert store.get(keys.ASHMAPS, "candidates/0a.tif")[0] == b"another"


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Amz-Website-Redirect-Location": "http://evil.example"},
        {"X-Amz-Meta-Uploader": "bmkg"},
        {"X-Amz-Meta-Snowball-Auto-Extract": "true"},
        {"X-Amz-Copy-Source": f"/{keys.RESULTS}/secret"},
        {"X-Amz-Acl": "public-read"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_s3_40_s3_41_a_link_takes_no_header_that_was_not_signed(store, link, headers):
    store.put(keys.RESULTS, "secret", b"of others")
    assert put(link, headers=headers).status_code in (400, 403)
    assert not list(store.list(keys.ASHMAPS))
