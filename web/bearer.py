"""Programs that change something: a token in the header of each call, never a cookie; what it may, and how often."""

from collections.abc import Callable, Mapping

from flask import Flask, current_app, g, request

from siaga.accounts.account import Account
from siaga.accounts.tokens import SCOPES, Token, Tokens
from siaga.errors import Forbidden, SiagaError
from web import login
from web.rates import Rates

PER_MINUTE = 120  # changes by one token
_NAME = "siaga-tokens"
_TYPE = "bearer"


class NoToken(SiagaError):
    """A token is needed."""

    status = 401


def install(app: Flask, tokens: Tokens) -> None:
    """Let programs change something in this app."""
    app.extensions[_NAME] = tokens, Rates(PER_MINUTE)


def installed() -> Tokens:
    """Those of this app."""
    tokens: Tokens = current_app.extensions[_NAME][0]
    return tokens


def may_send_much(app: Flask) -> Callable[[str, str, Mapping[str, str]], bool]:
    """Whether method, path and headers of a request are an account's; asked before its body is taken.

    That asks the store, which may take seconds or raise Unavailable: never in the thread that reads all requests.
    """
    by_session = login.may_send_much(app)

    def may(method: str, path: str, headers: Mapping[str, str]) -> bool:
        with app.test_request_context(path, method=method, headers=dict(headers)):
            admitted = _admitted()
            if admitted is not None:
                return not login.installed().lacks_second_factor(admitted[0])
            return by_session(method, path, headers)

    return may


def check(scope: str) -> None:
    """Let the request be that of the token's account. Raises NoToken, Forbidden, TooMany."""
    admitted = _admitted()
    if admitted is None:
        raise NoToken("Send a token with the call: Authorization: Bearer siaga_…; your account's page makes one")
    account, token = admitted
    if login.installed().lacks_second_factor(account):
        raise Forbidden("The account of this token must set up a second factor before the token serves")
    g.account = account
    if scope not in token.scopes or not account.may(SCOPES[scope]):
        raise Forbidden(
            "This token may not do that; it needs {scope}, and its account the role {role}",
            scope=scope,
            role=SCOPES[scope],
        )
    rates: Rates = current_app.extensions[_NAME][1]
    rates.take(token.id)


def _admitted() -> tuple[Account, Token] | None:
    sent = request.authorization
    if _NAME not in current_app.extensions or sent is None or sent.type != _TYPE:
        return None
    return installed().admit(sent.token or "")
