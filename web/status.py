"""Everything that came in and what became of it: for the operator a page, for machines JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TypedDict

from flask import Blueprint, Flask, Response, current_app, g, jsonify, render_template, request

from siaga import dates, gaps, keys, standing
from siaga.alerts.delivery import Counts
from siaga.answers import CanaryFacts, JobFacts
from siaga.errors import BadInput
from siaga.events import Notification
from siaga.ignored import Ignored
from siaga.inputs import drills
from siaga.moment import parse, stamp
from siaga.printable import shown
from siaga.receipt import Receipt
from siaga.report import figures
from siaga.understood import UnderWay
from web import board, clock, underway
from web.index import Index
from web.index.floods import Outage
from web.outlook import Outlook
from web.prefix import under
from web.services import services
from web.shell import freshness

_SHOWN = 100
_SHOWN_IGNORED = 20
STATES = {
    "received": "Received",
    "running": "Running",
    "retrying": "Trying again",
    "done": "Done",
    "refused": "Refused",
    "superseded": "Superseded",
    "dead": "Failed",
    "ignored": "Ignored",
    "dropped": "Dropped",
    "unknown": "Not known",
}
_PART_STATES = {"up": "Up again", "starting": "Starting", "waiting": "Starting again shortly"}

_NAME = "siaga-outlook"
pages = Blueprint("status", __name__)


class Line(TypedDict):
    """An input as a line of the page. key: as it is shown; exact: as it is. page: of its run."""

    state: str
    function: str
    bucket: str
    key: str
    exact: str
    received: str
    when: str
    text: str
    attempts: int
    warnings: list[str]
    lasted: str
    finished: str
    next: str
    page: dict[str, str] | None


def install(app: Flask, outlook: Outlook | None) -> None:
    """Tell how alerts stand, too, where this app may look."""
    app.extensions[_NAME] = outlook


@pages.get("/status.json")
def machine_status() -> Response:
    """What the status page tells, for machines; seconds, times in UTC, null is unknown."""
    index = services().index
    told = underway.ask(services().gateway_url, services().jobs_token)
    states = [_state(job) for job in told.jobs or ()] + ["unknown"] * told.unread_jobs
    return jsonify(
        {
            "schema": "siaga/status/1",
            "time": stamp(g.now),
            "index": {name: freshness(index)[name] for name in ("state", "seconds")},
            "backlog": None if told.jobs is None else {name: states.count(name) for name in sorted(set(states))},
            "failed": index.ledger.failed(0)[1],
            "done": index.ledger.receipts(("done",), 0)[1],
            "latency": board.latencies(index, g.now),
            "canary": told.canary,
            "sources": [
                {"name": one.name, "last": stamp(one.last) if one.last else None, "state": one.state}
                | {"usual_seconds": one.usual}
                for one in board.sources(index, g.now)
            ],
            "alerts": asdict(alerts) if (alerts := _alerts()) else None,
            "announced_without_map": [one["place"] for one in board.unmapped(index, g.now, g.language)],
        }
    )


@pages.get("/status")
def status() -> str:
    """The status page."""
    index = services().index
    wanted = request.args.get("q", "").strip()[:200]
    told = underway.ask(services().gateway_url, services().jobs_token)
    jobs = told.jobs or []
    decide, failed = index.ledger.failed(_SHOWN)
    settled, done = index.ledger.receipts(("done",), _SHOWN)
    superseded = index.ledger.receipts(("superseded",), 0)[1]
    waiting = [_job(job) for job in jobs] + _unknown(index, jobs)
    rows = sorted(waiting, key=lambda row: row["received"] or "", reverse=True)
    settled += index.ledger.receipts(("superseded", "dropped"), _SHOWN)[0]
    unused, unused_files = index.inputs.ignored(_SHOWN_IGNORED)
    if wanted:
        rows = [row for row in rows if wanted.casefold() in f"{row['bucket']}/{row['key']}".casefold()]
        unused = [one for one in unused if wanted.casefold() in one.shown.casefold()]
        settled = index.arrivals.receipts(
            wanted.rpartition("/")[2] if wanted.startswith(keys.BUCKETS) else wanted, _SHOWN
        )
    inputs = sorted(
        [*(receipt_row(one) for one in ([*settled, *decide] if not wanted else settled)), *_ignored(unused)],
        key=lambda row: row["finished"] or row["received"] or "",
        reverse=True,
    )
    return render_template(
        "status.html",
        tab="status",
        sent=_submitted(request.args.get("sent", "")),
        counts=[
            ("received", _of_state("received", rows)),
            *((name, _of_state(name, rows) if told.jobs is not None else None) for name in ("running", "retrying")),
            ("done", done),
            ("superseded", superseded),
            ("failed", failed),
        ],
        wanted=wanted,
        decide=[receipt_row(one) for one in decide],
        sources=board.source_rows(index, g.now, g.language),
        latencies=board.latency_rows(index, g.now, g.language),
        alerts=_alerts(),
        recent_days=board.RECENT_DAYS,
        unmapped_days=board.UNMAPPED_DAYS,
        unmapped=board.unmapped(index, g.now, g.language),
        rows=rows[:_SHOWN] + inputs[:_SHOWN],
        more=max(0, len(rows) - _SHOWN),
        unused_files=unused_files,
        gaps=_gaps(services().home),
        gateway=told,
        looks=_looks(told),
        canary=_canary(told.canary),
        parts=_parts(services().home),
        part_states=_PART_STATES,
        outages=[_outage(one) for one in index.floods.outages()],
        state_names=STATES,
        can_order="reprocess" in current_app.blueprints,
    )


def _alerts() -> Counts | None:
    """How alerts stand; None where that is not known."""
    outlook: Outlook | None = current_app.extensions[_NAME]
    return outlook.counts() if outlook else None


def _submitted(sent: str) -> str:
    """The id of the ash fall or exercise that was just submitted; "" for anything else that an address may carry."""
    if drills.EVENT_ID.fullmatch(sent):
        return sent
    try:
        return str(keys.EruptionId.parse(sent))
    except BadInput:
        return ""


def _of_state(state: str, rows: Sequence[Line]) -> int:
    return sum(row["state"] == state for row in rows)


def _looks(told: UnderWay) -> list[str]:
    """When the bucket was last looked through, in sentences, and what the gateway tells in no form that is known."""
    _, words = g.language, []
    if "canary" in told.other_form:
        words.append(_("How the last canaries fared is not known."))
    if "sweep" in told.other_form:
        words.append(_("When the inputs were last looked through is not known."))
    sweep = told.sweep
    if sweep is None or not sweep["last"]:
        return words
    recent, tour = sweep["recent"], sweep["tour"]
    words.append(
        _(
            "Recent inputs were last looked through at {when}: {count} keys in {seconds} s.",
            when=dates.clock(parse(sweep["last"]), "WIB", seconds=True),
            count=figures.whole(recent["keys"], _.code),
            seconds=figures.decimal(recent["seconds"], 1, _.code),
        )
    )
    if sweep["last_full"]:
        words.append(
            _(
                "All inputs: {count} keys, each looked at within {seconds} s; the last look at all at once ended on "
                "{when}.",
                count=figures.whole(tour["keys"], _.code),
                seconds=figures.decimal(tour["seconds"], 1, _.code),
                when=_moment(sweep["last_full"]),
            )
        )
    return words


def _canary(facts: CanaryFacts | None) -> dict[str, str | bool]:
    """How the last canaries fared, in words; nothing where none is sent or known."""
    if facts is None or not facts["minutes"] or not facts["sent"]:
        return {}
    words: dict[str, str | bool] = {"late": facts["late"], "sent": clock.when(facts["sent"], g.now, g.language)}
    words["published"] = ""
    if facts["published"] and facts["seconds"] is not None:
        words["published"] = clock.when(facts["published"], g.now, g.language)
        words["lasted"] = clock.lasted(facts["seconds"], g.language)
    return words


def _unknown(index: Index, jobs: Sequence[JobFacts]) -> list[Line]:
    """Inputs in the buckets that neither a receipt nor the gateway knows of yet."""
    known = {Notification(job["bucket"], job["key"], job["etag"]) for job in jobs}
    return [
        _row("received", function, notification, modified)
        for notification, function, modified in index.inputs.waiting(_SHOWN + len(known))
        if notification not in known
    ]


def _ignored(found: list[Ignored]) -> list[Line]:
    """What lies in the buckets of inputs under a name that wakes nothing, so that nobody waits for it in vain."""
    rows: list[Line] = []
    for one in found:
        said = g.language("Its name does not end in {name}, so it wakes nothing", name=one.lacks)
        if one.count > 1:
            said = g.language(
                "{count} files whose names do not end in {name}; they wake nothing", count=one.count, name=one.lacks
            )
        rows.append(_row("ignored", "", Notification(one.bucket, one.shown), stamp(one.modified)) | {"text": said})
    return rows


def _gaps(home: Path | None) -> list[dict[str, str]]:
    """The times of the last days in which nothing was taken up."""
    return [
        {"since": _moment(stamp(gap.since)), "until": _moment(stamp(gap.until))}
        | {"lasted": clock.lasted((gap.until - gap.since).total_seconds(), g.language)}
        for gap in (gaps.read(home) if home else [])
    ]


def _outage(one: Outage) -> dict[str, str]:
    """A time in which a source was not to be believed; the alarm while until is ""."""
    return {
        "region": one["region"],
        "since": _moment(one["since"]),
        "until": _moment(one["until"]),
        "text": g.language.reason(one["reason"]),
    }


def _moment(utc: str | None) -> str:
    return dates.dated(parse(utc), g.code) if utc else ""


def _parts(home: Path | None) -> list[dict[str, object]]:
    """The parts of this machine that are not up, or ended a short while ago."""
    found = standing.read(home) if home else []
    return [
        {
            "name": one.name,
            "state": one.state,
            "text": g.language.reason(one.reason),
            "restarts": one.restarts,
            "when": clock.when(one.ended or one.since, g.now, g.language),
        }
        for one in found
        if one.is_news(g.now)
    ]


def _page(run: str) -> dict[str, str]:
    """The page of a run."""
    where = keys.Run.parse(run)
    return {"url": under(f"/{where.page}"), "name": where.event_id, "version": str(where.version)}


def _state(job: JobFacts) -> str:
    """That of the job; a gateway of another version may have more of them."""
    return job["state"] if job["state"] in STATES else "unknown"


def _job(job: JobFacts) -> Line:
    row = _row(_state(job), job["function"], Notification(job["bucket"], job["key"]), job["received"])
    row["when"] = row["when"] or g.language("not known")
    row["text"], row["attempts"] = g.language.reason(job["reason"]), job["attempt"]
    row["next"] = dates.clock(parse(job["next"]), "WIB", seconds=True) if job["next"] else ""
    return row


def receipt_row(receipt: Receipt) -> Line:
    """A receipt as a row of a table: its state, what it says, its input, and when."""
    row = _row(receipt.state, receipt.function, receipt.notification, receipt.received)
    row |= {"text": g.language.reason(receipt.reason), "attempts": receipt.attempts}
    row |= {"finished": receipt.finished, "when": clock.when(receipt.finished, g.now, g.language)}
    row["warnings"] = [g.language.reason(warning) for warning in receipt.warnings]
    row["lasted"] = clock.lasted(receipt.seconds, g.language)
    if receipt.state == "done" and receipt.run.startswith("earthquake/"):
        row["page"] = _page(receipt.run)
    return row


def _row(state: str, function: str, notification: Notification, received: str) -> Line:
    return {
        "state": state,
        "function": function,
        "bucket": notification.bucket,
        "key": shown(notification.key),
        "exact": notification.key,
        "received": received,
        "when": clock.when(received, g.now, g.language) if received else "",
        "text": "",
        "attempts": 0,
        "warnings": [],
        "lasted": "",
        "finished": "",
        "next": "",
        "page": None,
    }
