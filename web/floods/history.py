"""How often neighbourhoods are under water, per RW and kelurahan, and how many RWs how often: a page and data."""

import csv
import io
import json
from typing import TypedDict

from flask import Blueprint, Response, g, jsonify, render_template, request

from siaga.errors import BadInput
from siaga.impact.floodtrend import BINS, MOST_DRY_HOURS, Frequency, histogram
from siaga.report import figures
from web.floods import listing
from web.floods.pages import attached, chosen_region, month_name, month_of_text
from web.index import Index, episodes
from web.services import services

_SHOWN = 100

pages = Blueprint("floodhistory", __name__)


class _Asked(TypedDict):
    """What is asked for. least: state; first, last: months as year * 12 + month - 1."""

    region: str
    least: int
    first: int
    last: int


@pages.get("/floods/frequency")
def frequency() -> str:
    """The page."""
    index = services().index
    asked, found = _asked(index)
    names = index.floods.names(asked["region"])
    parents = index.floods.parents(asked["region"], asked["least"], asked["first"], asked["last"])
    return render_template(
        "frequency.html",
        tab="floods",
        **_page(index, asked),
        rows=[_row(one, names) for one in found[:_SHOWN]],
        total=len(found),
        parents=parents[:_SHOWN],
        bins=_bins(found),
        break_hours=MOST_DRY_HOURS,
        shown=_SHOWN,
    )


@pages.get("/floods/frequency.csv")
def frequency_csv() -> Response:
    """Neighbourhoods and their floods as a table."""
    index = services().index
    asked, found = _asked(index)
    names = index.floods.names(asked["region"])
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["geom_id", "rw", "kelurahan", "floods", "hours", "peak_state", "hours_2", "hours_3", "hours_4"])
    for one in found:
        states = (one.by_state.get(state, 0) for state in episodes.LEAST)
        writer.writerow([one.geom_id, *names[one.geom_id], one.episodes, one.hours, one.peak, *states])
    return attached(text.getvalue(), "text/csv; charset=utf-8", "siaga-flood-frequency.csv")


@pages.get("/floods/frequency.geojson")
def frequency_geojson() -> Response:
    """Neighbourhoods and their floods with borders, EPSG:4326; geometry null where none is known."""
    index = services().index
    asked, found = _asked(index)
    names, shapes = index.floods.names(asked["region"]), index.floods.shapes(asked["region"])
    features = []
    for one in found:  # geometries stand as text in the index; they are put in as they are
        told = json.dumps({"geom_id": one.geom_id} | _record(one, names), ensure_ascii=False)
        shape = shapes.get(one.geom_id, "null")
        features.append(f'{{"type":"Feature","properties":{told},"geometry":{shape}}}')
    body = f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}'
    return attached(body, "application/geo+json", "siaga-flood-frequency.geojson")


@pages.get("/floods/frequency.json")
def frequency_json() -> Response:
    """Neighbourhoods and their floods, hours by state besides."""
    index = services().index
    asked, found = _asked(index)
    names = index.floods.names(asked["region"])
    return jsonify(_period(asked) | {"areas": [{"geom_id": one.geom_id} | _record(one, names) for one in found]})


@pages.get("/floods/histogram.json")
def histogram_json() -> Response:
    """How many neighbourhoods had how many floods."""
    asked, found = _asked(services().index)
    bins = [{"least": low, "most": high, "areas": count} for low, high, count in histogram(found)]
    return jsonify(_period(asked) | {"floods_per_rw": bins})


def _asked(index: Index) -> tuple[_Asked, list[Frequency]]:
    """Region, least state and months that are asked for, and what is known of them."""
    region = chosen_region(index)
    months = [month for month, _count in index.floods.months(region)] or [episodes.month_of(0)]
    least = request.args.get("state", episodes.LEAST[0], type=int)
    if least not in episodes.LEAST:
        raise BadInput(
            "state is {value}; choose one of {states}", value=least, states=", ".join(map(str, episodes.LEAST))
        )
    first, last = (month_of_text(request.args.get(name, "")) for name in ("from", "to"))
    first, last = months[-1] if first is None else first, months[0] if last is None else last
    first, last = min(first, last), max(first, last)
    asked: _Asked = {"region": region, "least": least, "first": first, "last": last}
    return asked, index.floods.frequencies(region, least, first, last)


def _page(index: Index, asked: _Asked) -> dict[str, object]:
    months = [(_text(one), month_name(one)) for one, _count in index.floods.months(asked["region"])]
    return {
        **asked,
        "from_": _text(asked["first"]),
        "to": _text(asked["last"]),
        "names": (month_name(asked["first"]), month_name(asked["last"])),
        "months": months,
        "depths": listing.depths(g.language),
        "levels": episodes.LEAST,
    }


def _bins(found: list[Frequency]) -> list[dict[str, object]]:
    counted = histogram(found)
    most = max((count for *_, count in counted), default=0) or 1
    made = []
    for (low, high), (*_, count) in zip(BINS, counted, strict=True):
        name = f"> {low - 1}" if high is None else str(low) if low == high else f"{low}–{high}"
        made.append({"name": name, "count": figures.whole(count, g.code), "width": round(count / most * 100, 1)})
    return made


def _row(one: Frequency, names: dict[str, tuple[str, str]]) -> dict[str, object]:
    name, parent = names[one.geom_id]
    return {
        "name": name,
        "parent": parent,
        "floods": figures.whole(one.episodes, g.code),
        "hours": figures.whole(one.hours, g.code),
        "peak": one.peak,
    }


def _record(one: Frequency, names: dict[str, tuple[str, str]]) -> dict[str, object]:
    name, parent = names[one.geom_id]
    hours = {str(state): one.by_state.get(state, 0) for state in episodes.LEAST}
    return {"name": name, "parent": parent, "floods": one.episodes, "hours": one.hours, "peak": one.peak} | {
        "hours_by_state": hours
    }


def _period(asked: _Asked) -> dict[str, object]:
    period = {"from": _text(asked["first"]), "to": _text(asked["last"])}
    return {"region": asked["region"], "least_state": asked["least"], "months": period}


def _text(month: int) -> str:
    return f"{month // 12:04d}-{month % 12 + 1:02d}"
