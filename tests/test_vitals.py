"""What every part tells of itself: alive, able to work, and figures; who may read them, and what they count."""

import json
import threading
from datetime import timedelta

import pytest
import requests
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families
from support.running import wait_for

from gateway import backups, urgency
from gateway.job import Job, Progress
from gateway.metrics import Standing, Steps
from siaga import generation, keys, moment, stack, vitals
from siaga.errors import Unavailable
from siaga.events import Notification
from siaga.receipt import Receipt
from siaga.store import Store
from siaga.vitals import Disk, StoreLook, Vitals

RUN = "earthquake/20261127150000/initial-v001-3fa91c07/0a1b2c3d"
CONTENT = Notification("shakemaps", "20261127150000/grid.xml", "e1")


def figures(text):
    """{(name, labels as sorted pairs): value} of what Prometheus would read."""
    families = text_string_to_metric_families(text)
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def addresses(settings):
    """Where each part answers watchers."""
    own = {
        "gateway": settings.gateway_url,
        "web": f"http://127.0.0.1:{settings.web_port}",
        "sftp": f"http://127.0.0.1:{settings.sftp_health[1]}",
    }
    return own | {slot.function.name: slot.url for slot in stack.slots(stack.planned(settings), settings)}


def test_every_part_of_a_running_siaga_lives_can_work_and_shows_figures_to_who_has_the_token(stack_up):
    token = {"Authorization": f"Bearer {stack_up.settings.secret(vitals.TOKEN)}"}
    own = {
        "gateway": ("siaga_jobs_pending", (("function", "on-shakemap"), ("urgency", "live"))),
        "web": ("siaga_inputs_failed", ()),
        "sftp": ("siaga_sftp_sessions", ()),
    }
    for name, url in addresses(stack_up.settings).items():
        assert requests.get(f"{url}{vitals.ALIVE}", timeout=10).text == "OK", name
        wait_for(lambda url=url: requests.get(f"{url}{vitals.READY}", timeout=10).text in ("OK", "busy"), 30, name)
        assert requests.get(f"{url}{vitals.METRICS}", timeout=10).status_code == 401, name
        assert (
            requests.get(f"{url}{vitals.METRICS}", headers={"Authorization": "Bearer x"}, timeout=10).status_code == 401
        )
        answer = requests.get(f"{url}{vitals.METRICS}", headers=token, timeout=10)
        assert answer.headers["Content-Type"].startswith("text/plain"), name
        read = figures(answer.text)
        assert own.get(name, ("siaga_function_ready", ())) in read, name
        if name in own:
            assert read["siaga_store_up", ()] == 1
            assert 0 < read["siaga_disk_free_bytes", ()] <= read["siaga_disk_size_bytes", ()]
    elsewhere = token | {"Host": "10.213.77.5:8080"}  # Prometheus comes by the address of a replica
    assert requests.get(f"{stack_up.settings.gateway_url}{vitals.METRICS}", headers=elsewhere, timeout=10).ok
    assert requests.get(f"{stack_up.settings.gateway_url}/siaga/jobs", headers=elsewhere, timeout=10).status_code == 421
    login = stack_up.settings.secret("gateway-user"), stack_up.settings.secret("gateway-password")
    assert requests.get(f"{stack_up.settings.gateway_url}{vitals.METRICS}", auth=login, timeout=10).ok


def test_a_part_that_lives_and_cannot_work_says_why():
    wrong = Vitals("t", {"store": lambda: "it does not answer", "index": lambda: ""})
    assert wrong.answer(vitals.ALIVE).status == 200
    assert (wrong.answer(vitals.READY).status, wrong.answer(vitals.READY).body) == (503, b"store: it does not answer\n")
    assert wrong.answer("/else") is None
    stuck = Vitals("t", {}, (), lambda: "the door has done nothing for 3 s")
    assert stuck.answer(vitals.ALIVE).status == 503


