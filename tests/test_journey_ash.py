"""An ash fall with every part real: the request waits for its raster, is seen waiting, and is done once it is there."""

import json

import requests
from fixtures import ash
from running import wait_for

from siaga import keys

EVENT = "201702211904+0700_Merapi"


def job(stack_up):
    listed = requests.get(f"{stack_up.settings.gateway_url}/siaga/jobs", timeout=5).json()["jobs"]
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
