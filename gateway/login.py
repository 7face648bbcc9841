"""Who may ask the gateway: everything but /healthz and /readyz takes a login or a token, and the gateway's own name.

The login is basic auth, as faas-cli sends it. The password alone will do as a bearer token, since `faas-cli invoke`
sends no login by itself but takes a header (-H). Three callers need less and have tokens of their own: the store,
which announces, the web app, which shows what is under way and takes its operator's orders, and Prometheus. A page of
another site that a browser on this machine has open can neither send (its Origin is not ours) nor read (a name that
was pointed at this address is not ours).
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Flask, Response, request

from siaga import vitals
from siaga.settings import Settings

EVENTS = "/siaga/events"
JOBS = "/siaga/jobs"
REPROCESS, ORDERS, STOP, DROP = "/siaga/reprocess", "/siaga/orders", "/siaga/orders/stop", "/siaga/drop"
PREVIEWS = "/siaga/previews"


@dataclass(frozen=True, slots=True)
class Guard:
    """user, password: of the login. tokens: by the path that takes one. names: by which the gateway may be called."""

    user: str
    password: str
    tokens: Mapping[str, str]
    names: frozenset[str | None]

    @classmethod
    def of(cls, settings: Settings) -> "Guard":
        """The one of these settings. Raises SiagaError for a missing secret."""
        return cls(
            settings.secret("gateway-user"),
            settings.secret("gateway-password"),
            {EVENTS: settings.secret("webhook-token"), JOBS: settings.secret("jobs-token")}
            | {vitals.METRICS: settings.secret(vitals.TOKEN)}
            | dict.fromkeys((REPROCESS, ORDERS, STOP, DROP, PREVIEWS), settings.secret("orders-token")),
            frozenset(
                {"127.0.0.1", "localhost", "::1", *settings.gateway_hosts}
                | {urlsplit(url).hostname for url in (settings.gateway_url, settings.gateway_peer_url)}
            ),
        )

    def refuse(self) -> Response | None:
        """The answer to a request that may not come in; None lets it in."""
        if request.path in vitals.OPEN or (request.path == vitals.METRICS and _has_token(self.tokens[vitals.METRICS])):
            return None  # Prometheus comes by the address of each replica, and no page of a browser has its token
        if not self._is_ours(request.host):
            return _text(f"This gateway is not called {request.host[:100]!r}; SIAGA_GATEWAY_HOSTS names its names", 421)
        origin = request.headers.get("Origin")
        if origin is not None and not self._is_ours(origin.rpartition("://")[2]):
            return _text("A page of another site may not call this gateway", 403)
        if _has_token(self.tokens.get(request.path)):
            return None
        if request.path == EVENTS:
            return _text("the webhook token is missing or wrong", 401)
        if _has_token(self.password) or _is_login(self.user, self.password):
            return None
        return _text("invalid credentials", 401, {"WWW-Authenticate": 'Basic realm="Restricted"'})

    def admits(self, app: Flask) -> Callable[[str, str, Mapping[str, str]], bool]:
        """Whether method, path and headers of a request would be let in; asked before its body is taken."""

        def known(method: str, path: str, headers: Mapping[str, str]) -> bool:
            with app.test_request_context(path, method=method, headers=dict(headers)):
                return self.refuse() is None

        return known

    def _is_ours(self, host: str) -> bool:
        """Whether a Host header, with or without its port, names this gateway."""
        try:
            return urlsplit(f"//{host}").hostname in self.names
        except ValueError:  # such as a bracket that is never closed
            return False


def _has_token(token: str | None) -> bool:
    sent = request.headers.get("Authorization", "")
    return token is not None and hmac.compare_digest(sent.encode(), f"Bearer {token}".encode())


def _is_login(user: str, password: str) -> bool:
    sent = request.authorization
    name, word = (sent.username or "", sent.password or "") if sent and sent.type == "basic" else ("", "")
    fits = hmac.compare_digest(name.encode(), user.encode())
    return hmac.compare_digest(word.encode(), password.encode()) and fits


def _text(text: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(text, status, headers, mimetype="text/plain")
