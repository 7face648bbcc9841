"""Keys of the buckets accounts and audit, which the store role accounts alone may open."""

from datetime import UTC, datetime
from urllib.parse import quote, unquote

USERS = "users/"
TOKENS = "tokens/"
_LONGEST = 200  # characters of a name in a key


def user(name: str) -> str:
    """The key of an account, whatever its name.

    >>> user("siti"), user("../Budi A")
    ('users/siti.json', 'users/..%2FBudi%20A.json')
    """
    return f"{USERS}{quote(name, safe='')}.json"


def token(token_id: str) -> str:
    """The key of a token, whatever is taken for its id.

    >>> token("0badcafe"), token("../x")
    ('tokens/0badcafe.json', 'tokens/..%2Fx.json')
    """
    return f"{TOKENS}{quote(token_id[:_LONGEST], safe='')}.json"


def audit(when: datetime, what: str, result: str, who: str, word: str) -> str:
    """The key of an entry of the audit. word: at random, so that two of one moment are two.

    >>> audit(datetime(2026, 11, 27, 7, 5, 1, 42, tzinfo=UTC), "login.enter", "done", "siti", "0badcafe")
    '2026/11/27T070501.000042Z,login.enter,done,siti,0badcafe.json'
    """
    clock = f"{when.astimezone(UTC):%Y/%m/%dT%H%M%S.%fZ}"
    return f"{clock},{quote(what, safe='')},{result},{quote(who[:_LONGEST], safe='')[:_LONGEST]},{word}.json"


def audit_parts(key: str) -> tuple[str, ...]:
    """Action, result and name of an entry's key; () of another key.

    >>> audit_parts("2026/11/27T070501.000042Z,login.enter,done,siti,0badcafe.json")
    ('login.enter', 'done', 'siti')
    """
    parts = key.split(",")
    return (unquote(parts[1]), parts[2], unquote(parts[3])) if len(parts) == 5 else ()
