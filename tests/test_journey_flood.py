"""A flooded hour with every part real: figures and catalogue entry once, refused with its reason, hours told apart."""

import json

import pytest
import requests
from fixtures import floods
from support.running import wait_for

from siaga import keys
from siaga.cli import ingest, samples
from siaga.events import Notification

HOUR = "2017022105-6-rw"


def arrive(stack_up, body, hour=HOUR):
    """As fetch-flood would write it; returns what became of it once the figures are there."""
    key = f"{hour}/{keys.FLOOD_DATA}"
    notification = Notification(keys.FLOODMAPS, key, stack_up.store("functions").put(keys.FLOODMAPS, key, body))
    store = stack_up.store("web")

    def settled():
        found = ingest.state_of(store, stack_up.settings, notification)
        return found if found.state != "received" else None

    return wait_for(settled, 60, f"{key} to be settled")


def catalogue(store):
    prefix = keys.catalog_prefix("flood", 2017, 2)
    return [json.loads(store.get(keys.RESULTS, head.key)[0]) for head in store.list(keys.RESULTS, prefix)]


def test_an_hour_becomes_figures_and_a_catalogue_entry_once(stack_up, tmp_path):
    store = stack_up.store()
    ((_key, body),) = samples.flood(tmp_path).objects
    found = arrive(stack_up, body)
    assert found.state in ("analysed", "published"), found.reason
    assert found.url.startswith(f"{stack_up.settings.public_url}/floods/{HOUR}/initial-v001-")
    impact = json.loads(store.get(keys.RESULTS, f"{found.run}/impact.json")[0])
    (entry,) = catalogue(store)
    assert (entry["event_id"], entry["run"], entry["highest_state"]) == (HOUR, impact["run"], 4)
    assert entry["people"]["total"] == impact["people"]["total"] > 0
    assert (entry["reported"], entry["demonstration"]) == (True, True)
    assert {one["name"] for one in impact["villages"]} == {"CONTOH 1", "CONTOH 2", "CONTOH 3"}
    before = store.head(keys.RESULTS, f"{found.run}/impact.json").etag
    assert arrive(stack_up, body).run == found.run
    assert store.head(keys.RESULTS, f"{found.run}/impact.json").etag == before
    assert len(catalogue(store)) == 1


@pytest.mark.parametrize(
    ("hour", "body", "said"),
    [
        ("2017022106-6-rw", b"<html>Bad gateway</html>", "not JSON"),
        ("2017022107-6-rw", floods.answer()[:700], "cut off"),
        ("2017022108-6-rw", floods.answer(states=(5, 5, 5)), "state is 5"),
    ],
)
def test_what_is_no_flood_map_is_refused_with_its_reason_on_the_status_page(stack_up, hour, body, said):
    found = arrive(stack_up, body, hour)
    assert found.state == "refused"
    assert said in found.reason
    assert not list(stack_up.store().list(keys.RESULTS, f"flood/{hour}/"))

    def told():
        page = requests.get(f"{stack_up.settings.public_url}/status?lang=en", timeout=5).text
        return f"{hour}/{keys.FLOOD_DATA}" in page and "Refused" in page

    wait_for(told, 15, f"{hour} on /status")


def test_the_records_of_hours_suspects_and_outages_wake_nothing(stack_up):
    store = stack_up.store()
    receipts = {head.key for head in store.list(keys.LEDGER, "on-flood/")}
    for key in (f"hours/{HOUR}/same.json", f"suspect/{HOUR}/20170221T050700Z", f"outages/{HOUR}.json"):
        store.put(keys.FLOODMAPS, key, b'{"until": null}')
    found = arrive(stack_up, floods.answer(states=(1, None, 1)), "2017022109-6-rw")
    assert found.state in ("analysed", "recorded")
    assert len({head.key for head in store.list(keys.LEDGER, "on-flood/")} - receipts) == 1
