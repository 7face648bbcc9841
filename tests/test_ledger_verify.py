"""`siaga ledger verify`: what does not agree is found, named and mended; what is history is no fault."""

import json
from dataclasses import replace

import pytest
from fixtures import installed
from fixtures.grids import make_grid
from support.gateway_process import Function, Gateway, done
from support.running import environment, wait_for

from functions.on_shakemap import handler as on_shakemap
from gateway.ledger import Ledger
from siaga import catalog, cli, keys, stack
from siaga.events import Notification
from siaga.inspection.comparison import Comparison
from siaga.inspection.findings import KINDS
from siaga.inspection.mending import Mending
from siaga.product import Product
from siaga.receipt import Receipt
from siaga.settings import Settings
from siaga.store import Store

REPORT = b"%PDF a report"


def receipt(function, notification, state="done", run="", warnings=()):
    """A receipt as the gateway writes it."""
    times = dict.fromkeys(("received", "started", "finished"), "2026-11-27T02:40:00Z")
    return Receipt(function, notification, state, None, run, "x", warnings=warnings, attempts=1, seconds=1.0, **times)


@pytest.fixture
def whole(store, minio, tmp_path, qgis):
    """A store in which one quake is analysed and reported, with all receipts; gives (store, run, settings)."""
    installed.install(store, tmp_path)
    bucket, key = keys.SHAKEMAPS, "20180805194635/grid.xml"
    etag = store.put(bucket, key, make_grid(), "application/xml")
    functions = Store.connect(minio, "functions")
    _status, answer = installed.call(on_shakemap.run, functions, minio, bucket, key, etag)
    run = answer["run"]
    ledger = Ledger(Store.connect(minio, "gateway"))
    ledger.write(receipt("on-shakemap", Notification(bucket, key, etag), "done", run, tuple(answer["warnings"])))
    put_report(store, run)
    impact = store.head(keys.RESULTS, f"{run}/impact.json")
    ledger.write(receipt("render-report", Notification(keys.RESULTS, impact.key, impact.etag), run=run))
    return store, run, minio


def put_report(store, run):
    """A report of one product, and what the catalogue tells of it."""
    product = Product("report-id.pdf", "report", "application/pdf", REPORT)
    store.put(keys.RESULTS, f"{run}/report-id.pdf", REPORT)
    record = json.dumps({"products": [product.record()]}).encode()
    store.put(keys.RESULTS, f"{run}/report.json", record)
    where = keys.Run.parse(run)
    catalog.add_report(store, entry_key(store), where.run, catalog.report_of(where, record))


def entry_key(store):
    return next(store.list(keys.RESULTS, keys.CATALOG)).key


def found(settings, jobs=frozenset(), hashes=True):
    """[(kind, detail)] of the faults, and the kinds of history."""
    store = Store.connect(settings, "web")
    inputs = Store.connect(settings, "functions")
    compared = Comparison(store, inputs, stack.load(settings.stack), lambda: set(jobs), hashes, lambda *_: None)
    all_of_them = list(compared.findings())
    return [one for one in all_of_them if one.is_fault], [one.kind for one in all_of_them if not one.is_fault]


def test_what_agrees_is_whole_and_history_is_no_fault(whole):
    store, run, settings = whole
    assert found(settings) == ([], [])
    old = f"{run[:-8]}01234567"
    store.put(keys.RESULTS, f"{old}/impact.json", b"{}")  # a run of older software, of which nothing speaks
    notification = Notification(keys.RESULTS, f"{old}/impact.json", store.head(keys.RESULTS, f"{old}/impact.json").etag)
    ledger = Ledger(Store.connect(settings, "gateway"))
    ledger.write(receipt("render-report", notification, "done", old))  # reported once, and no more than history
    ledger.write(receipt("on-shakemap", Notification(keys.SHAKEMAPS, "gone/grid.xml", "0" * 32), "refused"))
    faults, history = found(settings)
    assert not faults
    assert sorted(history) == ["past receipt", "unshown run"]


def test_an_input_has_a_receipt_or_a_job(whole):
    store, _run, settings = whole
    etag = store.put(keys.SHAKEMAPS, "20180805194636/grid.xml", b"x")
    faults, _ = found(settings)
    assert [(one.kind, one.name) for one in faults] == [("waiting", "shakemaps/20180805194636/grid.xml")]
    job = f"on-shakemap|{Notification(keys.SHAKEMAPS, '20180805194636/grid.xml', etag).receipt_id}"
    assert found(settings, {job}) == ([], [])


DAMAGE = {  # what is done to a product: the kind, what is said, whether sizes alone show it
    "bands.geojson": (b"short", "damaged run", "bands.geojson has 5 bytes instead of", True),
    "grid.xml": (None, "damaged run", "grid.xml is missing", True),
    "zones.csv": ("flip", "damaged run", "zones.csv has another hash than is recorded", False),
    "impact.json": (b"{}", "damaged run", "impact.json has another hash than its catalogue entry tells", True),
    "report-id.pdf": (b"", "damaged report", "report-id.pdf has 0 bytes instead of 13", True),
    "report.json": (None, "damaged report", "report.json is missing", True),
}


