"""Ash rasters on their way in: put as candidates, looked at, and submitted with their request.

A candidate wakes nothing and vanishes after a day. Only submitting writes into the eruption's folder: the
raster first, then request.json, which wakes on-ash.
"""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import TypedDict, cast

from siaga import keys
from siaga.errors import BadInput, NotFound, Reason, SiagaError
from siaga.hazard.ash import MAX_BYTES, MAX_REQUEST_BYTES, Eruption, read_request, request_bytes
from siaga.impact.stored.ash import AshDeposit
from siaga.keys import EruptionId
from siaga.store import Store

LINK_SECONDS = 900  # a presigned URL is good for so long
_PATIENCE = 40  # seconds for a look at a raster


class Preview(TypedDict):
    """What is seen of a raster before it is submitted. png: the classes as a picture, in base64."""

    map: AshDeposit
    warnings: list[Reason]
    png: str


class Uploads:
    """Ash rasters on their way in; store: with the rights of role ash."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, body: bytes) -> str:
        """Keep a raster as a candidate; returns its sha256."""
        digest = sha256(body).hexdigest()
        self._store.put(keys.ASHMAPS, keys.ash_candidate(digest), body, "image/tiff")
        return digest

    def link(self, digest: str) -> str:
        """Where a client may put the raster of that sha256 by itself."""
        return self._store.presign(keys.ASHMAPS, keys.ash_candidate(digest), LINK_SECONDS, method="put")

    def candidate(self, digest: str) -> bytes | None:
        """The raster of that sha256; None when it is not there yet, or other content is.

        Raises BadInput when it is too large.
        """
        key = keys.ash_candidate(digest)
        try:
            body = self._store.get(keys.ASHMAPS, key, at_most=MAX_BYTES)[0]
        except NotFound:
            return None
        return body if sha256(body).hexdigest() == digest else None

    def holds(self, eruption: Eruption, body: bytes) -> bool:
        """Whether that very request with that raster was submitted before."""
        try:
            stored = self._store.get(keys.ASHMAPS, eruption.event_id.request, at_most=MAX_REQUEST_BYTES)[0]
            before = read_request(stored)
        except (NotFound, BadInput):
            return False
        digest = sha256(body).hexdigest()
        return replace(before, submitted=None) == replace(eruption, submitted=None, raster_sha256=digest)

    def submit(self, eruption: Eruption, body: bytes) -> EruptionId:
        """Write the raster and then the request that names it; returns the eruption's id."""
        submitted = replace(
            eruption, submitted=datetime.now(UTC).replace(microsecond=0), raster_sha256=sha256(body).hexdigest()
        )
        self._store.put(keys.ASHMAPS, submitted.event_id.raster, body, "image/tiff")
        self._store.put(keys.ASHMAPS, submitted.event_id.request, request_bytes(submitted), "application/json")
        return submitted.event_id


def look(eruption: Eruption, body: bytes) -> Preview:
    """What a raster holds, read in a process of its own.

    Raises BadInput with a sentence when it cannot serve.
    """
    command = [sys.executable, "-m", "siaga.gis.map.ash_preview"]
    sent = request_bytes(eruption).replace(b"\n", b" ") + b"\n" + body
    try:
        done = subprocess.run(command, input=sent, capture_output=True, timeout=_PATIENCE, check=False)
        answer = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise BadInput("The raster could not be looked at within the limits of time and memory") from error
    if "reason" in answer:
        raise _PreviewRefusal(answer["reason"])
    return cast(Preview, answer["preview"])


class _PreviewRefusal(BadInput):
    """A reason that another process gave."""

    def __init__(self, reason: Reason) -> None:
        SiagaError.__init__(self, reason["template"], **reason["values"])
