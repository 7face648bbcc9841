"""Siaga was off and files came meanwhile: after the start all are done, none twice, and the status page tells it."""

import json
from datetime import timedelta

import pytest
from support.gateway_process import Function, Gateway, receipts
from support.running import wait_for

from siaga import gaps, keys
from siaga.moment import now, stamp
from siaga.store import Store
from web import create_app
from web.index import Index

COUNT = 20


@pytest.fixture
def gateway(minio, store, tmp_path):
    """Not started yet; its functions answer."""
    one = Gateway(minio, tmp_path, SIAGA_HOME=str(tmp_path))
    functions = [Function(one.settings.function_port)]
    yield one, functions[0]
    one.kill()
    functions[0].stop()


def test_what_came_meanwhile_is_done_once_and_the_gap_is_told(gateway, minio, store, tmp_path):
    started, function = gateway
    started.start()
    store.put(keys.SHAKEMAPS, "20180220000000/grid.xml", b"before")
    wait_for(lambda: len(receipts(store)) == 1, 20)
    started.stop()
    (tmp_path / gaps.FILE).write_text(json.dumps({"alive": stamp(now() - timedelta(hours=1)), "gaps": []}))
    names = [f"20180220{number:06d}/{name}" for number in range(1, COUNT, 2) for name in ("grid.xml", "GRID.XML")]
    for name in names:
        store.put(keys.SHAKEMAPS, name, name.encode())
    started.start()
    wait_for(lambda: len(receipts(store)) == 1 + COUNT, 60, "all receipts")
    assert sorted(function.keys) == sorted(["20180220000000/grid.xml", *names])
    index = Index(Store.connect(minio, "web"), tmp_path / "index.sqlite")
    index.refresh()
    app = create_app(Store.connect(minio, "web"), index, "http://127.0.0.1:9", home=tmp_path)
    page = app.test_client().get("/status?lang=en").get_data(as_text=True)
    assert "Siaga was off" in page
    assert "1 h 0 min" in page
