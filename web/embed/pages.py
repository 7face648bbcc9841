"""A map and its newest events for pages of other hosts, in a frame; which hosts those are a setting says."""

from flask import Blueprint, Response, g, make_response, render_template, request

from siaga.alerts import brief
from siaga.catalog import Entry
from siaga.errors import NotFound
from siaga.hazard.ash import ALERT_LEVELS
from siaga.impact.fatality import LEVELS
from siaga.report.classed import ash
from web import asked, clock
from web.feeds import addresses
from web.floods import listing
from web.floods.pages import chosen_region, listed_map
from web.index import Filter, floods
from web.maps import panel
from web.services import services

_ROWS = 8

pages = Blueprint("embed", __name__)


@pages.get("/embed/<tab>")
def framed(tab: str) -> Response:
    """Of the hazard of that tab, with the filters of its list. Raises NotFound."""
    if tab not in addresses.PAGES:
        raise NotFound("There is no map {name} for other pages", name=tab[:40])
    hazard, index = addresses.PAGES[tab], services().index
    wanted = Filter() if hazard == "flood" else asked.read(request.args, g.now, hazard).wanted
    entries = index.events(hazard, wanted, _ROWS, 0)[0]
    page = render_template(
        "embed.html",
        tab=tab,
        rows=[_row(one) for one in entries],
        map=_map(hazard, wanted),
        drill=wanted.kind == "drill",
        demonstration=any(one["demonstration"] for one in entries),
    )
    response = make_response(page)
    response.headers["Content-Security-Policy"] = services().others.policy(framed=True)
    g.framed = bool(services().others.frames)
    return response


def _row(entry: Entry) -> dict[str, str]:
    """An event as the frame lists it."""
    shown, _ = brief.of(entry, g.language), g.language
    return {
        "title": shown.title,
        "level": shown.level_name,
        "ago": clock.ago(entry["time"], g.now, _),
        "page": addresses.event(entry),
    }


def _map(hazard: str, wanted: Filter) -> panel.Panel:
    """As beside the list, without what filters it."""
    if hazard == "flood":
        index = services().index
        strip = listing.strip(index.floods, chosen_region(index), floods.number(g.now), g.language)
        return listed_map(strip, None) | {"rectangle": False}
    levels = LEVELS if hazard == "earthquake" else [ash.level(name, g.language)["code"] for name in ALERT_LEVELS]
    tab = "earthquakes" if hazard == "earthquake" else "ashfalls"
    return panel.of_list(tab, wanted.box, list(levels)) | {"rectangle": False}
