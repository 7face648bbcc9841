"""The web app over a real store: lists, pages, files, what is not there, and what an attacker tries."""

import html
import io
import json
import random
import re
import signal
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import chain
from urllib.parse import parse_qsl

import pytest
from fixtures import installed, receipts
from fixtures.entries import entry, put
from fixtures.grids import make_grid
from fixtures.pages import NOBODY, opened, text

from functions.on_shakemap import handler as on_shakemap
from functions.render_report import handler as render_report
from siaga import gaps, keys, moment
from siaga.errors import NotFound
from siaga.events import Notification
from siaga.standing import Book, why_ended
from siaga.store import Store
from web import create_app, downloads
from web.index import Filter, Index
from web.runs import find


@pytest.fixture
def web(store, minio, tmp_path):
    """(store, index, client): an app whose index is refreshed by the test."""
    return opened(store, minio, tmp_path)


def at(number):
    """The time of a quake of its own: an hour for each."""
    return (datetime(2018, 8, 5) + timedelta(hours=number)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_an_empty_list_says_so_in_both_languages(web):
    _store, index, client = web
    index.refresh()
    assert "Belum ada ShakeMap yang dianalisis." in text(client, "/earthquakes")[1]
    assert "No ShakeMap has been analysed yet." in text(client, "/earthquakes?lang=en")[1]


def test_the_chosen_language_stays(web):
    client = web[2]
    client.get("/earthquakes?lang=en")
    assert '<html lang="en">' in text(client, "/earthquakes")[1]
    assert '<html lang="id">' in text(client, "/earthquakes?lang=id")[1]
    assert '<html lang="id">' in text(client, "/earthquakes?lang=klingon")[1]


def test_of_an_events_versions_the_one_that_counts_is_listed(web):
    store, index, client = web
    for version, magnitude in (
        ("corrected-v001-cccccccc", 6.7),
        ("initial-v003-bbbbbbbb", 6.8),
        ("initial-v001-aaaaaaaa", 6.9),
    ):
        put(store, entry(version=version, magnitude=magnitude))
    index.refresh()
    rows, total = index.events("earthquake", Filter(), 50, 0)
    assert (total, rows[0]["magnitude"]) == (1, 6.7)
    assert [one["version_number"] for one in index.versions("20180805194635")] == [1, 3, 1]
    assert "terkoreksi" in text(client, "/earthquakes")[1]


INITIAL, CORRECTED = "20180220163351", "20180220162928_50_01400_124450_20180220162928"


def one_quake():
    """Five versions of one quake under two ids, the newest first, and an exercise at the same hour and place."""
    same = {"time": "2018-02-20T09:29:28Z", "longitude": 124.42, "latitude": 1.34, "magnitude": 5.0}
    moved = same | {"longitude": 124.45, "latitude": 1.40, "depth_km": 204.0}
    return [
        entry(CORRECTED, "corrected-v002-dddddddd", **moved, description="Minahasa"),
        entry(CORRECTED, "corrected-v001-cccccccc", **moved, description="Minahasa"),
        entry(INITIAL, "initial-v002-bbbbbbbb", **same),
        entry(INITIAL, "initial-v001-aaaaaaab", **same, process_time="2018-02-20T09:36:46Z"),
        entry(INITIAL, "initial-v001-ffffffff", **same, process_time="2018-02-20T09:31:00Z"),
    ]


DRILLED = {"time": "2018-02-20T09:29:28Z", "longitude": 124.42, "latitude": 1.34, "magnitude": 5.0, "drill": True}


@pytest.mark.parametrize("seed", range(6))
def test_maps_of_one_quake_are_one_event_in_any_order_of_arrival(web, minio, tmp_path, seed):
    store, index, _client = web
    expected = one_quake()
    exercise = entry(f"{INITIAL}_se", "initial-v009-eeeeeeee", **DRILLED)
    order = random.Random(seed).sample([*expected, exercise], 6)
    seen = []
    for number, one in enumerate(order):
        late = datetime(2018, 2, 20, 10, number).strftime("%Y-%m-%dT%H:%M:%SZ")
        one["arrival"]["received"] = late
        put(store, one)
        seen.append(one)
        index.refresh()
        rows, total = index.events("earthquake", Filter(), 50, 0)
        so_far = [known for known in expected if known in seen]
        assert (total, rows) == (len(so_far[:1]), so_far[:1])  # what came late did not replace a newer one
    for event_id in (INITIAL, CORRECTED):
        assert index.versions(event_id) == expected
    assert index.versions(f"{INITIAL}_se") == [exercise]
    again = Index(Store.connect(minio, "web"), tmp_path / "other.sqlite")
    again.refresh()
    assert again.versions(INITIAL) == expected
    assert again.events("earthquake", Filter("drill"), 50, 0) == ([exercise], 1)


def test_a_version_that_is_gone_leaves_no_trace(web):
    store, index, _client = web
    for one in one_quake():
        put(store, one)
    index.refresh()
    for head in list(store.list(keys.RESULTS, keys.CATALOG)):
        if "corrected" in head.key:
            store.delete(keys.RESULTS, head.key)
    index.refresh()
    assert [one["version"] for one in index.versions(INITIAL)] == [one["version"] for one in one_quake()[2:]]
    assert index.versions(CORRECTED) == []


def test_an_older_id_is_found_by_the_search_and_answers_with_the_joined_quake(web):
    store, index, _client = web
    for one in one_quake():
        put(store, one)
    index.refresh()
    for word in (INITIAL, CORRECTED, "minahasa", "lombok"):
        rows, total = index.events("earthquake", Filter(text=word), 50, 0)
        assert (total, rows[0]["event_id"]) == (1, CORRECTED)


MAIN, AFTER = "20260510100310", "20260510100420"


def doublet():
    """M 6.4, red, and 45 s later and 63 km away M 5.5, green, each with its own initial map."""
    place = {"longitude": 100.5, "latitude": -1.0, "time": "2026-05-10T03:00:10Z"}
    after = {"longitude": 100.9, "latitude": -0.6, "time": "2026-05-10T03:00:55Z"}
    return [
        entry(AFTER, "initial-v001-bbbbbbbb", **after, magnitude=5.5, alert="green", description="Aftershock"),
        entry(MAIN, "initial-v001-aaaaaaaa", **place, magnitude=6.4, alert="red", description="Mainshock"),
    ]


@pytest.mark.parametrize("turn", [1, -1])
def test_two_quakes_within_a_minute_are_two_rows_that_name_each_other(web, turn):
    store, index, client = web
    for one in doublet()[::turn]:
        put(store, one)
        index.refresh()
    assert index.events("earthquake", Filter(), 50, 0) == (doublet(), 2)
    for code, said in (("en", "May be the same quake:"), ("id", "Mungkin gempa yang sama:")):
        assert text(client, f"/earthquakes?lang={code}")[1].count(said) == 2
    assert [one["event_id"] for one in index.versions(MAIN)] == [MAIN]
    assert index.events("earthquake", Filter(level="red"), 50, 0) == ([doublet()[1]], 1)
    assert index.counts("2026-05-10T04:00:00Z")["alerts"] == {"green": 1, "red": 1}


def test_a_joined_row_shows_the_higher_level_that_another_map_says(web, monkeypatch):
    store, index, client = web
    monkeypatch.setattr(moment, "now", lambda: datetime(2026, 5, 10, 4, tzinfo=UTC))
    after, main = doublet()
    of_after = after | {"source_type": "corrected", "version": "corrected-v001-cccccccc", "event_id": "long_after"}
    put(store, main)
    put(store, of_after)  # the aftershock's own initial map is missing: the rule takes both for one quake
    index.refresh()
    assert index.events("earthquake", Filter(), 50, 0) == ([of_after], 1)
    assert index.events("earthquake", Filter(level="red"), 50, 0) == ([of_after], 1)
    assert index.counts("2026-05-10T04:00:00Z")["alerts"] == {"red": 1}
    page = text(client, "/earthquakes?lang=en")[1]
    assert 'class="strong red"' in page
    assert "Another map says:" in page
    assert "v1 initial, M 6.4" in page
    assert find(index, "earthquake", MAIN, "")[1]["event_id"] == MAIN  # its own id shows that quake
    higher = index.beside(of_after)["higher"]
    assert [(one["event_id"], one["alert"]) for one in higher] == [(MAIN, "red")]
    put(store, after)
    index.refresh()
    assert index.events("earthquake", Filter(), 50, 0) == ([of_after, main], 2)


def test_an_event_that_came_since_the_last_round_is_found_at_once_but_nobody_drives_the_store(web, monkeypatch):
    store, index, _client = web
    index.refresh()
    now, lists = 1000.0, []
    monkeypatch.setattr("web.index.time.monotonic", lambda: now)
    monkeypatch.setattr(index._store, "list", lambda *of: lists.append(of) or store.list(*of))
    put(store, entry())
    assert find(index, "earthquake", "20180805194635", "")[1]["event_id"] == "20180805194635"
    assert len(lists) == 1
    for number in range(50):  # of which none is there
        with pytest.raises(NotFound):
            find(index, "earthquake", f"201808051946{number:02}", "initial-v009-aaaaaaaa")
    assert len(lists) == 1
    now += 1
    with index._writing, pytest.raises(NotFound):  # a round is under way: nobody waits for it
        find(index, "earthquake", "20180805194700", "")
    assert len(lists) == 1
    with pytest.raises(NotFound):
        find(index, "earthquake", "20180805194700", "")
    assert len(lists) == 2


def test_an_id_is_found_in_letters_of_any_case(web):
    store, index, _client = web
    put(store, entry("us7000N05D"))
    index.refresh()
    assert find(index, "earthquake", "US7000n05d", "")[1]["event_id"] == "us7000N05D"
    assert find(index, "earthquake", "us7000n05d", "initial-v001-aaaaaaaa")[1]["event_id"] == "us7000N05D"


def test_a_quake_in_the_future_is_listed_without_its_age_and_not_in_the_band(web, monkeypatch):
    store, index, client = web
    monkeypatch.setattr(moment, "now", lambda: datetime(2018, 8, 5, 10, tzinfo=UTC))
    put(store, entry(alert="red"))
    put(store, entry("20180805194635_se", alert="red", drill=True, time="2018-08-05T09:00:00Z"))
    index.refresh()
    page = text(client, "/earthquakes?lang=en")[1]
    assert "Lombok" in page
    assert " ago" not in page.split("<tbody>")[1]
    assert 'class="strong' not in page
    assert index.counts("2018-08-05T10:00:00Z")["alerts"] == {}
    exercises = text(client, "/earthquakes?lang=en&kind=drill")[1]
    assert "EXERCISE" in exercises
    assert 'class="strong' not in exercises


def test_an_exercise_with_a_real_events_id_does_not_take_its_place(web):
    store, index, _client = web
    put(store, entry(INITIAL, "corrected-v009-eeeeeeee", **DRILLED))
    real = one_quake()[4]
    put(store, real)
    index.refresh()
    assert index.versions(INITIAL) == [real]
    assert [one["drill"] for one in index.versions(INITIAL, "corrected-v009-eeeeeeee")] == [True]
    assert index.events("earthquake", Filter(), 50, 0) == ([real], 1)


def test_an_entry_that_cannot_be_ranked_is_not_shown_and_stops_nothing(web):
    store, index, _client = web
    put(store, entry())
    broken = json.dumps(entry("x") | {"version": "latest"}).encode()
    store.put(keys.RESULTS, "catalog/earthquake/2018/08/x.json", broken, "application/json")
    index.refresh()
    assert index.events("earthquake", Filter(), 50, 0)[1] == 1


def test_filters(web):
    store, index, _client = web
    put(store, entry("20180805000001", time=at(1), magnitude=6.9, alert="orange", description="Lombok Utara"))
    put(store, entry("20180805000002", time=at(2), magnitude=4.1, alert="green", description="Papua 100%_sure"))
    put(store, entry("20180805000003", time=at(3), magnitude=5.5, alert=None, description="Samudra"))
    put(store, entry("20180805000004_se", drill=True))
    index.refresh()

    def found(**wanted):
        return [row["event_id"][-1] for row in index.events("earthquake", Filter(**wanted), 50, 0)[0]]

    assert sorted(found()) == ["1", "2", "3"]
    assert found(kind="small") == ["2"]
    assert found(kind="drill") == ["e"]
    assert (found(level="green"), found(level="none")) == (["2"], ["3"])
    assert found(text="lombok UTARA") == ["1"]
    assert found(text="100%_s") == ["2"]
    assert found(text="pap 100") == ["2"]  # each word is the beginning of one, in any order
    assert found(text="%") == found(text="ombok") == []
    assert found(text="20180805000003") == ["3"]


def test_what_the_index_lost_comes_back_from_the_bucket(web, minio, tmp_path):
    store, index, _client = web
    for number in range(120):
        put(store, entry(f"2018080500{number:04d}", time=at(number)))
    index.refresh()
    again = Index(Store.connect(minio, "web"), tmp_path / "other.sqlite")
    again.refresh()
    assert again.events("earthquake", Filter(), 200, 0) == index.events("earthquake", Filter(), 200, 0)
    store.delete(keys.RESULTS, next(iter(store.list(keys.RESULTS, keys.CATALOG))).key)
    index.refresh()
    assert index.events("earthquake", Filter(), 1, 0)[1] == 119


def test_pages_of_a_long_list(web):
    store, index, client = web
    for number in range(60):
        put(store, entry(f"2018080500{number:04d}", time=at(number)))
    index.refresh()
    first = text(client, "/earthquakes?lang=en")[1]
    assert "1–50 of 60" in first
    assert "51–60 of 60" in text(client, "/earthquakes?page=2")[1]
    assert text(client, "/earthquakes?page=99999999999999999999")[0] == 200


def test_a_strong_quake_of_today_fills_the_band_an_old_or_green_one_does_not(web):
    store, index, client = web
    hour_ago = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    put(store, entry("20180805000001"))
    put(store, entry("20180805000002", time=hour_ago, alert="green"))
    put(store, entry("20180805000003", time=hour_ago, drill=True))
    index.refresh()
    assert 'class="strong' not in text(client, "/earthquakes")[1]
    put(store, entry("20180805000004", time=hour_ago, alert="red"))
    index.refresh()
    page = text(client, "/earthquakes?lang=en")[1]
    assert 'class="strong red"' in page
    assert "1 h ago" in page
    lately = (datetime.now(UTC) - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    put(store, entry("20180805000005", time=lately, alert="yellow"))  # an aftershock hides no main shock
    index.refresh()
    assert 'class="strong red"' in text(client, "/earthquakes")[1]


def test_unknown_people_are_words(web):
    store, index, client = web
    unknown = dict.fromkeys(("total", "mmi6_plus", "mmi7_plus", "mmi8_plus"))
    put(store, entry(people=unknown, alert=None, alert_probability=None, fatalities=None, people_max_mmi=None))
    index.refresh()
    page = text(client, "/earthquakes")[1]
    assert page.count("tidak diketahui") == 2
    assert "Tidak diketahui" in page


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/earthquakes/19990101000000", 404),
        ("/earthquakes/..%2f..%2fetc", 404),
        ("/earthquakes/%00", 404),
        ("/earthquakes/20180805194635/initial-v009-aaaaaaaa", 404),
        ("/earthquakes/20180805194635/initial-v001-aaaaaaaa/files/../../../secrets", 404),
        ("/earthquakes/20180805194635/initial-v001-aaaaaaaa/files/impact.json%00", 404),
        ("/static/../__init__.py", 404),
        ("/static/%2e%2e/__main__.py", 404),
        ("/nothing", 404),
        ("/earthquakes?page=-1&kind=x&level='%20or%201=1--&q=%25", 200),
        ("/earthquakes?page=two", 200),
    ],
)
def test_odd_addresses_get_a_page_in_words(web, path, status):
    store, index, client = web
    put(store, entry())
    index.refresh()
    got, page = text(client, path)
    assert got == status
    assert "Traceback" not in page
    assert "<h1" in page


