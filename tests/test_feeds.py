"""Atom and CAP of events of every hazard: valid by the schemas of their standards, true to files and versions."""

import hashlib
import json
import re
import socket
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pystac
import pytest
import requests
import shapely
import xmlschema
from fixtures import published
from fixtures.pages import SITE, got, serving
from fixtures.published import CORRECTED, DRILL, FADED, FALL, HOUR, QUAKE
from pystac.extensions.earthquake import EarthquakeExtension
from pystac.extensions.file import FileExtension
from pystac.validation import local_validator, validate_dict
from pystac_monty.extension import MontyExtension
from pystac_monty.hazard_profiles import MontyHazardProfiles
from pystac_monty.paring import Pairing
from stac_validator.validate import StacValidate
from support.running import wait_for
from support.web_process import running_web
from test_channels import MESSAGE

from siaga import keys, moment
from siaga.alerts.channels.cap import Cap
from siaga.inputs.decisions import HIDDEN, Decision
from siaga.language import LANGUAGES
from siaga.outgoing import Guard
from siaga.store import Store
from web.feeds.addresses import PAGES

SCHEMAS = Path(__file__).parent / "fixtures" / "schemas"
ATOM, GEORSS, CAP = (
    "{http://www.w3.org/2005/Atom}",
    "{http://www.georss.org/georss}",
    "{urn:oasis:names:tc:emergency:cap:1.2}",
)
EVENTS = [("earthquakes", QUAKE), ("earthquakes", FADED), ("earthquakes", DRILL), ("floods", HOUR), ("ash", FALL)]


@pytest.fixture(scope="module")
def atom_schema():
    return xmlschema.XMLSchema(SCHEMAS / "atom.xsd")


@pytest.fixture(scope="module")
def cap_schema():
    return xmlschema.XMLSchema(SCHEMAS / "cap-1.2.xsd")


@pytest.fixture(scope="module")
def filled(emptied, tmp_path_factory, qgis):
    """(store, index, client) of an app with events of every hazard."""
    root, folder = Store.connect(emptied, "root"), tmp_path_factory.mktemp("published")
    published.publish(root, emptied, folder)
    return root, *serving(emptied, folder)


def message(client, page, event_id, version=""):
    address = f"/feeds/cap/{page}/{event_id}{'/' if version else ''}{version}.xml"
    return ElementTree.fromstring(got(client, address).data)


def said(root, *names):
    return [root.findtext(f"{CAP}{name}") for name in names]


