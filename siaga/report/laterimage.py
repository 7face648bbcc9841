"""An image that a page is laid out with before it is there: a PNG, which goes into the PDF as it is."""

import struct
from typing import Protocol

import pydyf

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LENGTH = struct.Struct(">I")
_HEADER = struct.Struct(">IIBBBBB")
_RGB = (8, 2, 0, 0, 0)  # depth, colours, compression, filter, not interlaced


class _Page(Protocol):
    """What WeasyPrint draws a page on, as far as an image needs it."""

    def add_image(self, image: "LaterImage", interpolate: bool, ratio: float) -> str: ...
    def transform(self, a: float, b: float, c: float, d: float, e: float, f: float) -> None: ...
    def draw_x_object(self, reference: str) -> None: ...


class LaterImage:
    """Stands where WeasyPrint has its own images; the page's styles say how large it is.

    PNG and PDF pack pixels the same way, so nothing is unpacked or packed anew.
    """

    id = "later"  # by it a PDF knows its images apart

    def __init__(self) -> None:
        """Its bytes come before the PDF is written: 8 bits of red, green and blue, not interlaced."""
        self.png = b""

    def get_intrinsic_size(self, _resolution: float, _font_size: float) -> tuple[None, None, None]:
        """None of its own."""
        return None, None, None

    def draw(self, stream: _Page, width: float, height: float, _style: object) -> None:
        """Place it. stream: of the page."""
        name = stream.add_image(self, True, 1)
        stream.transform(width, 0, 0, -height, 0, height)
        stream.draw_x_object(name)

    def get_x_object(self, _interpolate: bool, _dpi_ratio: float) -> pydyf.Stream:
        """The image in the PDF. Raises ValueError for a PNG of another kind."""
        width, height, packed = _parts(self.png)
        told = {
            "Type": "/XObject",
            "Subtype": "/Image",
            "Width": width,
            "Height": height,
            "ColorSpace": "/DeviceRGB",
            "BitsPerComponent": 8,
            "Interpolate": "true",
            "Filter": "/FlateDecode",
            "DecodeParms": pydyf.Dictionary({"Predictor": 15, "Colors": 3, "Columns": width}),
        }
        return pydyf.Stream([packed], pydyf.Dictionary(told))


def _parts(png: bytes) -> tuple[int, int, bytes]:
    """Width, height and packed pixels."""
    if not png.startswith(_SIGNATURE):
        raise ValueError("the image is no PNG")
    at, width, height, packed = len(_SIGNATURE), 0, 0, []
    while at < len(png):
        (length,) = _LENGTH.unpack_from(png, at)
        name, content = png[at + 4 : at + 8], at + 8
        if name == b"IHDR":
            width, height, *kind = _HEADER.unpack_from(png, content)
            if tuple(kind) != _RGB:
                raise ValueError(f"the image is a PNG of another kind: {kind}")
        elif name == b"IDAT":
            packed.append(png[content : content + length])
        at = content + length + 4
    return width, height, b"".join(packed)
