"""From an upload to what the operator and the reader see, with every part real."""

import json
import subprocess
from urllib.parse import quote

import numpy as np
import pytest
import requests
from fixtures.grids import make_grid
from support.running import wait_for

from siaga import keys, machine
from siaga.cli import ingest
from siaga.events import Notification

SMALL = {"nlon": 9, "nlat": 9, "spacing": 0.1, "peak": 5.0}  # weak: a report of one page, soon made
NAN = np.full((9, 9), 5.0)
NAN[3, 3] = np.nan
HIGH = np.full((9, 9), 12.5)
LOW = np.full((9, 9), -0.5)
LAUGHS = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><shakemap_grid>&b;</shakemap_grid>'
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a SYSTEM "file:/etc/passwd">]><shakemap_grid/>'

REFUSED = {
    "cut off": (make_grid(**SMALL)[:2500], "cut off"),
    "empty": (b"", "empty"),
    "not XML": (b"%PDF-1.4", "not XML"),
    "billion laughs": (LAUGHS, "document type or entities"),
    "external entity": (OUTSIDE, "document type or entities"),
    "wrong count": (make_grid(**SMALL).replace(b'nlon="9"', b'nlon="10"'), "nodes with 8 fields need 720"),
    "no number": (make_grid(**SMALL).replace(b"<grid_data>\n", b"<grid_data>\nfoo "), "value for each of the 8"),
    "MMI too high": (make_grid(mmi=HIGH, **SMALL), "MMI is 12.5"),
    "MMI below 0": (make_grid(mmi=LOW, **SMALL), "MMI is -0.5"),
    "no regular grid": (
        make_grid(fields=("LON", "LAT", "MMI"), **SMALL).replace(b"\n116.4500 ", b"\n116.4900 "),
        "no node",
    ),
    "unknown zone": (make_grid(zone="WIBB", **SMALL), "time zone"),
    "bad id": (make_grid(event_id="../x", **SMALL), "event_id is"),
    "too large": (b"<a>" + b" " * (32 << 20) + b"</a>", "33 MiB; at most 32 MiB are read"),
}
WARNED = {
    "shuffled": ({"order": "shuffled"}, "placed by LON and LAT"),
    "folder id": ({"event_id": "20180805191111"}, "the id inside counts"),
    "future": ({"time": "2099-08-05T18:46:35", "process_time": ""}, "lies after the arrival"),
    "masked": ({"mmi": NAN}, "no MMI for"),
    "outside": ({"lon": 20.0, "lat": 40.0}, "outside the population data"),
}


def upload(stack_up, name, body):
    """As BMKG's S3 client would; returns the event."""
    return Notification(keys.SHAKEMAPS, name, stack_up.store("bmkg").put(keys.SHAKEMAPS, name, body, "application/xml"))


def outcome(stack_up, event, seconds=60):
    return ingest.wait(stack_up.settings, event, seconds)


def page(stack_up, path, lang="en"):
    answer = requests.get(f"{stack_up.settings.public_url}{path}", params={"lang": lang}, timeout=10)
    return answer.status_code, answer.text


def shown(stack_up, path, text):
    """Wait until the page holds the text: the index follows the bucket within a second or so."""
    return wait_for(lambda: text in page(stack_up, path)[1], 15, f"{text!r} on {path}")


def row_above(text, name):
    """What the page says of an input right before its name; "" while it does not know it."""
    return text[max(0, text.index(name) - 400) : text.index(name)] if name in text else ""


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_the_reason_on_the_status_page(stack_up, case):
    body, said = REFUSED[case]
    name = f"refused-{case.replace(' ', '-')}/grid.xml"
    event = upload(stack_up, name, body)
    found = outcome(stack_up, event)
    assert found.state == "refused"
    assert said in found.reason
    wait_for(lambda: "Refused" in row_above(page(stack_up, "/status")[1], name), 15, f"{name} refused on /status")
    assert "Traceback" not in page(stack_up, "/status")[1]
    assert "Ditolak" in page(stack_up, "/status", "id")[1]
    stack_up.store().head(keys.SHAKEMAPS, name)  # nothing lost: the input is still there


