"""What the store must refuse: uploads that nobody signed, what only servers say, a link that does more than it allows.

Sent to the real store, each in several forms; then what is right, which it must take.
"""

import base64
import datetime
import io
import tarfile
import zlib
from email.utils import formatdate
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from botocore.auth import S3SigV4Auth, S3SigV4PostAuth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from minio import Minio
from minio.commonconfig import SnowballObject

from siaga import keys
from siaga.errors import NotFound

BODY = b"TSUNAMI 30 m"
KEY = "forged/report.html"
UNSIGNED = {"X-Amz-Content-SHA256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}
LENGTH = {"X-Amz-Decoded-Content-Length": str(len(BODY)), "X-Amz-Trailer": "x-amz-checksum-crc32"}
CHECKSUM = base64.b64encode(zlib.crc32(BODY).to_bytes(4, "big")).decode()
PIECES = b"%x\r\n%s\r\n0\r\nx-amz-checksum-crc32:%s\r\n\r\n" % (len(BODY), BODY, CHECKSUM.encode())
SNOWBALL = {"X-Amz-Meta-Snowball-Auto-Extract": "true"}
SEALED = {
    f"X-Minio-Replication-Server-Side-Encryption-{name}": "AAAA" for name in ("Sealed-Key", "Seal-Algorithm", "Iv")
}


class Signer(S3SigV4Auth):
    """Signs in the header; the request may claim any hash of its body, and any time."""

    def __init__(self, key, claimed="", age=0):
        super().__init__(key, "s3", "us-east-1")
        self.claimed, self.age = claimed, age

    def payload(self, request):
        return self.claimed or super().payload(request)

    def _modify_request_before_signing(self, request):
        then = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=self.age)
        request.context["timestamp"] = then.strftime("%Y%m%dT%H%M%SZ")
        super()._modify_request_before_signing(request)


def credentials(settings, role, *, forged=False):
    secret = "00000000000000000000" if forged else settings.secret(f"store-{role}-secret")
    return Credentials(settings.secret(f"store-{role}-key"), secret)


def send(settings, request, body, headers=()):
    """Send what is signed, with headers that are not; returns the answer."""
    signed = request.prepare()
    more = {"Date": formatdate(usegmt=True)} | dict(headers)
    return requests.request(
        signed.method, signed.url, data=body, headers=more | dict(signed.headers.items()), timeout=10
    )


def by_address(settings, key, path, headers=(), method="PUT", **query):
    """A request signed in its address; its own headers are signed with it."""
    request = AWSRequest(method, f"{settings.store_url}/{path}", dict(headers), params=query)
    S3SigV4QueryAuth(key, "s3", "us-east-1", expires=60).add_auth(request)
    return request


def by_header(settings, key, path, headers=(), body=b"", claimed="", age=0, **query):
    """A request signed in its header."""
    request = AWSRequest("PUT", f"{settings.store_url}/{path}", dict(headers), body, params=query)
    Signer(key, claimed, age).add_auth(request)
    return request


def archive(key=KEY, pax=()):
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w", format=tarfile.PAX_FORMAT) as made:
        entry = tarfile.TarInfo(key)
        entry.size, entry.pax_headers = len(BODY), dict(pax)
        made.addfile(entry, io.BytesIO(BODY))
    return body.getvalue()


def is_refused(answer, store, bucket=keys.RESULTS, key=KEY):
    assert answer.status_code in (400, 403), (answer.status_code, answer.text)
    with pytest.raises(NotFound):
        store.head(bucket, key)


@pytest.mark.parametrize("role", ["root", "door", "functions", "bmkg"])
def test_no_upload_is_taken_without_the_secret(store, ours, role):
    key = credentials(ours, role, forged=True)
    for bucket in keys.BUCKETS:
        path = f"{bucket}/{KEY}"
        link = by_address(ours, key, path)
        is_refused(send(ours, link, PIECES, UNSIGNED), store, bucket)
        is_refused(send(ours, link, PIECES, UNSIGNED | LENGTH), store, bucket)
        is_refused(send(ours, by_address(ours, key, path, UNSIGNED | LENGTH), PIECES), store, bucket)
        forged = by_header(ours, key, path, UNSIGNED | LENGTH, claimed=UNSIGNED["X-Amz-Content-SHA256"])
        is_refused(send(ours, forged, PIECES), store, bucket)