@pytest.mark.parametrize(
    "query",
    [
        "event_id=y",
        "endpoint=x",
        "version=z",
        "_method=POST",
        "_external=1&_scheme=javascript",
        "q=a&q=b",
        "q=%0aalert(1)",
    ],
)
def test_no_query_breaks_the_links_to_the_other_language(web, query):
    store, index, client = web
    put(store, entry())
    index.refresh()
    for path in ("/earthquakes", "/earthquakes/20180805194636", "/status", "/nothing"):
        status, page = text(client, f"{path}?{query}")
        assert status == (404 if path.endswith(("6", "nothing")) else 200)
        links = [html.unescape(link) for link in re.findall(r'<a\s+href="([^"]*)"\s+hreflang', page)]
        asked = parse_qsl(query)
        assert [parse_qsl(link[1:]) for link in links] == [[*asked, ("lang", code)] for code in ("id", "en")]
        assert [link[0] for link in links] == ["?", "?"]  # nothing but another query of the same page


def test_what_an_uploader_wrote_is_not_markup(web):
    store, index, client = web
    put(store, entry(description="<script>alert(1)</script>"))
    index.refresh()
    page = text(client, "/earthquakes")[1]
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_every_page_is_closed_to_foreign_sources(web):
    _store, index, client = web
    index.refresh()
    for path in ("/earthquakes", "/status", "/healthz", "/live.json", "/nothing"):
        policy = client.get(path).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
    assert "http://" not in text(client, "/earthquakes")[1].replace("http://www.w3.org", "")


