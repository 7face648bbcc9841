"""A whole Siaga that is going to suffer, and the ways in which it does."""

import contextlib
import os
import random
import shutil
import signal
import struct
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from fixtures import installed
from support.running import Running, environment, wait_for
from support.store_process import lend_users, set_up

from chaos.proxies import Announcer, StoreProxy
from siaga import machine, stack
from siaga.errors import SiagaError
from siaga.machine import minio
from siaga.machine.supervisor import Part, Supervisor
from siaga.settings import REPOSITORY, Settings
from siaga.store import Store

SHADOW = Path(__file__).parent / "shadow"
STACK = """
functions:
  on-shakemap:
    handler: ./functions/poisoned
    environment: {exec_timeout: TIMEOUTs, max_memory_mb: "2048"}
    limits: {memory: 1500Mi}
    labels: {com.openfaas.scale.min: "2"}
    annotations:
      siaga.inputs: shakemaps/*grid.xml shakemaps-corrected/*grid.xml
"""
REPORTS = """
  render-report:
    handler: ./functions/render_report
    environment: {exec_timeout: 120s, max_memory_mb: "2048"}
    limits: {memory: 2560Mi}
    annotations:
      siaga.inputs: results/earthquake/*/impact.json
"""
ATTEMPTS = 3
START_SECONDS = 10.0  # of a slot, at most, but where all parts together took longer


@dataclass(frozen=True)
class Pace:
    """How fast a siege goes, in seconds: from how many to how many between two faults, and of those that last.

    timeout: of on-shakemap, which a map that spins uses up at each attempt; longer than anything that lasts.
    sweep: between sweeps of what is recent, ten times that between whole ones, which thousands of maps make dear.
    """

    between: tuple[float, float] = (0.5, 3.0)
    lasting: tuple[float, float] = (1.0, 4.0)
    timeout: int = 12
    sweep: int = 5


USUAL = Pace()
JUMPS = {"ahead": (600, 2 * 86400), "behind": (-600, -2 * 86400)}  # within what a signature may differ, and beyond
PARTS = ("minio", "gateway", "gateway.sftp", "web", "index.py")


