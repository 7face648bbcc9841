"""A Kubernetes in which the chart is installed: kubectl, helm, and addresses on this side of it."""

import base64
import contextlib
import json
import os
import random
import shutil
import subprocess
import threading
import time
from pathlib import Path

from siaga.settings import Settings
from siaga.store import Store
from support.contexts import ROOT
from support.running import answers, free_ports, wait_for

CHART = ROOT / "deployment/kubernetes/siaga"
NAMESPACE = "siaga"
BUILT = Path(os.environ.get("SIAGA_CACHE") or Path.home() / ".cache/siaga") / "helm/v3.16.4/helm"
INSTALL_MINUTES = 20
START_SECONDS = 600  # of a cluster, images taken in
READY = "jsonpath={.items[*].status.conditions[?(@.type=='Ready')].status}"
# No map of its own, and nobody outside is asked.
QUIET = {"SIAGA_CANARY_MINUTES": "0", "SIAGA_PETABENCANA_URLS": "", "SIAGA_BMKG_URL": ""}
MEMORY = "/sys/fs/cgroup/memory/memory.stat /sys/fs/cgroup/memory.stat"  # of version 1, of version 2
HOPELESS = ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName")


class Missing(Exception):
    """A sentence: what is not there, and what to do."""


def _registry() -> tuple[str, str]:
    registry, colon, tag = os.environ.get("CLUSTER_IMAGES", "").rpartition(":")
    if not colon or not tag or "/" in tag:
        raise Missing(
            "say where the cluster has its images from: CLUSTER_IMAGES=registry:tag, as in localhost:0.1.0-a1b2c3"
        )
    return registry, tag


def images() -> list[str]:
    """The images of Siaga by the names that the chart will ask for."""
    registry, tag = _registry()
    return [f"{registry}{'/' if registry else ''}siaga/{one}:{tag}" for one in ("core", "function", "store")]


