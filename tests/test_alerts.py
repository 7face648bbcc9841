"""Who is to hear of an event: subscriptions, what they are compared with, what changed, when a message goes out."""

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest

from siaga.alerts import change, compose, delay, facts, matching, subscription
from siaga.alerts.change import BELOW, CANCELLED, FIRST, UPDATE, Heard, judge
from siaga.alerts.facts import Facts, ZoneFacts
from siaga.alerts.record import Record
from siaga.alerts.subscription import EDITED, Subscription
from siaga.errors import BadInput
from siaga.language import load

SCHEMA = Path(subscription.__file__).with_name("subscription.schema.json")
NOW = datetime(2026, 11, 27, 3, 0, tzinfo=UTC)  # ten in the morning, WIB
PEOPLE = {str(mmi): 0.0 for mmi in range(1, 11)} | {"5": 5000.0, "6": 2000.0, "7": 300.0}
LOMBOK = Facts(
    hazard="earthquake",
    event_id="20261127095500",
    version="initial-v001-aaaaaaaa",
    run="12345678",
    drill=False,
    time="2026-11-27T02:55:00Z",
    received="2026-11-27T02:59:00Z",
    level="yellow",
    severity=1,
    people=2300.0,
    longitude=116.45,
    latitude=-8.3,
    magnitude=6.0,
    by_mmi=PEOPLE,
    areas={},
    zones={"52.08": ZoneFacts(PEOPLE, True), "52.71": ZoneFacts(dict.fromkeys(PEOPLE, 0.0), False)},
    has_report=False,
    bounds=(115.5, -9.5, 117.5, -7.5),
)
FLOOD = replace(
    LOMBOK, hazard="flood", event_id="2026112703-6-rw", level="3", areas={"2": 9, "3": 2, "4": 0}, by_mmi={}
)
ASH = replace(LOMBOK, hazard="ash", event_id="202611270955+0700_Merapi", level="medium", by_mmi={})


def wanted(**row):
    return subscription.read({"name": "Posko", "channel": "email", "address": "posko@bpbd.example.id"} | row)


def test_a_subscription_survives_form_table_and_store_and_fits_its_schema():
    full = wanted(
        language="en",
        hazards="flood earthquake",
        zones="52.71, 52.08",
        rectangle="115.81234 -9.2 116.8 -8.1",
        margin_km="50.5",
        level="orange",
        people="250000",
        magnitude="6.5",
        state="3",
        areas="2",
        ash_class="medium",
        quiet_from="22:00",
        quiet_until="06:00",
        time_zone="WIT",
        drills="yes",
    )
    full = replace(full, id="abc", standing="active", created="2026-11-27T00:00:00Z", by="ani")
    assert subscription.decode(full.encode()) == full
    assert subscription.read(full.row) == replace(full, id="", standing="pending", created="", by="")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    for one in (full, wanted()):
        jsonschema.validate(json.loads(one.encode()), schema)
    assert set(schema["properties"]) == {one.name for one in fields(Subscription)} | {"schema"}
    assert set(EDITED) | {"standing", "created", "by", "id"} == {one.name for one in fields(Subscription)}


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("channel", "fax"),
        ("address", "posko"),
        ("address", "a@b.id\r\nBcc: c@d.id"),
        ("address", "a..b@x.id"),
        ("language", "fr"),
        ("hazards", "flood tsunami"),
        ("zones", "52/71"),
        ("rectangle", "116 -9 115 -8"),
        ("rectangle", "116 -9 nan -8"),
        ("people", "many"),
        ("people", "-1"),
        ("magnitude", "nan"),
        ("mmi", "VI"),
        ("quiet_from", "25:00"),
        ("quiet_from", "22:00"),  # without its end
        ("drills", "perhaps"),
        ("name", "a\u202eb"),
        ("name", "a" * 121),
        ("name", " =HYPERLINK(1)"),
        ("name", "@SUM(1)"),
        ("shoe_size", "44"),
    ],
)
def test_a_wrong_field_is_named(field, text):
    with pytest.raises(BadInput, match=field):
        wanted(**{field: text})


