"""A live quake waits for no backfill, however that came: store, notifications and gateway real, functions played."""

import itertools
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import requests
from support.gateway_process import Function, Gateway
from support.running import wait_for

from siaga import events, keys
from siaga.keys import Run, Version

STACK = """
functions:
  on-shakemap:
    handler: ./functions/on_shakemap
    labels: {com.openfaas.scale.min: "1"}
    annotations: {siaga.inputs: shakemaps/*grid.xml}
  render-report:
    handler: ./functions/render_report
    labels: {com.openfaas.scale.min: "1"}
    annotations: {siaga.inputs: "results/earthquake/*/impact.json"}
"""
WITH_A_TICK = (
    STACK
    + """
  fetch-flood:
    handler: ./functions/fetch_flood
    labels: {com.openfaas.scale.min: "1"}
    annotations: {schedule: "0 0 1 1 *", topic: cron-function}
"""
)
TWO_SLOTS = STACK.replace('min: "1"', 'min: "2"', 1)
WORK_SECONDS = 0.15
BACKFILL = 200


class Road:
    """A gateway with both functions of a quake: each works for a while, the first then writes impact.json."""

    def __init__(self, settings, store, folder, stack=STACK, slots=1):
        self.gateway = Gateway(settings, folder, stack)
        self._store = store
        port = self.gateway.settings.function_port
        self.maps = [Function(port + number, self._analyse) for number in range(slots)]
        self.reports = Function(port + slots, self._render)
        self.gateway.start()

    def _analyse(self, called):
        time.sleep(WORK_SECONDS)
        event = events.parse(called.body)[0]
        happened, magnitude = self._store.get(event.bucket, event.key)[0].decode().split('"')[1:4:2]
        name = event.key.partition("/")[0]
        run = Run("earthquake", name, Version("initial", 1, "3fa91c07"), "0a1b2c3d")
        people = "5" if float(magnitude) < 5 else "700000"
        told = {keys.EVENT_TIME: happened, keys.PEOPLE_HIT: people} | (events.ASKED if event.asked else {})
        self._store.put("results", run.key(keys.IMPACT), name.encode(), metadata=told)
        return 200, {"state": "done", "reason": None, "run": str(run), "event_id": name, "warnings": []}

    def _render(self, _called):
        time.sleep(WORK_SECONDS)
        return 200, {"state": "done", "reason": None, "run": "", "event_id": "", "warnings": []}

    def put(self, name, happened, magnitude=6.4, **metadata):
        """A map of a quake at that moment, in that folder."""
        body = f' event_timestamp="{happened:%Y-%m-%dT%H:%M:%SZ}" magnitude="{magnitude}"'.encode()
        self._store.put("shakemaps", f"{name}/grid.xml", body, metadata=metadata)

    def latency(self, name, happened, **metadata):
        """Seconds from the upload until the report is under way to its end."""
        started = time.monotonic()
        self.put(name, happened, **metadata)
        wait_for(lambda: any(f"/{name}/" in key for key in self.reports.keys), 30, f"the report of {name}")
        return time.monotonic() - started + WORK_SECONDS

    @property
    def done(self):
        """How many maps were taken up."""
        return sum(len(function.calls) for function in self.maps)

    def stop(self):
        self.gateway.kill()
        for function in (*self.maps, self.reports):
            function.stop()


@pytest.fixture
def road(minio, store, tmp_path):
    """`road(stack, slots)` starts one."""
    started = []

    def start(*arguments):
        started.append(Road(minio, store, tmp_path, *arguments))
        return started[-1]

    yield start
    for one in started:
        one.stop()


def now_folder():
    """A folder as BMKG names one now, and the moment of its quake."""
    now = datetime.now(UTC)
    return f"{now + timedelta(hours=7):%Y%m%d%H%M%S}", now


