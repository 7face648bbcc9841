"""What the gateway says is under way, read field by field: one of another version may say less, or say it otherwise."""

import json
from dataclasses import dataclass

import requests

from siaga import moment
from siaga.answers import CanaryFacts, JobFacts, SweepFigures, TourFigures
from siaga.errors import Reason
from siaga.printable import shown

_PATIENCE_SECONDS = 2
_YEARS = range(2000, 2200)  # of moments that any clock of Indonesia can tell
_MOST = 1e12  # of counts and seconds


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


def ask(url: str, token: str) -> UnderWay:
    """What the gateway at that URL says now."""
    try:
        answer = requests.get(
            f"{url}/siaga/jobs", headers={"Authorization": f"Bearer {token}"}, timeout=_PATIENCE_SECONDS
        )
    except requests.RequestException:
        return UnderWay(answers=False)
    try:
        return read(answer.json())
    except ValueError:
        return read(None)


def read(answer: object) -> UnderWay:
    """Its answer, as far as it can be read."""
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
    keys, seconds = _number(answer.get("keys")), _number(answer.get("seconds"))
    return None if keys is None or seconds is None else {"keys": int(keys), "seconds": seconds}


def _canary(answer: object) -> CanaryFacts | None:
    if not isinstance(answer, dict):
        return None
    minutes, late = _number(answer.get("minutes")), answer.get("late")
    if minutes is None or not isinstance(late, bool):
        return None
    return {
        "minutes": minutes,
        "sent": _moment(answer.get("sent")),
        "published": _moment(answer.get("published")),
        "seconds": _number(answer.get("seconds")),
        "late": late,
    }


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
