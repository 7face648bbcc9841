"""A function's log as OpenFaaS serves it, read from the files that the supervisor keeps."""

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from siaga.moment import stamp

_FOLLOW_SECONDS = 30.0  # faas-cli: "until the end of the request, up to 30s"
_POLL_SECONDS = 0.5
_LAST_BYTES = 1 << 20  # of each file; no more is read
_STAMPED = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) (.*)")


@dataclass(frozen=True, slots=True)
class Request:
    """Which lines: the last `tail` (all when negative or 0), written since, one instance; then new ones."""

    tail: int = -1
    since: datetime | None = None
    instance: str = ""
    follow: bool = False

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> "Request":
        """Read the query of GET /system/logs; raises ValueError."""
        since = query.get("since", "")
        moment = datetime.fromisoformat(since) if since else None
        if moment and not moment.tzinfo:
            moment = moment.replace(tzinfo=UTC)
        follow = query.get("follow", "false").lower()
        if follow not in ("true", "false", "1", "0"):
            raise ValueError(f"follow is {follow!r}; write true or false")
        return cls(int(query.get("tail") or -1), moment, query.get("instance", ""), follow in ("true", "1"))


def lines(folder: Path, name: str, namespace: str, wanted: Request) -> Iterator[bytes]:
    """JSON lines {"name", "namespace", "instance", "timestamp", "text"}; none when there is no log."""
    belongs = re.compile(rf"{re.escape(name)}(-\d+)?\.log")
    files = sorted(path for path in folder.glob("*.log") if belongs.fullmatch(path.name))
    files = [path for path in files if wanted.instance in ("", path.stem)]

    def line(path: Path, text: str) -> tuple[str, bytes]:
        stamped = _STAMPED.fullmatch(text)
        when, text = (stamped[1], stamped[2]) if stamped else (stamp(datetime.now(UTC)), text)
        entry = {"name": name, "namespace": namespace, "instance": path.stem, "timestamp": when, "text": text}
        return when, json.dumps(entry).encode() + b"\n"

    seen: dict[Path, int] = {}
    past = []
    for path in files:
        seen[path] = path.stat().st_size
        past += [line(path, text) for text in _read(path, max(0, seen[path] - _LAST_BYTES))]
    past.sort(key=lambda one: one[0])
    if wanted.since:
        past = [one for one in past if datetime.fromisoformat(one[0]) >= wanted.since]
    yield from (text for _, text in (past[-wanted.tail :] if wanted.tail > 0 else past))
    deadline = time.monotonic() + _FOLLOW_SECONDS
    while wanted.follow and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
        for path in files:
            size = path.stat().st_size
            fresh = _read(path, seen[path]) if size > seen[path] else []
            seen[path] = size
            yield from (line(path, text)[1] for text in fresh)


def _read(path: Path, start: int) -> list[str]:
    with path.open("rb") as file:
        file.seek(start)
        return file.read().decode("utf-8", "replace").removesuffix("\n").split("\n")
