"""Who may change something: one operator, a session after the login page, a token on every changing request.

Until accounts exist the role operator is one account of the secrets folder (`siaga operator NAME`).
"""

import hmac
import ipaddress
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    g,
    jsonify,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from siaga.errors import Forbidden, SiagaError
from siaga.listener import SMALL
from siaga.machine import operator as operator_account

_NAME = "siaga-login"
SAFE = ("GET", "HEAD", "OPTIONS")
_HOURS = 12
_TRIES, _WINDOW = 5, 300.0  # wrong passwords of one address within so many seconds
_TRIES_NEAR = 20  # of a neighbourhood: who has one address often has the others of its network too
_REMEMBERED = 10_000  # networks
_LARGEST = 65 << 20  # bytes of a request from the operator
_LONGEST = 200  # characters of a name or a password that are looked at

Route = Callable[..., Any]
pages = Blueprint("login", __name__)


class TooOften(SiagaError):
    """Too many wrong passwords; later it may go on."""

    status = 429


class NotLoggedIn(SiagaError):
    """The role operator is needed."""

    status = 401


class Tries:
    """Wrong passwords of the last minutes, by address and by its network. Kept in memory: a restart forgets them.

    Nobody is shut out by what others do: guesses from everywhere at once are slowed, one being checked at a time.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` in seconds."""
        self._clock, self._lock = clock, threading.Lock()
        self._wrong: dict[str, list[tuple[str, float]]] = {}  # by network: address and when

    def check(self, address: str) -> None:
        """Raises TooOften when this address, or its network, has tried too often."""
        with self._lock:
            near = self._recent(_network(address))
        if len(near) >= _TRIES_NEAR or sum(who == address for who, _when in near) >= _TRIES:
            raise TooOften("Too many wrong passwords; try again in {minutes} minutes", minutes=round(_WINDOW / 60))

    def wrong(self, address: str) -> None:
        """Remember one."""
        network = _network(address)
        with self._lock:
            recent = self._recent(network)
            self._wrong.pop(network, None)  # those who tried last stand last
            self._wrong[network] = [*recent, (address, self._clock())]
            if len(self._wrong) > _REMEMBERED:
                del self._wrong[next(iter(self._wrong))]

    def _recent(self, network: str) -> list[tuple[str, float]]:
        oldest = self._clock() - _WINDOW
        return [one for one in self._wrong.get(network, []) if one[1] > oldest]


class Login:
    """The role operator: by the session of a browser, or by a password sent with each call."""

    def __init__(self, folder: Path, tries: Tries | None = None) -> None:
        """`folder` of the secrets, in which the operator's account is."""
        self._folder, self._tries = folder, tries or Tries()
        self._one_at_a_time = threading.Lock()

    def admit(self, name: str, password: str) -> str:
        """The operator's stamp if name and password are right, "" if not; raises TooOften."""
        address = request.remote_addr or ""
        with self._one_at_a_time:
            self._tries.check(address)
            account = operator_account.read(self._folder)
            if account and account.fits(name[:_LONGEST], password[:_LONGEST]):
                return _stamp(account)
            self._tries.wrong(address)
        return ""

    def operator(self) -> str:
        """The name of the operator whose session this is, "" if there is none or the password has changed since."""
        account = operator_account.read(self._folder)
        known = account and hmac.compare_digest(session.get("operator", ""), _stamp(account))
        return account.name if account and known else ""

    def end_sessions(self) -> None:
        """Let no session of before be the operator's, in whatever browser its cookie lies."""
        if self.operator():
            operator_account.end_sessions(self._folder)

    def exists(self) -> bool:
        """Whether any operator is set."""
        return operator_account.read(self._folder) is not None


def install(app: Flask, login: Login, key: str, secure: bool) -> None:
    """Sessions, tokens and the login page. key: signs sessions. secure: whether readers come by https."""
    app.secret_key = key
    app.config.update(
        SESSION_COOKIE_NAME="siaga-session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=_HOURS),
        MAX_CONTENT_LENGTH=_LARGEST,
    )
    app.extensions[_NAME] = login
    app.register_blueprint(pages)


