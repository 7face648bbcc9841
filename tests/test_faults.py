"""Parts are killed in the middle of many uploads: all are published once, nothing is half."""

import hashlib
import json
import shutil
import subprocess
import threading
import time

import pytest
import yaml
from fixtures import installed
from fixtures.grids import make_grid
from support.running import Running, wait_for
from support.store_process import lend_users

from siaga import keys, machine
from siaga.errors import SiagaError
from siaga.settings import REPOSITORY

COUNT = 8  # uploads, the one that is killed in its middle too
FAULTS = ["index.py", "gateway", "gateway.sftp", "minio", "queue"]  # one each; then a slow machine may recover
BETWEEN = 1.5  # seconds; shorter than a part needs to come back
UPLOAD, PATIENCE = 180, 600  # seconds at most; a machine that does other work besides needs minutes


def functions(folder):
    """A stack of the functions that maps need: each other one takes seconds to start, at first and where all die."""
    told = yaml.safe_load((REPOSITORY / "stack.yml").read_text(encoding="utf-8"))
    told["functions"] = {name: told["functions"][name] for name in ("on-shakemap", "render-report")}
    (folder / "stack.yml").write_text(json.dumps(told), encoding="utf-8")  # which is YAML, and quotes what was quoted
    return folder / "stack.yml"


@pytest.fixture(scope="module")
def siaga(tmp_path_factory):
    """A Siaga of its own, since it is going to suffer; what is gentle comes first."""
    running = Running(tmp_path_factory.mktemp("siaga"), SIAGA_STACK=str(functions(tmp_path_factory.mktemp("stack"))))
    lend_users(running.settings)
    try:
        running.start()
        installed.install(running.store(), tmp_path_factory.mktemp("exposure"))
        yield running
    finally:
        running.stop()


def event_id(number):
    return f"2019010101{number:04d}"


def grid(number):
    return make_grid(event_id=event_id(number), nlon=7, nlat=7, spacing=0.1, peak=3 + number / 50)


def put(siaga, number):
    """As an S3 client that tries again until the store takes it."""
    store = siaga.store("bmkg")

    def taken():
        try:
            store.put(keys.SHAKEMAPS, f"{event_id(number)}/grid.xml", grid(number), "application/xml")
        except SiagaError:
            return False
        return True

    wait_for(taken, UPLOAD, f"the store to take {event_id(number)}")


def published(store):
    """Events whose catalogue entry names a report; an unreachable store has none yet."""
    try:
        entries = [store.get(keys.RESULTS, head.key)[0] for head in store.list(keys.RESULTS, keys.CATALOG)]
    except SiagaError:
        return []
    return sorted(entry["event_id"] for entry in map(json.loads, entries) if entry["report"])


def check_whole(store):
    """Each event has one version with one run, and each product that a record lists is there, as listed."""
    runs = {}
    for head in store.list(keys.RESULTS, "earthquake/"):
        parts = head.key.split("/")
        runs.setdefault(parts[1], set()).add("/".join(parts[:4]))
    assert sorted(runs) == [event_id(number) for number in range(COUNT)]
    for found in runs.values():
        (run,) = found
        for record in ("impact.json", "report.json"):
            for product in json.loads(store.get(keys.RESULTS, f"{run}/{record}")[0])["products"]:
                body = store.get(keys.RESULTS, f"{run}/{product['path']}")[0]
                assert hashlib.sha256(body).hexdigest() == product["sha256"]
    told = [json.loads(store.get(keys.LEDGER, name)[0]) for name in receipts(store)]
    assert {one["state"] for one in told} == {"done"}
    assert len(told) == 2 * COUNT


def receipts(store):
    """Those of maps and reports; entries of the catalogue, which wake notify, are written over as often as it takes."""
    names = [head.key for head in store.list(keys.LEDGER)]
    return [name for name in names if name.startswith(("on-shakemap/", "render-report/"))]


def sftp(siaga):
    settings = siaga.settings
    command = ["sftp", "-q", "-P", str(settings.sftp_port), "-i", str(settings.secrets / machine.BMKG_KEY), "-b", "-"]
    command += ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
    return [*command, f"bmkg@{settings.sftp_host}"]


def put_by_sftp(siaga, number):
    """OpenSSH's client, called again until it says that the file is there."""
    path = siaga.settings.home / "grid.xml"
    path.write_bytes(grid(number))
    batch = f"-mkdir shakemaps/{event_id(number)}\nput {path} shakemaps/{event_id(number)}/grid.xml\n"

    def taken():
        try:
            return not subprocess.run(sftp(siaga), input=batch, text=True, timeout=30, capture_output=True).returncode
        except subprocess.TimeoutExpired:
            return False

    wait_for(taken, UPLOAD, f"the door to take {event_id(number)}")


def test_an_upload_killed_in_its_middle_leaves_nothing_and_can_be_repeated(siaga, tmp_path):
    path = tmp_path / "grid.xml"
    path.write_bytes(make_grid(event_id=event_id(0), nlon=601, nlat=601, spacing=0.002))
    batch = f"-mkdir shakemaps/{event_id(0)}\nput {path} shakemaps/{event_id(0)}/grid.xml\n"
    slow = [*sftp(siaga)[:1], "-l", "4000", *sftp(siaga)[1:]]  # kbit/s, so that there is a middle
    client = subprocess.Popen(slow, stdin=subprocess.PIPE, text=True)
    client.stdin.write(batch)
    client.stdin.close()
    time.sleep(2)
    assert client.poll() is None
    client.kill()
    client.wait()
    time.sleep(1)
    store = siaga.store()
    assert list(store.list(keys.SHAKEMAPS)) == []
    subprocess.run(sftp(siaga), input=batch, text=True, check=True, timeout=60)
    wait_for(lambda: published(store) == [event_id(0)], 60)
    assert len({head.key.split("/")[2] for head in store.list(keys.RESULTS, f"earthquake/{event_id(0)}/")}) == 1


def test_many_uploads_while_every_part_is_killed_and_the_queue_is_wiped(siaga):
    store = siaga.store()
    suffered = []

    def suffer():
        for part in FAULTS:
            if part == "queue":
                siaga.kill("gateway")
                shutil.rmtree(siaga.settings.home / "gateway", ignore_errors=True)
            else:
                siaga.kill(part)
            suffered.append(part)
            time.sleep(BETWEEN)

    thread = threading.Thread(target=suffer)
    thread.start()
    try:
        for number in range(1, COUNT):
            wait_for(lambda turn=number - 1: len(suffered) >= min(turn, len(FAULTS)), UPLOAD, "the next fault")
            (put_by_sftp if number % 2 else put)(siaga, number)
    finally:
        thread.join()
    wanted = [event_id(number) for number in range(COUNT)]
    wait_for(lambda: published(store) == wanted, PATIENCE, f"{COUNT} reports")
    wait_for(lambda: len(receipts(store)) >= 2 * COUNT, UPLOAD, "all receipts")
    check_whole(store)
