"""Text from outside is shown as text: on a terminal, on a page, in a log, in a spreadsheet, on paper."""

import base64
import csv
import io
import json
import os
import socket
import subprocess

import pytest
from PIL import Image
from support.running import SIAGA

from gateway import logs
from siaga import keys
from siaga.impact import classed
from siaga.machine.supervisor import Supervisor
from siaga.printable import shown
from siaga.report import typeset
from siaga.report.laterimage import LaterImage
from siaga.store import Store
from web import create_app
from web.index import Index

EVIL = [
    "inj\x1b]0;title\x07/grid.xml",
    "inj\n2026-11-26T00:00:00Z FAKE line/grid.xml",
    "\u202egpj.exe/grid.xml",
    "a\u2028b/grid.xml",
    "\x9b2J/grid.xml",
    "<script>alert(1)</script>/grid.xml",
    "{0}{{7*7}}/grid.xml",
]
RAW = "\x1b\x07\x9b\u202e\u2028"


@pytest.fixture
def evil(store):
    for number, key in enumerate(EVIL):
        store.put(keys.SHAKEMAPS, key, b"%d" % number)


def test_s3_34_s3_35_status_on_a_terminal_obeys_no_key(evil, minio):
    env = os.environ | {
        "SIAGA_HOME": str(minio.home),
        "SIAGA_STORE_PORT": str(minio.store_port),
        "SIAGA_GATEWAY_PORT": str(minio.gateway_port),
        "PYTHONIOENCODING": "utf-8",
    }
    minio.make_secret("gateway-user", "admin")
    minio.make_secret("gateway-password")
    done = subprocess.run([SIAGA, "status"], env=env, capture_output=True, timeout=60, check=False)
    said = done.stdout.decode()
    assert done.returncode == 0, done.stderr
    assert not set(RAW) & set(said)
    lines = said.splitlines()  # other tests of this store may have lines of their own
    assert sum(line.startswith("unknown ") for line in lines) >= len(EVIL)  # no gateway says what they are
    assert all(line[0] == " " or line.partition(" ")[0].isalpha() for line in lines), "a key has made a line of its own"
    assert "inj\\n2026" in said
    assert "\\u202egpj.exe" in said


def test_sf_06_s3_34_the_status_page_shows_what_hides(evil, minio, tmp_path):
    index = Index(Store.connect(minio, "web"), tmp_path / "index.sqlite")
    index.refresh()
    page = create_app(Store.connect(minio, "web"), index, "http://127.0.0.1:9").test_client().get("/status").text
    assert not set(RAW) & set(page)
    assert "\\u202egpj.exe" in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_sf_06_a_line_of_a_log_stays_one(tmp_path):
    out = io.StringIO()
    supervisor = Supervisor(tmp_path, out=out)
    supervisor.say("on-shakemap-0", f"before {RAW} after")
    assert not set(RAW) & set(out.getvalue())
    found = [json.loads(line)["text"] for line in logs.lines(tmp_path, "on-shakemap", "", logs.Request())]
    assert found == [f"before {RAW} after"]


def test_plain_names_stay_as_they_are():
    for name in ("20180220163351/output/grid.xml", "Gempa Sumba é ☂ 地震.xml", "a b+c%20.xml"):
        assert shown(name) == name


def zone(**more):
    figures = {"people": 1.0, "by_class": {"low": 1.0}, "affected": 1.0, "displaced": 0.0, "known": 1.0}
    return {"level": 1, "code": "1", "name": "Sumba", "parent": ""} | figures | more


@pytest.mark.parametrize("name", ['=HYPERLINK("http://x")', "@SUM(1)", "+1", "-2+3", "\t=1"])
def test_im_07_a_zones_name_is_no_formula(name):
    body = classed.zones_csv([zone(name=name, code=name, parent=name), zone()], None, "by_class", ["class_low"])
    rows = list(csv.DictReader(io.StringIO(body.decode(), newline="")))
    assert [rows[0][field] for field in ("name", "code", "parent")] == [f"'{name}"] * 3
    assert rows[1]["name"] == "Sumba"


def test_we_26_pa_09_a_page_on_paper_fetches_nothing(tmp_path):
    secret = tmp_path / "secret.css"
    secret.write_text("@page { size: 50mm 50mm }")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        page = (
            f'<link rel=stylesheet href="file://{secret}"><link rel=attachment href="file://{secret}">'
            f'<link rel=stylesheet href="{address}/x.css"><img src="{address}/x.png"><img src="file://{secret}">'
            f"<style>@import '{address}/y.css'; p {{ background: url({address}/z.png) }}</style><p>Text"
            f'<svg><image href="{address}/s.png" /></svg><object data="{address}/o.svg"></object>'
        )
        document = typeset._document(page, LaterImage())
        body = typeset.pdf(document, "1")
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert document.pages[0].width > 700  # of A4, not what the style sheet says
    assert b"EmbeddedFile" not in body
    drawn = io.BytesIO()
    Image.new("RGB", (1, 1)).save(drawn, "PNG")
    dot = f"data:image/png;base64,{base64.b64encode(drawn.getvalue()).decode()}"
    assert b"/Image" in typeset.pdf(typeset._document(f'<img src="{dot}">', LaterImage()), "1")
