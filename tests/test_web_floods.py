"""Floods in the web app: every hour accounted for, never a false "no flood", history, what an attacker tries."""

import csv
import io
import json
import random
import re
from datetime import UTC, datetime, timedelta

import pytest
from fixtures import floodhours as hours
from fixtures.floodhours import A, B, C
from fixtures.pages import opened, text
from support.floodruns import frequencies

from siaga import keys, moment
from siaga.impact.floodtrend import episodes
from siaga.inputs.decisions import HIDDEN, Decision
from siaga.store import Store
from web.index import Index, floods
from web.index import episodes as flood_episodes
from web.metrics import Known

NOW = datetime(2017, 2, 21, 12, 20, tzinfo=UTC)


@pytest.fixture
def web(store, minio, tmp_path, monkeypatch):
    """(store, index, client): an app whose index is refreshed by the test; it is 12:20 UTC of 21 February 2017."""
    monkeypatch.setattr(moment, "now", lambda: NOW)
    return opened(store, minio, tmp_path)


def a_day(store):
    """Hours 0 to 10: data, same, suspect, nobody asked (3, 4), gap told by the archive, dry, data twice, dry, data."""
    hours.put_data(store, 0, {A: 2, B: 3})
    hours.put_told(store, 1, "same", same_as=str(hours.snapshot(0)), states_sha256="x")
    reason = {"text": "x", "template": "The server answered with {status}", "values": {"status": 500}}
    hours.put_told(store, 2, "suspect", reason=reason)
    hours.put_told(store, 5, "gap", highest_state=4, areas={A: 4})
    hours.put_told(store, 6, "empty", proof=["x"])
    hours.put_data(store, 7, {A: 4, C: 1})
    hours.put_data(store, 8, {A: 3, B: 2, C: 2})
    hours.put_told(store, 9, "empty", proof=["x"])
    hours.put_data(store, 10, {A: 2}, report=False)


def test_an_empty_list_says_so_and_not_that_nothing_is_flooded(web):
    _store, index, client = web
    index.refresh()
    status, page = text(client, "/floods?lang=en")
    assert status == 200
    assert "No hour of a flood source is known yet." in page
    assert "does not mean that nothing is flooded" in page
    assert "Belum ada jam" in text(client, "/floods?lang=id")[1]
    for path in ("/floods/frequency", "/floods/histogram.json", "/floods/frequency.geojson", "/floods.csv"):
        assert text(client, path)[0] == 200


def test_a_source_that_is_out_raises_the_alarm_whether_it_ever_answered_or_not(web):
    """Hours that are gaps took the time of its last answer away, and with it the figure that the rules go by."""
    store, index, _client = web
    hours.put_told(store, 1, "gap", highest_state=4, areas={A: 4})
    index.refresh()
    known = Known(index)
    assert last_success(known) == NOW.timestamp()  # since when this process knows
    hours.put_data(store, 0, {A: 2, B: 3})
    index.refresh()
    assert last_success(Known(index)) == (NOW.replace(hour=0, minute=0)).timestamp()


def last_success(known):
    """Of Jakarta's floods, as watchers see it."""
    family = next(one for one in known.collect() if one.name == "siaga_source_last_success_timestamp_seconds")
    return next(one.value for one in family.samples if one.labels["source"].startswith("petabencana"))


def test_each_hour_counts_as_something(web):
    store, index, client = web
    a_day(store)
    index.refresh()
    page = text(client, "/floods?lang=en")[1]
    for said in (
        "As at 07:00 WIB, 21 Feb 2017",
        "Not known: the source could not be believed. The server answered with 500",
        "Gap: nobody asked in 2 hours",
        "Gap: nobody asked; highest state in the archive: 4",
        "Nothing flooded; the source was sound",
    ):
        assert said in page, said
    assert page.count("Nothing flooded; the source was sound") == 2
    rows = {one["snapshot"]: one for one in csv.DictReader(io.StringIO(text(client, "/floods.csv")[1]))}
    assert [one["kind"] for one in rows.values()] == [
        "data", "empty", "data", "data", "empty", "gap", "suspect", "same", "data",
    ]  # fmt: skip
    suspect, same = rows[str(hours.snapshot(2))], rows[str(hours.snapshot(1))]
    assert (suspect["rw_flooded"], suspect["people_affected"]) == ("", "")
    assert (same["rw_flooded"], same["states_of"]) == ("2", str(hours.snapshot(0)))
    assert rows[str(hours.snapshot(6))]["rw_flooded"] == "0"


