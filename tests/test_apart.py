"""Parts that run apart, as in containers: the store by itself, its set-up by another process, by secrets in files."""

import os
import subprocess

from support.running import SIAGA, answers, environment, free_ports, wait_for

from siaga import keys
from siaga.settings import Settings
from siaga.store import Store


def test_a_store_of_its_own_is_prepared_by_another_process_and_again(tmp_path):
    port = free_ports(1)
    whole = os.environ | environment(tmp_path, SIAGA_STORE_PORT=str(port))
    apart = whole | {"SIAGA_STORE_URL": f"http://127.0.0.1:{port}", "SIAGA_STORE_OURS": "yes"}

    def run(*arguments):
        subprocess.run([SIAGA, *arguments], env=apart, check=True, timeout=120, capture_output=True)

    run("prepare", "--secrets")
    secrets = {path.name: path.read_bytes() for path in Settings.load(apart).secrets.iterdir()}
    with (tmp_path / "store.log").open("w") as log:
        store = subprocess.Popen([SIAGA, "store"], env=whole, stdout=log, stderr=log)
    try:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/minio/health/ready"), 60, f"the store; see {log.name}")
        for _ in range(2):
            run("prepare")
        Store.connect(Settings.load(apart), "door").put(keys.SHAKEMAPS, "a/grid.xml", b"<a/>", "text/xml")
        assert Store.connect(Settings.load(apart), "functions").get(keys.SHAKEMAPS, "a/grid.xml")[0] == b"<a/>"
        assert {path.name: path.read_bytes() for path in Settings.load(apart).secrets.iterdir()} == secrets
    finally:
        store.terminate()
        assert store.wait(20) in (0, -15)


def test_a_store_that_does_not_answer_is_waited_for_and_then_said(tmp_path):
    told = environment(tmp_path, SIAGA_STORE_URL="http://127.0.0.1:9", SIAGA_STORE_OURS="yes")
    done = subprocess.run(
        [SIAGA, "prepare", "--wait", "0"], env=told, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, "does not answer" in done.stderr) == (1, True)
