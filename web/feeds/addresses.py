"""Addresses as others need them: whole, by the public address of this Siaga, never by what a request says."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from siaga.catalog import Entry
from siaga.hazards import HAZARDS
from web.runs import run_of
from web.services import services

PAGES = {hazard.page: name for name, hazard in HAZARDS.items()}  # hazard by the path of its pages


def whole(path: str) -> str:
    """The address of a path that begins with a slash."""
    return f"{services().public_url}{path}"


def host() -> str:
    """Whose addresses they are: a name, without its port."""
    return urlsplit(services().public_url).hostname or "localhost"


def lasting_id(versions: Sequence[Entry]) -> str:
    """The id that an event keeps: of its map that ranks lowest, which came first. versions: the newest first."""
    return str(versions[-1]["event_id"])


def event(entry: Entry) -> str:
    """The page of an event, whatever its newest version."""
    return whole(f"/{HAZARDS[entry['hazard']].page}/{entry['event_id']}")


def version(entry: Entry) -> str:
    """The page of this version."""
    return whole(f"/{run_of(entry).page}")


def file(entry: Entry, path: str) -> str:
    """A file of this version."""
    return f"{version(entry)}/files/{path}"


def alert(entry: Entry) -> str:
    """The CAP message of this version."""
    return whole(alert_path(entry))


def alert_path(entry: Entry) -> str:
    """The same within this Siaga."""
    return f"/feeds/cap/{run_of(entry).page}.xml"
