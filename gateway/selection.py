"""The selection: which contents a range means, found one by one in the store, so that no list of them is held."""

import heapq
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256

from gateway.ledger import Ledger, Seen
from gateway.wanted import Wanted
from siaga import edition, keys, moment, software
from siaga.errors import BadInput, NotFound
from siaga.events import Notification
from siaga.hazards import HAZARDS
from siaga.inputs import texts
from siaga.inputs.listing import listed
from siaga.receipt import Receipt
from siaga.stack import Function, waking
from siaga.store import Head, Store

DROPPED = "dropped"
_FAILED = ("dead", "refused")


@dataclass(frozen=True, slots=True)
class Chosen:
    """One content that is to be done again. happened: when its event was, as far as is known; written: the object."""

    function: str
    notification: Notification
    happened: datetime
    written: datetime


@dataclass(frozen=True, slots=True)
class Selection:
    """Chooses what a range means. active: the ids of the jobs that are not settled."""

    store: Store
    functions: tuple[Function, ...]
    ledger: Ledger
    active: Callable[[], set[str]]

    def chosen(self, wanted: Wanted, placed: str) -> Iterator[tuple[Chosen, Seen]]:
        """What a range means, each with what was seen of its receipt.

        placed: when the order was, as times are stored; what was settled after that is done already. What was dropped
        stays so. Raises Unavailable.
        """
        since, until = _bounds(wanted)
        found: Iterator[Chosen] = (
            one
            for one in self._found(wanted)
            if since <= one.happened < until and wanted.function in ("", one.function)
        )
        if wanted.latest:
            found = iter(heapq.nlargest(wanted.latest, found, key=lambda one: (one.happened, one.written)))
        fits = _receipt_filter(wanted, placed)
        return ((one, seen) for one, seen in self.ledger.beside(found, _name) if fits(seen.receipt))

    def reporting(self) -> list[str]:
        """The functions that an analysis wakes."""
        return [one.name for one in self.functions if any(pattern.bucket == keys.RESULTS for pattern in one.inputs)]

    def _found(self, wanted: Wanted) -> Iterator[Chosen]:
        if wanted.inputs:
            return self._given(wanted.inputs)
        if wanted.report or wanted.older:
            return self._shown(wanted)
        if wanted.missing:
            jobs = self.active()
            return (one for one in self._everything() if _job(one) not in jobs)
        if wanted.failed:
            return self._everything()
        return self._inputs()

    def _inputs(self) -> Iterator[Chosen]:
        for bucket in keys.INPUTS:
            for head in listed(self.store, bucket):
                yield from self._of(bucket, head)

    def _everything(self) -> Iterator[Chosen]:
        """Inputs, and the analyses that reports are made of."""
        yield from self._inputs()
        for hazard in HAZARDS:
            for head in self.store.list(keys.RESULTS, f"{hazard}/"):
                if head.key.endswith(f"/{keys.IMPACT}"):
                    yield from self._of(keys.RESULTS, head)

    def _of(self, bucket: str, head: Head) -> Iterator[Chosen]:
        happened = keys.clock(bucket, head.key) or head.modified
        for function in waking(self.functions, bucket, head.key):
            content = Notification(bucket, head.key, head.etag, head.version_id)
            yield Chosen(function.name, content, happened, head.modified)

    def _given(self, inputs: Iterable[tuple[str, Notification]]) -> Iterator[Chosen]:
        """Those that are there: the newest content of each key, or an older one that is named by its version."""
        for function, content in inputs:
            try:
                head = self.store.head(content.bucket, content.key)
                if content.version_id and head.etag != content.etag:
                    head = self.store.head(content.bucket, content.key, version_id=content.version_id)
            except (NotFound, BadInput):
                continue
            yield from (one for one in self._of(content.bucket, head) if one.function == function)

    def _shown(self, wanted: Wanted) -> Iterator[Chosen]:
        """The runs that the catalogue shows: of each its report, or the input that it was made of."""
        since, until = _bounds(wanted)
        for hazard in HAZARDS:
            today = self._today(hazard) if wanted.older else {}
            for head in self.store.list(keys.RESULTS, keys.catalog_prefix(hazard)):
                try:
                    happened = keys.CatalogEntry.parse(head.key).time
                    if not since <= happened < until:
                        continue  # before anything is read
                    entry = json.loads(self.store.get(keys.RESULTS, head.key)[0])
                    if wanted.older and not self._is_older(entry["impact"]["key"], wanted.older, today):
                        continue
                    came = entry["arrival"]
                    bucket, key = (
                        (keys.RESULTS, entry["impact"]["key"]) if wanted.report else (came["bucket"], came["key"])
                    )
                    for one in self._of(bucket, self.store.head(bucket, key)):
                        yield replace(one, happened=happened)
                except (BadInput, NotFound, ValueError, KeyError, TypeError):
                    continue  # gone since it was listed, or not of a known form

    def _is_older(self, key: str, ages: tuple[str, ...], today: dict[str, str]) -> bool:
        made_with = json.loads(self.store.get(keys.RESULTS, key)[0])["provenance"]
        recorded = {
            "exposure": made_with["analysis_data"]["manifest_sha256"],
            "software": made_with["software"]["version"],
            "edition": _edition(made_with["software"]["templates_sha256"], made_with),
        }
        return any(recorded[age] != today[age] for age in ages)

    def _today(self, hazard: str) -> dict[str, str]:
        """What a run of a hazard that is made now would record. Raises NotFound when no analysis data is installed."""
        manifest = self.store.get(keys.ANALYSIS_DATA, keys.MANIFEST)[0]
        return {
            "exposure": sha256(manifest).hexdigest(),
            "software": software.version(),
            "edition": _edition(edition.templates_sha256(), texts.stationery(self.store, hazard)),
        }


def _edition(templates: str, own: Mapping[str, object]) -> str:
    """What shapes a page: the templates, and what is the agency's own."""
    return json.dumps([templates, *(own.get(name, {}) for name in ("letterhead", "layout"))], sort_keys=True)


def _name(one: Chosen) -> str:
    return keys.receipt(one.function, one.notification.receipt_id)


def _job(one: Chosen) -> str:
    return f"{one.function}|{one.notification.receipt_id}"


def _bounds(wanted: Wanted) -> tuple[datetime, datetime]:
    """From when to when the events of an order happened."""
    return (
        moment.parse(wanted.since) if wanted.since else datetime.min.replace(tzinfo=UTC),
        moment.parse(wanted.until) if wanted.until else datetime.max.replace(tzinfo=UTC),
    )


def _receipt_filter(wanted: Wanted, placed: str) -> Callable[[Receipt | None], bool]:
    """Whether what a receipt tells, None where there is none, makes its content one of the order's."""

    def fits(receipt: Receipt | None) -> bool:
        if receipt is None:
            return not (wanted.failed or wanted.older_than)
        if wanted.missing or receipt.state == DROPPED or receipt.finished > placed:
            return False
        if wanted.failed:
            return receipt.state in _FAILED
        return not wanted.older_than or receipt.finished < wanted.older_than

    return fits
