"""Whether the part of this container answers: ends with 0 or 1. HEALTH_URL says where."""

import os
import sys
from urllib.request import urlopen

_SECONDS = 10


def answers(url: str) -> bool:
    """A page with status 200."""
    try:
        with urlopen(url, timeout=_SECONDS) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(0 if answers(os.environ.get("HEALTH_URL", "http://127.0.0.1:8080/healthz")) else 1)
