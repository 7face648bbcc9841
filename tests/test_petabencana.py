"""PetaBencana is asked: every generation of its server, every trap, and never a false "no flood"."""

import json
import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from support.petabencana_server import PetaBencana as Server
from support.petabencana_server import recorded
from support.running import free_ports

from siaga import language
from siaga.errors import SiagaError
from siaga.hazard.flood import read_flood
from siaga.inputs import asking
from siaga.inputs.petabencana import Data, Empty, PetaBencana, Region, Suspect

JAKARTA = Region("ID-JK", "jbd")
START = datetime(2026, 11, 21, 20, tzinfo=UTC)


@pytest.fixture
def server():
    """One server of the second generation."""
    played = Server()
    yield played
    played.stop()


@pytest.fixture
def other():
    """A second one, of the third generation."""
    played = Server(3)
    yield played
    played.stop()


def client(*servers, seconds=8.0, read=0.4):
    urls = [server if isinstance(server, str) else server.url for server in servers]
    return PetaBencana(urls, "Siaga/test (+http://127.0.0.1)", seconds, pause=0.02, timeouts=(1, read))


@pytest.mark.parametrize("generation", [1, 2, 3])
def test_every_generation_tells_what_is_flooded(server, generation):
    server.generation = generation
    server.wet(rw2=2, rw3=4)
    found = client(server).floods(JAKARTA)
    assert isinstance(found, Data)
    assert found.flood.states == {"3174040004002000": 2, "3174040004003000": 4}
    assert read_flood(found.body).sha256 == found.flood.sha256
    path, asked, headers = server.asked[-1]
    region = {"city": "jbd"} if generation == 1 else {"admin": "ID-JK"}
    assert (path, asked) == ("/floods", region | {"minimum_state": "1", "geoformat": "geojson", "format": "json"})
    assert headers["User-Agent"].startswith("Siaga/")
    assert headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("generation", [1, 2, 3])
def test_empty_is_believed_when_asked_twice_of_a_server_that_knows_the_region(server, generation):
    server.generation = generation
    found = client(server).floods(JAKARTA)
    assert isinstance(found, Empty)
    assert "geoformat=topojson" in found.proof[0]
    assert found.proof[1].endswith("/cities?geoformat=geojson&format=json")


def test_empty_of_a_server_that_does_not_know_the_region_is_not_believed(server):
    server.knows = False
    found = client(server).floods(JAKARTA)
    assert isinstance(found, Suspect)
    assert "does not know the region ID-JK" in found.reason["text"]


@pytest.mark.parametrize("mood", ["html", "broken", "hang", "half"])
def test_empty_of_a_server_whose_canary_is_ill_is_not_believed(server, mood):
    server.moods["/cities"] = [mood]
    assert isinstance(client(server, seconds=1.5).floods(JAKARTA), Suspect)


def test_an_empty_answer_out_of_a_cache_hides_no_flood(server):
    server.wet(rw1=3)
    server.forgets = True
    found = client(server).floods(JAKARTA)
    assert isinstance(found, Data)
    assert found.flood.states == {"3174040004001000": 3}
    assert "geoformat=topojson" in found.url


def test_the_second_server_is_asked_when_the_first_is_not_to_be_believed(server, other):
    server.knows = False
    other.wet(rw4=2)
    found = client(server, other).floods(JAKARTA)
    assert isinstance(found, Data)
    assert found.url.startswith(other.url)


@pytest.mark.parametrize("mood", ["hang", "html", "half", "half-chunked", "broken", "lost", "moved", "nan", "shut"])
def test_the_second_server_helps_when_the_first_is_ill(server, other, mood):
    server.wet(rw1=2)
    other.wet(rw4=2)
    server.moods["/floods"] = [mood]
    found = client(server, other).floods(JAKARTA)
    assert isinstance(found, Data)
    assert found.flood.states == {"3174040004004000": 2}


