"""`make cluster-test [N=40]`: the chart on a real Kubernetes, from nothing to reports, killed under uploads.

Settings, all by the environment; deployment/kubernetes/README.md has examples:
    KUBECONFIG      which cluster; default: kubectl's own
    CLUSTER_UP      a shell command that starts one and gives it the images named in $IMAGES; unset: it runs already
    CLUSTER_DOWN    a shell command that ends it
    CLUSTER_ENTER   words before a command that is to run where the cluster can be reached, as `nsenter -t PID -n`
    CLUSTER_IMAGES  where the cluster has Siaga's images from, with their tag: registry.example.id:0.1.0-a1b2c3
    CLUSTER_VALUES  files of values, parted by spaces, that go last

Printed: seconds of each step, memory, sizes of images, and the oracle's verdict. Ends with 1 when it found anything.
"""

import argparse
import contextlib
import os
import random
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import requests
from fixtures import installed
from support.cluster import Cluster, Missing, images
from support.running import wait_for

from chaos import oracle
from chaos.uploads import Upload, Uploaders, made
from siaga.errors import SiagaError

STATELESS = ("gateway", "on-shakemap", "render-report", "web")  # killed at once
STATEFUL = ("store", "sftp", "postgresql")  # given a second, so that no two of them ever hold one volume
BETWEEN_SECONDS = 4.0, 10.0  # between two kills
PAUSE_SECONDS = 1.0  # between two uploads
UPLOAD_SECONDS = 900.0
SETTLE_SECONDS = 3000.0


def say(line: str) -> None:
    """At once, also into a file."""
    print(line, flush=True)


@contextlib.contextmanager
def timed(what: str):
    """Prints the seconds of a step."""
    began = time.monotonic()
    yield
    say(f"{what}: {time.monotonic() - began:.1f} s")


def publish(cluster: Cluster) -> None:
    """One map by S3, one by SFTP: each with its receipts, and the page of its report."""
    for number, way in ((1, "s3"), (2, "sftp")):
        upload = made(number)
        with timed(f"by {way.upper()}, upload to published"):
            sender = Uploaders(cluster, [replace(upload, way=way)], time.monotonic() + 120, clients=1).start()
            sender.join()
            assert sender.acknowledged, f"the map was not taken by {way}"
            wait_for(partial(settled, cluster, [upload]), 600, f"the report of {upload.key}")
        page = requests.get(f"{cluster.web}/earthquakes/chaos{number:05d}", timeout=30)
        assert page.ok, f"{page.url} answers {page.status_code}"
        say(f"  {page.url.removeprefix(cluster.web)} is shown: {len(page.content) / 1000:.0f} kB")


def paced(uploads: Iterable[Upload]) -> Iterator[Upload]:
    """One after the other, so that pods are killed in the middle and not after it."""
    for one in uploads:
        yield one
        time.sleep(PAUSE_SECONDS)


def settled(cluster: Cluster, uploads) -> bool:
    """Whether all of them are in, and every receipt is written; False while the store is away."""
    with contextlib.suppress(SiagaError):
        there = all(oracle.is_settled(cluster.store, one.key) for one in uploads)
        return there and oracle.unsettled(cluster.store, reports=True) == 0
    return False


def besiege(cluster: Cluster, count: int, rng: random.Random) -> list[str]:
    """Uploads while a new version replaces every pod and others are killed; what the oracle found."""
    uploads = [made(number) for number in range(11, 11 + count)]
    began = time.monotonic()
    senders = Uploaders(cluster, paced(uploads), began + UPLOAD_SECONDS).start()
    upgrade = cluster.start_upgrade("--set-string", f"podAnnotations.upgraded=at-{time.time():.0f}")
    killed: Counter[str] = Counter()
    replaced = 0.0
    while senders.busy or upgrade.poll() is None or sum(killed.values()) < 6:
        time.sleep(rng.uniform(*BETWEEN_SECONDS))
        part = rng.choice(STATELESS + STATEFUL)
        killed[part] += cluster.kill(part, rng, at_once=part in STATELESS)
        if not replaced and upgrade.poll() is not None:
            replaced = time.monotonic() - began
    senders.join()
    assert upgrade.wait() == 0, "the upgrade failed: kubectl -n siaga get pods"
    say(f"upgrade under fire: {replaced:.0f} s; pods killed: {dict(killed)}")
    everything = [made(1), made(2), *senders.acknowledged]
    wait_for(lambda: settled(cluster, senders.acknowledged), SETTLE_SECONDS, "the receipts of all uploads")
    seconds = time.monotonic() - began
    say(f"{len(senders.acknowledged)} of {count} uploads taken, settled with reports in {seconds:.0f} s")
    findings = oracle.judge(cluster.store, everything, reports=True)
    say(f"receipts: {dict(findings.states)}")
    kinds = ("lost", "half", "doubled", "orphans", "wrong")
    say("VERDICT: " + ", ".join(f"{len(getattr(findings, kind))} {kind}" for kind in kinds))
    return findings.sentences + ["not every upload was taken"] * (len(senders.acknowledged) < count)