@pytest.mark.parametrize("address", ["https://h:99999/", "https://[bad/", "https://:443/", "https://h:0/"])
def test_an_address_that_nothing_can_be_posted_to_is_refused(address):
    assert wanted(channel="webhook", address="https://h:443/siaga").address == "https://h:443/siaga"
    with pytest.raises(BadInput, match="address"):
        wanted(channel="webhook", address=address)


@pytest.mark.parametrize(
    ("row", "event", "match"),
    [
        ({}, LOMBOK, ""),
        ({"hazards": "flood"}, LOMBOK, "other hazards"),
        ({"hazards": "none"}, LOMBOK, "other hazards"),
        ({}, replace(LOMBOK, drill=True), "no exercises"),
        ({"drills": "yes"}, replace(LOMBOK, drill=True), ""),
        ({"zones": "52.08"}, LOMBOK, ""),
        ({"zones": "52.71"}, LOMBOK, "outside"),  # nobody there feels MMI V
        ({"zones": "73.71"}, LOMBOK, "outside"),
        ({"rectangle": "116 -9 117 -8"}, LOMBOK, ""),
        ({"rectangle": "118 -9 119 -8"}, LOMBOK, "outside"),
        ({"rectangle": "118 -9 119 -8", "margin_km": "171"}, LOMBOK, ""),  # 170.6 km
        ({"rectangle": "118 -9 119 -8", "margin_km": "170"}, LOMBOK, "outside"),
        ({"level": "yellow"}, LOMBOK, ""),
        ({"level": "orange"}, LOMBOK, "No threshold"),
        ({"level": "orange", "magnitude": "6"}, LOMBOK, ""),  # one is enough
        ({"people": "2300"}, LOMBOK, ""),
        ({"people": "2301"}, LOMBOK, "No threshold"),
        ({"people": "301", "mmi": "7"}, LOMBOK, "No threshold"),
        ({"people": "2301", "mmi": "5"}, LOMBOK, ""),
        ({"people": "1", "mmi": "7", "zones": "52.71 52.08"}, LOMBOK, ""),
        ({"people": "1"}, replace(LOMBOK, by_mmi=dict.fromkeys(PEOPLE), people=None), "not known"),
        ({"state": "3"}, FLOOD, ""),
        ({"state": "3", "areas": "3"}, FLOOD, "No threshold"),
        ({"state": "2", "areas": "11"}, FLOOD, ""),
        ({"level": "red"}, FLOOD, ""),  # says nothing of floods
        ({"ash_class": "medium"}, ASH, ""),
        ({"ash_class": "high"}, ASH, "No threshold"),
    ],
)
def test_thresholds_and_areas(row, event, match):
    why = matching.unmet(wanted(**row), event)
    assert (match in why["text"]) if match else why is None


def test_unknown_people_of_a_zone_count_as_hit_and_reach_no_threshold():
    unknown = ZoneFacts(dict.fromkeys(PEOPLE), None)
    event = replace(LOMBOK, zones={"52.08": unknown})
    assert matching.unmet(wanted(zones="52.08"), event) is None
    assert "No threshold" in matching.unmet(wanted(zones="52.08", people="1"), event)["text"]


SOURCES = {  # an entry and its impact.json, as far as facts look at them
    "earthquake": (
        {
            "alert": "orange",
            "people": {"mmi6_plus": 30.0},
            "longitude": 116.0,
            "latitude": -8.0,
            "magnitude": 6.5,
        },
        {"people": {"total": 99.0, "by_mmi": {"5": 60.0, "6": 30.0}}, "zones": [{"code": "52", "by_mmi": {"5": 0.5}}]},
    ),
    "flood": (
        {"highest_class": "4", "affected": 7.0, "areas_by_class": {"3": 1, "4": 2}},
        {
            "people": {"total": 9.0, "by_class": {}},
            "zones": [{"code": "31", "by_class": {}, "affected": 3.0}],
        },
    ),
    "ash": (
        {"highest_class": None, "affected": None, "volcano": {"longitude": 110.4, "latitude": -7.5}},
        {"people": {"total": None, "by_class": {}}, "zones": [{"code": "33", "by_class": {}, "affected": None}]},
    ),
}


