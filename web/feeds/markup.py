"""XML as feeds write it: texts from outside without marks that XML forbids or nobody sees, and of bounded length."""

from hashlib import sha256
from xml.etree import ElementTree

from flask import Response, request

NAME, LINE, TEXT = 120, 300, 4000  # characters of a name, a line, a text; more is cut


def clean(text: object, most: int = LINE) -> str:
    """A text as it may stand in XML: control marks and marks that turn or hide others are left out, then it is cut.

    >>> clean("Palu\x00\u202e\ud800 <b>\xa0a", 9)
    'Palu <b>\xa0a'
    """
    kept = "".join(mark for mark in str(text) if mark.isprintable() or mark in "\n\xa0")
    return kept if len(kept) <= most else f"{kept[: most - 1]}…"


def add(parent: ElementTree.Element, tag: str, text: object = "", most: int = LINE, **attributes: str) -> None:
    """Put an element with that text at the end of its parent."""
    made = ElementTree.SubElement(parent, tag, {name: clean(value, TEXT) for name, value in attributes.items()})
    if text != "":
        made.text = clean(text, most)


def answer(root: ElementTree.Element, media_type: str) -> Response:
    """The document, with its hash as ETag; short where the reader has it already."""
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"
    response = Response(body, content_type=f"{media_type}; charset=utf-8")
    response.set_etag(sha256(body).hexdigest()[:32])
    response.make_conditional(request)  # the same response, shortened where the reader has it already
    return response
