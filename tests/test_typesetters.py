"""Typesetters: processes that set pages, die, and are replaced."""

import io
import os
import signal
import subprocess
import sys
from concurrent.futures import Future

import psutil
import pypdfium2
import pytest
import weasyprint
from PIL import Image
from support.running import wait_for

from siaga.errors import SiagaError
from siaga.report import laterimage, typeset, typesetters
from siaga.report.fit import MAP_URL, Fit, TypesetPages

STYLE = (
    "@page { size: 1080px 1350px; margin: 0 } body { margin: 0 } img { width: 500px; height: 400px; display: block }"
)
PAGE = f'<link rel="icon" href="data:,"><style>{STYLE}</style><img src="{MAP_URL}"><p>Siaga'
MARKS = "".join(f'<i id="{name}" style="display: block"></i>' for name in ("start-1", "end-1", "origin"))
ASKING = """
import sys
from concurrent.futures import Future
from siaga.report import typesetters
drawn = Future()
drawn.set_result({png!r})
made = typesetters.picture({page!r}, drawn).result()
assert made.startswith(b"\\x89PNG"), made[:20]
print("weasyprint" in sys.modules, flush=True)
sys.stdin.read()
"""


def png(colour, mode="RGB"):
    """A picture in one colour."""
    body = io.BytesIO()
    Image.new(mode, (50, 40), colour).save(body, "PNG")
    return body.getvalue()


def share(colour="red"):
    """The picture of a page whose map has one colour."""
    drawn = Future()
    drawn.set_result(png(colour))
    return typesetters.picture(PAGE, drawn)


def processes(parent=None):
    """The typesetters of a process."""
    return [
        child
        for child in psutil.Process(parent).children()
        if child.status() != psutil.STATUS_ZOMBIE and "siaga.report.typesetters" in child.cmdline()
    ]


def test_a_typesetter_that_was_killed_is_replaced_and_the_page_is_the_same():
    first = share().result(60)
    for process in processes():
        process.kill()
    assert share().result(60) == first


def test_a_page_that_kills_typesetters_fails_with_a_sentence_and_the_next_one_is_set(monkeypatch):
    monkeypatch.setattr(typesetters._Typesetter, "ask", lambda *_: (_ for _ in ()).throw(EOFError))
    with pytest.raises(SiagaError, match="broke off in the middle of this, twice"):
        share().result(60)
    monkeypatch.undo()
    assert share().result(60)


def test_what_goes_wrong_with_a_page_is_told_and_the_typesetter_lives():
    before = share().result(60)
    with pytest.raises(AttributeError):
        typesetters.pages(PAGE, None, False, "x", True, Future()).result(60)
    assert share().result(60) == before


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_typesetters_end_with_whoever_asked_and_that_one_has_no_weasyprint(ending):
    asking = subprocess.Popen(
        [sys.executable, "-c", ASKING.format(page=PAGE, png=png("red"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ,
    )
    try:
        assert asking.stdout.readline() == b"False\n"
        started = processes(asking.pid)
        assert started
    finally:
        asking.send_signal(ending)
        asking.communicate(timeout=20)
    wait_for(lambda: not any(one.is_running() for one in started), 20, "the typesetters to end")


def test_a_map_that_is_drawn_later_stands_in_the_page_as_it_is():
    drawn = Future()
    setting = typesetters.pages(MARKS + PAGE, Fit(1, 50.0, 5), False, "12345678", True, drawn)
    picture = typesetters.picture(PAGE, drawn)
    drawn.set_result(png("#123456"))
    made = setting.result(60)
    assert isinstance(made, TypesetPages)
    image = next(iter(pypdfium2.PdfDocument(made.pdf)[0].get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])))
    assert image.get_bitmap().to_pil().convert("RGB").getcolors() == [(50 * 40, (0x12, 0x34, 0x56))]
    assert Image.open(io.BytesIO(picture.result(60))).convert("RGB").getpixel((250, 200)) == (0x12, 0x34, 0x56)
    assert share("blue").result(60) != share("red").result(60), "pages with one style have their own maps"


def test_a_map_that_does_not_come_holds_no_typesetter():
    waiting = [Future() for _ in range(typesetters.COUNT)]
    asked = [typesetters.picture(PAGE, drawn) for drawn in waiting]
    for drawn in waiting:
        drawn.cancel()
    for one in asked:
        with pytest.raises(SiagaError, match="no map for this page"):
            one.result(60)
    assert share().result(60)


@pytest.mark.parametrize(("body", "said"), [(b"GIF89a", "no PNG"), (png(3, "P"), "another kind")])
def test_a_map_of_another_kind_is_refused(body, said):
    image = laterimage.LaterImage()
    image.png = body
    with pytest.raises(ValueError, match=said):
        image.get_x_object(True, 1)


def test_a_page_has_the_look_that_weasyprint_alone_gives_it_and_the_name_of_its_run(monkeypatch):
    image = laterimage.LaterImage()
    image.png = png("red")
    page = f'<html lang="id">{PAGE}<h1>Satu<ul style="list-style: none"><li>dua</ul><table><tr><th>tiga<td>4</table>'
    ours = typeset.pdf(typeset._document(page, image), "12345678")
    assert pypdfium2.PdfDocument(ours).get_identifier().rstrip(b"\0") == b"12345678"
    monkeypatch.setattr(typeset, "_Page", weasyprint.HTML)
    assert typeset.pdf(typeset._document(page, image), "12345678") == ours
