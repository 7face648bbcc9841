"""Replicas: all that the name in a function's address stands for, looked up anew every few seconds."""

import logging
import socket
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

from gateway.invoke import Slots

_log = logging.getLogger("gateway")
_LOOK_SECONDS = 2.0


class Replicas:
    """Where many containers stand behind one name, each is a slot with an address of its own.

    So that whoever had begun with a call can be asked, and an old map leaves one of several free. A name with one
    address tells nothing, since it may be a balancer's: then there are as many slots as stack.yml says, all of that
    address. Of an address with a path, as OpenFaaS's gateway has it, only that gateway knows what is behind it.
    Slots with ports of their own, as on one machine, are all known by stack.yml and stay as they are.
    """

    def __init__(self, slots: Slots, changed: Callable[[str, int], None]) -> None:
        """`changed` is told which function has how many slots from now on."""
        self._slots, self._changed = slots, changed
        self._named = {
            name: urls[0]
            for name in slots.functions
            if len(set(urls := slots.urls(name))) == 1
            and not urlsplit(urls[0]).path.strip("/")
            and urls[0].startswith("http:")
        }

    def look(self) -> None:
        """Look once; a name that nobody can tell keeps what it stood for."""
        for function, url in self._named.items():
            found = _addresses(url)
            if len(found) == 1:
                found = [url] * self._slots.functions[function].replicas
            if found and found != self._slots.urls(function):
                self._slots.replace(function, found)
                self._changed(function, len(found))
                _log.info("%s has %d slots", function, len(found))

    def run(self, stop: threading.Event) -> None:
        """Look until told to stop."""
        while not stop.wait(_LOOK_SECONDS):
            self.look()


def _addresses(url: str) -> list[str]:
    """The URL of each address that its host's name stands for, in a fixed order; none when nobody tells."""
    parts = urlsplit(url)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    hosts = sorted({str(address[0]) for *_, address in found})
    return [f"http://{f'[{host}]' if ':' in host else host}:{parts.port or 80}" for host in hosts]
