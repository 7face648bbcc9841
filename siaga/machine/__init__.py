"""One machine: which parts Siaga has there, where they listen, and how they are started together."""

import fcntl
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import yaml

from siaga import generation, keys, modes, openid, outlets, stack, vitals
from siaga.environment import reached
from siaga.errors import SiagaError, Unavailable
from siaga.machine import minio
from siaga.machine.supervisor import START_SECONDS, Part, Supervisor, answers
from siaga.settings import REPOSITORY, Settings
from siaga.store import Store

RUNTIME = REPOSITORY / "template" / "python3-qgis" / "index.py"
_OVERDUE_SECONDS = 15.0  # beyond a function's own limit, which its slot keeps first
_LOOK_SECONDS = 0.5  # between looks at a store that starts
_LATE_SECONDS = 2.0  # between looks at a store that is late
BMKG_KEY = "sftp-bmkg-key"  # the private half of the first SFTP user, for trying the door


class StoreIsLate(Unavailable):
    """Our own store is started and not ready yet, or broke off while it was set up."""


def up(settings: Settings, supervisor: Supervisor, say: Callable[[str], None], seconds: float = START_SECONDS) -> None:
    """Start every part and wait until all are ready, `seconds` for each floor at most; `say` hears of what is not.

    One that is late, the store too, is tried again and stops no other. Raises SiagaError when a port is taken, a
    secret is missing, or the store refuses its set-up.
    """
    for path in modes.mend(settings):
        say(f"others on this machine may read {path}, and it is not ours to close: give it to the user of Siaga")
    if os.geteuid() == 0:
        say("Siaga runs as root, and so does all that reads what strangers send: give it a user of its own (README)")
    if doors := settings.open_doors():
        say(f"other machines may come in: {', '.join(doors)}")
    functions = stack.planned(settings)
    _check_ports(settings, functions)
    try:
        start_store(settings, supervisor, functions, say, seconds)
        generation.check(Store.connect(settings, "root"))
    except StoreIsLate as error:
        say(str(error))
        late = partial(_prepare_late, settings, functions, say)
        threading.Thread(target=late, name="store set-up", daemon=True).start()
    if names := supervisor.start(*parts(settings, functions), seconds=seconds):
        say(f"not ready yet, and tried again: {', '.join(names)}; see {settings.home / 'logs'}")
    with suppress(Unavailable):
        if not Store.connect(settings, "root").exists(keys.ANALYSIS_DATA, keys.MANIFEST):
            say("no exposure data is installed yet: run `siaga data demo`, or install your own")


def start_store(
    settings: Settings,
    supervisor: Supervisor,
    functions: tuple[stack.Function, ...],
    say: Callable[[str], None],
    seconds: float = START_SECONDS,
) -> None:
    """Start our own store, or take the one that the settings name, and prepare it for these functions.

    Raises StoreIsLate when our own is not ready after `seconds` or breaks off, SiagaError when a secret or the server
    is missing, the store refuses something, or one elsewhere does not answer for so long.
    """
    _check_keys(settings)
    make_secrets(settings)
    if settings.store_is_here:
        ready, alive = (partial(answers, f"{settings.store_url}/minio/health/{name}") for name in ("ready", "live"))
        store = Part("minio", minio.command(settings), minio.environment(settings), ready, alive)
        if supervisor.start(store, seconds=seconds):
            raise StoreIsLate(
                "The store is not ready after {seconds} s and is tried again; see {logs}",
                seconds=f"{seconds:g}",
                logs=settings.home / "logs",
            )
    deadline = time.monotonic() + seconds
    while True:
        try:
            return minio.configure(settings, functions, say)
        except Unavailable as error:
            if settings.store_is_here:  # it is started again where it has ended
                raise StoreIsLate("{error}; its set-up is tried again", error=str(error)) from error
            if time.monotonic() > deadline:
                raise
        time.sleep(_LATE_SECONDS)


def _prepare_late(settings: Settings, functions: tuple[stack.Function, ...], say: Callable[[str], None]) -> None:
    """Prepare a store that was late once it answers; until then what needs it ends and is started again."""
    while True:
        if minio.ready(settings):
            try:
                minio.configure(settings, functions, say)
            except SiagaError as error:
                say(str(error))
            else:
                say("the store is ready now")
                return
        time.sleep(_LATE_SECONDS)


def become_store(settings: Settings) -> NoReturn:
    """Be our MinIO server in this process's place, as a container or a service of its own. Raises SiagaError."""
    make_secrets(settings)
    command = minio.command(settings)
    os.execve(command[0], command, os.environ | dict(minio.environment(settings)))


