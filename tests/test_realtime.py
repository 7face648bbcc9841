"""The old system's addresses: what its clients asked for is answered with the fields, filters and pages they knew."""

from datetime import UTC, datetime

import pytest
from fixtures import analysed
from fixtures.pages import NOBODY
from support.stores import emptied_store

from siaga import moment
from siaga.store import Store
from web import create_app
from web.api import places
from web.ash.volcanoes import Volcano
from web.index import Index

NOW = datetime(2018, 8, 5, 13, 0, tzinfo=UTC)
PUBLIC = "https://realtime.example.id"
BASE = "/realtime/api/v1"
QUAKE, LONG = "20180805194635", "20180805194635_69_-08300_116450_20180805194635"
HOUR, DRY, FALL = "2017022104-6-rw", "2017022109-6-rw", "Merapi/20170221190400+0700"
EARTHQUAKE = set(
    "url shake_id shake_grid mmi_output magnitude time depth location location_description felt reports hazard_path "
    "source_type event_id_formatted shake_grid_download_url mmi_layer_download_url grid_xml_filename "
    "mmi_layer_filename mmi_layer_saved".split()
)
POINT = set(
    "shake_id shake_grid magnitude time depth location_description felt source_type event_id_formatted "
    "grid_xml_filename has_corrected mmi_layer_saved".split()
)
EARTHQUAKE_REPORT = set(
    "url shake_id source_type shake_url language report_pdf report_image report_thumbnail report_map_filename".split()
)
FLOOD = set(
    "url event_id data_source event_id_formatted time time_description total_affected boundary_flooded interval "
    "source region hazard_layer impact_layer reports hazard_path flood_data_download_url".split()
)
FLOOD_REPORT = set(
    "url flood_url event_id language impact_report impact_map impact_report_url impact_map_filename "
    "impact_map_url".split()
)
ASH = set(
    "url id volcano hazard_file impact_files reports event_time task_status eruption_height hazard_path "
    "event_id_formatted event_time_zone_offset event_time_zone_string alert_level forecast_duration".split()
)
ASH_REPORT = set("url ash_url id ash language report_map report_map_filename report_map_url".split())
VOLCANO = set("volcano_name elevation morphology region location subregion province district".split())


class Merapi:
    """A catalogue of one volcano."""

    def listed(self):
        return (Volcano("Merapi", 110.446, -7.54, None),)


@pytest.fixture(scope="module")
def client(minio, tmp_path_factory):
    """Of an app over a quake with an initial and a corrected map, flood hours and an ash fall."""
    folder = tmp_path_factory.mktemp("realtime")
    root = emptied_store(minio)
    analysed.put_all(root, folder)
    corrected = analysed.quake(
        event_id=LONG, source_type="corrected", version="corrected-v001-cccccccc", run="0000000c"
    )
    analysed.publish(root, corrected, analysed.quake_files(corrected))
    index = Index(Store.connect(minio, "web"), folder / "index.sqlite")
    index.refresh()
    app = create_app(Store.connect(minio, "web"), index, NOBODY, public_url=PUBLIC)
    app.extensions[places.NAME] = Merapi()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(moment, "now", lambda: NOW)
        yield app.test_client()


def told(client, path, status=200):
    """What an old address of the API answers."""
    answer = client.get(f"{BASE}/{path}")
    assert answer.status_code == status, (path, answer.get_data(as_text=True)[:300])
    return answer.get_json(force=True)


def paged(client, path):
    """The results of a list, which has the old form."""
    body = told(client, path)
    assert body.keys() == {"count", "next", "previous", "results"}
    assert body["count"] >= len(body["results"])
    return body["results"]


@pytest.mark.parametrize("ending", ["/", "", ".json"])
def test_every_ending_that_the_old_server_knew_is_answered(client, ending):
    for path in ("earthquake", f"earthquake/{QUAKE}/initial", f"flood/{HOUR}", "volcano-list", f"ash/{FALL}"):
        assert client.get(f"{BASE}/{path}{ending}").status_code == 200, path
    assert told(client, ending.strip("/"))["model_list"]["earthquakes"] == f"{PUBLIC}{BASE}/earthquake/"


