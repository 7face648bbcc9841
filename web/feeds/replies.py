"""JSON as feeds answer it: with an ETag, and what failed as JSON too."""

import json
from collections.abc import Mapping
from hashlib import sha256

from flask import Response, g, request

from siaga.errors import NotFound, SiagaError

JSON, GEOJSON = "application/json", "application/geo+json"


def answer(body: Mapping[str, object], media_type: str = JSON) -> Response:
    """That record, with its hash as ETag; short where the reader has it already."""
    text = json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    response = Response(text, content_type=media_type)
    response.set_etag(sha256(text).hexdigest()[:32])
    response.make_conditional(request)  # the same response, shortened where the reader has it already
    return response


def refused(error: SiagaError) -> tuple[Response, int]:
    """What failed, as JSON: what a blueprint answers to a failure."""
    status = 400 if error.status == 422 else error.status
    name = "NotFound" if isinstance(error, NotFound) else "InvalidParameterValue" if status == 400 else "NoAnswer"
    body = json.dumps({"code": name, "description": g.language.reason(error.reason())}, ensure_ascii=False)
    return Response(body, content_type=JSON), status
