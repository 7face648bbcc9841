"""What is uploaded in a siege, and by which clients; each tries again until it is told that the file is there."""

import contextlib
import itertools
import subprocess
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fixtures.grids import make_grid

from chaos.siege import Siege
from siaga import machine
from siaga.errors import SiagaError

CLIENT_SECONDS = 60
WAYS = ("s3", "sftp", "s3 twice", "sftp by another name")
_LIVE_SECONDS = 23 * 3600
_OLD = datetime(2018, 8, 5, 18, 46, 35)
POISON = ("kills", "spins", "crashes", "swells", "hangs", "holds")


@dataclass(frozen=True)
class Upload:
    """One map. kind: good, cut or a poison; expected: the state that its receipt must tell."""

    key: str
    body: bytes
    way: str
    kind: str
    is_live: bool

    @property
    def expected(self) -> str:
        return {"good": "done", "cut": "refused"}.get(self.kind, "dead")


def made(number: int, kind: str = "good") -> Upload:
    """Map number so-and-so: one of two happened within a day, the other years ago; one of ten is cut off.

    All are quakes of their own: what is near in time and place is taken for the same quake, and read for its report.
    """
    now = datetime.now(UTC) - timedelta(seconds=1 + number * 41 % _LIVE_SECONDS)
    old = _OLD + timedelta(hours=number)
    time_of, zone = (f"{now:%Y-%m-%dT%H:%M:%S}", "UTC") if number % 2 else (f"{old:%Y-%m-%dT%H:%M:%S}", "WIB")
    name = f"chaos{number:05d}" if kind == "good" else f"poison-{kind}-{number}"
    peak = 3 + number % 500 / 100
    body = make_grid(event_id=f"chaos{number:05d}", nlon=7, nlat=7, spacing=0.1, peak=peak, time=time_of, zone=zone)
    if kind == "good" and number % 10 == 3:
        kind, body = "cut", body[: len(body) * 2 // 3]
    return Upload(f"{name}/grid.xml", body, WAYS[number // 2 % len(WAYS)], kind, bool(number % 2))


class Uploaders:
    """Several clients at once; `acknowledged` grows by what was taken."""

    def __init__(self, siege: Siege, uploads: list[Upload], deadline: float, clients: int = 3):
        self._siege, self._deadline = siege, deadline
        self._next = iter(uploads)
        self._lock = threading.Lock()
        self.acknowledged: list[Upload] = []
        self._threads = [threading.Thread(target=self._work, args=(number,), daemon=True) for number in range(clients)]

    def start(self) -> "Uploaders":
        for thread in self._threads:
            thread.start()
        return self

    @property
    def busy(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _work(self, client: int) -> None:
        while time.monotonic() < self._deadline:
            with self._lock:
                upload = next(self._next, None)
            if upload is None:
                return
            for _ in itertools.count():
                if self._send(client, upload):
                    with self._lock:
                        self.acknowledged.append(upload)
                    break
                if time.monotonic() > self._deadline:
                    return
                time.sleep(0.2)

    def _send(self, client: int, upload: Upload) -> bool:
        if upload.way.startswith("sftp"):
            return self._by_sftp(client, upload)
        try:
            for _ in range(2 if upload.way.endswith("twice") else 1):
                self._siege.put("shakemaps", upload.key, upload.body)
        except SiagaError:
            return False
        return True

    def _by_sftp(self, client: int, upload: Upload) -> bool:
        settings, local = self._siege.settings, self._siege.home / f"client-{client}.xml"
        local.write_bytes(upload.body)
        folder = f"shakemaps/{upload.key.partition('/')[0]}"
        last = f"put {local} {folder}/grid.xml"
        if "name" in upload.way:
            last = f"-rm {folder}/grid.xml.part\nput {local} {folder}/grid.xml.part\n"
            last += f"rename {folder}/grid.xml.part {folder}/grid.xml"
        command = ["sftp", "-q", "-P", str(settings.sftp_port), "-i", str(settings.secrets / machine.BMKG_KEY)]
        command += ["-b", "-", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
        command += ["-o", "LogLevel=ERROR", f"bmkg@{settings.sftp_host}"]
        with contextlib.suppress(subprocess.TimeoutExpired):
            batch = f"-mkdir {folder}\n{last}\n"
            done = subprocess.run(
                command, input=batch, text=True, timeout=CLIENT_SECONDS, capture_output=True, check=False
            )
            return done.returncode == 0
        return False