def test_the_strip_tells_the_newest_known_hour_and_what_changed(web):
    store, index, client = web
    a_day(store)
    index.refresh()
    page = text(client, "/floods?lang=en")[1]
    assert "Last known: 17:00 WIB" in page  # 10:00 UTC; the hour of 11:00 is over and nobody asked in it
    assert "1 RW" in page
    assert "1 new, 0 receded, 0 deeper" in page  # against the dry hour before
    assert "the hour before is not known" in page  # 6 and 24 hours before: gap, nothing
    assert "0 new" not in page


def test_an_outage_is_an_alarm_until_it_ends(web):
    store, index, client = web
    a_day(store)
    hours.put_outage(store, 11)
    hours.put_told(store, 11, "suspect", reason=None)
    index.refresh()
    page = text(client, "/floods?lang=en")[1]
    assert "what is under water now is not known" in page
    assert re.search(r'<a\s+href="/floods"\s+aria-current="page"\s*>\s*Floods <small>not known</small>', page)
    assert "until now" in text(client, "/status?lang=en")[1]
    hours.put_outage(store, 11, until="2017-02-21T12:03:00Z")
    hours.put_told(store, 12, "empty", proof=[])
    index.refresh()
    page = text(client, "/floods?lang=en")[1]
    assert "what is under water now is not known" not in page
    assert "Ended" in text(client, "/status?lang=en")[1]