def test_a_quake_has_its_initial_and_its_corrected_map_with_the_old_fields(client):
    maps = paged(client, "earthquake/")
    assert [(one["shake_id"], one["source_type"]) for one in maps] == [(QUAKE, "initial"), (LONG, "corrected")]
    assert all(one.keys() == EARTHQUAKE for one in maps)
    first = maps[0]
    assert first["url"] == f"{PUBLIC}{BASE}/earthquake/{QUAKE}/initial/"
    assert (first["time"], first["magnitude"], first["depth"]) == ("2018-08-05T11:46:35Z", 6.9, 15.0)
    assert first["location"] == {"type": "Point", "coordinates": [116.45, -8.3]}
    assert first["grid_xml_filename"] == f"{QUAKE}-initial-grid.xml"
    assert [one.keys() for one in first["reports"]] == [EARTHQUAKE_REPORT] * 2
    assert told(client, f"earthquake/{QUAKE}/initial/") == first
    assert paged(client, f"earthquake/{QUAKE}/") == [first]
    for link in (first["shake_grid"], first["mmi_output"], first["reports"][0]["report_pdf"]):
        assert client.get(link.removeprefix(PUBLIC)).status_code == 200
    for path in (first["shake_grid_download_url"], first["mmi_layer_download_url"]):
        assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        (f"shake_id={QUAKE}", 1),
        ("min_magnitude=6.9", 2),
        ("minimum_magnitude=7", 0),
        ("max_magnitude=6&maximum_magnitude=6", 0),
        ("min_time=2018-08-05%2011:46:35", 2),
        ("start_date=2018-08-06", 0),
        ("time_start=2018-08-05T18:46:36%2B07:00", 0),
        ("max_time=2018-08-05T11:46:35Z", 2),
        ("end_date=2018-08-05", 0),
        ("time_end=2018-08-06", 2),
        ("min_depth=15&max_depth=15", 2),
        ("since_last_days=1", 2),
        ("since_last_hours=1", 0),
        ("location_description=LOMBOK%20utara", 2),
        ("location_description=Lomb", 0),
        ("search=omb", 2),
        ("in_bbox=116,-9,117,-8", 2),
        ("in_bbox=95,0,96,1", 0),
        ("felt=true", 2),
        ("felt=False", 0),
        ("source_type=corrected", 1),
        ("format=json&unheard_of=1", 2),
    ],
)
def test_filters_are_those_that_were_implemented_or_documented(client, asked, count):
    assert told(client, f"earthquake/?{asked}")["count"] == count
    points = told(client, f"earthquake-feature/?{asked}")["features"]
    assert len(points) == min(count, 1)


def test_lists_are_sorted_as_asked_and_paged_by_number(client):
    newest = paged(client, "earthquake/?ordering=-source_type,nonsense")
    assert [one["source_type"] for one in newest] == ["initial", "corrected"]
    assert told(client, "earthquake/?page=2", 404)["detail"]
    assert told(client, "earthquake/?page=0", 404)["detail"]
    for asked in ("min_magnitude=big", "start_date=yesterday", "in_bbox=1,2"):
        assert told(client, f"earthquake/?{asked}", 400)["field"] == asked.partition("=")[0]


def test_points_are_initial_maps_that_tell_of_their_corrected_ones(client):
    (point,) = told(client, "earthquake-feature/")["features"]
    assert point["properties"].keys() == POINT
    assert (point["properties"]["source_type"], point["properties"]["has_corrected"]) == ("initial", True)


def test_reports_and_contours_of_a_quake(client):
    assert len(paged(client, "earthquake-report/")) == 4
    assert len(paged(client, "earthquake-report/?language=id")) == 2
    assert len(paged(client, f"earthquake-report/?earthquake__shake_id={LONG}")) == 2
    assert len(paged(client, f"earthquake-report/{QUAKE}/initial/")) == 2
    one = told(client, f"earthquake-report/{QUAKE}/initial/en/")
    assert (one.keys(), one["report_map_filename"]) == (EARTHQUAKE_REPORT, f"{QUAKE}-initial-en.pdf")
    told(client, f"earthquake-report/{QUAKE}/initial/fr/", 404)
    told(client, f"earthquake/{QUAKE}/corrected/", 404)
    lines = told(client, f"earthquake-mmi-contours/{QUAKE}/initial/?format=json")["features"]
    assert [one["properties"]["mmi"] for one in lines] == [5.5, 6.5]
    listed = f"earthquake-mmi-contours/?earthquake__shake_id={QUAKE}&earthquake__source_type=initial&mmi=6.5"
    assert len(told(client, listed)["features"]) == 1
    told(client, "earthquake-mmi-contours/", 400)


def test_flood_hours_with_what_was_known_and_none_that_was_not(client):
    hours = paged(client, "flood/")
    assert [one["event_id"] for one in hours] == [HOUR, "2017022105-6-rw", DRY]
    assert all(one.keys() == FLOOD for one in hours)
    first, same, dry = hours
    assert first["time_description"] == "6 hour report for 21 February 2017 at 11:00:00"
    assert (first["event_id_formatted"], first["time"]) == ("20170221110000", "2017-02-21T04:00:00Z")
    assert first["total_affected"] == same["total_affected"] > 0
    assert (dry["total_affected"], dry["boundary_flooded"]) == (0, 0)
    assert told(client, f"flood/{HOUR}/") == first
    assert told(client, f"flood/?event_id={HOUR}")["count"] == 1
    assert told(client, "flood/?interval=1")["count"] == 0
    assert [one["event_id"] for one in told(client, "flood-events/")] == ["2017022105-6-rw"]
    told(client, "flood/2017022106-6-rw/", 404)  # suspect: nobody knows
    told(client, "flood/2017022106-1-village/", 404)
    areas = told(client, f"flood-event-features/{HOUR}/")["features"]
    assert areas[0]["properties"].keys() == {"event_id", "name", "parent_name", "hazard_data"}
    assert areas[0]["geometry"]["type"] in ("Polygon", "MultiPolygon")
    serious = told(client, f"flood-impact-event-features/{HOUR}/")["features"]
    assert {one["properties"]["hazard_class"] for one in serious} <= {3, 4}
    assert len(serious) == sum(one["properties"]["hazard_data"] > 2 for one in areas)
    reports = paged(client, f"flood-report/{HOUR}/")
    assert [one.keys() for one in reports] == [FLOOD_REPORT] * 2
    assert told(client, f"flood-report/{HOUR}/en/")["impact_map_filename"] == f"{HOUR}_en.pdf"
    assert len(paged(client, "flood-report/?language=id")) == 2