def become_part(settings: Settings, name: str) -> NoReturn:
    """Be the gateway, the SFTP door or the web app in this process's place."""
    part = next(part for part in parts(settings, ()) if part.name == name)
    os.execve(part.command[0], list(part.command), os.environ | dict(part.environment))


def slot_parts(settings: Settings) -> list[Part]:
    """The slots of all functions, for a supervisor of their own."""
    functions = stack.planned(settings)
    others = {part.name for part in parts(settings, ())}
    return [part for part in parts(settings, functions) if part.name not in others]


def prepare(settings: Settings, seconds: float, say: Callable[[str], None]) -> None:
    """Make the secrets that are missing, and put into the store what must be there before the first upload.

    Safe to repeat, also while all runs. Raises SiagaError when a key is missing or the store refuses something,
    Unavailable when it does not answer within `seconds`.
    """
    _check_keys(settings)
    make_secrets(settings)
    make_store_keys(settings)
    deadline = time.monotonic() + seconds
    while settings.store_is_ours and not minio.ready(settings):
        if time.monotonic() > deadline:
            raise Unavailable("The store {url} does not answer", url=settings.store_url)
        time.sleep(_LOOK_SECONDS)
    while True:
        try:
            minio.configure(settings, stack.load(settings.stack), say)
            break
        except Unavailable:
            if time.monotonic() > deadline:
                raise
        time.sleep(_LOOK_SECONDS)
    generation.check(Store.connect(settings, "root"))


def parts(settings: Settings, functions: tuple[stack.Function, ...]) -> list[Part]:
    """All parts but the store."""
    python = sys.executable
    quiet = {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    gateway, web, sftp = (
        partial(answers, f"http://{reached(host)}:{port}{vitals.ALIVE}")
        for host, port in (
            (settings.gateway_host, settings.gateway_port),
            (settings.web_host, settings.web_port),
            settings.sftp_health,
        )
    )
    door = partial(_listens, reached(settings.sftp_host).strip("[]"), settings.sftp_port)
    made = [
        Part("gateway", [python, "-m", "gateway"], quiet, gateway, gateway),
        Part("sftp", [python, "-m", "gateway.sftp"], quiet, lambda: sftp() and door(), sftp),
        Part("web", [python, "-m", "web"], quiet, web, web),
    ]
    if settings.backup.where:
        command = [python, "-c", "from siaga.cli import main; raise SystemExit(main())", "backup", "--nightly"]
        made.append(Part("backup", command, quiet))
    runtime = settings.home / "run"
    runtime.mkdir(mode=0o700, parents=True, exist_ok=True)  # Qt refuses one that others may read
    first_ports: dict[str, int] = {}
    for slot in stack.slots(functions, settings):
        first = first_ports.setdefault(slot.function.name, slot.port)
        environment = quiet | dict(slot.function.environment)
        name = f"{slot.function.name}-{slot.port - settings.function_port}"
        environment |= {
            "PORT": str(slot.port),
            "HOST": "127.0.0.1",
            "FUNCTION_MODULE": slot.function.module,
            "MALLOC_ARENA_MAX": "2",  # with more, memory freed after one analysis is not found again by the next
            "XDG_RUNTIME_DIR": str(runtime),
            "slot_token_file": str(settings.secrets / stack.SLOT_TOKEN),
            "metrics_token_file": str(settings.secrets / vitals.TOKEN),
            "call_mark": str(runtime / f"{name}.calls"),
            "memory_limit": slot.function.memory,
            "spare_slot": "yes" if slot.port > first else "no",
        }
        ready, alive = (partial(answers, f"http://127.0.0.1:{slot.port}/_/{name}") for name in ("ready", "health"))
        patience = slot.function.timeout_seconds + _OVERDUE_SECONDS  # whatever holds its interpreter
        made.append(Part(name, [python, str(RUNTIME)], environment, ready, alive, patience))
    return made


def addresses(settings: Settings) -> list[tuple[str, str]]:
    """What runs where, for people."""
    return [
        ("web", settings.public_url),
        ("status", f"{settings.public_url}/status"),
        ("SFTP", f"sftp -P {settings.sftp_port} -i {settings.secrets / BMKG_KEY} bmkg@{settings.sftp_host}"),
        ("gateway", settings.gateway_url),
        ("store", settings.store_url),
        ("home", str(settings.home)),
    ]


def make_secrets(settings: Settings) -> None:
    """Make what is missing.

    Login and tokens of gateway and slots, keys of the web's sessions and of alerts, SFTP host key and first user.
    """
    settings.make_secret("gateway-user", "admin")
    settings.make_secret("gateway-password")
    settings.make_secret("webhook-token")
    settings.make_secret("jobs-token")
    settings.make_secret("orders-token")
    settings.make_secret(stack.SLOT_TOKEN)
    settings.make_secret(vitals.TOKEN)
    settings.make_secret("web-session-key")
    settings.make_secret("alerts-key")
    for name in (*outlets.SECRETS, openid.SECRET):  # which the operator fills in
        settings.make_secret(name, outlets.UNSET)
    make_ssh_key(settings.secrets / "sftp-host-key")
    users = settings.secrets / "sftp-users.yml"
    if users.exists():
        return
    public = make_ssh_key(settings.secrets / BMKG_KEY)
    prefixes = {bucket: bucket for bucket in (keys.SHAKEMAPS, keys.SHAKEMAPS_CORRECTED)}
    user = {"keys": [public], "prefixes": prefixes}
    settings.make_secret("sftp-users.yml", yaml.safe_dump({"users": {"bmkg": user}}, sort_keys=False).strip())


def make_store_keys(settings: Settings) -> None:
    """Make the access keys of our store that are missing; another's are its operator's to give."""
    for role in ("root", *minio.ROLES) if settings.store_is_ours else ():
        settings.make_secret(f"store-{role}-key", minio.access_key(role))
        settings.make_secret(f"store-{role}-secret")


def make_database_password(settings: Settings) -> None:
    """Make what a PostgreSQL beside the parts asks for, and the gateway answers."""
    settings.make_secret("postgres-password")


def make_monitoring_password(settings: Settings) -> None:
    """Make the password of Grafana's user admin, where it runs beside the parts."""
    settings.make_secret("grafana-password")


def make_ssh_key(path: Path) -> str:
    """Make an ed25519 key pair unless it is there; returns the public half as one line."""
    if not path.exists():
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"siaga {path.name}", "-f", str(path)]
        subprocess.run(command, check=True)
    return path.with_name(f"{path.name}.pub").read_text(encoding="utf-8").strip()


