"""Who may change something: an account's role, a session after the login page, a token on every changing request."""

import hmac
import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial, wraps
from typing import TypeVar

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
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response as AnyResponse

from siaga.accounts import passwords
from siaga.accounts.account import ASH_EDITOR, OPERATOR, STRONG, Account
from siaga.accounts.directory import Accounts
from siaga.errors import Forbidden, SiagaError, Unavailable
from siaga.listener import SMALL
from web.tries import Tries

_NAME = "siaga-login"
SAFE = ("GET", "HEAD", "OPTIONS")
_SECONDS = 12 * 3600  # of a session, however much it is used
_LARGEST = 65 << 20  # bytes of a request from who is logged in
_LONGEST = 200  # characters of a name that are looked at
_CODE_SECONDS = 300  # from the password to the code
# blueprints whose pages stay in no cache
OWN_PAGES = frozenset(("login", "account", "tokens", "texts", "audit", "users", "data", "drills", "decisions", "ash"))
OWN_PAGES |= {"layouts", "reprocess", "subscriptions", "join", "trials", "notifications"}

_OF_EVENTS = ("earthquakes", "floods", "ashfalls", "decisions", "drills")  # blueprints whose pages show events

Route = Callable[..., ResponseReturnValue]
_View = TypeVar("_View", bound=Callable[..., object])
_WITHOUT_COOKIE: set[Callable[..., object]] = set()
pages = Blueprint("login", __name__)


class NotLoggedIn(SiagaError):
    """An account is needed."""

    status = 401


class Login:
    """Accounts as the web app asks them: by the session of a browser, or by a password sent with each call."""

    def __init__(self, accounts: Accounts, second_factor: bool = False, tries: Tries | None = None) -> None:
        """second_factor: whether who may change something must have one."""
        self.accounts = accounts
        self._second_factor = second_factor
        self._tries, self._wrong_codes = tries or Tries(), Tries()
        self._one_at_a_time = threading.Lock()

    def admit(self, name: str, password: str) -> Account | None:
        """The account if name and password are right; raises TooOften."""
        address = request.remote_addr or ""
        with self._one_at_a_time:
            self._tries.check(address)
            account = self.accounts.get(name[:_LONGEST])
            g.tried = account.name if account else ""  # never what was typed: it may be a password
            own = account is not None and not account.subject  # others log in by the OpenID provider alone
            right = passwords.fits(account.password_hash if account and own else None, password)
            if account and right and not account.disabled:
                if passwords.is_outdated(account.password_hash):
                    return self.accounts.renew_hash(account.name, password)
                return account
            self._tries.wrong(address)
        return None

    def admit_code(self, name: str, code: str) -> Account | None:
        """The account if that code of its app, or on paper, is right; raises TooOften.

        Who comes as far knows the password, so wrong codes are counted by account: no number of addresses helps.
        """
        self._wrong_codes.check(name)
        account = self.accounts.use_code(name, code)
        if account is None:
            self._wrong_codes.wrong(name)
        return account

    def of_session(self, key: str, seconds: float = _SECONDS) -> Account | None:
        """The account whose stamp stands in the session since at most so many seconds.

        None once its password, its state or its sessions changed.
        """
        if time.time() - float(session.get("since", 0)) >= seconds:
            return None
        stamp = str(session.get(key, ""))
        name = stamp.rpartition(":")[0]
        account = self.accounts.get(name) if name else None
        fits = account and not account.disabled and hmac.compare_digest(stamp.encode(), account.stamp().encode())
        return account if fits else None

    def lacks_second_factor(self, account: Account) -> bool:
        """Whether it has to get one before it may do anything else."""
        return self.asks_second_factor(account) and not account.second_factor

    def asks_second_factor(self, account: Account) -> bool:
        """Whether the role must have one here."""
        return self._second_factor and account.role in STRONG and not account.subject  # the provider asks for its own


