"""The gateway's answers, read field by field: one of another version may say less, or say it otherwise."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from requests import Response

from siaga import moment
from siaga.answers import (
    CanaryFacts,
    JobFacts,
    JobName,
    OrderFacts,
    PlanFacts,
    PreviewFacts,
    SweepFigures,
    TourFigures,
    WantedFacts,
)
from siaga.errors import BadInput, Conflict, NotFound, Reason, SiagaError, Unavailable, reason
from siaga.printable import shown

_YEARS = range(2000, 2200)  # of moments that any clock of Indonesia can tell
_MOST = 1e12  # of counts and seconds
_NOT_FOUND, _CONFLICT, _BUSY, _LAST_OF_ASKER = 404, 409, 429, 499
_LOGIN = (401, 403)  # of this program, not of whoever asked it
_LONGEST = 200  # characters of a refusal that is no reason


@dataclass(frozen=True, slots=True)
class UnderWay:
    """answers: whether it answers at all. jobs, sweep, canary: None where nothing is known of them.

    unread_jobs: how many it named besides in another form. other_form: those of jobs, sweep and canary that were not
    understood, or that are missing and should be there; a gateway that is older than canaries need not tell of them.
    """

    answers: bool
    jobs: list[JobFacts] | None = None
    unread_jobs: int = 0
    sweep: SweepFigures | None = None
    canary: CanaryFacts | None = None
    other_form: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrdersTold:
    """orders: those that say which they are. unread: how many besides. unclear: of these, what they are about too.

    unclear holds ids: such an order says more than is understood of what is done again, or nothing that is.
    """

    orders: list[OrderFacts]
    unread: int
    unclear: frozenset[str]


def body(answer: Response) -> object:
    """What it holds; None where that is no JSON."""
    try:
        return answer.json()
    except ValueError:
        return None


def under_way(answer: object) -> UnderWay:
    """What is under way, as far as it can be read."""
    named = answer if isinstance(answer, dict) else {}
    listed = named.get("jobs")
    jobs = [_job(one) for one in listed] if isinstance(listed, list) else None
    understood = None if jobs is None else [one for one in jobs if one]
    sweep, canary = _sweep(named.get("sweep")), _canary(named.get("canary"))
    missed = {"jobs": understood is None, "sweep": sweep is None, "canary": not canary and bool(named.get("canary"))}
    return UnderWay(
        answers=True,
        jobs=understood,
        unread_jobs=len(jobs or ()) - len(understood or ()),
        sweep=sweep,
        canary=canary,
        other_form=tuple(name for name, is_missed in missed.items() if is_missed),
    )


def orders(answer: object) -> OrdersTold | None:
    """All orders; None where it tells of none in a form that is known."""
    listed = member(answer, "orders")
    if not isinstance(listed, list):
        return None
    read = [(order(one), one) for one in listed]
    known = [(found, one) for found, one in read if found]
    unclear = frozenset(found["id"] for found, one in known if not _is_clear(found["wanted"], one.get("wanted")))
    return OrdersTold([found for found, _one in known], len(read) - len(known), unclear)


def order(answer: object) -> OrderFacts | None:
    """One order; None where it does not say which. A count that it does not tell is None, a moment is ""."""
    if not isinstance(answer, dict) or not (name := _text(answer.get("id"))):
        return None
    total, done = _count(answer.get("total")), _count(answer.get("done"))
    is_counted = answer.get("total", "") is None or total is not None
    return {
        "id": name,
        "wanted": _wanted(answer.get("wanted")),
        "who": shown(_text(answer.get("who"))),
        "state": _text(answer.get("state")),
        "placed": _moment(answer.get("placed")) or "",
        "ended": _moment(answer.get("ended")) or "",
        "total": total,
        "enqueued": _count(answer.get("enqueued")),
        "done": done if is_counted else None,
        "reason": _reason(answer.get("reason")),
    }


def plan(answer: object) -> PlanFacts | None:
    """What an order would do; None where it does not say of how many inputs."""
    told = member(answer, "plan")
    if not isinstance(told, dict) or (count := _count(told.get("count"))) is None:
        return None
    functions, inputs = told.get("functions"), told.get("inputs")
    counts = functions.items() if isinstance(functions, dict) else ()
    return {
        "count": count,
        "functions": {shown(name): known for name, one in counts if (known := _count(one)) is not None},
        "inputs": [text for one in inputs if (text := _text(one))] if isinstance(inputs, list) else [],
        "seconds": _number(told.get("seconds")),
    }


def preview(answer: object) -> PreviewFacts | None:
    """A preview of a layout; None where it does not say which, or how far it is."""
    told = member(answer, "preview")
    if not isinstance(told, dict):
        return None
    name, state = _text(told.get("id")), _text(told.get("state"))
    if not (name and state):
        return None
    return {"id": name, "state": state, "reason": _reason(told.get("reason")), "file": _text(told.get("file"))}


def inputs(answer: object, name: str) -> list[JobName] | None:
    """The inputs that stand under that name, as what is done again or dropped does; None where none can be read."""
    listed = member(answer, name)
    if not isinstance(listed, list):
        return None
    return [
        {"function": one["function"], "bucket": one["bucket"], "key": one["key"], "state": one["state"]}
        for one in map(_job, listed)
        if one
    ]


def member(answer: object, name: str) -> object:
    """What stands under that name; None where nothing does."""
    return answer.get(name) if isinstance(answer, dict) else None


def refusal(status: int, answer: object) -> SiagaError:
    """The failure that an answer tells by its status and its words, of the kind that says what to do next."""
    kind: type[SiagaError] = Unavailable
    if status == _NOT_FOUND:
        kind = NotFound
    elif status == _CONFLICT:
        kind = Conflict
    elif 400 <= status <= _LAST_OF_ASKER and status not in (*_LOGIN, _BUSY):
        kind = BadInput
    said, text = _reason(member(answer, "reason")), _text(member(answer, "error"))[:_LONGEST]
    if said is None and text:
        return kind(text)
    if said is None:
        said = reason("The gateway refuses it with {status} and no reason that is understood", status=status)
    try:
        return kind(said["template"], **said["values"])
    except (LookupError, ValueError, TypeError, AttributeError, OverflowError):  # places that its values do not fill
        return kind(said["text"])


def _job(answer: object) -> JobFacts | None:
    """One job; None where it does not say of which input it is. A moment that it does not tell is ""."""
    if not isinstance(answer, dict):
        return None
    names = {name: _text(answer.get(name)) for name in ("function", "bucket", "key", "etag", "version_id", "state")}
    if not (names["bucket"] and names["key"]):
        return None
    return {
        "function": shown(names["function"]),
        "bucket": shown(names["bucket"]),
        "key": names["key"],
        "etag": names["etag"],
        "version_id": names["version_id"],
        "state": names["state"],
        "attempt": int(_number(answer.get("attempt")) or 0),
        "next": _moment(answer.get("next")),
        "reason": _reason(answer.get("reason")),
        "received": _moment(answer.get("received")) or "",
    }


def _sweep(answer: object) -> SweepFigures | None:
    if not isinstance(answer, dict) or "last" not in answer:
        return None
    recent, tour = _tour(answer.get("recent")), _tour(answer.get("tour"))
    last = _moment(answer["last"])
    if recent is None or tour is None or (last is None and answer["last"] is not None):
        return None
    return {"last": last, "last_full": _moment(answer.get("last_full")), "recent": recent, "tour": tour}


def _tour(answer: object) -> TourFigures | None:
    if not isinstance(answer, dict):
        return None
    keys, seconds = _count(answer.get("keys")), _number(answer.get("seconds"))
    return None if keys is None or seconds is None else {"keys": keys, "seconds": seconds}


def _canary(answer: object) -> CanaryFacts | None:
    if not isinstance(answer, dict):
        return None
    minutes, late, sent = _number(answer.get("minutes")), answer.get("late"), _moment(answer.get("sent"))
    if minutes is None or not isinstance(late, bool) or (sent is None and answer.get("sent") is not None):
        return None
    return {
        "minutes": minutes,
        "sent": sent,
        "published": _moment(answer.get("published")),
        "seconds": _number(answer.get("seconds")),
        "late": late,
    }


def _wanted(answer: object) -> WantedFacts:
    """What an order is about: those fields that are understood."""
    named = answer if isinstance(answer, dict) else {}
    inputs = named.get("inputs")
    found: dict[str, object] = {
        **{flag: named.get(flag) is True for flag in ("all", "failed", "missing", "report")},
        **{name: shown(_text(named.get(name))) for name in ("input", "older_than", "since", "until", "function")},
        "latest": _count(named.get("latest")),
        "older": _texts(named.get("older")),
        "inputs": [_words(one) for one in inputs] if isinstance(inputs, list) else [],
    }
    return cast(WantedFacts, {name: value for name, value in found.items() if value})


def _is_clear(read: WantedFacts, told: object) -> bool:
    """Whether all that an order said of what it is about was understood, and it said something."""
    return isinstance(told, dict) and bool(told) and {name for name, value in told.items() if value} == set(read)


def _words(answer: object) -> dict[str, str]:
    """Those members that are text."""
    named: Mapping[str, object] = answer if isinstance(answer, dict) else {}
    return {name: text for name, value in named.items() if (text := _text(value))}


def _texts(answer: object) -> list[str]:
    """A list of texts, whole; empty for anything else."""
    texts = [_text(one) for one in answer] if isinstance(answer, list) else []
    return texts if all(texts) else []


def _text(answer: object) -> str:
    """A text; "" for anything else."""
    return answer if isinstance(answer, str) and _is_whole(answer) else ""


def _is_whole(text: str) -> bool:
    """Whether a page can carry it: JSON may hold halves of a letter."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _count(answer: object) -> int | None:
    """A count; None for what is none."""
    number = _number(answer)
    return None if number is None else int(number)


def _number(answer: object) -> float | None:
    """A count or seconds; None for what is below nought, without end, or true or false."""
    if isinstance(answer, bool) or not isinstance(answer, int | float):
        return None
    return answer if 0 <= answer < _MOST else None


def _moment(answer: object) -> str | None:
    if not isinstance(answer, str):
        return None
    try:
        return answer if moment.parse(answer).year in _YEARS else None
    except ValueError:
        return None


def _reason(answer: object) -> Reason | None:
    if not isinstance(answer, dict) or not _is_whole(json.dumps(answer, ensure_ascii=False)):
        return None
    text, template, values = answer.get("text"), answer.get("template"), answer.get("values")
    if not isinstance(text, str):
        return None
    if not isinstance(template, str) or not isinstance(values, dict):
        template, values = "{text}", {"text": text}
    return {"text": text, "template": template, "values": values}