@pytest.mark.parametrize("page", ["earthquakes", "floods", "ash"])
@pytest.mark.parametrize("code", LANGUAGES)
def test_feeds_are_valid_and_cost_nothing_when_nothing_is_new(filled, atom_schema, page, code):
    client = filled[2]
    answer = got(client, f"/feeds/{page}.{code}.atom")
    assert answer.content_type.startswith("application/atom+xml")
    atom_schema.validate(answer.text)
    again = client.get(f"/feeds/{page}.{code}.atom", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    root = ElementTree.fromstring(answer.data)
    assert all(link.get("href").startswith(f"{SITE}/") for link in root.iter(f"{ATOM}link"))
    entries = root.findall(f"{ATOM}entry")
    assert len(entries) == {"earthquakes": 2, "floods": 1, "ash": 1}[page]  # no exercise among them
    assert all(one.find(f"{GEORSS}point") is not None or one.find(f"{GEORSS}box") is not None for one in entries)
    for link in entries[0].findall(f"{ATOM}link"):
        assert client.get(link.get("href").removeprefix(SITE)).status_code == 200, link.attrib


def test_an_entry_names_page_report_message_and_level(filled):
    (_faded, entry) = ElementTree.fromstring(got(filled[2], "/feeds/earthquakes.en.atom").data).findall(f"{ATOM}entry")
    links = {link.get("type"): link.get("href") for link in entry.findall(f"{ATOM}link")}
    assert links["application/pdf"].endswith("/files/report-en.pdf")
    assert links["text/html"] == f"{SITE}/earthquakes/{CORRECTED}?lang=en"
    assert f"/feeds/cap/earthquakes/{CORRECTED}/" in links["application/cap+xml"]
    assert entry.find(f"{ATOM}category").get("term") in ("green", "yellow", "orange", "red")
    assert entry.findtext(f"{GEORSS}point") == "-8.2500 116.4500"


def test_an_unknown_feed_is_not_found(filled):
    for path in ("/feeds/tsunamis.id.atom", "/feeds/floods.xx.atom", "/feeds/cap/x/1.xml", "/feeds/cap/floods/1.xml"):
        assert filled[2].get(path).status_code == 404, path


@pytest.mark.parametrize(("page", "event_id"), EVENTS)
def test_every_message_is_valid_and_its_resources_are_what_it_says(filled, cap_schema, page, event_id):
    _store, index, client = filled
    for one in index.versions(event_id, hazard={"floods": "flood", "ash": "ash"}.get(page, "earthquake")):
        answer = got(client, f"/feeds/cap/{page}/{one['event_id']}/{one['version']}.xml")
        assert answer.content_type.startswith("application/cap+xml")
        cap_schema.validate(answer.text)
        root = ElementTree.fromstring(answer.data)
        infos = root.findall(f"{CAP}info")
        assert [info.findtext(f"{CAP}language") for info in infos] == list(LANGUAGES)
        for resource in root.iter(f"{CAP}resource"):
            size, address, digest = said(resource, "size", "uri", "digest")
            body = got(client, address.removeprefix(SITE)).data
            assert (str(len(body)), hashlib.sha1(body).hexdigest()) == (size, digest)
        sent, expires = root.findtext(f"{CAP}sent"), infos[0].findtext(f"{CAP}expires")
        assert datetime.fromisoformat(sent) <= datetime.fromisoformat(expires)


def test_versions_refer_to_those_below_and_what_vanished_cancels(filled):
    _store, index, client = filled
    newest, first = index.versions(QUAKE)
    update, alert = (message(client, "earthquakes", one["event_id"], one["version"]) for one in (newest, first))
    assert said(alert, "msgType", "references", "status") == ["Alert", None, "Test"]
    assert said(update, "msgType", "references") == ["Update", ",".join(said(alert, "sender", "identifier", "sent"))]
    assert first["run"] in alert.findtext(f"{CAP}identifier")
    faded = message(client, "earthquakes", FADED)
    assert said(faded, "msgType") == ["Cancel"]
    info = faded.find(f"{CAP}info")
    assert said(info, "responseType", "severity", "urgency") == ["AllClear", "Minor", "Past"]
    assert said(message(client, "earthquakes", DRILL), "status") == ["Exercise"]


def test_an_event_that_an_operator_hides_cancels_its_messages_and_tells_nothing_else(filled, cap_schema):
    store, index, client = filled
    alert = message(client, "earthquakes", FADED)
    hidden = Decision("earthquake", FADED, False, HIDDEN, True, "a test", "op", "2026-11-27T10:00:00Z")
    store.put(keys.DECISIONS, hidden.key, hidden.encode())
    index.heed()
    try:
        answer = got(client, f"/feeds/cap/earthquakes/{FADED}.xml")
        cap_schema.validate(answer.text)
        cancel = ElementTree.fromstring(answer.data)
        assert said(cancel, "msgType", "sent") == ["Cancel", "2026-11-27T17:00:00+07:00"]
        assert ",".join(said(alert, "sender", "identifier", "sent")) in cancel.findtext(f"{CAP}references").split()
        assert cancel.find(f"{CAP}info/{CAP}area") is None
        assert "5.0" not in answer.text.partition("<info>")[2]
        assert client.get(f"/earthquakes/{FADED}").status_code == 404
        later = moment.now() + timedelta(minutes=1)  # than the map, which came a moment ago
        shown = replace(hidden, value=None, when=moment.stamp(later))
        store.put(keys.DECISIONS, shown.key, shown.encode())
        index.heed()
        answer = got(client, f"/feeds/cap/earthquakes/{FADED}.xml")
        cap_schema.validate(answer.text)
        again = ElementTree.fromstring(answer.data)
        assert again.findtext(f"{CAP}identifier") == f"{alert.findtext(f'{CAP}identifier')}.shown.{shown.when}"
        assert again.findtext(f"{CAP}msgType") == alert.findtext(f"{CAP}msgType")
        assert moment.parse(shown.when) == datetime.fromisoformat(again.findtext(f"{CAP}sent"))
        assert ",".join(said(alert, "sender", "identifier", "sent")) in again.findtext(f"{CAP}references").split()
    finally:
        store.delete(keys.DECISIONS, hidden.key)
        index.heed()
    assert message(client, "earthquakes", FADED).findtext(f"{CAP}identifier") == alert.findtext(f"{CAP}identifier")


def test_the_area_is_a_simple_ring_around_what_is_hit_with_codes_of_districts(filled):
    place = message(filled[2], "earthquakes", QUAKE).find(f"{CAP}info/{CAP}area")
    ring = [tuple(map(float, pair.split(","))) for pair in place.findtext(f"{CAP}polygon").split()]
    assert ring[0] == ring[-1]
    assert 4 <= len(ring) <= 100
    hull = shapely.Polygon(ring)
    assert hull.is_valid
    assert hull.contains(shapely.Point(-8.25, 116.45))
    codes = [(one.findtext(f"{CAP}valueName"), one.findtext(f"{CAP}value")) for one in place.findall(f"{CAP}geocode")]
    assert ("BPS", "51") in codes
    assert ("P-code", "ID51") in codes


def test_pages_name_the_feeds_and_the_message_of_their_event(filled):
    page = got(filled[2], f"/earthquakes/{QUAKE}?lang=en").text
    assert 'href="/feeds/earthquakes.en.atom"' in page
    assert f'href="/feeds/cap/earthquakes/{CORRECTED}/' in page
    for path in ("/floods", f"/floods/{HOUR}", f"/ash/{FALL}"):
        assert 'type="application/atom+xml"' in got(filled[2], path).text


def test_a_link_to_an_event_shows_its_title_level_and_picture(filled):
    for page, event_id in EVENTS:
        path = f"/{page}/{event_id}"
        told = dict(re.findall(r'<meta property="og:(\w+)" content="([^"]*)">', got(filled[2], f"{path}?lang=en").text))
        assert told["title"].startswith("EXERCISE: ") == (event_id == DRILL)
        assert got(filled[2], told["url"].removeprefix(SITE))
        assert told["description"].partition(". ")[0]
        newest = filled[1].versions(event_id, hazard=PAGES[page])[0]
        assert ("image" in told) == (newest["report"] is not None), path
        if "image" in told:
            assert got(filled[2], told["image"].removeprefix(SITE)).mimetype == "image/png"


def features(client, path):
    """What a collection answers: (features, the address of the next ones or None)."""
    body = got(client, path.removeprefix(SITE)).json
    assert len(body["features"]) == body["numberReturned"]
    return body["features"], next((one["href"] for one in body["links"] if one["rel"] == "next"), None)


def test_the_landing_page_leads_to_every_collection_and_feature(filled):
    client = filled[2]
    links = {one["rel"]: one["href"].removeprefix(SITE) for one in got(client, "/ogc").json["links"]}
    assert got(client, links["conformance"]).json["conformsTo"][0].endswith("/ogcapi-features-1/1.0/conf/core")
    assert got(client, links["service-desc"]).json["openapi"].startswith("3.0")
    listed = got(client, links["data"]).json["collections"]
    for one in listed:
        (bbox,) = one["extent"]["spatial"]["bbox"]
        found, _next = features(client, next(link["href"] for link in one["links"] if link["rel"] == "items"))
        for feature in found:
            alone = got(client, f"/ogc/collections/{one['id']}/items/{feature['id']}").json
            assert alone["properties"] == feature["properties"]
            if feature["geometry"]:
                shape = shapely.geometry.shape(feature["geometry"])
                assert shapely.box(*bbox).buffer(1e-3).contains(shape), one["id"]
    quakes = [f"zones.{CORRECTED}", f"bands.{CORRECTED}"]
    areas = [f"bands.{FADED}", *quakes, f"areas.{HOUR}", f"classes.{FALL}"]
    assert [one["id"] for one in listed] == ["earthquakes", "floods", "ash", *areas]


def test_features_are_paged_and_filtered_by_box_and_time(filled):
    client, quakes = filled[2], "/ogc/collections/earthquakes/items"
    (first,), after = features(client, f"{quakes}?limit=1")
    (second,), end = features(client, after)
    assert (first["id"], second["id"], end) == (FADED, CORRECTED, None)
    assert second["properties"]["magnitude"] == 6.8
    for asked, ids in (
        ("bbox=116,-9,117,-8", [FADED, CORRECTED]),
        ("bbox=0,0,1,1", []),
        ("datetime=2018-08-05T11:46:35Z", [CORRECTED]),
        ("datetime=2018-08-05", [CORRECTED]),
        ("datetime=2018-08-06/..", [FADED]),
        ("datetime=../2018-08-06T00:00:00%2B07:00&limit=5000", [CORRECTED]),
    ):
        assert [one["id"] for one in features(client, f"{quakes}?{asked}")[0]] == ids, asked
    boxes = {f"areas.{HOUR}": "106.72,-6.2,106.725,-6", "floods": "106,-7,107,-6", "ash": "110,-8,111,-7"}
    for collection, box in boxes.items():
        assert len(features(client, f"/ogc/collections/{collection}/items?bbox={box}")[0]) == 1, collection
        assert not features(client, f"/ogc/collections/{collection}/items?bbox=0,0,1,1")[0], collection
    wet = f"/ogc/collections/areas.{HOUR}/items?limit=2"
    (one, two), after = features(client, wet)
    (three,), end = features(client, after)
    assert (len({one["id"], two["id"], three["id"]}), end) == (3, None)


def test_districts_carry_codes_and_figures_as_the_report_has_them(filled):
    _store, _index, client = filled
    found, _next = features(client, f"/ogc/collections/zones.{QUAKE}/items")
    east = next(one for one in found if one["properties"]["code"] == "52")
    assert (east["properties"]["bps_code"], east["properties"]["p_code"]) == ("52", "ID52")
    assert east["properties"]["people"] > 0
    assert shapely.geometry.shape(east["geometry"]).contains(shapely.Point(116.6, -8.5))


WRONG = ("bbox=1,2,3", "bbox=a,b,c,d", "bbox=nan,0,1,1", "limit=0", "limit=x", "limit=²", "datetime=x", "colour=red")


@pytest.mark.parametrize("asked", WRONG)
def test_what_cannot_be_answered_is_refused_in_json(filled, asked):
    answer = filled[2].get(f"/ogc/collections/earthquakes/items?{asked}")
    assert (answer.status_code, answer.json["code"]) == (400, "InvalidParameterValue")


def test_what_is_not_there_is_not_found_in_json(filled):
    missing = ("x", "zones.x", f"zones.{FADED}", f"areas.{QUAKE}", "earthquakes/items/x", f"bands.{QUAKE}/items/99")
    for path in missing:
        answer = filled[2].get(f"/ogc/collections/{path}")
        assert (answer.status_code, answer.json["code"]) == (404, "NotFound"), path


def test_qgis_opens_the_collections_by_address(filled, emptied, tmp_path):
    from qgis.core import QgsVectorLayer

    def opened(name, more=""):
        layer = QgsVectorLayer(f"url='{address}' typename='{name}'{more}", name, "OAPIF")
        assert layer.isValid(), (name, layer.error().message())
        return list(layer.getFeatures())

    with running_web(emptied, tmp_path) as (settings, _process):
        address = f"{settings.public_url}/ogc"
        events = f"{address}/collections/earthquakes/items"
        wait_for(lambda: len(requests.get(events, timeout=20).json()["features"]) == 2, 30, "the events")
        assert sorted(one["magnitude"] for one in opened("earthquakes", " pageSize='1'")) == [5.0, 6.8]
        assert sorted(one["code"] for one in opened(f"zones.{CORRECTED}")) == ["51", "52"]
        assert [len(opened(name)) for name in ("floods", f"areas.{HOUR}", f"classes.{FALL}")] == [1, 3, 5]
        newest = filled[1].versions(QUAKE)[0]  # what a hub of CAP is posted is the feed's
        document = Cap(settings.public_url, Guard([], []), "key")._document(replace(MESSAGE, facts=newest))
        assert newest["run"] in ElementTree.fromstring(document).findtext(f"{CAP}identifier")


@pytest.fixture(scope="module")
def stac(filled):
    """{address: what stands there} of all that links from the root lead to within the catalogue."""
    there, ways = {}, [f"{SITE}/stac/catalog.json"]
    while ways:
        address = ways.pop()
        if address not in there:
            there[address] = got(filled[2], address.removeprefix(SITE)).json
            ways += [one["href"] for one in there[address]["links"] if "/stac/" in one["href"]]
    return there


def by_kind(stac, kind):
    return [one for one in stac.values() if one.get("collection") == f"siaga-{kind}"]


def test_the_catalogue_is_valid_by_two_validators_without_the_internet(stac, tmp_path, monkeypatch):
    local = local_validator.get_local_schema_cache()
    paths = {address: str(tmp_path / f"{number}.json") for number, address in enumerate(local)}
    for address, path in paths.items():
        Path(path).write_text(json.dumps(local[address]))
    monkeypatch.setattr(socket.socket, "connect", lambda *_of: pytest.fail("a validator asks the internet"))
    for address, one in stac.items():
        validate_dict(one, extensions=[])
        checked = StacValidate(core=True, schema_map=dict(paths))
        assert checked.validate_dict(one), (address, checked.message)


def test_monty_reads_event_hazard_and_impacts(stac):
    assert len(by_kind(stac, "events")) == 4
    codes = {"earthquake": "GH0101", "flood": "MH0600", "ash": "GH0202"}
    profiles = MontyHazardProfiles()
    for record in (one for one in stac.values() if one["type"] == "Feature"):
        item = pystac.Item.from_dict(record, preserve_dict=True)
        monty = MontyExtension.ext(item)
        assert monty.hazard_codes[0] == codes[record["id"].partition(".")[0]]
        assert profiles.get_canonical_hazard_codes(item) == monty.hazard_codes
        assert monty.country_codes == ["IDN"]
        item.bbox = None  # the blocks that its library looks up are not in its package; without a place it says 0
        assert Pairing().generate_correlation_id(item, profiles) == monty.correlation_id
        assert all(len(one["roles"]) == 1 for one in record["links"] if one["rel"] == "related")
        assert len([one for one in record["links"] if one["rel"] == "related"]) >= 2


def test_impacts_are_modelled_and_say_what_the_report_says(filled, stac):
    entry = filled[1].versions(QUAKE)[0]
    details = {one["id"]: one["properties"]["monty:impact_detail"] for one in by_kind(stac, "impacts")}
    of_entry = {name.rpartition(".")[2]: one for name, one in details.items() if entry["version"] in name}
    assert {name: (one["type"], one["value"]) for name, one in of_entry.items()} == {
        "deaths": ("death", entry["fatalities"]["median"]),
        "affected": ("potentially_affected", entry["affected"]),
        "displaced": ("displaced_total", entry["displaced"]),
    }
    assert {one["estimate_type"] for one in details.values()} == {"modelled"}
    (hazard,) = (one for one in by_kind(stac, "hazards") if entry["version"] in one["id"])
    strongest = {"severity_value": entry["max_mmi"], "severity_unit": "MMI", "estimate_type": "modelled"}
    assert hazard["properties"]["monty:hazard_detail"] == strongest
    quake = EarthquakeExtension.ext(pystac.Item.from_dict(hazard))
    assert (quake.magnitude, quake.depth) == (6.8, 15.0)


def test_assets_have_the_size_and_hash_of_their_files(filled, stac):
    checked = 0
    for record in by_kind(stac, "events") + by_kind(stac, "hazards") + by_kind(stac, "impacts"):
        for asset in pystac.Item.from_dict(record).assets.values():
            body = got(filled[2], asset.href.removeprefix(SITE)).data
            file = FileExtension.ext(asset)
            if file.size is not None:
                assert (file.size, file.checksum) == (len(body), f"1220{hashlib.sha256(body).hexdigest()}")
                checked += 1
    assert checked > 30


def test_versions_name_each_other_and_their_one_event_and_exercises_have_no_item(filled, stac):
    newest, first = filled[1].versions(QUAKE)
    maps = [f"earthquake.{one['event_id']}.{one['version']}" for one in (newest, first)]
    links = [
        {one["rel"]: one["href"] for one in stac[f"{SITE}/stac/siaga-hazards/{name}.json"]["links"]} for name in maps
    ]
    assert links[0]["predecessor-version"] == links[1]["self"]
    assert links[1]["successor-version"] == links[0]["self"]
    events = {one["id"] for one in by_kind(stac, "events")}
    assert f"earthquake.{QUAKE}" in events
    assert f"earthquake.{CORRECTED}" not in events
    (drill,) = filled[1].versions(DRILL)
    exercise = (f"events/earthquake.{DRILL}", f"hazards/earthquake.{DRILL}.{drill['version']}")
    for path in (*exercise, "x/y", "events/x.y", "hazards/flood.x", "impacts/earthquake.x"):
        answer = filled[2].get(f"/stac/siaga-{path}.json")
        assert (answer.status_code, answer.json["code"]) == (404, "NotFound"), path
    assert filled[2].get(f"/ogc/collections/earthquakes/items/{DRILL}").status_code == 404