def test_a_gateway_that_does_not_answer_is_told(web):
    _store, index, client = web
    index.refresh()
    assert "Gateway tidak menjawab" in text(client, "/status")[1]


def test_a_part_of_this_machine_that_ended_is_told_with_its_reason(web, minio, tmp_path):
    _store, index, _client = web
    book = Book(tmp_path)
    for name in ("web", "render-report-1"):
        book.starting(name)
        book.up(name)
    book.ended("render-report-1", why_ended(-signal.SIGKILL, "silent for 12 s"), 10)
    client = create_app(Store.connect(minio, "web"), index, NOBODY, home=tmp_path).test_client()
    page = text(client, "/status")[1]
    assert "<b>render-report-1</b><small>Tidak menjawab, lalu dihentikan: silent for 12 s</small>" in page
    assert "Segera dimulai lagi" in page
    assert "<b>web</b>" not in page  # all is well with it
    assert "Bagian-bagian di mesin ini" not in text(_client, "/status")[1]


def test_how_old_the_page_is(web):
    _store, index, client = web
    assert client.get("/live.json").get_json()["state"] == "broken"
    index.refresh()
    assert client.get("/live.json").get_json()["state"] == "live"
    with index._connection() as connection:
        connection.execute("update round set began = began - 100")
    assert client.get("/live.json").get_json()["state"] == "late"
    with index._connection() as connection:
        connection.execute("update round set began = began - 100")
    assert "Terputus" in text(client, "/earthquakes")[1]


