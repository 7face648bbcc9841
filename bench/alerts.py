"""Alerts of a whole Siaga: from a real ShakeMap by SFTP to the first and the last of 500 mails, and what wakes nobody.

Subscribers: 500, or BENCH_SUBSCRIBERS, by e-mail; an SMTP server of this process takes what they are sent. Printed:
upload → figures visible and → report, with and without subscriptions in turn, medians and their ratio; upload → first
and last mail. Then who is told what of five versions of one quake; what a swarm of sixty quakes comes to; that a
backfill, of 200 maps or BENCH_OLD, wakes nobody.
"""

import json
import os
import re
import socket
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import requests
from aiosmtpd.controller import Controller

from bench import backlog, quake, road
from siaga import keys, machine, moment
from siaga.alerts import naming, subscription
from siaga.alerts.directory import Directory
from siaga.alerts.subscription import ACTIVE, STOPPED
from siaga.cli import ingest
from siaga.events import Notification
from siaga.inputs import decisions
from siaga.inputs.decisions import HIDDEN, Decision
from siaga.settings import Settings
from siaga.store import Store

_SUBSCRIBERS = int(os.environ.get("BENCH_SUBSCRIBERS", "500"))
_TURNS, _EACH = 5, 2  # quakes without, with, without … subscriptions; of one turn
_APART = timedelta(minutes=30)  # so that no two are one quake
_SWARM = 60
_PATIENCE_SECONDS = max(900.0, 2.0 * backlog.OLD)

Say = Callable[[str], None]


def run(say: Say) -> None:
    """Start a Siaga of its own in a temporary home, measure, stop it."""
    with _mailbox() as box, road.running(SIAGA_MAIL_URL=f"smtp://127.0.0.1:{box.port}") as settings:
        weak, strong = quake.weak(settings, say), quake.strong(settings, say)
        _arrivals(settings, box, weak, say)
        _versions(settings, strong, say)
        _swarm(settings, box, weak, say)
        _backfill(settings, box, weak, say)


