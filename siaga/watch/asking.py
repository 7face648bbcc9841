"""What the watcher asks, over the network alone: every part, the SFTP door's port, the store."""

import socket
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

import requests
from prometheus_client.parser import text_string_to_metric_families

from siaga import keys, stack, vitals
from siaga.environment import reached
from siaga.settings import Settings

_SECONDS = 5.0  # for one answer
_AT_ONCE = 8
_BUSY = 429  # of a slot that is at work
_BANNER = b"SSH-"

KINDS = ("gateway", "web", "sftp", "functions", "port", "store")  # port: the SFTP door's, as an agency reaches it

Figures = Mapping[str, Sequence[tuple[Mapping[str, str], float]]]


@dataclass(frozen=True, slots=True)
class Reply:
    """What one part said.

    dead: why it does not live; unable: why it cannot work, in its own words; "" for neither. unread: why its figures
    cannot be read; figures: by name, each value with its labels.
    """

    dead: str = ""
    unable: str = ""
    unread: str = ""
    figures: Figures = field(default_factory=dict)


def everybody(settings: Settings, kinds: Collection[str] = KINDS) -> dict[str, Reply]:
    """Those of these kinds, side by side. Raises SiagaError for a bad stack.yml or a missing token."""
    token = settings.secret(vitals.TOKEN)
    host, port = settings.sftp_health
    addresses = {
        "gateway": settings.gateway_url,
        "web": settings.public_url,
        "sftp": f"http://{reached(host)}:{port}",
    }
    parts = [(name, url) for name, url in addresses.items() if name in kinds]
    parts += _slots(settings) if "functions" in kinds else []
    questions: dict[str, Callable[[], Reply]] = {name: partial(ask, url, token) for name, url in parts}
    if "port" in kinds:
        questions["SFTP port"] = lambda: _greeting(reached(settings.sftp_host).strip("[]"), settings.sftp_port)
    if "store" in kinds:
        questions["store"] = lambda: _store(settings.store_url)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return dict(zip(questions, pool.map(lambda question: question(), questions.values()), strict=True))


def ask(url: str, token: str) -> Reply:
    """One part: whether it lives, can work, and its figures."""
    try:
        alive = requests.get(f"{url}{vitals.ALIVE}", timeout=_SECONDS)
        if not alive.ok:
            return Reply(dead=f"it answers {alive.status_code}: {_line(alive.text)}")
        ready = requests.get(f"{url}{vitals.READY}", timeout=_SECONDS)
        header = {"Authorization": f"Bearer {token}"}
        told = requests.get(f"{url}{vitals.METRICS}", headers=header, timeout=_SECONDS)
    except requests.RequestException as error:
        return Reply(dead=_why(error))
    unable = "" if ready.ok or ready.status_code == _BUSY else _line(ready.text)
    if not told.ok:
        return Reply(unable=unable, unread=f"it answers {told.status_code}; {vitals.TOKEN} may be another one")
    try:
        return Reply(unable=unable, figures=_read(told.text))
    except ValueError as error:
        return Reply(unable=unable, unread=_line(str(error)))


def _slots(settings: Settings) -> list[tuple[str, str]]:
    slots = stack.slots(stack.planned(settings), settings)
    return list({slot.url: (f"{slot.function.name} at {slot.url}", slot.url) for slot in slots}.values())


def _read(text: str) -> Figures:
    figures: dict[str, list[tuple[Mapping[str, str], float]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            figures.setdefault(sample.name, []).append((sample.labels, sample.value))
    return figures


def _greeting(host: str, port: int) -> Reply:
    """Whether the door greets, as an agency's client sees it."""
    try:
        with socket.create_connection((host, port), timeout=_SECONDS) as connection:
            connection.settimeout(_SECONDS)
            greeted = connection.recv(len(_BANNER)) == _BANNER
    except OSError as error:
        return Reply(dead=_why(error))
    return Reply(dead="" if greeted else "it takes a connection and does not greet")


def _store(url: str) -> Reply:
    """Whether an S3 store answers: that a question without a key is refused shows it."""
    try:
        status = requests.get(f"{url}/{keys.RESULTS}/{vitals.NOTHING}", timeout=_SECONDS).status_code
    except requests.RequestException as error:
        return Reply(dead=_why(error))
    return Reply(dead=f"it answers {status}" if status >= 500 else "")


def _why(error: Exception) -> str:
    """In words, without the address, which may be long."""
    if isinstance(error, (requests.Timeout, TimeoutError)):
        return f"no answer within {_SECONDS:g} s"
    if isinstance(error, (requests.ConnectionError, ConnectionError)):
        return "it takes no connection"
    return type(error).__name__


def _line(text: str) -> str:
    return " ".join(text.split())[:200]