def test_the_status_page_shows_what_became_of_each_input(web):
    store, index, client = web
    reason = {"text": "The file is empty", "template": "The file is empty", "values": {}}
    named = [f"{number}/grid.xml" for number in range(1, 5)]
    inputs = [Notification(keys.SHAKEMAPS, key, store.put(keys.SHAKEMAPS, key, b"x")) for key in named]
    receipts.write(
        store,
        receipts.receipt(inputs[0], run="earthquake/20180805194635/initial-v001-aaaaaaaa/12345678"),
        receipts.receipt(inputs[1], "refused", reason=reason),
        receipts.receipt(inputs[2], "dead", reason=reason, attempts=8),
        receipts.receipt(inputs[3], "superseded"),
    )
    store.put(keys.SHAKEMAPS, "5/grid.xml", b"new", "application/xml")
    for name in ("6/grid.xml.7z", "7/grid.xml.bak", "8/", "9/intensity.jpg", "9/output/stationlist.xml"):
        store.put(keys.SHAKEMAPS, name, b"x", "application/xml")
    store.put(keys.LEDGER, "on-shakemap/garbage.json", b"{not json")
    index.refresh()
    page = text(client, "/status")[1]
    assert page.count("Namanya tidak berakhir dengan grid.xml") == 2
    assert "6/grid.xml.7z" in page
    assert "7/grid.xml.bak" in page
    assert "2 berkas yang namanya tidak berakhir dengan grid.xml" in page
    assert "tidak memicu apa pun: 4." in page
    assert "intensity.jpg" not in page
    for word in ("Selesai", "Ditolak", "Gagal", "Digantikan", "Diterima", "Berkas kosong", "8 kali", "5/grid.xml"):
        assert word in page
    assert "/earthquakes/20180805194635/initial-v001-aaaaaaaa" in page


