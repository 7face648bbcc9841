"""The MinIO server of our own: how it is started, and what stands in it before the first upload.

Buckets, versioning and notifications are plain S3 and are set on any store; users and their rights are
MinIO's own and are set on our server only.
"""

import hashlib
import json
import re
import secrets
import string
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import boto3
import requests
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from minio import Minio, MinioAdmin
from minio.credentials.providers import StaticProvider
from minio.error import MinioAdminException, S3Error
from urllib3.exceptions import HTTPError

from siaga import generation, keys
from siaga.errors import SiagaError, Unavailable
from siaga.machine import forgery, public, rights
from siaga.settings import REPOSITORY, Settings, new_secret
from siaga.stack import Function
from siaga.store import S3Client, Store

VERSION = "v0.0.0-20260212201848-7aac2a2c5b7c"  # deployment/local/minio.sh builds it, with these patches
PATCHES = REPOSITORY / "deployment" / "local" / "minio-patches" / "SHA256SUMS"
EVENTS = (  # never s3:ObjectCreated:*, which holds tagging and retention too and would wake a function again
    "s3:ObjectCreated:Put",
    "s3:ObjectCreated:Post",
    "s3:ObjectCreated:Copy",
    "s3:ObjectCreated:CompleteMultipartUpload",
)
ROLES = ("functions", "gateway", "door", "web", "accounts", "operators", "ash", "bmkg")
WEBHOOK_PATH = "/siaga/events"
_TARGET = "SIAGA"
_LONGEST_KEY = 20  # characters; MinIO takes no longer name
_FORGET_CANDIDATES = {
    "ID": "candidates",
    "Status": "Enabled",
    "Filter": {"Prefix": keys.CANDIDATES},
    "Expiration": {"Days": 1},
    "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
}


def binary(settings: Settings) -> Path:
    """The server: the one named by SIAGA_MINIO, else the one that set-up built with today's patches.

    A minio on PATH is not taken: as it is published, it has known holes (docs/decisions/002).
    Raises SiagaError saying what to do when there is none.
    """
    found = Path(settings.minio) if settings.minio else _built(settings.cache)
    if not found.exists():
        raise SiagaError("There is no MinIO server at {path}; run make setup, or set SIAGA_MINIO", path=found)
    return found


def _built(cache: Path) -> Path:
    """Where set-up leaves it; a wheel has neither set-up nor patches, and thus no name for one that was built."""
    patches = hashlib.sha256(PATCHES.read_bytes()).hexdigest()[:12] if PATCHES.exists() else "unknown"
    return cache / "minio" / f"{VERSION}-{patches}" / "minio"


def command(settings: Settings) -> list[str]:
    """How the server is started: without its browser console."""
    # The console listens even when it is switched off, so it gets a port that the kernel picks.
    data, host = settings.home / "store", settings.store_host
    if not settings.store_disks:
        data.mkdir(parents=True, exist_ok=True)
    return [
        str(binary(settings)),
        "server",
        "--quiet",
        "--address",
        f"[{host}]:{settings.store_port}" if ":" in host else f"{host}:{settings.store_port}",
        "--console-address",
        "127.0.0.1:0",
        *(settings.store_disks or (str(data),)),
    ]


def access_key(role: str) -> str:
    """A name for a role's access key that nobody can guess: to know it is half of every forgery."""
    letters = string.ascii_lowercase + string.digits
    return f"{role}-" + "".join(secrets.choice(letters) for _ in range(_LONGEST_KEY - len(role) - 1))


def is_access_key(name: str) -> bool:
    """Whether a name has exactly the form that `access_key` gives to a role's."""
    return len(name) == _LONGEST_KEY and bool(re.fullmatch(f"(?:{'|'.join(ROLES)})-[a-z0-9]+", name))


def environment(settings: Settings) -> Mapping[str, str]:
    """What the server must know: root user, webhook, and not to call home."""
    return {
        "MINIO_ROOT_USER": _root_key(settings),
        "MINIO_ROOT_PASSWORD": settings.make_secret("store-root-secret"),
        "MINIO_BROWSER": "off",
        "MINIO_UPDATE": "off",
        "MINIO_CALLHOME_ENABLE": "off",
        f"MINIO_NOTIFY_WEBHOOK_ENABLE_{_TARGET}": "on",
        f"MINIO_NOTIFY_WEBHOOK_ENDPOINT_{_TARGET}": f"{settings.gateway_url}{WEBHOOK_PATH}",
        f"MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_{_TARGET}": settings.make_secret("webhook-token"),
    }


