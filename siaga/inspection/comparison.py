"""The comparison: lists of inputs, receipts, entries and runs against each other, runs against what they record."""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from siaga import keys, stack
from siaga.inspection import whole
from siaga.inspection.findings import Content, Finding
from siaga.inspection.lists import Lists
from siaga.inspection.whole import Expected
from siaga.stack import Function
from siaga.store import Store

Pending = Callable[[], set[str]]

_READERS, _AT_ONCE = 8, 64
_WAITING = """select i.receipt, i.function, i.bucket, i.key, i.etag from input i
    left join receipt r on r.name = i.receipt where r.name is null order by i.bucket, i.key"""
_UNREADABLE = """select r.name, i.function, i.bucket, i.key, i.etag from receipt r
    left join input i on i.receipt = r.name where r.state = ''"""
_PAST = """select r.function, r.bucket, r.key, r.etag from receipt r left join input i on i.receipt = r.name
    where i.receipt is null and r.state != ''"""
_FAILED = """select r.function, r.bucket, r.key, r.state from receipt r join input i on i.receipt = r.name
    where r.state in ('refused', 'dead')"""
_NAMED = """select run, max(printed), max(impact), max(report) from (
    select run, bucket != 'results' as named, bucket = 'results' as printed, '' as impact, '' as report
        from receipt where state = 'done' and run != ''
    union all select run, 1, 0, impact, report from entry where run != '') group by run having max(named)"""
_MISSING = """select r.run, min(r.name) from receipt r join run on run.folder = r.run and run.impact != ''
    where r.state = 'done' and r.bucket != 'results' and r.run != ''
    and not exists (select 1 from entry e where e.version = r.version) group by r.run"""
_STRAY = """select e.key, e.told, e.run from entry e left join run on run.folder = e.run and run.impact != ''
    where run.folder is null"""
_UNLISTED = """select e.key, e.run from entry e join run on run.folder = e.run and run.printed
    join receipt r on r.run = e.run and r.bucket = 'results' and r.state = 'done' where e.report = ''"""
_UNSHOWN = """select folder from run where not exists (select 1 from entry e where e.run = folder)
    and not exists (select 1 from receipt r where r.run = folder and r.state = 'done' and r.bucket != 'results')"""

_OF_RUN = """select name from receipt where run = ?
    union all select receipt from input where bucket = 'results' and key = ?"""