def scale(cluster: Cluster) -> None:
    """Twice as many analyses at once and one web process, by values; and all still answers."""
    with timed("two replicas of on-shakemap, one of web"):
        cluster.upgrade("--set", "functions.on-shakemap.replicas=2,functions.on-shakemap.maxReplicas=2,web.replicas=1")
    ready = {part: len(cluster.pods(part)) for part in ("on-shakemap", "web")}
    assert ready == {"on-shakemap": 2, "web": 1}, ready
    uploads = [made(number) for number in range(5001, 5013)]
    senders = Uploaders(cluster, uploads, time.monotonic() + 300).start()
    senders.join()
    wait_for(lambda: settled(cluster, senders.acknowledged), 900, "the receipts after scaling")
    worked = {pod: cluster.logs(pod).count("chaos05") > 0 for pod in cluster.pods("on-shakemap")}
    assert all(worked.values()), f"a replica had nothing to do: {worked}"


def within(count: int, seed: int) -> list[str]:
    """Everything that needs the cluster's addresses. What failed is left as it is, to be looked at."""
    with tempfile.TemporaryDirectory(prefix="siaga-cluster-") as home, contextlib.ExitStack() as stopping:
        cluster = Cluster(Path(home))
        stopping.callback(cluster.stop)
        with timed("the cluster answers"):
            cluster.check()
        try:
            found = _course(cluster, count, random.Random(seed))
        except BaseException:
            say(cluster.state())
            raise
        if not found:
            cluster.remove()
        return found


def _course(cluster: Cluster, count: int, rng: random.Random) -> list[str]:
    with timed("chart installed, every pod ready, prepare done"):
        cluster.install()
    cluster.connect()
    (cluster.home / "exposure").mkdir()
    installed.install(cluster.store, cluster.home / "exposure")
    publish(cluster)
    for line in cluster.sizes():
        say(line)
    found = besiege(cluster, count, rng) if count else []
    for sentence in found[:50]:
        say(f"  {sentence}")
    scale(cluster)
    return found


def main() -> int:
    """Up, all of it, down."""
    parser = argparse.ArgumentParser(prog="make cluster-test", description=__doc__)
    parser.add_argument("uploads", type=int)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--within", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if chosen.within:
            return 1 if within(chosen.uploads, chosen.seed) else 0
        say(f"seed {chosen.seed}")
        return _around([str(chosen.uploads), "--seed", str(chosen.seed), "--within"])
    except Missing as missing:
        say(f"cluster-test: {missing}")
        return 2


def _around(words: list[str]) -> int:
    told = os.environ | {"IMAGES": " ".join(images())}
    if up := os.environ.get("CLUSTER_UP"):
        with timed("cluster up"):
            if subprocess.run(["bash", "-c", up], env=told, check=False).returncode:
                _end(told)
                raise Missing(f"CLUSTER_UP failed: {up}")
    enter = shlex.split(os.path.expandvars(os.environ.get("CLUSTER_ENTER", "")))
    failed = subprocess.run([*enter, sys.executable, "-m", "chaos.cluster", *words], check=False).returncode
    if not failed:
        _end(told)
    return failed


def _end(told: dict[str, str]) -> None:
    if down := os.environ.get("CLUSTER_DOWN"):
        subprocess.run(["bash", "-c", down], env=told, check=False)


if __name__ == "__main__":
    sys.exit(main())