@pytest.mark.parametrize(
    ("where", "why", "logged"),
    [
        ("http://127.0.0.1:{port}", "nobody listens there", "Connection refused"),
        (
            "http://nowhere.invalid:{port}",
            "no name server finds its name",
            "ame or service not known|emporary failure in name resolution",
        ),
    ],
)
def test_a_server_that_is_away_is_told_in_few_words(where, why, logged, caplog):
    reason = client(where.format(port=free_ports(1)), seconds=0.3).floods(JAKARTA).reason["text"]
    assert reason.endswith(f" cannot be reached: {why}")
    assert re.search(logged, caplog.text)
    assert "object at" not in reason
    assert "Pool" not in reason
    assert "retries" not in reason


def test_of_a_page_that_is_no_answer_the_title_is_told(server):
    server.moods["/floods"] = ["gateway"]
    reason = client(server, seconds=0.3).floods(JAKARTA).reason["text"]
    assert reason.endswith("answers 502: 502 Bad Gateway")


def test_a_dead_address_costs_nothing(other):
    other.wet(rw4=2)
    dead = f"http://127.0.0.1:{free_ports(1)}"
    began = time.monotonic()
    assert isinstance(client(dead, other).floods(JAKARTA), Data)
    assert time.monotonic() - began < 5  # of the 8 s that it may take


@pytest.mark.parametrize("mood", ["hang", "html", "half", "half-chunked", "broken", "lost", "busy", "busy-date"])
def test_what_passes_is_asked_again(server, mood):
    server.wet(rw1=2)
    server.moods["/floods"] = [mood, "fine"]
    assert isinstance(client(server).floods(JAKARTA), Data)
    assert len(server.asked) == 2


def test_what_a_server_refuses_is_not_asked_again(server):
    server.moods["/floods"] = ["shut"]
    found = client(server).floods(JAKARTA)
    assert isinstance(found, Suspect)
    assert "answers 403" in found.reason["text"]
    assert [asked for _, asked, _ in server.asked if "admin" in asked] == [server.asked[0][1]]


def test_a_server_that_asks_for_patience_gets_it(server):
    server.wet(rw1=2)
    server.retry_after = "1"
    server.moods["/floods"] = ["busy", "fine"]
    began = time.monotonic()
    assert isinstance(client(server).floods(JAKARTA), Data)
    assert time.monotonic() - began >= 1


def test_patience_has_an_end(server):
    server.retry_after = "3600"
    server.moods["/floods"] = ["busy"]
    began = time.monotonic()
    found = client(server, seconds=0.5).floods(JAKARTA)
    assert isinstance(found, Suspect)
    assert "answers 429" in found.reason["text"]
    assert time.monotonic() - began < 60  # not an hour
    assert len(server.asked) == 1


@pytest.mark.parametrize("mood", ["drip", "drip-head", "continue"])
def test_pa_20_pa_21_a_server_that_drips_does_not_hold_us_up(server, mood):
    server.wet(rw1=2, rw2=2, rw3=2, rw4=2)
    server.moods["/floods"] = [mood]
    began = time.monotonic()
    found = client(server, seconds=1.0).floods(JAKARTA)
    assert isinstance(found, Suspect)
    assert "in time" in found.reason["text"]
    assert time.monotonic() - began < 10  # the server drips on for minutes


def test_an_answer_that_is_too_large_is_not_read_to_its_end(server, monkeypatch):
    monkeypatch.setattr(asking, "MOST_BYTES", 2 << 20)
    server.moods["/floods"] = ["huge"]
    found = client(server).floods(JAKARTA)
    assert isinstance(found, Suspect)
    assert "more than 2 MiB" in found.reason["text"]
    assert found.body is None


def test_a_doubted_answer_is_kept_as_it_came(server):
    server.moods["/floods"] = ["html"]
    found = client(server).floods(JAKARTA)
    assert isinstance(found, Suspect)
    assert found.body == b"<html><h1>We are moving house</h1></html>"
    assert "not JSON" in found.reason["text"]


def test_why_each_of_two_servers_is_away_is_told_in_the_readers_language():
    first, second = ("http://127.0.0.1:1", "http://127.0.0.1:2")
    reason = client(first, second, seconds=0.3).floods(JAKARTA).reason
    told = language.load("id").reason(json.loads(json.dumps(reason)))
    assert told.startswith("Tak ada peladen PetaBencana yang menjawab: http://127.0.0.1:1")
    assert told.count(" tidak dapat dihubungi: ") == 2
    assert reason["text"].count(" cannot be reached: ") == 2
    assert str(SiagaError(reason["template"], **reason["values"])) == reason["text"]


