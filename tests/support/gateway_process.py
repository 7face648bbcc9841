"""The gateway for a test: a real process, and functions played by small HTTP servers."""

import json
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests

from siaga import events, keys, vitals
from siaga import stack as stack_file
from siaga.settings import Settings
from support import warm
from support.running import answers, free_ports, wait_for

STACK = """
functions:
  on-shakemap:
    handler: ./functions/on_shakemap
    image: siaga/on-shakemap:1
    environment: {exec_timeout: 2s}
    labels: {com.openfaas.scale.min: "1"}
    annotations: {siaga.inputs: shakemaps/*grid.xml shakemaps-corrected/*grid.xml}
  render-report:
    handler: ./functions/render_report
    image: siaga/render-report:1
    environment: {exec_timeout: 2s}
    labels: {com.openfaas.scale.min: "2"}
    annotations: {siaga.inputs: "results/earthquake/*/impact.json"}
"""


@dataclass
class Called:
    """One call that a function got."""

    at: float
    method: str
    path: str
    headers: dict
    body: bytes

    @property
    def key(self) -> str:
        """The object that it was called for."""
        return events.parse(self.body)[0].key


def done(called: Called):
    """The answer of a function whose work succeeded."""
    return 200, {"state": "done", "reason": None, "run": "", "event_id": called.key.split("/")[0], "warnings": []}


class Function:
    """A slot played by an HTTP server; `answer(called)` gives (status, JSON value, bytes or text)."""

    def __init__(self, port: int, answer: Callable = done) -> None:
        """Listens at once."""
        self.answer, self.port = answer, port
        self.calls: list[Called] = []
        self.ready = 200
        self.paced = False  # whether it says that it works more slowly on backfill
        self.took_up: Callable = lambda _name: (404, "")  # a function of other make, that does not know
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if self.path == "/_/ready":
                    status, value = outer.ready, "OK"
                elif self.path.startswith("/_/took-up"):
                    status, value = outer.took_up(self.path.rpartition("=")[2])
                else:
                    called = Called(time.time(), self.command, self.path, dict(self.headers), body)
                    outer.calls.append(called)
                    status, value = outer.answer(called)
                if status == 0:  # the process dies in the middle of a call
                    self.connection.close()
                    return
                sent = value if isinstance(value, bytes) else value.encode() if isinstance(value, str) else None
                self.send_response(status)
                if outer.paced:
                    self.send_header("X-Paced", "yes")
                if sent is None:
                    self.send_header("Content-Type", "application/json")
                    sent = json.dumps(value).encode()
                self.send_header("Content-Length", str(len(sent)))
                self.end_headers()
                self.wfile.write(sent)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = handle_any

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 64
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self._server = Server(("127.0.0.1", port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def keys(self) -> list[str]:
        """The keys it was called for, in the order of the calls."""
        return [called.key for called in self.calls]

    def stop(self) -> None:
        """No longer accept connections."""
        self._server.shutdown()
        self._server.server_close()


class Gateway:
    """The gateway on a running store, with ports of its own choice for the functions."""

    def __init__(self, settings: Settings, folder: Path, stack: str = STACK, **more: str) -> None:
        """`settings` of the store; `folder` for stack.yml and the job database. Nothing is started yet."""
        (folder / "stack.yml").write_text(stack)
        self.settings = replace(settings, stack=folder / "stack.yml", function_port=free_ports(8))
        self.database = folder / "jobs.sqlite"
        self.log = folder / "gateway.log"
        for name in (
            "gateway-user",
            "gateway-password",
            "webhook-token",
            "jobs-token",
            "orders-token",
            stack_file.SLOT_TOKEN,
            vitals.TOKEN,
        ):
            settings.make_secret(name)
        self.login = (settings.secret("gateway-user"), settings.secret("gateway-password"))
        self.url = settings.gateway_url
        self.process: warm.Part | None = None
        self._environment = {
            "SIAGA_HOME": str(settings.home),
            "SIAGA_SECRETS": str(settings.secrets),
            "SIAGA_STACK": str(folder / "stack.yml"),
            "SIAGA_STORE_URL": settings.store_url,
            "SIAGA_GATEWAY_PORT": str(settings.gateway_port),
            "SIAGA_FUNCTION_PORT": str(self.settings.function_port),
            "SIAGA_JOB_DATABASE": f"sqlite:///{self.database}",
            "SIAGA_SWEEP_SECONDS": "600",
            "SIAGA_FULL_SWEEP_SECONDS": "600",
            "SIAGA_CANARY_MINUTES": "0",
            "SIAGA_ATTEMPTS": "3",
            "SIAGA_BACKOFF_SECONDS": "0.1",
            "SIAGA_CALLBACK_NETWORKS": "127.0.0.0/8",
        } | more

    def start(self) -> "Gateway":
        """Start it and wait until it answers."""
        self.process = warm.Part("gateway", self._environment, self.log)
        wait_for(lambda: self._alive() and answers(f"{self.url}/healthz"), 40, f"the gateway; see {self.log}")
        return self

    def _alive(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()[-3000:]
        return True

    def kill(self) -> None:
        """`kill -9`."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM; returns the exit status."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            return self.process.wait(20)
        return self.process.returncode if self.process else 0

    def announce(self, body: bytes, token: str | None = None) -> requests.Response:
        """Post a notification as the store would."""
        token = self.settings.secret("webhook-token") if token is None else token
        return requests.post(
            f"{self.url}/siaga/events", data=body, headers={"Authorization": f"Bearer {token}"}, timeout=20
        )

    def jobs(self) -> dict:
        """What GET /siaga/jobs tells."""
        return requests.get(f"{self.url}/siaga/jobs", auth=self.login, timeout=20).json()

    def reprocess(self, **wanted) -> requests.Response:
        """Order something again."""
        return requests.post(f"{self.url}/siaga/reprocess", json=wanted, auth=self.login, timeout=60)


def receipts(store) -> list[dict]:
    """All receipts of the ledger."""
    names = [head.key for head in store.list(keys.LEDGER) if not head.key.startswith(keys.ORDERS)]
    return [json.loads(store.get(keys.LEDGER, name)[0]) for name in names]
