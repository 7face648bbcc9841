"""The durable jobs: taken once, tried until settled, kept over crashes; by DBOS, as its queues are."""

import json
import logging
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from typing import Any

from dbos import DBOS, SetEnqueueOptions, SetWorkflowID
from dbos import error as dbos_errors
from sqlalchemy.exc import SQLAlchemyError

from gateway import jobfile, urgency
from gateway.database import Database
from gateway.invoke import Slots
from gateway.job import TICK, Job, Policy, Progress, job_id, receipt
from gateway.leases import Call
from gateway.ledger import Ledger
from gateway.queues import BACKFILL, BUSY_POLL, LOOKED_INTO, SUSPECTS, Queues
from gateway.verdict import Verdict, Watch
from siaga.errors import SiagaError, Unavailable
from siaga.store import Store

_log = logging.getLogger("gateway")

VERSION = "3"  # of the rows' form; raise it when Job or Progress change, then older rows are dropped at start
_STALE_SECONDS = 1.0  # after its end, until a row goes
_JUMP_SECONDS = 2.0  # by which a clock is set back that was not merely corrected
_ENDING_SECONDS = 2.0  # from a receipt to the end of its row, at most
_ACTIVE = ["ENQUEUED", "DELAYED", "PENDING"]
_ROWS_AT_ONCE = 500  # that are asked for by their ids


@contextmanager
def _own_errors() -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, dbos_errors.DBOSException) as error:
        raise Unavailable("The job database does not answer: {detail}", detail=str(error)) from error


