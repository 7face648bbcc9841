"""Two gateways on one PostgreSQL: one works, the other stands by and takes over; whoever is asked tells the same."""

import random
import socket
import threading
import time
from dataclasses import replace

import pytest
import requests
from support.balancer import Balancer
from support.gateway_process import STACK, Function, Gateway, done, receipts
from support.postgres import PASSWORD, Postgres
from support.running import free_ports, wait_for

from gateway.database import PASSWORD as SECRET
from gateway.database import Database
from gateway.invoke import Slots
from gateway.lead import TERM_SECONDS, Lead
from gateway.replicas import Replicas
from siaga import stack, vitals
from siaga.errors import SiagaError
from siaga.events import Notification
from siaga.settings import Settings

UPLOADS = 40
TAKEN_OVER = TERM_SECONDS + 9  # with the start of what takes over, on a busy machine


@pytest.fixture(scope="module")
def postgres():
    server = Postgres()
    yield server
    server.stop()


class Pair:
    """Two gateways behind one address, which the store announces to, and the one slot of on-shakemap.

    One for all tests, so each must use keys of its own.
    """

    def __init__(self, settings, postgres, folder):
        ports, slots = free_ports(2), free_ports(4)
        settings.make_secret(SECRET, PASSWORD)
        self.address = postgres.database("pair", "SQL_ASCII")  # as made on a server where no language was set
        self.balancer = Balancer(settings.gateway_port, [ports, ports + 1])
        self.function = Function(slots)
        self.gateways = []
        for number, port in enumerate((ports, ports + 1)):
            (folder / f"{number}").mkdir()
            own = replace(settings, gateway_port=port, gateway_url=f"http://127.0.0.1:{port}")
            more = {"SIAGA_JOB_DATABASE": self.address, "SIAGA_FUNCTION_PORT": str(slots)}
            self.gateways.append(Gateway(own, folder / f"{number}", STACK, **more))

    def ready(self, answer=done):
        """Both run, one of them leads, the function gives these answers and was not called yet."""
        self.function.answer = answer
        self.function.calls.clear()
        ended = [one for one in self.gateways if one.process is None or one.process.poll() is not None]
        starts = [threading.Thread(target=one.start) for one in ended]
        for start in starts:
            start.start()
        for start in starts:
            start.join()
        wait_for(self.leading, TAKEN_OVER, "one that leads")
        return self

    def leading(self):
        """The one that works; None while nobody does."""
        found = [one for one in self.gateways if one.process.poll() is None and self._works(one)]
        assert len(found) < 2
        return found[0] if found else None

    def _works(self, gateway):
        passed_on = {"X-Siaga-Passed-On": "yes"}  # who stands by passes nothing on that was passed on
        try:
            return requests.get(f"{gateway.url}/siaga/pending", auth=gateway.login, headers=passed_on, timeout=5).ok
        except requests.RequestException:
            return False

    def standing_by(self):
        return next(one for one in self.gateways if one is not self.leading())

    def stop(self):
        for one in self.gateways:
            if one.process:
                one.kill()
        self.balancer.stop()
        self.function.stop()


@pytest.fixture(scope="module")
def pair(emptied, postgres, tmp_path_factory):
    made = Pair(emptied, postgres, tmp_path_factory.mktemp("pair"))
    yield made
    made.stop()


def test_every_upload_is_done_once_while_either_gateway_is_killed(pair, store):
    busy, most = threading.Semaphore(0), []

    def answer(called):
        busy.release()
        most.append(busy._value)
        time.sleep(0.05)
        busy.acquire()
        return done(called)

    pair.ready(answer)
    rng, keys = random.Random(7), [f"2018022016{number:04d}/grid.xml" for number in range(UPLOADS)]

    def upload():
        for key in keys:
            store.put("shakemaps", key, key.encode())
            time.sleep(0.1)

    client = threading.Thread(target=upload)
    client.start()
    for victim in (pair.leading(), rng.choice(pair.gateways)):
        wait_for(lambda: pair.function.calls, 10)
        victim.kill()
        wait_for(pair.leading, TAKEN_OVER, "one that leads")
        victim.start()
    client.join()
    wait_for(lambda: len(receipts(store)) == UPLOADS, 60, "a receipt for each upload")
    assert {one["key"]: one["state"] for one in receipts(store)} == dict.fromkeys(keys, "done")
    assert max(most) == 1  # one slot, whoever calls
    again = {key: pair.function.keys.count(key) for key in keys if pair.function.keys.count(key) != 1}
    assert len(again) <= 2, again  # what was under way when its gateway was killed
    wait_for(lambda: not pair.leading().jobs()["jobs"], 10)


