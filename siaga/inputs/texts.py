"""Texts that an agency writes itself, in versions that are never changed: the newest holds, an older one is restored.

Each version is an object of its own, `<kind>/<hazard>/<language>/<number>.json`; to restore an older one is to write it
again as the newest. So two who write at the same moment meet in the conditional PUT, and nothing is lost.
"""

import json
import logging
import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from typing import Any

from siaga import keys, moment
from siaga.errors import BadInput, Conflict, Forbidden, NotFound, Unavailable
from siaga.hazards import HAZARDS
from siaga.impact.stored import Impact
from siaga.impact.stored.head import Stationery
from siaga.inputs import layouts
from siaga.inputs.layouts import USUAL, Layout
from siaga.language import LANGUAGES
from siaga.store import Store

_log = logging.getLogger(__name__)
LANDING, REPORT = "landing", "report"  # stands above the list of a hazard; shapes its reports
LONGEST = 4000  # characters
LINES, LONGEST_LINE = 2, 80  # of a report: who it is from, and what stands at its foot; characters
_LARGEST = 1 << 16  # bytes of a version
_DEPTH = 3  # folders above a version
_KINDS = {"number": int, "text": str, "who": str, "when": str, "restores": int}  # of what a version says
_NUMBERED = re.compile(r"[0-9]{6}\.json")
_LINK = re.compile(r"(?:https?://|mailto:)[^\s<>\"']*[^\s<>\"'.,;:!?)\]]")
_BREAK = re.compile(r"\n[ \t]*\n\s*")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text stands. kind: LANDING or REPORT. hazard, language: of siaga.hazards and siaga.language."""

    kind: str
    hazard: str
    language: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.hazard}/{self.language}"


PLACES = tuple(Place(kind, hazard, code) for kind in (LANDING, REPORT) for hazard in HAZARDS for code in LANGUAGES)


@dataclass(frozen=True, slots=True)
class Text:
    """One version of a text.

    number: from 1 on. text: plain, "" where nothing shall stand; of a report the lines at its head and foot. restores:
    the number of the version that it restores, 0 for none. who: an account. when: UTC, as siaga.moment stamps it.
    layout: what else is not as usual in a report.
    """

    place: Place
    number: int
    text: str
    who: str
    when: str
    restores: int = 0
    layout: Layout = USUAL

    @property
    def key(self) -> str:
        """Where it lies in bucket texts; the names of versions sort as their numbers do."""
        return f"{self.place}/{self.number:06d}.json"

    def encode(self) -> bytes:
        """As it is stored; a layout that is as usual leaves no trace."""
        fields = asdict(self)
        if self.layout == USUAL:
            del fields["layout"]
        return json.dumps(fields, indent=1).encode()

    @classmethod
    def decode(cls, body: bytes) -> "Text":
        """Read it back. Raises BadInput."""
        try:
            stored: dict[str, Any] = json.loads(body)
            place = Place(**stored.pop("place"))
            for name, kind in _KINDS.items():
                if type(stored[name]) is not kind:
                    raise TypeError(f"its {name} is none")
            moment.parse(stored["when"])
            layout = Layout.stored(stored.get("layout", {}))
            return cls(place, **{name: stored[name] for name in _KINDS}, layout=layout)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BadInput("A text cannot be read: {detail}", detail=str(error)) from error


def place_of(kind: str, hazard: str, language: str) -> Place:
    """The place of that name; raises BadInput where there is none."""
    place = Place(kind, hazard, language)
    if place not in PLACES:
        raise BadInput("There is no place {name} for a text", name=repr(str(place)[:80]))
    return place


def cleaned(place: Place, text: str) -> str:
    """The text without what is neither printed nor a new line. Raises BadInput where that place has no room for it."""
    lines = ("".join(mark for mark in line if mark.isprintable()).rstrip() for line in text.splitlines())
    plain = "\n".join(lines).strip()
    if len(plain) > LONGEST:
        raise BadInput("The text is too long; write at most {most} characters", field="text", most=LONGEST)
    written = plain.splitlines()
    if place.kind == REPORT and (len(written) > LINES or any(len(line) > LONGEST_LINE for line in written)):
        raise BadInput(
            "A report has room for {count} lines of at most {most} characters: who it is from, and a line at its foot",
            field="text",
            count=LINES,
            most=LONGEST_LINE,
        )
    return plain


def paragraphs(text: str) -> list[list[tuple[str, str]]]:
    """Its paragraphs, which blank lines part: each in pieces with the address that a piece links to, "" for none.

    >>> paragraphs("See https://bmkg.go.id.\\n\\nEnd")
    [[('See ', ''), ('https://bmkg.go.id', 'https://bmkg.go.id'), ('.', '')], [('End', '')]]
    """
    return [_pieces(part) for part in _BREAK.split(text.strip()) if part]


def versions(store: Store, place: Place) -> list[Text]:
    """All versions of a text that can be read, the newest first. store: with the rights of role operators."""
    return [text for _number, text in all_versions(store, place) if text]


def all_versions(store: Store, place: Place) -> list[tuple[int, Text | None]]:
    """All versions of a text by their numbers, the newest first; None where one cannot be read."""
    listed = [head.key for head in store.list(keys.TEXTS, f"{place}/") if _is_version(head.key)]
    return [(int(key.rpartition("/")[2].removesuffix(".json")), _read(store, key)) for key in reversed(listed)]


def version(store: Store, place: Place, number: str) -> Text:
    """One version of a text by its number as a form sends it. Raises NotFound."""
    for one in versions(store, place):
        if str(one.number) == number:
            return one
    raise NotFound("The text {place} has no version {number}", place=str(place), number=number[:20])


def _is_version(key: str) -> bool:
    """Whether it names a version; whatever else lies beside them is nobody's text."""
    return key.count("/") == _DEPTH and bool(_NUMBERED.fullmatch(key.rpartition("/")[2]))


