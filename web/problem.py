"""What programs are told when something fails: problem+json (RFC 9457), a sentence that says what to do."""

import json
from http import HTTPStatus

from flask import Response

MEDIA_TYPE = "application/problem+json"
_PLACES = ("/api/v1", "/realtime/api/v1")


def is_wanted(path: str) -> bool:
    """Whether programs ask there, and no reader with a browser."""
    return any(path == place or path.startswith(f"{place}/") for place in _PLACES)


def answer(status: int, sentence: str, **more: object) -> Response:
    """The problem as an answer. more: further members, such as the field that is wrong."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": sentence}
    return Response(json.dumps(body | more, ensure_ascii=False), status, content_type=MEDIA_TYPE)
