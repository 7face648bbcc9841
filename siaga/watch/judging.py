"""What is wrong, by what parts and store have said: the same bounds as deployment/monitoring/alerts.yml has. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from siaga.watch.asking import Figures, Reply

_DISK_SHARE = 0.03  # free; MinIO takes nothing more on a full one
_LIVE_SECONDS = 180.0  # that something live may wait
_SWEEP_SECONDS, _INDEX_SECONDS = 120.0, 180.0
_CANARY_SECONDS = 90.0
_BACKUP_SECONDS = 26 * 3600.0  # a nightly one that is older is late
_BMKG_SECONDS, _FLOOD_SECONDS = 600.0, 3 * 3600.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """name: the same as long as it lasts; text: a sentence for whoever is on duty."""

    name: str
    text: str


def troubles(replies: Mapping[str, Reply], now: float) -> list[Trouble]:
    """Everything that is wrong; `now` in seconds since 1970."""
    found = list(chain(_of_parts(replies), _of_disks(replies), _of_road(replies, now), _of_sources(replies, now)))
    return sorted(found, key=lambda one: one.name)


def _of_parts(replies: Mapping[str, Reply]) -> Iterator[Trouble]:
    for name, reply in replies.items():
        if reply.dead:
            yield Trouble(f"{name} down", f"{name} does not answer: {reply.dead}")
        if reply.unable:
            yield Trouble(f"{name} unable", f"{name} lives and cannot work: {reply.unable}")
        if reply.unread:
            yield Trouble(f"{name} unread", f"the figures of {name} cannot be read: {reply.unread}")


def _of_disks(replies: Mapping[str, Reply]) -> Iterator[Trouble]:
    for name, reply in replies.items():
        free, size = _one(reply.figures, "siaga_disk_free_bytes"), _one(reply.figures, "siaga_disk_size_bytes")
        if free is not None and size and free / size < _DISK_SHARE:
            yield Trouble(f"{name} disk", f"the disk of {name} is full: {free / 2**20:,.0f} MiB are free")


def _of_road(replies: Mapping[str, Reply], now: float) -> Iterator[Trouble]:
    gateway, web = (replies.get(name, Reply()).figures for name in ("gateway", "web"))
    for labels, age in gateway.get("siaga_jobs_oldest_age_seconds", ()):
        if labels["urgency"] == "live" and age > _LIVE_SECONDS:
            function = labels["function"]
            yield Trouble(f"{function} waits", f"something live waits for {function} for {age:.0f} s")
    for labels, ended in gateway.get("siaga_sweep_last_timestamp_seconds", ()):
        if labels["kind"] == "recent" and now - ended > _SWEEP_SECONDS:
            yield Trouble("sweep", f"no sweep has ended for {now - ended:.0f} s")
    if failed := _one(web, "siaga_inputs_failed"):
        yield Trouble(f"failed {failed:.0f}", f"{failed:.0f} inputs were refused or given up: siaga dead lists them")
    read = _one(web, "siaga_index_read_timestamp_seconds")
    if read is not None and now - read > _INDEX_SECONDS:
        yield Trouble("lists", f"the lists on the web are {now - read:.0f} s old")
    made = _one(gateway, "siaga_backup_last_timestamp_seconds")
    if made is not None and now - made > _BACKUP_SECONDS:
        yield Trouble("backup", f"the newest backup is {(now - made) / 3600:.0f} hours old")
    yield from _of_canary(gateway, now)


def _of_canary(gateway: Figures, now: float) -> Iterator[Trouble]:
    sent = _one(gateway, "siaga_canary_sent_timestamp_seconds")
    published = _one(gateway, "siaga_canary_published_timestamp_seconds") or 0.0
    interval = _one(gateway, "siaga_canary_interval_seconds")
    if not interval or sent is None:
        return
    if sent > published and now - sent > _CANARY_SECONDS:
        late = f"{now - sent:.0f} s after its upload"
        yield Trouble("canary", f"the canary has no report {late}; a real map would be as late")
    elif sent <= published and now - sent > 2 * interval + _CANARY_SECONDS:
        yield Trouble("canary", f"no canary was sent for {now - sent:.0f} s")


def _of_sources(replies: Mapping[str, Reply], now: float) -> Iterator[Trouble]:
    for labels, last in replies.get("web", Reply()).figures.get("siaga_source_last_success_timestamp_seconds", ()):
        source = labels["source"]
        most = {"bmkg": _BMKG_SECONDS, "shakemap": None}.get(source, _FLOOD_SECONDS)  # the earth keeps no schedule
        if most is not None and now - last > most:
            yield Trouble(f"{source} dead", f"{source} has given nothing for {_lasted(now - last)}")


def _lasted(seconds: float) -> str:
    """As a person says it.

    >>> _lasted(660), _lasted(4 * 3600), _lasted(3.1e8)
    ('11 minutes', '4 hours', '3588 days')
    """
    if seconds < 2 * 3600:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3600:.0f} hours" if seconds < 48 * 3600 else f"{seconds / 86400:.0f} days"


def _one(figures: Figures, name: str) -> float | None:
    """The value of a figure that has one; None where it is not told."""
    told = figures.get(name)
    return told[0][1] if told else None
