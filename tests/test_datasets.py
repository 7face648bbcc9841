"""Versions of the analysis data: imported and looked at before they count, activated by admins, and gone back from."""

import json

import numpy as np
import pytest
import shapely
from fixtures import accounts, exposure, installed
from fixtures.pages import opened

from siaga import keys
from siaga.accounts.account import ADMIN, OPERATOR
from siaga.accounts.audit import Audit, Wanted
from siaga.data import analysis_data, facts, imports, versions
from siaga.data.imports import Fields
from siaga.errors import Conflict
from siaga.exposure.extent import Extent, Frame
from siaga.store import Store
from web import UploadAccess

PARTS = [
    ("51", "Barat", "regency", None, shapely.box(115.7, -9.1, 116.333, -7.5)),
    ("52", "Timur", "regency", None, shapely.box(116.333, -9.1, 116.6, -7.5)),
    ("53", "Laut", "regency", None, shapely.box(120, -9.1, 121, -7.5)),
    ("54", "Kosong <b>", "regency", None, shapely.box(115.5, -9.1, 115.6, -9.0)),
]


def put(store, tmp_path, role, path, **more):
    imports.install(
        store, role, path, title=f"New {role}", source="<a test>", licence="none", year=2024, cache=tmp_path, **more
    )


@pytest.fixture
def web(store, minio, tmp_path):
    """(store, client): a browser of an admin; a population and zones are in use, other zones wait."""
    uploads = UploadAccess(Store.connect(minio, "ash"), *accounts.access(minio, "ani"), "a key of the sessions")
    accounts.of(minio, "ani", role=ADMIN)
    installed.install(store, tmp_path)
    cache = tmp_path / "cache"
    put(store, cache, "zones", exposure.zones(tmp_path / "new.geojson", PARTS), later=True, fields=Fields())
    assert facts.complete(store, cache) == 5  # three files that were installed, two pairs of people and zones
    store, index, client = opened(store, minio, tmp_path, uploads)
    index.refresh()
    accounts.entered(client, "ani")
    return store, client


def counting(store, role):
    return {entry["role"]: entry for entry in analysis_data.manifest_of(store)["files"]}[role]


def page(client, path, code="en"):
    answer = client.get(f"{path}?lang={code}")
    return answer.status_code, " ".join(answer.get_data(as_text=True).split())


def activate(client, role, sha256, before):
    form = {"role": role, "sha256": sha256, "instead_of": before, "token": accounts.token(client, "/account")}
    return client.post("/data/activate", data=form)


def test_a_version_is_looked_at_activated_and_gone_back_from(web, minio):
    store, client = web
    before = counting(store, "zones")
    first = analysis_data.manifest_of(store)
    (new,) = (one for one in versions.listed(store)["zones"] if one.file != before)
    status, text = page(client, "/data")
    assert (status, "Imported and not in use: " in text, "Test population" in text) == (200, True, True)
    status, text = page(client, "/data/zones")
    assert status == 200
    assert "District or city: Zones in which nobody is counted (1)" in text
    assert "54 Kosong &lt;b&gt;" in text
    assert "53 Laut" in text
    assert 'Laut<small>53</small></th> <td class="number">beyond the population grid</td>' in text
    assert 'Kosong &lt;b&gt;<small>54</small></th> <td class="number">0</td>' in text
    assert "&lt;a test&gt;" in text
    assert 'class="extent"' in text
    assert activate(client, "zones", new.file["sha256"], before["sha256"]).status_code == 302
    assert counting(store, "zones") == new.file
    assert activate(client, "zones", before["sha256"], before["sha256"]).status_code == 409  # somebody was quicker
    assert activate(client, "zones", before["sha256"], new.file["sha256"]).status_code == 302
    assert analysis_data.manifest_of(store) == first  # and so every run has the id that it had
    entries = Audit(Store.connect(minio, "accounts")).entries(Wanted(what="data.activate"), 9)[0]
    assert [(one.who, one.result, one.about) for one in entries] == [
        ("ani", result, f"zones {old['sha256'][:16]} -> {other['sha256'][:16]}")
        for result, old, other in (
            ("done", new.file, before),
            ("refused", before, before),
            ("done", before, new.file),
        )
    ]


def test_an_operator_looks_and_activates_nothing(web, minio):
    store, client = web
    accounts.of(minio, "op", role=OPERATOR)
    accounts.entered(client, "op")
    assert page(client, "/data")[0] == 200
    assert "/data/activate" not in page(client, "/data/zones")[1]
    sha256 = counting(store, "zones")["sha256"]
    assert activate(client, "zones", sha256, sha256).status_code == 403
    assert page(client, "/data/no-role")[0] == page(client.application.test_client(), "/data/zones/x")[0] == 404
    assert page(client.application.test_client(), "/data")[0] == 302
    rights_of_operators(store, minio)