@pytest.mark.parametrize("role", ["root", "functions"])
def test_no_archive_is_unpacked_without_the_secret(store, ours, role):
    path, key = f"{keys.RESULTS}/a.tar", credentials(ours, role, forged=True)
    claimed = UNSIGNED["X-Amz-Content-SHA256"]
    is_refused(send(ours, by_header(ours, key, path, UNSIGNED | SNOWBALL, claimed=claimed), archive()), store)
    is_refused(send(ours, by_address(ours, key, path, UNSIGNED | SNOWBALL), archive()), store)
    is_refused(send(ours, by_address(ours, key, path), archive(), UNSIGNED | SNOWBALL), store)


def test_no_part_of_an_upload_is_taken_without_the_secret(store, ours):
    path, key = f"{keys.RESULTS}/{KEY}", credentials(ours, "root", forged=True)
    upload = store._client.create_multipart_upload(Bucket=keys.RESULTS, Key=KEY)["UploadId"]
    part = {"partNumber": "1", "uploadId": upload}
    is_refused(send(ours, by_address(ours, key, path, **part), PIECES, UNSIGNED | LENGTH), store)
    claimed = UNSIGNED["X-Amz-Content-SHA256"]
    forged = by_header(ours, key, path, UNSIGNED | LENGTH, claimed=claimed, **part)
    is_refused(send(ours, forged, PIECES), store)
    where = {"Bucket": keys.RESULTS, "Key": KEY, "UploadId": upload}
    assert "Parts" not in store._client.list_parts(**where)
    store._client.abort_multipart_upload(**where)


def test_a_key_signs_for_itself_alone(store, ours):
    path = f"{keys.RESULTS}/{KEY}"
    named = by_address(ours, credentials(ours, "root", forged=True), path).prepare().url
    query = {name: values[0] for name, values in parse_qs(urlsplit(named).query).items()}
    for headers, claimed in ((UNSIGNED | LENGTH, UNSIGNED["X-Amz-Content-SHA256"]), ({}, "")):
        both = by_header(ours, credentials(ours, "bmkg"), path, headers, PIECES, claimed, **query)
        is_refused(send(ours, both, PIECES), store)


def test_who_names_no_key_writes_nothing(store, ours):
    request = AWSRequest("PUT", f"{ours.store_url}/{keys.RESULTS}/{KEY}", UNSIGNED | LENGTH)
    is_refused(send(ours, request, PIECES), store)
    for words in ("AWS4-HMAC-SHA256 nothing", "AWS4-HMAC-SHA256 Credential=,SignedHeaders=host,Signature=0"):
        is_refused(send(ours, request, PIECES, {"Authorization": words}), store)


def test_an_upload_that_was_overheard_is_not_taken_an_hour_later(store, ours):
    claimed = UNSIGNED["X-Amz-Content-SHA256"]
    old = by_header(
        ours, credentials(ours, "root"), f"{keys.RESULTS}/{KEY}", UNSIGNED | LENGTH, claimed=claimed, age=3600
    )
    is_refused(send(ours, old, PIECES), store)


