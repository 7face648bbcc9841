"""What an SFTP session refuses is noted: who asked, from where, for what, and why not. And the client is told."""

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Protocol, TypeVar

from asyncssh import SFTPError, SFTPNoSuchFile

_LONGEST = 200  # characters of a name
_Kind = TypeVar("_Kind", bound=type[object])


class Noting(Protocol):
    """A session that keeps a record."""

    def say(self, where: str, what: str, **more: object) -> None:
        """Note it."""


def noting(*requests: str) -> Callable[[_Kind], _Kind]:
    """Let a class of sessions say, by its method `say`, which of these requests it refuses.

    That something is not there is no refusal: clients ask for what they are about to send.
    """

    def note(session: Noting, request: str, arguments: Sequence[object], error: SFTPError) -> None:
        named = [one.decode("utf-8", "replace")[:_LONGEST] for one in arguments if isinstance(one, bytes)]
        session.say(" -> ".join(named), f"refused: {error.reason}", request=request)

    return _marking(requests, note)


def telling(*requests: str) -> Callable[[_Kind], _Kind]:
    """Let a class of sessions tell, by its method `tell`, why it refuses one of these requests.

    The answer holds the sentence, but OpenSSH's programs print "Failure" in its place.
    """
    return _marking(requests, lambda session, _request, _arguments, error: session.tell(error.reason))


def _marking(requests: Sequence[str], refused: Callable[..., None]) -> Callable[[_Kind], _Kind]:
    def mark(kind: _Kind) -> _Kind:
        for request in requests:
            setattr(kind, request, _marked(request, getattr(kind, request), refused))
        return kind

    return mark


def _marked(request: str, method: Callable[..., object], refused: Callable[..., None]) -> Callable[..., object]:
    @wraps(method)
    async def marked(session: object, *arguments: object) -> object:
        try:
            answer = method(session, *arguments)
            return await answer if inspect.isawaitable(answer) else answer
        except SFTPNoSuchFile:
            raise
        except SFTPError as error:
            refused(session, request, arguments, error)
            raise

    return marked