@pytest.mark.parametrize(
    ("hazard", "severity", "people", "place", "hit"),
    [
        ("earthquake", 2, 30.0, (116.0, -8.0), False),
        ("flood", 2, 7.0, (106.5, -6.5), True),
        ("ash", None, None, (110.4, -7.5), None),
    ],
)
def test_facts_come_from_entry_and_impact(hazard, severity, people, place, hit):
    entry, impact = SOURCES[hazard]
    head = {name: getattr(LOMBOK, name) for name in ("event_id", "version", "run", "drill", "time")}
    head |= {"hazard": hazard, "arrival": {"received": LOMBOK.received}, "report": None}
    bounds = {"west": 106.0, "east": 107.0, "south": -7.0, "north": -6.0}
    event = facts.of(head | entry, impact | {"hazard": hazard, "map": bounds})
    assert event.bounds == (106.0, -7.0, 107.0, -6.0)
    assert (event.severity, event.people, (event.longitude, event.latitude)) == (severity, people, place)
    assert [zone.hit for zone in event.zones.values()] == [hit]


def test_hours_of_a_flood_are_one_subject_and_spellings_of_an_id_too():
    assert FLOOD.subject == replace(FLOOD, event_id="2026112704-6-rw").subject == "ID-JK"
    assert replace(ASH, event_id="202611270255+0000_merapi").subject == ASH.subject


LAST = Heard.of(LOMBOK, FIRST)


@pytest.mark.parametrize(
    ("version", "changed"),
    [
        (
            {"version": "initial-v002-bbbbbbbb", "magnitude": 6.29, "people": 3000.0, "longitude": 116.9},
            set(),
        ),  # 49.5 km
        ({"level": "orange"}, {"level"}),
        ({"people": 3067.0}, {"people"}),
        ({"people": 3066.0}, set()),
        ({"people": 1533.0}, {"people"}),
        ({"people": None}, {"people"}),
        ({"longitude": 116.91}, {"place"}),
        ({"magnitude": 6.3}, {"magnitude"}),
        ({"magnitude": 5.7}, {"magnitude"}),
    ],
)
def test_what_matters(version, changed):
    event = replace(LOMBOK, **version)
    assert change.material(event, LAST) == changed
    assert judge(wanted(), event, LAST, False).kind == (UPDATE if changed else "")


def test_what_is_dry_is_no_level_that_is_not_known():
    dry = replace(FLOOD, level="", people=0.0, areas={})
    assert "level Medium → DRY; " in change.sentence(dry, Heard.of(FLOOD, FIRST), BELOW, load("en"))
    nobody, unknown = replace(ASH, level="", people=0.0), replace(ASH, level="", people=None)
    told = [change.sentence(ash, Heard.of(ASH, FIRST), UPDATE, load("en")) for ash in (nobody, unknown)]
    assert [one.partition(";")[0].partition("→ ")[2] for one in told] == ["Nobody under ash", "not known"]


def test_few_people_more_or_fewer_are_no_news():
    assert not change.material(replace(LOMBOK, people=99.0), replace(LAST, people=3.0))


def test_the_life_of_an_event_from_its_first_version_to_its_withdrawal():
    """Versions 1, 2 (small change), 3 (level up), corrected (down), withdrawn, shown again."""
    orange, last, kinds, sentences = wanted(level="orange"), None, [], []
    small = replace(LOMBOK, version="initial-v002-bbbbbbbb", people=2400.0)
    up = replace(LOMBOK, version="initial-v003-cccccccc", level="orange", people=9e4, magnitude=6.4)
    higher = replace(up, version="initial-v004-dddddddd", level="red")
    down = replace(up, version="corrected-v001-eeeeeeee", level="yellow", people=2000.0, longitude=117.5)
    for event, hidden in ((LOMBOK, False), (small, False), (up, False), (up, False), (higher, False), (down, False)):
        judgement = judge(orange, event, last, hidden)
        kinds.append(judgement.kind)
        if judgement.kind:
            before = last or Heard.of(event, FIRST)
            sentences.append([change.sentence(event, before, judgement.kind, load(code)) for code in ("id", "en")])
            last = Heard.of(event, judgement.kind)
    assert kinds == ["", "", FIRST, "", UPDATE, BELOW]
    assert sentences[0] == ["", ""]
    assert sentences[1][1] == "What changed: level ORANGE → RED."
    assert sentences[1][0] == "Yang berubah: tingkat ORANYE → MERAH."
    assert sentences[2][1] == (
        "The event no longer reaches what you subscribed to: level RED → YELLOW; "
        "people at MMI VI and above 90.0\xa0thousand → 2,000; epicentre moved by 116 km."
    )
    assert judge(orange, down, last, False).kind == ""
    assert judge(orange, down, last, True).kind == CANCELLED
    gone = Heard.of(down, CANCELLED)
    assert judge(orange, down, gone, True).kind == ""
    assert judge(orange, up, gone, False).kind == UPDATE
    assert "shown again" in change.sentence(up, gone, UPDATE, load("en"))
    assert judge(orange, LOMBOK, None, True).reason["text"] == "The event is hidden from readers"