class Siege:
    """MinIO under a supervisor of its own, all other parts under `siaga up`, proxies between; `rng` decides."""

    def __init__(self, home: Path, rng: random.Random, pace: Pace, *, reports: bool):
        self.rng, self.home, self._disk = rng, home, home / "siaga" / "gateway"
        self.keeps = False  # its home, to be looked at
        self.skipped: dict[str, str] = {}
        self.start_seconds = START_SECONDS
        self._lock = threading.Lock()
        (home / "stack.yml").write_text(STACK.replace("TIMEOUT", str(pace.timeout)) + (REPORTS if reports else ""))
        shared = environment(home / "siaga") | {
            "SIAGA_STACK": str(home / "stack.yml"),
            "SIAGA_ATTEMPTS": str(ATTEMPTS),
            "SIAGA_SWEEP_SECONDS": str(pace.sweep),
            "SIAGA_FULL_SWEEP_SECONDS": str(10 * pace.sweep),
            "PYTHONPATH": f"{SHADOW}:{REPOSITORY}",
        }
        shared |= self._clock()
        first = int(shared["SIAGA_STORE_PORT"])
        store_port, webhook_port = first + 12, first + 13
        self.own = Settings.load(shared | {"SIAGA_GATEWAY_URL": f"http://127.0.0.1:{webhook_port}"})
        self.running = Running(home / "siaga", **shared, SIAGA_STORE_URL=f"http://127.0.0.1:{store_port}")
        self.settings = self.running.settings
        machine.make_secrets(self.own)
        self.proxy = StoreProxy(store_port, self.own.store_port)
        url = f"{self.settings.gateway_url}{minio.WEBHOOK_PATH}"
        self.announcer = Announcer(webhook_port, url, random.Random(rng.random()))
        self._stores = Supervisor(home / "store" / "logs", quiet=True)

    def start(self) -> "Siege":
        """Start everything, with a small exposure."""
        lend_users(self.own)
        command, variables = minio.command(self.own), minio.environment(self.own)
        self._stores.start(Part("minio", command, variables, lambda: minio.ready(self.own)))
        set_up(self.own)
        self.store = Store.connect(self.own, "root")
        (self.home / "exposure").mkdir()
        installed.install(self.store, self.home / "exposure")
        self._disk.mkdir(parents=True, exist_ok=True)
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=24m,mode=0700", "siege", self._disk], capture_output=True, check=False
        )
        if mounted.returncode:
            self.skipped["queue read-only, queue's disk full"] = mounted.stderr.decode().strip()
        began = time.monotonic()
        self._up()
        self.start_seconds = max(START_SECONDS, time.monotonic() - began)  # of all parts: a slow machine needs longer
        return self

    def _clock(self) -> dict[str, str]:
        """What lets the clock of every part but the store be set while it runs: see clock.c."""
        (self.home / "clock").write_bytes(struct.pack("l", 0))
        library = self.home / "clock.so"
        try:
            subprocess.run(
                ["tcc", "-shared", "-nostdlib", "-o", library, Path(__file__).with_name("clock.c")], check=True
            )
        except OSError as error:
            self.skipped["clock ahead, clock behind"] = str(error)
            return {}
        return {"LD_PRELOAD": str(library), "SIEGE_CLOCK": str(self.home / "clock")}

    def _set_clock(self, seconds: int) -> None:
        with (self.home / "clock").open("r+b") as file:  # as it is mapped by all parts
            file.write(struct.pack("l", seconds))

    def _up(self) -> None:
        with contextlib.chdir(self.home):  # so that slots find the functions of the shadow first
            self.running.start()

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """As the agency does by S3, through the proxy."""
        Store.connect(self.settings, "bmkg").put(bucket, key, body, "application/xml")

    def faults(self) -> list[str]:
        """What can be done here."""
        found = [f"kill {part}" for part in (*PARTS, "supervisor")] + ["freeze a slot", "freeze gateway"]
        found += ["queue wiped", "queue damaged"] + [f"store {how}" for how in ("slow", "away", "failing")]
        found += [f"announcements {how}" for how in ("dropped", "doubled", "late", "reordered")]
        found += ["queue read-only", "queue's disk full"] if self._disk.is_mount() else []
        return found + ([f"clock {how}" for how in JUMPS] if (self.home / "clock.so").exists() else [])

    def suffer(self, fault: str, seconds: float) -> None:
        """One fault; those that last end after `seconds`."""
        what, _, how = fault.partition(" ")
        with self._lock:
            if what == "kill":
                self._kill(how)
            elif what == "freeze":
                self._signal("index.py" if how == "a slot" else how, signal.SIGSTOP, one=True)
            elif what == "store":
                self.proxy.mode = how
                time.sleep(seconds)
                self.proxy.mode = "pass"
            elif what == "clock":
                self._set_clock(self.rng.choice(JUMPS[how]))
                time.sleep(seconds)
                self._set_clock(0)
            elif what == "announcements":
                self.announcer.mode = how
                time.sleep(seconds)
                self.announcer.mode = "pass"
                self.announcer.release()
            else:
                self._harm_queue(fault, seconds)

    def _kill(self, part: str) -> None:
        if part == "minio":
            self._stores._runners[0].process.kill()
        elif part == "supervisor":
            self.running.process.kill()  # all its parts go with it; somebody starts it again, as systemd does
            self.running.process.wait()
            wait_for(self._is_free, 30, "the ports to be free")
            self._up()
        else:
            self._signal(part, signal.SIGKILL)

    def _is_free(self) -> bool:
        """Whether all parts have gone with their supervisor, those that froze or start too."""
        try:
            machine._check_ports(self.settings, stack.load(self.settings.stack))
        except SiagaError:
            return False
        return True

    def _signal(self, word: str, number: int, *, one: bool = False) -> None:
        pids = [pid for pid in self.running.pids(word) if pid]
        for pid in self.rng.sample(pids, min(1, len(pids))) if one else pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _harm_queue(self, fault: str, seconds: float) -> None:
        if fault == "queue wiped":
            for file in self._disk.glob("jobs.sqlite*"):
                file.unlink(missing_ok=True)
        elif fault == "queue damaged":
            self._signal("gateway", signal.SIGKILL)
            for file in self._disk.glob("jobs.sqlite"):
                file.write_bytes(b"no database" * 1000)
        elif fault == "queue read-only":
            self._remount("ro")
            time.sleep(seconds)
            self._remount("rw")
        else:
            with contextlib.suppress(OSError), (self._disk / "ballast").open("wb") as ballast:
                while True:
                    ballast.write(bytes(1 << 16))
                    ballast.flush()
            time.sleep(seconds)
            (self._disk / "ballast").unlink()

    def _remount(self, how: str) -> None:
        options = f"remount,{how}"
        # busy while somebody writes: then it stays as it is, and that is no fault of Siaga's
        subprocess.run(["mount", "-o", options, self._disk], capture_output=True, check=False)

    def stop(self) -> None:
        """End everything and leave nothing mounted."""
        self.proxy.mode, self.announcer.mode = "pass", "pass"
        if self.running.process is not None:
            self.running.stop()
        self._stores.stop()
        self.announcer.stop()
        self.proxy.stop()
        if self._disk.is_mount():
            subprocess.run(["umount", "-l", self._disk], check=False)


@contextlib.contextmanager
def besieged(seed: int, pace: Pace, *, reports: bool):
    """A siege in a temporary home, stopped in the end; removed unless it is to be looked at."""
    home = Path(tempfile.mkdtemp(prefix="siaga-chaos-"))
    siege = Siege(home, random.Random(seed), pace, reports=reports)
    try:
        yield siege.start()
    finally:
        siege.stop()
        if not siege.keeps:
            shutil.rmtree(home, ignore_errors=True)