@pytest.mark.parametrize(
    "headers",
    [
        SEALED,
        SEALED | {"X-Minio-Source-Replication-Request": "true"},
        {"X-Minio-Replication-Encrypted-Multipart": ""},
        {"X-Minio-Replication-Ssec-Crc": "AAAA"},
        {"X-Minio-Source-Etag": "0" * 32, "X-Minio-Source-Mtime": "2001-01-01T00:00:00Z"},
        {"X-Minio-Source-Replication-Request": "true"},
        {"X-Amz-Replication-Status": "REPLICA"},
        {"X-Minio-Internal-Server-Side-Encryption-Iv": "AAAA", "X-Minio-Internal-compression": "klauspost/compress/s2"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_nobody_says_what_only_servers_say(store, ours, headers):
    key, path = credentials(ours, "bmkg"), f"{keys.SHAKEMAPS}/{KEY}"
    is_refused(send(ours, by_header(ours, key, path, headers, BODY), BODY), store, keys.SHAKEMAPS)
    is_refused(send(ours, by_address(ours, key, path), BODY, headers), store, keys.SHAKEMAPS)
    lower = {name.lower(): value for name, value in headers.items()}
    is_refused(send(ours, by_header(ours, key, path, {}, BODY, **lower), BODY), store, keys.SHAKEMAPS)


def test_neither_in_a_form_nor_in_an_archive(store, ours):
    key = credentials(ours, "bmkg")
    fields = {"key": KEY} | {name.lower(): value for name, value in SEALED.items()}
    wanted = [{"bucket": keys.SHAKEMAPS}, *({name: value} for name, value in fields.items())]
    then = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=5)
    policy = {"expiration": then.strftime("%Y-%m-%dT%H:%M:%SZ"), "conditions": wanted}
    request = AWSRequest("POST", f"{ours.store_url}/{keys.SHAKEMAPS}")
    request.context = {"s3-presign-post-fields": fields, "s3-presign-post-policy": policy}
    S3SigV4PostAuth(key, "s3", "us-east-1").add_auth(request)
    requests.post(request.url, data=fields, files={"file": BODY}, timeout=10)
    said = {f"minio.metadata.{name}": value for name, value in SEALED.items()}
    said["minio.metadata.X-Minio-Source-Etag"] = "0" * 32
    packed = archive("packed/a", said)
    path = f"{keys.SHAKEMAPS}/a.tar"
    assert send(ours, by_header(ours, key, path, SNOWBALL, packed), packed).status_code == 200
    for name in (KEY, "packed/a"):  # taken or not, what lies there is what was sent
        body, head = store.get(keys.SHAKEMAPS, name)
        assert body == BODY
        assert head.etag != "0" * 32


def test_a_link_for_one_upload_copies_nothing(store, ours):
    store.put(keys.RESULTS, "secret", b"of others")
    path = f"{keys.ASHMAPS}/{KEY}"
    copy = {"X-Amz-Copy-Source": f"/{keys.RESULTS}/secret"}
    link = by_address(ours, credentials(ours, "root"), path)
    for headers in (copy, {"X-Amz-Meta-Told": "x"}, {"X-Amz-Acl": "public-read"}, {"X-Amz-Tagging": "a=b"}):
        is_refused(send(ours, link, b"", headers), store, keys.ASHMAPS)
    is_refused(send(ours, by_header(ours, credentials(ours, "root"), path), b"", copy), store, keys.ASHMAPS)
    assert send(ours, link, BODY).status_code == 200


def test_s3_select_is_off(store, ours):
    store.put(keys.RESULTS, "a.csv", b"a" * 3_000_000)
    with pytest.raises(ClientError, match="NotImplemented"):
        store._client.select_object_content(
            Bucket=keys.RESULTS,
            Key="a.csv",
            Expression="select * from s3object",
            ExpressionType="SQL",
            InputSerialization={"CSV": {}},
            OutputSerialization={"CSV": {}},
        )


def test_what_is_rightly_signed_is_taken(store, ours):
    key, path = credentials(ours, "functions"), f"{keys.RESULTS}/right"
    claimed = UNSIGNED["X-Amz-Content-SHA256"]
    streamed = by_header(ours, key, path, UNSIGNED | LENGTH, claimed=claimed)
    assert send(ours, streamed, PIECES).status_code == 200
    assert store.get(keys.RESULTS, "right")[0] == BODY
    linked = by_address(ours, key, path, {"X-Amz-Meta-Told": "x"})
    assert send(ours, linked, b"by link").status_code == 200
    assert store.get(keys.RESULTS, "right")[1].metadata == {"told": "x"}


def test_boto3_uploads_as_before(store):
    client = store._client
    for algorithm in ("CRC32", "SHA256"):
        client.put_object(Bucket=keys.RESULTS, Key=algorithm, Body=BODY, ChecksumAlgorithm=algorithm)
        client.put_object(Bucket=keys.RESULTS, Key=algorithm, Body=io.BytesIO(BODY), ChecksumAlgorithm=algorithm)
        assert store.get(keys.RESULTS, algorithm)[0] == BODY
    client.upload_fileobj(io.BytesIO(bytes(9 << 20)), keys.RESULTS, "large")  # in parts
    assert store.head(keys.RESULTS, "large").size == 9 << 20
    client.copy_object(Bucket=keys.RESULTS, Key="copy", CopySource={"Bucket": keys.RESULTS, "Key": "CRC32"})
    assert store.get(keys.RESULTS, "copy")[0] == BODY
    tags = {"TagSet": [{"Key": "a", "Value": "b"}]}
    client.put_object_tagging(Bucket=keys.RESULTS, Key="copy", Tagging=tags)
    assert client.get_object_tagging(Bucket=keys.RESULTS, Key="copy")["TagSet"] == tags["TagSet"]


def test_minios_own_client_uploads_as_before(store, ours):
    key = credentials(ours, "root")
    client = Minio(
        endpoint=ours.store_url.partition("://")[2], access_key=key.access_key, secret_key=key.secret_key, secure=False
    )
    client.put_object(bucket_name=keys.RESULTS, object_name="a", data=io.BytesIO(BODY), length=len(BODY))
    client.put_object(
        bucket_name=keys.RESULTS, object_name="large", data=io.BytesIO(bytes(6 << 20)), length=-1, part_size=5 << 20
    )
    client.upload_snowball_objects(
        bucket_name=keys.RESULTS, object_list=[SnowballObject("packed", data=io.BytesIO(BODY), length=len(BODY))]
    )
    assert store.get(keys.RESULTS, "a")[0] == store.get(keys.RESULTS, "packed")[0] == BODY
    assert store.head(keys.RESULTS, "large").size == 6 << 20


@pytest.mark.parametrize("role", ["root", "functions"])
def test_s3_25_what_opens_no_upload_opens_nothing_else(store, ours, role):
    store.put(keys.RESULTS, KEY, BODY)
    key = credentials(ours, role, forged=True)
    path = f"{keys.RESULTS}/{KEY}"
    for method, where, query in (
        ("GET", path, {}),
        ("HEAD", path, {}),
        ("DELETE", path, {}),
        ("GET", keys.RESULTS, {"list-type": "2"}),
        ("POST", path, {"uploads": ""}),
        ("PUT", keys.RESULTS, {"policy": ""}),
        ("PUT", keys.RESULTS, {"notification": ""}),
        ("PUT", keys.RESULTS, {"versioning": ""}),
    ):
        answer = send(ours, by_address(ours, key, where, UNSIGNED | LENGTH, method, **query), PIECES)
        assert answer.status_code in (400, 403), (method, where, query)
    copy = UNSIGNED | LENGTH | {"X-Amz-Copy-Source": f"/{path}"}
    assert send(ours, by_address(ours, key, f"{keys.RESULTS}/copy", copy), PIECES).status_code in (400, 403)
    assert [head.key for head in store.list(keys.RESULTS)] == [KEY]


@pytest.mark.parametrize("role", ["root", "functions"])
def test_s3_26_nothing_is_written_where_the_store_keeps_its_users(ours, role):
    path = ".minio.sys/config/iam/users/evil/identity.json"
    for forged in (True, False):
        answer = send(ours, by_address(ours, credentials(ours, role, forged=forged), path, UNSIGNED | LENGTH), PIECES)
        assert answer.status_code in (400, 403)
