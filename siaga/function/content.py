"""What a function reads and writes: the content that a notification names, and the products of a run."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from siaga import keys
from siaga.catalog import Arrival
from siaga.errors import Conflict, Superseded
from siaga.events import Notification
from siaga.moment import stamp
from siaga.product import Product
from siaga.store import MOST_BYTES, Head, Store


def read(store: Store, notification: Notification, at_most: int = MOST_BYTES) -> tuple[bytes, Head]:
    """The bytes that the notification speaks of, and their Head; at_most: how many its reader takes.

    The named version is read where the store keeps versions, else the current object, which must
    still have the notification's ETag. Raises Superseded, NotFound, BadInput when there are more.
    """
    if notification.version_id:
        return store.get(notification.bucket, notification.key, version_id=notification.version_id, at_most=at_most)
    try:
        return store.get(notification.bucket, notification.key, if_match=notification.etag, at_most=at_most)
    except Conflict as error:
        raise Superseded("Newer content stands under this key; it is processed instead") from error


def arrival(notification: Notification, head: Head) -> Arrival:
    """How an input came, as its catalogue entry tells it; impact.json knows no arrival."""
    return {
        "bucket": notification.bucket,
        "key": notification.key,
        "etag": head.etag,
        "version_id": head.version_id,
        "folder_id": keys.folder_id(notification.key),
        "received": stamp(head.modified),
    }


def publish(store: Store, run: keys.Run, products: Sequence[Product]) -> None:
    """Put the products into the run's folder, several at once."""
    with publishing(store, run) as hand_over:
        hand_over(products)


@contextmanager
def publishing(store: Store, run: keys.Run, at_once: bool = True) -> Iterator[Callable[[Sequence[Product]], None]]:
    """Put products into the run's folder as they are handed over, several at once; at the end all are there.

    at_once: False where others of the same names are published already. Then nothing is put before all are made,
    so that those stay whole when the making fails.
    Raises what putting raised.
    """
    held, under_way = list[Product](), list[Future[str]]()
    with ThreadPoolExecutor(max_workers=4) as pool:

        def put(products: Sequence[Product]) -> None:
            for one in products:
                under_way.append(pool.submit(store.put, keys.RESULTS, run.key(one.path), one.body, one.media_type))

        yield put if at_once else held.extend
        put(held)
        for one in under_way:
            one.result()
