"""Ash falls: the list with requests that are under way, one fall's page, its files."""

from collections.abc import Sequence

from flask import Blueprint, Response, g, render_template, request

from siaga import dates, keys, moment, palette
from siaga.catalog import AshEntry
from siaga.errors import BadInput, Unavailable
from siaga.hazard.ash import ALERT_LEVELS, CLASSES
from siaga.hazards import ASH
from siaga.impact.stored.ash import AshAirport, AshImpact, AshTown, Cumulative, Volcano
from siaga.language import Language
from siaga.report import figures, words
from siaga.report.classed import ash, message, tables
from web import archive, asked, bundle, clock, spreadsheet
from web.ash import table
from web.feeds import addresses, link_preview
from web.index import Unsettled
from web.levels import drawn_level
from web.maps import panel, points
from web.runs import find, run_of
from web.services import services

_VOLCANOES = 8  # that are offered by name, those with the most falls
_WAITING = 20
_MOST_ROWS = 30

pages = Blueprint("ashfalls", __name__)


@pages.get("/ash")
def listed() -> str:
    """The list, with what is searched and filtered for, and the requests that have no figures."""
    index = services().index
    asked_ = asked.read(request.args, g.now, "ash")
    offset = (asked_.page - 1) * asked_.size
    entries, total = index.events("ash", asked_.wanted, asked_.size, offset)
    rows = [_row(entry, g.language, asked_.clock) for entry in entries]
    return render_template(
        "ashfalls.html",
        tab="ash",
        rows=rows,
        waiting=[
            _unsettled(one, g.language)
            for one in index.ledger.unsettled(ASH.function, keys.ASHMAPS, keys.ASH_REQUEST, _WAITING)
        ],
        total=asked.total_text(total, g.language) if total else "",
        first=offset + 1,
        pages=asked_.pages(total, len(rows)),
        asked=asked_,
        sizes=asked.SIZES,
        of_sizes=[(one, one) for one in asked.SIZES],
        of_clocks=[(one, one) for one in asked.CLOCKS],
        of_levels=[(name, ash.level(name, g.language)["name"]) for name in ALERT_LEVELS],
        days=asked.RECENT_DAYS,
        volcanoes=index.lists.places(_VOLCANOES),
        months=archive.months(index.lists.months("ash"), g.language),
        demonstration=any(entry["demonstration"] for entry in entries),
        map=panel.of_list("ashfalls", asked_.wanted.box, list(ash.LEVEL_CODES.values())),
    )


@pages.get("/ash/map.json")
def on_map() -> Response:
    """Where the volcanoes of the list's falls are."""
    return points.answer("ash")


@pages.get("/ash.csv")
def csv() -> Response:
    """The same list as a table, all of it."""
    index, wanted = services().index, asked.read(request.args, g.now, "ash").wanted
    return spreadsheet.answer(
        lambda cursor: index.page("ash", wanted, spreadsheet.AT_ONCE, cursor), table.COLUMNS, table.row, "ashfalls"
    )


@pages.get("/ash/<event_id>/<version>/popup")
def popup(event_id: str, version: str) -> str:
    """What a map tells of a fall that is chosen on it."""
    return render_template("ash_popup.html", row=_row(find(services().index, "ash", event_id, version)[1], g.language))


@pages.get("/ash/<event_id>")
@pages.get("/ash/<event_id>/<version>")
def event(event_id: str, version: str = "") -> str | tuple[str, int]:
    """One version of an ash fall, the newest where none is named; what the list knows while the store is silent."""
    versions, entry = find(services().index, "ash", event_id, version)
    try:
        return _page(versions, entry)
    except Unavailable as error:
        _, row = g.language, _row(entry, g.language)
        facts = [
            (_("Activity level"), row["level_name"]),
            (_("Column above the vent"), row["height"]),
            (_("Above the sea"), row["column"]),
            (_("People under ash"), " · ".join(str(one) for one in (row["people"], row["highest"]) if one)),
        ]
        when = " · ".join(str(one) for one in (row["ago"], f"{row['day']}, {row['clock']}") if one)
        title = _("Ash of {volcano}", volcano=row["volcano"])
        page = render_template("last_known.html", tab="ash", title=title, when=when, facts=facts, entry=entry)
        return page, error.status


