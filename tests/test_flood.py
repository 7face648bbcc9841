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
        (b'{"type": "FeatureCollection", "features": NaN}', "NaN"),
        (b"[]", "no JSON object"),
        (b'{"statusCode": 200, "result": null}', "no JSON object"),
        ((ANSWERS / "admin_not_allowed_400.json").read_bytes(), '400 "admin" is not allowed'),
        ((ANSWERS / "not_found_404.json").read_bytes(), "expected a FeatureCollection or a Topology"),
        ((ANSWERS / "cities.json").read_bytes(), "Feature 1 has no state"),
        (b'{"type": "FeatureCollection"}', "no list of features"),
        (b'{"type": "FeatureCollection", "features": [1]}', "Feature 1 has no properties"),
        (b'{"type": "FeatureCollection", "features": [], "crs": "EPSG:32748"}', "names another system"),
        (answer(state=0), r"Feature 1 \(3174040004001000, RW 01, GROGOL\): state is 0; it must be 1, 2, 3 or 4"),
        (answer(state=5), "state is 5"),
        (answer(state="3"), "state is '3'"),
        (answer(state=True), "state is True"),
        (answer(state=2.5), "state is 2.5"),
        (answer(state=[2]), r"state is \[2\]"),
        (answer(geom_id=None), "neither geom_id nor area_id"),
        (answer(None), "its polygon cannot be read"),
        (answer({"type": "Point", "coordinates": [106.8, -6.2]}), "its polygon cannot be read"),
        (answer(polygon()), "its polygon is empty"),
        (answer(polygon([])), "its polygon cannot be read"),
        (answer(polygon([[106.8, -6.2], [106.81, -6.2], [106.8, -6.2]])), "its polygon cannot be read"),
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


def topology(**changed):
    told = json.loads((ANSWERS / "floods_topojson.json").read_bytes())["result"] | changed
    return json.dumps(told).encode()


ONE = {"properties": {"geom_id": "1", "state": 2}}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (topology(objects=[]), "no objects"),
        (topology(objects={"output": 3}), "an object that is no geometry"),
        (topology(objects={"output": {"type": "GeometryCollection"}}), "a collection without geometries"),
        (topology(arcs="none"), "no list of arcs"),
        (topology(arcs=[[1, 2]]), "an arc or a transform"),
        (topology(arcs=[[]]), "an arc or a transform"),
        (topology(transform={"scale": [1, 1]}), "an arc or a transform"),
        (topology(objects={"o": ONE | {"type": "Polygon", "arcs": [[99]]}}), "cannot be read"),
        (topology(objects={"o": ONE | {"type": "Polygon", "arcs": [[0.5]]}}), "cannot be read"),
        (topology(objects={"o": ONE | {"type": "Polygon", "arcs": [[]]}}), "cannot be read"),
        (topology(objects={"o": ONE | {"type": "LineString", "arcs": [0]}}), "cannot be read"),
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
    monkeypatch.setattr(flood, "MAX_BYTES", 100)
    with pytest.raises(BadInput, match="at most 64 MiB"):
        read_flood(FLOODS)


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
