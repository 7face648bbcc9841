"""The archive below a list: its years and months, and how many events lie in each."""

from datetime import UTC, datetime, timedelta
from typing import TypedDict

from siaga.language import Language
from siaga.report import figures


class Month(TypedDict):
    """A month of the archive. since, until: its first and last day. count: of its events."""

    name: str
    since: str
    until: str
    count: int


def months(counts: list[tuple[int, int]], _: Language) -> list[dict[str, object]]:
    """Years and their months (WIB) with the days between which they lie and how many events, the newest first."""
    years: dict[int, list[Month]] = {}
    for month, count in counts:
        first, after = (datetime(one // 12, one % 12 + 1, 1, tzinfo=UTC) for one in (month, month + 1))
        name = figures.date(first, "UTC", _.code, weekday=False).partition(" ")[2].rpartition(" ")[0]
        last = (after - timedelta(days=1)).date().isoformat()
        shown: Month = {"name": name, "since": first.date().isoformat(), "until": last, "count": count}
        years.setdefault(first.year, []).append(shown)
    return [
        {"year": year, "months": found[::-1], "count": figures.whole(sum(one["count"] for one in found), _.code)}
        for year, found in years.items()
    ]
