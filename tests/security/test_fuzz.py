"""Every reader that `make fuzz` tries reads its seeds; and what once crashed one crashes none."""

from contextlib import suppress
from pathlib import Path

import fuzz
import pytest

from siaga.errors import BadInput

CRASHES = sorted((Path(__file__).parent / "crashes").iterdir())  # <reader>-<what it was>


@pytest.mark.parametrize("name", fuzz.READERS)
def test_a_reader_reads_its_seeds(name):
    read, seeds = fuzz.READERS[name]()
    assert seeds
    for seed in seeds:
        with suppress(BadInput):  # an answer that says an error is one of them
            read(seed)


@pytest.mark.parametrize("path", CRASHES, ids=lambda path: path.name)
def test_what_crashed_a_reader_is_refused_in_words(path):
    read, _seeds = fuzz.READERS[path.name.partition("-")[0]]()
    with pytest.raises(BadInput):
        read(path.read_bytes())
