"""The object store (S3). The only module that speaks to it; botocore's errors stop here."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache, partial
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO, Self, TypeAlias

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from botocore.utils import parse_timestamp

from siaga.errors import BadInput, Conflict, Forbidden, NotFound, SiagaError, Unavailable
from siaga.settings import Settings

_log = logging.getLogger(__name__)
_MISSING = {"404", "NoSuchKey", "NoSuchVersion", "NoSuchBucket", "NotFound"}
_CONFLICT = {"412", "409", "PreconditionFailed", "ConditionalRequestConflict"}
_BAD_NAME = {"400", "KeyTooLongError", "InvalidBucketName", "InvalidArgument"}  # a HEAD says no more than 400
_BAD_NAME |= {"XMinioInvalidObjectName", "XMinioInvalidResourceName"}
_DENIED = {"403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"}

_opening = Lock()  # clients may be used by several threads at once, but not made

_SIGNATURE_SECONDS = 15 * 60 - 30  # by which the clock of a signature may differ from the store's

MOST_BYTES = 64 << 20  # that are read whole unless the caller says otherwise; larger things go in pieces or to disk


@cache
def _session() -> boto3.Session:
    """What S3 is like, read once in a process: 50 ms, of which a client of its own takes 4."""
    core = botocore.session.get_session()
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_moment)
    return boto3.Session(botocore_session=core)


S3Client: TypeAlias = Any  # boto3: a client, whose methods are made when it is made, or one of its streams
S3Answer: TypeAlias = dict[str, Any]  # boto3: what it answers, or is asked


@dataclass(frozen=True, slots=True)
class Head:
    """What the store says of one object or one version of it.

    etag: without quotes. modified: UTC. latest: False for a version that was overwritten or deleted.
    media_type and metadata are filled by head() and get(), not by listings.
    """

    key: str
    etag: str
    size: int
    modified: datetime
    version_id: str = ""
    latest: bool = True
    media_type: str = ""
    metadata: dict[str, str] = field(default_factory=dict)


class Store:
    """An S3 endpoint with one user's rights. Safe to share between threads."""

    def __init__(
        self,
        url: str,
        access_key: str,
        secret_key: str,
        region: str = "us-east-1",
        patience: float = 0,
        public_url: str = "",
    ) -> None:
        """`url` of any S3 endpoint, e.g. http://127.0.0.1:9000.

        public_url: by which address others reach it; links for them name that one.
        patience: seconds in which it may send nothing, for callers at whom somebody waits: they try once. 0: a
        minute, and three tries.
        """
        self.url = url
        client = partial(
            _session().client,
            "s3",
            region_name=region,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                retries={"max_attempts": 0 if patience else 2, "mode": "standard"},
                connect_timeout=3,
                read_timeout=patience or 60,
                max_pool_connections=32,
            ),
        )
        with _opening:
            self._client: S3Client = client(endpoint_url=url)
            self._links: S3Client = client(endpoint_url=public_url) if public_url not in ("", url) else self._client

    @classmethod
    def connect(cls, settings: Settings, role: str, patience: float = 0) -> Self:
        """Open it as a role: functions, gateway, door, web, accounts, operators, ash, bmkg or root."""
        return cls(
            settings.store_url,
            settings.secret(f"store-{role}-key"),
            settings.secret(f"store-{role}-secret"),
            settings.store_region,
            patience,
            settings.store_public_url,
        )

    def get(
        self, bucket: str, key: str, *, version_id: str = "", if_match: str = "", at_most: int = MOST_BYTES
    ) -> tuple[bytes, Head]:
        """The whole object and what the store says of it.

        Raises NotFound; Conflict when its ETag is not `if_match`; BadInput when it has more bytes than `at_most`,
        before one of them is read; Unavailable.
        """
        wanted: dict[str, str] = {"Bucket": bucket, "Key": key}
        if version_id:
            wanted["VersionId"] = version_id
        if if_match:
            wanted["IfMatch"] = f'"{if_match}"'
        with self._asking(bucket, key):
            answer = self._client.get_object(**wanted)
            with closing(answer["Body"]) as body:
                head = _head(key, answer)
                if head.size > at_most:
                    raise _too_large(f"{bucket}/{key}", head.size, at_most)
                return body.read(), head

    def get_range(self, bucket: str, key: str, start: int, end: int) -> bytes:
        """Bytes start to end, both included."""
        with self._asking(bucket, key):
            answer = self._client.get_object(Bucket=bucket, Key=key, Range=f"bytes={start}-{end}")
            return bytes(answer["Body"].read())

    def stream(
        self, bucket: str, key: str, chunk: int = 1 << 18, *, version_id: str = ""
    ) -> tuple[Head, Iterator[bytes]]:
        """The object in pieces, for a download that should not pass through memory whole."""
        wanted = {"Bucket": bucket, "Key": key} | ({"VersionId": version_id} if version_id else {})
        with self._asking(bucket, key):
            answer = self._client.get_object(**wanted)
        return _head(key, answer), _pieces(bucket, key, answer["Body"], chunk)

    def download(self, bucket: str, key: str, path: Path) -> None:
        """Write the object to `path`; the file appears whole or not at all."""
        part = path.with_name(f"{path.name}.part")
        with self._asking(bucket, key):
            self._client.download_file(bucket, key, str(part))
        part.replace(path)

    def head(self, bucket: str, key: str, *, version_id: str = "") -> Head:
        """What the store says of one object; raises NotFound."""
        wanted = {"Bucket": bucket, "Key": key} | ({"VersionId": version_id} if version_id else {})
        with self._asking(bucket, key):
            return _head(key, self._client.head_object(**wanted))

    def exists(self, bucket: str, key: str) -> bool:
        """Whether there is such an object."""
        try:
            self.head(bucket, key)
        except NotFound:
            return False
        return True

    def put(
        self,
        bucket: str,
        key: str,
        body: bytes | BinaryIO,
        media_type: str = "application/octet-stream",
        *,
        metadata: dict[str, str] | None = None,
        if_absent: bool = False,
        if_match: str = "",
    ) -> str:
        """Write one whole object; returns its ETag.

        if_absent: only when there is none; if_match: only over that ETag. Raises Conflict otherwise.
        """
        wanted: S3Answer = {"Bucket": bucket, "Key": key, "Body": body, "ContentType": media_type}
        if metadata:
            wanted["Metadata"] = metadata
        if if_absent:
            wanted["IfNoneMatch"] = "*"
        if if_match:
            wanted["IfMatch"] = f'"{if_match}"'
        with self._asking(bucket, key):
            return str(self._client.put_object(**wanted)["ETag"]).strip('"')

    def delete(self, bucket: str, key: str, *, version_id: str = "", if_match: str = "") -> None:
        """Remove an object, or one version of it; none there is fine.

        if_match: only while it has that ETag, else raises Conflict; MinIO removes it all the same.
        """
        wanted = {"Bucket": bucket, "Key": key} | ({"VersionId": version_id} if version_id else {})
        if if_match:
            wanted["IfMatch"] = f'"{if_match}"'
        with self._asking(bucket, key):
            self._client.delete_object(**wanted)

    def list(self, bucket: str, prefix: str = "", *, start_after: str = "") -> Iterator[Head]:
        """Objects in the order of their keys, from the first key after `start_after`."""
        wanted = {"Bucket": bucket, "Prefix": prefix}
        if start_after:
            wanted["StartAfter"] = start_after
        with self._asking(bucket, prefix):
            for page in self._client.get_paginator("list_objects_v2").paginate(**wanted):
                for entry in page.get("Contents", ()):
                    yield _listed(entry)

    def children(self, bucket: str, prefix: str) -> tuple[Sequence[str], Sequence[Head]]:
        """What lies directly below a prefix that ends in a slash: names of folders, and objects."""
        folders: list[str] = []
        heads: list[Head] = []
        wanted = {"Bucket": bucket, "Prefix": prefix, "Delimiter": "/"}
        with self._asking(bucket, prefix):
            for page in self._client.get_paginator("list_objects_v2").paginate(**wanted):
                folders += [entry["Prefix"][len(prefix) : -1] for entry in page.get("CommonPrefixes", ())]
                heads += [_listed(entry) for entry in page.get("Contents", ())]
        return folders, heads

    def folders(self, bucket: str, prefix: str = "") -> Iterator[str]:
        """Keys up to and with the first slash behind the prefix, in their order; cheaper than to list them all."""
        wanted = {"Bucket": bucket, "Prefix": prefix, "Delimiter": "/"}
        with self._asking(bucket, prefix):
            for page in self._client.get_paginator("list_objects_v2").paginate(**wanted):
                yield from (entry["Prefix"] for entry in page.get("CommonPrefixes", ()))

    def versions(self, bucket: str, prefix: str = "") -> Iterator[Head]:
        """Every version of every object, newest first within a key; delete markers are left out."""
        with self._asking(bucket, prefix):
            for page in self._client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
                for entry in page.get("Versions", ()):
                    yield _listed(entry)

    def presign(self, bucket: str, key: str, seconds: int, *, method: str = "get") -> str:
        """A URL at the store's public address that allows one GET or PUT of that key for a while."""
        return str(
            self._links.generate_presigned_url(
                f"{method}_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=seconds
            )
        )

    def _asking(self, bucket: str, key: str) -> AbstractContextManager[None]:
        """Around every request: what a store that answers badly, or not at all, raises here."""
        return _own_errors(bucket, key)


