"""The catalogue: one small object per version of an event, saying which run of it is shown.

on-<hazard> switches an entry to its run, render-report adds the report if the entry still names that
run. Both write conditionally, so that neither undoes what the other did in the meantime.
"""

import json
from collections.abc import Callable
from typing import Any

from siaga import keys
from siaga.errors import Conflict, NotFound, Unavailable
from siaga.store import Store

SCHEMA = "siaga/catalog/1"
_TRIES = 20


def switch_to(store: Store, key: str, entry: dict[str, Any]) -> None:
    """Let the version be shown by this entry's run; an entry that names the run already stays as it is."""

    def change(now: dict[str, Any] | None) -> dict[str, Any] | None:
        return None if now is not None and now["run"] == entry["run"] else entry

    _change(store, key, change)


def add_report(store: Store, key: str, run: str, report: dict[str, Any]) -> bool:
    """Add what the report holds if the entry names that run; whether it does.

    run: its eight hex digits. The entry's other facts stay.
    """
    named = False

    def change(now: dict[str, Any] | None) -> dict[str, Any] | None:
        nonlocal named
        named = now is not None and now["run"] == run
        return now | {"report": report} if now is not None and named and now.get("report") != report else None

    _change(store, key, change)
    return named


def _change(store: Store, key: str, change: Callable[[dict[str, Any] | None], dict[str, Any] | None]) -> None:
    for _ in range(_TRIES):
        try:
            body, head = store.get(keys.RESULTS, key)
            now, condition = json.loads(body), {"if_match": head.etag}
        except NotFound:
            now, condition = None, {"if_absent": True}
        after = change(now)
        if after is None:
            return
        written = json.dumps(after, sort_keys=True, ensure_ascii=False, indent=1).encode()
        try:
            store.put(keys.RESULTS, key, written, "application/json", **condition)  # type: ignore[arg-type]
            return
        except Conflict:
            continue  # somebody else was faster; look again
    raise Unavailable("{key}: too many write this catalogue entry at once", key=key)
