"""The bytes of a grid.xml made into elements, with hostile eyes: everything is bounded before it is looked into."""

import re
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from siaga.errors import BadInput, Reason, reason

MAX_BYTES = 32 << 20  # BMKG's have 1.4 MiB, a map of a million nodes with three columns 23 MiB
MAX_MARKS, _USUAL_MARKS = 10_000, 100  # elements, or attributes; the most that are read, and that a map has

_BLANK = b" \t\r\n"
_BLANKS = re.compile(rb"[ \t\r\n]*")
_HEAD = 4096  # bytes; a declaration that stands within them was meant to come first
_PADDING = _BLANK + b"\x00\x1a"  # what full blocks and old editors leave at the end
_UTF16 = (b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<")
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s{0,20}=\s{0,20}["']([A-Za-z0-9._:-]{1,40})["']""")
_ONE_BYTE = {"latin-1": "cp1252", "iso-8859-1": "cp1252", "iso8859-1": "cp1252", "latin1": "cp1252"}
_ONE_BYTE |= {"windows-1252": "cp1252", "cp1252": "cp1252", "iso-8859-15": "iso-8859-15"}
_UNICODE = ("", "utf-8", "utf8", "us-ascii", "ascii", "ansi_x3.4-1968", *_ONE_BYTE)


def read(xml: bytes) -> tuple[Element, list[Reason]]:
    """The root element of a `grid.xml`, and what readers should know of its text.

    xml: the whole file, at most MAX_BYTES. Blanks, a byte order mark and comments before the XML declaration are
    passed over, blanks and NULs after the end too. Text that is UTF-8 is read so whatever the declaration says;
    other text by the one-byte encoding that is declared, or else as Windows-1252. Raises BadInput when it is no
    XML within the limits.
    """
    if not xml.strip(_PADDING):
        raise BadInput("The file is empty")
    if len(xml) > MAX_BYTES:
        size, limit = len(xml) >> 20, MAX_BYTES >> 20
        raise BadInput("The file has {size} MiB; at most {limit} MiB are read", size=size, limit=limit)
    if max(xml.count(b"<"), xml.count(b"=")) > MAX_MARKS:
        raise BadInput(
            "The file has more than {most} elements or attributes; a grid.xml has fewer than {usual}",
            most=MAX_MARKS,
            usual=_USUAL_MARKS,
        )
    text, said = (xml, []) if xml.startswith(_UTF16) else _text(_begun(xml))
    return _parsed(text), said


def local_name(element: Element) -> str:
    """The element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def line(text: str | None) -> str:
    """Text of an attribute as one line to be shown: no control marks, at most 200 characters."""
    shown = "".join(mark if mark.isprintable() else " " for mark in (text or "")[:1000])
    return " ".join(shown.split())[:200].rstrip()


def _begun(xml: bytes) -> bytes:
    """From the XML declaration on, where nothing but blanks and comments stands before it."""
    xml = xml.rstrip(_PADDING).removeprefix(b"\xef\xbb\xbf").lstrip(_BLANK)
    start = 0
    while xml.startswith(b"<!--", start):
        end = xml.find(b"-->", start + 4)
        if end < 0:
            break
        blanks = _BLANKS.match(xml, end + 3)
        start = blanks.end() if blanks else end + 3
    if xml.startswith(b"<?xml", start):
        return xml[start:]
    if b"<?xml" in xml[:_HEAD]:
        raise BadInput("Something stands before the XML declaration; remove all that comes before <?xml")
    return xml


def _text(xml: bytes) -> tuple[bytes | str, list[Reason]]:
    """The file's text; its bytes where the parser alone knows the encoding."""
    declared = _DECLARED.match(xml[:400])
    encoding = declared[1].decode().lower() if declared else ""
    if encoding not in _UNICODE:
        return xml, []
    try:
        return xml.decode(), []
    except UnicodeDecodeError:
        pass
    if encoding in _ONE_BYTE:
        return xml.decode(_ONE_BYTE[encoding], "replace"), []
    said = reason("The file's text is not UTF-8 as it says; it is read as Windows-1252, and names may be wrong")
    return xml.decode("cp1252", "replace"), [said]


def _parsed(text: bytes | str) -> Element:
    try:
        root: Element = ElementTree.fromstring(text, forbid_dtd=True)
    except DefusedXmlException as error:
        raise BadInput("The file has a document type or entities, which a grid.xml never has; remove them") from error
    except ParseError as error:
        line, column = error.position
        raise BadInput(
            "The file is cut off or not XML: {detail} (line {line}, column {column})",
            detail=str(error).partition(":")[0],
            line=line,
            column=column,
        ) from error
    except (ValueError, LookupError) as error:
        raise BadInput("The file is not XML: {detail}", detail=str(error)[:200]) from error
    if local_name(root) != "shakemap_grid":
        raise BadInput("The root element is {name}, not shakemap_grid", name=local_name(root)[:80])
    return root