def _too_large(where: str, size: int, limit: int) -> BadInput:
    unit, name = (1 << 20, "MiB") if limit >= 1 << 20 else (1 << 10, "KiB")
    return BadInput(
        "{where} has {size} {unit}; at most {limit} {unit} are read",
        where=where,
        size=-(-size // unit),  # rounded up, so that one byte too many shows
        limit=limit // unit,
        unit=name,
    )


def _pieces(bucket: str, key: str, body: S3Client, chunk: int) -> Iterator[bytes]:
    with _own_errors(bucket, key), closing(body):
        yield from body.iter_chunks(chunk)


def _head(key: str, answer: S3Answer) -> Head:
    return Head(
        key=key,
        etag=answer["ETag"].strip('"'),
        size=int(answer["ContentLength"]),
        modified=answer["LastModified"].astimezone(UTC),
        version_id=_version(answer.get("VersionId", "")),
        media_type=answer.get("ContentType", ""),
        metadata=answer.get("Metadata", {}),
    )


def _listed(entry: S3Answer) -> Head:
    return Head(
        key=entry["Key"],
        etag=entry["ETag"].strip('"'),
        size=int(entry["Size"]),
        modified=entry["LastModified"].astimezone(UTC),
        version_id=_version(entry.get("VersionId", "")),
        latest=entry.get("IsLatest", True),
    )


def _moment(told: S3Client) -> datetime:
    """A time as a store writes it; botocore's own reader takes 40 us for each, two thirds of what a listing costs."""
    try:
        return datetime.fromisoformat(told)
    except (ValueError, TypeError):  # such as that of an HTTP header
        read: datetime = parse_timestamp(told)
        return read


def _version(text: str) -> str:
    return "" if text == "null" else text  # an object written before versioning was switched on


@contextmanager
def _own_errors(bucket: str, key: str) -> Iterator[None]:
    """botocore's errors in, ours out: no caller has to know botocore."""
    where = f"{bucket}/{key}"
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        answer = error.response.get("ResponseMetadata", {})
        status = answer.get("HTTPStatusCode", 0)
        if apart := _minutes_apart(answer.get("HTTPHeaders", {}).get("date", "")) if status == 403 else 0:
            raise Unavailable(
                "{where}: the clocks of this machine and of the store are {minutes} minutes apart",
                where=where,
                minutes=apart,
            ) from error
        kind = _own(code, status)
        if kind is Unavailable:  # what a library says of it, and the store's address, are for the log
            _log.warning("%s: %s", where, error)
            raise Unavailable("{where}: the store answers {code}", where=where, code=code or status) from error
        said = error.response.get("Error", {}).get("Message") or "?"
        raise kind("{where}: {detail}", where=where, detail=f"{said} ({code})") from error
    except ParamValidationError as error:  # a name that no object can have
        raise BadInput("{where}: no object can have that name: {detail}", where=where, detail=str(error)) from error
    except (BotoCoreError, OSError) as error:
        _log.warning("%s: %s", where, error)
        if isinstance(error, OSError) and not isinstance(error, (ConnectionError, TimeoutError)):  # a disk of ours
            raise Unavailable("{where}: {detail}", where=where, detail=error.strerror or "?") from error
        raise Unavailable("{where}: the store does not answer", where=where) from error


def _minutes_apart(date: str) -> int:
    """By how much the store's clock differs from ours, when it is so much that it believes no signature; else 0."""
    try:
        apart = abs((parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds())
    except ValueError:
        return 0
    return round(apart / 60) if apart > _SIGNATURE_SECONDS else 0


def _own(code: str, status: int) -> type[SiagaError]:
    if code in _MISSING:
        return NotFound
    if code in _CONFLICT or status == 412:
        return Conflict
    if code in _DENIED:
        return Forbidden
    if code in _BAD_NAME:
        return BadInput
    return Unavailable if status >= 500 or status in (0, 408, 429) else SiagaError
