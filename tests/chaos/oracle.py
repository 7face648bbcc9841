"""The oracle: it reads buckets alone, and says what was lost, half, doubled or shown without a ground."""

import hashlib
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from chaos.uploads import Upload
from siaga import keys
from siaga.errors import NotFound
from siaga.events import Notification
from siaga.store import Store

_read: dict[tuple[str, str], dict] = {}  # receipts by key and ETag


@dataclass
class Findings:
    """Sentences by kind; all empty is what it should be."""

    lost: list[str] = field(default_factory=list)
    half: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    states: Counter = field(default_factory=Counter)

    @property
    def sentences(self) -> list[str]:
        return [*self.lost, *self.half, *self.doubled, *self.orphans, *self.wrong]


def is_settled(store: Store, key: str) -> bool:
    """Whether the content of a key has its receipt."""
    try:
        notification = Notification(keys.SHAKEMAPS, key, store.head(keys.SHAKEMAPS, key).etag)
        return store.exists(keys.LEDGER, keys.receipt("on-shakemap", notification.receipt_id))
    except NotFound:
        return False


def receipts(store: Store, function: str = "on-shakemap") -> list[dict]:
    """All receipts of a function; one that has not changed since it was read last is not read again."""
    heads = list(store.list(keys.LEDGER, f"{function}/"))
    fresh = [head for head in heads if (head.key, head.etag) not in _read]
    with ThreadPoolExecutor(8) as readers:
        bodies = readers.map(lambda head: store.get(keys.LEDGER, head.key)[0], fresh)
        _read.update({(head.key, head.etag): json.loads(body) for head, body in zip(fresh, bodies, strict=True)})
    return [_read[head.key, head.etag] for head in heads]


def inputs(store: Store) -> dict[str, Notification]:
    """The content of each key that came in, acknowledged or not."""
    found = store.list(keys.SHAKEMAPS)
    return {
        head.key: Notification(keys.SHAKEMAPS, head.key, head.etag)
        for head in found
        if keys.woken(keys.SHAKEMAPS, head.key)
    }


def unsettled(store: Store, *, reports: bool) -> int:
    """How many receipts are still to be written."""
    told = {(one["key"], one["etag"]): one for one in receipts(store)}
    open_inputs = sum((one.key, one.etag) not in told for one in inputs(store).values())
    runs = {one["run"] for one in told.values() if one["state"] == "done"}
    printed = sum(1 for _ in store.list(keys.LEDGER, "render-report/")) if reports else len(runs)
    return open_inputs + len(runs) - printed


def judge(store: Store, acknowledged: list[Upload], *, reports: bool) -> Findings:
    """Everything that must hold once all is settled."""
    findings = Findings()
    told = receipts(store)
    by_content = Counter((one["key"], one["etag"]) for one in told)
    findings.doubled += [f"{key}: {count} receipts" for (key, _), count in by_content.items() if count > 1]
    there = inputs(store)
    findings.lost += [f"{one.key} was acknowledged and is not there" for one in acknowledged if one.key not in there]
    findings.lost += [f"{one.key} has no receipt" for one in there.values() if (one.key, one.etag) not in by_content]
    expected = {one.key: one for one in acknowledged}
    for one in told:
        findings.states[one["state"]] += 1
        upload = expected.get(one["key"])
        if upload and one["state"] != upload.expected:
            reason = (one["reason"] or {}).get("text")
            findings.wrong.append(f"{one['key']} ({upload.kind}) is {one['state']} after {one['attempts']}: {reason}")
        if one["state"] in ("dead", "refused") and not one["reason"]:
            findings.wrong.append(f"{one['key']} is {one['state']} without a reason")
    runs = [one["run"] for one in told if one["state"] == "done"]
    _check_runs(store, runs, findings, reports)
    return findings


def _check_runs(store: Store, runs: list[str], findings: Findings, reports: bool) -> None:
    with ThreadPoolExecutor(8) as readers:
        for said in readers.map(lambda run: _half(store, run, reports), runs):
            findings.half += said
    written = {"/".join(head.key.split("/")[:4]) for head in store.list(keys.RESULTS, "earthquake/")}
    versions = Counter(run.rpartition("/")[0] for run in written)
    findings.doubled += [f"{version}: {count} runs" for version, count in versions.items() if count > 1]
    shown = [json.loads(store.get(keys.RESULTS, head.key)[0]) for head in store.list(keys.RESULTS, keys.CATALOG)]
    entries = Counter(f"earthquake/{one['event_id']}/{one['version']}/{one['run']}" for one in shown)
    findings.doubled += [f"{run}: {count} catalogue entries" for run, count in entries.items() if count > 1]
    findings.orphans += [f"{run} is shown and no receipt names it" for run in entries if run not in runs]
    findings.lost += [f"{run} is done and not shown" for run in runs if run not in entries]
    if reports:
        findings.lost += [f"{one['event_id']} is shown without its report" for one in shown if not one["report"]]


def _half(store: Store, run: str, reports: bool) -> list[str]:
    found = []
    for record in (keys.IMPACT, keys.REPORT) if reports else (keys.IMPACT,):
        try:
            for product in json.loads(store.get(keys.RESULTS, f"{run}/{record}")[0])["products"]:
                body = store.get(keys.RESULTS, f"{run}/{product['path']}")[0]
                if hashlib.sha256(body).hexdigest() != product["sha256"]:
                    found.append(f"{run}/{product['path']} is not what {record} lists")
        except NotFound as error:
            found.append(str(error))
    return found
