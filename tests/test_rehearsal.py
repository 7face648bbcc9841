"""Functions get warm before their first input: it costs no more than twice a later one, and nobody sees any of it."""

import json
import logging
import os
import subprocess
import sys
from datetime import datetime, timedelta

import pytest
from fixtures import installed
from fixtures.grids import make_grid

from siaga import keys
from siaga.data import analysis_data
from siaga.events import Notification
from siaga.function import frame, rehearsal
from siaga.hazard.gridxml import read_shakemap
from siaga.settings import REPOSITORY

SLACK_SECONDS = 0.05  # of processor time
CALLED = """
import importlib, json, os, sys, time
from types import SimpleNamespace
from siaga.gis import application

application.start()
handler = importlib.import_module(sys.argv[1])
handler.warm(lambda: False)
print("warm", flush=True)
for line in sys.stdin:
    began = time.process_time()
    answer = handler.handle(SimpleNamespace(body=line.encode()), None)
    print(json.dumps([time.process_time() - began, json.loads(answer["body"])]), flush=True)
os._exit(0)
"""


def objects(store):
    """Everything in every bucket."""
    return {(bucket, head.key, head.etag) for bucket in keys.BUCKETS for head in store.list(bucket)}


@pytest.fixture
def environment(store, minio, tmp_path):
    """Of a function on the tests' store, with a small exposure installed."""
    installed.install(store, tmp_path)
    return os.environ | {
        "PYTHONPATH": str(REPOSITORY),
        "QT_QPA_PLATFORM": "offscreen",
        "SIAGA_HOME": str(tmp_path / "home"),
        "SIAGA_SECRETS": str(minio.secrets),
        "SIAGA_STORE_URL": minio.store_url,
        "SIAGA_CACHE": str(tmp_path / "cache"),
        "SIAGA_PETABENCANA_URLS": "",
    }


class Process:
    """A function in a process of its own, warm."""

    def __init__(self, module, environment):
        command = [sys.executable, "-c", CALLED, f"functions.{module}.handler"]
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        told = self._process.stdout.readline()
        assert told == "warm\n", self._process.communicate()[1]

    def call(self, bucket, key):
        """(processor seconds, answer)."""
        self._process.stdin.write(Notification(bucket, key).record().decode().replace("\n", "") + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def end(self):
        """What it has logged."""
        return self._process.communicate()[1]


def test_the_first_input_costs_no_more_than_twice_a_later_one(environment, store):
    inputs = []
    for number in range(3):
        happened = datetime(2018, 8, 5, 18, 46, 35) + timedelta(days=number)
        event_id = f"{happened:%Y%m%d%H%M%S}"
        grid = make_grid(event_id=event_id, time=f"{happened:%Y-%m-%dT%H:%M:%S}", lon=116.45 + number / 20)
        inputs.append((keys.SHAKEMAPS, f"{event_id}/grid.xml"))
        store.put(*inputs[-1], grid)
    for module in ("on_shakemap", "render_report"):
        before = objects(store)
        function = Process(module, environment)
        assert objects(store) == before
        answers = [function.call(*one) for one in inputs]
        assert [answer["state"] for _, answer in answers] == ["done"] * len(inputs)
        logged = function.end()
        assert logged.count("warm after") == 1, logged
        first, *later = (seconds for seconds, _ in answers)
        assert first <= 2 * max(later) + SLACK_SECONDS
        inputs = [(keys.RESULTS, f"{answer['run']}/impact.json") for _, answer in answers[1:]]


@pytest.mark.parametrize("module", ["on_flood", "on_ash", "fetch_flood"])
def test_every_function_gets_warm(environment, store, module):
    before = objects(store)
    logged = Process(module, environment).end()
    assert logged.count("warm after") == 1, logged
    assert "Traceback" not in logged
    assert objects(store) == before


@pytest.fixture
def warm(store, minio, tmp_path, monkeypatch, caplog):
    """(`warm` of a function that notes its steps, those steps)."""
    monkeypatch.setattr(rehearsal, "open_context", lambda: frame.Context(store, minio))
    caplog.set_level(logging.INFO)
    steps = []

    def rehearse(_context, exposure, timing):
        for name in ("read", "count"):
            steps.append((name, exposure.manifest_sha256))
            timing.step(name)

    return rehearsal.Rehearsal(("places",), rehearse), steps


def test_nothing_is_rehearsed_without_data_and_all_anew_with_other_data(warm, store, tmp_path, caplog):
    warm, steps = warm
    warm(lambda: False)
    assert not steps
    for number in (1, 2):
        installed.install(store, tmp_path, scale=number)
        for _look in range(3):
            warm(lambda: False)
        assert [name for name, _ in steps] == ["read", "count"] * number
    assert len({manifest for _, manifest in steps}) == 2
    assert [record.message.rpartition(": ")[2] for record in caplog.records] == ["exposure, read, count"] * 2


def test_a_call_ends_a_rehearsal_at_its_next_step_and_it_is_done_later(warm, store, tmp_path, caplog):
    warm, steps = warm
    installed.install(store, tmp_path)
    warm(lambda: bool(steps))
    assert [name for name, _ in steps] == ["read"]
    warm(lambda: False)
    assert [name for name, _ in steps] == ["read", "read", "count"]
    assert len(caplog.records) == 1


def test_an_invented_map_lies_under_the_largest_town(tmp_path, store):
    installed.install(store, tmp_path)
    exposure = analysis_data.open(store, tmp_path / "cache", ("places",))
    shakemap = read_shakemap(rehearsal.shakemap(exposure))
    assert (shakemap.longitude, shakemap.latitude) == (116.12, -8.58)  # Mataram
    assert shakemap.max_mmi > 8
    assert not shakemap.warnings