def may_send_much(app: Flask) -> Callable[[str, str, Mapping[str, str]], bool]:
    """Whether method, path and headers of a request are the operator's; asked before its body is taken."""

    def known(method: str, path: str, headers: Mapping[str, str]) -> bool:
        with app.test_request_context(path, method=method, headers=dict(headers)):
            return bool(_login().operator())

    return known


def page(route: Route) -> Route:
    """A route for the operator's browser alone; others go to the login page."""

    @wraps(route)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if _login().operator():
            return route(*args, **kwargs)
        return redirect(url_for("login.form", next=request.path if request.method in SAFE else None))

    return guarded


def call(route: Route) -> Route:
    """A route for the operator's programs: name and password with each call (Basic), no session; JSON."""

    @wraps(route)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        sent = request.authorization
        try:
            if sent and sent.type == "basic" and _login().admit(sent.username or "", sent.password or ""):
                return route(*args, **kwargs)
            raise NotLoggedIn("Send the operator's name and password with the call")
        except SiagaError as error:
            return jsonify(error=str(error), reason=error.reason()), error.status

    guarded.by_password = True  # type: ignore[attr-defined]  # no cookie speaks for it, so it needs no token
    return guarded


@pages.before_app_request
def check_token() -> None:
    """Nothing changes without the token of a form of ours. Raises Forbidden."""
    view = current_app.view_functions.get(request.endpoint or "")
    if request.method in SAFE or view is None or getattr(view, "by_password", False):
        return
    if (request.content_length or 0) > SMALL and not _login().operator():
        raise Forbidden("Log in before you send a file")
    known, sent = session.get("token", ""), request.form.get("token", "")
    if not known or not hmac.compare_digest(sent.encode(), known.encode()):
        raise Forbidden("The page was too old or not ours; load it again and repeat what you did")


@pages.after_app_request
def keep_nothing(response: Response) -> Response:
    """What the operator sees stays in no cache."""
    if request.blueprint in ("login", "ash", "reprocess"):
        response.headers["Cache-Control"] = "no-store"
    return response


@pages.app_context_processor
def tokens() -> dict[str, Any]:
    """What templates ask of the session."""
    return {"token": token, "operator": _login().operator}


@pages.get("/login")
def form() -> str:
    """The login page."""
    return render_template("login.html", tab="login", next=_local(request.args.get("next", "")), **_words())


@pages.post("/login")
def enter() -> AnyResponse | tuple[str, int]:
    """Begin a session and go on to where the operator wanted; the page again where name or password is wrong."""
    after = _local(request.form.get("next", ""))
    stamp = _login().admit(request.form.get("name", ""), request.form.get("password", ""))
    if not stamp:
        sentence = g.language("Name or password is wrong")
        return render_template("login.html", tab="login", next=after, **_words() | {"sentence": sentence}), 403
    session.clear()  # nothing from before the login stays valid
    session["operator"], session.permanent = stamp, True
    return redirect(after)


@pages.post("/logout")
def leave() -> AnyResponse:
    """End the session, and every other of the operator: a cookie that was copied ends with it."""
    _login().end_sessions()
    session.clear()
    return redirect(url_for("login.form"))


def name() -> str:
    """Who the operator of this session is."""
    return _login().operator()


def token() -> str:
    """The secret of this session that every form carries."""
    if "token" not in session:
        session["token"] = secrets.token_urlsafe(24)
    return str(session["token"])


def _login() -> Login:
    found: Login = current_app.extensions[_NAME]
    return found


def _words() -> dict[str, Any]:
    missing = "" if _login().exists() else g.language("No operator is set yet; run `siaga operator NAME` on the server")
    return {"sentence": missing}


def _local(path: str) -> str:
    """Where to go after the login: a page of ours, never another site."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
    return path if plain else url_for("ash.form")


def _stamp(account: operator_account.Account) -> str:
    """Names the account, its present password and when sessions ended last, without giving any of it away."""
    now = f"session {account.generation}".encode()
    return f"{account.name}:{hmac.digest(account.password_hash.encode(), now, 'sha256').hex()}"


def _network(address: str) -> str:
    """The /24 of an IPv4 address, the /48 of an IPv6 one; loopback's addresses are each for itself."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if known.is_loopback:
        return address
    return str(ipaddress.ip_network(f"{known}/{24 if known.version == 4 else 48}", strict=False))
