"""kill -9 of notify, of the store, of the SMTP server in the middle of many mails: nobody hears twice or not at all.

Or the log says why that is not sure. Forty subscribers, or SIAGA_TEST_SUBSCRIBERS.
"""

import os
from collections import Counter

import pytest
from fixtures.alerts import log, quake, subscribe
from support.door_process import Door
from support.mail_server import MailProcess
from support.notify_process import work
from support.store_process import set_up
from test_notify import V3, later, mailed

from functions.notify import handler
from siaga.errors import Unavailable
from siaga.function import frame
from siaga.store import Store

SUBSCRIBERS = int(os.environ.get("SIAGA_TEST_SUBSCRIBERS", "40"))
_UNDER_WAY = 8  # at most, by docs/decisions/021


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A store of its own, which may be killed."""
    made = Door(tmp_path_factory.mktemp("killed"))
    made.start_store()
    set_up(made.settings)
    yield made
    made.minio.terminate()
    made.minio.wait()


@pytest.fixture(scope="module")
def names(site):
    wanted = [f"s{number:03d}" for number in range(SUBSCRIBERS)]
    for name in wanted:
        subscribe(site_store(site), name, language="en")
    return wanted


def site_store(site):
    return Store.connect(site.settings, "root")


def until_done(monkeypatch, woken, context):
    """Call notify as the gateway does, until no message waits any more; a lease and all waits pass between."""
    for _ in range(6):
        try:
            return handler.run(woken, context)
        except Unavailable:
            later(monkeypatch, minutes=2)
    return pytest.fail("messages still wait after six calls")


@pytest.mark.parametrize(("victim", "event_id"), [("notify", "1"), ("store", "2"), ("mail", "3")])
def test_a_kill_in_the_middle_of_many_mails(site, names, tmp_path, monkeypatch, victim, event_id):
    mails = MailProcess(tmp_path, SUBSCRIBERS // 4).start()
    settings, store = mailed(site.settings, mails.port), site_store(site)
    event, place = f"2026112710000{event_id}", {"longitude": 110.0 + 2 * int(event_id)}  # each another quake
    woken = quake(store, event_id=event, **place)
    process = work(handler, settings, woken)
    mails.kill({"notify": process, "store": site.minio, "mail": mails.process}[victim].pid)
    process.join(120)
    assert process.exitcode == {"notify": -9, "store": 1, "mail": 1}[victim]
    assert not mails.victim.exists()
    if victim == "store":
        site.minio.wait()
        site.start_store()
    elif victim == "mail":
        mails.process.wait()
        mails.start()
    before = len(mails.letters())
    assert SUBSCRIBERS // 4 <= before < SUBSCRIBERS
    context = frame.Context(Store.connect(settings, "functions"), settings)
    until_done(monkeypatch, woken, context)
    rows, came = log(store), Counter(to.partition("@")[0] for to, _subject in mails.letters())
    assert set(rows) == set(names)
    unsure = {name for name, row in rows.items() if row[1] == "unsure"}
    assert {row[1] for name, row in rows.items() if name not in unsure} == {"sent"}
    assert all(rows[name][2] for name in unsure)  # it says why
    assert len(unsure) <= _UNDER_WAY
    assert set(came.values()) == {1}  # nobody twice
    assert set(names) - set(came) <= unsure
    until_done(monkeypatch, quake(store, V3, event_id=event, people=9e4, alert="orange", **place), context)
    updates = Counter(to.partition("@")[0] for to, subject in mails.letters() if subject.startswith("UPDATE"))
    assert updates == dict.fromkeys(names, 1)
    print(
        f"{victim}: {before} of {SUBSCRIBERS} mails were out; {len(unsure)} not sure, {len(came) - before} sent after"
    )
    mails.stop()