@pytest.mark.parametrize("case", WARNED)
def test_taken_with_a_warning_that_readers_see(stack_up, case):
    more, said = WARNED[case]
    number = list(WARNED).index(case)  # each a quake of its own
    more = {"event_id": f"2018080519{number:04d}", "time": f"2018-08-1{number}T18:46:35", **SMALL} | more
    folder = "20180805180000" if case == "folder id" else more["event_id"]
    event = upload(stack_up, f"{folder}/grid.xml", make_grid(**more))
    found = outcome(stack_up, event)
    assert found.state == "published"
    shown(stack_up, f"/earthquakes/{more['event_id']}", said)
    status, text = page(stack_up, f"/earthquakes/{more['event_id']}")
    assert status == 200
    assert ("NOT KNOWN" in text) == (case == "outside")


@pytest.mark.parametrize(
    "key",
    [
        "with space (1)/grid.xml",
        "gempa-übung ☂ 地震/grid.xml",
        "a+b%20c&d=e/output/grid.xml",
        "x" * 200 + "/" + "y" * 200 + "/grid.xml",
    ],
)
def test_odd_keys_are_taken_as_usual(stack_up, key):
    number = 20180805200000 + sum(key.encode()) % 9999
    event = upload(stack_up, key, make_grid(event_id=str(number), **SMALL))
    assert outcome(stack_up, event).state == "published"


def test_a_key_of_1024_bytes(stack_up):
    parts = ["d" * 200] * 5
    key = "/".join(parts)
    key += "e" * (1024 - len("/grid.xml") - len(key)) + "/grid.xml"
    assert len(key.encode()) == 1024
    event = upload(stack_up, key, make_grid(event_id="20180805210000", **SMALL))
    assert outcome(stack_up, event).state == "published"


def test_other_files_in_the_folder_are_ignored(stack_up):
    for name in ("intensity.jpg", "products.zip", "stationlist.xml", "grid.xml.bak"):
        upload(stack_up, f"20180805220000/{name}", b"not a map")
    event = upload(stack_up, "20180805220000/grid.xml", make_grid(event_id="20180805220000", **SMALL))
    assert outcome(stack_up, event).state == "published"

    def told():
        store = stack_up.store()
        receipts = [json.loads(store.get(keys.LEDGER, head.key)[0]) for head in store.list(keys.LEDGER)]
        return sorted(
            one["key"].rpartition("/")[2]
            for one in receipts
            if "20180805220000" in one.get("key", "") and one["function"] != "notify"
        )

    # The report is there a moment before its receipt is.
    wait_for(lambda: len(told()) >= 2, 15, "both receipts")
    assert told() == ["grid.xml", "impact.json"]


def test_a_million_nodes(stack_up):
    body = make_grid(event_id="20180805230000", nlon=1001, nlat=1001, spacing=0.004, fields=("LON", "LAT", "MMI"))
    assert outcome(stack_up, upload(stack_up, "20180805230000/grid.xml", body)).state == "published"


def test_where_nobody_lives(stack_up):
    body = make_grid(event_id="20180805230001", lon=114.0, lat=-4.8, **SMALL | {"peak": 6.0, "spacing": 0.01})
    found = outcome(stack_up, upload(stack_up, "20180805230001/grid.xml", body))
    assert found.state == "published"
    status, _text = page(stack_up, "/earthquakes/20180805230001")
    assert status == 200


def test_the_same_content_again_changes_nothing(stack_up):
    body = make_grid(event_id="20180805230002", **SMALL)
    first = outcome(stack_up, upload(stack_up, "20180805230002/grid.xml", body))
    before = {head.key: head.etag for head in stack_up.store().list(keys.RESULTS, "earthquake/20180805230002/")}
    again = outcome(stack_up, upload(stack_up, "20180805230002/grid.xml", body))
    assert again.run == first.run
    after = {head.key: head.etag for head in stack_up.store().list(keys.RESULTS, "earthquake/20180805230002/")}
    assert after == before


