"""Reading PetaBencana's answers: every form that its servers send, and what nobody should send."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from siaga.errors import BadInput
from siaga.hazard import flood
from siaga.hazard.flood import read_flood

ANSWERS = Path(__file__).parent / "fixtures" / "petabencana"
FLOODS = (ANSWERS / "floods.json").read_bytes()
SQUARE = [[106.8, -6.2], [106.81, -6.2], [106.81, -6.19], [106.8, -6.19], [106.8, -6.2]]


def answer(*changed, **properties):
    """A bare FeatureCollection of one RW, state 2 unless said otherwise."""
    geometry = changed[0] if changed else {"type": "Polygon", "coordinates": [SQUARE]}
    told = {"geom_id": "3174040004001000", "area_name": "RW 01", "parent_name": "GROGOL", "state": 2} | properties
    feature = {"type": "Feature", "geometry": geometry, "properties": told}
    return json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()


def test_reads_every_state_of_the_envelope():
    found = read_flood(FLOODS)
    assert [area.state for area in found.areas] == [1, 2, 3, 4]
    assert (found.highest, found.dry, found.count_by_state) == (4, 0, {"1": 1, "2": 1, "3": 1, "4": 1})
    first = found.areas[0]
    assert (first.geom_id, first.area_id) == ("3174040004001000", "1")
    assert (first.area_name, first.parent_name, first.city_name) == ("RW 01", "KAMPUNG CONTOH", "Jakarta")
    assert first.last_updated == datetime(2026, 11, 21, 20, 55, 46, 204000, UTC)
    assert found.last_updated == datetime(2026, 11, 21, 21, 4, 0, 500000, UTC)
    assert found.bounds == (106.8, -6.23, 106.88, -6.19)
    assert [len(area.polygons) for area in found.areas] == [1, 1, 2, 1]
    assert len(found.areas[3].polygons[0]) == 2  # a hole


def test_a_bare_collection_is_the_same_as_one_in_its_envelope():
    bare = json.dumps(json.loads(FLOODS)["result"]).encode()
    assert read_flood(bare).sha256 == read_flood(FLOODS).sha256
    spelt = json.dumps(json.loads(FLOODS) | {"statusCode": "200"}).encode()
    assert read_flood(spelt).sha256 == read_flood(FLOODS).sha256


def canonical(ring):
    """A ring from its lowest corner on, rounded: two ways to write one ring are one."""
    corners = np.round(ring[:-1], 6).tolist()
    start = corners.index(min(corners))
    return corners[start:] + corners[:start]


@pytest.mark.parametrize("form", ["floods_topojson.json", "floods_topojson_transform.json"])
def test_topojson_says_the_same_as_geojson(form):
    one, other = read_flood(FLOODS), read_flood((ANSWERS / form).read_bytes())
    assert one.sha256 == other.sha256
    for left, right in zip(one.areas, other.areas, strict=True):
        assert (left.geom_id, left.state, left.last_updated) == (right.geom_id, right.state, right.last_updated)
        for a, b in zip(left.polygons, right.polygons, strict=True):
            assert [canonical(ring) for ring in a] == [canonical(ring) for ring in b]


@pytest.mark.parametrize("form", ["floods_empty.json", "floods_empty_topojson.json"])
def test_an_empty_answer_is_read_as_dry(form):
    found = read_flood((ANSWERS / form).read_bytes())
    assert (found.areas, found.highest, found.bounds, found.last_updated) == ((), 0, None, None)


def test_an_area_whose_state_is_null_is_dry():
    found = read_flood((ANSWERS / "floods_null_state.json").read_bytes())
    assert [area.area_name for area in found.areas] == ["RW 02"]
    assert found.dry == 1


def test_the_hash_speaks_of_states_alone():
    same = read_flood(answer(last_updated="2026-11-21T20:55:46.204Z"))
    assert same.sha256 == read_flood(answer(last_updated=None, area_name="other")).sha256
    assert same.sha256 != read_flood(answer(state=3)).sha256
    assert same.sha256 != read_flood(answer(geom_id="3174040004002000")).sha256
    turned = json.loads(FLOODS)
    turned["result"]["features"].reverse()
    assert read_flood(json.dumps(turned).encode()).sha256 == read_flood(FLOODS).sha256


def test_an_area_listed_twice_has_its_highest_state():
    twice = json.loads(answer())
    twice["features"].append(json.loads(answer(state=4))["features"][0])
    assert read_flood(json.dumps(twice).encode()).states == {"3174040004001000": 4}


def test_ids_are_text_whatever_a_server_sends():
    assert read_flood(answer(geom_id=3174040004001000)).areas[0].geom_id == "3174040004001000"
    assert read_flood(answer(geom_id=3174040004001000.0)).areas[0].geom_id == "3174040004001000"
    assert read_flood(answer(geom_id=None, area_id=5)).areas[0].geom_id == "5"


def test_a_time_that_cannot_be_read_is_unknown_and_said():
    found = read_flood(answer(last_updated="yesterday"))
    assert found.areas[0].last_updated is None
    assert found.warnings[0]["text"] == "1 of the areas have a last_updated that cannot be read"
    assert read_flood(answer()).warnings == ()


def test_an_open_ring_is_closed_and_a_height_is_left_out():
    geometry = {"type": "Polygon", "coordinates": [[[*point, 12.0] for point in SQUARE[:-1]]]}
    assert read_flood(answer(geometry)).areas[0].polygons[0][0].tolist() == SQUARE


def polygon(*coordinates):
    return {"type": "Polygon", "coordinates": list(coordinates)}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "The file is empty"),
        (b"<html>502 Bad Gateway</html>", "not JSON"),
        (FLOODS[: len(FLOODS) // 2], "cut off or not JSON"),
        (b"[" * 200_000, "cut off or not JSON"),
        (b"\xff\xfe\x00", "cut off or not JSON"),
        (b'{"type": "FeatureCollection", "features": NaN}', "no list of features"),
        (b"[]", "no JSON object"),
        (b'{"statusCode": 200, "result": null}', "no JSON object"),
        ((ANSWERS / "admin_not_allowed_400.json").read_bytes(), '400 "admin" is not allowed'),
        ((ANSWERS / "not_found_404.json").read_bytes(), "expected a FeatureCollection or a Topology"),
        ((ANSWERS / "cities.json").read_bytes(), "Feature 1 has no state"),
        (b'{"type": "FeatureCollection"}', "no list of features"),
        (b'{"type": "FeatureCollection", "features": [1]}', "Feature 1 has no properties"),
        (b'{"type": "FeatureCollection", "features": [], "crs": "EPSG:32748"}', "in the system EPSG:32748"),
        (answer(state=0), r"Feature 1 \(3174040004001000, RW 01, GROGOL\): state is 0; it must be one of 1, 2, 3, 4"),
        (answer(state=5), "state is 5"),
        (answer(state="deep"), "state is 'deep'"),
        (answer(state=True), "state is True"),
        (answer(state=2.5), "state is 2.5"),
        (answer(state=[2]), r"state is \[2\]"),
        (answer(geom_id=None), "neither geom_id nor area_id"),
        (answer(None), "has state 2 but no polygon"),
        (answer({"type": "Point", "coordinates": [106.8, -6.2]}), "its polygon cannot be read"),
        (answer(polygon()), "its polygon is empty"),
        (answer(polygon([])), "its polygon is empty"),
        (answer(polygon([[106.8, -6.2], [106.81, -6.2], [106.8, -6.2]])), "its polygon is empty"),
        (answer(polygon([[106.8, -6.2], [106.81], [106.8, -6.2]])), "its polygon cannot be read"),
        (answer(polygon([["east", -6.2], *SQUARE])), "its polygon cannot be read"),
        (answer(polygon([[y, x] for x, y in SQUARE])), "-6.2, 106.8 is no longitude and latitude"),
        (answer(polygon([[1, 1], *SQUARE])).replace(b"[1, 1]", b"[1e999, 1]"), "inf, 1.0 is no longitude"),
        (answer(polygon([[1, 1], *SQUARE])).replace(b"[1, 1]", b"[1%s, 1]" % (b"0" * 400)), "cannot be read"),
    ],
)
def test_what_is_no_sane_answer_is_refused_in_words(body, said):
    with pytest.raises(BadInput, match=said):
        read_flood(body)


def pair(geometry, **properties):
    """The sound RW of `answer`, and a second, other one."""
    told = json.loads(answer())
    odd = {"geom_id": "3174040004002000", "area_name": "RW 02", "parent_name": "GROGOL", "state": 3} | properties
    told["features"].append({"type": "Feature", "geometry": geometry, "properties": odd})
    return json.dumps(told).encode()


NEXT = [[x + 0.02, y] for x, y in SQUARE]
LINE = {"type": "LineString", "coordinates": NEXT[:2]}


@pytest.mark.parametrize(
    ("geometry", "properties", "said"),
    [
        (None, {}, "has state 3 but no polygon"),
        (polygon(NEXT), {"state": 0}, "state is 0; it must be"),
        (polygon(NEXT), {"state": 7}, "state is 7; it must be"),
        (polygon(NEXT), {"state": -1}, "state is -1; it must be"),
        (polygon(NEXT), {"state": ""}, "state is ''; it must be"),
        (polygon(NEXT), {"state": float("nan")}, "state is nan; it must be"),
        (polygon(NEXT), {"geom_id": None}, "neither geom_id nor area_id"),
        (polygon(NEXT), {"geom_id": " "}, "neither geom_id nor area_id"),
        ({"type": "Point", "coordinates": [106.8, -6.2]}, {}, "its polygon cannot be read"),
        ({"type": "Blob", "coordinates": []}, {}, "its polygon cannot be read"),
        ({"type": "GeometryCollection", "geometries": [LINE]}, {}, "its polygon cannot be read"),
        ({"type": "Polygon"}, {}, "its polygon cannot be read"),
        (polygon([[106.82, -6.2], [106.83, -6.2], [106.84, -6.2]]), {}, "its polygon is empty"),
        (polygon([[1, float("nan")], *NEXT]), {}, "is no longitude and latitude"),
        (polygon([[y, x] for x, y in NEXT]), {}, "is no longitude and latitude"),
    ],
)
def test_one_odd_area_is_left_out_and_named(geometry, properties, said):
    found = read_flood(pair(geometry, **properties))
    assert found.states == {"3174040004001000": 2}
    first, second = (warning["text"] for warning in found.warnings)
    assert first.startswith("1 of 2 areas that may be flooded cannot be read and are left out")
    assert second.startswith("Feature 2 (")
    assert "RW 02" in second
    assert said in second
    told = json.loads(pair(geometry, **properties))
    alone = json.dumps(told | {"features": told["features"][1:]}).encode()
    with pytest.raises(BadInput, match="Feature 1"):
        read_flood(alone)


def test_what_is_no_feature_is_left_out_too():
    told = json.loads(answer())
    found = read_flood(json.dumps(told | {"features": [None, *told["features"], {"properties": {}}]}).encode())
    assert found.highest == 2
    assert [warning["text"] for warning in found.warnings[1:]] == [
        "Feature 1 has no properties",
        "Feature 3 has no state",
    ]


def test_an_answer_whose_only_wet_area_is_odd_is_never_taken_for_dry():
    dry = json.loads(pair(polygon(NEXT), state=9))
    dry["features"][0]["properties"]["state"] = None
    with pytest.raises(BadInput, match="state is 9"):
        read_flood(json.dumps(dry).encode())


def test_many_odd_areas_are_named_up_to_twenty():
    told = json.loads(answer())
    told["features"] += json.loads(answer(None))["features"] * 500
    found = read_flood(json.dumps(told).encode())
    assert len(found.warnings) == 21
    assert found.warnings[0]["values"] == {"count": 500, "listed": 501}


@pytest.mark.parametrize("state", ["3", " 3 ", "3.0", 3.0])
def test_a_state_is_read_where_it_is_sure(state):
    found = read_flood(pair(polygon(NEXT), state=state))
    assert sorted(found.states.values()) == [2, 3]
    assert found.warnings == ()


@pytest.mark.parametrize(
    "geometry",
    [
        polygon([[*point, 5.0][: 2 + number % 2] for number, point in enumerate(NEXT)]),  # some with a height
        polygon(NEXT[:-1]),  # not closed
        polygon(NEXT, [[106.82, -6.2], [106.83, -6.2]]),  # a hole that is none
        {"type": "MultiPolygon", "coordinates": [[NEXT], [], [[]]]},
        {"type": "GeometryCollection", "geometries": [polygon(NEXT)]},
        {"type": "GeometryCollection", "geometries": [LINE, polygon(NEXT), {"type": "Point", "coordinates": NEXT[0]}]},
    ],
)
def test_a_polygon_is_read_where_it_is_sure(geometry):
    found = read_flood(pair(geometry))
    assert found.warnings == ()
    ((ring,),) = found.areas[1].polygons
    assert ring.tolist() == NEXT


def test_a_bow_tie_is_no_line():
    tie = [[106.1, -6.5], [106.2, -6.4], [106.2, -6.5], [106.1, -6.4], [106.1, -6.5]]
    assert len(read_flood(answer(polygon(tie))).areas) == 1


def test_half_a_surrogate_pair_is_shown_as_what_it_is():
    found = read_flood(answer(area_name="RW \ud800\u202e 01", geom_id="31\udfff"))
    assert (found.areas[0].area_name, found.areas[0].geom_id) == ("RW \ufffd  01", "31\ufffd")
    odd = read_flood(pair(None, area_name="\ud800", state="\ud800"))
    json.dumps([*odd.warnings], ensure_ascii=False).encode()
    with pytest.raises(BadInput) as refused:
        read_flood(b'{"statusCode": 500, "message": "\\ud800"}')
    str(refused.value).encode()


def test_the_time_of_older_answers_is_called_changed():
    then = datetime(2017, 2, 21, 4, 39, 36, tzinfo=UTC)
    assert read_flood(answer(changed="2017-02-21T04:39:36Z")).last_updated == then
    later = read_flood(answer(changed="2016-01-01T00:00:00Z", last_updated="2017-02-21T04:39:36Z"))
    assert later.last_updated == then


def of_crs(crs, *rings):
    return json.dumps(json.loads(answer(polygon(*(rings or [SQUARE])))) | {"crs": crs}).encode()


def named(name):
    return {"type": "name", "properties": {"name": name}}


@pytest.mark.parametrize(
    "crs",
    [
        None,
        named("urn:ogc:def:crs:OGC:1.3:CRS84"),
        named("urn:ogc:def:crs:OGC::CRS84"),
        named("EPSG:4326"),
        named("epsg:4326"),
        named("urn:ogc:def:crs:EPSG::4326"),
        named("urn:ogc:def:crs:EPSG:6.9:4326"),
        named("http://www.opengis.net/def/crs/EPSG/0/4326"),
        named("http://www.opengis.net/def/crs/OGC/1.3/CRS84"),
        {"type": "EPSG", "properties": {"code": 4326}},
        "EPSG:4326",
    ],
)
def test_longitude_and_latitude_by_all_their_names(crs):
    found = read_flood(of_crs(crs))
    assert found.areas[0].polygons[0][0].tolist() == SQUARE
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("crs", "said"),
    [
        (named("EPSG:3857"), "in the system EPSG:3857"),
        (named("urn:ogc:def:crs:EPSG::32748"), "EPSG::32748"),
        (named("EPSG:32748") | {"was": "CRS84, EPSG:4326"}, "EPSG:32748"),
        (named("EPSG:14326"), "EPSG:14326"),
        ({"type": "EPSG", "properties": {"code": 32748}}, "EPSG:32748"),
        ({"type": "link", "properties": {"href": "http://example.org/4326"}}, "link"),
        (named("\ud800"), "ud800"),
        ({}, "in the system"),
        ([], "in the system"),
    ],
)
def test_another_system_is_refused_by_name(crs, said):
    with pytest.raises(BadInput, match=said) as refused:
        read_flood(of_crs(crs))
    str(refused.value).encode()


def test_latitude_first_is_turned_only_where_the_system_has_it_so_and_nothing_else_can_be_meant():
    turned = [[y, x] for x, y in SQUARE]
    found = read_flood(of_crs(named("urn:ogc:def:crs:EPSG::4326"), turned))
    assert found.areas[0].polygons[0][0].tolist() == SQUARE
    assert "latitude before longitude" in found.warnings[0]["text"]
    with pytest.raises(BadInput, match="is no longitude and latitude"):
        read_flood(of_crs(named("urn:ogc:def:crs:OGC:1.3:CRS84"), turned))


def test_an_arc_that_cannot_be_read_spoils_what_names_it_alone():
    told = json.loads(topology())
    told["arcs"].append([["x"]])
    told["objects"]["odd"] = ONE | {"type": "Polygon", "arcs": [[len(told["arcs"]) - 1]]}
    told["objects"]["none"] = ONE | {"type": None}
    told["objects"]["nothing"] = None
    whole, found = read_flood(topology()), read_flood(json.dumps(told).encode())
    assert found.sha256 == whole.sha256
    assert len(found.warnings) == 4
    heights = json.loads(topology())
    heights["arcs"] = [
        [[*point[:2], 5] if number % 2 else point for number, point in enumerate(arc)] for arc in heights["arcs"]
    ]
    mixed = read_flood(json.dumps(heights).encode())
    assert mixed.bounds == whole.bounds


def test_millions_of_empty_lists_are_refused_before_they_are_made():
    with pytest.raises(BadInput, match="more than 5,000,000"):
        read_flood(b"[" + b"[]," * 5_100_000 + b"[]]")


def topology(**changed):
    told = json.loads((ANSWERS / "floods_topojson.json").read_bytes())["result"] | changed
    return json.dumps(told).encode()


ONE = {"properties": {"geom_id": "1", "state": 2}}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (topology(objects=[]), "no objects"),
        (topology(objects={"output": 3}), "Feature 1 has no properties"),
        (topology(objects={"output": {"type": "GeometryCollection"}}), "a collection without geometries"),
        (topology(arcs="none"), "no list of arcs"),
        (topology(arcs=[[1, 2]]), "its polygon cannot be read"),
        (topology(arcs=[[]]), "its polygon cannot be read"),
        (topology(transform={"scale": [1, 1]}), "a transform"),
        (topology(crs={"type": "name", "properties": {"name": "EPSG:3857"}}), "in the system EPSG:3857"),
        (topology(objects={"o": ONE | {"type": "Polygon", "arcs": [[99]]}}), "cannot be read"),
        (topology(objects={"o": ONE | {"type": "Polygon", "arcs": [[0.5]]}}), "cannot be read"),
        (topology(objects={"o": ONE | {"type": "Polygon", "arcs": [[]]}}), "cannot be read"),
        (topology(objects={"o": ONE | {"type": "LineString", "arcs": [0]}}), "cannot be read"),
        (topology(objects={"o": ONE | {"type": None}}), "has state 2 but no polygon"),
    ],
)
def test_what_is_no_sane_topology_is_refused_in_words(body, said):
    with pytest.raises(BadInput, match=said):
        read_flood(body)


def test_collections_within_collections_end():
    nested = {"type": "GeometryCollection", "geometries": []}
    for _ in range(20):
        nested = {"type": "GeometryCollection", "geometries": [nested]}
    with pytest.raises(BadInput, match="no geometry"):
        read_flood(topology(objects={"output": nested}))


def test_one_arc_named_many_times_does_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr(flood, "MAX_POINTS", 1000)
    with pytest.raises(BadInput, match="cannot be read"):
        read_flood(topology(objects={"o": ONE | {"type": "Polygon", "arcs": [[5] * 400]}}))


def test_too_many_areas_or_bytes_are_refused(monkeypatch):
    monkeypatch.setattr(flood, "MAX_AREAS", 3)
    with pytest.raises(BadInput, match="more than 3 areas"):
        read_flood(FLOODS)
    monkeypatch.setattr(flood, "MAX_BYTES", 2 << 20)
    with pytest.raises(BadInput, match="3 MiB; at most 2 MiB"):
        read_flood(b"[" * (3 << 20))


def test_jakarta_of_february_2017(shared):
    found = read_flood((shared / "data" / "flood" / "petabencana-20170221.json").read_bytes())
    assert len(found.areas) == 161
    assert found.count_by_state == {"1": 3, "2": 151, "3": 7, "4": 0}


def test_recorded_answers_of_a_real_server(shared):
    recorded = shared / "data" / "flood" / "petabencana-responses"
    geojson = read_flood((recorded / "floods_geojson_200.json").read_bytes())
    topojson = read_flood((recorded / "floods_topojson_200.json").read_bytes())
    assert geojson.sha256 == topojson.sha256
    assert geojson.count_by_state == {"1": 1, "2": 0, "3": 1, "4": 0}
    assert read_flood((recorded / "floods_nominimum_nullstate_200.json").read_bytes()).dry == 1