def install(app: Flask, login: Login, key: str, secure: bool) -> None:
    """Sessions, tokens and the login page. key: signs sessions. secure: whether readers come by https."""
    app.secret_key = key
    app.config.update(
        SESSION_COOKIE_NAME="siaga-session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        PERMANENT_SESSION_LIFETIME=timedelta(seconds=_SECONDS),
        SESSION_REFRESH_EACH_REQUEST=False,  # else a page that asks by itself keeps it for ever
        MAX_CONTENT_LENGTH=_LARGEST,
    )
    app.extensions[_NAME] = login
    app.register_blueprint(pages)


def may_send_much(app: Flask) -> Callable[[str, str, Mapping[str, str]], bool]:
    """Whether method, path and headers of a request are an account's; asked before its body is taken."""

    def known(method: str, path: str, headers: Mapping[str, str]) -> bool:
        with app.test_request_context(path, method=method, headers=dict(headers)):
            return _is_logged_in()

    return known


def page(role: str, *, enrolled: bool = True) -> Callable[[Route], Route]:
    """A route for browsers of accounts that may do what `role` may; strangers go to the login page.

    enrolled: who lacks a second factor that is asked for gets it first.
    """

    def guard(route: Route) -> Route:
        @wraps(route)
        def guarded(*args: object, **kwargs: object) -> ResponseReturnValue:
            return _turned_away(role, enrolled) or route(*args, **kwargs)

        return guarded

    return guard


def _turned_away(role: str, enrolled: bool) -> AnyResponse | None:
    """Where whoever asks must go first, None for nowhere. Raises Forbidden where the account's role does not do."""
    one = user()
    if one is None:
        return redirect(url_for("login.form", next=request.path if request.method in SAFE else None))
    if enrolled and installed().lacks_second_factor(one):
        g.turned_away = True
        return redirect(url_for("account.second_factor_form"))
    _check_role(one, role)
    return None


def without_cookie(view: _View) -> _View:
    """A route for which no cookie speaks, but its address or what each call says: it needs no token of a form."""
    _WITHOUT_COOKIE.add(view)
    return view


def needs_token(view: Callable[..., object] | None) -> bool:
    """Whether what is sent there needs the token of a form."""
    return view is not None and view not in _WITHOUT_COOKIE


def call(role: str) -> Callable[[Route], Route]:
    """A route for programs of accounts that may do what `role` may: name and password with each call (Basic); JSON."""

    def guard(route: Route) -> Route:
        return without_cookie(wraps(route)(partial(_by_password, role, route)))

    return guard


def _by_password(role: str, route: Route, *args: object, **kwargs: object) -> ResponseReturnValue:
    """What the route says to that account, or why it says nothing."""
    try:
        g.account = _of_basic()
        _check_role(g.account, role)
        return route(*args, **kwargs)
    except SiagaError as error:
        return jsonify(error=str(error), reason=error.reason()), error.status


@pages.before_app_request
def check_token() -> None:
    """Nothing changes without the token of a form of ours. Raises Forbidden."""
    view = current_app.view_functions.get(request.endpoint or "")
    if request.method in SAFE or not needs_token(view):
        return
    if (request.content_length or 0) > SMALL and not _is_logged_in():
        raise Forbidden("Log in before you send a file")
    known, sent = session.get("token", ""), request.form.get("token", "")
    if not known or not hmac.compare_digest(sent.encode(), known.encode()):
        raise Forbidden("The page was too old or not ours; load it again and repeat what you did")


@pages.after_app_request
def keep_nothing(response: Response) -> Response:
    """What accounts see stays in no cache."""
    if request.blueprint in OWN_PAGES:
        response.headers["Cache-Control"] = "no-store"
    return response


@pages.app_context_processor
def tokens() -> dict[str, object]:
    """What templates ask of the session."""
    return {"token": token, "operator": name, "may": may}


@pages.get("/login")
def form() -> str:
    """The login page."""
    empty = installed().accounts.is_empty()
    sentence = g.language("There is no user yet; run `siaga user add NAME` on the server") if empty else ""
    return _form("login", local(request.args.get("next", "")), sentence)


