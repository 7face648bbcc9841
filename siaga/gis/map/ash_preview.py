"""A look at an ash raster before it is submitted, as a process of its own: `python -m siaga.gis.map.ash_preview`.

Reads one line of JSON (the request) and then the raster from standard input; writes JSON: {"preview": …}
or {"reason": …}. A raster that breaks GDAL breaks this process alone, whose memory and time are limited.
"""

import base64
import json
import resource
import sys

import numpy as np
from osgeo import gdal

from siaga import palette
from siaga.errors import BadInput
from siaga.gis.people import ash_ground
from siaga.hazard.ash import CLASSES, AshFall, classify, eruption
from siaga.impact.ash import deposit

_SIDE = 480  # pixels of the picture's longer side
_MEMORY, _SECONDS = 2 << 30, 20
_NONE, _UNKNOWN, _VOLCANO = (247, 247, 244), (203, 207, 202), (22, 33, 31)


def preview(body: bytes, request: dict[str, object]) -> dict[str, object]:
    """What a person should see before submitting; raises BadInput when the raster or the request cannot serve."""
    fall = ash_ground.read(body, eruption(request))
    ash_ground.polygons(fall)  # noise is refused here, not later
    return {"map": deposit(fall), "warnings": list(fall.warnings), "png": base64.b64encode(picture(fall)).decode()}


def picture(fall: AshFall) -> bytes:
    """The classes as a PNG, one colour each, the volcano as a dot; at most 480 pixels wide or high."""
    rows, columns = fall.thickness.shape
    scale = _SIDE / max(rows * fall.height, columns * fall.width)
    high, wide = max(1, round(rows * fall.height * scale)), max(1, round(columns * fall.width * scale))
    row, column = np.arange(high) * rows // high, np.arange(wide) * columns // wide
    thickness = fall.thickness[row][:, column]
    colours = [_NONE, *(_rgb(palette.ASH[name]) for name in CLASSES), _UNKNOWN]
    index = np.where(np.isnan(thickness), len(CLASSES) + 1, classify(thickness))
    image = np.array(colours, dtype=np.uint8)[index]
    if fall.eruption:
        y = (fall.north - fall.eruption.latitude) * scale - np.arange(high)[:, np.newaxis]
        x = ((fall.eruption.longitude - fall.west + 180) % 360 - 180) * scale - np.arange(wide)
        image[np.hypot(x, y) <= 5] = _VOLCANO
    memory = gdal.GetDriverByName("MEM").Create("", wide, high, 3, gdal.GDT_Byte)
    for band in range(3):
        memory.GetRasterBand(band + 1).WriteArray(image[:, :, band])
    return ash_ground.copied("PNG", memory, [])


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def main() -> None:
    """Standard input to standard output, once."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    request = json.loads(sys.stdin.buffer.readline())
    try:
        answer: dict[str, object] = {"preview": preview(sys.stdin.buffer.read(), request)}
    except BadInput as error:
        answer = {"reason": error.reason()}
    json.dump(answer, sys.stdout, allow_nan=False)


if __name__ == "__main__":
    main()
