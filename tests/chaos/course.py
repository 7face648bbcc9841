"""The course of a siege: idle, uploads under faults, poison, quiet again, verdict."""

import statistics
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

from support.running import wait_for

from chaos import oracle
from chaos.siege import USUAL, Pace, Siege, besieged
from chaos.uploads import POISON, Uploaders, made
from siaga.errors import SiagaError

_LATENCIES = 3
_ROUNDS = 5  # in which latency has to recover
_BESIDE = 120  # maps beside the poisons, which have a share of the slots meanwhile; more would only take longer
_SLACK_SECONDS = 1.0  # of a machine that does other work besides


class Course:
    """One siege from its start to its verdict; numbers of maps go up through all of it.

    punctual: seconds are judged too, which on a machine that does other work besides would judge that work.
    """

    def __init__(
        self,
        uploads: int,
        seed: int,
        seconds: float,
        *,
        reports: bool,
        poison=POISON,
        patience=1800.0,
        pace: Pace = USUAL,
        punctual=True,
    ):
        self._uploads, self._seed, self._seconds, self._reports = uploads, seed, seconds, reports
        self._poison, self._patience, self._pace = poison, patience, pace  # patience: seconds without any progress
        self._punctual = punctual
        self._number = 0
        self._acknowledged = []
        self._wrong: list[str] = []
        self.faults: Counter[str] = Counter()

    def run(self, say: Callable[[str], None]) -> list[str]:
        """Everything; returns what the oracle found, which is nothing when all is well."""
        began = time.monotonic()
        say(
            f"seed {self._seed}: {self._uploads} uploads, {'figures and reports' if self._reports else 'figures alone'}"
        )
        with besieged(self._seed, self._pace, reports=self._reports) as under:
            for what, why in under.skipped.items():
                say(f"NOT TRIED: {what}: {why}")
            idle = self._latency(under)
            self._suffer(under)
            say(f"{sum(self.faults.values())} faults: {', '.join(f'{n} × {one}' for one, n in self.faults.items())}")
            say(f"{len(self._acknowledged)} acknowledged, {under.announcer.harmed} announcements harmed")
            self._settled(under, say)
            self._poisoned(under, say)
            again = self._recovered(under, idle)
            say(f"a live map: {idle:.2f} s before, {again:.2f} s after")
            if self._punctual and again > 2 * idle + _SLACK_SECONDS:
                self._wrong.append(f"latency does not recover: {idle:.2f} s before, {again:.2f} s after")
            self._settled(under, say)
            findings = oracle.judge(under.store, self._acknowledged, reports=self._reports)
            found = [*findings.sentences, *self._wrong]
            under.keeps = bool(found)
        say(f"receipts: {dict(findings.states)}; {time.monotonic() - began:.0f} s in all")
        kinds = ("lost", "half", "doubled", "orphans", "wrong")
        say("VERDICT: " + ", ".join(f"{len(getattr(findings, kind))} {kind}" for kind in kinds))
        for sentence in found[:50]:
            say(f"  {sentence}")
        if found:
            say(f"its home, store and logs are kept: {under.home}")
        return found

    def _next(self, kind: str = "good"):
        self._number += 1
        return made(self._number, kind)

    def _latency(self, under: Siege) -> float:
        """Median seconds from the upload of a live map to its receipt."""
        seconds = []
        while len(seconds) < _LATENCIES:
            upload = self._next()
            if upload.kind == "cut" or not self._number % 2:
                continue
            started = time.monotonic()
            under.put("shakemaps", upload.key, upload.body)
            self._acknowledged.append(upload)
            wait_for(lambda key=upload.key: oracle.is_settled(under.store, key), 60, f"the receipt of {upload.key}")
            seconds.append(time.monotonic() - started)
        return statistics.median(seconds)

    def _recovered(self, under: Siege, idle: float) -> float:
        """The same, taken again while it is too long: other work of this machine may have been the reason."""
        for _ in range(_ROUNDS):
            again = self._latency(under)
            if not self._punctual or again <= 2 * idle + _SLACK_SECONDS:
                break
        return again

    def _suffer(self, under: Siege) -> None:
        """Uploads, and one fault after another: all kinds in turn, each turn in an order of its own.

        The first turn is always ended, so that no kind is left out where it takes longer than it should.
        """
        deadline = time.monotonic() + self._seconds
        uploads = [self._next() for _ in range(self._uploads)]
        clients = Uploaders(under, uploads, deadline).start()
        turn = under.rng.sample(under.faults(), len(under.faults()))
        while len(self.faults) < len(under.faults()) or ((clients.busy or turn) and time.monotonic() < deadline):
            turn = turn or under.rng.sample(under.faults(), len(under.faults()))
            fault = turn.pop()
            self.faults[fault] += 1
            under.suffer(fault, under.rng.uniform(*self._pace.lasting))
            time.sleep(under.rng.uniform(*self._pace.between))
        clients.join()
        self._acknowledged += clients.acknowledged

    def _settled(self, under: Siege, say: Callable[[str], None]) -> None:
        """Wait until all is settled, or nothing more is for as long as patience lasts; the oracle names the rest.

        Looking costs the machine as much as many maps do: between two looks, several times as long as one took.
        """
        started = time.monotonic()
        left, least, last = None, None, started
        while left != 0 and time.monotonic() - last < self._patience:
            looked = time.monotonic()
            try:
                left = oracle.unsettled(under.store, reports=self._reports)
            except SiagaError:  # the store is still starting again
                left = None
            if left is not None and (least is None or left < least):
                least, last = left, time.monotonic()
            if left != 0:
                time.sleep(max(0.5, 5 * (time.monotonic() - looked)))
        say(f"settled {time.monotonic() - started:.0f} s later" + (f", but for {left}" if left else ""))

    def _poisoned(self, under: Siege, say: Callable[[str], None]) -> None:
        """Poison and, while it is tried again, innocent maps: live ones do not wait until it is given up.

        None waits longer than one time-out, where seconds are judged.
        """
        uploads = [self._next(kind) for kind in self._poison]
        for upload in uploads:
            under.put("shakemaps", upload.key, upload.body)
        innocent = []
        deadline = time.monotonic() + self._patience
        while any(not oracle.is_settled(under.store, one.key) for one in uploads) and time.monotonic() < deadline:
            if len(innocent) < _BESIDE:
                innocent.append(self._next())
                under.put("shakemaps", innocent[-1].key, innocent[-1].body)
            time.sleep(1)
        self._acknowledged += [*uploads, *innocent]
        self._settled(under, say)
        told = {one["key"]: one for one in oracle.receipts(under.store)}
        ended = [one for one in innocent if one.key in told]  # the oracle names the others
        live, old = ([_seconds(told[one.key]) for one in ended if one.is_live == kind] for kind in (True, False))
        given_up = [_moment(told[one.key], "finished") for one in uploads if one.key in told]
        beside, behind = _held_up([told[one.key] for one in ended if one.is_live], given_up)
        if behind > beside / 2:
            self._wrong.append(f"{behind} of {beside} live maps waited until the poisons were given up")
        for name, waits in (("live", live), ("old", old)):
            if waits:
                median, longest = statistics.median(waits), max(waits)
                say(f"{len(waits)} {name} maps beside {len(uploads)} poisons: {median} to {longest} s")
        for upload in (one for one in uploads if one.key in told):
            receipt = told[upload.key]
            say(f"  {upload.kind}, {receipt['attempts']} attempts: {(receipt['reason'] or {}).get('text')}")
        longest = self._pace.timeout + under.start_seconds
        if self._punctual and max(live, default=0) > longest:
            self._wrong.append(f"a live map waited {max(live)} s, longer than a time-out and a start: {longest:g} s")


def _held_up(receipts: list[dict], given_up: list[datetime]) -> tuple[int, int]:
    """How many came before the last poison was given up, and how many of these ended only afterwards."""
    last = max(given_up, default=datetime.min.replace(tzinfo=UTC))
    beside = [one for one in receipts if _moment(one, "received") < last]
    return len(beside), sum(_moment(one, "finished") > last for one in beside)


def _seconds(receipt: dict) -> int:
    """From the upload to the receipt."""
    return round((_moment(receipt, "finished") - _moment(receipt, "received")).total_seconds())


def _moment(receipt: dict, name: str) -> datetime:
    return datetime.fromisoformat(receipt[name])