def test_companions_hide_no_input_that_waits(web):
    store, index, client = web
    store.put(keys.SHAKEMAPS, "1/GRID.XML", b"waits", "application/xml")
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda name: store.put(keys.SHAKEMAPS, name, b"x"), [f"2/{one}.jpg" for one in range(120)]))
    index.refresh()
    page = text(client, "/status")[1]
    assert "1/GRID.XML" in page
    assert page.count("2/") == 1


def test_the_status_page_tells_when_siaga_was_off(web, minio, tmp_path):
    store, index, _client = web
    told = {"alive": moment.stamp(), "gaps": [[moment.stamp(moment.now() - timedelta(hours=ago)) for ago in (3, 2)]]}
    (tmp_path / gaps.FILE).write_text(json.dumps(told))
    page = text(create_app(store, index, NOBODY, home=tmp_path).test_client(), "/status")[1]
    assert "Siaga mati" in page
    assert "1 jam 0 mnt" in page


@pytest.fixture
def published(web, minio, tmp_path, qgis):
    """One event, analysed and printed by the real functions."""
    store, index, client = web
    installed.install(store, tmp_path)
    functions = Store.connect(minio, "functions")
    etag = store.put(keys.SHAKEMAPS, "20180805194635/grid.xml", make_grid(), "application/xml")
    _status, told = installed.call(on_shakemap.run, functions, minio, keys.SHAKEMAPS, "20180805194635/grid.xml", etag)
    index.refresh()
    figures_alone = text(client, "/earthquakes/20180805194635?lang=en")
    key = f"{told['run']}/impact.json"
    installed.call(render_report.run, functions, minio, keys.RESULTS, key, store.head(keys.RESULTS, key).etag)
    index.refresh()
    return client, told["run"], figures_alone


