"""Keys of the bucket accounts, which the store role of that name alone may open."""

from urllib.parse import quote

USERS = "users/"


def user(name: str) -> str:
    """The key of an account, whatever its name.

    >>> user("siti"), user("../Budi A")
    ('users/siti.json', 'users/..%2FBudi%20A.json')
    """
    return f"{USERS}{quote(name, safe='')}.json"
