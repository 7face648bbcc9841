"""A whole Siaga for a test: its own home, its own ports, real processes."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from functools import cached_property
from pathlib import Path

import psutil
import requests

from siaga import stack
from siaga.settings import Settings
from siaga.store import Store

SIAGA = Path(sys.executable).with_name("siaga")


def free_ports(count: int) -> int:
    """The first of `count` free ports in a row on loopback.

    Below those that the kernel gives to outgoing connections, and in a part of its own for each worker of
    pytest-xdist, so that nobody takes one between this look and its use.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    floor = 12_000 + worker % 3 * 6_800
    while True:
        first = floor + random.randrange(6_800 - count)
        if all(is_free(port) for port in range(first, first + count)):
            return first


def is_free(port: int) -> bool:
    """Whether nobody listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a Siaga that disturbs no other: free ports, a home of its own, little waiting."""
    first = free_ports(16)
    return {
        "SIAGA_HOME": str(home),
        "SIAGA_STORE_PORT": str(first),
        "SIAGA_GATEWAY_PORT": str(first + 1),
        "SIAGA_SFTP_PORT": str(first + 2),
        "SIAGA_WEB_PORT": str(first + 3),
        "SIAGA_FUNCTION_PORT": str(first + 4),
        "SIAGA_SFTP_HEALTH_PORT": str(first + 15),
        "SIAGA_SWEEP_SECONDS": "2",
        "SIAGA_CANARY_MINUTES": "0",  # but where one is what is tried
        "SIAGA_FULL_SWEEP_SECONDS": "5",
        "SIAGA_BACKOFF_SECONDS": "0.2",
        "SIAGA_FUNCTION_MEMORY_MB": "0",  # one slot for each function, since each takes seconds to start
        "SIAGA_PETABENCANA_URLS": "",  # no test asks anybody outside
        "SIAGA_BMKG_URL": "",
    } | more


def wait_for(condition, seconds: float = 30, what: str = "the condition"):
    """Poll until `condition()` is true; returns its value. Who waits long polls less often: it is work, too."""
    began = time.monotonic()
    deadline = began + seconds
    while True:
        value = condition()
        if value:
            return value
        now = time.monotonic()
        assert now < deadline, f"waited {seconds:g} s in vain for {what}"
        time.sleep(min(max(0.05, (now - began) / 20), 0.25))


class Running:
    """`siaga up` as a process."""

    def __init__(self, home: Path, **more: str) -> None:
        """Settings from `environment`; nothing is started yet."""
        self.environment = environment(home, **more)
        self.settings = Settings.load(self.environment)
        self.process: subprocess.Popen | None = None

    def run(self, *arguments: str, seconds: float = 120) -> subprocess.CompletedProcess:
        """Run one siaga command in this environment."""
        return subprocess.run(
            [SIAGA, *arguments],
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def start(self) -> "Running":
        """Start all parts and wait until they are ready."""
        self.settings.home.mkdir(parents=True, exist_ok=True)
        with (self.settings.home / "up.log").open("w") as log:
            self.process = subprocess.Popen([SIAGA, "up"], env=os.environ | self.environment, stdout=log, stderr=log)
        wait_for(self.is_ready, 300, f"siaga up; see {log.name}")
        return self

    @cached_property
    def _slots(self) -> list[stack.Slot]:
        return stack.slots(stack.planned(self.settings), self.settings)

    def is_ready(self) -> bool:
        """Whether every part answers."""
        assert self.process is not None
        assert self.process.poll() is None, (self.settings.home / "up.log").read_text()[-3000:]
        urls = [f"{self.settings.gateway_url}/healthz", f"http://127.0.0.1:{self.settings.web_port}/healthz"]
        up = all(answers(url) for url in urls) and all(answers(f"{slot.url}/_/ready", 429) for slot in self._slots)
        return up and not is_free(self.settings.sftp_port)

    def store(self, role: str = "root") -> Store:
        """Its store, with the rights of a role."""
        return Store.connect(self.settings, role)

    def jobs(self) -> list[dict]:
        """What the gateway has under way."""
        token = {"Authorization": f"Bearer {self.settings.secret('jobs-token')}"}
        return requests.get(f"{self.settings.gateway_url}/siaga/jobs", headers=token, timeout=5).json()["jobs"]

    def pids(self, word: str) -> list[int]:
        """The processes below the supervisor whose command line holds `word` (minio, gateway, sftp, index.py)."""
        assert self.process is not None
        children = psutil.Process(self.process.pid).children(recursive=True)
        return [child.pid for child in children if any(word in part for part in command_line(child))]

    def kill(self, word: str) -> None:
        """`kill -9` of those processes."""
        for pid in self.pids(word):
            os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        """Stop everything as an operator does."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def command_line(process: psutil.Process) -> list[str]:
    """Its words; none once it is gone or waits to be reaped."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:  # a zombie is one of these
        return []


def answers(url: str, *statuses: int) -> bool:
    """Whether a GET of that URL is answered with success, or with one of those; a slot at work says 429."""
    try:
        answer = requests.get(url, timeout=2)
        return answer.ok or answer.status_code in statuses
    except requests.RequestException:
        return False
