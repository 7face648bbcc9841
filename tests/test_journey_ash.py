"""An ash fall with every part real: it waits for its raster and is seen waiting, is done once, or refused and why."""

import json

import pytest
import requests
from fixtures import ash
from support.running import wait_for

from siaga import keys
from siaga.cli import ingest, samples
from siaga.events import Notification

EVENT = "201702211904+0700_Merapi"


def job(stack_up):
    listed = stack_up.jobs()
    return next((one for one in listed if one["key"] == f"{EVENT}/request.json" and one["reason"]), None)


def test_a_request_waits_for_its_raster_and_is_done_once_it_is_there(stack_up):
    store = stack_up.store()
    store.put(keys.ASHMAPS, f"{EVENT}/request.json", ash.request(), "application/json")
    waiting = wait_for(lambda: job(stack_up), 30, "the request to wait")
    assert (waiting["state"], waiting["attempt"]) == ("retrying", 1)
    page = requests.get(f"{stack_up.settings.public_url}/status?lang=en", timeout=5).text
    assert f"{EVENT}/ash_fall.tif has not come yet; the request waits for it" in page
    store.put(keys.ASHMAPS, f"{EVENT}/ash_fall.tif", ash.raster(), "image/tiff")
    prefix = keys.catalog_prefix("ash")
    (entry,) = wait_for(lambda: list(store.list(keys.RESULTS, prefix)), 30, "the figures")
    shown = json.loads(store.get(keys.RESULTS, entry.key)[0])
    impact = json.loads(store.get(keys.RESULTS, shown["impact"]["key"])[0])
    assert impact["people"]["total"] > 0  # the demonstration's people live around Merapi
    wait_for(lambda: job(stack_up) is None, 15, "the job to be gone")
    page = wait_for(lambda: _settled(stack_up), 15, "the receipt on the status page")
    assert "has not come yet" not in page


def _settled(stack_up):
    page = requests.get(f"{stack_up.settings.public_url}/status?lang=en", timeout=5).text
    return page if f"{EVENT}/request.json" in page and "on-ash" in page else ""


def arrive(stack_up, *objects):
    """As the form would write them, the request last; returns what became of it once it is settled."""
    door, store = stack_up.store("door"), stack_up.store("web")
    for key, body in objects:
        notification = Notification(keys.ASHMAPS, key, door.put(keys.ASHMAPS, key, body))

    def settled():
        found = ingest.state_of(store, stack_up.settings, notification)
        return found if found.state != "received" else None

    return wait_for(settled, 60, f"{notification.key} to be settled")


def test_an_ash_fall_becomes_figures_and_a_catalogue_entry_once(stack_up, tmp_path):
    sample, store = samples.ash(tmp_path), stack_up.store()
    found = arrive(stack_up, *sample.objects)
    assert found.state in ("analysed", "published"), found.reason
    assert found.url.startswith(f"{stack_up.settings.public_url}/ash/201702211904+0700_Merapi-contoh/initial-v001-")
    before = store.head(keys.RESULTS, f"{found.run}/impact.json").etag
    assert arrive(stack_up, *sample.objects).run == found.run
    assert store.head(keys.RESULTS, f"{found.run}/impact.json").etag == before
    entries = [json.loads(store.get(keys.RESULTS, head.key)[0]) for head in store.list(keys.RESULTS, "catalog/ash/")]
    (entry,) = (one for one in entries if one["event_id"] == "201702211904+0700_Merapi-contoh")
    assert (entry["alert_level"], entry["highest_class"], entry["demonstration"]) == ("awas", "very_high", True)


@pytest.mark.parametrize(
    ("minute", "request_body", "raster", "said"),
    [
        ("1910", b"no request", ash.raster(), "not JSON"),
        ("1911", ash.request(alert_level="red"), ash.raster(), "alert_level"),
        ("1912", ash.request(), ash.raster()[:200], "GeoTIFF"),
        ("1913", ash.request(longitude=120.0), ash.raster(), "more than 3 degrees"),
    ],
)
def test_what_is_no_ash_fall_is_refused_with_its_reason_on_the_status_page(
    stack_up, minute, request_body, raster, said
):
    folder = f"20170221{minute}+0700_Merapi"
    found = arrive(stack_up, (f"{folder}/ash_fall.tif", raster), (f"{folder}/request.json", request_body))
    assert found.state == "refused"
    assert said in found.reason

    def told():
        page = requests.get(f"{stack_up.settings.public_url}/status?lang=en", timeout=5).text
        return f"{folder}/{keys.ASH_REQUEST}" in page and "Refused" in page

    wait_for(told, 15, f"{folder} on /status")