def rights_of_operators(store, minio):
    """The manifest, and no file."""
    narrow = Store.connect(minio, "operators")
    body, head = store.get(keys.ANALYSIS_DATA, keys.MANIFEST)
    narrow.put(keys.ANALYSIS_DATA, keys.MANIFEST, body, "application/json", if_match=head.etag)
    for key in (counting(store, "zones")["path"], versions.listed(store)["zones"][0].key):
        with pytest.raises(Exception, match=r"AccessDenied|denied|may not"):
            narrow.put(keys.ANALYSIS_DATA, key, b"{}")


def test_what_cannot_be_activated_is_told_and_changes_nothing(web):
    store, client = web
    first, zones = analysis_data.manifest_of(store), counting(store, "zones")
    (new,) = (one for one in versions.listed(store)["zones"] if one.file != zones)
    assert activate(client, "zones", "0" * 64, zones["sha256"]).status_code == 404
    with pytest.raises(Conflict):
        versions.activate(store, "zones", new.file["sha256"], "0" * 64)
    assert activate(client, "../zones", zones["sha256"], "").status_code == 404
    store.put(keys.ANALYSIS_DATA, versions.Version.key.fget(new), b'{"file": {}}')
    assert activate(client, "zones", new.file["sha256"], zones["sha256"]).status_code == 404
    store.put(keys.ANALYSIS_DATA, new.key, new.encode())
    store.delete(keys.ANALYSIS_DATA, new.file["path"])
    answer = activate(client, "zones", new.file["sha256"], zones["sha256"])
    assert (answer.status_code, "sudah tidak ada di penyimpanan" in answer.get_data(as_text=True)) == (404, True)
    assert analysis_data.manifest_of(store) == first


def test_without_anything_installed_the_page_says_so(store, minio, tmp_path):
    uploads = UploadAccess(Store.connect(minio, "ash"), *accounts.access(minio, "op"), "a key of the sessions")
    store, index, client = opened(store, minio, tmp_path, uploads)
    index.refresh()
    accounts.entered(client, "op")
    assert page(client, "/data", "id")[1].count("Tidak ada yang terpasang") == len(analysis_data.ROLES)
    assert facts.complete(store, tmp_path) == 0


def test_facts_are_those_of_the_files_and_an_import_again_changes_none(web, tmp_path):
    store, _client = web
    listed = versions.listed(store)
    people = listed["population"][0].facts
    assert (people.cells, people.unknown) == (8000, 800)
    covered = versions.coverage(store, *(counting(store, role)["sha256"] for role in ("population", "zones")))
    assert covered.people == people.people
    assert sum(level.people for level in covered.levels) == pytest.approx(people.people)
    assert listed["places"][0].facts.counts == {"city": 1, "regency_seat": 2}
    moments = {one.key: one.imported for one in listed["zones"]}
    put(store, tmp_path / "cache", "zones", exposure.zones(tmp_path / "new.geojson", PARTS), later=True)
    assert {one.key: one.imported for one in versions.listed(store)["zones"]} == moments
    assert facts.complete(store, tmp_path / "cache") == 0


def test_a_picture_has_a_quarter_of_its_cells_in_each_shade_and_reads_back():
    frame = Frame.around(95.02, -11.0, 141.0, 6.1)
    assert (frame.step, frame.edges) == (0.5, (95.0, -11.0, 141.0, 6.5))
    amounts = frame.cells(frame.west + 0.25 + 0 * amounts_of(frame), frame.north - 0.25 + 0 * amounts_of(frame))
    assert set(amounts.tolist()) == {0}
    extent = Extent.of(frame, amounts_of(frame))
    assert {mark: sum(row.count(mark) for row in extent.rows) for mark in "01234"} == {
        "0": 1,
        "1": 805,
        "2": 805,
        "3": 804,
        "4": 805,
    }
    stored = json.loads(json.dumps([[frame.west, frame.north, frame.step, frame.columns, frame.rows], extent.rows]))
    assert Extent.stored(*stored) == extent
    assert sum(count for _shade, _column, _row, count in extent.runs()) == len(amounts_of(frame)) - 1
    for wrong in ([], ["0" * frame.columns] * (frame.rows - 1) + ["7" * frame.columns]):
        with pytest.raises(ValueError, match="picture"):
            Extent.stored(stored[0], wrong)


def amounts_of(frame):
    return np.arange(frame.rows * frame.columns, dtype=float)
