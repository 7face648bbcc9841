"""Words and tables of the pages that the measurements write."""

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table; every cell a text."""
    shown = [heads, ["---"] * len(heads), *lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in shown)


def span(numbers: Iterable[int]) -> str:
    """The least and the greatest of several whole numbers, or the one that they all are."""
    found = sorted(set(numbers))
    return str(found[0]) if len(found) == 1 else f"{found[0]} to {found[-1]}"


def percent(share: float) -> str:
    """A share in whole per cent."""
    return f"{100 * share:.0f} %"


def number(size: float) -> str:
    """A number of deaths; two digits below ten."""
    return f"{size:,.0f}" if size >= 10 else f"{size:.2g}"
