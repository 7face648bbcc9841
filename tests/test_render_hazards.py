"""render-report on a real store for floods and ash falls: files, catalogue, what changed since earlier hours."""

import base64
import hashlib
import io
import json
from types import SimpleNamespace
from unittest.mock import patch

import jsonschema
import numpy as np
import pypdfium2
import pytest
import shapely
from fixtures import ash, exposure, floods, installed
from PIL import Image
from support import typed

from functions.on_ash import handler as on_ash
from functions.on_flood import handler as on_flood
from functions.render_report import handler as render_report
from siaga import keys
from siaga.errors import Unavailable
from siaga.function import frame
from siaga.impact.floodtrend import Trend
from siaga.inputs import flood_changes
from siaga.inputs.layout_previews import Wanted
from siaga.inputs.layouts import Layout
from siaga.inputs.texts import REPORT, Place, Text
from siaga.keys import Snapshot
from siaga.product import Product
from siaga.store import Store

EVENT = "201702211904+0700_Merapi"
FIRST, SECOND, THIRD = (f"31740400{number}000" for number in ("08001", "07008", "07007"))
PRINTED = {
    f"{name}-{code}.{ending}"
    for code in ("id", "en")
    for name, ending in (("map", "png"), ("report", "html"), ("report", "pdf"), ("report", "png"), ("share", "png"))
} | {"thumbnail-id.png", "thumbnail-en.png", "zones.xlsx"}


@pytest.fixture
def functions(store, minio, tmp_path, qgis):
    """The store as functions see it, with people over Java."""
    grid = exposure.population(tmp_path / "people.tif", np.full((150, 300), 10.0), 106.0, -6.0, 0.02)
    parts = [("3", "Kabupaten Jawa", "regency", None, shapely.box(105, -9, 113, -5))]
    zones = exposure.zones(tmp_path / "zones.geojson", parts)
    files = [exposure.data_file("population", grid), exposure.data_file("zones", zones)]
    exposure.install(store, files, "Test exposure")
    return Store.connect(minio, "functions")


class Short(Store):
    """A store that has no room for the English map."""

    def __init__(self, other):
        self.__dict__ = dict(other.__dict__)

    def put(self, bucket, key, *args, **kwargs):
        if key.endswith("map-en.png"):
            raise Unavailable("no room")
        return super().put(bucket, key, *args, **kwargs)


def flood(store, functions, minio, hour, **more):
    """An answer of that hour, analysed; its run."""
    key = f"{hour}/{keys.FLOOD_DATA}"
    etag = store.put(keys.FLOODMAPS, key, floods.answer(**more))
    return installed.call(on_flood.run, functions, minio, keys.FLOODMAPS, key, etag)[1]["run"]


def printed(store, functions, minio, run):
    """What render-report answers: (status, answer)."""
    key = f"{run}/{keys.IMPACT}"
    etag = store.head(keys.RESULTS, key).etag
    return installed.call(render_report.run, functions, minio, keys.RESULTS, key, etag)


def looked_at(functions, minio, order):
    """What render-report answers at /preview: (status, answer)."""
    with patch.object(frame, "open_context", lambda: frame.Context(functions, minio)):
        told = render_report.handle(SimpleNamespace(body=order, path="/preview"), None)
    return told["statusCode"], json.loads(told["body"])


def report(store, functions, minio, run):
    """(answer of render-report, its record or None)."""
    status, answer = printed(store, functions, minio, run)
    assert (status, answer["state"]) == (200, "done")
    listed = {head.key for head in store.list(keys.RESULTS, run)}
    record = f"{run}/{keys.REPORT}"
    if record not in listed:
        return answer, None
    written = json.loads(store.get(keys.RESULTS, record)[0])
    jsonschema.validate(written, typed.schema("report/report"))
    return answer, written


def entry(store):
    """The one entry of the catalogue."""
    (head,) = store.list(keys.RESULTS, keys.CATALOG)
    return json.loads(store.get(keys.RESULTS, head.key)[0])


def impact_of(store, run):
    return json.loads(store.get(keys.RESULTS, f"{run}/{keys.IMPACT}")[0])


def whole(store, run, record):
    """Every file of a record lies there as it says; the paths."""
    for product in record["products"]:
        body = store.get(keys.RESULTS, f"{run}/{product['path']}")[0]
        assert (len(body), hashlib.sha256(body).hexdigest()) == (product["size"], product["sha256"])
    return {product["path"] for product in record["products"]}


def handed(_one, _impact, hand_over):
    """Two maps, other than any that are drawn, are made."""
    hand_over([Product(f"map-{code}.png", "map", "image/png", b"other") for code in ("id", "en")])


def complete(*given):
    """A report of no more than its maps."""
    handed(*given)
    return Product(keys.REPORT, "record", "application/json", b"{}")


def half(*given):
    """A report that fails once its maps are made."""
    handed(*given)
    raise Unavailable("ended half way")


def test_a_flooded_hour_has_a_report_which_one_that_fails_later_leaves_whole(store, functions, minio, monkeypatch):
    run = flood(store, functions, minio, "2017022105-6-rw")
    _answer, record = report(store, functions, minio, run)
    assert whole(store, run, record) == PRINTED
    page = store.get(keys.RESULTS, f"{run}/report-id.html")[0].decode()
    assert "Banjir Jakarta" in page
    assert "/floods/2017022105-6-rw" in page
    assert entry(store)["report"]["key"] == f"{run}/{keys.REPORT}"
    monkeypatch.setattr(render_report, "_made", half)
    status, answer = printed(store, functions, minio, run)
    assert (status, answer["reason"]["text"]) == (503, "ended half way")
    assert whole(store, run, record) == PRINTED