@pytest.mark.parametrize(
    ("received", "now", "heard", "match"),
    [
        ("2026-11-27T02:59:00Z", NOW, False, ""),
        ("2026-11-27T09:00:00Z", NOW + timedelta(hours=6), False, "older than 6 hours when its map came"),
        ("2026-11-27T02:59:00Z", NOW + timedelta(hours=6), False, "came more than 6 hours ago"),
        ("2026-11-27T09:00:00Z", NOW + timedelta(hours=6), True, ""),  # a correction
        ("2026-11-27T09:00:00Z", NOW + timedelta(days=3), True, "too long ago for a correction"),
    ],
)
def test_old_events_wake_nobody(received, now, heard, match):
    why = delay.too_old(replace(LOMBOK, received=received), now, 6, heard)
    assert (match in why["text"]) if match else why is None


NIGHT = {"quiet_from": "22:00", "quiet_until": "06:00"}
AT_23 = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "event", "now", "lately", "until"),
    [
        ({}, LOMBOK, NOW, 4, None),
        (NIGHT, LOMBOK, NOW, 0, None),
        (NIGHT, LOMBOK, AT_23, 0, AT_23 + timedelta(hours=7)),
        (NIGHT | {"time_zone": "WIT"}, LOMBOK, AT_23, 0, AT_23 + timedelta(hours=5)),
        (NIGHT, replace(LOMBOK, severity=2, level="orange"), AT_23, 0, None),
        (NIGHT | {"quiet_level": "red"}, replace(LOMBOK, severity=2), AT_23, 0, AT_23 + timedelta(hours=7)),
        ({}, LOMBOK, NOW, 5, NOW + timedelta(minutes=30)),
        ({}, replace(LOMBOK, severity=2), NOW, 50, None),
        ({"digest": "yes"}, replace(LOMBOK, severity=3), NOW, 0, datetime(2026, 11, 28, 0, 0, tzinfo=UTC)),
    ],
)
def test_when_a_message_goes_out(row, event, now, lately, until):
    held = delay.hold(wanted(**row), event, now, lately)
    assert (held and held.until) == until


def test_a_gathered_message_says_which_of_its_events_were_withdrawn_or_changed():
    title = "Gempa M 5,0, Palu"
    one = Record("messages/a.json", "a", "Ani", "email", "earthquake", "1", "v1", FIRST, title, LAST.stored)
    kinds = (FIRST, one.title), (UPDATE, one.title), (BELOW, one.title), (CANCELLED, one.title)
    held = [replace(one, kind=kind, title=title) for kind, title in (*kinds, (CANCELLED, "LATIHAN: Gempa"))]
    message = compose.of_held(held, wanted(), "a", "https://siaga.example.id", "")
    said = ("", "PEMUTAKHIRAN: ", "KOREKSI: ", "DIBATALKAN: ")
    titles = [*(f"{mark}{one.title}" for mark in said), "LATIHAN: Gempa (DIBATALKAN)"]
    when = "27 Nov 2026, 09:55 WIB"
    details = [*[f"KUNING, {when}"] * 3, when, when]
    listed = [f"{title} ({detail})" for title, detail in zip(titles, details, strict=True)]
    assert message.short.splitlines()[1::2] == listed
    assert [line for line in message.text.splitlines() if when in line] == details
    assert [line for line in message.text.splitlines() if "Gempa" in line] == titles
