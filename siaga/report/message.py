"""Texts for messengers, of whatever hazard: how they begin."""

from siaga.language import Language


def first_line(title: str, level: str, _: Language, *, drill: bool, demonstration: bool) -> str:
    """Level and what happened; that it is an exercise, or of stand-in data, comes before both.

    level: in words, "" where none is known.
    """
    marks = [_("EXERCISE")] if drill else []
    marks += [_("DEMONSTRATION DATA")] if demonstration else []
    marks += [level] if level else []
    return f"{' · '.join(marks)}: {title}" if marks else title