def _page(versions: list[AshEntry], entry: AshEntry) -> str:
    """The page of one version. Raises Unavailable."""
    runs = services().runs
    impact, row = runs.analysis(entry), _row(entry, g.language)
    times = f"{row['day']}, {row['clock']}", str(row["expires"])
    return render_template(
        "ashfall.html",
        tab="ash",
        **_shown(impact, g.language),
        row=row,
        message="\n".join(message.of_ash(impact, entry, *times, addresses.event(entry), g.language)),
        link=link_preview.of(entry),
        entry=entry,
        newest=versions[0],
        versions=[_version(one, entry) for one in versions],
        published=entry["report"] is not None,
        pictured=f"map-{g.code}.png" in runs.sizes(entry),
        files=runs.files(entry),
        run=str(run_of(entry)),
        map=panel.of_ash(entry, drawn_level(impact, runs.sizes(entry))),
    )


@pages.get("/ash/<event_id>/<version>/all.zip")
def whole(event_id: str, version: str) -> Response:
    """All files of a version as one ZIP."""
    return bundle.send(services().runs, find(services().index, "ash", event_id, version)[1])


@pages.get("/ash/<event_id>/<version>/files/<path:path>")
def file(event_id: str, version: str, path: str) -> Response:
    """One file of a version."""
    return services().runs.send(find(services().index, "ash", event_id, version)[1], path)


def _clock(utc: str, entry: AshEntry, chosen: str = "") -> tuple[str, str]:
    """Clock and day in the zone of the request, which is the volcano's. chosen: WIB, WITA, WIT or UTC instead."""
    at, hours, name = moment.parse(utc), entry["utc_offset_hours"], entry["time_zone"]
    if chosen:
        return dates.clock(at, chosen), figures.date(at, chosen, g.code, weekday=False)
    return figures.clock_at(at, hours, name), figures.date_at(at, hours, g.code)


def _row(entry: AshEntry, _: Language, clock_zone: str = "") -> dict[str, object]:
    at, day = _clock(entry["time"], entry, clock_zone)
    until, until_day = _clock(entry["expires"], entry, clock_zone)
    utc = moment.parse(entry["time"])
    column, highest = entry["column_height_m"], entry["highest_class"]
    people = entry["affected"]
    return {
        "event_id": entry["event_id"],
        "version": entry["version"],
        "number": entry["version_number"],
        "volcano": entry["volcano"]["name"],
        "region": _region(entry["volcano"]),
        "level": entry["alert_level"],
        "level_name": ash.level(entry["alert_level"], _)["name"],
        "level_code": ash.level(entry["alert_level"], _)["code"],
        "level_rank": ash.level(entry["alert_level"], _)["rank"],
        "clock": at,
        "day": day,
        "clocks": " · ".join(dates.clock(utc, zone) for zone in asked.CLOCKS),
        "iso": entry["time"],
        "ago": clock.ago(entry["time"], g.now, _),
        "height": _metres(entry["eruption_height_m"], _),
        "column": _("not known") if column is None else _metres(column, _),
        "people": _("not known") if people is None else figures.people_cell(people, _.code),
        "highest": _(words.ASH_CLASSES[highest]) if highest else "",
        "colour": palette.ASH.get(highest or ""),
        "active": clock.seconds_since(entry["expires"], g.now) < 0,
        "expires": f"{until}, {until_day}",
        "days": entry["forecast_days"],
        "published": entry["report"] is not None,
        "drill": entry["drill"],
        "warnings": len(entry["warnings"]),
    }


def _region(volcano: Volcano) -> str:
    """District and province, as far as they are known."""
    return ", ".join(name for name in (volcano.get("district"), volcano.get("province")) if name)


def _version(one: AshEntry, shown: AshEntry) -> dict[str, object]:
    at, day = _clock(one["arrival"]["received"], one)
    return {
        "event_id": one["event_id"],
        "version": one["version"],
        "number": one["version_number"],
        "received": f"{day}, {at}",
        "shown": one is shown,
        "published": one["report"] is not None,
    }