def test_two_ill_servers_are_both_named(server, other):
    server.moods["/floods"] = ["broken"]
    other.moods["/floods"] = ["html"]
    found = client(server, other).floods(JAKARTA)
    assert isinstance(found, Suspect)
    assert server.url in found.reason["text"]
    assert other.url in found.reason["text"]
    assert found.body == b"<html><h1>We are moving house</h1></html>"


def test_without_a_server_nothing_is_said():
    assert isinstance(client().floods(JAKARTA), Suspect)


def test_the_archive_tells_the_highest_states(server):
    server.archive = [
        {"area_id": "2", "last_updated": None, "max_state": 2},
        {"area_id": 4, "last_updated": None, "max_state": 4},
        {"area_id": "5", "last_updated": None, "max_state": None},
    ]
    assert client(server).archive(JAKARTA, START, START + timedelta(hours=2)) == {"2": 2, "4": 4}
    asked = {"admin": "ID-JK", "start": "2026-11-21T20:00:00+0000", "end": "2026-11-21T22:00:00+0000"}
    assert server.asked[0][:2] == ("/floods/archive", asked)


def test_the_archive_of_the_first_servers_is_asked_by_city(server):
    server.generation = 1
    assert client(server).archive(JAKARTA, START, START + timedelta(hours=2)) == {}
    assert server.asked[-1][1]["city"] == "jbd"


def test_a_server_without_archive_is_passed_over(server, other):
    server.archive = [{"area_id": "2", "max_state": 2}]
    assert client(other, server).archive(JAKARTA, START, START + timedelta(hours=2)) == {"2": 2}
    with pytest.raises(SiagaError, match="answers 405"):
        client(other).archive(JAKARTA, START, START + timedelta(hours=2))


@pytest.mark.parametrize("archive", ["none", [{"area_id": "2", "max_state": 9}], [{"area_id": "2"}], [7]])
def test_an_odd_archive_is_refused(server, archive):
    server.archive = archive
    with pytest.raises(SiagaError, match="the archive"):
        client(server).archive(JAKARTA, START, START + timedelta(hours=2))


def test_answers_recorded_from_a_real_server_are_the_same_forms_as_ours(shared):
    """Our own recorded answers have the members that a running cognicity-server sent."""
    import json

    real = shared / "data" / "flood" / "petabencana-responses"
    for ours, theirs in (("floods.json", "floods_geojson_200.json"), ("cities.json", "cities_200.json")):
        one, other = json.loads(recorded(ours)), json.loads((real / theirs).read_bytes())
        assert one.keys() == other.keys()
        one, other = one["result"]["features"][0], other["result"]["features"][0]
        assert (one.keys(), one["properties"].keys()) == (other.keys(), other["properties"].keys())
    for ours, theirs in (
        ("floods_empty.json", "floods_empty_geojson_200.json"),
        ("floods_empty_topojson.json", "floods_empty_topojson_200.json"),
        ("admin_not_allowed_400.json", "floods_bad_admin_on_old_server_400.json"),
        ("not_found_404.json", "not_found_404.json"),
    ):
        assert json.loads(recorded(ours)) == json.loads((real / theirs).read_bytes())


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:{port}", "nobody listens there"),
        ("http://nowhere.invalid", "no name server finds its name"),
        ("https://127.0.0.1:{open}", "its certificate or encryption is not to be trusted"),
    ],
)
def test_why_a_server_is_not_reached_is_told_in_words_of_both_languages(server, url, why):
    url = url.format(port=free_ports(1), open=server.url.rpartition(":")[2])
    with pytest.raises(SiagaError) as caught:
        asking.Asker("Siaga/test", (2, 2)).get(url, time.monotonic() + 8)
    assert why in str(caught.value)
    told = language.load("id").reason(caught.value.reason())
    assert told.startswith(f"{url} tidak dapat dihubungi: ")
    assert why not in told