def test_the_event_page_from_first_figures_to_report(published):
    client, run, (status, early) = published
    assert status == 200
    assert "Figures ready, report to come" in early
    assert "The map comes with the report." in early
    status, page = text(client, "/earthquakes/20180805194635?lang=en")
    assert status == 200
    assert "PDF report" in page
    assert run in page
    assert page.count("<h1") == 1
    told = html.unescape(page.partition('<textarea id="message"')[2].partition("</textarea>")[0].partition(">")[2])
    assert "M 6.9 earthquake" in told
    assert told.endswith("/earthquakes/20180805194635")
    assert told.count("\n") == 4
    all_zones = f"/earthquakes/20180805194635/{run.split('/')[2]}/zones"
    assert all_zones in page
    status, page = text(client, f"{all_zones}?lang=en&sort=name")
    assert status == 200
    names = re.findall(r'<th scope="row">([^<]+)', page)
    assert len(names) > 1
    assert names == sorted(names)
    status, page = text(client, f"{all_zones}?q={names[-1].split()[-1].lower()}&level=nothing&sort=nothing")
    assert status == 200
    assert names[-1] in page
    assert names[0] not in page
    assert "Tidak ada wilayah dengan nama itu." in text(client, f"{all_zones}?q=%22%3Cb%3E&lang=id")[1]


