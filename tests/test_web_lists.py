"""Lists of the index over a real store: every filter, order and cursor against plain Python, and made from nothing."""

import csv
import html
import json
import random
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from fixtures.entries import entry, put
from fixtures.pages import NOBODY, opened, text

from siaga import keys, moment
from siaga.errors import BadInput
from siaga.store import Store
from web import create_app
from web.index import Filter, Index, lists
from web.index.lists import ORDERS

_BEGIN = datetime(2024, 11, 1, tzinfo=UTC)
_PLACES = ("Kota Palu", "Palopo", "Lombok Utara", "Banda Neira", "Ternate")
_LEVELS = ("green", "yellow", "orange", "red", None)


def quakes(count, seed=1):
    """Entries of quakes far apart in time, of which many are alike in each thing that a list sorts by."""
    chance = random.Random(seed)
    made = []
    for number in range(count):
        mmi = chance.choice([None, 2, 3, 4, 5, 8])
        version = chance.choice(["initial-v001-aaaaaaaa", "initial-v003-bbbbbbbb", "corrected-v001-cccccccc"])
        made.append(
            entry(
                f"2024{number:06d}",
                version,
                time=moment.stamp(_BEGIN + timedelta(hours=chance.randrange(3000) * 24 + number % 24)),
                magnitude=chance.randrange(40, 75) / 10,
                depth_km=float(chance.choice([10, 10, 33, 120])),
                longitude=chance.choice([95.1, 119.85, 128.0, 141.0, 179.5, -179.5]),
                latitude=chance.choice([-9.9, -0.9, 2.25, 5.5]),
                description=chance.choice(_PLACES),
                alert=chance.choice(_LEVELS),
                people_max_mmi=mmi,
                people={"total": 1e6, "mmi6_plus": chance.choice([None, 0.0, 12.5, 3e5])}
                | {"mmi7_plus": 0.0, "mmi8_plus": 0.0},
                report=chance.choice([None, {"key": "y", "sha256": "0" * 64, "languages": ["id"], "thumbnail": "t"}]),
            )
        )
    return made


@pytest.fixture
def filled(store, minio, tmp_path):
    """(index, entries): a hundred quakes and one exercise."""
    made = quakes(100)
    for one in made:
        put(store, one)
    put(store, entry("2024_se", drill=True))
    index = Index(Store.connect(minio, "web"), tmp_path / "index.sqlite")
    index.refresh()
    return index, made


def sort_key(one, order):
    """What plain Python sorts by; what is not known is less than all that is."""
    place, corrected = one["description"].casefold(), one["source_type"] == "corrected"
    value = {
        "time": 0,
        "level": -1 if one["alert"] is None else _LEVELS.index(one["alert"]),
        "magnitude": one["magnitude"],
        "depth": one["depth_km"],
        "place": place,
        "mmi": one["people_max_mmi"] or -1,
        "people": -1 if one["people"]["mmi6_plus"] is None else one["people"]["mmi6_plus"],
        "state": (one["report"] is not None, corrected, one["version_number"]),
    }[order]
    return value, one["time"], one["event_id"]


_WANTED = {
    "all": (Filter(), bool),
    "since": (Filter(since=datetime(2027, 1, 1, tzinfo=UTC)), lambda one: one["time"] >= "2027"),
    "until": (Filter(until=datetime(2027, 1, 1, tzinfo=UTC)), lambda one: one["time"] < "2027"),
    "magnitudes": (Filter(least_magnitude=5.0, most_magnitude=6.1), lambda one: 5 <= one["magnitude"] <= 6.1),
    "level": (Filter(level="orange"), lambda one: one["alert"] == "orange"),
    "no level": (Filter(level="none"), lambda one: one["alert"] is None),
    "felt": (Filter(felt=True), lambda one: (one["people_max_mmi"] or 0) >= 4),
    "not felt": (Filter(felt=False), lambda one: (one["people_max_mmi"] or 0) < 4),
    "corrected": (Filter(source_type="corrected"), lambda one: one["source_type"] == "corrected"),
    "text": (Filter(text="pal"), lambda one: "Pal" in one["description"]),
    "box": (Filter(box=(95.1, -9.9, 128.0, 2.25)), lambda one: 95 < one["longitude"] < 129 and one["latitude"] < 3),
    "date line": (Filter(box=(179.0, -10.0, -179.0, 10.0)), lambda one: abs(one["longitude"]) > 179),
    "several": (
        Filter(kind="large", text="palu", felt=True, box=(90, -10, 142, 6)),
        lambda one: (
            one["magnitude"] >= 5
            and one["description"] == "Kota Palu"
            and (one["people_max_mmi"] or 0) >= 4
            and 90 < one["longitude"] < 142
        ),
    ),
}


