"""What a browser asks for until a page stands: requests and weight of a list, an event, a flood hour and an ash fall.

To the event `load`, in Chromium with nothing kept from before and without WebGL: a map's code and tiles come after it,
and only where a map can be drawn. Weight is that of bodies as they are sent, packed.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import waitress
from flask import Flask
from playwright.sync_api import Browser, Request, sync_playwright

from bench import quake, road
from siaga.cli import ingest, samples
from siaga.cli.samples import Sample
from siaga.events import ASKED, Notification
from siaga.settings import Settings
from siaga.store import Store

_CHROMIUM = Path("/usr/bin/chromium")
_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-3d-apis", "--no-first-run", "--disable-background-networking"]
_PATIENCE_SECONDS = 600.0  # from upload to report

Say = Callable[[str], None]


def tell(app: Flask, say: Say) -> None:
    """Of the list of that app, and of one of each hazard that a Siaga of its own publishes for it."""
    if not _CHROMIUM.exists():
        say(f"first pages: not counted, {_CHROMIUM} is not installed")
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_ARGUMENTS)
        with _served(app) as address:
            _count(browser, "list of quakes", f"{address}/earthquakes", say)
        with road.running() as settings:
            for what, url in _published(settings, say):
                _count(browser, what, url, say)
        browser.close()


@contextmanager
def _served(app: Flask) -> Iterator[str]:
    """The address at which a browser finds it."""
    server = waitress.create_server(app, host="127.0.0.1", port=0)
    threading.Thread(target=server.run, daemon=True).start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()


def _published(settings: Settings, say: Say) -> Iterator[tuple[str, str]]:
    """What is published, and the address of its page."""
    happened = datetime.now(UTC)
    grid = quake.at(quake.strong(settings, say), happened)
    event_id = quake.event_id(happened)
    road.upload(settings, grid, event_id)
    yield "event", f"{settings.public_url}/earthquakes/{event_id}"
    yield "flood hour", _page(settings, _put(settings, "functions", samples.flood()))
    yield "ash fall", _page(settings, _put(settings, "door", samples.ash()))


def _page(settings: Settings, sent: Notification) -> str:
    state = ingest.wait(settings, sent, _PATIENCE_SECONDS)
    if state.state != "published":
        raise RuntimeError(f"{sent.bucket}/{sent.key} is {state.state}: {state.reason}")
    return state.url


def _put(settings: Settings, role: str, sample: Sample) -> Notification:
    """The last object of a sample, once all are put."""
    store = Store.connect(settings, role)
    etags = {key: store.put(sample.bucket, key, body, metadata=ASKED) for key, body in sample.objects}
    return Notification(sample.bucket, key := next(reversed(etags)), etags[key])


def _count(browser: Browser, what: str, url: str, say: Say) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    asked: list[Request] = []
    page.on("request", lambda one: asked.append(one))  # playwright marks what it is given
    answer = page.goto(url, wait_until="load")
    if not (answer and answer.ok):
        raise RuntimeError(f"{url} answers with {answer.status if answer else 'nothing'}")
    until_then = list(asked)
    ends = [one for one in until_then if not one.url.endswith("/live")]  # that stream goes on
    weight = sum(one.sizes()["responseBodySize"] for one in ends)
    page.close()
    say(f"first page of {what:15} {len(until_then):3} requests, {weight / 1000:4.0f} kB over the wire until it stands")