def test_whoever_is_asked_tells_and_does_the_same(pair, store):
    gate, key = threading.Event(), "20180220163352/grid.xml"
    pair.ready(lambda called: done(called) if called.key != key or gate.wait(20) else None)  # others' are repeated late
    other = pair.standing_by()
    store.put("shakemaps", key, b"<grid/>")
    assert other.announce(b"no notification").json() == {"taken": 0, "ignored": 0, "unreadable": 1}
    wait_for(lambda: [(one["key"], one["state"]) for one in other.jobs()["jobs"]] == [(key, "running")], 20)
    told = [one.jobs() for one in pair.gateways]
    assert told[0] == told[1]
    assert [one["body"] for one in told[0]["unreadable"]] == ["no notification"]
    gate.set()
    wait_for(lambda: key in [one["key"] for one in receipts(store)], 20)
    again = other.reprocess(input="20180220163352")
    assert (again.status_code, again.json()["jobs"][0]["key"]) == (202, key)
    wait_for(lambda: pair.function.keys.count(key) == 2, 20)
    assert other.reprocess(input="no such").status_code == 404
    listed = requests.get(f"{other.url}/system/functions", auth=other.login, timeout=20).json()
    assert {one["name"]: one["invocationCount"] > 1 for one in listed} == {"on-shakemap": True, "render-report": False}
    assert requests.get(f"{other.url}/siaga/jobs", timeout=5).status_code == 401
    for own in ("healthz", "readyz"):
        wait_for(
            lambda own=own: {requests.get(f"{one.url}/{own}", timeout=5).text for one in pair.gateways} == {"OK"}, 20
        )
    token = {"Authorization": f"Bearer {other.settings.secret(vitals.TOKEN)}"}
    figures = [requests.get(f"{one.url}/metrics", headers=token, timeout=5).text for one in (pair.leading(), other)]
    assert ["siaga_gateway_leads 1.0" in text for text in figures] == [True, False]
    assert ["siaga_jobs_pending{" in text for text in figures] == [True, False]


def test_a_gateway_that_is_stopped_hands_on_at_once_and_a_call_meanwhile_is_answered(pair, store):
    pair.ready()
    first, other = pair.leading(), pair.standing_by()
    began = time.monotonic()
    assert first.stop() == 0
    event = Notification("shakemaps", "20180220163353/grid.xml", "0f343b0931126a20f133d67c2b018a3b")
    assert other.announce(event.record()).json()["taken"] == 1  # held until it leads
    assert pair.leading() is other
    assert time.monotonic() - began < TERM_SECONDS
    wait_for(lambda: event.key in [one["key"] for one in receipts(store)], 20)


def test_a_gateway_whose_database_is_gone_ends_and_comes_back_with_it(pair, postgres, store):
    pair.ready()
    leading = pair.leading()
    postgres.halt()
    wait_for(lambda: leading.process.poll() == 3, TAKEN_OVER, "the end of who led")
    assert "the lead is lost" in leading.log.read_text()
    postgres.start()
    leading.start()
    wait_for(pair.leading, TAKEN_OVER, "one that leads")
    store.put("shakemaps", "20180220163354/grid.xml", b"<grid/>")
    wait_for(lambda: "20180220163354/grid.xml" in [one["key"] for one in receipts(store)], 20)


def test_one_lease_has_one_holder_and_ends_with_its_term(postgres):
    database = Database.of(Settings.load({"SIAGA_JOB_DATABASE": postgres.database("lease")}))
    database = Database(database.url.set(password=PASSWORD))
    first, second = (Lead(database, f"http://127.0.0.1:{port}") for port in (1, 2))
    makers = [threading.Thread(target=one.prepare) for one in (first, second)]
    for one in makers:
        one.start()
    for one in makers:
        one.join()
    assert (first._take(), second._take(), first._take()) == (True, False, True)
    second._look()
    assert second.leader == "http://127.0.0.1:1"
    postgres.execute("lease", "UPDATE siaga.lead SET until = clock_timestamp() - interval '1 second'")
    second._look()
    assert second.leader == ""
    assert (second._take(), first._take()) == (True, False)
    postgres.execute("lease", "DELETE FROM siaga.lead")
    assert first._take()
    second._look()
    assert (first.check(), second.check()) == ("no gateway leads just now", "")
    for one in (first, second):
        one.release()