def test_a_mended_file_under_the_same_key_is_published(stack_up):
    good = make_grid(event_id="20180805230003", **SMALL)
    assert outcome(stack_up, upload(stack_up, "20180805230003/grid.xml", good[:2000])).state == "refused"
    assert outcome(stack_up, upload(stack_up, "20180805230003/grid.xml", good)).state == "published"


def test_ingest_tells_by_its_exit_status(stack_up, tmp_path):
    good, bad = tmp_path / "20180805230004" / "grid.xml", tmp_path / "20180805230005" / "grid.xml"
    for path, body in ((good, make_grid(event_id="20180805230004", **SMALL)), (bad, b"<x/>")):
        path.parent.mkdir()
        path.write_bytes(body)
    for _ in range(2):  # the same file again is 0
        done = stack_up.run("ingest", str(good), "--wait")
        assert (done.returncode, "published" in done.stdout) == (0, True), done.stdout + done.stderr
        assert f"{stack_up.settings.public_url}/earthquakes/20180805230004/" in done.stdout
    refused = stack_up.run("ingest", str(bad), "--wait")
    assert refused.returncode == 1
    assert "root element is x" in refused.stdout
    assert "20180805230005/grid.xml" in stack_up.run("status").stdout


def test_reprocess_by_hand_gives_the_same_report(stack_up):
    event = upload(stack_up, "20180805230006/grid.xml", make_grid(event_id="20180805230006", **SMALL))
    first = outcome(stack_up, event)
    done = stack_up.run("reprocess", "20180805230006")
    assert done.returncode == 0, done.stderr
    wait_for(lambda: outcome(stack_up, event).run == first.run, 30)
    unknown = stack_up.run("reprocess", "19990101000000")
    assert unknown.returncode != 0
    assert "Traceback" not in unknown.stderr


def test_openssh_uploads_and_the_report_is_there_in_both_languages(stack_up, tmp_path):
    path = tmp_path / "grid.xml"
    path.write_bytes(make_grid(event_id="20180805230007", time="2018-08-05T22:59:00", **SMALL))
    settings = stack_up.settings
    command = ["sftp", "-q", "-P", str(settings.sftp_port), "-i", str(settings.secrets / machine.BMKG_KEY), "-b", "-"]
    command += ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
    batch = f"-mkdir shakemaps/20180805230007\nput {path} shakemaps/20180805230007/grid.xml\n"
    subprocess.run([*command, f"bmkg@{settings.sftp_host}"], input=batch, text=True, check=True, timeout=30)
    etag = stack_up.store().head(keys.SHAKEMAPS, "20180805230007/grid.xml").etag
    assert outcome(stack_up, Notification(keys.SHAKEMAPS, "20180805230007/grid.xml", etag)).state == "published"
    shown(stack_up, "/earthquakes", "20180805230007")
    shown(stack_up, "/earthquakes/20180805230007", "/files/report-")
    base = f"{settings.public_url}/earthquakes/20180805230007"
    version = requests.get(base, timeout=10).text.split("/files/report-")[0].rpartition("/")[2]
    for code in ("id", "en"):
        pdf = requests.get(f"{base}/{quote(version)}/files/report-{code}.pdf", timeout=10)
        assert pdf.content.startswith(b"%PDF")


@pytest.mark.parametrize(
    "name",
    [
        "shakemap/20131105060809",
        "shakemap/20161214005704",
        "shakemap/20180220163351",
        "shakemap-corrected/20180220162928_50_01400_124450_20180220162928",
    ],
)
def test_real_shakemaps_are_published(stack_up, shared, name):
    folder, _, event_id = name.partition("/")
    bucket = keys.SHAKEMAPS_CORRECTED if folder.endswith("corrected") else keys.SHAKEMAPS
    body = (shared / "data" / name / "grid.xml").read_bytes()
    key = f"{event_id}/grid.xml"
    event = Notification(bucket, key, stack_up.store("bmkg").put(bucket, key, body, "application/xml"))
    assert outcome(stack_up, event).state == "published"
    shown(stack_up, "/earthquakes", event_id)