def test_a_run_comes_whole_as_one_zip_whose_hashes_hold(published, store):
    client, run, _early = published
    address = f"/earthquakes/20180805194635/{run.split('/')[2]}/all.zip"
    answer = client.get(address)
    assert answer.status_code == 200
    assert len(answer.data) == int(answer.headers["Content-Length"])
    assert client.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    packed = zipfile.ZipFile(io.BytesIO(answer.data))
    assert packed.testzip() is None
    within = {name.rpartition("/")[2]: packed.read(name) for name in packed.namelist()}
    sums = dict(reversed(line.split("  ")) for line in within.pop("SHA256SUMS").decode().splitlines())
    manifest = json.loads(within.pop("manifest.json"))
    assert sums == {name: sha256(body).hexdigest() for name, body in within.items()}
    assert sums == {one["path"]: one["sha256"] for one in manifest["files"]}
    assert manifest["run"] == run
    assert {"impact.json", "report-id.pdf", "grid.xml", "event.gpkg"} <= set(within)
    store.put(keys.RESULTS, f"{run}/zones.csv", b"changed")
    assert client.get(address).status_code == 503


def test_every_product_of_a_run_can_be_taken_along_under_a_name(published, store):
    _client, run, _early = published
    made = [json.loads(store.get(keys.RESULTS, f"{run}/{name}")[0]) for name in ("impact.json", "report.json")]
    paths = {product["path"] for record in made for product in record["products"]}
    paths -= {"thumbnail-id.png", "thumbnail-en.png"}  # for lists
    assert paths <= set(downloads.FILES["earthquake"])
    assert {path.rpartition(".")[2] for path in chain(*downloads.FILES.values())} <= set(downloads.MEDIA_TYPES)


def test_past_quakes_are_told_with_their_toll(published):
    client, _run, _early = published
    page = text(client, "/earthquakes/20180805194635?lang=en")[1]
    told = page[page.index("Has it happened here?") :]
    assert "18 Dec 1979" in told
    assert "USGS EXPO-CAT" in told
    assert "Only the deadliest quakes since 1970 are compared" in told


def test_both_ids_of_a_quake_show_it_with_all_versions_and_what_changed(web, minio, tmp_path):
    store, index, client = web
    installed.install(store, tmp_path)
    functions = Store.connect(minio, "functions")
    corrected = "20180805184635_68_-08250_116450_20180805184635"
    maps = [
        (keys.SHAKEMAPS, "20180805194635", make_grid()),
        (keys.SHAKEMAPS_CORRECTED, corrected, make_grid(event_id=corrected, lat=-8.25, magnitude=6.8, peak=9.2)),
    ]
    for bucket, event_id, body in reversed(maps):  # the initial one comes last and replaces nothing
        etag = store.put(bucket, f"{event_id}/grid.xml", body, "application/xml")
        assert installed.call(on_shakemap.run, functions, minio, bucket, f"{event_id}/grid.xml", etag)[0] == 200
    index.refresh()
    pages = [text(client, f"/earthquakes/{event_id}?lang=en")[1] for _bucket, event_id, _body in maps]
    for page in pages:
        assert "6 km to the north" in page
        assert "magnitude −0.1" in page
        assert "corrected map." in page
        assert "This is an older version." not in page
        assert all(f"/earthquakes/{event_id}/" in page for _bucket, event_id, _body in maps)
    listed = text(client, "/earthquakes?lang=en")[1]
    assert listed.count("<tr class=") == 1
    assert f'href="/earthquakes/{corrected}"' in listed
    (older,) = [one["version"] for one in index.versions("20180805194635") if one["source_type"] == "initial"]
    page = text(client, f"/earthquakes/20180805194635/{older}?lang=en")[1]
    assert "This is an older version." in page
    assert "There is no version below this one" in page
    assert text(client, f"/earthquakes/{corrected}/{older}")[0] == 404


