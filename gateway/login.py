"""Basic auth of the routes that show or change the stack, as OpenFaaS asks for it."""

import hmac
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, request

from siaga.settings import Settings

Route = Callable[..., Any]


def required(settings: Settings) -> Callable[[Route], Route]:
    """A decorator that lets a request through with the secrets gateway-user and gateway-password."""
    user, password = settings.secret("gateway-user"), settings.secret("gateway-password")

    def decorate(route: Route) -> Route:
        @wraps(route)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            sent = request.authorization
            name, word = (sent.username or "", sent.password or "") if sent and sent.type == "basic" else ("", "")
            fits = hmac.compare_digest(name.encode(), user.encode())
            if hmac.compare_digest(word.encode(), password.encode()) and fits:
                return route(*args, **kwargs)
            return Response(
                "invalid credentials",
                401,
                {"WWW-Authenticate": 'Basic realm="Restricted"'},
                mimetype="text/plain",
            )

        return guarded

    return decorate
