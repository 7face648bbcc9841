"""The door's own record: who came from where and did what, one line of JSON each, in files that are kept apart."""

import json
import logging
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

from gateway.sftp import counters
from siaga.moment import stamp

FILE = Path("audit", "sftp.jsonl")  # in the home of Siaga
_BYTES, _KEPT = 10 << 20, 20  # of one file; files of before

_log = logging.getLogger("sftp")
_record = logging.getLogger("sftp.audit")


def begin(home: Path) -> None:
    """Keep the record in that home from now on."""
    path = home / FILE
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handler = RotatingFileHandler(path, maxBytes=_BYTES, backupCount=_KEPT, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(message)s"))
    _record.addHandler(handler)
    _record.propagate = False  # what the log shows as well has no time, which the supervisor adds
    _record.setLevel(logging.INFO)


def note(user: str, address: str, what: str, **more: object) -> None:
    """Keep one fact, and show it in the log. what: the result, with the reason behind a colon where there is one."""
    fact: dict[str, object] = {"user": user, "from": address}
    fact |= {name: value for name, value in more.items() if name == "path"} | {"what": what}
    fact |= {name: value for name, value in more.items() if name != "path"}
    result, _, why = what.partition(": ")
    size = more.get("bytes")
    counters.count(user, result, size if isinstance(size, int) else 0)
    _log.info(json.dumps(fact, ensure_ascii=False))
    kept = {"time": stamp(datetime.now(UTC)), **fact, "result": result} | ({"why": why} if why else {})
    del kept["what"]
    _record.info(json.dumps(kept))
