"""Notices: what became of a ShakeMap, in words beside it, for whoever sent it and sees no status page."""

import logging
import threading
from collections import defaultdict
from contextlib import suppress
from hashlib import md5

from gateway.selection import DROPPED
from siaga import dates, keys, language, moment
from siaga.errors import BadInput, NotFound, SiagaError
from siaga.events import Notification
from siaga.language import Language
from siaga.receipt import Receipt
from siaga.store import Store

_log = logging.getLogger("gateway")
_KINDS = {"refused": keys.REFUSED, "dead": keys.FAILED}  # by state; what is done is published once its report stands


class Notices:
    """Leaves `<key>.refused.txt`, `.failed.txt` or `.published.txt` beside each map; of the newest content alone.

    What a notice says follows from the receipt, so it is the same however often it is written. One that was
    not left, since the gateway died in between or the store was away, is left when the sweep finds it missing.
    """

    def __init__(self, store: Store, public_url: str) -> None:
        """`store` with the rights of the gateway; `public_url` of the web app, for the link."""
        self._store, self._public_url = store, public_url
        self._lock = threading.Lock()
        self._awaited: dict[str, list[Receipt]] = defaultdict(list)  # by run, whose report is not there yet
        self._looked_at: set[str] = set()  # receipts that the sweep need not ask for again
        self._away = ""

    def tell(self, receipt: Receipt) -> None:
        """A receipt was written: leave what its sender should read. A failure is logged, and mended by the sweep."""
        if receipt.notification.bucket in keys.SHAKEMAP_BUCKETS:
            self._try(receipt)
        elif receipt.notification.bucket == keys.RESULTS and receipt.state == "done":
            with self._lock:
                waiting = self._awaited.pop(receipt.run, [])
            for one in waiting:
                self._try(one)

    def mend(self, function: str, notification: Notification) -> None:
        """The sweep found no notice that is newer than this settled content: leave it, if there is one to leave."""
        name = keys.receipt(function, notification.receipt_id)
        if name in self._looked_at or notification.bucket not in keys.SHAKEMAP_BUCKETS:
            return
        try:
            receipt = Receipt.decode(self._store.get(keys.LEDGER, name)[0])
        except (NotFound, BadInput):  # removed meanwhile, or no receipt of ours
            return
        except SiagaError as error:
            self._say(error)
            return
        if self._try(receipt):
            self._looked_at.add(name)

    def _try(self, receipt: Receipt) -> bool:
        try:
            self._leave(receipt)
        except BadInput as error:  # its name has no room for more, or its function names no run
            _log.info("no notice for the sender: %s", error)
        except SiagaError as error:
            self._say(error)
            return False
        self._away = ""
        return True

    def _say(self, error: SiagaError) -> None:
        if not self._away:  # once; a store of another make may not let the gateway write beside inputs at all
            _log.warning("no notice for the sender: %s", error)
        self._away = str(error)

    def _leave(self, receipt: Receipt) -> None:
        content = receipt.notification
        if receipt.state in ("superseded", DROPPED) or not self._is_newest(content):
            return  # the newer content has a receipt of its own, or will have; what was dropped had failed, and told so
        told = _KINDS.get(receipt.state, "")
        if receipt.state == "done" and self._is_published(receipt):
            told = keys.PUBLISHED
        for kind in keys.NOTICES:
            if kind != told and not (kind == keys.PUBLISHED and receipt.state == "done"):  # till the new report stands
                self._clear(content.bucket, content.key + kind)
        if told:
            self._write(content.bucket, content.key + told, self._text(receipt))

    def _is_newest(self, content: Notification) -> bool:
        try:
            return self._store.head(content.bucket, content.key).etag == content.etag
        except NotFound:
            return False

    def _is_published(self, receipt: Receipt) -> bool:
        """Whether its report stands; until it does, the receipt of the report is waited for."""
        with self._lock:
            self._awaited[receipt.run].append(receipt)
        there = self._store.exists(keys.RESULTS, keys.Run.parse(receipt.run).key(keys.REPORT))
        if there:  # asked last, or a report that is finished in between would be missed
            with self._lock, suppress(ValueError):
                self._awaited[receipt.run].remove(receipt)
        return there

    def _write(self, bucket: str, key: str, text: bytes) -> None:
        try:
            if self._store.head(bucket, key).etag == md5(text, usedforsecurity=False).hexdigest():
                return
        except NotFound:
            pass
        self._store.put(bucket, key, text, "text/plain; charset=utf-8")

    def _clear(self, bucket: str, key: str) -> None:
        if self._store.exists(bucket, key):
            self._store.delete(bucket, key)

    def _text(self, receipt: Receipt) -> bytes:
        forms = {"refused": self._refusal, "dead": self._failure, "done": self._publication}
        return "\n\n".join(forms[receipt.state](receipt)).encode() + b"\n"

    def _refusal(self, receipt: Receipt) -> list[str]:
        return [
            "\n".join(
                [
                    _("REFUSED: {key}", key=receipt.notification.key),
                    _.reason(receipt.reason),
                    _(
                        "Received: {time}. Mend the file and send it again under the same name.",
                        time=_received(receipt, _),
                    ),
                    _("Earlier results still hold."),
                ]
            )
            for _ in _languages()
        ]

    def _failure(self, receipt: Receipt) -> list[str]:
        return [
            "\n".join(
                [
                    _("FAILED: {key}", key=receipt.notification.key),
                    _.reason(receipt.reason),
                    _(
                        "Received: {time}. Attempts: {count}; Siaga gave up, and its operator can try again.",
                        time=_received(receipt, _),
                        count=receipt.attempts,
                    ),
                    _("If the file itself is wrong, send a better one under the same name."),
                    _("Earlier results still hold."),
                ]
            )
            for _ in _languages()
        ]

    def _publication(self, receipt: Receipt) -> list[str]:
        url = f"{self._public_url}/{keys.Run.parse(receipt.run).page}"
        return [
            "\n".join(
                [
                    _("PUBLISHED: {key}", key=receipt.notification.key),
                    _("The report: {url}", url=url),
                    _("Received: {time}.", time=_received(receipt, _)),
                    *(f"- {_.reason(warning)}" for warning in receipt.warnings),
                ]
            )
            for _ in _languages()
        ]


def _received(receipt: Receipt, _: Language) -> str:
    return dates.dated(moment.parse(receipt.received), _.code, seconds=True)


def _languages() -> list[Language]:
    """Indonesian first."""
    return [language.load(code) for code in language.LANGUAGES]