class Forward:
    """`kubectl port-forward` to a service, begun anew whenever its pod is gone."""

    def __init__(self, service: str, port: int) -> None:
        """Starts at once; `port` is the service's, `self.port` ours."""
        self.port, self._ended = free_ports(1), threading.Event()
        self._words = ["kubectl", "-n", NAMESPACE, "port-forward", f"svc/{service}", f"{self.port}:{port}"]
        self._process: subprocess.Popen | None = None
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def _keep(self) -> None:
        while not self._ended.is_set():
            self._process = subprocess.Popen(self._words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if self._ended.is_set():
                self._process.terminate()
            self._process.wait()
            self._ended.wait(0.5)

    def stop(self) -> None:
        """Ends it."""
        self._ended.set()
        if self._process:
            self._process.terminate()
        self._thread.join(10)


class Cluster:
    """One release of the chart. `store`, `settings`, `web` once it is connected."""

    def __init__(self, home: Path) -> None:
        """`home`: a folder for secrets and files."""
        self.home = home
        self._helm = shutil.which("helm") or str(BUILT)
        self._forwards: list[Forward] = []

    def check(self) -> None:
        """Whether all is here that it takes; else a sentence."""
        if not shutil.which("kubectl"):
            raise Missing("kubectl is not here; install it, or name what has it by CLUSTER_ENTER")
        if not Path(self._helm).is_file():
            raise Missing("helm is not here; deployment/local/helm.sh builds it")
        deadline = time.monotonic() + (START_SECONDS if os.environ.get("CLUSTER_UP") else 0)
        while "True" not in (nodes := self._kubectl("get", "nodes", "-o", READY, check=False)).stdout:
            if time.monotonic() > deadline:
                why = nodes.stderr.strip()[:300] or "no node of it is ready"
                raise Missing(f"no cluster answers: {why}; see KUBECONFIG, CLUSTER_UP")
            time.sleep(1)
        if self._kubectl("get", "namespace", NAMESPACE, check=False).returncode == 0:
            raise Missing(f"the cluster has a namespace {NAMESPACE} already; this test makes and deletes its own")

    def install(self) -> None:
        """From nothing: namespace, release, every pod ready."""
        self._kubectl("create", "namespace", NAMESPACE)
        self._kubectl("label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=restricted")
        self._watch(self._start("install"))

    def start_upgrade(self, *words: str) -> subprocess.Popen:
        """`helm upgrade` with these words besides; it waits until the new pods are ready."""
        return self._start("upgrade", *words)

    def upgrade(self, *words: str) -> None:
        """The same, to its end."""
        self._watch(self._start("upgrade", *words))

    def _start(self, verb: str, *words: str) -> subprocess.Popen:
        registry, tag = _registry()
        told = {"publicUrl": "http://siaga.example.id", "image": {"registry": registry, "tag": tag}, "settings": QUIET}
        (self.home / "told.yaml").write_text(json.dumps(told))
        files = [CHART.parent / "one-node.yaml", self.home / "told.yaml", *os.environ.get("CLUSTER_VALUES", "").split()]
        values = [word for file in files for word in ("-f", str(file))]
        command = [self._helm, verb, "siaga", str(CHART), "-n", NAMESPACE, *values, *words]
        command += ["--wait", "--wait-for-jobs", "--timeout", f"{INSTALL_MINUTES}m"]
        with (self.home / "helm.log").open("w") as log:
            return subprocess.Popen(command, stdout=log, stderr=log)

    def _watch(self, helm: subprocess.Popen) -> None:
        while helm.poll() is None:
            if said := self._hopeless():
                helm.terminate()
                raise Missing(said)
            time.sleep(1)
        if helm.returncode:
            raise Missing(f"helm: {(self.home / 'helm.log').read_text().strip()[-600:]}")

    def _hopeless(self) -> str:
        for pod in self._pods():
            for one in pod["status"].get("containerStatuses", ()):
                waiting = one["state"].get("waiting") or {}
                if waiting.get("reason") in HOPELESS:
                    return f"the cluster has no image {one['image']}: {waiting.get('message', '')[:200]}"
        return ""

    def connect(self) -> None:
        """Secrets, and a way in to store, door and web."""
        (folder := self.home / "secrets").mkdir(mode=0o700)
        kept = json.loads(self._kubectl("get", "secret", "siaga-secrets", "-o", "json").stdout)["data"]
        for name, value in kept.items():
            (folder / name).write_bytes(base64.b64decode(value))
            (folder / name).chmod(0o600)
        ways = {"siaga-store": 9000, "siaga-sftp": 22, "siaga-web": 8000}
        store, door, web = self._forwards = [Forward(name, port) for name, port in ways.items()]
        self.settings = Settings.load(
            {
                "SIAGA_HOME": str(self.home),
                "SIAGA_STORE_URL": f"http://127.0.0.1:{store.port}",
                "SIAGA_STORE_OURS": "yes",
                "SIAGA_SFTP_PORT": str(door.port),
            }
        )
        self.web = f"http://127.0.0.1:{web.port}"
        wait_for(lambda: answers(f"{self.web}/healthz"), 60, "the web app")
        wait_for(lambda: answers(f"{self.settings.store_url}/minio/health/live"), 60, "the store")
        self.store, self._bmkg = (Store.connect(self.settings, role) for role in ("root", "bmkg"))

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """As BMKG does by S3."""
        self._bmkg.put(bucket, key, body, "application/xml")

    def _pods(self, part: str = "") -> list[dict]:
        chosen = ["-l", f"app.kubernetes.io/component={part}"] if part else []
        found = self._kubectl("get", "pods", *chosen, "-o", "json", check=False)
        return json.loads(found.stdout)["items"] if found.returncode == 0 else []

    def pods(self, part: str) -> list[str]:
        """The names of a part's pods that stay."""
        return [one["metadata"]["name"] for one in self._pods(part) if "deletionTimestamp" not in one["metadata"]]

    def kill(self, part: str, rng: random.Random, *, at_once: bool) -> int:
        """One pod of a part; how many there were to kill: 1 or 0."""
        if not (there := self.pods(part)):
            return 0
        how = ["--force", "--grace-period=0"] if at_once else ["--grace-period=1"]
        return 1 - self._kubectl("delete", "pod", rng.choice(there), *how, "--wait=false", check=False).returncode

    def state(self) -> str:
        """What stands there, for who looks for a fault."""
        return self._kubectl("get", "pods", check=False).stdout

    def logs(self, pod: str) -> str:
        """What it wrote."""
        return self._kubectl("logs", pod).stdout

    def sizes(self) -> list[str]:
        """Lines: memory of each part, sizes of the images."""
        lines = []
        for pod in self._pods():
            if pod["status"]["phase"] == "Running":
                told = self._kubectl(
                    "exec", pod["metadata"]["name"], "--", "sh", "-c", f"cat {MEMORY} 2>/dev/null; true"
                )
                told = dict(line.split() for line in told.stdout.splitlines())
                part = pod["metadata"]["labels"]["app.kubernetes.io/component"]
                lines.append(f"  memory {part}: {int(told.get('total_rss', told.get('anon', 0))) / 1e6:.0f} MB")
        (node, *_) = json.loads(self._kubectl("get", "nodes", "-o", "json").stdout)["items"]
        known = {name: one["sizeBytes"] for one in node["status"].get("images", ()) for name in one["names"]}
        return lines + [f"  image {name}: {known[name] / 1e9:.2f} GB" for name in images() if name in known]

    def remove(self) -> None:
        """The release and its namespace, volumes' claims included."""
        subprocess.run([self._helm, "uninstall", "siaga", "-n", NAMESPACE], check=True, capture_output=True)
        self._kubectl("delete", "namespace", NAMESPACE, "--timeout=180s")

    def stop(self) -> None:
        """Ends the ways in."""
        with contextlib.suppress(OSError):
            for one in self._forwards:
                one.stop()

    def _kubectl(self, *words: str, check: bool = True) -> subprocess.CompletedProcess:
        done = subprocess.run(
            ["kubectl", "-n", NAMESPACE, *words], capture_output=True, text=True, timeout=200, check=False
        )
        if check and done.returncode:
            raise Missing(f"kubectl {' '.join(words)[:80]}: {done.stderr.strip()[:400]}")
        return done
