"""Layouts of reports: what an agency may change of a hazard's pages in one language, and what of it is refused.

A small document and never a template: plain paragraphs, a picture, and which sections are printed in which order. It
holds no figure, and what a reader must not miss has no name here: level, people, how sure, what is not in the figures.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from siaga.errors import BadInput
from siaga.impact.stored.head import LayoutRecord

LONGEST = 280  # characters of a paragraph, two or three lines: page 1 has no room for more beside its figures
LARGEST_LOGO = 24 << 10  # bytes; it is part of each impact.json
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the pages after the first.

    stays: others may go before it, but it is always printed. alone: has a page of its own, the last. wide: takes the
    width of the page; two that do not stand side by side.
    """

    name: str
    stays: bool = False
    alone: bool = False
    wide: bool = False


# By hazard, in the usual order.
SECTIONS: Mapping[str, tuple[Section, ...]] = {
    "earthquake": (
        Section("preparing", stays=True),
        Section("towns"),
        Section("past"),
        Section("models"),
        Section("standing", alone=True),
    ),
    "flood": (Section("neighbourhoods", wide=True), Section("structures", wide=True)),
    "ash": (
        Section("effects", wide=True),
        Section("towns"),
        Section("preparing", stays=True),
        Section("standing", alone=True),
    ),
}


@dataclass(frozen=True, slots=True)
class Layout:
    """What is not as usual.

    logo: PNG in base64, "" for none. opening, closing: a paragraph on the first and on the last page, "" for none.
    order: names of sections that come first, in this order. left_out: those that are not printed.
    """

    logo: str = ""
    opening: str = ""
    closing: str = ""
    order: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def printed(self, hazard: str) -> list[str]:
        """The names of the sections that are printed, in their order; of later software's new ones, too.

        >>> Layout(order=("past",), left_out=("towns",)).printed("earthquake")
        ['past', 'preparing', 'models', 'standing']
        """
        known = [section.name for section in SECTIONS[hazard]]
        first = [name for name in self.order if name in known]
        return [name for name in first + [one for one in known if one not in first] if name not in self.left_out]

    def record(self, hazard: str, version: int) -> LayoutRecord:
        """As impact.json has it, whole, so that a report needs nothing else."""
        return {
            "version": version,
            "logo": self.logo,
            "opening": self.opening,
            "closing": self.closing,
            "sections": self.printed(hazard),
        }

    @classmethod
    def stored(cls, version: Mapping[str, object]) -> "Layout":
        """As it was written into a version. Raises TypeError."""
        return cls(
            logo=_text(version, "logo"),
            opening=_text(version, "opening"),
            closing=_text(version, "closing"),
            order=_names(version, "order"),
            left_out=_names(version, "left_out"),
        )


def _text(version: Mapping[str, object], name: str) -> str:
    text = version.get(name, "")
    if not isinstance(text, str):
        raise TypeError(f"{name} is no text")
    return text


def _names(version: Mapping[str, object], name: str) -> tuple[str, ...]:
    names = version.get(name, [])
    if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
        raise TypeError(f"{name} is no list of names")
    return tuple(names)


USUAL = Layout()


def checked(hazard: str, layout: Layout) -> Layout:
    """The layout without what does not print, and without what is as usual anyway. Raises BadInput."""
    _check_logo(layout.logo)
    order, left_out = _sections(hazard, layout)
    opening, closing = _plain(layout.opening), _plain(layout.closing)
    if len(opening) > LONGEST:
        raise BadInput("The opening paragraph is too long; write at most {most} characters", most=LONGEST)
    if len(closing) > LONGEST:
        raise BadInput("The closing paragraph is too long; write at most {most} characters", most=LONGEST)
    return replace(layout, opening=opening, closing=closing, order=order, left_out=left_out)


def _plain(text: str) -> str:
    """In one line, without marks that do not print."""
    return " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())


def _check_logo(logo: str) -> None:
    try:
        body = base64.b64decode(logo, validate=True)
    except ValueError:
        body = b"none"
    if body and (not body.startswith(_PNG) or len(body) > LARGEST_LOGO):
        raise BadInput("The logo cannot be read; send a PNG or JPEG picture")


def _sections(hazard: str, layout: Layout) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Order and what is left out, each as short as it can be said."""
    sections = SECTIONS[hazard]
    usual = tuple(section.name for section in sections if not section.alone)
    for name in (*layout.order, *layout.left_out):
        if name not in {section.name for section in sections}:
            raise BadInput("Reports of this hazard have no section {name}", name=repr(name[:40]))
    if len(set(layout.order)) < len(layout.order):
        raise BadInput("Sections share a place; give each its own")
    for section in sections:
        if section.stays and section.name in layout.left_out:
            raise BadInput(
                "The section {name} holds figures that are always printed; it cannot be left out",
                name=section.name,
            )
    order = tuple(name for name in layout.order if name in usual)
    left_out = tuple(section.name for section in sections if section.name in layout.left_out)
    whole: Sequence[str] = [*order, *(name for name in usual if name not in order)]
    return ((), left_out) if tuple(whole) == usual else (order, left_out)