def ready(settings: Settings) -> bool:
    """Whether the server takes requests."""
    try:
        return requests.get(f"{settings.store_url}/minio/health/ready", timeout=2).ok
    except requests.RequestException:
        return False


def configure(settings: Settings, functions: Sequence[Function], say: Callable[[str], None] = lambda _: None) -> None:
    """Make buckets, versioning, notification rules and one user per role, once the store is known to be safe.

    Safe to repeat. On a store that is not ours the root credentials are those that the operator gave, users and
    their rights stay the operator's business, and notifications are left to the sweep; `say` tells.
    Raises SiagaError naming what the store refused, or what it takes and must not; Unavailable when it does not answer.
    """
    client = _client(settings)
    try:
        for bucket in keys.BUCKETS:
            _make_bucket(client, bucket)
        forgery.check(settings, client, keys.ANALYSIS_DATA)
        for bucket in (*keys.INPUTS, keys.AUDIT):
            client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        if settings.store_is_ours:
            for bucket in keys.INPUTS:
                _forget(client, bucket, settings.old_inputs_days)
            public.allow(client, settings.public_results)
            for bucket in keys.BUCKETS:
                client.put_bucket_notification_configuration(
                    Bucket=bucket, NotificationConfiguration=_rules(bucket, functions)
                )
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:  # it says that it is ready before it is
            raise Unavailable("The store does not answer: {detail}", detail=str(error)) from error
        raise SiagaError("The store refused its set-up: {detail}", detail=str(error)) from error
    except BotoCoreError as error:
        raise Unavailable("The store does not answer: {detail}", detail=str(error)) from error
    generation.mark(Store.connect(settings, "root"))
    if settings.store_is_ours:
        try:
            _make_users(settings, say)
        except HTTPError as error:  # MinioAdmin lets urllib3's own through
            raise Unavailable("The store does not answer: {detail}", detail=str(error)) from error
    else:
        say("the store is not ours: users, rights and notifications are left as they are; the sweep delivers")


def hush(settings: Settings) -> None:
    """Let our store announce nothing, until `configure` is called again. Raises SiagaError."""
    if not settings.store_is_ours:
        return
    client = _client(settings)
    try:
        for bucket in keys.BUCKETS:
            client.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    except (ClientError, BotoCoreError) as error:
        raise SiagaError("The store refused its set-up: {detail}", detail=str(error)) from error


def _client(settings: Settings) -> S3Client:
    return boto3.client(
        "s3",
        endpoint_url=settings.store_url,
        region_name=settings.store_region,
        aws_access_key_id=settings.secret("store-root-key"),
        aws_secret_access_key=settings.secret("store-root-secret"),
        config=Config(s3={"addressing_style": "path"}, connect_timeout=5, read_timeout=30),
    )


def _make_bucket(client: S3Client, bucket: str) -> None:
    try:
        client.create_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
            raise


def _forget(client: S3Client, bucket: str, days: int) -> None:
    """Let the store remove what was overwritten so many days ago, of a bucket of inputs; 0 keeps it for ever."""
    rules: list[Mapping[str, object]] = [_FORGET_CANDIDATES] if bucket == keys.ASHMAPS else []
    if days:
        rules.append(
            {
                "ID": "old-versions",
                "Status": "Enabled",
                "Filter": {"Prefix": ""},
                "NoncurrentVersionExpiration": {"NoncurrentDays": days},
                "Expiration": {"ExpiredObjectDeleteMarker": True},  # what is left of a notice that was taken back
            }
        )
    if rules:
        client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    else:
        client.delete_bucket_lifecycle(Bucket=bucket)


