"""An operator's own data: each file is checked, then takes the place of its role in what is installed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from siaga.exposure import analysis_data, history

if TYPE_CHECKING:
    from siaga.store import Store


@dataclass(frozen=True, slots=True)
class Role:
    """What a file is for. title: for readers, where the operator gives none.

    check: what a file holds, in one line; raises BadInput saying what is wrong with it.
    """

    title: str
    check: Callable[[Path], str]


ROLES: Mapping[str, Role] = {"history": Role("Past quakes", history.check)}


def install(
    store: "Store", role: str, path: Path, *, title: str | None, source: str, licence: str, year: int | None
) -> str:
    """Check the file and install it; returns what it holds, in one line.

    Raises BadInput when it cannot serve, and then nothing has changed; OSError when it cannot be read.
    """
    said = ROLES[role].check(path)
    analysis_data.add(store, analysis_data.DataFile(role, path, title or ROLES[role].title, source, licence, year))
    return said