class _Box:
    """Takes every mail. came: when, for whom, under which Message-ID, which names the event."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.came: list[tuple[float, str, str]] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:
        """Take a mail."""
        head = envelope.content.partition(b"\r\n\r\n")[0].decode("ascii", "replace")
        self.came.append((time.monotonic(), envelope.rcpt_tos[0], re.search(r"Message-ID:\s*<(\S+)>", head)[1]))
        return "250 taken"

    def of(self, event_id: str) -> list[float]:
        """When those of an event came."""
        return [when for when, _to, name in self.came if name.startswith(f"{event_id}.")]


@contextmanager
def _mailbox() -> Iterator[_Box]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        box = _Box(probe.getsockname()[1])
    server = Controller(box, hostname="127.0.0.1", port=box.port)
    server.start()
    try:
        yield box
    finally:
        server.stop()


def _subscribe(settings: Settings, names: Sequence[str], **row: str) -> list[str]:
    """Active ones by e-mail; their ids."""
    known = Directory(Store.connect(settings, "operators"))

    def add(name: str) -> str:
        wanted = subscription.read({"name": name, "channel": "email", "address": f"{name}@bpbd.example.id", **row})
        return known.add(wanted, ACTIVE, "bench").id

    with ThreadPoolExecutor(4) as adding:
        return list(adding.map(add, names))


def _stand(settings: Settings, ids: Sequence[str], standing: str) -> None:
    known = Directory(Store.connect(settings, "operators"))
    with ThreadPoolExecutor(4) as changing:
        list(changing.map(lambda one: known.change(one, lambda former: replace(former, standing=standing)), ids))


def _arrivals(settings: Settings, box: _Box, grid: bytes, say: Say) -> None:
    """A real map again and again, in turns without and with all subscribers."""
    happened = datetime.now(UTC) - timedelta(minutes=10)
    road.upload(settings, quake.at(grid, happened), quake.event_id(happened))  # the first of a process takes longer
    ids = _subscribe(settings, [f"s{number:03d}" for number in range(_SUBSCRIBERS)])
    seconds: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    mails: list[tuple[float, float]] = []
    for turn in range(_TURNS):
        told = bool(turn % 2)
        _stand(settings, ids, ACTIVE if told else STOPPED)
        _wait_for_tick(settings)  # which reads what was changed
        for _ in range(_EACH):
            happened -= _APART
            event_id, began, seen = quake.event_id(happened), time.monotonic(), _seen(settings)
            seconds[told].append(_by_sftp(settings, quake.at(grid, happened), event_id))
            if told:
                _wait(lambda of=event_id: len(box.of(of)) >= _SUBSCRIBERS, f"{_SUBSCRIBERS} mails")
                moments = [came - began for came in box.of(event_id)]
                mails.append((min(moments), max(moments)))
            _wait(lambda before=seen: _seen(settings) >= before + 2, "notify to see the report")
    _stand(settings, ids, STOPPED)
    say(f"a real ShakeMap by SFTP, {_SUBSCRIBERS} subscribers by e-mail; {len(mails)} quakes with them, in turns")
    say(f"{'':28} {'without':>9} {'with':>9} {'ratio':>7}")
    for number, name in enumerate(("upload → figures visible", "upload → report published")):
        without, with_all = (statistics.median(one[number] for one in seconds[told]) for told in (False, True))
        say(f"{name:28} {without:7.2f} s {with_all:7.2f} s {with_all / without:7.2f}")
    say(f"{'upload → first, last mail':28} {', '.join(f'{first:.2f} / {last:.2f} s' for first, last in mails)}")
    twice = [name for name, count in Counter(name for _when, _to, name in box.came).items() if count > 1]
    say(f"mails that came twice: {len(twice)}")


def _by_sftp(settings: Settings, grid: bytes, event_id: str) -> tuple[float, float]:
    """Seconds from the start of the upload to the page with figures, and to the published report."""
    web, key = Store.connect(settings, "web"), f"{event_id}/grid.xml"
    command = ["sftp", "-q", "-P", str(settings.sftp_port), "-i", str(settings.secrets / machine.BMKG_KEY), "-b", "-"]
    command += ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "grid.xml"
        path.write_bytes(quake.named(grid, event_id))
        batch = f"-mkdir shakemaps/{event_id}\nput {path} shakemaps/{key}\n"
        began = time.monotonic()
        command.append(f"bmkg@{settings.sftp_host}")
        subprocess.run(command, input=batch, text=True, check=True, timeout=60, stdout=subprocess.DEVNULL)
    page = f"{settings.public_url}/earthquakes/{event_id}"
    _wait(lambda: requests.get(page, timeout=10).ok, "figures", 0.02)
    figures = time.monotonic() - began
    notification = Notification(keys.SHAKEMAPS, key, web.head(keys.SHAKEMAPS, key).etag)
    _wait(lambda: ingest.state_of(web, settings, notification).state == "published", "the report")
    return figures, time.monotonic() - began


def _versions(settings: Settings, strong: bytes, say: Say) -> None:
    """Five steps of one quake, and what each of three subscribers heard of each."""
    real = strong.replace(b'"SCENARIO"', b'"ACTUAL"').replace(b"LATIHAN", b"Gempa")
    happened = datetime.now(UTC) - timedelta(minutes=2)
    real = quake.at(real, happened)
    event_id = quake.event_id(happened)
    ids = _subscribe(settings, ["all"]) + _subscribe(settings, ["from-orange"], level="orange")
    ids += _subscribe(settings, ["far-away"], rectangle="95 2 97 4")
    mild = _shaken(real, -2.2)
    grown = re.sub(rb'(\smagnitude=)"[^"]*"', rb'\1"6.5"', mild, count=1)
    store = Store.connect(settings, "bmkg")
    say(f"{'':36} {'level':8} {'all':24} {'from-orange':24} far-away")
    steps = (
        ("1", keys.SHAKEMAPS, mild),
        ("2, M 6.5 for 6.4", keys.SHAKEMAPS, grown),
        ("3, shaken by 2.2 MMI more", keys.SHAKEMAPS, real),
        ("corrected, as 1", keys.SHAKEMAPS_CORRECTED, mild),
    )
    for number, (name, bucket, grid) in enumerate(steps, 1):
        made = happened + timedelta(minutes=number)  # of two maps of one kind the one that was made later counts
        body = quake.made_at(quake.named(grid, event_id), made)
        store.put(bucket, f"{event_id}/grid.xml", body, "application/xml")
        say(_heard(settings, f"version {name}", event_id, number))
    wanted = Decision("earthquake", event_id, False, HIDDEN, True, "a trial", "bench", moment.stamp())
    decisions.decide(Store.connect(settings, "operators"), wanted)
    say(_heard(settings, "withdrawn", event_id, len(steps) + 1))
    _stand(settings, ids, STOPPED)


def _shaken(grid: bytes, by: float) -> bytes:
    """The same map with another intensity everywhere."""
    head, data = grid.split(b"<grid_data>")
    rows, tail = data.split(b"</grid_data>")
    table = np.array(rows.split(), dtype=float).reshape(-1, len(re.findall(b"<grid_field", head)))
    table[:, 4] = np.maximum(table[:, 4] + by, 1.0)
    text = "\n".join(" ".join(f"{value:.4f}" for value in row) for row in table)
    return b"%b<grid_data>\n%b\n</grid_data>%b" % (head, text.encode(), tail)


def _heard(settings: Settings, name: str, event_id: str, number: int) -> str:
    """The row of one step: the log that came with it, once all its messages are out."""
    _wait(lambda: len(_logs(settings, event_id)) >= number, f"the log of {name}")
    _wait(lambda: all(row["state"] != "sending" for row in _newest(settings, event_id)["messages"].values()), name)
    log = _newest(settings, event_id)
    rows = {row["name"]: row for row in log["messages"].values()}
    told = [rows.get(who, {"kind": "", "state": "-"}) for who in ("all", "from-orange", "far-away")]
    cells = [f"{row['kind'] or 'nothing'} {row['state'] if row['kind'] else ''}" for row in told]
    level = _read(settings, keys.RESULTS, log["entry"])["alert"]
    return f"{name:36} {level or '-':8} {cells[0]:24} {cells[1]:24} {cells[2]}"


def _logs(settings: Settings, event_id: str) -> list[str]:
    """In the order of what they tell of: names begin with its time. A log is written again once the report is out."""
    heads = _reader(settings, keys.NOTIFICATIONS).list(keys.NOTIFICATIONS, naming.LOG)
    return [one.key for one in heads if f"_{event_id}_" in one.key]


def _newest(settings: Settings, event_id: str) -> dict[str, Any]:
    return dict(_read(settings, keys.NOTIFICATIONS, _logs(settings, event_id)[-1]))


def _read(settings: Settings, bucket: str, key: str) -> Any:
    return json.loads(_reader(settings, bucket).get(bucket, key)[0])


def _reader(settings: Settings, bucket: str) -> Store:
    """As who may read that bucket: addresses are operators' alone."""
    return Store.connect(settings, "operators" if bucket == keys.NOTIFICATIONS else "web")