def _rules(bucket: str, functions: Sequence[Function]) -> dict[str, object]:
    """What the store announces. Its filters tell capital letters from small ones, which `Pattern` does not; so of a
    bucket of inputs everything is announced, and the gateway takes what wakes a function.
    """
    rules: dict[tuple[str, str], None] = {}  # an ordered set: MinIO refuses two rules that overlap
    for pattern in (one for function in functions for one in function.inputs if one.bucket == bucket):
        rules[pattern.prefix, "" if bucket in keys.INPUTS else pattern.suffix] = None
    return {
        "QueueConfigurations": [
            {
                "Id": f"siaga-{number}",
                "QueueArn": f"arn:minio:sqs::{_TARGET}:webhook",
                "Events": list(EVENTS),
                "Filter": {
                    "Key": {
                        "FilterRules": [
                            {"Name": name, "Value": value}
                            for name, value in (("prefix", prefix), ("suffix", suffix))
                            if value
                        ]
                    }
                },
            }
            for number, (prefix, suffix) in enumerate(rules)
        ]
    }


def _root_key(settings: Settings) -> str:
    if _made_before(settings, "root"):
        settings.replace_secret("store-root-key", access_key("root"))
    return settings.make_secret("store-root-key", access_key("root"))


def _make_users(settings: Settings, say: Callable[[str], None]) -> None:
    admin = MinioAdmin(
        endpoint=settings.store_url.partition("://")[2],
        credentials=StaticProvider(settings.secret("store-root-key"), settings.secret("store-root-secret")),
        secure=settings.store_url.startswith("https"),
    )
    renewed = [role for role in ROLES if _made_before(settings, role)]
    for role in ROLES:
        if role in renewed:
            _renew_user(settings, admin, role)
        else:
            key = settings.make_secret(f"store-{role}-key", access_key(role))
            secret = settings.make_secret(f"store-{role}-secret")
            if not _is_user(settings, key, secret):
                admin.user_add(key, secret)
            _allow(admin, role, key)
    _remove_former(settings, admin)
    if renewed:
        say(
            "the store's access keys have new names and secrets; whoever uploads by S3 needs those in "
            f"{settings.secrets / 'store-bmkg-key'} and {settings.secrets / 'store-bmkg-secret'}"
        )


def _remove_former(settings: Settings, admin: MinioAdmin) -> None:
    """No key of a role lives on beside its present one, whose files the operator took away since others know it."""
    # each has a policy of its own by the same name, and to list policies needs no encryption
    present = {settings.secret(f"store-{role}-key") for role in ROLES}
    for name in json.loads(admin.policy_list()):
        if name not in present and is_access_key(name):
            _remove(admin, name)


def _remove(admin: MinioAdmin, key: str) -> None:
    """A user and the rights of its own; the rights last, by which it is found when this breaks off."""
    for remove in (admin.user_remove, admin.policy_remove):
        try:
            remove(key)
        except MinioAdminException as error:
            if "NoSuch" not in str(error):
                raise SiagaError("The store keeps {key}: {detail}", key=key, detail=error) from error


def _is_user(settings: Settings, key: str, secret: str) -> bool:
    """Whether the store takes both already: to make a user anew costs 64 MiB and 70 ms at either end, each start."""
    scheme, _, endpoint = settings.store_url.partition("://")
    asking = Minio(endpoint, key, secret, secure=scheme == "https", region=settings.store_region)
    try:
        asking.list_buckets()
    except S3Error as error:
        return error.code == "AccessDenied"  # the signature is right, what was asked is not allowed
    return True


def _allow(admin: MinioAdmin, role: str, key: str) -> None:
    """Give that user the rights of its role, and no others. No secret is told, so it needs no encryption."""
    try:
        admin.policy_add(key, policy=rights.of(role))
        admin.policy_set(key, user=key)
    except MinioAdminException as error:
        raise SiagaError("The store refused the rights of {role}: {detail}", role=role, detail=error) from error


def _made_before(settings: Settings, role: str) -> bool:
    """Whether that role still has the name that it once had in every home, with a secret that others could read."""
    path = settings.secrets / f"store-{role}-key"
    return path.exists() and settings.secret(path.name) == f"siaga-{role}"


def _renew_user(settings: Settings, admin: MinioAdmin, role: str) -> None:
    """A user of another name and secret takes that one's place; the files tell of it last, so it can be repeated."""
    key, secret = access_key(role), new_secret()
    admin.user_add(key, secret)
    _allow(admin, role, key)
    _remove(admin, f"siaga-{role}")
    settings.replace_secret(f"store-{role}-secret", secret)
    settings.replace_secret(f"store-{role}-key", key)
