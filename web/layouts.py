"""Layouts of reports: looked at by operators on the newest report; put in force and rolled back by admins."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from flask import Blueprint, Flask, Response, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from siaga import moment
from siaga.accounts.account import ADMIN, OPERATOR
from siaga.errors import BadInput, Conflict, SiagaError
from siaga.inputs import layouts, logos, texts
from siaga.inputs.layouts import LONGEST, SECTIONS, Layout
from siaga.inputs.texts import LONGEST_LINE, PLACES, REPORT, Place, Text
from siaga.store import Store
from web import audit, layout_paper, layout_preview, login, tabs
from web.services import give, given, services
from web.texts import LANGUAGES, row

_NAME = "siaga-layouts"
TITLES = {  # of sections, by hazard
    "earthquake": {
        "preparing": "What to prepare: planning figures",
        "towns": "Most shaken places",
        "past": "Similar quakes of the past",
        "models": "Which model says what",
        "standing": "What stands there: structures, roads, land",
    },
    "flood": {
        "neighbourhoods": "Neighbourhoods by state",
        "structures": "What stands there: structures, roads",
    },
    "ash": {
        "effects": "What ash may do, by class",
        "towns": "Towns under ash",
        "preparing": "What to prepare: planning figures, and airports",
        "standing": "What stands there: structures, roads, land",
    },
}
_DIGITS = 7  # more than the number of a version has
_OUT = "0"  # the place of a section that is not printed

pages = Blueprint("layouts", __name__)


@dataclass(frozen=True, slots=True)
class Form:
    """What the form holds, as texts. places: by section its place, 0 for none."""

    head: str
    foot: str
    opening: str
    closing: str
    places: Mapping[str, str]

    @classmethod
    def of(cls, text: Text) -> "Form":
        """To be filled with a version."""
        hazard = text.place.hazard
        printed = text.layout.printed(hazard)
        alone = {section.name for section in SECTIONS[hazard] if section.alone}
        ordered = [name for name in printed if name not in alone]
        places = {name: str(ordered.index(name) + 1) for name in ordered} | dict.fromkeys(alone, "1")
        left_out = dict.fromkeys(text.layout.left_out, _OUT)
        head, _, foot = text.text.partition("\n")
        return cls(head, foot, text.layout.opening, text.layout.closing, places | left_out)

    @classmethod
    def sent(cls, place: Place) -> "Form":
        """As somebody has filled it in; a section that is not named stands in its usual place."""
        usual = cls.of(Text(place, 0, "", "", "")).places
        places = {name: request.form.get(f"place-{name}", number)[:2] for name, number in usual.items()}
        head, foot = (" ".join(request.form.get(name, "").split()) for name in ("head", "foot"))
        return cls(head, foot, request.form.get("opening", ""), request.form.get("closing", ""), places)

    def written(self, place: Place, logo: str) -> Text:
        """The version that it would be. Raises BadInput."""
        if self.foot and not self.head:
            raise BadInput("The line at the foot needs one at the head, which says who the report is from")
        titles = TITLES[place.hazard]
        order, places = dict[int, str](), dict(self.places)
        for section in SECTIONS[place.hazard]:
            number = places[section.name]
            if not number.isdecimal() or int(number) > len(titles):
                raise BadInput(
                    "The place of {section} is not on the list; choose one of it",
                    section=g.language(titles[section.name]),
                )
            if number != _OUT and not section.alone and (other := order.setdefault(int(number), section.name)):
                _check_alone(g.language(titles[section.name]), g.language(titles[other]), number)
        layout = Layout(
            logo=logo,
            opening=self.opening,
            closing=self.closing,
            order=tuple(order[number] for number in sorted(order)),
            left_out=tuple(name for name, number in places.items() if number == _OUT),
        )
        lines = "\n".join(filter(None, (self.head, self.foot)))
        return Text(place, 0, lines, login.name(), moment.stamp(g.now), layout=layout)


def _check_alone(one: str, other: str, number: str) -> None:
    if one != other:
        raise BadInput(
            "{one} and {other} both have place {number}; give each its own", one=one, other=other, number=number
        )


def install(app: Flask, store: Store | None) -> None:
    """Show them to operators where there is a store for it, with the rights of role operators."""
    give(app, _NAME, store, pages)


@pages.get("/layouts")
@login.page(OPERATOR)
def overview() -> tuple[str, int]:
    """A layout, its form and its versions."""
    return _page(texts.place_of(REPORT, request.args.get("hazard", PLACES[0].hazard), request.args.get("of", g.code)))


@pages.post("/layouts/look")
@login.page(OPERATOR)
def look() -> AnyResponse | tuple[str, int]:
    """The newest report as it would be printed with what the form holds, or with a version by its number."""
    return _tried(layout_preview.send)


@pages.post("/layouts/paper")
@login.page(OPERATOR)
def order_paper() -> AnyResponse | tuple[str, int]:
    """The same on paper; it is set elsewhere, so the answer is the page that waits for it."""
    return _tried(lambda text: redirect(url_for("layouts.paper", name=layout_paper.order(text)), 303))


@pages.get("/layouts/paper/<name>")
@login.page(OPERATOR)
def paper(name: str) -> str:
    """Page 1 of it, or how far it is."""
    return layout_paper.page(name)


@pages.get("/layouts/paper/<name>.<kind>")
@login.page(OPERATOR)
def paper_file(name: str, kind: str) -> Response:
    """Page 1 as PNG, all as PDF."""
    return layout_paper.send(name, kind)


@pages.post("/layouts/save")
@login.page(ADMIN)
def save() -> AnyResponse | tuple[str, int]:
    """Put it in force: reports that are made from now on are printed so."""
    place = _place()
    form = Form.sent(place)
    try:
        return _write(form.written(place, _logo(place)), _seen())
    except (BadInput, Conflict) as error:
        return _page(place, error, form)


@pages.post("/layouts/restore")
@login.page(ADMIN)
def restore() -> AnyResponse | tuple[str, int]:
    """Put an older version in force again."""
    place = _place()
    older = texts.version(_store(), place, request.form.get("number", ""))
    again = replace(older, who=login.name(), when=moment.stamp(g.now), restores=older.restores or older.number)
    try:
        return _write(again)
    except Conflict as error:
        return _page(place, error)


def _tried(show: Callable[[Text], AnyResponse]) -> AnyResponse | tuple[str, int]:
    """What is shown of the version that the form would write, or of one by its number; else the form and why not."""
    place, number = _place(), request.form.get("number", "")
    form = Form.sent(place)
    try:
        text = texts.version(_store(), place, number) if number else form.written(place, _logo(place))
        lines, layout = texts.cleaned(place, text.text), layouts.checked(place.hazard, text.layout)
        return show(replace(text, text=lines, layout=layout, number=text.number or _seen() + 1))
    except SiagaError as error:
        return _page(place, error, None if number else form)


def _write(text: Text, seen: int | None = None) -> AnyResponse:
    one = texts.write(_store(), text, seen)
    audit.about(f"{one.place} {one.number}" + (f" = {one.restores}" if one.restores else ""))
    services().index.texts.refresh()
    return redirect(url_for("layouts.overview", hazard=text.place.hazard, of=text.place.language))


def _place() -> Place:
    place = texts.place_of(REPORT, *(request.form.get(name, "")[:40] for name in ("hazard", "of")))
    audit.about(str(place))
    return place


def _seen() -> int:
    """The number of the version that was the newest when the form was shown."""
    seen = request.form.get("seen", "")
    return int(seen) if seen.isdecimal() and len(seen) < _DIGITS else 0


def _logo(place: Place) -> str:
    """The one that is sent, none where that is wished, else the one of the newest version."""
    sent = request.files.get("logo")
    if sent and sent.filename:
        return logos.drawn(sent.stream.read((logos.LARGEST_KIB << 10) + 1))
    newest = next(iter(texts.versions(_store(), place)), None)
    return newest.layout.logo if newest and "without-logo" not in request.form else ""


def _store() -> Store:
    return given(_NAME)


def _page(place: Place, error: SiagaError | None = None, form: Form | None = None) -> tuple[str, int]:
    there = texts.all_versions(_store(), place)
    newest = next((one for _number, one in there if one), Text(place, 0, "", "", ""))
    sections = SECTIONS[place.hazard]
    page = render_template(
        "layouts.html",
        tab="layouts",
        place=place,
        places=[one for one in PLACES if one.kind == REPORT],
        hazards=tabs.NAMES,
        tongues=LANGUAGES,
        titles=TITLES[place.hazard],
        sections=sections,
        numbers=range(1, 1 + sum(not section.alone for section in sections)),
        form=form or Form.of(newest),
        logo=newest.layout.logo,
        seen=there[0][0] if there else 0,
        versions=[_row(one) if one else {"number": number, "broken": True} for number, one in there],
        longest=LONGEST,
        largest=logos.LARGEST_KIB,
        longest_line=LONGEST_LINE,
        crowded=layout_preview.crowded() if place.hazard == "flood" else "",
        sentence=g.language.reason(error.reason()) if error else "",
    )
    return page, error.status if error else 200


def _row(one: Text) -> dict[str, object]:
    titles = TITLES[one.place.hazard]
    return row(one) | {
        "lines": one.text.splitlines(),
        "layout": one.layout,
        "order": [g.language(titles[name]) for name in one.layout.order if name in titles],
        "left_out": [g.language(titles[name]) for name in one.layout.left_out if name in titles],
    }
