"""What a notification says: one object in one bucket.

S3 calls what happens to an object an event and what is told of it a notification; a hazard's event is something else.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict, cast
from urllib.parse import quote_plus, unquote_plus

from siaga.errors import BadInput

ASKED = {"siaga-asked": "yes"}  # metadata of an object that somebody put there to be done now
_ASKED_FIELD = "X-Amz-Meta-Siaga-Asked"


class Content(TypedDict):
    """The names of one content, as they stand in receipts, logs and lists."""

    bucket: str
    key: str
    etag: str
    version_id: str


@dataclass(frozen=True, slots=True)
class Notification:
    """One content of one key.

    bucket, key: plain text, not URL-encoded.
    etag: without quotes; "" when the sender did not say (an operator's {"bucket", "key"}).
    version_id: of a versioned bucket; "" when unknown.
    asked: somebody waits for this one, however old what it tells of is.

    Raises BadInput when one of them is no text that a store could have given.
    """

    bucket: str
    key: str
    etag: str = ""
    version_id: str = ""
    asked: bool = False

    def __post_init__(self) -> None:
        try:
            "".join((self.bucket, self.key)).encode()
        except UnicodeEncodeError as error:
            raise BadInput("A record's names are not Unicode text: {detail}", detail=repr(error.object)) from error
        for said in (self.etag, self.version_id):  # they are sent back to the store in headers and addresses
            if not said.isprintable():
                raise BadInput("A record's ETag or version is {value}; no store says that", value=repr(said[:80]))

    @property
    def receipt_id(self) -> str:
        """sha256 over bucket, key and etag, hexadecimal: the name of the receipt within its function."""
        return hashlib.sha256("\0".join((self.bucket, self.key, self.etag)).encode()).hexdigest()

    def content(self) -> Content:
        """The names of the content; whether somebody asked is not among them."""
        return {"bucket": self.bucket, "key": self.key, "etag": self.etag, "version_id": self.version_id}

    def record(self) -> bytes:
        """The notification as MinIO's body, the form in which functions receive it."""
        obj: dict[str, object] = {"key": quote_plus(self.key), "eTag": self.etag}
        if self.version_id:
            obj["versionId"] = self.version_id
        if self.asked:
            obj["userMetadata"] = {_ASKED_FIELD: ASKED["siaga-asked"]}
        return json.dumps(
            {
                "EventName": "s3:ObjectCreated:Put",
                "Key": f"{self.bucket}/{self.key}",
                "Records": [
                    {
                        "eventSource": "siaga:gateway",
                        "eventName": "s3:ObjectCreated:Put",
                        "s3": {"bucket": {"name": self.bucket}, "object": obj},
                    }
                ],
            }
        ).encode()


def parse(body: bytes) -> list[Notification]:
    """Read a notification as MinIO or S3 sends it, or an operator's {"bucket": …, "key": …}.

    Keys inside Records are unquoted exactly once (`unquote_plus`); those of an operator are plain.
    Raises BadInput when nothing in the body names an object.
    """
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadInput("The notification is not JSON: {detail}", detail=str(error)) from error
    if not isinstance(message, dict):
        raise BadInput("The notification is not a JSON object; send a MinIO record or bucket and key")
    if "Records" not in message:
        return [_by_hand(message)]
    records = message["Records"]
    if not isinstance(records, list) or not records:
        raise BadInput("The notification's Records is not a list of records")
    return [_from_record(record) for record in records]


def _by_hand(message: dict[str, object]) -> Notification:
    bucket, key = message.get("bucket"), message.get("key")
    if not (isinstance(bucket, str) and bucket and isinstance(key, str) and key):
        raise BadInput("The body names no object; send {example}", example='{"bucket": "…", "key": "…"}')
    return Notification(bucket, key, str(message.get("etag", "")).strip('"'), str(message.get("version_id", "")))


def _from_record(record: object) -> Notification:
    try:
        told = cast(Mapping[str, Mapping[str, Mapping[str, object]]], record)["s3"]  # if not, it is refused
        bucket, obj = told["bucket"]["name"], told["object"]
        key = unquote_plus(cast(str, obj["key"]), errors="strict")
        etag = str(obj.get("eTag", "")).strip('"')
        version_id = str(obj.get("versionId", "") or "")
    except (TypeError, KeyError, AttributeError, UnicodeDecodeError) as error:
        raise BadInput("A record lacks s3.bucket.name or s3.object.key") from error
    if not (isinstance(bucket, str) and bucket and key):
        raise BadInput("A record lacks s3.bucket.name or s3.object.key")
    return Notification(bucket, key, etag, "" if version_id == "null" else version_id, _is_asked(obj))


def _is_asked(obj: Mapping[str, object]) -> bool:
    metadata = obj.get("userMetadata")
    return isinstance(metadata, dict) and any(str(name).lower() == _ASKED_FIELD.lower() for name in metadata)
