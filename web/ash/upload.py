"""Volcanic ash: the operator's upload, by a form (fill in, look, submit) or by the API (send, put, send again)."""

from dataclasses import dataclass

from flask import Blueprint, Flask, Response, current_app, g, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from siaga import moment, palette
from siaga.accounts.account import ASH_EDITOR
from siaga.errors import BadInput
from siaga.hazard.ash import (
    ALERT_LEVELS,
    CLASSES,
    FORECAST_DAYS,
    MAX_BYTES,
    MAX_REQUEST_BYTES,
    Eruption,
    eruption,
    read_request,
)
from siaga.inputs import ash_uploads
from siaga.inputs.ash_uploads import Preview, Uploads
from siaga.report import figures, words
from siaga.report.classed import ash
from siaga.store import Store
from web import audit, login
from web.ash.volcanoes import Volcanoes

TIME_ZONES = {zone: f"+{hours:02d}:00" for zone, hours in {**moment.TIME_ZONES, "UTC": 0}.items()}
_NAME = "siaga-ash"
_FIELDS = ("volcano", "alert_level", "eruption_height_m", "time", "zone", "forecast_days", "density_kg_m3")

pages = Blueprint("ash", __name__)


@dataclass(frozen=True, slots=True)
class Intake:
    """What an app that takes ash falls works with: where they go, and the volcanoes to choose from."""

    uploads: Uploads
    volcanoes: Volcanoes


def install(app: Flask, store: Store) -> None:
    """Let the app take ash falls. store: with the rights of role ash."""
    app.extensions[_NAME] = Intake(Uploads(store), Volcanoes(store))
    app.register_blueprint(pages)


@pages.get("/ash/upload")
@login.page(ASH_EDITOR)
def form() -> tuple[str, int]:
    """The empty form."""
    return _filled({})


@pages.post("/ash/upload")
@login.page(ASH_EDITOR)
def look() -> tuple[str, int]:
    """What the raster shows, before it is submitted; the form again with the reason where it is refused."""
    intake = _intake()
    told = _told()
    raster = request.files.get("raster")
    try:
        one = _eruption(told, intake.volcanoes)
        body = raster.stream.read(MAX_BYTES + 1) if raster else b""
        seen = ash_uploads.look(one, body)
    except BadInput as error:
        return _filled(told, g.language.reason(error.reason()), 422)
    digest = intake.uploads.keep(body)
    return render_template("ash_preview.html", tab="ash", **_shown(one, seen), sha256=digest, told=told), 200


@pages.post("/ash/submit")
@login.page(ASH_EDITOR)
def submit() -> AnyResponse | tuple[str, int]:
    """Hand in the raster that was looked at."""
    uploads, told = _intake().uploads, _told()
    try:
        one = _eruption(told | {"raster_sha256": request.form.get("sha256", "")}, _intake().volcanoes)
        body = uploads.candidate(one.raster_sha256)
        if body is None:
            raise BadInput("The raster that was looked at is no longer kept; choose it again")
        ash_uploads.look(one, body)
    except BadInput as error:
        return _filled(told, g.language.reason(error.reason()), 422)
    event_id = str(uploads.submit(one, body))
    audit.about(event_id)
    return redirect(url_for("status.status", sent=event_id))


@pages.post("/api/ash")
@login.call(ASH_EDITOR)
def send() -> tuple[Response, int]:
    """A program's upload: 202 with a link for the raster, then, sent again, 201 with the id."""
    if request.mimetype != "application/json":
        raise BadInput("Send the request as application/json")
    one = read_request(request.get_data()[: MAX_REQUEST_BYTES + 1])
    if not one.raster_sha256:
        raise BadInput("The request lacks {field}", field="raster_sha256")
    uploads = _intake().uploads
    body = uploads.candidate(one.raster_sha256)
    if body is None:
        link = {"method": "PUT", "url": uploads.link(one.raster_sha256), "seconds": ash_uploads.LINK_SECONDS}
        return jsonify(state="raster wanted", upload=link), 202
    seen = ash_uploads.look(one, body)
    event_id = str(uploads.submit(one, body))
    audit.about(event_id)
    return jsonify(state="submitted", event_id=event_id, **seen), 201


def _intake() -> Intake:
    found: Intake = current_app.extensions[_NAME]
    return found


def _told() -> dict[str, str]:
    """What the form says, as it was typed."""
    return {name: request.form.get(name, "")[:100] for name in _FIELDS}


def _filled(told: dict[str, str], sentence: str = "", status: int = 200) -> tuple[str, int]:
    """The form with what was told, and why it is here again."""
    page = render_template(
        "ash_upload.html",
        tab="ash",
        told=told,
        sentence=sentence,
        volcanoes=_intake().volcanoes.listed(),
        levels={name: _level(name) for name in ALERT_LEVELS},
        time_zones=TIME_ZONES,
        limit_mib=MAX_BYTES >> 20,
        days=FORECAST_DAYS,
    )
    return page, status


def _eruption(told: dict[str, str], volcanoes: Volcanoes) -> Eruption:
    """What the form says; raises BadInput naming the field."""
    volcano = volcanoes.named(told["volcano"])
    time_zone = told["zone"] or volcano.time_zone
    if time_zone not in TIME_ZONES:
        raise BadInput("{field} is {value}; choose one of the list", field="zone", value=repr(time_zone))
    return eruption(
        {
            "volcano": volcano.name,
            "longitude": volcano.longitude,
            "latitude": volcano.latitude,
            "elevation_m": volcano.elevation_m,
            "district": volcano.district,
            "province": volcano.province,
            "alert_level": told["alert_level"],
            "eruption_height_m": _number(told["eruption_height_m"]),
            "time": f"{told['time']}{TIME_ZONES[time_zone]}",
            "time_zone": time_zone,
            "forecast_days": _number(told["forecast_days"]),
            "density_kg_m3": _number(told["density_kg_m3"]) if told["density_kg_m3"].strip() else None,
            "raster_sha256": told.get("raster_sha256"),
        }
    )


def _number(text: str) -> float | str:
    """A number as it was typed, with a point or a comma; what is none is named by who wants one."""
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return text


def _shown(one: Eruption, seen: Preview) -> dict[str, object]:
    """What the preview says."""
    deposit, height = seen["map"], one.column_height_m
    sides = (deposit["west"], deposit["south"], deposit["east"], deposit["north"])
    west, south, east, north = (figures.decimal(side, 2, g.code) for side in sides)
    return {
        "eruption": one,
        "level": _level(one.alert_level),
        "column": None if height is None else figures.whole(height, g.code),
        "extent": f"{west}° – {east}°, {south}° – {north}°",
        "max_cm": figures.decimal(deposit["max_cm"], 2, g.code),
        "cells": f"{figures.whole(deposit['rows'], g.code)} × {figures.whole(deposit['columns'], g.code)}",
        "classes": [
            {
                "name": g.language(words.ASH_CLASSES[name]),
                "colour": palette.ASH[name],
                "limits": ash.thickness(seen["map"], name, g.language),
                "cells": figures.whole(deposit["cells_by_class"][name], g.code),
            }
            for name in CLASSES
        ],
        "warnings": [g.language.reason(warning) for warning in seen["warnings"]],
        "png": seen["png"],
    }


def _level(name: str) -> str:
    """An alert level as the form and the look have it."""
    said = ash.level(name, g.language)
    return f"{said['name']}, {said['rank']}"
