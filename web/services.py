"""What the pages of one app read from; each app of a process has its own."""

from dataclasses import dataclass, field
from pathlib import Path

from flask import Blueprint, Flask, current_app

from siaga.others import Others
from siaga.store import Store
from web.index import Index
from web.map_archive import MapArchive
from web.runs import Runs

_NAME = "siaga"


@dataclass(frozen=True, slots=True)
class Services:
    """runs: reads with the rights of role web. gateway_url: is asked for what is under way, with jobs_token.

    home: where a supervisor on this machine tells how its parts stand; None where there is none. public_url: how
    readers and other systems reach this app. cap_status: what CAP messages of real events say they are. others: hosts
    besides this one.
    """

    index: Index
    runs: Runs
    gateway_url: str
    jobs_token: str
    map_tiles: MapArchive
    home: Path | None = None
    public_url: str = "http://localhost"
    cap_status: str = "Test"
    others: Others = field(default_factory=Others)


def install(app: Flask, opened: Services) -> None:
    """Give them to the app."""
    app.extensions[_NAME] = opened


def give(app: Flask, name: str, store: Store | None, pages: Blueprint) -> None:
    """Let pages write there, with the rights of role operators; without a store the app has none of them."""
    if store:
        app.extensions[name] = store
        app.register_blueprint(pages)


def given(name: str) -> Store:
    """The store that `give` gave under that name."""
    store: Store = current_app.extensions[name]
    return store


def services() -> Services:
    """Those of the app that answers this request."""
    opened: Services = current_app.extensions[_NAME]
    return opened
