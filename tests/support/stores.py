"""A store that holds nothing of what tests before have put there."""

from siaga import keys
from siaga.store import Store


def emptied_store(settings):
    """Open the store with the rights of root and remove all that it holds."""
    opened = Store.connect(settings, "root")
    for bucket in keys.BUCKETS:
        if not _is_bare(settings, bucket):
            empty(opened._client, bucket)
    return opened


def _is_bare(settings, bucket):
    """Whether a bucket of our own MinIO has nothing on its disk; to ask the server costs a hundred times as much."""
    folder = settings.home / "store" / bucket
    return settings.store_is_ours and folder.is_dir() and not any(folder.iterdir())


def empty(client, bucket):
    """Remove all that a bucket ever held; a deletion that is remembered would still show its folder.

    Again until nothing is shown: MinIO shows what lies below an object named like a folder only once that is gone.
    """
    for _ in range(5):
        shown = False
        for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
            there = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
            shown = shown or bool(there)
            gone = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in there]
            if plain := [one for one in gone if one["Key"].isprintable()]:
                client.delete_objects(Bucket=bucket, Delete={"Objects": plain, "Quiet": True})
            for one in gone:
                if one not in plain:  # XML cannot say its name
                    client.delete_object(Bucket=bucket, **one)
        if not shown:
            return
    raise AssertionError(f"{bucket} is not empty after five rounds")
