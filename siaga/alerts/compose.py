"""What a message says: subject, plain text, HTML and the few lines for messengers, in the subscriber's language."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from siaga import dates, keys, moment, palette
from siaga.alerts import brief, change
from siaga.alerts.change import BELOW, CANCELLED, FIRST, UPDATE, Heard
from siaga.alerts.channel import Message
from siaga.alerts.facts import Facts
from siaga.alerts.record import TRIAL, Record
from siaga.alerts.subscription import Subscription
from siaga.catalog import Entry
from siaga.hazards import HAZARDS
from siaga.language import LANGUAGES, Language, load
from siaga.printable import shown
from siaga.store import Store

_TEMPLATES = Path(__file__).parent / "templates"
_LONGEST_SUBJECT = 150  # characters


@dataclass(frozen=True, slots=True)
class Event:
    """One version of an event as it goes out. entry: of the catalogue. key: its own. hidden: it is withdrawn."""

    entry: Entry
    key: str
    facts: Facts
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """That a message is a trial. name: of it, so that no other is taken for it. sentence: what its reader is told."""

    name: str
    sentence: str


class Files:
    """Picture and report of one version in each language, read once; None while there are none."""

    def __init__(self, store: Store, entry: Entry) -> None:
        """`store` with the rights of functions."""
        self._store, self._report = store, entry["report"]
        self._run = keys.Run.parse(entry["impact"]["key"]) if self._report else None
        self._read: dict[str, bytes] = {}

    def picture(self, language: str) -> bytes | None:
        """For messengers."""
        return self._of(f"share-{language}.png")

    def report(self, language: str) -> bytes | None:
        """The PDF."""
        return self._of(f"report-{language}.pdf")

    def _of(self, name: str) -> bytes | None:
        if self._run is None:
            return None
        if name not in self._read:
            self._read[name] = self._store.get(keys.RESULTS, self._run.key(name))[0]
        return self._read[name]


def title(event: Event, language: str) -> str:
    """What and where, on one line; an exercise says so first."""
    _ = load(language)
    text = shown(brief.of(event.entry, _).title)
    return f"{_('EXERCISE')}: {text}" if event.facts.drill else text


def of_event(
    event: Event,
    subscription: Subscription,
    kind: str,
    last: Heard | None,
    files: Files,
    public_url: str,
    stop: str,
    trial: Trial | None = None,
) -> Message:
    """The message about a version. last: what the subscriber heard before. stop: the address that ends it."""
    _, facts = load(subscription.language), event.facts
    told, ended = brief.of(event.entry, _), kind == CANCELLED
    changed = trial.sentence if trial else change.sentence(facts, last, kind, _) if last else ""
    first = f"{_('TRIAL')}: " if trial else ""
    page = _page(event, public_url, _)
    lines = [_line(line) for line in told.lines]
    if ended:  # figures that hold no longer stay out; that they were of demonstration data does not
        lines = lines[:1] + (lines[-1:] if event.entry["demonstration"] else [])
    level = "" if ended else _line(told.level_name)
    head = first + _marked(title(event, _.code), kind, facts.drill, _)
    known = brief.level_name(facts.hazard, facts.level, facts.people, _)
    subject = _short(f"{head}, {level if known else _('level not known')}" if level else head)
    with_files = kind in (FIRST, UPDATE)
    values = {
        "language": _.code,
        "nature": ", ".join(word for word, holds in ((_("TRIAL"), trial), (_("EXERCISE"), facts.drill)) if holds),
        "title": head,
        "level": level,
        "colour": _colour(facts),
        "changed": changed,
        "lines": lines,
        "page": page,
        "label": _("Page of the event") if ended else _("Figures, map and report"),
        "stop": stop,
        "picture": with_files and event.entry["report"] is not None,
        "rows": [],
    }
    return Message(
        id=f"{facts.event_id}.{facts.version}.{facts.run}.{subscription.id}.{trial.name if trial else kind}",
        kind=TRIAL if trial else kind,
        language=_.code,
        subject=subject,
        text=rendered("mail.txt", values, _),
        html=rendered("mail.html", values, _),
        short="\n".join([f"*{subject}*", *([changed] if changed else []), *lines, page]),
        page=page,
        stop=stop,
        picture=files.picture(_.code) if with_files else None,
        report=files.report(_.code) if with_files else None,
        report_name=keys.download_name(facts.event_id, facts.version, f"report-{_.code}.pdf"),
        facts=_for_machines(event, TRIAL if trial else kind, page, public_url),
    )


def of_held(
    records: Sequence[Record], subscription: Subscription, message_id: str, public_url: str, stop: str
) -> Message:
    """One message of what was held: of each event the last that was to be told, the newest first."""
    _ = load(subscription.language)
    head = _("{count} events", count=len(records)) if len(records) > 1 else _("A single event")
    rows = [(_row_title(one, _), _row_detail(one, subscription, _), _link(one, public_url, _.code)) for one in records]
    values = {
        "language": _.code,
        "nature": "",
        "title": head,
        "level": "",
        "colour": "",
        "changed": "",
        "lines": [_("These messages were held for you; the pages have the newest figures.")],
        "page": f"{public_url}/?lang={_.code}",
        "label": _("Figures, map and report"),
        "stop": stop,
        "picture": False,
        "rows": rows,
    }
    listed = "\n".join(f"{name} ({detail})\n{link}" if detail else f"{name}\n{link}" for name, detail, link in rows)
    facts = {
        "schema": "siaga/alert/1",
        "kind": "gathered",
        "events": [asdict(one) | {"reason": None} for one in records],
    }
    return Message(
        message_id,
        "gathered",
        _.code,
        f"Siaga: {head}",
        rendered("mail.txt", values, _),
        rendered("mail.html", values, _),
        f"*{head}*\n{listed}",
        f"{public_url}/",
        stop,
        None,
        None,
        "",
        facts,
    )


def _page(event: Event, public_url: str, _: Language) -> str:
    """Where to read on; of an event that is made up, the first page."""
    path = keys.Run.parse(event.entry["impact"]["key"]).page if event.key else ""
    return f"{public_url}/{path}?lang={_.code}"


def _link(record: Record, public_url: str, language: str) -> str:
    page = HAZARDS[record.hazard].page if record.hazard in HAZARDS else ""
    return f"{public_url}/{page}/{record.event_id}?lang={language}"


def _line(text: str) -> str:
    """On one line, without marks that turn or hide others; the space that a number is not broken at stays."""
    return "\xa0".join(map(shown, text.split("\xa0")))


def _short(subject: str) -> str:
    return subject if len(subject) <= _LONGEST_SUBJECT else f"{subject[: _LONGEST_SUBJECT - 1]}…"


def _row_title(record: Record, _: Language) -> str:
    """Of one event among those of a message; what was withdrawn or changed says so."""
    return _marked(shown(record.title), record.kind, record.title.startswith(_("EXERCISE")), _)


def _row_detail(record: Record, subscription: Subscription, _: Language) -> str:
    """Its level and its time by the clock of the subscription, as far as the record has them."""
    heard, details = record.heard, []
    if heard and record.kind != CANCELLED:
        details.append(brief.level_name(record.hazard, heard["level"], heard["people"], _) or _("level not known"))
    if heard.get("time"):
        when, zone = moment.parse(heard["time"]), subscription.time_zone
        details.append(dates.dated(when, _.code, zone))
    return ", ".join(details)


def _marked(head: str, kind: str, drill: bool, _: Language) -> str:
    """A title that says which kind of message it heads; an exercise says that it is one before that."""
    mark = {UPDATE: _("UPDATE"), BELOW: _("CORRECTION"), CANCELLED: _("CANCELLED")}.get(kind, "")
    return f"{mark}: {head}" if mark and not drill else f"{head} ({mark})" if mark else head


def _colour(facts: Facts) -> str:
    if facts.hazard == "earthquake" and facts.level:
        return palette.LEVEL[facts.level]
    return ""


def rendered(template: str, values: Mapping[str, object], _: Language) -> str:
    """A template of this folder in one language."""
    return _environment().get_template(template).render(values, _=_)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _for_machines(event: Event, kind: str, page: str, public_url: str) -> dict[str, object]:
    """Figures unrounded, null where they are not known; links to page and report, null where there is none yet."""
    facts, run = event.facts, keys.Run.parse(event.entry["impact"]["key"])
    names = "hazard event_id version run drill time received level people longitude latitude magnitude bounds".split()
    here = f"{public_url}/{run.page}"
    reports = {code: f"{here}/files/report-{code}.pdf" for code in LANGUAGES} if facts.has_report else None
    return {
        "schema": "siaga/alert/1",
        "kind": kind,
        "page": page,
        "name": {code: title(event, code) for code in LANGUAGES},
        "links": {"page": {code: f"{here}?lang={code}" for code in LANGUAGES}, "report": reports},
        "demonstration": event.entry["demonstration"],
    } | {name: getattr(facts, name) for name in names}