_MADE_OF = """select function, bucket, key, etag, version_id from receipt
    where run = ? and state = 'done' and bucket != 'results' limit 1"""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Compares what stands in a store.

    store: with the rights of role web; inputs: with those of role functions, which may read inputs.
    pending: the ids of the gateway's jobs, as it names them; empty where no gateway answers.
    hashes: whether every product is read; else sizes alone are compared. say: hears what is being looked at.
    """

    store: Store
    inputs: Store
    functions: Sequence[Function]
    pending: Pending
    hashes: bool
    say: Callable[[str, int], None]

    def findings(self) -> Iterator[Finding]:
        """Everything that does not agree, and what is history. Raises Unavailable.

        Siaga may run meanwhile: inputs are listed first, then the jobs, then the receipts, so that what is done in
        between has left one or the other; what still does not agree is looked at once more.
        """
        lists = Lists(self.store, self.inputs, self.functions, self.say)
        lists.read_inputs()
        jobs = self.pending()
        lists.read_receipts()
        lists.read_entries()
        yield from self._inputs(lists, jobs)
        yield from self._receipts(lists)
        yield from self._entries(lists)
        yield from self._runs(lists)
        for (folder,) in lists.rows(_UNSHOWN):
            yield Finding("unshown run", f"{keys.RESULTS}/{folder}", run=folder)

    def _inputs(self, lists: Lists, jobs: set[str]) -> Iterator[Finding]:
        """Those without a receipt, of which no job is known, now as before."""
        later: set[str] | None = None
        for name, *content in lists.rows(_WAITING):
            job = _job(name)
            if job in jobs:
                continue
            later = self.pending() if later is None else later
            if job not in later and not self.store.exists(keys.LEDGER, name):
                given = Content(*content)
                yield Finding("waiting", f"{given.bucket}/{given.key}", given.function, given)

    def _receipts(self, lists: Lists) -> Iterator[Finding]:
        for name, *content in lists.rows(_UNREADABLE):
            given = Content(*content) if content[0] else None
            of = f"of {given.bucket}/{given.key}" if given else "nobody knows of which input"
            yield Finding("unreadable receipt", f"{keys.LEDGER}/{name}", of, given)
        for function, bucket, key, etag in lists.rows(_PAST):
            yield Finding("past receipt", f"{bucket}/{key}", f"{function}, ETag {etag}")
        for function, bucket, key, state in lists.rows(_FAILED):
            yield Finding("failed input", f"{bucket}/{key}", f"{function}: {state}")

    def _entries(self, lists: Lists) -> Iterator[Finding]:
        for run, receipt in lists.rows(_MISSING):
            if not self._under_way(lists, run):
                content = self._analysing(lists, run)
                yield Finding("missing entry", f"{keys.RESULTS}/{run}", f"{keys.LEDGER}/{receipt}", content, run)
        for key, told, run in lists.rows(_STRAY):
            said = f"{run}/{keys.IMPACT} is missing" if run else "it cannot be read"
            yield Finding("stray entry", f"{keys.RESULTS}/{key}", said, _arrived(told), run)
        for key, run in lists.rows(_UNLISTED):
            yield Finding("unlisted report", f"{keys.RESULTS}/{key}", run, self._printing(run), run)

    def _runs(self, lists: Lists) -> Iterator[Finding]:
        """What is wrong with the runs that a receipt or an entry speaks of."""
        named = (Expected(run, bool(printed), impact, report) for run, printed, impact, report in lists.rows(_NAMED))
        looked = 0
        with ThreadPoolExecutor(_READERS) as readers:
            while part := list(islice(named, _AT_ONCE)):
                for expected, wrong in zip(part, readers.map(self._wrong, part), strict=True):
                    yield from self._of_run(lists, expected, wrong)
                looked += len(part)
                self.say("runs", looked)

    def _wrong(self, expected: Expected) -> list[tuple[str, str]]:
        found = list(whole.faults(self.store, expected, hashes=self.hashes))
        return list(whole.faults(self.store, expected, hashes=self.hashes)) if found else []  # it may have been written

    def _of_run(self, lists: Lists, expected: Expected, wrong: list[tuple[str, str]]) -> Iterator[Finding]:
        shown = lists.first("select 1 from entry where run = ?", expected.run)
        there = lists.first("select 1 from run where folder = ? and impact != ''", expected.run)
        if not wrong or (shown and not there) or self._under_way(lists, expected.run):
            return  # what an entry shows and is not there has been told as the entry's fault
        said = "; ".join(sentence for _, sentence in wrong)
        if all(part == "report" for part, _ in wrong):
            kind, content = "damaged report", self._printing(expected.run)
        else:
            kind, content = "damaged run", self._analysing(lists, expected.run)
        yield Finding(kind, f"{keys.RESULTS}/{expected.run}", said, content, expected.run)

    def _under_way(self, lists: Lists, run: str) -> bool:
        """Whether the gateway is at work on that run now, its analysis or its report."""
        jobs = {_job(name) for (name,) in lists.rows(_OF_RUN, run, f"{run}/{keys.IMPACT}")}
        return not jobs.isdisjoint(self.pending())

    def _analysing(self, lists: Lists, run: str) -> Content | None:
        """What makes a run anew: the content of its input."""
        if found := lists.first(_MADE_OF, run):
            return Content(*found)
        told = lists.first("select told from entry where run = ?", run)
        return _arrived(told[0]) if told else None

    def _printing(self, run: str) -> Content | None:
        """What makes the report of a run anew."""
        key = f"{run}/{keys.IMPACT}"
        woken = stack.waking(tuple(self.functions), keys.RESULTS, key)
        return Content(woken[0].name, keys.RESULTS, key) if woken else None


def _arrived(told: str) -> Content | None:
    """The content that an entry tells as its own, "" where it tells none."""
    if not told:
        return None
    bucket, key, etag, version_id = json.loads(told)
    function = keys.woken(bucket, key)
    return Content(function, bucket, key, etag, version_id) if function else None


def _job(receipt: str) -> str:
    """The id of the job that a receipt would settle."""
    return receipt.removesuffix(".json").replace("/", "|", 1)