@pytest.mark.parametrize("sent", ["", "Bearer ", "Bearer tt", "Basic t", "t"])
def test_figures_take_the_token_and_a_part_without_one_shows_none(sent):
    assert Vitals("t", {}).answer(vitals.METRICS, "Bearer t").status == 200
    assert Vitals("t", {}).answer(vitals.METRICS, sent).status == 401
    assert Vitals("", {}).answer(vitals.METRICS, sent).status == 401


def test_a_silent_store_is_seen_and_its_return_too():
    answers = [Unavailable("no"), None]

    def ask():
        if error := answers.pop(0):
            raise error

    look = StoreLook(ask)
    assert look.check() == "it was not asked yet"
    look.look()
    assert (look.check(), REGISTRY.get_sample_value("siaga_store_up")) == ("it does not answer", 0)
    look.look()
    assert (look.check(), REGISTRY.get_sample_value("siaga_store_up")) == ("", 1)


def test_a_look_at_the_store_that_hangs_is_no_good_news(monkeypatch):
    look = StoreLook(lambda: None)
    look.look()
    monkeypatch.setattr(vitals, "_STALE_SECONDS", -1.0)
    assert look.check() == "it has not answered for a while"


def test_a_disk_that_cannot_be_looked_at_has_no_figure_rather_than_none_free(tmp_path):
    assert {family.name for family in Disk(tmp_path).collect()} == {"siaga_disk_size_bytes", "siaga_disk_free_bytes"}
    assert list(Disk(tmp_path / "gone").collect()) == []


def test_when_the_last_backup_was_made_is_asked_once_a_minute_with_the_rights_of_the_gateway(store, minio, monkeypatch):
    def shown():
        (family,) = told.collect()
        return [sample.value for sample in family.samples]

    def after_a_minute():
        told._until -= backups._KEPT_SECONDS
        return shown()

    def silent(*_):
        raise Unavailable("no")

    told = backups.Backups(Store.connect(minio, "gateway"))
    assert shown() == []  # no backup yet is no figure, rather than one of 1970
    store.put(keys.RESULTS, generation.BACKED_UP, b"{}")
    made = store.head(keys.RESULTS, generation.BACKED_UP).modified.timestamp()
    assert shown() == []
    assert after_a_minute() == [made]
    with monkeypatch.context() as patch:
        patch.setattr(Store, "head", silent)
        assert after_a_minute() == [made]  # that the store is silent is told elsewhere
    store.delete(keys.RESULTS, generation.BACKED_UP)
    assert after_a_minute() == []


class Shelf:
    """The store and the ledger as far as the steps of one report ask them."""

    def __init__(self, **entry):
        self.entry = {"drill": False, "process_time": "2026-11-27T08:04:00Z"} | entry
        self.entry["arrival"] = {"bucket": CONTENT.bucket, "key": CONTENT.key, "etag": CONTENT.etag}
        self.entry["arrival"]["received"] = entry.get("received", "2026-11-27T08:05:00Z")

    def head(self, bucket, key):
        assert (bucket, key) == (keys.RESULTS, f"{RUN}/impact.json")
        return type("Head", (), {"metadata": {keys.EVENT_TIME: "2026-11-27T08:00:00Z"}})

    def get(self, _bucket, key):
        assert key.startswith("catalog/earthquake/2026/11/20261127T080000Z_20261127150000_")
        return json.dumps(self.entry).encode(), None

    def read(self, name):
        assert name == keys.receipt("on-shakemap", CONTENT.receipt_id)
        return receipt("on-shakemap", CONTENT, "2026-11-27T08:05:02Z")


def receipt(function, notification, finished):
    return Receipt(function, notification, "done", None, RUN, "20261127150000", (), 1, "", "", finished, 1.0)


def steps():
    """{step: (how many, seconds in all)} as far as counted."""
    names = ("map_made", "received", "analysed", "published")
    found = {}
    for name in names:
        labels = {"hazard": "earthquake", "step": name}
        count = REGISTRY.get_sample_value("siaga_step_seconds_count", labels) or 0
        found[name] = count, REGISTRY.get_sample_value("siaga_step_seconds_sum", labels) or 0
    return found


