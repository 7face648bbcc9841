"""What the environment says of Siaga, entry by entry; what is wrong is gathered and told at once."""

import re
import socket
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from siaga.errors import SiagaError

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?")
_ADDRESS = re.compile(r"https?://[^\s/?#@]+(/[A-Za-z0-9._~/-]*)?")
_REGION = re.compile(r"([A-Z]{2}-[A-Z]{2})(?:=([a-z]{3}))?")

ROUTES = frozenset(
    "account api ash ash.csv audit data decisions drills earthquakes earthquakes.csv embed feeds floods floods.csv "
    "healthz hidden layouts levels live live.json login logout map metrics notifications ogc readyz realtime "
    "reprocess stac static status status.json subscriptions texts users".split()
)  # what addresses of the web app begin with; a test compares
LOOPBACK = ("127.0.0.1", "localhost", "::1")  # names of this machine
_EVERYWHERE = {
    "0.0.0.0": "127.0.0.1",
    "::": "::1",
}  # by which address this machine itself reaches a part that listens there


class Environment:
    """What an environment says; remembers what is wrong with it."""

    def __init__(self, env: Mapping[str, str]) -> None:
        """`env` as os.environ."""
        self._env = env
        self.wrong: list[str] = []

    def check(self) -> None:
        """Raise SiagaError when anything is wrong."""
        if self.wrong:
            raise SiagaError("Settings: {wrong}", wrong="; ".join(self.wrong))

    def number(self, name: str, default: float) -> float:
        """A number; the default where nothing is said."""
        try:
            return float(self._env.get(name) or default)
        except ValueError:
            self.wrong.append(f"{name} is not a number: {self._env[name]}")
            return default

    def switch(self, name: str, default: bool) -> bool:
        """yes or no."""
        word = self._env.get(name, "") or ("yes" if default else "no")
        if word not in ("yes", "no"):
            self.wrong.append(f"{name} is neither yes nor no: {word}")
        return word == "yes"

    def host(self, name: str) -> str:
        """An address of this machine at which a part listens; loopback where nothing is said."""
        word = self._env.get(name, "") or LOOPBACK[0]
        try:
            return str(ip_address(word))
        except ValueError:
            self.wrong.append(f"{name} is not an address such as 127.0.0.1, 10.1.0.5 or 0.0.0.0 (all): {word}")
            return LOOPBACK[0]

    def door(self, part: str, port: int) -> tuple[str, int]:
        """Where a part listens: SIAGA_<part>_HOST and SIAGA_<part>_PORT, that port where nothing is said."""
        return self.host(f"SIAGA_{part}_HOST"), int(self.number(f"SIAGA_{part}_PORT", port))

    def address(self, name: str, default: str) -> str:
        """By which others come, without the slash at its end."""
        word = (self._env.get(name, "") or default).rstrip("/")
        if not _ADDRESS.fullmatch(word):
            self.wrong.append(f"{name} is not like https://peta.example.id or https://bnpb.example.id/siaga: {word}")
        return word

    def public_url(self, host: str, port: int) -> str:
        """The web app's; it must be said where other machines come in."""
        if host not in LOOPBACK and not self._env.get("SIAGA_PUBLIC_URL"):
            self.wrong.append("SIAGA_WEB_HOST lets other machines in, so SIAGA_PUBLIC_URL must say by which address")
        word = self.address("SIAGA_PUBLIC_URL", f"http://{reached(host)}:{port}")
        first = "".join(word.split("/")[3:4])  # under a path of that name no link tells whether it has the path yet
        if first in ROUTES:
            instead = "choose another path, such as https://bnpb.example.id/siaga"
            self.wrong.append(f"SIAGA_PUBLIC_URL has the path /{first}, which is a page of the app itself; {instead}")
        return word

    def proxies(self, name: str, default: bool) -> tuple[IPv4Network | IPv6Network, ...]:
        """Networks; `yes` is this machine."""
        word = self._env.get(name, "") or ("yes" if default else "no")
        words = {"yes": "127.0.0.1 ::1", "no": ""}
        try:
            return tuple(ip_network(one) for one in words.get(word, word).split())
        except ValueError as error:
            self.wrong.append(f"{name} is neither yes nor no nor networks like 10.1.0.0/16: {error}")
            return ()

    def one_of(self, name: str, words: tuple[str, ...]) -> str:
        """One of those words; the first where nothing is said."""
        word = self._env.get(name, "") or words[0]
        if word not in words:
            self.wrong.append(f"{name} is none of {', '.join(words)}: {word}")
        return word

    def networks(self, name: str) -> tuple[IPv4Network | IPv6Network, ...]:
        """Networks, parted by spaces."""
        try:
            return tuple(ip_network(word) for word in self._env.get(name, "").split())
        except ValueError as error:
            self.wrong.append(f"{name} is not like 10.1.0.0/16 127.0.0.1: {error}")
            return ()

    def origins(self, name: str) -> tuple[str, ...]:
        """Hosts with their scheme, parted by spaces; * is all."""
        words = self._env.get(name, "").split()
        if not all(word == "*" or _ORIGIN.fullmatch(word) for word in words):
            self.wrong.append(f"{name} is not like https://peta.example.id https://localhost:8000: {self._env[name]}")
        return tuple(words)

    def regions(self, name: str, default: str) -> tuple[tuple[str, str], ...]:
        """Regions by ISO 3166-2, each with the city by which old servers name it, or ""."""
        text = self._env.get(name, default)
        found = [_REGION.fullmatch(word) for word in text.split()]
        if not all(found):
            self.wrong.append(f"{name} is not like ID-JK=jbd ID-JB=bdg: {text}")
        return tuple((match[1], match[2] or "") for match in found if match)


def named(host: str) -> str:
    """By which name other machines reach what listens at `host`."""
    return socket.gethostname() if host in _EVERYWHERE else reached(host)


def reached(host: str) -> str:
    """By which address this machine reaches what listens at `host`, as it stands in a URL."""
    here = _EVERYWHERE.get(host, host)
    return f"[{here}]" if ":" in here else here


def is_here(url: str) -> bool:
    """Whether readers on this machine alone reach that address."""
    try:
        return urlsplit(url).hostname in LOOPBACK
    except ValueError:
        return False
