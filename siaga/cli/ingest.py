"""By hand: put a file in as an uploader would, wait for what becomes of it, look at all inputs."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from siaga import keys, stack
from siaga.errors import NotFound
from siaga.events import ASKED, Notification
from siaga.hazards import RENDERER
from siaga.ignored import Folder, Ignored
from siaga.inputs.listing import listed
from siaga.printable import shown
from siaga.receipt import Receipt
from siaga.settings import Settings
from siaga.store import Store
from siaga.understood import UnderWay

_EVENT_ID = re.compile(rb"""<(?:\w+:)?shakemap_grid\b[^<>]*?\sevent_id\s*=\s*["']([^"']+)["']""")
_POLL = 0.1  # seconds


@dataclass(frozen=True, slots=True)
class InputState:
    """What became of an input.

    state: published, recorded (figures, and no report is made), analysed (figures, no report yet), received,
    refused, superseded, dead or dropped.
    url: the event's page, "" while there is none. run: folder in bucket results, or "".
    """

    state: str
    reason: str = ""
    url: str = ""
    run: str = ""

    @property
    def final(self) -> bool:
        """Whether waiting longer changes nothing."""
        return self.state in ("published", "recorded", "refused", "superseded", "dead", "dropped")


def key_for(path: Path, body: bytes) -> str:
    """The key under which an uploader would put this grid.xml: `<event id>/grid.xml`.

    The id is the file's own; where it cannot be read, the folder's name (a broken file is taken too,
    and refused where everybody sees it).
    """
    match = _EVENT_ID.search(body[: 1 << 16])
    name = match[1].decode(errors="replace") if match else ""
    if not keys.EVENT_ID.fullmatch(name):
        parent = path.resolve().parent
        name = parent.parent.name if parent.name == "output" else parent.name
    return f"{name}/grid.xml" if name else "grid.xml"


def put(settings: Settings, path: Path, bucket: str, key: str = "") -> Notification:
    """Put one file into an input bucket, to be done now however old it is; returns what was put."""
    body = path.read_bytes()
    named = Notification(bucket, key or key_for(path, body))
    etag = Store.connect(settings, "door").put(bucket, named.key, body, "application/xml", metadata=ASKED)
    return replace(named, etag=etag)


def state_of(store: Store, settings: Settings, notification: Notification) -> InputState:
    """What became of that content so far; `store` needs the rights of role web."""
    function = _woken(settings.stack, notification.bucket, notification.key)
    receipt = _receipt(store, function, notification)
    if receipt is None:
        return InputState("received")
    reason = receipt.reason["text"] if receipt.reason else ""
    if receipt.state != "done":
        return InputState(receipt.state, reason)
    run = keys.Run.parse(receipt.run)
    url = f"{settings.public_url}/{run.page}"
    impact = store.head(keys.RESULTS, run.key(keys.IMPACT))
    woken = Notification(keys.RESULTS, impact.key, impact.etag)
    report = _receipt(store, RENDERER, woken)
    if store.exists(keys.RESULTS, run.key(keys.REPORT)):  # asked last: it is written before its receipt
        return InputState("published", reason, url, str(run))
    if report is not None and report.state in ("refused", "dead"):
        return InputState(report.state, report.reason["text"] if report.reason else "", url, str(run))
    return InputState(
        "recorded" if report is not None and report.state == "done" else "analysed", reason, url, str(run)
    )


@cache
def _woken(path: Path, bucket: str, key: str) -> str:
    """The function that an input wakes. Raises NotFound where it wakes none."""
    woken = stack.waking(stack.load(path), bucket, key)
    if not woken:
        raise NotFound("{bucket}/{key} wakes no function", bucket=bucket, key=key)
    return woken[0].name


def wait(
    settings: Settings,
    notification: Notification,
    seconds: float,
    tell: Callable[[InputState], None] = lambda _: None,
) -> InputState:
    """Wait until the content is published or refused, at most `seconds`; `tell` hears of each new state."""
    store = Store.connect(settings, "web")
    deadline = time.monotonic() + seconds
    last = InputState("")
    while True:
        now = state_of(store, settings, notification)
        if now.state != last.state:
            tell(now)
        last = now
        if now.final or time.monotonic() > deadline:
            return now
        time.sleep(_POLL)


def inputs(settings: Settings, under_way: UnderWay) -> Iterator[tuple[str, str, str, str]]:
    """Every input: (state, bucket/key, when it came in UTC, reason); the newest content of each key."""
    store, reading = Store.connect(settings, "web"), Store.connect(settings, "functions")
    functions = stack.load(settings.stack)
    jobs = {Notification(job["bucket"], job["key"], job["etag"]): job for job in under_way.jobs or ()}
    waiting = "unknown" if under_way.jobs is None or under_way.unread_jobs else "received"
    for bucket in keys.INPUTS:
        folders = Folder(bucket)
        for head in listed(reading, bucket):
            came = f"{head.modified:%Y-%m-%d %H:%M:%S}"
            yield from map(_unused, folders.take(head))
            for function in stack.waking(functions, bucket, head.key):
                notification = Notification(bucket, head.key, head.etag)
                receipt = _receipt(store, function.name, notification)
                job = jobs.get(notification)
                state, reason = (shown(job["state"]) or "unknown", job["reason"]) if job else (waiting, None)
                state, reason = (receipt.state, receipt.reason) if receipt else (state, reason)
                yield state, f"{bucket}/{head.key}", came, reason["text"] if reason else ""
        yield from map(_unused, folders.rest())


def doubts(under_way: UnderWay) -> Iterator[str]:
    """What the gateway does not tell, as lines."""
    if not under_way.answers:
        yield f"{'unknown':<10} what is under way: the gateway does not answer"
    elif under_way.jobs is None:
        yield f"{'unknown':<10} what is under way: the gateway answers in a form that is not known here"
    elif under_way.unread_jobs:
        yield f"{'unknown':<10} {under_way.unread_jobs} more under way: told in a form that is not known here"
    if "canary" in under_way.other_form:
        yield f"{'unknown':<10} canary: told in a form that is not known here"


def canary(under_way: UnderWay) -> str:
    """How the last canary fared, as a line, and below it why it is late; "" where the gateway tells of none."""
    told = under_way.canary
    if told is None or not told["minutes"]:
        return ""
    if not told["sent"]:
        return f"{'waiting':<10} canary: none was sent yet; the first one goes within {told['minutes']:g} minutes"
    last = ""
    if told["published"] and told["seconds"] is not None:
        last = f"the last one came through at {told['published']} in {told['seconds']:.1f} s"
    late = f"the one of {told['sent']} is late" if told["late"] else ""
    state = "late" if late else "published" if last else "running"
    waiting = [job["reason"] for job in under_way.jobs or () if job["bucket"] == keys.CANARY] if late else []
    why = "".join(f"\n{'':<10} {shown(reason['text'])}" for reason in waiting[-1:] if reason)
    said = "; ".join(filter(None, (late, last))) or f"the one of {told['sent']} is under way"
    return f"{state:<10} canary: {said}{why}"


def _unused(one: Ignored) -> tuple[str, str, str, str]:
    """Of a folder with many files that wake nothing there is one line."""
    said = f"Its name does not end in {one.lacks}, so it wakes nothing"
    if one.count > 1:
        said = f"{one.count} files whose names do not end in {one.lacks}; they wake nothing"
    return "ignored", f"{one.bucket}/{one.shown}", f"{one.modified:%Y-%m-%d %H:%M:%S}", said


def _receipt(store: Store, function: str, notification: Notification) -> Receipt | None:
    try:
        return Receipt.decode(store.get(keys.LEDGER, keys.receipt(function, notification.receipt_id))[0])
    except NotFound:
        return None
