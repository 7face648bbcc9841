"""Where the events of a list are, as GeoJSON: each by itself, or summed where there are too many of them."""

import json

from flask import Response, g, request

from web import asked
from web.index.lists import Point
from web.services import services

_MOST = 1000  # that a map shows each by itself


def answer(hazard: str) -> Response:
    """Those of the list of that hazard. Takes the list's arguments, and bbox: the rectangle that a map shows."""
    view = asked.read({"box": request.args.get("bbox", "")}, g.now).wanted.box
    wanted = asked.read(request.args, g.now, hazard).wanted
    found, whole = services().index.lists.points(hazard, wanted, view, _MOST)
    body = {"type": "FeatureCollection", "whole": whole, "features": [_feature(one) for one in found]}
    response = Response(json.dumps(body, separators=(",", ":")), mimetype="application/geo+json")
    response.add_etag()
    response.make_conditional(request)
    return response


def _feature(point: Point) -> dict[str, object]:
    """What a map draws of an event, or of several. magnitude: of quakes alone."""
    told: dict[str, object] = {"rank": point.rank, "count": point.count}
    told |= {"magnitude": point.magnitude} if point.magnitude > 0 else {}
    named = {"event": point.event_id, "version": point.version} if point.event_id else {}
    place = [round(point.longitude, 4), round(point.latitude, 4)]
    return {"type": "Feature", "properties": told | named, "geometry": {"type": "Point", "coordinates": place}}