def whole(index, wanted):
    """All pages of a list."""
    found, cursor = index.page("earthquake", wanted, 17)
    while cursor:
        rows, cursor = index.page("earthquake", wanted, 17, cursor)
        assert rows
        found += rows
    return found


@pytest.mark.parametrize("counted", [10_000, 5], ids=["picked out", "walked along"])
def test_every_filter_in_every_order_shows_what_plain_python_would(filled, monkeypatch, counted):
    index, made = filled
    monkeypatch.setattr(lists, "MOST_COUNTED", counted)
    for (name, (wanted, holds)), order, descending in product(_WANTED.items(), ORDERS, (True, False)):
        asked = replace(wanted, order=order, descending=descending)
        expected = sorted(filter(holds, made), key=lambda one, by=order: sort_key(one, by), reverse=descending)
        total = len(expected) if name == "all" else min(len(expected), counted + 1)  # all are counted by the month
        assert index.events("earthquake", asked, 10, 2) == (expected[2:12], total), (name, order)
        assert whole(index, asked) == expected, (name, order)


def test_a_cursor_stands_where_it_stood_when_events_come_and_go(filled, store):
    index, made = filled
    newest = sorted(made, key=lambda one: sort_key(one, "time"), reverse=True)
    first, cursor = index.page("earthquake", Filter(), 10)
    assert first == newest[:10]
    put(store, entry("20990101000000", time="2099-01-01T00:00:00Z"))
    index.refresh()
    assert index.page("earthquake", Filter(), 10, cursor)[0] == newest[10:20]
    for odd in ("x", "e30", cursor[:-4], "W10"):
        with pytest.raises(BadInput):
            index.page("earthquake", Filter(), 10, odd)
    with pytest.raises(BadInput):
        index.page("earthquake", Filter(order="magnitude"), 10, cursor)


def test_months_tell_how_many_events_they_hold(filled):
    index, made = filled
    months = dict(index.lists.months("earthquake"))
    assert sum(months.values()) == len(made)
    local = [moment.local(moment.parse(one["time"]), "WIB") for one in made]
    assert months == {
        month: sum(one.year * 12 + one.month - 1 == month for one in local)
        for month in {one.year * 12 + one.month - 1 for one in local}
    }


def tables(index):
    """All that the index holds of the catalogue, without the numbers that it gives its rows."""
    with closing(sqlite3.connect(index._path)) as connection:
        found = {
            name: sorted(connection.execute(f"select * from {name}").fetchall(), key=repr)
            for name in ("entry", "beside", "event_month")
        }
        columns = [row[1] for row in connection.execute("pragma table_info(event)") if row[1] != "id"]
        joined = "event left join event_box b using (id) left join event_words w on w.rowid = event.id"
        chosen = f"select event.{', event.'.join(columns)}, west, east, south, north, words from {joined}"
        found["event"] = sorted(connection.execute(chosen).fetchall(), key=repr)
    return found


@pytest.mark.parametrize("seed", range(3))
def test_what_came_one_by_one_is_what_an_index_from_nothing_holds(store, minio, tmp_path, seed):
    """Of quakes that may be one, come, change and go in any order."""
    chance = random.Random(seed)
    index = Index(Store.connect(minio, "web"), tmp_path / "index.sqlite")
    there = {}
    for step in range(60):
        if there and chance.random() < 0.25:
            key = chance.choice(sorted(there))
            store.delete(keys.RESULTS, there.pop(key))
        else:
            kind = chance.choice(["initial-v001", "initial-v002", "corrected-v001"])
            when = datetime(2026, 5, 10, 3, tzinfo=UTC) + timedelta(seconds=chance.randrange(12) * 20)
            one = entry(
                f"2026{chance.randrange(6)}",
                f"{kind}-{step:08x}",
                time=moment.stamp(when),
                longitude=100 + chance.randrange(4) * 0.3,
                latitude=-1.0,
                magnitude=5 + chance.randrange(4) * 0.3,
                alert=chance.choice(_LEVELS),
                drill=chance.random() < 0.1,
            )
            there[json.dumps(one)] = put(store, one)
        if step % 3 == 0:
            index.refresh()
    index.refresh()
    again = Index(Store.connect(minio, "web"), tmp_path / "again.sqlite")
    again.refresh()
    assert tables(index) == tables(again)


