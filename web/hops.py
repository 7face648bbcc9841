"""Who asks, where proxies stand before the app: the last address that no proxy of ours has."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

Networks = Sequence[IPv4Network | IPv6Network]
_HEADER = "HTTP_X_FORWARDED_FOR"
_MOST = 20  # hops that are looked at


def behind(app: WSGIApplication, proxies: Networks) -> WSGIApplication:
    """The app, told who asks. Each proxy appends whom it answers, so the list is read from its end.

    What somebody else says in that header is not believed: it counts only as far as it was written by `proxies`. Where
    one of them appends no address, such as `unknown`, it is itself who asks.
    """

    def asked(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asker = environ.get("REMOTE_ADDR", "")
        said = environ.pop(_HEADER, "").split(",")[-_MOST:]
        while said and _is_of(asker, proxies) and (hop := _address(said.pop().strip())):
            asker = hop
        environ["REMOTE_ADDR"] = asker
        return app(environ, start_response)

    return asked


def _address(word: str) -> str:
    """The address in a word of the header, without port and brackets; "" where there is none."""
    plain = word.endswith("]") or (word.count(":") > 1 and not word.startswith("["))
    host = word if plain else word.rpartition(":")[0] or word  # 1.2.3.4:51234 or [::1]:5123, as some append
    try:
        return str(ip_address(host.removeprefix("[").removesuffix("]")))
    except ValueError:
        return ""


def _is_of(address: str, networks: Networks) -> bool:
    try:
        return any(ip_address(address) in network for network in networks)
    except ValueError:  # the peer of a socket without addresses
        return False