def _unsettled(one: Unsettled, _: Language) -> dict[str, object]:
    """A request that has no figures: under way, refused or failed, and why."""
    receipt, folder = one.receipt, one.key.partition("/")[0]
    try:
        keys.EruptionId.parse(folder)
        name = folder
    except BadInput:
        name = one.key
    return {
        "name": name,
        "state": receipt.state if receipt else "running",
        "text": _.reason(receipt.reason)
        if receipt
        else _("Under way, or waiting for its raster; the status page says more."),
        "when": clock.ago(one.modified, g.now, _) or dates.short(moment.parse(one.modified), _.code, "WIB"),
    }


def _shown(impact: AshImpact, _: Language) -> dict[str, object]:
    """What the page says of an analysis."""
    people = impact["people"]
    event = impact["event"]
    at = event["longitude"], event["latitude"]
    return {
        "affected": tables.people_text(impact["affected"], _),
        "displaced": tables.people_text(impact["displaced"], _),
        "note": _.reason(people["note"]),
        "warnings": [_.reason(one) for one in impact["warnings"]],
        "missing": [_.reason(one) for one in impact["layers_missing"]],
        "max_cm": ash.thickest(impact, _),
        "classes": _classes(impact, _),
        "columns": {
            "structures": impact["structures"] is not None,
            "roads": impact["roads"] is not None,
            "land_cover": impact["land_cover"] is not None,
        },
        "places": _spots(impact["places"], _),
        "airports": _spots(impact["airports"], _),
        "zones": tables.listing(impact, list(reversed(CLASSES)), _MOST_ROWS, _),
        "effects": _effects(impact, _),
        "needs": tables.needs(impact, _),
        "cumulative": _cumulative(impact["cumulative"], _),
        "where": _("not known") if at[0] is None or at[1] is None else figures.coordinates(at[0], at[1], _.code),
        "elevation": _("not known") if event["elevation_m"] is None else _metres(event["elevation_m"], _),
        "provenance": impact["provenance"],
        "sources": tables.sources(impact, _),
    }


def _classes(impact: AshImpact, _: Language) -> list[dict[str, object]]:
    """A row per thickness class, the thickest first; cells of what is not known are ""."""
    people = tables.people(impact, CLASSES, _)
    things = {
        key: tables.things_by_class(impact, key, CLASSES, CLASSES, _) for key in ("structures", "roads", "land_cover")
    }
    return [
        {
            "name": _(words.ASH_CLASSES[name]),
            "colour": palette.ASH[name],
            "dark": name in ("high", "very_high"),
            "limits": ash.thickness(impact["map"], name, _),
            "people": people[name]["people"] if people else "",
            **{key: found.get(name, "") for key, found in things.items()},
        }
        for name in reversed(CLASSES)
    ]


def _spots(found: Sequence[AshTown] | Sequence[AshAirport] | None, _: Language) -> dict[str, object] | None:
    """Towns or airports under ash; None where no such layer is installed."""
    if found is None:
        return None
    rows = [
        {
            "name": one["name"],
            "more": one.get("zone") or one.get("code") or "",
            "class": _(words.ASH_CLASSES[one["class"]]),
            "colour": palette.ASH[one["class"]],
            "dark": one["class"] in ("high", "very_high"),
            "cm": figures.decimal(one["thickness_cm"], 2, _.code),
            "km": "" if one["distance_km"] is None else f"{figures.whole(one['distance_km'], _.code)} km",
        }
        for one in found[:_MOST_ROWS]
    ]
    return {"rows": rows, "more": max(0, len(found) - _MOST_ROWS)}


def _effects(impact: AshImpact, _: Language) -> list[dict[str, object]]:
    """What each class that is on the map may bring, the thickest first."""
    cells = impact["map"]["cells_by_class"]
    return [
        {
            "name": _(words.ASH_CLASSES[name]),
            "colour": palette.ASH[name],
            "dark": name in ("high", "very_high"),
            "topics": [(_(words.ASH_TOPICS[topic]), _(text)) for topic, text in words.ASH_EFFECTS[name].items()],
        }
        for name in reversed(CLASSES)
        if cells[name]
    ]


def _cumulative(found: Cumulative | None, _: Language) -> dict[str, object] | None:
    if found is None:
        return None
    return {
        "events": found["events"],
        "max_cm": figures.decimal(found["max_cm"], 2, _.code),
        "affected": tables.people_text(found["affected"], _),
        "displaced": tables.people_text(found["displaced"], _),
    }


def _metres(metres: float, _: Language) -> str:
    return f"{figures.whole(metres, _.code)} m"