def test_a_term_ends_on_time_while_the_statement_that_renews_it_hangs(monkeypatch):
    monkeypatch.setattr("gateway.lead.TERM_SECONDS", 2.0)
    monkeypatch.setattr("gateway.lead._RENEW_SECONDS", 0.05)
    lead, hang, lost, renewed = Lead(None, "http://127.0.0.1:1"), threading.Event(), [], []

    def take():
        renewed.append(time.monotonic())
        if len(renewed) > 50:  # after more than a term that was kept
            hang.wait()
        return True

    monkeypatch.setattr(lead, "_take", take)
    lead._engine = object()
    lead.stand(lambda: lost.append(len(renewed)))
    wait_for(lambda: lost, 30, "the end of the term")
    assert lost == [51]
    lead._stop.set()
    hang.set()


def test_a_database_that_is_none_is_away_or_closed_is_told_in_a_sentence(postgres, tmp_path):
    def opened(settings):
        database = Database.of(settings)
        engine = database.engine()
        try:
            database.check(engine, 0.5)
        finally:
            engine.dispose()

    def refusal(address, secret=""):
        settings = Settings.load({"SIAGA_HOME": str(tmp_path), "SIAGA_JOB_DATABASE": address})
        if secret:
            settings.replace_secret(SECRET, secret)
        with pytest.raises(SiagaError) as caught:
            opened(settings)
        assert "wrong-word" not in str(caught.value)
        return str(caught.value)

    there = postgres.database("there")
    assert "is no address" in refusal("no address")
    assert "SQLite or in PostgreSQL" in refusal("mysql://siaga:wrong-word@127.0.0.1/siaga")
    assert "name of the database" in refusal(f"postgresql://siaga@127.0.0.1:{postgres.port}")
    assert "password" in refusal(there)
    assert "password authentication failed" in refusal(there, "wrong-word")
    assert '"missing" does not exist' in refusal(there.replace("/there", "/missing"), PASSWORD)
    assert "does not answer" in refusal(f"postgresql://siaga@127.0.0.1:{free_ports(1)}/there")


def test_each_address_behind_the_name_of_a_function_is_a_slot(monkeypatch, tmp_path):
    there = {"on-shakemap": ["10.0.0.2", "10.0.0.1"], "render-report": ["10.0.0.9"]}

    def resolve(host, port, **_):
        if host not in there:
            raise socket.gaierror("no such name")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in there[host]]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    (tmp_path / "stack.yml").write_text(STACK)
    settings = Settings.load({"SIAGA_STACK": str(tmp_path / "stack.yml"), "SIAGA_FUNCTION_URL": "http://{name}:8080"})
    slots, changed = Slots(stack.slots(stack.load(settings.stack), settings), "token"), []
    replicas = Replicas(slots, lambda *told: changed.append(told))
    replicas.look()
    assert slots.urls("on-shakemap") == ["http://10.0.0.1:8080", "http://10.0.0.2:8080"]
    assert slots.urls("render-report") == ["http://render-report:8080"] * 2  # as stack.yml says
    there["on-shakemap"].append("10.0.0.3")
    replicas.look()
    del there["on-shakemap"]
    replicas.look()  # DNS is away: what was there may still be
    assert slots.count("on-shakemap") == 3
    there["on-shakemap"] = ["10.0.0.3"]
    replicas.look()
    assert (slots.urls("on-shakemap"), changed) == (
        ["http://on-shakemap:8080"],
        [("on-shakemap", 2), ("on-shakemap", 3), ("on-shakemap", 1)],
    )


def test_slots_with_ports_of_their_own_stay_as_they_are(tmp_path):
    (tmp_path / "stack.yml").write_text(STACK)
    settings = Settings.load({"SIAGA_STACK": str(tmp_path / "stack.yml"), "SIAGA_FUNCTION_PORT": "9000"})
    slots, changed = Slots(stack.slots(stack.load(settings.stack), settings), "token"), []
    Replicas(slots, lambda *told: changed.append(told)).look()
    assert slots.urls("render-report") == ["http://127.0.0.1:9001", "http://127.0.0.1:9002"]
    assert changed == []
