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


def read(told: object) -> UnderWay:
    """Its answer, as far as it can be read."""
    named = told if isinstance(told, dict) else {}
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


def _job(told: object) -> JobFacts | None:
    """One job; None where it does not say of which input it is. A moment that it does not tell is ""."""
    if not isinstance(told, dict):
        return None
    names = {name: _text(told.get(name)) for name in ("function", "bucket", "key", "etag", "version_id", "state")}
    if not (names["bucket"] and names["key"]):
        return None
    return {
        "function": shown(names["function"]),
        "bucket": shown(names["bucket"]),
        "key": names["key"],
        "etag": names["etag"],
        "version_id": names["version_id"],
        "state": names["state"],
        "attempt": int(_number(told.get("attempt")) or 0),
        "next": _moment(told.get("next")),
        "reason": _reason(told.get("reason")),
        "received": _moment(told.get("received")) or "",
    }


def _sweep(told: object) -> SweepFigures | None:
    if not isinstance(told, dict) or "last" not in told:
        return None
    recent, tour = _tour(told.get("recent")), _tour(told.get("tour"))
    last = _moment(told["last"])
    if recent is None or tour is None or (last is None and told["last"] is not None):
        return None
    return {"last": last, "last_full": _moment(told.get("last_full")), "recent": recent, "tour": tour}


def _tour(told: object) -> TourFigures | None:
    if not isinstance(told, dict):
        return None
    keys, seconds = _number(told.get("keys")), _number(told.get("seconds"))
    return None if keys is None or seconds is None else {"keys": int(keys), "seconds": seconds}


def _canary(told: object) -> CanaryFacts | None:
    if not isinstance(told, dict):
        return None
    minutes, late = _number(told.get("minutes")), told.get("late")
    if minutes is None or not isinstance(late, bool):
        return None
    return {
        "minutes": minutes,
        "sent": _moment(told.get("sent")),
        "published": _moment(told.get("published")),
        "seconds": _number(told.get("seconds")),
        "late": late,
    }


def _text(told: object) -> str:
    """A text; "" for anything else."""
    return told if isinstance(told, str) and _is_whole(told) else ""


def _is_whole(text: str) -> bool:
    """Whether a page can carry it: JSON may hold halves of a letter."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _number(told: object) -> float | None:
    """A count or seconds; None for what is below nought, without end, or true or false."""
    if isinstance(told, bool) or not isinstance(told, int | float):
        return None
    return told if 0 <= told < _MOST else None


def _moment(told: object) -> str | None:
    if not isinstance(told, str):
        return None
    try:
        return told if moment.parse(told).year in _YEARS else None
    except ValueError:
        return None


def _reason(told: object) -> Reason | None:
    if not isinstance(told, dict) or not _is_whole(json.dumps(told, ensure_ascii=False)):
        return None
    text, template, values = told.get("text"), told.get("template"), told.get("values")
    if not isinstance(text, str):
        return None
    if not isinstance(template, str) or not isinstance(values, dict):
        template, values = "{text}", {"text": text}
    return {"text": text, "template": template, "values": values}
