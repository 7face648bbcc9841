"""Logos as agencies send them: PNG or JPEG, bounded before they are decoded, drawn anew so that pixels alone stay."""

import base64
import io

from PIL import Image

from siaga.errors import BadInput
from siaga.inputs.layouts import LARGEST_LOGO

LARGEST_KIB = 1024  # of the file that is sent
_MOST_PIXELS = 16_000_000
_SIZE = (360, 90)  # what 36 by 9 mm of paper show
_ENDS = {"PNG": b"IEND\xaeB`\x82", "JPEG": b"\xff\xd9"}  # where WeasyPrint is loaded, Pillow takes pictures without
_COLOURS = (256, 64, 16)  # until it is small enough; sixteen are, whatever it shows


def drawn(body: bytes) -> str:
    """The logo as a layout keeps it: a small PNG in base64. Raises BadInput."""
    if len(body) > LARGEST_KIB << 10:
        raise BadInput("The logo has more than {most} KiB; send a smaller picture", most=LARGEST_KIB)
    try:
        with Image.open(io.BytesIO(body), formats=("PNG", "JPEG")) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                raise BadInput(
                    "The logo has {width} × {height} pixels; send a smaller picture",
                    width=picture.width,
                    height=picture.height,
                )
            if _ENDS[str(picture.format)] not in body:
                raise ValueError("cut off")
            image = picture.convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise BadInput("The logo cannot be read; send a PNG or JPEG picture") from error
    image.thumbnail(_SIZE)
    small = next(png for count in _COLOURS if len(png := _png(image, count)) <= LARGEST_LOGO)
    return base64.b64encode(small).decode()


def _png(image: Image.Image, colours: int) -> bytes:
    body = io.BytesIO()
    few = image.quantize(colours, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.save(body, "PNG", optimize=True)
    return body.getvalue()
