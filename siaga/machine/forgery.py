"""Whether a store takes what no store may take: uploads that nobody signed, and what only a server may say.

Every known hole of that kind is tried once on a key that nothing reads, before Siaga trusts a store with
anything. Servers have had them (docs/decisions/002), and a store of somebody else's may have them still.
A store that does not know such a request, or ignores what is forged in it, passes.
"""

import base64
import io
import tarfile
import zlib
from dataclasses import dataclass
from email.utils import formatdate

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ClientError

from siaga.errors import SiagaError, Unavailable
from siaga.settings import Settings
from siaga.store import S3Client

KEY = "probe/forgery"
_BODY = b"forged"
_ETAG = "f" * 32
_HASH = "X-Amz-Content-SHA256"
_UNSIGNED = {_HASH: "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}  # the body needs no signature, so the request's must hold
_TRAILER = "x-amz-checksum-crc32"
_PIECES = _UNSIGNED | {
    "Content-Encoding": "aws-chunked",
    "X-Amz-Decoded-Content-Length": str(len(_BODY)),
    "X-Amz-Trailer": _TRAILER,
}
_SEALED = "X-Minio-Replication-Server-Side-Encryption-"
_OF_SERVERS = {  # how a MinIO tells another that what it copies is encrypted, and which ETag it has
    f"{_SEALED}Sealed-Key": "Zm9yZ2Vk",
    f"{_SEALED}Seal-Algorithm": "DAREv2-HMAC-SHA256",
    f"{_SEALED}Iv": "Zm9yZ2Vk",
    "X-Minio-Source-Etag": _ETAG,
}


class _InHeader(S3SigV4Auth):  # type: ignore[misc]  # botocore has no types
    """A signature in the header; `claimed` stands there instead of the hash of the body."""

    def __init__(self, credentials: Credentials, region: str, claimed: str = "") -> None:
        super().__init__(credentials, "s3", region)
        self._claimed = claimed

    def payload(self, request: AWSRequest) -> str:
        return self._claimed or str(super().payload(request))


@dataclass(frozen=True, slots=True)
class Probe:
    """A bucket of a store, and the access key that is named there.

    Each of its methods sends one request, through the client's own connections, and says whether the store took it.
    """

    client: S3Client
    bucket: str
    url: str
    region: str
    key: Credentials

    def unsigned_object(self) -> bool:
        """The address names the key and bears a signature that is none."""
        return self._put(self._query(), _pieces(_BODY))

    def unsigned_part(self) -> bool:
        """The same for a part of an upload that somebody rightly began."""
        try:
            upload = self.client.create_multipart_upload(Bucket=self.bucket, Key=KEY)["UploadId"]
        except ClientError:  # a store without uploads in parts
            return False
        try:
            return self._put(self._query(partNumber="1", uploadId=upload), _pieces(_BODY))
        finally:
            self.client.abort_multipart_upload(Bucket=self.bucket, Key=KEY, UploadId=upload)

    def unsigned_archive(self) -> bool:
        """An archive that is to be unpacked, with a signature in the header that is none."""
        body = io.BytesIO()
        with tarfile.open(fileobj=body, mode="w") as archive:
            entry = tarfile.TarInfo(KEY)
            entry.size = len(_BODY)
            archive.addfile(entry, io.BytesIO(_BODY))
        headers = _UNSIGNED | {"X-Amz-Meta-Snowball-Auto-Extract": "true"}
        return self._put(self._header(self._forged, headers, b"", _UNSIGNED[_HASH]), body.getvalue())

    def headers_of_servers(self) -> bool:
        """Rightly signed, but with headers of a server; a store that knows none keeps what it was sent."""
        if not self._put(self._header(self.key, _OF_SERVERS, _BODY), _BODY):
            return False
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=KEY)
            believed = bool(answer["ETag"].strip('"') == _ETAG or answer["Body"].read() != _BODY)
        except ClientError:
            believed = True
        self.remove()
        return believed

    def remove(self) -> None:
        """Leave nothing behind."""
        self.client.delete_object(Bucket=self.bucket, Key=KEY)

    @property
    def _forged(self) -> Credentials:
        return Credentials(self.key.access_key, "not the secret of that access key")

    def _query(self, **query: str) -> AWSRequest:
        request = AWSRequest("PUT", f"{self.url}/{self.bucket}/{KEY}", _PIECES, params=query)
        S3SigV4QueryAuth(self._forged, "s3", self.region, expires=60).add_auth(request)
        return request

    def _header(self, key: Credentials, headers: dict[str, str], body: bytes, claimed: str = "") -> AWSRequest:
        request = AWSRequest("PUT", f"{self.url}/{self.bucket}/{KEY}", headers, body)
        _InHeader(key, self.region, claimed).add_auth(request)
        return request

    def _put(self, request: AWSRequest, body: bytes) -> bool:
        request.data = body  # what is signed in its address is signed without it
        request.headers["Date"] = formatdate(usegmt=True)
        answer = self.client._endpoint.http_session.send(request.prepare())
        return bool(200 <= answer.status_code < 300)


def check(settings: Settings, client: S3Client, bucket: str) -> None:
    """Try them all on a bucket of the store that `client` (boto3) speaks to with full rights: ten requests, 15 ms.

    Raises SiagaError naming what the store takes; Unavailable when it does not answer.
    """
    key = Credentials(settings.secret("store-root-key"), settings.secret("store-root-secret"))
    probe = Probe(client, bucket, settings.store_url, settings.store_region, key)
    tries = {
        "an upload that nobody signed": probe.unsigned_object,
        "a part of an upload that nobody signed": probe.unsigned_part,
        "an archive that nobody signed": probe.unsigned_archive,
        "headers by which only servers speak to each other": probe.headers_of_servers,
    }
    try:
        taken = [what for what, taken in tries.items() if taken()]
        if taken:
            probe.remove()
    except BotoCoreError as error:
        raise Unavailable("The store does not answer: {detail}", detail=str(error)) from error
    except ClientError as error:
        raise SiagaError("The store cannot be tried for forgeries: {detail}", detail=str(error)) from error
    if taken:
        raise SiagaError(
            "The store at {url} is not safe, for it takes {what}: whoever reaches it could write or spoil reports; "
            "use the server that make setup builds, or name another in SIAGA_MINIO or SIAGA_STORE_URL",
            url=settings.store_url,
            what=", ".join(taken),
        )


def _pieces(body: bytes) -> bytes:
    """`body` as one piece, the end, and the trailer that bears its checksum."""
    checksum = base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
    return b"%x\r\n%s\r\n0\r\n%s\r\n\r\n" % (len(body), body, f"{_TRAILER}:{checksum}".encode())
