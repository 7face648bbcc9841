"""Posting to addresses that others name: never to Siaga itself, and to public ones alone unless a setting says so."""

import http.client
import json
import socket
import ssl
import threading
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from siaga.errors import BadInput, SiagaError, Unavailable

NEVER, PRIVATE = "never", "private"
_CONNECT_SECONDS, _SECONDS = 5.0, 20.0  # for a connection; for all of one post, whatever the other side does
_HOLD_IPV4 = tuple(  # in their last 32 bits: mapped, compatible, translated (RFC 2765), NAT64 (RFC 6052)
    map(IPv6Network, ("::ffff:0:0/96", "::/96", "::ffff:0:0:0/96", "64:ff9b::/96"))
)
_MOST_BYTES = 1 << 16  # that are read of an answer


class Unanswered(SiagaError):
    """Something was sent, and no whole answer came: nobody knows whether it was taken."""

    status = 502


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said."""

    status: int
    body: bytes

    def json(self) -> dict[str, object]:
        """Its body as an object; {} where it is none."""
        try:
            read = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return read if isinstance(read, dict) else {}


class Guard:
    """Which addresses may be posted to."""

    def __init__(self, networks: Iterable[IPv4Network | IPv6Network], own_ports: Iterable[int]) -> None:
        """networks: that are allowed besides. own_ports: of this machine, at which nobody is posted to."""
        self._networks, self._own_ports = tuple(networks), frozenset(own_ports)

    def objection(self, address: str, port: int, here: bool) -> str:
        """NEVER, PRIVATE, or "" where it may be posted to. here: it is one of this machine."""
        plain = plain_address(address)
        if plain.is_link_local or plain.is_multicast or plain.is_unspecified or (here and port in self._own_ports):
            return NEVER
        return "" if plain.is_global or any(plain in network for network in self._networks) else PRIVATE

    def check(self, address: str, port: int, here: bool) -> None:
        """Raise BadInput when nothing may be posted to that address."""
        objection = self.objection(address, port, here)
        where = f"{plain_address(address)}:{port}"
        if objection == NEVER:
            raise BadInput("The address leads to {where}, where nothing is ever posted", where=where)
        if objection == PRIVATE:
            raise BadInput(
                "The address leads to {where}, which is not public; SIAGA_CALLBACK_NETWORKS names what is allowed",
                where=where,
            )


def plain_address(address: str) -> IPv4Address | IPv6Address:
    """An address without the interface that a link-local one names, and IPv4 as such however it is written."""
    plain = ip_address(address.partition("%")[0])
    if isinstance(plain, IPv6Address) and int(plain) > 1 and any(plain in network for network in _HOLD_IPV4):
        return IPv4Address(int(plain) & 0xFFFFFFFF)
    return plain


def post(url: str, headers: Mapping[str, str], body: bytes, guard: Guard | None, method: str = "POST") -> Answer:
    """Send one request to the address that was resolved and checked, and read its answer; redirects are not followed.

    guard: None for an address that a setting names. Errors never hold the path, which may be secret. Raises BadInput
    where it may not be posted there, Unavailable where nothing was sent, Unanswered.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    secure = parts.scheme == "https"
    connection = http.client.HTTPConnection(host, parts.port or (443 if secure else 80), timeout=_SECONDS)
    with closing(connection):
        connection.sock = _connected(host, connection.port, secure, guard)
        watch = threading.Timer(_SECONDS, _break, [connection.sock])
        watch.daemon = True
        watch.start()
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request(method, target, body, dict(headers) | {"Connection": "close"})
            response = connection.getresponse()
            return Answer(response.status, response.read(_MOST_BYTES))
        except (OSError, http.client.HTTPException) as error:
            raise Unanswered("{host} did not answer: {detail}", host=host, detail=type(error).__name__) from None
        finally:
            watch.cancel()


def _connected(host: str, port: int, secure: bool, guard: Guard | None) -> socket.socket:
    try:
        resolved = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable("{host} cannot be found: {detail}", host=host, detail=str(error)) from None
    refused: Exception = Unavailable("{host} cannot be found: {detail}", host=host, detail="")
    for *_, place in resolved:
        address = str(place[0])
        if guard:
            guard.check(address, port, plain_address(address).is_loopback)
        try:
            opened = socket.create_connection((address, port), _CONNECT_SECONDS)
        except OSError as error:
            refused = error
            continue
        try:
            if guard:
                guard.check(address, port, opened.getpeername()[0] == opened.getsockname()[0])
            opened.settimeout(_SECONDS)
            return ssl.create_default_context().wrap_socket(opened, server_hostname=host) if secure else opened
        except OSError as error:  # of TLS
            opened.close()
            refused = error
        except SiagaError:
            opened.close()
            raise
    raise Unavailable("{host} accepts no connection: {detail}", host=host, detail=str(refused))


def _break(opened: socket.socket) -> None:
    with suppress(OSError):
        opened.shutdown(socket.SHUT_RDWR)
