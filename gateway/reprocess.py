"""Doing it again: the receipt goes, the newest content is enqueued. No other special path."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gateway import urgency
from gateway.inbox import Inbox
from gateway.job import Job
from gateway.ledger import Ledger
from gateway.naming import Naming
from gateway.orders import Orders
from gateway.selection import DROPPED
from gateway.wanted import Wanted
from siaga import keys
from siaga.answers import Dropped, DroppedInput, JobName, Ordered
from siaga.errors import BadInput, NotFound, SiagaError
from siaga.events import Notification
from siaga.moment import stamp
from siaga.stack import Function, waking
from siaga.store import Store

_FAILED = ("dead", "refused")


@dataclass(frozen=True, slots=True)
class Reprocess:
    """Carries out what an operator wants done again, or dropped."""

    store: Store
    functions: tuple[Function, ...]
    inbox: Inbox
    ledger: Ledger
    naming: Naming
    orders: Orders

    def order(self, sent: Mapping[str, object], who: str) -> Ordered:
        """Carry out one order, whose fields gateway.wanted tells; who: sends it.

        What is named is enqueued at once and live: {"enqueued", "jobs": [{"function", "bucket", "key", "state"}]}.
        A range becomes an order that is worked off slice by slice: {"order": …}. With "dry_run" nothing is done:
        {"plan": {"count", "functions", "inputs", "seconds"}}.
        Raises BadInput for any other form, NotFound when nothing answers to it, Unavailable.
        """
        wanted = Wanted.parse(sent)
        if wanted.function and wanted.function not in [one.name for one in self.functions]:
            raise NotFound("There is no function {name} in stack.yml", name=repr(wanted.function))
        if not wanted.is_named:
            if sent.get("dry_run"):
                return {"plan": self.orders.plan(wanted)}
            return {"order": self.orders.place(wanted, who).facts()}
        meant = self._meant(wanted)
        if sent.get("dry_run"):
            named = [f"{one.bucket}/{one.key}" for _, one in meant]
            return {"plan": {"count": len(meant), "inputs": named, "functions": {}, "seconds": None}}
        jobs = [job for function, one in meant if (job := self._again(function, one))]
        if not jobs:
            raise NotFound("Nothing that was processed answers to {name}", name=wanted.name[:200])
        return {"enqueued": len(jobs), "jobs": jobs}

    def drop(self, sent: Mapping[str, object], who: str) -> Dropped:
        """Give up what was refused or failed for good: its receipt says who wants that and why.

        The sweep leaves it alone then, and so do ranges; to reprocess it by name lifts that, and another content of
        its key is an input of its own. Returns {"dropped": [{"function", "bucket", "key"}]}.
        Raises BadInput without a name or a reason, NotFound when nothing that failed answers to the name.
        """
        wanted, why = Wanted.parse(sent), sent.get("why")
        if not wanted.is_named or not isinstance(why, str) or not why.strip():
            raise BadInput("Drop what, and why? Send {example}", example='{"input": "…", "why": "…"}')
        dropped: list[DroppedInput] = [
            {"function": function, "bucket": one.bucket, "key": one.key}
            for function, one in self._meant(wanted)
            if self._drop(function, one, who, " ".join(why.split())[:500])
        ]
        if not dropped:
            raise NotFound("Nothing that was refused or failed answers to {name}", name=wanted.name[:200])
        return {"dropped": dropped}

    def _meant(self, wanted: Wanted) -> list[tuple[str, Notification]]:
        return [
            (function, one)
            for function, one in self.naming.contents(wanted.name)
            if wanted.function in ("", function) and (one.bucket == keys.RESULTS or not wanted.report)
        ]

    def _again(self, function: str, named: Notification) -> JobName | None:
        """Enqueue the newest content of a key; None when it is gone, or wakes the function no more."""
        if function not in {one.name for one in waking(self.functions, named.bucket, named.key)}:
            return None
        try:
            head = self.store.head(named.bucket, named.key)
        except (NotFound, BadInput):
            return None
        newest = Notification(named.bucket, named.key, head.etag, head.version_id, asked=True)
        place = urgency.by_key(newest, head.modified)
        seen = self.ledger.look(keys.receipt(function, newest.receipt_id))
        state = self.inbox.again(Job.of_object(function, newest, place, stamp(head.modified)), seen.etag)
        return {"function": function, "bucket": named.bucket, "key": named.key, "state": state}

    def _drop(self, function: str, named: Notification, who: str, why: str) -> bool:
        """Whether its newest content had failed; its receipt tells then that it was dropped, and what it was before."""
        try:
            etag = self.store.head(named.bucket, named.key).etag
        except (NotFound, BadInput):
            return False
        name = keys.receipt(function, Notification(named.bucket, named.key, etag).receipt_id)
        before = self.ledger.read(name)
        if before is None or before.state not in _FAILED:
            return False
        said = SiagaError("Dropped by {who}: {why}", who=who, why=why).reason()
        told = (*before.warnings, before.reason) if before.reason else before.warnings
        self.ledger.write(replace(before, state=DROPPED, reason=said, warnings=told, finished=stamp()))
        return True
