"""What the gateway says is under way, asked for a page that does not wait long for it."""

import requests

from siaga import understood
from siaga.understood import UnderWay

_PATIENCE_SECONDS = 2


def ask(url: str, token: str) -> UnderWay:
    """What the gateway at that URL says now."""
    try:
        answer = requests.get(
            f"{url}/siaga/jobs", headers={"Authorization": f"Bearer {token}"}, timeout=_PATIENCE_SECONDS
        )
    except requests.RequestException:
        return UnderWay(answers=False)
    return understood.under_way(understood.body(answer))