@pytest.mark.parametrize("path", DAMAGE)
def test_each_product_is_as_its_record_says(whole, path):
    store, run, settings = whole
    body, kind, said, by_size = DAMAGE[path]
    key = f"{run}/{path}"
    if body is None:
        store.delete(keys.RESULTS, key)
    else:
        there = store.get(keys.RESULTS, key)[0]
        store.put(keys.RESULTS, key, bytes([there[0] ^ 1]) + there[1:] if body == "flip" else body)
    faults, _ = found(settings)
    of_runs = [one for one in faults if one.kind.startswith("damaged")]
    assert [one.kind for one in of_runs] == [kind]
    assert said in of_runs[0].detail
    function = "render-report" if kind == "damaged report" else "on-shakemap"
    assert of_runs[0].content.function == function
    assert any(one.kind == kind for one in found(settings, hashes=False)[0]) == by_size


def test_a_missing_entry_is_written_as_it_was(whole):
    store, run, settings = whole
    key = entry_key(store)
    before = store.get(keys.RESULTS, key)[0]
    store.delete(keys.RESULTS, key)
    faults, _ = found(settings)
    assert [(one.kind, one.run) for one in faults] == [("missing entry", run)]
    mending = Mending(Store.connect(settings, "web"), Store.connect(settings, "functions"), None)
    assert mending.mend(faults[0]) == f"written anew: {key}"
    assert json.loads(store.get(keys.RESULTS, key)[0]) == json.loads(before)
    assert found(settings) == ([], [])


def test_a_report_that_its_entry_does_not_name_is_written_there(whole):
    store, _run, settings = whole
    key = entry_key(store)
    entry = json.loads(store.get(keys.RESULTS, key)[0])
    store.put(keys.RESULTS, key, json.dumps(entry | {"report": None}).encode())
    faults, _ = found(settings)
    assert [one.kind for one in faults] == ["unlisted report"]
    Mending(Store.connect(settings, "web"), Store.connect(settings, "functions"), None).mend(faults[0])
    assert json.loads(store.get(keys.RESULTS, key)[0]) == entry


def test_an_entry_that_shows_nothing_is_a_fault_and_so_is_a_receipt_that_says_nothing(whole):
    store, run, settings = whole
    key = entry_key(store)
    entry = json.loads(store.get(keys.RESULTS, key)[0])
    lost = keys.Run.parse(f"{run[:-8]}01234567")
    body = entry | {"run": lost.run, "impact": {"key": lost.key("impact.json"), "sha256": "0" * 64}, "report": None}
    store.put(keys.RESULTS, key, json.dumps(body).encode())
    name = next(head.key for head in store.list(keys.LEDGER, "on-shakemap/"))
    store.put(keys.LEDGER, name, b"{")
    faults, _ = found(settings)
    assert sorted((one.kind, one.content.key) for one in faults) == [
        ("stray entry", "20180805194635/grid.xml"),
        ("unreadable receipt", "20180805194635/grid.xml"),
    ]


def test_the_command_mends_through_the_gateway_and_tells_by_its_status(whole, tmp_path, monkeypatch, capsys):
    store, run, settings = whole
    gateway = Gateway(settings, tmp_path)
    function = Function(gateway.settings.function_port, done)
    monkeypatch.setattr(Settings, "load", lambda *_: gateway.settings)
    assert cli.main(["ledger", "verify"]) == 0
    assert "whole: buckets, ledger, catalogue and results agree" in capsys.readouterr().out
    store.delete(keys.RESULTS, f"{run}/zones.csv")
    assert cli.main(["ledger", "verify", "--mend"]) == 1
    assert "start Siaga and mend again" in capsys.readouterr().out
    gateway.start()
    try:
        assert cli.main(["ledger", "verify", "--mend", "--json"]) == 1
        *told, summary = map(json.loads, capsys.readouterr().out.splitlines())
        assert [(one["kind"], one["detail"], one["mended"]) for one in told] == [
            ("damaged run", "zones.csv is missing", "its input is done again")
        ]
        assert summary == {"whole": False, "counts": {"damaged run": 1}}
        wait_for(lambda: function.keys, 10)
        assert function.keys == ["20180805194635/grid.xml"]
    finally:
        gateway.kill()
        function.stop()


def test_a_store_that_does_not_answer_cannot_be_looked_at(tmp_path, monkeypatch, capsys):
    away = replace(Settings.load(environment(tmp_path)), store_url="http://127.0.0.1:9")
    for name in ("store-web-key", "store-web-secret", "gateway-user", "gateway-password"):
        away.make_secret(name, "x" * 12)
    monkeypatch.setattr(Settings, "load", lambda *_: away)
    assert cli.main(["ledger", "verify"]) == 2
    assert "cannot look" in capsys.readouterr().err


def test_a_map_below_an_object_that_is_named_like_its_folder_is_an_input_too(store, minio):
    store.put(keys.SHAKEMAPS, "20180220163351", b"no folder")
    etag = store.put(keys.SHAKEMAPS, "20180220163351/grid.xml", make_grid())
    faults, _ = found(minio)
    assert [(one.kind, one.name) for one in faults] == [("waiting", "shakemaps/20180220163351/grid.xml")]
    content = Notification(keys.SHAKEMAPS, "20180220163351/grid.xml", etag)
    Ledger(store).write(receipt("on-shakemap", content, "refused"))
    assert found(minio) == ([], ["failed input"])


def test_every_fault_says_what_to_do():
    assert all(bool(kind.todo) for kind in KINDS.values() if kind.fault)
