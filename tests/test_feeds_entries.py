"""Feeds over a catalogue that a test fills: ids that stay, names that break nothing, what messages say they are."""

import hashlib
import json
from pathlib import Path
from xml.etree import ElementTree

import xmlschema
from fixtures import floodhours
from fixtures.pages import got, serving
from fixtures.published import CORRECTED, QUAKE
from test_web import entry, put

from siaga import keys

SCHEMAS = Path(__file__).parent / "fixtures" / "schemas"
ATOM, CAP = "{http://www.w3.org/2005/Atom}", "{urn:oasis:names:tc:emergency:cap:1.2}"
TRIANGLE = [[[116, -9], [117, -9], [117, -8], [116, -9]]]
FEATURE = {"type": "Feature", "properties": {"mmi": 8}, "geometry": {"type": "Polygon", "coordinates": TRIANGLE}}
BANDS = json.dumps({"type": "FeatureCollection", "features": [FEATURE]}).encode()


def test_an_event_keeps_its_id_when_a_map_under_another_id_outranks_it(store, minio, tmp_path):
    same = {"time": "2018-08-05T11:46:35Z", "longitude": 116.45, "latitude": -8.3}
    put(store, entry(QUAKE, **same))
    before = entries(serving(minio, tmp_path)[1])
    later = entry(CORRECTED, "corrected-v001-cccccccc", **same)
    put(store, later | {"arrival": later["arrival"] | {"received": "2018-08-05T13:00:00Z"}})
    after = entries(serving(minio, tmp_path)[1])
    assert before == [(f"tag:siaga.example,2026:earthquake:{QUAKE}", "2018-08-05T12:01:00Z")]
    assert after == [(f"tag:siaga.example,2026:earthquake:{QUAKE}", "2018-08-05T13:00:00Z")]


def entries(client):
    root = ElementTree.fromstring(got(client, "/feeds/earthquakes.id.atom").data)
    return [(one.findtext(f"{ATOM}id"), one.findtext(f"{ATOM}updated")) for one in root.findall(f"{ATOM}entry")]


def test_a_name_breaks_no_feed(store, minio, tmp_path):
    put(store, entry(description="\x00\x1b[2J\u202e\ud83d\ude00 ]]> <script>&</script> " + "x" * 5000))
    answer = got(serving(minio, tmp_path)[1], "/feeds/earthquakes.id.atom")
    xmlschema.XMLSchema(SCHEMAS / "atom.xsd").validate(answer.text)
    assert not {mark for mark in answer.text if not mark.isprintable()} - {"\n", "\xa0"}
    assert "<script>" not in answer.text
    assert len(answer.data) < 8000


def test_the_operator_says_when_messages_are_meant_but_never_of_demonstration_data(store, minio, tmp_path):
    products = [{"path": "bands.geojson", "sha256": hashlib.sha256(BANDS).hexdigest()}]
    body = json.dumps({"zones": [], "products": products}).encode()
    run = keys.Run("earthquake", QUAKE, keys.Version("initial", 1, "aaaaaaaa"), "12345678")
    store.put(keys.RESULTS, run.key("impact.json"), body)
    store.put(keys.RESULTS, run.key("bands.geojson"), BANDS)
    of_run = {"impact": {"key": run.key("impact.json"), "sha256": hashlib.sha256(body).hexdigest()}, "report": None}
    for demonstration, status in ((False, "Actual"), (True, "Test")):
        put(store, entry(affected=3.2e6, displaced=1e5, demonstration=demonstration, **of_run))
        client = serving(minio, tmp_path, cap_status="Actual")[1]
        root = ElementTree.fromstring(got(client, f"/feeds/cap/earthquakes/{QUAKE}.xml").data)
        assert root.findtext(f"{CAP}status") == status


def test_a_damaged_record_takes_no_other_event_out_of_a_list(store, minio, tmp_path):
    good, bad = (floodhours.put_data(store, hour, {floodhours.A: 3}) for hour in (0, 1))
    store.put(keys.RESULTS, bad["impact"]["key"], b"{}")
    client = serving(minio, tmp_path)[1]
    root = ElementTree.fromstring(got(client, "/feeds/floods.en.atom").data)
    assert len(root.findall(f"{ATOM}entry")) == 2
    features = got(client, "/ogc/collections/floods/items").json["features"]
    assert [one["id"] for one in features] == [bad["event_id"], good["event_id"]]
    assert features[0]["geometry"] is None
    assert len(got(client, "/ogc/collections").json["collections"]) == 5
    assert client.get(f"/feeds/cap/floods/{bad['event_id']}.xml").status_code == 503
