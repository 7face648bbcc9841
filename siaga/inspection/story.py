"""One event's story, out of what parts have logged and what store and ledger hold: a line for each step, in order."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from siaga import keys, moment
from siaga.errors import BadInput, NotFound
from siaga.events import Notification
from siaga.hazards import HAZARDS, RENDERER
from siaga.receipt import Receipt
from siaga.store import Store

_NAMES = ("key", "path", "run", "event_id")  # fields of a line that may name an event
_RECORD = "sftp.jsonl"


@dataclass(frozen=True, slots=True)
class Step:
    """time: UTC. part: who says so. text: in a few words. facts: all that the line holds."""

    time: datetime
    part: str
    text: str
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Traces:
    """What the store holds of an event. names: folders and ids under which logs may speak of it."""

    names: frozenset[str]
    steps: tuple[Step, ...]


def traces(event_id: str, store: Store, inputs: Store) -> Traces:
    """Its inputs, entries and receipts. store: with the rights of role web; inputs: of role functions.

    Lists what lies under its own names alone. Raises Unavailable.
    """
    contents: dict[Notification, str] = {}
    names, steps = {event_id}, list[Step]()
    for bucket in (*keys.INPUTS, keys.CANARY):
        for head in inputs.list(bucket, f"{event_id}/"):
            if function := keys.woken(keys.SHAKEMAPS if bucket == keys.CANARY else bucket, head.key):
                contents[Notification(bucket, head.key, head.etag)] = function
    for hazard in HAZARDS:
        for head in store.list(keys.RESULTS, f"{hazard}/{event_id}/"):
            if head.key.endswith(f"/{keys.IMPACT}"):
                contents[Notification(keys.RESULTS, head.key, head.etag)] = RENDERER
                with suppress(NotFound, BadInput, ValueError, KeyError, TypeError):
                    of_entry = _of_entry(store, keys.Run.parse(head.key), contents)
                    names.add(keys.folder_id(str(of_entry[-1].facts["key"])))
                    steps += of_entry
    for content, function in contents.items():
        with suppress(NotFound, BadInput):
            steps += _of_receipt(Receipt.decode(store.get(keys.LEDGER, keys.receipt(function, content.receipt_id))[0]))
    return Traces(frozenset(names), tuple(steps))


def _of_entry(store: Store, run: keys.Run, contents: dict[Notification, str]) -> list[Step]:
    """When it happened, when its map was made and came; its input is added to the contents."""
    happened = store.head(keys.RESULTS, run.key(keys.IMPACT)).metadata[keys.EVENT_TIME]
    entry = json.loads(store.get(keys.RESULTS, str(keys.CatalogEntry.of(run, moment.parse(happened))))[0])
    came = entry["arrival"]
    contents[Notification(came["bucket"], came["key"], came["etag"])] = HAZARDS[run.hazard].function
    steps = [Step(moment.parse(happened), "-", f"{run.hazard} {run.event_id} happened")]
    if entry.get("process_time"):
        steps.append(Step(moment.parse(entry["process_time"]), "-", f"its map {run.version} was made"))
    return [*steps, Step(moment.parse(came["received"]), "store", f"{came['bucket']}/{came['key']} came", came)]


def _of_receipt(receipt: Receipt) -> Iterator[Step]:
    content = f"{receipt.notification.bucket}/{receipt.notification.key}"
    if receipt.started:
        yield Step(
            moment.parse(receipt.started), "ledger", f"{receipt.function} began with {content}, try {receipt.attempts}"
        )
    why = f": {receipt.reason['text']}" if receipt.reason else ""
    text = f"{receipt.function} {receipt.state} after {receipt.seconds:.1f} s{why}"
    yield Step(moment.parse(receipt.finished), "ledger", text, {"run": receipt.run, "warnings": list(receipt.warnings)})


def logged(folder: Path, names: Iterable[str]) -> Iterator[Step]:
    """What the logs and the door's record in SIAGA_HOME hold of these names; files that cannot be read hold nothing."""
    wanted = frozenset(names)
    for path in sorted([*folder.glob("logs/*.log*"), *folder.glob(f"audit/{_RECORD}*")]):
        with suppress(OSError), path.open(encoding="utf-8", errors="replace") as lines:
            yield from spoken(lines, wanted, path.name.partition(".")[0])


def spoken(lines: Iterable[str], names: Iterable[str], part: str = "") -> Iterator[Step]:
    """The steps of these names among lines of JSON, each behind its moment or with a field `time`."""
    wanted = frozenset(names)
    for line in lines:
        if any(name in line for name in wanted) and (step := _step(line, part)) and _is_about(step.facts, wanted):
            yield step


def _step(line: str, part: str) -> Step | None:
    """One line: part and bar (compose), moment (all but the door), JSON; the door's has its moment inside."""
    head, brace, rest = line.partition("{")
    try:
        words = _of_journal(head.split())
        facts = json.loads(f"{brace}{rest}")
        time = moment.parse(words[-1] if words else facts["time"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    named = words[0] if words[1:2] == ["|"] else part
    return Step(time, named or "?", _words(facts), facts)


def _of_journal(words: list[str]) -> list[str]:
    """What journalctl writes before a line (moment, machine, unit) as compose writes it; other words as they are."""
    if len(words) < 3 or not words[2].endswith("]:"):
        return words
    return [words[2].partition("[")[0].removeprefix("siaga-"), "|", moment.stamp(datetime.fromisoformat(words[0]))]


def _is_about(facts: Mapping[str, object], names: frozenset[str]) -> bool:
    """Whether a field names it as a whole, or as a folder on a path."""
    return any(names & set(str(facts.get(field, "")).split("/")) for field in _NAMES)


def _words(facts: Mapping[str, object]) -> str:
    """What a line of JSON says, in a few words: those fields that tell something, in their order."""
    shown = (
        f"{name}={_short(value)}" for name, value in facts.items() if name != "time" and value not in (None, "", [], {})
    )
    return " ".join(shown)


def _short(value: object) -> str:
    if isinstance(value, dict) and "text" in value:
        return str(value["text"])
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else str(value)
