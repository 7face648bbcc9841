"""The files of a report: per language the map, the page, the PDF, and pictures of its first page."""

import io
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import weasyprint
from PIL import Image

from siaga.exposure.places import Places
from siaga.gis import map as sheet
from siaga.language import Language
from siaga.product import Product
from siaga.report import changes, fit, pages, share
from siaga.report.sentences import short

_PNG_DPI = 150
_SHARE_DPI = 96
_SHARE_COLOURS = 96
_THUMBNAIL = (320, 460)


def render(
    impact: Mapping[str, Any],
    bands: Mapping[str, Any],
    basemap: Path | None,
    places: Places | None,
    zones: Sequence[tuple[str, Any]],
    public_url: str,
    languages: Sequence[Language],
    below: Mapping[str, Any] | None = None,
) -> list[Product]:
    """All products, in the order of the languages.

    below: impact.json of the version that ranks just below this one, to tell what changed; None where there is none.
    zones: (name, geometry) of the districts that the map may name.
    The pictures are made by another process while the next language is typeset.
    """
    found: list[Product] = []
    pictures: list[tuple[str, _Picture]] = []
    for language in languages:
        change = changes.change(below, impact, language) if below else None
        code, fitted = language.code, fit.first(impact, change is not None)
        sheet_of = partial(_sheet, impact, bands, basemap, places, zones, language)
        png = sheet.draw(sheet_of(fitted.map_mm))
        for _try in range(fit.TRIES):
            page = pages.html(impact, png, public_url, language, fitted, change)
            document, room = pages.typeset(page, fitted, impact["drill"])
            better = fit.mended(fitted, room)
            if better is None:
                break
            if better.map_mm != fitted.map_mm:
                png = sheet.draw(sheet_of(better.map_mm))
            fitted = better
        pdf = pages.pdf(document, f"{impact['run']}{code}")
        pictures.append((code, _Picture(pdf)))
        found += [
            Product(f"map-{code}.png", "map", "image/png", png, code),
            Product(f"report-{code}.html", "page", "text/html; charset=utf-8", page.encode(), code),
            Product(f"report-{code}.pdf", "report", "application/pdf", pdf, code),
        ]
    shares = _shares(impact, bands, basemap, places, languages)
    for code, picture in pictures:
        png = picture.png()
        found += [
            Product(f"report-{code}.png", "picture", "image/png", png, code),
            Product(f"thumbnail-{code}.png", "thumbnail", "image/png", _thumbnail(png), code),
        ]
    found += [
        Product(f"share-{code}.png", "share", "image/png", _few_colours(picture.png()), code)
        for code, picture in shares
    ]
    return found


def _shares(
    impact: Mapping[str, Any],
    bands: Mapping[str, Any],
    basemap: Path | None,
    places: Places | None,
    languages: Sequence[Language],
) -> list[tuple[str, "_Picture"]]:
    """The pictures for messengers, still being made. One map without words serves all languages."""
    event = impact["event"]
    _top, height = share.map_px(impact)
    mm = 25.4 / share.MAP_DPI

    def drawn(words: sheet.Words) -> bytes:
        return sheet.draw(
            sheet.Sheet(
                bands,
                event["longitude"],
                event["latitude"],
                basemap,
                places,
                (),
                words,
                impact["drill"],
                width_mm=share.WIDTH * mm,
                height_mm=height * mm,
                dpi=share.MAP_DPI,
                small=True,
            )
        )

    made, plain = [], None if impact["drill"] else drawn(sheet.NO_WORDS)
    for language in languages:
        picture = plain or drawn(replace(sheet.NO_WORDS, exercise=language("EXERCISE")))
        document = weasyprint.HTML(string=share.html(impact, picture, language)).render(font_config=pages.fonts())
        made.append((language.code, _Picture(pages.pdf(document, impact["run"]), _SHARE_DPI)))
    return made


def _sheet(
    impact: Mapping[str, Any],
    bands: Mapping[str, Any],
    basemap: Path | None,
    places: Places | None,
    zones: Sequence[tuple[str, Any]],
    language: Language,
    height_mm: float,
) -> sheet.Sheet:
    event = impact["event"]
    named = [(short(name), geometry) for name, geometry in zones]
    return sheet.Sheet(
        bands,
        event["longitude"],
        event["latitude"],
        basemap,
        places,
        named,
        _words(language),
        impact["drill"],
        fit.MAP_MM,
        height_mm,
    )


class _Picture:
    """The first page of a PDF as PNG, made by pdftoppm in a process of its own."""

    def __init__(self, pdf: bytes, dpi: int = _PNG_DPI) -> None:
        self._folder = tempfile.TemporaryDirectory()
        path = Path(self._folder.name) / "report.pdf"
        path.write_bytes(pdf)
        command = ["pdftoppm", "-r", str(dpi), "-f", "1", "-l", "1", "-singlefile", "-png", str(path), "page"]
        self._process = subprocess.Popen(command, cwd=self._folder.name, stderr=subprocess.PIPE)

    def png(self) -> bytes:
        """Wait for it. Raises CalledProcessError when pdftoppm fails."""
        _, said = self._process.communicate(timeout=60)
        if self._process.returncode:
            raise subprocess.CalledProcessError(self._process.returncode, "pdftoppm", stderr=said)
        with self._folder:
            return (Path(self._folder.name) / "page.png").read_bytes()


def _thumbnail(png: bytes) -> bytes:
    with Image.open(io.BytesIO(png)) as image:
        image.thumbnail(_THUMBNAIL)
        small = io.BytesIO()
        image.convert("P", palette=Image.Palette.ADAPTIVE).save(small, "PNG", optimize=True)
    return small.getvalue()


def _few_colours(png: bytes) -> bytes:
    """The same picture in a third of the bytes; messengers send it over thin lines."""
    with Image.open(io.BytesIO(png)) as image:
        small = io.BytesIO()
        image.convert("RGB").quantize(_SHARE_COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
            small, "PNG", compress_level=6
        )
    return small.getvalue()


def _words(_: Language) -> sheet.Words:
    return sheet.Words(
        epicentre=_("Epicentre"),
        north=_("N"),
        exercise=_("EXERCISE"),
        east="BT" if _.code == "id" else "E",
        south="LS" if _.code == "id" else "S",
        north_of_equator="LU" if _.code == "id" else "N",
        decimal="," if _.code == "id" else ".",
    )
