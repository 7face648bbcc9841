"""A stray object in the catalogue is passed over; it stops no report."""

import pytest

from siaga import keys, neighbours
from siaga.errors import BadInput

STRAY = "catalog/earthquake/2018/02/20180299T092928Z_x_initial-v001-b5388b8b.json"
QUAKE = {
    "hazard": "earthquake",
    "event_id": "20180220163351",
    "version": "initial-v001-b5388b8b",
    "source_type": "initial",
    "version_number": 1,
    "drill": False,
    "event": {
        "time": "2018-02-20T09:29:28Z",
        "process_time": None,
        "longitude": 119.0,
        "latitude": -9.0,
        "magnitude": 5.0,
    },
}


@pytest.mark.parametrize("clock", ["20180299T092928Z", "20181301T000000Z", "20180220T240000Z", "00000101T000000Z"])
def test_ca_01_a_catalogue_key_of_no_day_is_no_key(clock):
    with pytest.raises(BadInput, match="not the key of a catalogue entry"):
        keys.CatalogEntry.parse(STRAY.replace("20180299T092928Z", clock))


def test_ca_01_a_stray_key_stops_no_report(store):
    store.put(keys.RESULTS, STRAY, b"{}")
    assert neighbours.version_below(store, QUAKE) is None
