"""By hand: under which key a file is put."""

import os
from pathlib import Path

import pytest
from fixtures.grids import make_grid
from support.running import environment

from siaga import keys
from siaga.cli import ingest
from siaga.errors import BadInput
from siaga.settings import Settings


@pytest.mark.parametrize(
    ("path", "body", "key"),
    [
        ("/in/20180805/grid.xml", make_grid(event_id="20180805194635", nlon=3, nlat=3), "20180805194635/grid.xml"),
        ("/in/20180805/grid.xml", b'<sm:shakemap_grid xmlns:sm="x" event_id="us7000n05d">', "us7000n05d/grid.xml"),
        ("/in/20180805/grid.xml", b'<shakemap_grid event_id="../x"/>', "20180805/grid.xml"),
        ("/in/20180805/output/grid.xml", b"", "20180805/grid.xml"),
        ("/in/20180805/other.xml", b"\xff\xfe", "20180805/grid.xml"),
        ("/grid.xml", b"<x/>", "grid.xml"),
    ],
)
def test_the_key_is_the_one_an_uploader_would_choose(path, body, key):
    assert ingest.key_for(Path(path), body) == key


def test_a_folder_whose_name_is_no_text_is_said(tmp_path):
    folder = os.fsencode(tmp_path) + b"/bad\xff"
    os.mkdir(folder)
    path = Path(os.fsdecode(folder)) / "grid.xml"
    path.write_bytes(b"<x/>")
    with pytest.raises(BadInput, match="not Unicode"):
        ingest.put(Settings.load(environment(tmp_path / "home")), path, keys.SHAKEMAPS)