def test_days_six_hours_and_least_filter_the_list(web):
    store, index, client = web
    a_day(store)
    index.refresh()
    assert "since=2017-02-01&amp;until=2017-02-28" in text(client, "/floods")[1]
    none = "/floods?since=2017-01-01&until=2017-01-31&lang=en"
    assert text(client, none)[1].count("No hour answers to this filter.") == 1
    six = text(client, "/floods?every=6&lang=en")[1]
    assert str(hours.snapshot(5)) in six
    assert str(hours.snapshot(7)) not in six
    assert "Gap: nobody asked in this hour" in six  # 11 UTC: over, and nobody asked
    most = text(client, "/floods?areas=3&lang=en")[1]
    assert str(hours.snapshot(8)) in most
    assert str(hours.snapshot(0)) not in most.split("<tbody>")[1]
    assert "Gap: nobody asked" not in most
    for odd in ("since=2017-13", "areas=-4", "people=zz", "page=-1", "page=9999", "every=x", "order=mmi", "box=1,2,3"):
        assert text(client, f"/floods?{odd}")[0] == 200, odd
    assert text(client, "/floods?region=ID-XX")[0] == 404


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("q=jelambar baru", [8, 1, 0]),  # RW 07 at state 1 in hour 7 counts as not under water
        ("q=rw 01", [10, 8, 7, 1, 0]),
        ("q=rw 99", []),
        ("q=2017022107-6-rw", [7]),
        ("q=2017029907", []),
        (f"q={B}", [8, 1, 0]),
        ("level=4", [7]),
        ("level=0", [9, 6]),
        ("level=none", [5, 2]),
        ("state=suspect", [2]),
        ("state=empty&way=asc", [6, 9]),
        ("people=2000", [8, 1, 0]),
        ("areas=1&order=areas", [8, 1, 0, 10, 7]),
        ("order=change&state=data", [8, 10, 7, 0]),  # of the last the hour before is not known
        ("order=people&way=asc&level=4", [7]),
        ("box=106.7,-6.12,106.705,-6.09", [10, 8, 7, 1, 0]),  # A alone
        ("box=107,-7,108,-6", []),
        ("q=jelambar&box=106.711,-6.2,106.8,-6", [8, 1, 0]),
        ("since=2017-02-21&until=2017-02-21&level=2", [10]),
        ("days=1&level=3", [8, 1, 0]),
    ],
)
def test_the_list_is_searched_filtered_and_sorted_and_its_table_holds_the_same(web, asked, wanted):
    store, index, client = web
    a_day(store)
    index.refresh()
    rows = list(csv.DictReader(io.StringIO(text(client, f"/floods.csv?{asked}")[1])))
    found = [int((keys.Snapshot.parse(one["snapshot"]).hour - hours.START).total_seconds()) // 3600 for one in rows]
    assert found == wanted
    page = text(client, f"/floods?{asked}&lang=en")[1]
    assert page.count("<tr\n") + page.count("<tr ") >= len(wanted)
    assert ("No hour answers to this filter." in page) == (wanted == [])


def test_the_table_names_the_province_by_its_numbers(web):
    store, index, client = web
    a_day(store)
    index.refresh()
    rows = list(csv.DictReader(io.StringIO(text(client, "/floods.csv")[1])))
    assert {(one["region"], one["bps_code"], one["p_code"]) for one in rows} == {("ID-JK", "31", "ID31")}
    assert rows[0]["time"] == "2017-02-21T10:00:00Z"


def test_hours_are_shown_by_the_clock_and_in_the_number_that_is_wanted(web):
    store, index, client = web
    a_day(store)
    for number in range(-60, 0):
        hours.put_told(store, number, "empty", proof=[])
    index.refresh()
    page = text(client, "/floods?clock=UTC&lang=en")[1]
    assert "Hour (UTC)" in page
    assert re.search(r'<time datetime="2017-02-21T10:00Z"\s*>10:00</time', page)
    assert page.count('<time datetime="2017') == 24
    assert text(client, "/floods?size=48")[1].count('<time datetime="2017') == 48
    assert "size=48" in text(client, "/floods?size=48&page=2")[1]
    kept = text(client, "/floods?q=jelambar&order=people&size=48&clock=WIT&lang=en")[1]
    assert 'href="/floods.csv?order=people&amp;q=jelambar"' in kept


def test_pages_leave_out_no_hour_between_them(web):
    store, index, client = web
    for number in range(0, 60, 2):
        hours.put_told(store, number - 60, "empty", proof=[])
    index.refresh()
    seen = "".join(text(client, f"/floods?page={page}&lang=en")[1] for page in (1, 2))
    assert seen.count("Nothing flooded; the source was sound") == 30
    assert seen.count("Gap: nobody asked in") == 30  # 29 between, and those since the last
    assert "Gap: nobody asked in 13 hours" in seen


def test_the_newer_answer_of_an_hour_counts(web):
    store, index, _client = web
    hours.put_data(store, 0, {A: 2}, received="2017-02-21T00:10:00Z")
    index.refresh()
    hours.put_data(store, 0, {A: 4, B: 4}, received="2017-02-21T00:50:00Z")
    index.refresh()
    (hour,) = index.floods.hours("ID-JK")
    assert (hour.wet, hour.counts) == (2, (0, 0, 0, 2))
    assert len(index.versions(str(hours.snapshot(0)), hazard="flood")) == 2


def test_an_analysis_that_is_not_ready_is_no_dry_hour(web):
    store, index, client = web
    store.put(keys.FLOODMAPS, hours.snapshot(0).data, b"{}")
    index.refresh()
    assert "Data came; figures are not ready" in text(client, "/floods?lang=en")[1]
    page = text(client, f"/floods/{hours.snapshot(0)}?lang=en")
    assert page[0] == 200
    assert "figures are not ready" in page[1]
    assert index.floods.states(index.floods.hour("ID-JK", floods.number(hours.START))) is None


def test_hours_without_figures_have_pages_in_words(web):
    store, index, client = web
    a_day(store)
    index.refresh()
    for number, said in ((2, "could not be believed"), (3, "nobody asked"), (5, "highest state in the archive: 4")):
        status, page = text(client, f"/floods/{hours.snapshot(number)}?lang=en")
        assert (status, said in page) == (200, True), number
        assert "That does not mean that nothing was flooded." in page
    assert "Nothing flooded; the source was sound" in text(client, f"/floods/{hours.snapshot(6)}?lang=en")[1]
    for gone in (hours.snapshot(-5), hours.snapshot(900), "nonsense", "<script>", "2017022105-6-rw/nonsense"):
        status, page = text(client, f"/floods/{gone}?lang=en")
        assert status == 404
        assert "<script>alert" not in page


def test_an_hours_page_tells_what_stands_under_water_and_since_when(web):
    store, index, client = web
    a_day(store)
    index.refresh()
    status, page = text(client, f"/floods/{hours.snapshot(8)}?lang=en")
    assert status == 200
    for said in (
        "Flood, 15:00 WIB",
        "2 new, 0 receded, 0 deeper",  # A was at 4 an hour before and is at 3 now
        "Shallower",
        "RW 08, JELAMBAR BARU",
        "<b>4,000</b>",
        "07:00 WIB, 21 Feb 2017",  # A is under water since then, the breaks are short
        "Under water since",
        "flood.geojson",
    ):
        assert said in page, said
    assert "Banjir, 15:00 WIB" in text(client, f"/floods/{hours.snapshot(8)}?lang=id")[1]


def test_an_hour_that_is_the_same_shows_the_figures_of_the_earlier_one(web):
    store, index, client = web
    a_day(store)
    index.refresh()
    status, page = text(client, f"/floods/{hours.snapshot(1)}?lang=en")
    assert (status, "In this hour the states were the same" in page, "Flood, 08:00 WIB" in page) == (200, True, True)
    assert f'href="/floods/{hours.snapshot(0)}"' in page


def test_an_hour_of_caution_alone_has_no_report(web):
    store, index, client = web
    hours.put_data(store, 0, {A: 1}, report=False)
    index.refresh()
    page = text(client, f"/floods/{hours.snapshot(0)}?lang=en")[1]
    assert "the hour is recorded, and there is no report" in page
    assert "report to come" not in page
    assert "Data; no neighbourhood at 10 cm or more" in text(client, "/floods?lang=en")[1]


def test_the_map_is_drawn_of_what_is_under_water(web):
    store, index, client = web
    told = hours.put_data(store, 0, {A: 1, B: 4})
    index.refresh()
    answer = client.get(f"/floods/{told['event_id']}/{told['version']}/map.svg")
    assert answer.mimetype == "image/svg+xml"
    picture = answer.get_data(as_text=True)
    assert picture.count("<path fill=") == 2
    assert "#103a73" in picture
    assert "url(#unknown)" in picture
    assert client.get(f"/floods/{told['event_id']}/initial-v009-aaaaaaaa/map.svg").status_code == 404


def test_names_of_neighbourhoods_are_only_text(web):
    store, index, client = web
    evil = {A: ('<script>alert("rw")</script>', '"><img src=x onerror=alert(1)>')}
    hours.put_data(store, 0, {A: 2}, names=evil)
    index.refresh()
    for path in ("/floods/frequency", "/floods", f"/floods/{hours.snapshot(0)}"):
        status, page = text(client, path)
        assert status == 200
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    told = json.loads(text(client, "/floods/frequency.geojson")[1])
    assert told["features"][0]["properties"]["name"] == evil[A][0]


def test_frequency_and_histogram_of_a_day(web):
    store, index, client = web
    a_day(store)
    index.refresh()
    found = json.loads(text(client, "/floods/frequency.json")[1])["areas"]
    # A: 0, 1, 7, 8, 10; between 1 and 7 lie five hours, so that all is one flood
    by_id = {one["geom_id"]: (one["floods"], one["hours"], one["peak"]) for one in found}
    assert by_id == {A: (1, 5, 4), B: (1, 3, 3), C: (1, 1, 2)}
    deep = json.loads(text(client, "/floods/frequency.json?state=4")[1])["areas"]
    assert [(one["geom_id"], one["hours"]) for one in deep] == [(A, 1)]
    bins = json.loads(text(client, "/floods/histogram.json")[1])["floods_per_rw"]
    assert (bins[0], sum(one["areas"] for one in bins)) == ({"least": 1, "most": 1, "areas": 3}, 3)
    assert json.loads(text(client, "/floods/frequency.geojson")[1])["features"][0]["geometry"]["type"] == "Polygon"
    rows = list(csv.DictReader(io.StringIO(text(client, "/floods/frequency.csv")[1])))
    assert {one["kelurahan"] for one in rows} == {"JELAMBAR", "JELAMBAR BARU"}
    none = text(client, "/floods/frequency?from=2016-01&to=2016-02&lang=en")[1]
    assert "no neighbourhood is known to have been flooded" in none
    assert text(client, "/floods/frequency?state=9")[0] == 404


@pytest.mark.parametrize("seed", range(4))
def test_runs_and_months_come_out_the_same_however_the_hours_came_in(web, minio, tmp_path, seed):
    """Against support.floodruns over the whole history; and the index of one round against that of many."""
    store, index, _client = web
    dice = random.Random(seed)
    history = []
    for number in range(70):
        kind = dice.choices(("data", "empty", "none", "same"), (4, 3, 3, 1))[0]
        earlier = [place for place, (_n, _s, what) in enumerate(history) if what == "data"]
        if kind == "same" and not earlier:
            kind = "none"
        states = {area: dice.choice((1, 2, 3, 4)) for area in (A, B, C) if dice.random() < 0.3}
        if kind == "same":
            states = history[earlier[-1]][1]
        history.append((number, {"empty": {}, "none": None}.get(kind, states), kind))
    order = dice.sample(history, len(history))
    for place, (number, states, kind) in enumerate(order):
        if kind == "data":
            hours.put_data(store, number, states)
        elif kind == "empty":
            hours.put_told(store, number, "empty", proof=[])
        elif kind == "same":
            first = max(n for n, _s, what in history if what == "data" and n < number)
            hours.put_told(store, number, "same", same_as=str(hours.snapshot(first)))
        if place % 12 == 0:
            index.refresh()
    index.refresh()
    month = flood_episodes.month_of(floods.number(hours.START))
    wanted = [(hours.START + timedelta(hours=number), states) for number, states, _kind in history]
    found = index.floods.frequencies("ID-JK", 2, month, month)
    assert {one.geom_id: one for one in found} == {one.geom_id: one for one in frequencies(wanted)}
    again = Index(Store.connect(minio, "web"), tmp_path / "again.sqlite")
    again.refresh()
    with index._connection() as one, again._connection() as other:
        runs = """select geom_id, least, first, last, peak, wet, unknown from flood_episode e
            join flood_rw r on r.id = e.rw order by 1, 2, 3"""
        assert one.execute(runs).fetchall() == other.execute(runs).fetchall()
        parents = "select * from flood_parent order by 1, 2, 3, 4"
        assert one.execute(parents).fetchall() == other.execute(parents).fetchall()
    wet = [
        (hour, None if states is None else max([states.get(B, 0), states.get(C, 0)], default=0))
        for hour, states in wanted
    ]
    assert ("JELAMBAR BARU", len(episodes(wet)), 2) in index.floods.parents("ID-JK", 2, month, month)


def test_what_is_deleted_in_the_bucket_is_forgotten(web):
    store, index, _client = web
    a_day(store)
    index.refresh()
    store.delete(keys.FLOODMAPS, hours.snapshot(9).record("empty"))
    store.delete(keys.FLOODMAPS, hours.snapshot(8).data)
    index.refresh()
    start = floods.number(hours.START)
    assert [one.hour - start for one in index.floods.hours("ID-JK")] == [10, 7, 6, 5, 2, 1, 0]


def test_a_hidden_hour_says_so_and_every_copy_lets_go_of_its_states_at_its_next_look(web, minio, tmp_path):
    store, index, client = web
    a_day(store)
    index.refresh()
    again = Index(Store.connect(minio, "web"), tmp_path / "again.sqlite")
    again.refresh()
    month = flood_episodes.month_of(floods.number(hours.START))
    assert again.floods.frequencies("ID-JK", 4, month, month)
    snapshot = str(hours.snapshot(7))
    hidden = Decision("flood", snapshot, False, HIDDEN, True, "a test", "op", "2017-02-21T12:00:00Z")
    store.put(keys.DECISIONS, hidden.key, hidden.encode())
    index.heed()
    again._refresh_recent()
    for copy in (index, again):
        hour = copy.floods.hour("ID-JK", floods.number(hours.snapshot(7).hour))
        assert (hour.hidden, hour.counts, hour.entry) == (True, None, None)
        assert copy.floods.frequencies("ID-JK", 4, month, month) == []
    told = client.get(f"/api/v1/flood-hours/{snapshot}?lang=en").json
    why = "An operator keeps the figures of this hour from readers"
    assert (told["areas_flooded"], told["event"], {one["reason"] for one in told["unknown"]}) == (None, None, {why})
    assert [why in text(client, f"{path}?lang=en")[1] for path in ("/floods", f"/floods/{snapshot}")] == [True, True]


def test_hours_are_numbered_in_utc():
    assert floods.moment_of(floods.number(datetime(2017, 2, 21, 5, 59, tzinfo=UTC))).hour == 5
