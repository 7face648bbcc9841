"""What an agency's layout makes of a report: its paragraphs and picture, and its sections in their order."""

import math
from collections.abc import Collection
from typing import TypedDict

from siaga.impact.stored import Impact
from siaga.impact.stored.head import LayoutRecord
from siaga.inputs.layouts import SECTIONS, USUAL
from siaga.language import Language
from siaga.report.fit import Fit

_LOGO_MM, _LINE_MM, _AIR_MM = 5.0, 3.9, 2.0  # what a logo is higher than the line that it stands in; of a paragraph
_LETTERS, _NAME = 118, 20  # of a line across the page; of the words before a paragraph


class Agency(TypedDict):
    """What templates print of it, "" for nothing. named: which version it is, at the end of where all comes from."""

    named: str
    logo: str
    opening: str
    closing: str


def of(impact: Impact, language: Language, fit: Fit) -> Agency:
    """Without paragraphs and logo where a page holds its figures in no other way."""
    found = _record(impact, language)
    if found is None:
        return {"named": "", "logo": "", "opening": "", "closing": ""}
    return {
        "named": f" {language('Layout {number}.', number=found['version'])}",
        "logo": found["logo"] if fit.dressed else "",
        "opening": found["opening"] if fit.dressed else "",
        "closing": found["closing"] if fit.dressed else "",
    }


def dresses(impact: Impact, language: Language) -> bool:
    """Whether there is a paragraph or a logo, which may give way."""
    found = _record(impact, language)
    return bool(found and (found["logo"] or found["opening"] or found["closing"]))


def prints(impact: Impact, language: Language, section: str) -> bool:
    """Whether that section is among those that are printed."""
    return section in _sections(impact, language)


def rows(impact: Impact, language: Language, without: Collection[str] = ()) -> list[list[str]]:
    """The sections below each other, two that are not wide side by side. without: those that have nothing to say."""
    known = {section.name: section for section in SECTIONS[impact["hazard"]]}
    made, open_ = list[list[str]](), False
    for name in _sections(impact, language):
        if name in without or known[name].alone:
            continue
        if open_ and not known[name].wide:
            made[-1].append(name)
            open_ = False
        else:
            made.append([name])
            open_ = not known[name].wide
    return made


def opening_mm(impact: Impact, language: Language) -> float:
    """Height that page 1 has less for its map."""
    found = _record(impact, language)
    return (_LOGO_MM * bool(found["logo"]) + _paragraph_mm(found["opening"])) if found else 0.0


def closing_mm(impact: Impact, language: Language) -> float:
    """Height that the last page has less."""
    found = _record(impact, language)
    return _paragraph_mm(found["closing"]) if found else 0.0


def _paragraph_mm(text: str) -> float:
    return _AIR_MM + _LINE_MM * math.ceil((len(text) + _NAME) / _LETTERS) if text else 0.0


def _record(impact: Impact, language: Language) -> LayoutRecord | None:
    return impact["provenance"].get("layout", {}).get(language.code)


def _sections(impact: Impact, language: Language) -> list[str]:
    found = _record(impact, language)
    known = USUAL.printed(impact["hazard"])
    return [name for name in found["sections"] if name in known] if found else known