def store_secrets() -> list[str]:
    """The secrets that hold the store's access keys, two for each role."""
    return [f"store-{role}-{part}" for role in ("root", *minio.ROLES) for part in ("key", "secret")]


@contextmanager
def only_one(settings: Settings) -> Iterator[None]:
    """Hold the home folder: two supervisors on one home would fight over it.

    Raises SiagaError when another process holds it.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    with (settings.home / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise SiagaError(
                "Siaga already runs on {home} (process {pid}); stop it, or set SIAGA_HOME to another folder",
                home=settings.home,
                pid=lock.read().strip(),
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def gateway_runs(settings: Settings) -> bool:
    """Whether something listens where the gateway does."""
    where = urlsplit(settings.gateway_url)
    return _listens(where.hostname or "", where.port or (443 if where.scheme == "https" else 80))


def _check_ports(settings: Settings, functions: tuple[stack.Function, ...]) -> None:
    wanted = {
        "SIAGA_GATEWAY_PORT": settings.gateway_port,
        "SIAGA_SFTP_PORT": settings.sftp_port,
        "SIAGA_SFTP_HEALTH_PORT": settings.sftp_health[1],
        "SIAGA_WEB_PORT": settings.web_port,
    }
    if settings.store_is_here:
        wanted["SIAGA_STORE_PORT"] = settings.store_port
    for slot in stack.slots(functions, settings):
        wanted[f"SIAGA_FUNCTION_PORT ({slot.function.name})"] = slot.port
    taken = [f"{port} ({name})" for name, port in wanted.items() if _listens("127.0.0.1", port)]
    if taken:
        raise SiagaError("These ports are taken: {ports}; set other ones", ports=", ".join(taken))


def _check_keys(settings: Settings) -> None:
    """Another store's keys come from its operator, who hears of all that are missing at once."""
    missing = [name for name in store_secrets() if not (settings.secrets / name).exists()]
    if missing and not settings.store_is_ours:
        raise SiagaError(
            "The access keys of the store {url} are missing in {folder}; roles may share one: {names}",
            url=settings.store_url,
            folder=settings.secrets,
            names=", ".join(missing),
        )


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=2):
            return True
    except OSError:
        return False
