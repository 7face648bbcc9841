"""The skeleton that `faas-cli new` copies: answers what it was sent."""

from typing import Any


def handle(event: Any, context: Any) -> dict[str, Any]:
    """event: body (bytes), headers, method, query, path; context: hostname. One call at a time, in QGIS's thread."""
    return {"statusCode": 200, "body": event.body.decode(errors="replace")}
