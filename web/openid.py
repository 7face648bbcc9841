"""Logging in by an OpenID provider, beside accounts of Siaga's own: code flow with state, nonce and PKCE."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import FlaskOAuth2App, OAuth
from flask import Blueprint, Flask, current_app, g, redirect, request, session
from flask.typing import ResponseReturnValue
from joserfc.errors import JoseError

from siaga.accounts.account import Account
from siaga.accounts.directory import name_of_provider
from siaga.errors import BadInput, Forbidden, SiagaError
from siaga.openid import SECRET, OpenId
from siaga.outlets import UNSET
from siaga.printable import shown
from siaga.settings import Settings
from web import audit, login
from web.rates import Rates
from web.services import services

_NAME = "siaga-openid"
_PATIENCE = 10  # seconds for the provider's answer
_REST = 15.0  # seconds in which nobody asks a provider that did not answer
_QUEUE = 2.0  # seconds for whoever asks it first
_PER_MINUTE = 20  # steps of one reader; a log-in has two
_SIGNED = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_TROUBLE = (
    requests.RequestException,
    TimeoutError,
    AuthlibBaseError,
    JoseError,
    RuntimeError,
    ValueError,
    KeyError,
    TypeError,
)
CALLBACK = "/login/openid/callback"

pages = Blueprint("openid", __name__)


class Provider:
    """The provider of this app."""

    def __init__(self, app: Flask, openid: OpenId, secret: str) -> None:
        """secret: of the client, as the provider gave it."""
        self.openid, self.rates = openid, Rates(_PER_MINUTE)
        self._asked, self._rests_until = threading.Lock(), 0.0
        self.client: FlaskOAuth2App = OAuth(app).register(
            "openid",
            client_id=openid.client,
            client_secret=secret,
            server_metadata_url=f"{openid.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid profile email",
                "code_challenge_method": "S256",
                "default_timeout": _PATIENCE,
            },
        )

    def describe(self) -> None:
        """Read where the provider's pages are, once. Raises one of _TROUBLE, also where it is another one's."""
        if not self._asked.acquire(timeout=_QUEUE):
            raise TimeoutError("somebody else still waits for the provider's description")
        try:
            with self._patiently():
                metadata = self.client.load_server_metadata()
        finally:
            self._asked.release()
        if metadata.get("issuer") != self.openid.issuer:
            metadata.pop("_loaded_at", None)
            raise ValueError("the provider's description is of another issuer")
        told = metadata.get("id_token_signing_alg_values_supported") or _SIGNED
        metadata["id_token_signing_alg_values_supported"] = [one for one in told if one in _SIGNED]

    def claims(self) -> Mapping[str, object]:
        """What the provider says of who comes back from it; raises one of _TROUBLE where that proves nothing."""
        with self._patiently():
            token = self.client.authorize_access_token(claims_options={"iss": {"values": [self.openid.issuer]}})
            claims: dict[str, object] = dict(token["userinfo"])
            if not self.openid.groups_in(claims) and self.client.server_metadata.get("userinfo_endpoint"):
                more = dict(self.client.userinfo(token=token))
                if more.get("sub") == claims["sub"]:
                    claims = more | claims
            return claims

    @contextmanager
    def _patiently(self) -> Iterator[None]:
        """Ask the provider unless it did not answer a moment ago: each who waits holds a thread of the web app."""
        if time.monotonic() < self._rests_until:
            raise TimeoutError("the provider did not answer a moment ago")
        try:
            yield
        except (requests.ConnectionError, requests.Timeout):
            self._rests_until = time.monotonic() + _REST
            raise


def secret_of(settings: Settings) -> str:
    """That of the client, as the provider gave it; "" where no provider is set. Raises SiagaError."""
    path = settings.secrets / SECRET
    if not settings.openid.issuer:
        return ""
    secret = path.read_text(encoding="utf-8").strip() if path.is_file() else UNSET
    if secret == UNSET:
        raise SiagaError("Write the secret of the client, as the OpenID provider gave it, into {path}", path=path)
    return secret


def install(app: Flask, openid: OpenId, secret: str) -> None:
    """Let people log in by that provider, where one is set."""
    if not openid.issuer:
        return
    app.extensions[_NAME] = Provider(app, openid, secret)
    app.jinja_env.globals["provider"] = openid.name
    app.register_blueprint(pages)


@pages.get("/login/openid")
def start() -> ResponseReturnValue:
    """On to the provider's own page; the session keeps what proves that who comes back is who went."""
    provider = _provider()
    provider.rates.take(request.remote_addr or "")
    try:
        provider.describe()
        session["next"] = login.local(request.args.get("next", ""))
        answer: ResponseReturnValue = provider.client.authorize_redirect(f"{services().public_url}{CALLBACK}")
    except _TROUBLE as error:
        return _failed(error)
    return answer


@pages.get(CALLBACK)
def enter() -> ResponseReturnValue:
    """Begin a session for whom the provider names, if a group of theirs has a role here."""
    provider = _provider()
    provider.rates.take(request.remote_addr or "")
    try:
        provider.describe()
        claims = provider.claims()
    except _TROUBLE as error:
        g.turned_away = True
        return _failed(error)
    role, subject = provider.openid.role_of(claims), f"{claims['iss']} {claims['sub']}"
    called = claims.get("preferred_username") or claims.get("email") or claims["sub"]
    audit.about(f"{subject} {role}")
    try:
        account = _admitted(str(called), role, subject)
    except (Forbidden, BadInput) as error:
        return login.refused(g.language.reason(error.reason()), error.status)
    after = str(session.get("next", ""))
    session.clear()  # nothing from before the login stays valid
    login.begin(account)
    return redirect(after or login.home(account))


def _admitted(called: str, role: str, subject: str) -> Account:
    """The account of who comes from the provider, with that role. Raises Forbidden, also where there is no role."""
    accounts = login.installed().accounts
    there = accounts.of_subject(subject)
    g.tried = there.name if there else name_of_provider(called)
    if role:
        return accounts.readmit(there.name, role) if there else accounts.add_of_provider(called, role, subject)
    if there:
        accounts.dismiss(there.name)
    raise Forbidden("None of your groups has a role here; who administers Siaga can give it one")


def _provider() -> Provider:
    provider: Provider = current_app.extensions[_NAME]
    return provider


def _failed(error: Exception) -> ResponseReturnValue:
    """The login page with a sentence; what exactly failed is for the log, since much of it came from elsewhere."""
    current_app.logger.warning("the OpenID provider let nobody in: %s", shown(f"{type(error).__name__}: {error}"[:400]))
    name = _provider().openid.name
    return login.refused(
        g.language("Logging in by {name} did not work; try again, or log in by an account of Siaga's own", name=name),
        403,
    )
