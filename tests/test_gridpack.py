"""A grid.xml that comes as a zip or gz: read whole, or refused in a sentence before it costs memory."""

import gzip
import io
import struct
import tracemalloc
import zipfile

import pytest
from fixtures.grids import make_grid

from siaga.errors import BadInput
from siaga.hazard import gridpack
from siaga.hazard.gridfile import MAX_BYTES
from siaga.hazard.gridxml import read_shakemap

GRID = make_grid(nlon=7, nlat=7)


def zipped(method=zipfile.ZIP_DEFLATED, **files):
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", method) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return body.getvalue()


def of(*names):
    return zipped(**dict.fromkeys(names, GRID))


@pytest.mark.parametrize(
    "body",
    [
        GRID,
        of("grid.xml"),
        of("20180805194635/output/GRID.XML"),
        of("20180805194635\\output\\grid.xml"),
        zipped(zipfile.ZIP_STORED, **{"grid.xml": GRID}),
        zipped(**{"a/": b"", "a/grid.xml": GRID, "__MACOSX/a/._grid.xml": b"\0", "a/stationlist.xml": b"<x/>"}),
        gzip.compress(GRID),
        gzip.compress(GRID[:500]) + gzip.compress(GRID[500:]) + b"\0" * 512,
    ],
    ids=["plain", "zip", "folders", "Windows", "stored", "Mac", "gz", "members and padding"],
)
def test_what_holds_one_map_gives_that_map(body):
    assert gridpack.unpacked(body) == GRID
    assert read_shakemap(gridpack.unpacked(body)).event_id == read_shakemap(GRID).event_id


def test_files_beside_the_map_in_a_zip_are_counted():
    assert gridpack.beside(zipped(**{"grid.xml": GRID, "a.jpg": b"", "b.txt": b"", "c/": b""})) == 2
    assert gridpack.beside(of("grid.xml")) == gridpack.beside(gzip.compress(GRID)) == gridpack.beside(GRID) == 0


def encrypted():
    body = bytearray(of("grid.xml"))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        body[body.find(signature) + offset] |= 1
    return bytes(body)


def pretending():
    """A zip that says that its bomb is small."""
    body = bytearray(zipped(**{"grid.xml": b" " * (MAX_BYTES + 1)}))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<L", body, body.find(signature) + offset, 100)
    return bytes(body)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (of("a/grid.xml", "b/grid.xml"), "holds 2 files named grid.xml"),
        (of("hazard.xml"), "holds 0 files named grid.xml"),
        (of(*(f"{number}.txt" for number in range(1001))), "more than 1000 files"),
        (of("grid.xml")[:300], "cut off or damaged"),
        (of("grid.xml")[:-30], "cut off or damaged"),
        (of("grid.xml").replace(of("grid.xml")[60:70], b"\xff" * 10), "cut off or damaged"),
        (encrypted(), "encrypted"),
        (zipped(zipfile.ZIP_LZMA, **{"grid.xml": GRID}), "by deflate"),
        (zipped(**{"grid.xml": b" " * (MAX_BYTES + 1)}), "more than 32 MiB"),
        (pretending(), "cut off or damaged"),
        (gzip.compress(GRID)[:-20], "the end is missing"),
        (gzip.compress(GRID, mtime=0)[:6], "the end is missing"),  # it names the test, for every worker alike
        (gzip.compress(GRID)[:40] + b"\xff" * 40 + gzip.compress(GRID)[80:], "cut off or damaged"),
        (gzip.compress(b" " * (MAX_BYTES + 1)), "more than 32 MiB"),
        (b"PK\x03\x04", "cut off or damaged"),
        (b"\x1f\x8b", "the end is missing"),
    ],
)
def test_what_does_not_is_refused_in_a_sentence(body, said):
    with pytest.raises(BadInput, match=said):
        gridpack.unpacked(body)


def test_a_bomb_costs_no_more_than_the_limit():
    bomb = gzip.compress(b"\0" * (1 << 20)) * 2000  # 2 GiB
    tracemalloc.start()
    try:
        with pytest.raises(BadInput):
            gridpack.unpacked(bomb)
        assert tracemalloc.get_traced_memory()[1] < 3 * MAX_BYTES
    finally:
        tracemalloc.stop()
