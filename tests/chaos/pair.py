"""`make chaos-gateways N=200`: uploads while either of two gateways on one PostgreSQL is killed, again and again.

Functions are real, figures alone. Printed: how long nobody led after each kill, the oracle's verdict, and what an
upload cost gateways and functions in processor time. Ends with 1 when the oracle found anything.
"""

import argparse
import contextlib
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil
from fixtures import installed
from support.balancer import Balancer
from support.gateway_process import Gateway
from support.postgres import PASSWORD, Postgres
from support.running import environment, free_ports, wait_for

from chaos import oracle
from chaos.uploads import made
from gateway.database import PASSWORD as SECRET
from siaga import machine, stack
from siaga.errors import SiagaError
from siaga.machine import minio
from siaga.machine.supervisor import Part, Supervisor
from siaga.settings import Settings
from siaga.store import Store

SLOTS = 2
STACK = f"""
functions:
  on-shakemap:
    handler: ./functions/on_shakemap
    environment: {{exec_timeout: 60s, max_memory_mb: "2048"}}
    limits: {{memory: 1500Mi}}
    labels: {{com.openfaas.scale.min: "{SLOTS}"}}
    annotations: {{siaga.inputs: "shakemaps/*grid.xml"}}
"""
BETWEEN_SECONDS = 4.0, 12.0  # between two kills
PATIENCE_SECONDS = 1200.0


class Pair:
    """A store, a PostgreSQL, two gateways behind one address, and real slots."""

    def __init__(self, home: Path, stopping: contextlib.ExitStack) -> None:
        """Starts everything; `stopping` ends it."""
        self.spent = 0.0  # processor seconds of gateways that are gone
        slots = free_ports(SLOTS)
        os.environ |= environment(home) | {"SIAGA_FUNCTION_PORT": str(slots)}  # what the parts are started with
        self.settings = Settings.load(os.environ)
        machine.make_secrets(self.settings)
        self.settings.make_secret(SECRET, PASSWORD)
        supervisor = Supervisor(home / "logs", quiet=True)
        stopping.callback(supervisor.stop)
        command, variables = minio.command(self.settings), minio.environment(self.settings)
        supervisor.start(Part("minio", command, variables, lambda: minio.ready(self.settings)))
        minio.configure(self.settings, stack.load(self.settings.stack))
        self.store = Store.connect(self.settings, "root")
        (home / "exposure").mkdir()
        installed.install(self.store, home / "exposure")
        postgres = Postgres()
        stopping.callback(postgres.stop)
        address = postgres.database("pair")
        ports = free_ports(2)
        balancer = Balancer(self.settings.gateway_port, [ports, ports + 1])
        stopping.callback(balancer.stop)
        self.gateways = []
        for port in (ports, ports + 1):
            (folder := home / f"gateway-{port}").mkdir()
            own = replace(self.settings, gateway_port=port, gateway_url=f"http://127.0.0.1:{port}")
            more = {"SIAGA_JOB_DATABASE": address, "SIAGA_FUNCTION_PORT": str(slots), "SIAGA_SWEEP_SECONDS": "5"}
            gateway = Gateway(own, folder, STACK, **more)
            stopping.callback(gateway.kill)
            self.gateways.append(gateway.start())
        functions = stack.load(home / f"gateway-{ports}" / "stack.yml")
        parts = machine.parts(self.settings, functions)
        self._supervisor = supervisor
        supervisor.start(*(one for one in parts if one.name.startswith("on-shakemap")), seconds=120)

    def kill(self, gateway: Gateway) -> float:
        """Kill one as its machine would, start it again; seconds until anybody answered what only a leader can."""
        self.spent += _processor(gateway.process.pid)
        gateway.kill()
        began = time.monotonic()
        wait_for(self._answers, 60, "a gateway that leads")
        without = time.monotonic() - began
        gateway.start()
        return without

    def _answers(self) -> bool:
        alive = next(one for one in self.gateways if one.process.poll() is None)
        with contextlib.suppress(OSError, ValueError):
            return "jobs" in alive.jobs()
        return False

    def processor(self) -> tuple[float, float]:
        """Seconds that gateways and slots have used."""
        gateways = self.spent + sum(_processor(one.process.pid) for one in self.gateways)
        slots = [one.process.pid for one in self._supervisor._runners if one.part.name.startswith("on-shakemap")]
        return gateways, sum(map(_processor, slots))


def _processor(pid: int) -> float:
    spent = psutil.Process(pid).cpu_times()
    return float(spent.user + spent.system)


def fire(pair: Pair, count: int, rng: random.Random, say) -> list[str]:
    """Uploads and kills; what the oracle found."""
    uploads = [made(number) for number in range(1, count + 1)]
    bmkg = Store.connect(pair.settings, "bmkg")
    before = pair.processor()

    def upload():
        for one in uploads:
            bmkg.put("shakemaps", one.key, one.body, "application/xml")
            time.sleep(0.2)

    client = threading.Thread(target=upload)
    began = time.monotonic()
    client.start()
    without = []
    left = count
    while (client.is_alive() or left) and time.monotonic() - began < PATIENCE_SECONDS:
        with contextlib.suppress(SiagaError):
            left = oracle.unsettled(pair.store, reports=False)
        if client.is_alive() or len(without) < 4:
            time.sleep(rng.uniform(*BETWEEN_SECONDS))
            without.append(pair.kill(rng.choice(pair.gateways)))
        time.sleep(0.5)
    client.join()
    seconds = time.monotonic() - began
    spent = [now - then for now, then in zip(pair.processor(), before, strict=True)]
    say(f"{count} uploads settled in {seconds:.0f} s; {len(without)} gateways killed")
    say(f"without one that leads: {statistics.median(without):.1f} s, {max(without):.1f} s at most")
    say(f"processor seconds an upload: gateways {spent[0] / count:.3f}, functions {spent[1] / count:.3f}")
    findings = oracle.judge(pair.store, uploads, reports=False)
    kinds = ("lost", "half", "doubled", "orphans", "wrong")
    say(f"receipts: {dict(findings.states)}")
    say("VERDICT: " + ", ".join(f"{len(getattr(findings, kind))} {kind}" for kind in kinds))
    for sentence in findings.sentences[:50]:
        say(f"  {sentence}")
    return findings.sentences


def main() -> int:
    """One siege."""
    parser = argparse.ArgumentParser(prog="make chaos-gateways", description=__doc__)
    parser.add_argument("uploads", type=int)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    chosen = parser.parse_args()
    print(f"seed {chosen.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="siaga-pair-") as home, contextlib.ExitStack() as stopping:
        pair = Pair(Path(home), stopping)
        return 1 if fire(pair, chosen.uploads, random.Random(chosen.seed), lambda line: print(line, flush=True)) else 0


if __name__ == "__main__":
    sys.exit(main())