def test_the_steps_from_origin_to_report_are_reckoned_from_entry_and_receipts():
    before, shelf = steps(), Shelf()
    published = receipt("render-report", Notification(keys.RESULTS, f"{RUN}/impact.json", "e2"), "2026-11-27T08:05:06Z")
    Steps(shelf, shelf).reckon(published)
    gone = {name: (count - before[name][0], total - before[name][1]) for name, (count, total) in steps().items()}
    assert gone == {"map_made": (1, 240), "received": (1, 60), "analysed": (1, 2), "published": (1, 4)}


@pytest.mark.parametrize("entry", [{"drill": True}, {"received": "2026-12-24T08:00:00Z"}])
def test_exercises_and_old_maps_tell_nothing_of_how_quick_anybody_is(entry):
    before, shelf = steps(), Shelf(**entry)
    Steps(shelf, shelf).reckon(receipt("render-report", Notification(keys.RESULTS, "", ""), "2026-12-24T08:05:06Z"))
    assert steps() == before


def test_a_report_whose_steps_cannot_be_reckoned_ends_no_thread(caplog):
    class Away(Shelf):
        def head(self, *_):
            raise Unavailable("away")

    reckoning = Steps(Away(), Shelf())
    threading.Thread(target=reckoning.run, daemon=True).start()
    of_report = receipt("render-report", Notification(keys.RESULTS, f"{RUN}/impact.json", "e2"), "2026-11-27T08:05:06Z")
    for _ in range(2):
        caplog.clear()
        reckoning.hear(of_report)
        wait_for(lambda: "are not reckoned" in caplog.text, 10, "the log")


class Queue:
    """Inbox, sweep and slots of a gateway that has three jobs under way."""

    functions = ("on-ash", "on-shakemap")

    def jobs(self, _limit):
        now = moment.now()
        old, live = (moment.stamp(now - timedelta(seconds=age)) for age in (9000, 40))
        backfill = urgency.backfill(now)
        yield Job("a", "on-shakemap", urgency.at_once(), live, CONTENT), Progress(), "running", None
        yield Job("b", "on-shakemap", backfill, old, CONTENT), Progress(), "received", None
        yield Job("c", "on-ash", urgency.at_once(), live), Progress(), "received", None

    def figures(self):
        few = {"keys": 7, "seconds": 0.1}
        return {"last": moment.stamp(), "last_full": None, "recent": few, "tour": few}

    def ready(self, function):
        return {"on-shakemap": 2, "on-ash": 0}[function]


def standing(tmp_path, *, works=True):
    queue = Queue()
    families = Standing(tmp_path, queue, queue, queue, lambda: works).collect()
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


def test_what_waits_is_told_by_function_and_urgency_with_the_age_of_the_oldest(tmp_path):
    seen = standing(tmp_path)
    assert seen["siaga_jobs_pending", "on-shakemap", "live"] == 1
    assert seen["siaga_jobs_pending", "on-shakemap", "backfill"] == 1
    assert seen["siaga_jobs_pending", "on-ash", "call"] == 1
    assert seen["siaga_jobs_pending", "on-ash", "live"] == 0
    assert 40 <= seen["siaga_jobs_oldest_age_seconds", "on-shakemap", "live"] < 100
    assert seen["siaga_jobs_oldest_age_seconds", "on-shakemap", "backfill"] >= 9000
    assert (seen["siaga_jobs_running", "on-shakemap"], seen["siaga_jobs_running", "on-ash"]) == (1, 0)
    assert (seen["siaga_slots_ready", "on-shakemap"], seen["siaga_slots_ready", "on-ash"]) == (2, 0)
    assert seen["siaga_sweep_keys", "recent"] == 7
    assert ("siaga_sweep_last_timestamp_seconds", "full") not in seen


def test_a_gateway_that_stands_by_knows_nothing_of_the_queue(tmp_path):
    assert standing(tmp_path, works=False) == {}