@pages.post("/login")
def enter() -> AnyResponse | tuple[str, int]:
    """Begin a session and go on to where the user wanted; the page again where name or password is wrong."""
    after = local(request.form.get("next", ""))
    account = installed().admit(request.form.get("name", ""), request.form.get("password", ""))
    if account is None:
        return _form("login", after, g.language("Name or password is wrong")), 403
    session.clear()  # nothing from before the login stays valid
    if account.second_factor:
        session["waiting"], session["since"], session["next"] = account.stamp(), int(time.time()), after
        return redirect(url_for("login.code_form"))
    begin(account)
    return redirect(after or home(account))


@pages.get("/login/code")
def code_form() -> AnyResponse | str:
    """Where the code of the app is typed, after the password."""
    return _form("login_code", "", "") if _waiting() else redirect(url_for("login.form"))


@pages.post("/login/code")
def enter_code() -> AnyResponse | tuple[str, int]:
    """Begin the session once the code is right, too."""
    waiting, after = _waiting(), str(session.get("next", ""))
    if waiting is None:
        return redirect(url_for("login.form"))
    g.tried = waiting.name
    account = installed().admit_code(waiting.name, request.form.get("code", ""))
    if account is None:
        return _form("login_code", "", g.language("The code is wrong, or was used before")), 403
    session.clear()
    begin(account)
    return redirect(after or home(account))


@pages.post("/logout")
def leave() -> AnyResponse:
    """End the session, and every other of the account: a cookie that was copied ends with it."""
    account = user()
    if account:
        installed().accounts.end_sessions(account.name)
    session.clear()
    return redirect(url_for("login.form"))


def begin(account: Account) -> None:
    """Let the session be that account's from now on."""
    session["operator"], session.permanent = account.stamp(), True
    session.setdefault("since", int(time.time()))  # which another password does not make later
    g.account = account


def user() -> Account | None:
    """The account of this request, looked up once; None for a reader. Raises Unavailable."""
    if "account" not in g:
        g.account = installed().of_session("operator")
    account: Account | None = g.account
    return account


def name() -> str:
    """Whose request this is; "" for a reader, and while the store does not answer."""
    try:
        account = user()
    except Unavailable:
        return ""
    return account.name if account else ""


def may(role: str) -> bool:
    """Whether the account of this request may do what that role may, as far as is known."""
    return bool(name()) and g.account.may(role)


def sees_hidden() -> bool:
    """Whether who asks may see events that are hidden: an operator, on pages and never by an API or a feed."""
    return _NAME in current_app.extensions and request.blueprint in _OF_EVENTS and may(OPERATOR)


def token() -> str:
    """The secret of this session that every form carries."""
    if "token" not in session:
        session["token"] = passwords.new_password()
    return str(session["token"])


def installed() -> Login:
    """That of this app."""
    found: Login = current_app.extensions[_NAME]
    return found


def _is_logged_in() -> bool:
    return bool(name())


def _check_role(account: Account, role: str) -> None:
    if not account.may(role):
        raise Forbidden("Your account's role may not do that; who administers accounts can give it another")


def _of_basic() -> Account:
    """The account of a call by name and password. Raises NotLoggedIn, Forbidden, TooOften."""
    sent = request.authorization
    one = installed().admit(sent.username or "", sent.password or "") if sent and sent.type == "basic" else None
    if one is None:
        raise NotLoggedIn("Send the name and password of an account with the call")
    if one.second_factor or installed().lacks_second_factor(one):
        raise Forbidden("This account logs in with a code; programs use one of role {role}", role=ASH_EDITOR)
    return one


def _waiting() -> Account | None:
    """Whose password was right a moment ago."""
    return installed().of_session("waiting", _CODE_SECONDS)


def refused(sentence: str, status: int) -> tuple[str, int]:
    """The login page again, with a sentence."""
    return _form("login", "", sentence), status


def _form(template: str, after: str, sentence: str) -> str:
    return render_template(f"{template}.html", tab="login", next=after, sentence=sentence)


def local(path: str) -> str:
    """Where to go after the login: a page of ours, never another site; "" for the account's first."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
    return path if plain else ""


def home(account: Account) -> str:
    """The first page of who logs in."""
    return url_for("ash.form" if account.may(ASH_EDITOR) else "status.status")