def test_volcanoes_and_ash_falls(client):
    (volcano,) = paged(client, "volcano-list/?search=mera")
    assert (volcano.keys(), volcano["elevation"]) == (VOLCANO, None)
    assert told(client, "volcano-list/?search=agung")["count"] == 0
    assert told(client, "volcano-feature/")["features"][0]["properties"].keys() == VOLCANO - {"location"}
    (fall,) = paged(client, "ash/")
    assert (fall.keys(), fall["volcano"].keys()) == (ASH, VOLCANO)
    assert fall["event_id_formatted"] == "2017-02-21_1904_+0700_Merapi"
    assert (fall["event_time_zone_offset"], fall["event_time_zone_string"]) == (420, "Asia/Jakarta")
    assert told(client, f"ash/{FALL}/") == told(client, "ash/merapi/20170221120400+0000/") == fall
    assert told(client, "ash-feature/")["features"][0]["geometry"]["type"] == "Point"
    for path in ("ash-report/", "ash-report/merapi/", f"ash-report/{FALL}/"):
        assert [one.keys() for one in paged(client, path)] == [ASH_REPORT] * 2
    assert told(client, f"ash-report/{FALL}/id/")["report_map_filename"] == "2017-02-21_1904_+0700_Merapi_id.pdf"
    told(client, "ash/Merapi/yesterday-yesterday/", 400)
    told(client, "ash/Agung/20170221190400+0700/", 404)


@pytest.mark.parametrize(
    ("path", "media_type", "body"),
    [
        (f"/id/{QUAKE}-id.pdf", "application/pdf", analysed.PDF + b"id"),
        (f"/en/initial/{QUAKE}-en.pdf", "application/pdf", analysed.PDF + b"en"),
        (f"/en/corrected/{LONG}-en.png", "image/png", analysed.PNG + b"en"),
        (f"/id/{QUAKE}-thumb-id.png", "image/png", analysed.PNG + b"id"),
        (f"/realtime/shake/grid/{QUAKE}/initial/", "application/xml", analysed.GRID),
        (f"/realtime/shake/grid/{QUAKE}", "application/xml", analysed.GRID),
        (f"/realtime/flood/impact-report/{HOUR}/id/", "application/pdf", analysed.PDF + b"id"),
        (f"/realtime/flood/impact-map/{HOUR}/en/", "application/pdf", analysed.PDF + b"en"),
        (f"/realtime/flood/flood-data/{HOUR}/", "application/geo+json", None),
        (f"/realtime/ash/report-map/{FALL}/id/", "application/pdf", analysed.PDF + b"id"),
        ("/realtime/latest_report/pdf/id/", "application/pdf", analysed.PDF + b"id"),
        ("/realtime/latest_report/png/en", "image/png", analysed.PNG + b"en"),
        ("/realtime/latest_report/thumbnail/en/", "image/png", analysed.PNG + b"en"),
        (f"/realtime/shake-corrected/{QUAKE}/", "application/json", None),
        (f"/realtime/shake-corrected-report/{QUAKE}/id/", "application/json", None),
    ],
)
def test_public_links_lead_to_what_they_led_to(client, path, media_type, body):
    answer = client.get(path, follow_redirects=True)
    assert (answer.status_code, answer.mimetype) == (200, media_type)
    assert body is None or answer.data == body


def test_links_to_what_is_not_there_say_so(client):
    assert client.get("/realtime/shake/grid/20990101000000/initial/").get_json() == {"success": False}
    for path in (f"/id/{QUAKE}-en.pdf", "/id/20990101000000-id.pdf", f"/realtime/flood/impact-report/{DRY}/id/"):
        assert client.get(path).status_code == 404
    grid = client.get(f"/realtime/shake/grid/{QUAKE}/initial/").headers["Content-Disposition"]
    assert grid == f'attachment; filename="{QUAKE}-initial-grid.xml"'


@pytest.mark.parametrize(
    ("old", "new"), [("", "/earthquakes"), ("shake/", "/earthquakes"), ("flood/", "/floods"), ("ash", "/ash")]
)
def test_old_pages_lead_to_the_ones_in_their_place(client, old, new):
    answer = client.get(f"/realtime/{old}")
    assert (answer.status_code, answer.location) == (302, new)
