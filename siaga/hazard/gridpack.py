"""A grid.xml that came packed: a zip or a gz that holds exactly one, told by its first bytes whatever its name."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

from siaga.errors import BadInput
from siaga.hazard.gridfile import MAX_BYTES

MAX_FILES = 1000  # in a zip; each costs memory before one of them is looked at

_ZIP, _GZIP = b"PK\x03\x04", b"\x1f\x8b"
_LISTED = b"PK\x01\x02"  # begins each file's entry in a zip's directory
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others may ask for any memory before they give a byte
_APPLE = "__MACOSX/"  # what a Mac adds to every zip
_ENCRYPTED = 1  # in a file's flags
_PIECE = 1 << 16
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)


def unpacked(body: bytes) -> bytes:
    """The grid.xml that `body` holds; `body` itself where it is neither zip nor gz.

    Never more than MAX_BYTES are unpacked, whatever the file says of itself. Raises BadInput when it does not hold
    exactly one grid.xml, is damaged, encrypted, or holds more.
    """
    if body.startswith(_ZIP):
        return _from_zip(body)
    return _bounded(_gunzipped(body)) if body.startswith(_GZIP) else body


def beside(body: bytes) -> int:
    """How many files a zip holds that are no grid.xml and thus are not read; 0 for anything else."""
    return sum(not _is_grid(name) for name in _names(_opened(body))) if body.startswith(_ZIP) else 0


def _from_zip(body: bytes) -> bytes:
    packed = _opened(body)
    grids = [name for name in _names(packed) if _is_grid(name)]
    if len(grids) != 1:
        raise BadInput("The zip holds {count} files named grid.xml; pack exactly one", count=len(grids))
    one = packed.getinfo(grids[0])
    if one.flag_bits & _ENCRYPTED:
        raise BadInput("The zip is encrypted; pack grid.xml without a password")
    if one.compress_type not in _METHODS:
        raise BadInput("The zip is packed in a way that is not read; pack grid.xml by deflate, as zip does by itself")
    try:
        with packed.open(one) as file:
            return _bounded(iter(lambda: file.read(_PIECE), b""))
    except _BROKEN as error:
        raise _damaged(error) from error


def _opened(body: bytes) -> zipfile.ZipFile:
    if body.count(_LISTED) > MAX_FILES:
        raise BadInput("The zip holds more than {limit} files; pack grid.xml alone", limit=MAX_FILES)
    try:
        return zipfile.ZipFile(io.BytesIO(body))
    except _BROKEN as error:
        raise _damaged(error) from error


def _names(packed: zipfile.ZipFile) -> list[str]:
    return [one for one in packed.namelist() if not one.endswith("/") and not one.startswith(_APPLE)]


def _is_grid(name: str) -> bool:
    return name.replace("\\", "/").rpartition("/")[2].lower().endswith("grid.xml")


def _gunzipped(body: bytes) -> Iterator[bytes]:
    """The content piece by piece; several members, as pigz or cat make them, are one file; padding is passed over."""
    rest = body
    while rest.startswith(_GZIP):
        member = zlib.decompressobj(16 + zlib.MAX_WBITS)
        try:
            while not member.eof:
                piece = member.decompress(rest, _PIECE)
                yield piece
                rest = member.unused_data if member.eof else member.unconsumed_tail
                if not (piece or rest or member.eof):
                    raise _damaged("the end is missing")
        except zlib.error as error:
            raise _damaged(error) from error


def _bounded(pieces: Iterator[bytes]) -> bytes:
    whole = bytearray()
    for piece in pieces:
        whole += piece
        if len(whole) > MAX_BYTES:
            raise BadInput("The packed file has more than {limit} MiB when unpacked", limit=MAX_BYTES >> 20)
    return bytes(whole)


def _damaged(detail: object) -> BadInput:
    return BadInput("The packed file is cut off or damaged: {detail}", detail=str(detail))