def test_a_layout_that_is_not_in_force_is_set_on_marked_paper_and_nothing_is_written(store, functions, minio):
    run = flood(store, functions, minio, "2017022105-6-rw")
    before = {head.key: head.etag for head in store.list(keys.RESULTS)}
    layout = Layout(opening="Pembuka percobaan", left_out=("structures",))
    tried = Text(Place(REPORT, "flood", "id"), 4, "BPBD Contoh", "ani", "2026-11-28T00:00:00Z", layout=layout)
    order = Wanted(keys.Run.parse(run), tried, "PRATINJAU, BELUM BERLAKU").encode()
    status, answer = looked_at(functions, minio, order)
    assert (status, answer["state"]) == (200, "done")
    pdf = pypdfium2.PdfDocument(base64.b64decode(answer["files"]["pdf"]))
    first = " ".join(pdf[0].get_textpage().get_text_bounded().split())
    for said in ("Pembuka percobaan", "BPBD Contoh", "PRATINJAU, BELUM BERLAKU", "Banjir Jakarta"):
        assert said in first
    assert all("PRATINJAU" in page.get_textpage().get_text_bounded() for page in pdf)
    assert Image.open(io.BytesIO(base64.b64decode(answer["files"]["png"]))).size == (910, 1287)
    assert {head.key: head.etag for head in store.list(keys.RESULTS)} == before
    status, answer = looked_at(functions, minio, order.replace(b"2017022105", b"2017022106"))
    assert (status, answer["state"], answer["files"]) == (200, "refused", {})


def test_a_first_report_of_which_a_file_cannot_be_stored_is_none(store, functions, minio, monkeypatch):
    run = flood(store, functions, minio, "2017022105-6-rw")
    monkeypatch.setattr(render_report, "_made", complete)
    status, answer = printed(store, Short(functions), minio, run)
    assert (status, answer["reason"]["text"]) == (503, "no room")
    assert store.exists(keys.RESULTS, f"{run}/map-id.png")
    assert not store.exists(keys.RESULTS, f"{run}/{keys.REPORT}")
    assert entry(store)["report"] is None


def test_an_hour_of_caution_alone_has_none(store, functions, minio):
    run = flood(store, functions, minio, "2017022105-6-rw", states=(1, None, 1))
    assert report(store, functions, minio, run)[1] is None
    assert entry(store)["report"] is None


def test_an_ash_fall_has_a_report(store, functions, minio):
    store.put(keys.ASHMAPS, f"{EVENT}/{keys.ASH_RASTER}", ash.raster())
    etag = store.put(keys.ASHMAPS, f"{EVENT}/{keys.ASH_REQUEST}", ash.request())
    run = installed.call(on_ash.run, functions, minio, keys.ASHMAPS, f"{EVENT}/{keys.ASH_REQUEST}", etag)[1]["run"]
    _answer, record = report(store, functions, minio, run)
    assert whole(store, run, record) == PRINTED
    page = store.get(keys.RESULTS, f"{run}/report-id.html")[0].decode()
    assert "Abu vulkanik Merapi" in page
    assert f"/ash/{EVENT}" in page
    assert entry(store)["report"]["languages"] == ["id", "en"]


def test_what_changed_goes_by_what_each_earlier_hour_counts_as(store, functions, minio):
    flood(store, functions, minio, "2017022023-6-rw", states=(2, 4, 2))
    same = {"same_as": "2017022023-6-rw", "states_sha256": ""}
    store.put(keys.FLOODMAPS, Snapshot.parse("2017022104-6-rw").record("same"), json.dumps(same).encode())
    store.put(keys.FLOODMAPS, Snapshot.parse("2017022005-6-rw").record("empty"), b"{}")
    now = flood(store, functions, minio, "2017022105-6-rw")  # states 1, 2, 3
    changed = Trend(newly_flooded=(), receded=(FIRST,), worse=(THIRD,), better=(SECOND,))
    found = flood_changes.trends(functions, impact_of(store, now))
    assert found == {1: changed, 6: changed, 24: Trend(tuple(sorted((SECOND, THIRD))), (), (), ())}
    report(store, functions, minio, now)
    assert b"Kurang lebih seperti 1 jam lalu." not in store.get(keys.RESULTS, f"{now}/report-id.html")[0]
    assert b"Membaik sejak 1 jam lalu." in store.get(keys.RESULTS, f"{now}/report-id.html")[0]


def test_an_hour_of_which_nothing_is_known_stays_unknown(store, functions, minio):
    now = impact_of(store, flood(store, functions, minio, "2017022105-6-rw"))
    store.put(keys.FLOODMAPS, Snapshot.parse("2017022104-6-rw").record("suspect"), b"{}")
    store.put(keys.FLOODMAPS, Snapshot.parse("2017022023-6-rw").data, floods.answer())  # not analysed yet
    assert flood_changes.trends(functions, now) == {1: None, 6: None, 24: None}


def test_of_two_answers_of_an_hour_the_later_counts(store, functions, minio):
    flood(store, functions, minio, "2017022104-6-rw", states=(2, 2, 2))
    flood(store, functions, minio, "2017022104-6-rw", states=(None, 2, 3))
    found = flood_changes.trends(functions, impact_of(store, flood(store, functions, minio, "2017022105-6-rw")))
    assert found[1] == Trend((), (), (), ())
