"""Has it happened here: which past quakes are named, in which order, and with what toll."""

import csv
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import jsonschema
import pytest
from fixtures import installed
from hypothesis import given
from hypothesis import strategies as st

from siaga import cli, language, moment
from siaga.data import analysis_data, imports
from siaga.errors import BadInput
from siaga.exposure import history
from siaga.exposure.history import PastQuake
from siaga.impact import schemas, similar
from siaga.impact.similar import find
from siaga.report.earthquake import past
from siaga.store import Store

SCHEMA = schemas.of("earthquake")
EVENT = {"time": "2018-08-05T11:46:35Z", "longitude": 116.45, "latitude": -8.3, "magnitude": 6.9, "depth_km": 15.0}
NOBODY = {str(mmi): 0.0 for mmi in range(1, 11)}
OLD = PastQuake(datetime(1979, 12, 17, tzinfo=UTC), "Old", 6.5, 20.0, 116.0, -8.3, {}, None, None, (), "x")


def quake(name="q", people=None, **more):
    return replace(OLD, name=name, by_mmi=people or {}, **more)


def names(event, by_mmi, past):
    return [one["name"] for one in find(event, by_mmi, past, deadliest_alone=False)["events"]]


def people(*from_six):
    return {mmi: float(count) for mmi, count in zip(range(6, 10), from_six, strict=True)}


def test_by_exposure_the_likest_profile_comes_first_wherever_it_lies():
    mine = NOBODY | {"6": 1e6, "7": 1e5, "8": 1e4}
    past = [
        quake("weak", people(1e3, 0, 0, 0)),
        quake("same", people(1e6, 1e5, 1e4, 0), longitude=119.0),
        quake("stronger", people(1e6, 1e6, 1e5, 1e3)),
        quake("unknown"),
    ]
    found = find(EVENT, mine, past, deadliest_alone=False)
    assert [one["name"] for one in found["events"]] == ["same", "stronger", "weak"]
    assert (found["compared_by"], found["note"]) == ("exposure", None)


def test_a_factor_ten_weighs_more_at_stronger_shaking():
    mine = NOBODY | {"6": 999.0, "9": 999.0}
    assert names(
        EVENT, mine, [quake("IX differs", people(999, 0, 0, 99)), quake("VI differs", people(99, 0, 0, 999))]
    ) == [
        "VI differs",
        "IX differs",
    ]


def test_people_at_x_count_with_ix():
    assert names(
        EVENT, NOBODY | {"10": 5000.0}, [quake("none", people(0, 0, 0, 0)), quake("ix", people(0, 0, 0, 5000))]
    ) == [
        "ix",
        "none",
    ]


@pytest.mark.parametrize("by_mmi", [None, dict.fromkeys(NOBODY)])
def test_without_people_place_magnitude_and_depth_compare(by_mmi):
    past = [
        quake("far", people(1, 1, 1, 1), longitude=119.0, magnitude=6.9, depth_km=15.0),
        quake("near", longitude=116.5, magnitude=6.8, depth_km=15.0),
        quake("deep", longitude=116.5, magnitude=6.8, depth_km=240.0),
        quake("small", longitude=116.5, magnitude=5.0, depth_km=15.0),
    ]
    found = find(EVENT, by_mmi, past, deadliest_alone=True)
    assert [one["name"] for one in found["events"]] == ["near", "far", "small", "deep"]
    assert found["compared_by"] == "place"
    assert "Only the deadliest" in found["note"]["text"]


def test_only_earlier_quakes_within_400_km():
    time = moment.parse(EVENT["time"])
    east = 116.45 + 400 / (111.195 * 0.98953)
    past = [
        quake("itself", time=time - timedelta(seconds=30), longitude=116.45),
        quake("later", time=time + timedelta(days=1), longitude=116.45),
        quake("minutes before", time=time - timedelta(seconds=90), longitude=116.45),
        quake("just within", longitude=east - 0.05),
        quake("just beyond", longitude=east + 0.05),
    ]
    assert names(EVENT, None, past) == ["minutes before", "just within"]


def test_none_in_reach_is_a_sentence():
    away = EVENT | {"longitude": 100.0}
    for alone in (True, False):
        found = find(away, None, [OLD], deadliest_alone=alone)
        assert found["events"] == []
        assert "400 km" in found["note"]["text"]


def test_unknown_deaths_stay_unknown():
    (one,) = find(EVENT, None, [OLD], deadliest_alone=False)["events"]
    assert (one["deaths"], one["by_mmi"]) == ({"shaking": None, "total": None}, None)


profiles = st.builds(
    lambda name, seconds, east, magnitude, six, nine, known: quake(
        f"q{name}",
        people(six, 0, 0, nine) if known else {},
        time=datetime(1980, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds),
        longitude=116.0 + east,
        magnitude=magnitude,
    ),
    st.integers(),
    st.integers(0, 10**9),
    st.floats(-5, 5),
    st.floats(4, 9),
    st.sampled_from([0.0, 1e3, 1e6]),
    st.sampled_from([0.0, 1e2]),
    st.booleans(),
)


@given(st.lists(profiles, max_size=15, unique_by=lambda one: one.time), st.sampled_from([None, NOBODY]), st.randoms())
def test_the_order_of_the_catalogue_does_not_matter_and_the_record_keeps_its_schema(past, by_mmi, order):
    other = list(past)
    order.shuffle(other)
    found = find(EVENT, by_mmi, past, deadliest_alone=False)
    assert find(EVENT, by_mmi, other, deadliest_alone=False) == found
    assert len(found["events"]) <= similar.MOST
    assert all(one["distance_km"] <= 400 for one in found["events"])
    jsonschema.validate(found, SCHEMA["properties"]["similar"])