def test_made_from_nothing_it_holds_the_same_and_says_so_meanwhile(filled):
    index, _made = filled
    before, revision = tables(index), index.revision
    index.forget()
    assert (index.whole, index.fresh) == (False, 0.0)
    assert index.events("earthquake", Filter(), 10, 0) == ([], 0)
    index.refresh()
    assert index.whole
    assert (tables(index), index.revision) == (before, revision)


def test_the_page_takes_filters_order_and_page_from_its_address(filled, minio):
    index, made = filled
    client = create_app(Store.connect(minio, "web"), index, NOBODY).test_client()

    def shown(query):
        page = text(client, f"/earthquakes?lang=en&{query}")[1]
        return re.findall(r"<code>(2024\w+)</code>", page), page

    small = sorted((one for one in made if one["magnitude"] <= 6), key=lambda one: sort_key(one, "depth"))
    ids, page = shown("most=6&order=depth&way=asc&size=30")
    assert ids == [one["event_id"] for one in small[:30]]
    older = html.unescape(re.search(r'href="(\?[^"]*page=2)"', page)[1])
    assert set(older.removeprefix("?").split("&")) == set("most=6&order=depth&way=asc&size=30&page=2".split("&"))
    assert shown(older.removeprefix("?"))[0] == [one["event_id"] for one in small[30:60]]
    east = [one["event_id"] for one in made if one["longitude"] == 141]
    assert sorted(shown("box=140,-11,142,6&size=100")[0]) == sorted(east)
    month = moment.local(moment.parse(made[0]["time"]), "WIB")
    inside = [one for one in made if moment.local(moment.parse(one["time"]), "WIB").date() == month.date()]
    assert len(shown(f"since={month.date()}&until={month.date()}")[0]) == len(inside)
    for odd in ("since=2026-13-01", "box=1,2,3", "least=nan", "size=7", "order=secret", "way=up", "page=0", "days=-1"):
        assert len(shown(odd)[0]) == 50, odd


def test_the_list_as_a_table_holds_all_of_it_and_no_formula(filled, minio, store):
    index, made = filled
    put(store, entry("formula", time="2010-01-01T00:00:00Z", description="=1+1"))
    index.refresh()
    client = create_app(Store.connect(minio, "web"), index, NOBODY).test_client()
    rows = list(csv.DictReader(text(client, "/earthquakes.csv?order=magnitude&size=30")[1].splitlines()))
    assert len(rows) == len(made) + 1
    assert [float(row["magnitude"]) for row in rows] == sorted((float(row["magnitude"]) for row in rows), reverse=True)
    assert next(row for row in rows if row["event_id"] == "formula")["description"] == "'=1+1"


def test_what_was_strong_in_the_last_day_stands_above_every_filter_and_page(store, minio, tmp_path, monkeypatch):
    now = datetime(2026, 5, 10, 12, tzinfo=UTC)
    monkeypatch.setattr(moment, "now", lambda: now)
    for number, level in enumerate(("yellow", "red", "green", "orange")):
        time = moment.stamp(now - timedelta(hours=2 + number * 3))
        put(store, entry(f"strong{number}", time=time, alert=level, description=f"Town {number}"))
    put(store, entry("old", time=moment.stamp(now - timedelta(hours=25)), alert="red"))
    _store, index, client = opened(store, minio, tmp_path)
    index.refresh()
    for query in ("", "&q=nowhere", "&level=green", "&page=3"):
        page = text(client, f"/earthquakes?lang=en{query}")[1]
        assert 'class="strong red"' in page
        assert "2 more strong quakes in the last day:" in page