@pytest.mark.parametrize("turn", [1, -1])
def test_a_counter_that_began_again_shows_the_map_made_later_in_any_order_of_arrival(web, minio, tmp_path, turn):
    store, index, client = web
    installed.install(store, tmp_path)
    functions = Store.connect(minio, "functions")
    maps = [
        make_grid(version="6", process_time="2018-08-05T12:00:00Z"),
        make_grid(version="1", process_time="2018-08-25T12:00:00Z", magnitude=6.8),
    ]
    key = "20180805194635/grid.xml"
    for body in maps[::turn]:
        etag = store.put(keys.SHAKEMAPS, key, body, "application/xml")
        assert installed.call(on_shakemap.run, functions, minio, keys.SHAKEMAPS, key, etag)[0] == 200
    index.refresh()
    assert [one["version_number"] for one in index.versions("20180805194635")] == [1, 6]
    for code, said in (("en", "version 1 was made after version 6"), ("id", "versi 1 dibuat setelah versi 6")):
        assert said in text(client, f"/earthquakes/20180805194635?lang={code}")[1]


def test_the_real_minahassa_pair_shows_as_one_event_with_two_versions(web, minio, tmp_path, shared):
    store, index, client = web
    installed.install(store, tmp_path)
    functions = Store.connect(minio, "functions")
    for bucket in (keys.SHAKEMAPS_CORRECTED, keys.SHAKEMAPS):
        event_id = CORRECTED if bucket == keys.SHAKEMAPS_CORRECTED else INITIAL
        body = (shared / "data" / bucket.replace("shakemaps", "shakemap") / event_id / "grid.xml").read_bytes()
        etag = store.put(bucket, f"{event_id}/grid.xml", body, "application/xml")
        assert installed.call(on_shakemap.run, functions, minio, bucket, f"{event_id}/grid.xml", etag)[0] == 200
    index.refresh()
    assert [one["event_id"] for one in index.versions(INITIAL)] == [CORRECTED, INITIAL]
    assert index.events("earthquake", Filter(), 50, 0)[1] == 1
    page = text(client, f"/earthquakes/{INITIAL}?lang=en")[1]
    assert "depth +2 km; epicentre moved 7 km to the north-northeast; corrected map." in page


def test_files_come_as_what_they_are_and_cannot_act(published):
    client, run, _early = published
    base = "/earthquakes/20180805194635/" + run.split("/")[2] + "/files/"
    for path, kind, how in (
        ("report-id.pdf", "application/pdf", "inline"),
        ("report-en.html", "text/html", "inline"),
        ("map-id.png", "image/png", "inline"),
        ("zones.csv", "text/csv", "attachment"),
        ("grid.xml", "application/xml", "attachment"),
        ("impact.json", "application/json", "attachment"),
    ):
        answer = client.get(base + path)
        assert answer.status_code == 200
        assert answer.content_type.startswith(kind)
        assert answer.headers["Content-Disposition"].startswith(how)
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert len(answer.data) == int(answer.headers["Content-Length"])
        again = client.get(base + path, headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304
    assert client.get(base + "report.json").status_code == 404