class Inbox:
    """All jobs of all functions. One per process, since DBOS is.

    A job has one row (a DBOS workflow) per attempt. Row 1 stays until the receipt is written, so that a
    second announcement of the same job finds it and changes nothing. An attempt that fails ends, and
    enqueues its successor with a delay; so it holds no slot while it waits. All methods raise Unavailable
    when the database does not answer.
    """

    def __init__(
        self,
        database: Database,
        store: Store,
        slots: Slots,
        ledger: Ledger,
        policy: Policy,
        post: Callable[[Job, Verdict], None],
    ) -> None:
        """`post` delivers an answer to the job's callback."""
        self._store, self._slots, self._ledger, self._policy, self._post = store, slots, ledger, policy, post
        self._rows = threading.Lock()  # held while rows are removed
        self._stale: dict[str, float] = {}
        self._listed: dict[str, tuple[Job, Progress]] = {}  # by row, as far as they were listed last
        self._queues = Queues()
        self._stop = threading.Event()
        self.file = database.file
        if self.file:
            jobfile.prepare(self.file)
        logging.getLogger("dbos").setLevel(logging.ERROR)
        DBOS(
            config={
                "name": "siaga-gateway",
                "system_database_url": database.address,
                "application_version": VERSION,
                "executor_id": "local",  # of several gateways one works, and goes on with what another had begun
                "log_level": "ERROR",
            }
        )

        def attempt(job: dict[str, Any], progress: dict[str, Any]) -> None:
            self._attempt(Job.of_stored(job), Progress(**progress))

        self._workflow = DBOS.workflow(name="attempt")(attempt)

    def launch(self) -> None:
        """Open the database, take up what was under way, begin to work."""
        DBOS.launch()
        self._queues.open({name: self._slots.count(name) for name in self._slots.functions})
        old = DBOS.list_workflows(status=_ACTIVE, load_input=False, load_output=False)
        _delete(row.workflow_id for row in old if row.app_version != VERSION or self._is_orphan(row.queue_name))
        threading.Thread(target=self._clean, name="clean", daemon=True).start()

    def _is_orphan(self, queue: str | None) -> bool:
        """Whether nothing will ever take up a row: its function is no longer in stack.yml.

        What was under way at a crash waits in a queue of DBOS's own, whose name no function can have.
        """
        return queue is not None and queue != "" and not queue.startswith("_") and queue not in self._queues

    def resize(self, function: str, slots: int) -> None:
        """A function has another number of slots from now on."""
        with suppress(SQLAlchemyError):  # then the number of before goes on holding
            self._queues.resize(function, slots)

    def close(self, seconds: float) -> None:
        """Stop taking up jobs; wait that long for those under way. What is cut off is done again at the next start."""
        self._stop.set()
        running = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
        DBOS.destroy(workflow_completion_timeout_sec=int(seconds) if running else 0)

    @_own_errors()
    def submit(self, job: Job) -> bool:
        """Take a job, unless it is settled or already here; it is committed when this returns.

        Returns False when a receipt is known.
        """
        if job.notification and not job.callback and self._ledger.knows(job.function, job.notification):
            return False
        with SetWorkflowID(job.row(1)):
            if job.is_live and self._slots.live_waiting(job.function) < LOOKED_INTO:
                DBOS.start_workflow(self._workflow, job.stored(), Progress().stored())
            else:  # more than can be looked into before they take a slot, so each is now
                self._enqueue(self._placed(job), Progress(), None)
        return True

    @_own_errors()
    def again(self, job: Job, etag: str) -> str:
        """Do a job although it may have been done: its receipt is removed first.

        etag: of the receipt that was looked at, "" when there was none.
        Returns "received", "running" when a call is under way, "retrying" when its next attempt was due later and
        is brought forward, or "settled" when that was done since the look: its receipt stays.
        """
        if job.notification:
            if etag:
                self._let_end(job)
            if not self._ledger.remove(job.function, job.notification, etag):
                return "settled"
        with self._rows:
            rows = DBOS.list_workflows(workflow_id_prefix=f"{job.id}|", load_input=False, load_output=False)
            active = [row for row in rows if row.status in _ACTIVE]
            moved = job.asked and not any(row.status == "PENDING" for row in active)  # to where it is done at once
            if moved or not active:
                _delete(row.workflow_id for row in rows)
            for row in () if moved else active:
                if row.status == "DELAYED":
                    DBOS.set_workflow_delay(row.workflow_id, delay_seconds=0)
            self._stale = {row: due for row, due in self._stale.items() if job_id(row) != job.id}
        if any(row.status == "PENDING" for row in active):
            return "running"
        if not active or moved:
            self.submit(job)
        return "retrying" if active else "received"

    def _let_end(self, job: Job) -> None:
        """Wait a moment for a row that has written its receipt and has not ended yet: it would pass for a call."""
        deadline = time.monotonic() + _ENDING_SECONDS
        while time.monotonic() < deadline and job.id not in self._slots.under_way():
            if not DBOS.list_workflows(
                workflow_id_prefix=f"{job.id}|", status="PENDING", load_input=False, load_output=False
            ):
                return
            time.sleep(BUSY_POLL)

    @_own_errors()
    def active(self) -> set[str]:
        """The ids of all jobs that are not settled."""
        rows = DBOS.list_workflows(status=_ACTIVE, load_input=False, load_output=False)
        return {job_id(row.workflow_id) for row in rows}

    @_own_errors()
    def jobs(self, limit: int) -> list[tuple[Job, Progress, str, float | None]]:
        """(job, progress, state, when it is due in seconds since 1970) of what is not settled, oldest first.

        state: received, running or retrying.
        """
        newest: dict[str, tuple[Job, Progress, str, float | None]] = {}
        under_way = self._slots.under_way()
        rows = DBOS.list_workflows(status=_ACTIVE, load_input=False, load_output=False, limit=limit)
        read = self._read([row.workflow_id for row in rows])
        for row in rows:
            if row.workflow_id not in read:
                continue
            job, progress = read[row.workflow_id]
            tried = progress.attempt > 1 or progress.waits > 0
            state = "running" if job.id in under_way else "retrying" if tried else "received"
            due = row.delay_until_epoch_ms / 1000 if row.delay_until_epoch_ms and row.status == "DELAYED" else None
            if job.id not in newest or newest[job.id][1].row < progress.row:
                newest[job.id] = (job, progress, state, due)
        return list(newest.values())

    def _read(self, ids: list[str]) -> dict[str, tuple[Job, Progress]]:
        """What rows are about, by row; that never changes, so each is read once."""
        known = self._listed
        read = {one: known[one] for one in ids if one in known}
        new = [one for one in ids if one not in known]
        for start in range(0, len(new), _ROWS_AT_ONCE):
            part = new[start : start + _ROWS_AT_ONCE]
            for row in DBOS.list_workflows(workflow_ids=part, load_output=False):
                if row.input:
                    read[row.workflow_id] = Job.of_stored(row.input["args"][0]), Progress(**row.input["args"][1])
        self._listed = read
        return read

    @_own_errors()
    def tidy(self) -> None:
        """Remove the rows of jobs that ended without being cleaned up: a crash at the wrong moment.

        If there is no receipt, the sweep brings the job back.
        """
        with self._rows:
            rows = DBOS.list_workflows(load_input=False, load_output=False)
            kept = {job_id(row.workflow_id) for row in rows if row.status in _ACTIVE}
            kept |= {job_id(row) for row in self._stale}
            _delete(
                row.workflow_id
                for row in rows
                if job_id(row.workflow_id) not in kept and not row.workflow_id.startswith(TICK)
            )

    @_own_errors()
    def forget_ticks(self, function: str, until: str) -> None:
        """Remove the rows of ticks before `until` (a job id); the last one stays, so that it is not repeated."""
        with self._rows:
            rows = DBOS.list_workflows(workflow_id_prefix=f"{TICK}{function}|", load_input=False, load_output=False)
            _delete(row.workflow_id for row in rows if row.status not in _ACTIVE and job_id(row.workflow_id) < until)

    def _attempt(self, job: Job, progress: Progress) -> None:
        """One row's work. DBOS may run it again after a crash; what `_try` came to is then remembered."""
        if progress.row > 2:
            self._discard(job.row(progress.row - 1))
        taken_for_live, job = job.is_live, self._placed(job) if progress.row == 1 else job
        if taken_for_live and not job.is_live:
            self._enqueue_later(job, progress.moved(), None)
            return
        verdict = Verdict(**progress.verdict) if progress.verdict else self._verdict(job, progress)
        if verdict is None:
            self._discard(job.row(1), job.row(progress.row))
        elif verdict.kind == "settled":
            self._settle(job, progress, verdict)
        elif later := progress.after(verdict, self._policy):
            self._enqueue_later(job, *later)
        else:
            self._settle(job, progress, replace(verdict, kind="settled", state="dead"))

    def _placed(self, job: Job) -> Job:
        """A job that is live by its name with the priority that its content gives it; all others as they are."""
        if not job.notification or job.asked or not job.is_live:
            return job
        place = urgency.by_content(self._store, job.notification)
        return job if place is None else replace(job, priority=place)

    def _verdict(self, job: Job, progress: Progress) -> Verdict | None:
        """Call the function, unless there is a receipt and nobody waits for the answer (None)."""
        try:
            if job.notification and not job.callback and self._ledger.settled(job.function, job.notification):
                return None
        except SiagaError as error:
            return Watch().of_neighbour(error)
        return Verdict(**DBOS.run_step({"name": "invoke"}, lambda: asdict(self._try(job, progress))))

    def _try(self, job: Job, progress: Progress) -> Verdict:
        notification = job.notification
        headers = (*job.headers, ("Content-Type", "application/json")) if notification else job.headers
        call = Call(
            job.function,
            job.id,
            job.priority,
            job.method,
            f"{job.path}?{job.query}" if job.query else job.path,
            headers,
            notification.record() if notification else job.body,
            about_object=notification is not None,
            suspect=progress.broke > 0,
            last=progress.attempt == self._policy.attempts,
            holds_back=self._slots.functions[job.function].holds_back,
        )
        watch = Watch(job.function, self._slots.limit(call))
        try:
            answer = self._slots.call(call)
        except SiagaError as error:
            return watch.of_error(error)
        verdict = watch.of_answer(answer, about_object=notification is not None)
        return verdict if job.callback else replace(verdict, body=b"")

    def _settle(self, job: Job, progress: Progress, verdict: Verdict) -> None:
        try:
            if job.notification:
                self._ledger.write(receipt(job, job.notification, progress, verdict))
        except SiagaError as error:
            self._enqueue_later(job, *progress.unwritten(verdict, error.reason()))
            return
        if job.callback:
            self._post(job, verdict)
        _log.info(
            json.dumps(
                {
                    "function": job.function,
                    **job.content,
                    "event_id": verdict.event_id,
                    "run": verdict.run,
                    "state": verdict.state,
                    "attempts": progress.attempt,
                    "seconds": verdict.seconds,
                    "reason": verdict.reason["text"] if verdict.reason else None,
                },
                ensure_ascii=False,
            )
        )
        self._discard(job.row(1), job.row(max(1, progress.row - 1)), job.row(progress.row))

    def _enqueue_later(self, job: Job, progress: Progress, wait: float | None) -> None:
        with SetWorkflowID(job.row(progress.row)):
            self._enqueue(job, progress, wait)

    def _enqueue(self, job: Job, progress: Progress, wait: float | None) -> None:
        with SetEnqueueOptions(priority=job.priority, delay_seconds=wait):
            own = job.function if job.is_live else f"{job.function}{BACKFILL}"
            queue = SUSPECTS if progress.broke else own
            DBOS.enqueue_workflow(queue, self._workflow, job.stored(), progress.stored())
        if wait is None:
            self._queues.hurry(queue)

    def _discard(self, *rows: str) -> None:
        due = time.monotonic() + _STALE_SECONDS
        with self._rows:
            self._stale |= {row: due for row in rows if not (row.startswith(TICK) and row.endswith("|1"))}

    def _clean(self) -> None:
        offset = math.inf
        while not self._stop.wait(_STALE_SECONDS):
            try:
                before, offset = offset, time.time() - time.monotonic()
                if offset < before - _JUMP_SECONDS:
                    self._end_delays()
                self._queues.relax()
                self._remove_stale()
            except SQLAlchemyError as error:  # a lock that took too long; the next round will do
                _log.warning("job database: %s", error)

    def _end_delays(self) -> None:
        """Let what waits for its next attempt go on: the clock was set back, and it would wait for so much longer.

        At a start, too, since it may have been set back before.
        """
        for row in DBOS.list_workflows(status="DELAYED", load_input=False, load_output=False):
            DBOS.set_workflow_delay(row.workflow_id, delay_seconds=0)

    def _remove_stale(self) -> None:
        with self._rows:
            due = [row for row, moment in self._stale.items() if moment < time.monotonic()]
            if not due:
                return
            found = DBOS.list_workflows(workflow_ids=due, load_input=False, load_output=False)
            busy = {row.workflow_id for row in found if row.status in _ACTIVE}
            _delete(row for row in due if row not in busy)
            self._stale = {row: moment for row, moment in self._stale.items() if row in busy or row not in due}


def _delete(rows: Iterable[str]) -> None:
    if gone := list(rows):
        DBOS.delete_workflows(gone)
