"""The answer of an asynchronous call, posted to where its caller asked (X-Callback-Url)."""

import logging
import socket
import threading
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network
from urllib.parse import urlsplit

from gateway import invoke
from gateway.job import Job
from gateway.verdict import Verdict
from siaga.errors import BadInput, SiagaError
from siaga.outgoing import NEVER, PRIVATE, Guard, plain_address
from siaga.settings import Settings
from siaga.stack import Slot

_log = logging.getLogger("gateway")
_SECONDS = 10.0  # in all; a receiver that dawdles must not hold up the jobs that wait


class Callbacks:
    """Posts answers to public addresses, and to others only where the settings allow them: never to Siaga itself.

    A caller names an address that the gateway reaches and others may not: the store, the cloud's own services.
    """

    def __init__(self, networks: Iterable[IPv4Network | IPv6Network], own_ports: Iterable[int]) -> None:
        """networks: that are allowed besides. own_ports: of this machine, at which nobody is posted to."""
        self._guard = Guard(networks, own_ports)

    @classmethod
    def of(cls, settings: Settings, slots: Iterable[Slot]) -> "Callbacks":
        """Those of these settings, with functions at these slots."""
        ports = [settings.store_port, settings.gateway_port, settings.sftp_port, settings.web_port]
        urls = (settings.store_url, *(slot.url for slot in slots))
        return cls(settings.callback_networks, [*ports, *(port for url in urls if (port := urlsplit(url).port))])

    def check(self, url: str) -> str:
        """Return the URL, or raise BadInput when nothing can or may be posted there.

        A name that cannot be resolved now passes: whom it names is looked at again when the answer is posted.
        """
        try:
            parts = urlsplit(url)
            fits = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            fits = False
        if not fits:
            raise BadInput("X-Callback-Url is {url}; write an http or https address", url=repr(url[:200]))
        try:
            found = socket.getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            found = []
        for *_, (address, port, *_more) in found:
            self.refuse(str(address), int(port), plain_address(str(address)).is_loopback)
        return url

    def refuse(self, address: str, port: int, here: bool) -> None:
        """Raise BadInput when nothing may be posted to that address. here: it is one of this machine."""
        plain, objection = plain_address(address), self._guard.objection(address, port, here)
        if objection == NEVER:
            raise BadInput(
                "X-Callback-Url leads to {address}, where no answer is ever posted", address=f"{plain}:{port}"
            )
        if objection == PRIVATE:
            raise BadInput(
                "X-Callback-Url leads to {address}, which is not public; SIAGA_CALLBACK_NETWORKS names what is allowed",
                address=str(plain),
            )

    def post(self, job: Job, verdict: Verdict) -> None:
        """Post the function's answer once; a receiver that is away is logged, as OpenFaaS does."""
        posting = threading.Thread(target=_post, args=(job, verdict, self), name="callback", daemon=True)
        posting.start()
        posting.join(_SECONDS)
        if posting.is_alive():
            _log.warning("callback of %s to %s is not answered; nobody waits for it longer", job.id, job.callback)


def _post(job: Job, verdict: Verdict, callbacks: Callbacks) -> None:
    call_id = next((value for name, value in job.headers if name.lower() == "x-call-id"), "")
    headers = [
        ("Content-Type", verdict.media_type or "text/plain"),
        ("X-Call-Id", call_id),
        ("X-Duration-Seconds", f"{verdict.seconds:f}"),
        ("X-Function-Name", job.function),
        ("X-Function-Status", str(verdict.status or 503)),
    ]
    parts = urlsplit(job.callback)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    url = f"{parts.scheme}://{parts.netloc}"
    try:
        answer = invoke.begin(url, "POST", target, headers, verdict.body, _SECONDS, may=callbacks.refuse)
        answer.close()  # what it says besides is nobody's concern
        if answer.status >= 300:
            _log.warning("callback of %s to %s was answered %d", job.id, job.callback, answer.status)
    except SiagaError as error:
        _log.warning("callback of %s: %s", job.id, error)