def _read(store: Store, key: str) -> Text | None:
    try:
        text = Text.decode(store.get(keys.TEXTS, key, at_most=_LARGEST)[0])
        if text.key != key:
            raise BadInput("A text cannot be read: {detail}", detail=f"it is {text.key}")
        return text
    except BadInput as error:
        _log.warning("%s/%s cannot be read: %s", keys.TEXTS, key, error)
        return None


def stationery(store: Store, hazard: str) -> Stationery:
    """What of a hazard's reports is the agency's own, as the newest version of each language has it.

    store: with the rights of role functions; one that gives none to these texts holds up no report. Raises
    Unavailable, also where a text cannot be read: it says nothing against the input that waits for it.
    """
    try:
        heads = (head.key for head in store.list(keys.TEXTS, f"{REPORT}/{hazard}/"))
        newest = {key.split("/")[2]: key for key in heads if _is_version(key)}
        return stationery_of({code: _listed(store, key) for code, key in newest.items() if code in LANGUAGES})
    except (NotFound, Forbidden) as error:
        _log.error("reports carry nothing of the agency: %s", error)
        return {}


def stationery_of(newest: Mapping[str, Text]) -> Stationery:
    """The same of versions by language. One that restores another is that one again, and so are its reports."""
    found: Stationery = {}
    lines = {code: one.text.splitlines() for code, one in newest.items() if one.text}
    others = {code: one for code, one in newest.items() if one.layout != USUAL}
    if lines:
        found["letterhead"] = lines
    if others:
        found["layout"] = {
            code: one.layout.record(one.place.hazard, one.restores or one.number) for code, one in others.items()
        }
    return found


def tried(impact: Impact, text: Text) -> Impact:
    """A copy of an analysis that carries that version, as if it were in force, and nothing else of the agency's."""
    copy = deepcopy(impact)  # the original is kept and shared
    provenance, own = copy["provenance"], stationery_of({text.place.language: text})
    provenance.pop("letterhead", None)
    provenance.pop("layout", None)
    if "letterhead" in own:
        provenance["letterhead"] = own["letterhead"]
    if "layout" in own:
        provenance["layout"] = own["layout"]
    return copy


def _listed(store: Store, key: str) -> Text:
    try:
        return Text.decode(store.get(keys.TEXTS, key, at_most=_LARGEST)[0])
    except NotFound as error:  # deleted since it was listed
        raise Unavailable(error.template, **error.values) from error
    except BadInput as error:
        raise Unavailable(
            "A layout of reports cannot be read; write it anew on the page /layouts, or delete {where}: {detail}",
            where=f"{keys.TEXTS}/{key}",
            detail=str(error),
        ) from error


def write(store: Store, text: Text, seen: int | None = None) -> Text:
    """Make it the newest version, whatever its number; where the newest says the same already, that is returned.

    It takes the place of a newest one that cannot be read, too. seen: the number of the version that whoever wrote has
    seen as the newest, 0 for none; None where nobody looked.

    store: with the rights of role operators. Raises BadInput, Conflict.
    """
    there = all_versions(store, text.place)
    number, newest = there[0] if there else (0, None)
    said = cleaned(text.place, text.text)
    layout = layouts.checked(text.place.hazard, text.layout)
    if newest and (newest.text, newest.layout) == (said, layout):
        return newest
    numbered = replace(text, text=said, number=number + 1, layout=layout)
    try:
        if seen not in (None, number):
            raise Conflict("Version {number} was written since", number=number)
        store.put(keys.TEXTS, numbered.key, numbered.encode(), "application/json", if_absent=True)
    except Conflict as error:
        raise Conflict("Another wrote this text a moment ago; look, and try again") from error
    return numbered


def _pieces(part: str) -> list[tuple[str, str]]:
    pieces, begin = list[tuple[str, str]](), 0
    for match in _LINK.finditer(part):
        pieces += [(part[begin : match.start()], ""), (match[0], match[0])]
        begin = match.end()
    return [piece for piece in [*pieces, (part[begin:], "")] if piece[0]]
