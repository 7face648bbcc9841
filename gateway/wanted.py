"""What an operator wants done again: the fields of an order as they are sent, read and checked."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import cast

from siaga.errors import BadInput
from siaga.events import Notification

AGES = ("exposure", "software", "edition")  # what a run records of what it was made with
MOST_INPUTS = 1000  # that one order may list
_FORMS = ("name", "inputs", "all", "latest", "failed", "missing", "older", "older_than")
_SAID = (
    '{"event_id": "…"}, {"input": "…"}, {"bucket": "…", "key": "…"}, {"inputs": [{"function", "bucket", "key"}]}, '
    '{"since": "…", "until": "…"}, {"latest": 10}, {"all": true}, {"failed": true}, {"missing": true}, '
    '{"older": ["exposure", "software", "edition"]} or {"older_than": "2026-11-01"}; '
    '"report": true, "function": "…" and "dry_run": true may stand beside it'
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One order. One of the first fields says what it is about, or a period alone; the others narrow it.

    name: an event's id, a folder, a key or a line of `siaga status`, done at once. inputs: (function, content).
    all: every input. latest: so many. since, until: when the events happened, UTC, stored form; "" for open.
    failed: refused or given up. missing: without a receipt. older: of AGES, what is another one today.
    older_than: the run was made before that moment. report: the report alone, of the runs that are shown.
    function: that alone; "" for any.
    """

    name: str = ""
    inputs: tuple[tuple[str, Notification], ...] = ()
    all: bool = False
    latest: int = 0
    failed: bool = False
    missing: bool = False
    older: tuple[str, ...] = ()
    older_than: str = ""
    since: str = ""
    until: str = ""
    report: bool = False
    function: str = ""

    @classmethod
    def parse(cls, sent: Mapping[str, object]) -> "Wanted":
        """Read what was sent. Raises BadInput that names the field."""
        bucket, key = sent.get("bucket"), sent.get("key")
        name = sent.get("event_id", sent.get("input", f"{bucket}/{key}" if bucket and key else ""))
        latest = sent.get("latest", 0)
        if not isinstance(latest, int) or latest < 0:
            raise BadInput("latest is {value}; write how many events, such as 10", value=repr(latest))
        wanted = cls(
            name=_text("event_id", name),
            inputs=_inputs(sent.get("inputs", [])),
            all=sent.get("all") is True,
            since=_moment("since", sent.get("since", "")),
            until=_moment("until", sent.get("until", "")),
            latest=int(latest),
            failed=sent.get("failed") is True,
            missing=sent.get("missing") is True,
            older=_ages(sent.get("older", [])),
            older_than=_moment("older_than", sent.get("older_than", "")),
            report=sent.get("report") is True,
            function=_text("function", sent.get("function") or ""),
        )
        forms = sum(bool(getattr(wanted, form)) for form in _FORMS)
        if forms > 1 or not (forms or wanted.since or wanted.until):
            raise BadInput("Reprocess what? Send one of {forms}", forms=_SAID)
        if wanted.until and wanted.until <= wanted.since:
            raise BadInput(
                "until {until} is not after since {since}; until itself is left out, so write the day after the last",
                until=wanted.until,
                since=wanted.since,
            )
        return wanted

    @property
    def is_named(self) -> bool:
        """Whether somebody names one event or input and waits for it; the other forms are ranges."""
        return bool(self.name)

    @property
    def id(self) -> str:
        """The same for the same order."""
        return hashlib.sha256(json.dumps(self.stored(), sort_keys=True).encode()).hexdigest()[:12]

    def stored(self) -> dict[str, object]:
        """As it is sent and stored: those fields that say something."""
        plain = {name: value for name, value in asdict(self).items() if value}
        if self.inputs:
            plain["inputs"] = [{"function": function} | one.content() for function, one in self.inputs]
        if self.name:
            plain["input"] = plain.pop("name")
        read: dict[str, object] = json.loads(json.dumps(plain))
        return read


def _text(field: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > 2000:
        raise BadInput("{field} is {value}; write a text", field=field, value=repr(value)[:80])
    return value.strip()


def _ages(value: object) -> tuple[str, ...]:
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list) or not all(one in AGES for one in given):
        raise BadInput("older is {value}; write one or more of {ages}", value=repr(value)[:80], ages=", ".join(AGES))
    return tuple(one for one in AGES if one in given)


def _inputs(value: object) -> tuple[tuple[str, Notification], ...]:
    if not isinstance(value, list) or len(value) > MOST_INPUTS:
        raise BadInput("inputs is no list of at most {count} inputs", count=MOST_INPUTS)
    try:
        return tuple((str(one["function"]), _content(one)) for one in value)
    except (TypeError, KeyError, AttributeError) as error:
        raise BadInput("inputs: each names its function, bucket and key") from error


def _content(one: Mapping[str, str]) -> Notification:
    return Notification(one["bucket"], one["key"], str(one.get("etag", "")), str(one.get("version_id", "")))


def _moment(field: str, value: object) -> str:
    """A moment as it is stored; without a zone it is UTC's. "" stays."""
    if value == "":
        return ""
    try:
        moment = datetime.fromisoformat(cast(str, value))
    except (TypeError, ValueError) as error:
        raise BadInput(
            "{field} is {value}; write a time such as 2018-02-20T09:29:28Z", field=field, value=repr(value)[:80]
        ) from error
    utc = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%SZ}"
