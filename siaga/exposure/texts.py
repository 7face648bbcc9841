"""Texts whose encoding nothing says: names as people write them, whatever program stored them.

UTF-8 is tried first, since other texts are almost never valid in it; what is not valid is Windows-1252,
which holds all of ISO-8859-1's letters and is what a shapefile without .cpg has.
"""

import codecs
from collections.abc import Set
from dataclasses import dataclass

from siaga.errors import BadInput

_LONGEST = 200  # a name that is longer is cut; one endless text would make every batch that wide
_LOST = "\N{REPLACEMENT CHARACTER}"
_MARKED = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, slots=True)
class Text:
    """One line without marks that do not print. guessed: not in the encoding that the file was taken to have."""

    value: str
    guessed: bool = False


def of_field(text: str, file: str = "") -> Text:
    """A text as GDAL gives it: bytes that are not UTF-8 stand in it as lone surrogates.

    file: its name. Raises BadInput where an earlier conversion has thrown letters away.

    >>> of_field("S\\udce3o Tom\\udce9"), of_field("SÃ£o TomÃ©").value, of_field(" Mataram ")
    (Text(value='São Tomé', guessed=True), 'São Tomé', Text(value='Mataram', guessed=False))
    """
    if text.isascii():
        return Text(line(text))
    try:
        text.encode()
        read = _unfolded(text)
    except UnicodeEncodeError:
        read = _of_bytes(text.encode("utf-8", "surrogateescape"))
    if _LOST in read:
        raise BadInput(
            "{file}: letters of {text} were lost when the file was made; make it again in UTF-8",
            file=file,
            text=repr(line(read)),
        )
    return Text(line(read), read != text)


def note(file: str, guessed: Set[str]) -> BadInput:
    """What a reader should know of texts whose encoding was guessed."""
    return BadInput(
        "{file}: the encoding of {count} texts was guessed, {text} for one; if that is wrong, give the file in UTF-8",
        file=file,
        count=len(guessed),
        text=min(guessed),
    )


def of_file(body: bytes) -> str:
    """A whole text file. A mark at its beginning counts; so do the zeros of UTF-16 without one.

    >>> of_file("São".encode("latin-1")), of_file("São".encode("utf-16")), of_file("São".encode("utf-16-le"))
    ('São', 'São', 'São')
    """
    for mark, encoding in _MARKED:
        if body.startswith(mark):
            return body.decode(encoding, "replace")
    head = body[:1000]
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        zeros = head[first::2].count(0)
        if zeros > 0.4 * len(head[first::2]) and zeros > 2 * head[1 - first :: 2].count(0):
            return body.decode(encoding, "replace")
    return _of_bytes(body)


def line(text: str) -> str:
    """In one line, without marks that do not print."""
    return " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())[:_LONGEST]


def _of_bytes(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        # A table's field of fixed width may end within a letter.
        if error.reason == "unexpected end of data" and not body[: error.start].isascii():
            return body[: error.start].decode()
    try:
        return body.decode("cp1252")
    except UnicodeDecodeError:
        return body.decode("latin-1")


def _unfolded(text: str) -> str:
    """UTF-8 that was once read as Windows-1252 or ISO-8859-1, as it was meant; any other text as it is."""
    for encoding in ("cp1252", "latin-1"):
        try:
            return text.encode(encoding).decode()
        except (UnicodeEncodeError, UnicodeDecodeError):
            continue
    return text
