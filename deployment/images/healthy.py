"""Whether the part of this container answers: ends with 0 or 1. HEALTH_URL says where: http://…, or tcp://host:port."""

import os
import socket
import sys
from urllib.parse import urlsplit
from urllib.request import urlopen

_SECONDS = 4


def answers(url: str) -> bool:
    """A page with status 200, or a port that takes a connection."""
    where = urlsplit(url)
    try:
        if where.scheme == "tcp":
            socket.create_connection((where.hostname, where.port), timeout=_SECONDS).close()
            return True
        with urlopen(url, timeout=_SECONDS) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(0 if answers(os.environ.get("HEALTH_URL", "http://127.0.0.1:8080/healthz")) else 1)
