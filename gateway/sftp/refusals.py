"""What an SFTP session refuses is noted: who asked, from where, for what, and why not."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from asyncssh import SFTPError, SFTPNoSuchFile

_LONGEST = 200  # characters of a name
_Kind = TypeVar("_Kind", bound=type[Any])


def noting(*requests: str) -> Callable[[_Kind], _Kind]:
    """Let a class of sessions say, by its method `say`, which of these requests it refuses.

    That something is not there is no refusal: clients ask for what they are about to send.
    """

    def mark(kind: _Kind) -> _Kind:
        for request in requests:
            setattr(kind, request, _noting(request, getattr(kind, request)))
        return kind

    return mark


def _noting(request: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    async def noted(session: Any, *arguments: Any) -> Any:
        try:
            answer = method(session, *arguments)
            return await answer if inspect.isawaitable(answer) else answer
        except SFTPNoSuchFile:
            raise
        except SFTPError as error:
            named = [one.decode("utf-8", "replace")[:_LONGEST] for one in arguments if isinstance(one, bytes)]
            session.say(" -> ".join(named), f"refused: {error.reason}", request=request)
            raise

    return noted