def test_the_small_table_holds_indonesias_deadliest_each_with_its_source():
    past = history.read(history.DEADLIEST)
    assert 30 <= len(past) <= 40
    for one in past:
        assert one.source, one
        assert one.total_deaths >= 10, one
        assert one.shaking_deaths is None or one.shaking_deaths <= one.total_deaths, one
        assert datetime(1970, 1, 1, tzinfo=UTC) < one.time < datetime(2023, 1, 1, tzinfo=UTC)
        assert 94 < one.longitude < 142, one
        assert -12 < one.latitude < 7, one
        assert 5 < one.magnitude < 9.5, one
    assert [one.time for one in past] == sorted(one.time for one in past)
    assert max(past, key=lambda one: one.total_deaths).magnitude == 9.1
    with history.DEADLIEST.open() as file:
        assert all(row["EventID"] == re.sub(r"[-: ]", "", row["Time"])[:12] for row in csv.DictReader(file))


def test_words_in_a_source_are_told_in_indonesian():
    indonesian = language.load("id")
    for one in history.read(history.DEADLIEST):
        if re.search(r"[,;]", one.source) and "NOAA" not in one.source:
            assert indonesian(one.source) != one.source


def test_the_day_of_a_past_quake_is_the_one_that_people_there_remember():
    event = {"time": "2026-01-01T00:00:00Z", "longitude": 110.4, "latitude": -8.0, "magnitude": 6.3, "depth_km": 12.0}
    found = find(event, None, history.read(history.DEADLIEST), deadliest_alone=True)
    rows = past.past({"similar": found}, "WIB", language.load("id"))["rows"]
    assert ("Yogyakarta", "27 Mei 2006") in [(one["name"], one["when"]) for one in rows]


def test_palu_is_named_with_its_causes():
    event = {"time": "2026-01-01T00:00:00Z", "longitude": 119.9, "latitude": -0.3, "magnitude": 7.4, "depth_km": 15.0}
    first = find(event, None, history.read(history.DEADLIEST), deadliest_alone=True)["events"][0]
    assert (first["name"], first["deaths"]["total"]) == ("Palu", 4340.0)
    assert set(first["causes"]) == {"tsunami", "liquefaction", "landslide"}


def test_where_the_table_and_expo_cat_name_a_quake_they_agree(shared):
    catalogue = {one.time: one for one in history.read(shared / "data" / "expocat-indonesia.csv")}
    both = [(one, catalogue[one.time]) for one in history.read(history.DEADLIEST) if one.time in catalogue]
    assert len(both) > 10
    for mine, theirs in both:
        assert (mine.longitude, mine.latitude, mine.depth_km, mine.magnitude) == (
            theirs.longitude,
            theirs.latitude,
            theirs.depth_km,
            theirs.magnitude,
        )
        assert (mine.total_deaths, mine.shaking_deaths) == (theirs.total_deaths, theirs.shaking_deaths)
        assert set(mine.causes) == set(theirs.causes)


HEAD = "EventID,Time,Name,Lat,Lon,Depth,Magnitude,CountryCode,MMI6,MMI7,MMI8,MMI9+,ShakingDeaths,TotalDeaths\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", "no column EventID"),
        (HEAD, "No row of the table"),
        (HEAD + "1,,x,-8,116,10,6,ID,,,,,,\n", "No row of the table"),
        (HEAD + "1,1979-12-17 00:00:00,x,-8,116,10,six,ID,,,,,,\n1,1979-12-17,x,-8,116,10,6,ID,,,,,,\n", "Magnitude"),
    ],
)
def test_a_table_that_cannot_serve_is_refused(tmp_path, text, said):
    path = tmp_path / "history.csv"
    path.write_text(text)
    with pytest.raises(BadInput, match=said):
        history.check(path)


def test_the_operators_catalogue_takes_its_place_beside_what_is_installed(store, minio, tmp_path, monkeypatch, capsys):
    installed.install(store, tmp_path)
    before = analysis_data.manifest_of(store)
    path = tmp_path / "history.csv"
    path.write_text(HEAD + "197912171958,1979-12-17 19:58:27,UK,-8.474,115.767,52.8,6.5,ID,1000,50,0,0,32,32\n")
    monkeypatch.setattr(cli.Settings, "load", lambda _env: minio)
    assert cli.main(["data", "import", "history", str(path), "--source", "USGS"]) == 0
    assert "1 quakes of 1 rows, 1 of them with reported deaths" in capsys.readouterr().out
    after = analysis_data.manifest_of(store)
    assert [one for one in after["files"] if one["role"] != "history"] == before["files"]
    exposure = analysis_data.open(Store.connect(minio, "functions"), tmp_path / "cache")
    (only,) = history.read(exposure.path("history"))
    assert (only.total_deaths, only.by_mmi[6], only.source) == (32.0, 1000.0, "EXPO-CAT")
    assert cli.main(["data", "import", "history", str(path), "--source", "USGS"]) == 0
    assert analysis_data.manifest_of(store) == after
    path.write_text("nonsense")
    assert cli.main(["data", "import", "history", str(path)]) == 1
    assert analysis_data.manifest_of(store) == after
    assert cli.main(["data", "import", "history", str(tmp_path / "absent.csv")]) == 1


def test_roles_are_known_to_the_manifest():
    assert set(imports.ROLES) == set(analysis_data.ROLES)
