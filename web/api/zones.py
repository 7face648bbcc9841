"""People by zone and class of one version: as JSON, as a table and with borders; with BPS's numbers and P-codes."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import cast

import shapely
from flask import g

from siaga.catalog import Entry
from siaga.errors import NotFound
from siaga.exposure.codes import bps_codes, p_code
from siaga.hazard import ash
from siaga.impact import flood
from siaga.impact.classed import zones_csv
from siaga.impact.mmi import CLASSES
from siaga.impact.stored import Impact
from siaga.impact.stored.head import ZoneName
from siaga.product import PACKAGE, ZONES
from web import geopackage
from web.api.events import EVENT_ID, HAZARD, VERSION, collection, entry_of, feature
from web.api.operations import CSV, GEOJSON, operation
from web.api.parameters import text
from web.api.records import Unknown, ZoneNumbers
from web.runs import run_of
from web.services import services

_LEVEL = text("level", "Zones of this level alone, as the answer lists them", 40)
_PLACES = (EVENT_ID, VERSION, _LEVEL)
_CLASSES = {"flood": flood.CLASSES, "ash": ash.CLASSES}
_CACHED = 8  # files with borders


class Zone(ZoneName, ZoneNumbers):
    """What is read here of a zone of any hazard; it is answered whole."""

    people: float | None


@operation("/{hazard}/{event_id}/versions/{version}/zones", "Zones", "Zones", (HAZARD, *_PLACES))
def zones(hazard: str, event_id: str, version: str, level: str | None) -> object:
    """People of a version by zone and class"""
    entry = entry_of(hazard, event_id, version)[1]
    impact = services().runs.analysis(entry)
    chosen = _numbered(impact, level)
    return {
        "hazard": entry["hazard"],
        "event_id": entry["event_id"],
        "version": entry["version"],
        "levels": _levels(impact),
        "zones": chosen,
        "table": impact["table"],
        "unknown": _unknown(impact, chosen),
    }


@operation("/{hazard}/{event_id}/versions/{version}/zones.csv", "Zones", "", (HAZARD, *_PLACES), CSV)
def zones_table(hazard: str, event_id: str, version: str, level: str | None) -> object:
    """The same as a table; empty cells are unknown

    People in no zone of the level that tables list stand in a last row without a code.
    """
    entry = entry_of(hazard, event_id, version)[1]
    impact = services().runs.analysis(entry)
    chosen = _numbered(impact, level)
    table = impact["table"]
    if table is not None and level not in (None, table["level"]):
        table = None
    more = {name: lambda zone, name=name: zone.get(name) for name in ("bps_code", "p_code")}
    key, names, kind = "by_class", _CLASSES.get(entry["hazard"], ()), "class"
    if entry["hazard"] == "earthquake":
        key, names, kind = "by_mmi", tuple(map(str, CLASSES)), "mmi"
    rows = [_in_order(zone, key, names) for zone in chosen]
    told = {**table, "outside": _in_order(table["outside"], key, names)} if table is not None else None
    return zones_csv(rows, told, key, [f"{kind}_{name}" for name in names], more).decode()


@operation("/{hazard}/{event_id}/versions/{version}/zones.geojson", "Zones", "ZoneShapes", (HAZARD, *_PLACES), GEOJSON)
def zones_geojson(hazard: str, event_id: str, version: str, level: str | None) -> object:
    """The same with borders

    Those of an earthquake come with its report; until it is published they are null.
    """
    entry = entry_of(hazard, event_id, version)[1]
    chosen = _numbered(services().runs.analysis(entry), level)
    shapes = _shapes(entry)
    features = [
        feature(zone["code"], json.loads(shapes[zone["code"]]) if zone["code"] in shapes else None, zone)
        for zone in chosen
    ]
    missing: list[Unknown] = []
    if any(one["geometry"] is None for one in features):
        reason = g.language("This version was published without the borders of these zones")
        if entry["hazard"] == "earthquake" and entry["report"] is None:
            reason = g.language("The report, with which borders come, is not published yet")
        missing.append({"field": "geometry", "reason": reason})
    return collection(features, None, missing)


def _in_order(zone: Mapping[str, object], key: str, names: Sequence[str]) -> dict[str, object]:
    """A zone whose classes stand in their own order; stored they stand in that of the alphabet."""
    people = cast(Mapping[str, float | None], zone[key])
    return {**zone, key: {name: people[name] for name in names}}


def _numbered(impact: Impact, level: str | None) -> list[Zone]:
    """Zones of that level, or all, with numbers of other agencies; raises NotFound for a level that is not there."""
    levels = _levels(impact)
    if level is not None and level not in levels:
        raise NotFound(
            "There are no zones of level {level} here; there are {names}", level=level, names=", ".join(levels) or "–"
        )
    numbers = bps_codes(zone["code"] for zone in impact["zones"])
    return [
        cast(Zone, {**zone, "bps_code": numbers.get(zone["code"]), "p_code": p_code(numbers.get(zone["code"]))})
        for zone in impact["zones"]
        if level in (None, zone["level"])
    ]


def _levels(impact: Impact) -> list[str]:
    return list(dict.fromkeys(zone["level"] for zone in impact["zones"] if zone["level"]))


def _unknown(impact: Impact, chosen: Sequence[Zone]) -> list[Unknown]:
    """Why fields of zones are null, and why there are none."""
    missing: list[Unknown] = []
    note = impact["people"]["note"]
    if note and (not chosen or any(zone["people"] is None for zone in chosen)):
        missing.append({"field": "people", "reason": g.language.reason(note)})
    if any(zone["bps_code"] is None for zone in chosen):
        reason = g.language("The installed zones carry codes that are not those of BPS")
        missing += [{"field": name, "reason": reason} for name in ("bps_code", "p_code")]
    return missing


def _shapes(entry: Entry) -> dict[str, str]:
    """The border of each zone as GeoJSON, by its code: from a quake's GeoPackage, else from its own file."""
    name = PACKAGE if entry["hazard"] == "earthquake" else ZONES
    if name not in services().runs.sizes(entry):
        return {}
    return _read(str(run_of(entry)), name, services().runs.content(entry, name))


@lru_cache(_CACHED)
def _read(_run: str, name: str, content: bytes) -> dict[str, str]:
    if name == ZONES:
        features = json.loads(content)["features"]
        return {one["properties"]["code"]: json.dumps(one["geometry"]) for one in features}
    rows = geopackage.rows(content, "zones")
    return {values["code"]: shapely.to_geojson(shape) for shape, values in rows if shape and values["code"]}