def _swarm(settings: Settings, box: _Box, weak: bytes, say: Say) -> None:
    """Sixty quakes of the last hour, a minute apart."""
    ids = _subscribe(settings, [f"swarm{number}" for number in range(10)])
    logs, before, first = _count(settings, naming.LOG), len(box.came), datetime.now(UTC) - timedelta(hours=1)
    store = Store.connect(settings, "bmkg")
    for number in range(_SWARM):
        happened = first + timedelta(minutes=number, seconds=30)
        event_id = quake.event_id(happened)
        body = quake.named(quake.at(weak, happened), event_id)
        store.put(keys.SHAKEMAPS, f"{event_id}/grid.xml", body, "application/xml")
    _wait(lambda: _count(settings, naming.LOG) >= logs + _SWARM and not _sending(settings), "its end")
    each = (len(box.came) - before) / len(ids)
    held = _count(settings, naming.HELD) / len(ids)
    say(f"a swarm of {_SWARM}: {each:g} mails to each of {len(ids)} subscribers; {held:g} held for one message")
    _stand(settings, ids, STOPPED)


def _sending(settings: Settings) -> bool:
    """Whether a message of any log is still on its way."""
    heads = _reader(settings, keys.NOTIFICATIONS).list(keys.NOTIFICATIONS, naming.LOG)
    logs = (_read(settings, keys.NOTIFICATIONS, one.key) for one in heads)
    return any(row["state"] == "sending" for log in logs for row in log["messages"].values())


def _backfill(settings: Settings, box: _Box, weak: bytes, say: Say) -> None:
    """Old maps that come at once, while somebody wants to hear of everything."""
    ids = _subscribe(settings, ["old"])
    before, seen, marks = len(box.came), _seen(settings), _count(settings, "")
    backlog.fill(settings, weak)
    _wait(lambda: _seen(settings) >= seen + backlog.OLD, "notify to see all old maps")
    to_old = sum(to.startswith("old@") for _when, to, _id in box.came[before:])
    say(f"a backfill of {backlog.OLD}: {to_old} mails to who wants all; {_count(settings, '') - marks} objects written")
    _stand(settings, ids, STOPPED)


def _seen(settings: Settings) -> int:
    """How many entries notify has seen."""
    return _count(settings, "notify/", keys.LEDGER)


def _wait_for_tick(settings: Settings) -> None:
    path = next((settings.home / "logs").glob("notify-*.log"))
    ticks = path.read_text().count('"tick"')
    _wait(lambda: path.read_text().count('"tick"') > ticks, "the next minute")


def _count(settings: Settings, prefix: str, bucket: str = keys.NOTIFICATIONS) -> int:
    return sum(1 for _ in _reader(settings, bucket).list(bucket, prefix))


def _wait(is_so: Callable[[], bool], what: str, look: float = 0.2) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {_PATIENCE_SECONDS:.0f} s in vain for {what}")
        time.sleep(look)
