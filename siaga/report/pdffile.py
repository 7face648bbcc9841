"""A PDF as a file, each of its objects written once and packed once; pydyf writes them again for the fingerprint."""

import hashlib
import struct
import zlib
from collections.abc import Sequence
from functools import partial
from itertools import accumulate
from typing import IO

import pydyf

PACKING = 6  # zlib's level
_BEGINS, _ENDS = b"\nstream\n", b"\nendstream"  # of what a stream holds
_NO_TEXT = b"%\xf0\x9f\x96\xa4\n"  # so that whoever looks at the file takes it for binary
_PLACE = struct.Struct(">BIH")  # kind, place or number of the holder, number within it
_FREE, _BESIDE, _HELD = range(3)  # kinds of objects: none, with a place of its own, within a holder


def take_over(whole: pydyf.PDF) -> None:
    """Let the PDF be written by this module."""
    whole.write = partial(_write, whole)


def _write(whole: pydyf.PDF, output: IO[bytes], version: str, identifier: bytes, _compress: bool) -> None:
    """As pydyf.PDF.write. identifier: the first half of the file's; the second is a fingerprint of what it holds."""
    whole.add_object(whole.info)
    written = bytearray(f"%PDF-{version}\n".encode() + _NO_TEXT)
    held, holder = list[pydyf.Object](), len(whole.objects)
    places = [_PLACE.pack(_FREE, 0, 65535)]
    for one in whole.objects[1:]:
        if one.compressible:
            places.append(_PLACE.pack(_HELD, holder, len(held)))
            held.append(one)
        else:
            places.append(_PLACE.pack(_BESIDE, len(written), 0))
            written += _line(one)
    whole.add_object(_holding(held))
    places.append(_PLACE.pack(_BESIDE, len(written), 0))
    written += _line(whole.objects[-1])
    fingerprint = hashlib.md5(written, usedforsecurity=False).hexdigest()
    begins = len(written)
    table = _table(whole, [*places, _PLACE.pack(_BESIDE, begins, 0)], [identifier, fingerprint])
    written += _line(table) + f"startxref\n{begins}\n%%EOF\n".encode()
    output.write(written)


def _line(one: pydyf.Object) -> bytes:
    """The object with its number; a stream that may be packed is."""
    if isinstance(one, pydyf.Stream) and one.compress:
        one.compress = False
        body = one.data
        plain = body[body.index(_BEGINS) + len(_BEGINS) : -len(_ENDS)]
        one.stream, one.extra = [zlib.compress(plain, PACKING)], {**one.extra, "Filter": "/FlateDecode"}
    return bytes(one.indirect) + b"\n"


def _holding(held: Sequence[pydyf.Object]) -> pydyf.Stream:
    """A stream that holds objects, their numbers and places first."""
    bodies = [one.data for one in held]
    places = accumulate((len(body) + 1 for body in bodies), initial=0)
    index = " ".join(f"{one.number} {place}" for one, place in zip(held, places, strict=False))
    told = {"Type": "/ObjStm", "N": len(held), "First": len(index) + 1}
    return pydyf.Stream([index, *bodies], told, compress=True)


def _table(whole: pydyf.PDF, places: Sequence[bytes], identifier: Sequence[bytes | str]) -> pydyf.Stream:
    """Where each object lies, itself included, which is the last of them; readers begin with it."""
    told = {
        "Type": "/XRef",
        "Index": pydyf.Array((0, len(places))),
        "W": pydyf.Array((1, 4, 2)),
        "Size": len(places),
        "Root": whole.catalog.reference,
        "Info": whole.info.reference,
        "ID": pydyf.Array([pydyf.String(part).data for part in identifier]),
    }
    table = pydyf.Stream([b"".join(places)], told, compress=True)
    whole.add_object(table)
    return table