def fill(road, count=BACKFILL):
    """Old quakes: in folders with their own clock, in folders without one, in folders named for today."""
    old = datetime(2018, 2, 20, 9, 29, 28, tzinfo=UTC)
    today = datetime.now(UTC) - timedelta(hours=1)

    def put(number):
        happened = old + timedelta(days=number)
        name = f"{happened:%Y%m%d%H%M%S}", f"us{number:08d}", f"{today + timedelta(seconds=number):%Y%m%d%H%M%S}"
        road.put(name[number % 3], happened)

    with ThreadPoolExecutor(8) as putting:
        list(putting.map(put, range(count)))


def test_a_live_quake_during_a_backfill_of_200_takes_at_most_twice_as_long(road):
    road = road()
    idle = []
    for _ in range(3):
        idle.append(road.latency(*now_folder()))
        time.sleep(1 - time.time() % 1)  # a folder of its own, since its name has whole seconds
    fill(road)
    busy = []
    for _ in range(4):
        busy.append(road.latency(*now_folder()))
        time.sleep(1 - time.time() % 1)
    asked = road.latency("19920612123456", datetime(1992, 12, 12, tzinfo=UTC), **events.ASKED)
    unasked_at = road.done
    assert unasked_at < BACKFILL, "the backfill ended before the live quakes came"
    print(f"idle {idle}, during a backfill {busy}, asked for {asked:.2f}")
    slack = 0.5  # what a busy machine does to figures of half a second
    assert statistics.median(busy) <= 2 * statistics.median(idle) + slack
    assert asked <= 2 * statistics.median(idle) + slack
    wait_for(lambda: road.done > unasked_at + 3, 20, "the backfill to go on")


def test_in_a_swarm_the_largest_is_done_first_and_figures_wait_for_no_small_report(road):
    """Forty small quakes of the last ten minutes and, in the middle of them, one of 7.4."""
    road, small = road(), 40
    now = datetime.now(UTC)
    folders = [(f"us{number:08d}", now - timedelta(seconds=15 * number)) for number in range(small)]
    with ThreadPoolExecutor(8) as putting:
        list(putting.map(lambda one: road.put(*one, magnitude=2.5), folders))
    road.put("large", now - timedelta(minutes=5), magnitude=7.4)
    wait_for(lambda: any(one["key"] == "large/grid.xml" for one in road.gateway.jobs()["jobs"]), 30, "its announcement")
    done = road.done
    wait_for(lambda: "large/grid.xml" in road.maps[0].keys, 30, "the large one")
    room = 8  # what a busy machine takes up between its announcement and the moment its magnitude is read
    assert road.maps[0].keys.index("large/grid.xml") <= done + room < small
    wait_for(lambda: road.done == small + 1, 60, "all figures")
    reports = [key.split("/")[1] for key in road.reports.keys]
    assert reports.index("large") <= 4
    assert len(reports) < small / 4
    wait_for(lambda: len(road.reports.keys) == small + 1, 60, "all reports")


def test_of_two_slots_one_is_kept_for_what_comes_now(road):
    road = road(TWO_SLOTS, 2)
    fill(road, 20)
    wait_for(lambda: road.done > 4, 20)
    taken = sorted(called.at for function in road.maps for called in function.calls)
    gaps = [later - earlier for earlier, later in itertools.pairwise(taken)]
    assert min(gaps) > WORK_SECONDS / 2  # one at a time


def test_what_waits_for_somebody_outside_holds_no_backfill_back(road):
    road = road(WITH_A_TICK)
    outside = threading.Event()
    fetching = Function(road.gateway.settings.function_port + 2, lambda _called: (outside.wait(30) and 200, "{}"))
    url = f"{road.gateway.url}/async-function/fetch-flood"
    assert requests.post(url, auth=road.gateway.login, timeout=20).status_code == 202
    wait_for(lambda: fetching.calls, 20, "the call that waits")
    try:
        road.put("us00000001", datetime(2018, 2, 20, 9, 29, 28, tzinfo=UTC))
        wait_for(lambda: road.reports.calls, 20, "the report of an old quake")
    finally:
        outside.set()
        fetching.stop()
