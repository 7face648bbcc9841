"""The gateway's own routes: notifications in, pending jobs out, reprocessing."""

import logging
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from gateway import openfaas
from gateway.job import Job, Progress
from gateway.login import EVENTS, HEALTH, JOBS, guard
from gateway.service import Gateway
from siaga.errors import BadInput, SiagaError
from siaga.moment import stamp

_log = logging.getLogger("gateway")
_JOBS = 5000  # more than these are not listed


def create_app(gateway: Gateway) -> Flask:
    """All routes of the gateway."""
    app = Flask("gateway")
    app.url_map.merge_slashes = False  # the path behind a function's name is the function's
    guard(app, gateway.settings)

    @app.get(HEALTH)
    def healthz() -> Response:
        return Response("OK", mimetype="text/plain")

    @app.post(EVENTS)
    def events() -> Response:
        return jsonify(gateway.webhook.take(request.get_data()))

    @app.get(JOBS)
    def jobs() -> Response:
        listed = gateway.inbox.jobs(_JOBS)
        return jsonify(
            jobs=[_job(*one) for one in listed if one[0].event],
            calls=[_job(*one) for one in listed if not one[0].event],
            sweep={"last": gateway.sweep.last, "last_full": gateway.sweep.last_full},
            unreadable=gateway.webhook.unreadable(),
        )

    @app.post("/siaga/reprocess")
    def reprocess() -> tuple[Response, int]:
        wanted = request.get_json(force=True, silent=True)
        if not isinstance(wanted, dict):
            raise BadInput("The body is not a JSON object")
        done = gateway.reprocess.order(wanted)
        return jsonify(enqueued=len(done), jobs=done), 202

    app.register_blueprint(openfaas.blueprint(gateway))

    @app.errorhandler(SiagaError)
    def foreseen(error: SiagaError) -> tuple[Response, int]:
        return jsonify(error=str(error), reason=error.reason()), error.status

    @app.errorhandler(Exception)
    def unforeseen(error: Exception) -> HTTPException | tuple[Response, int]:
        """Whatever else goes wrong, above all the job database: the sender hears that nothing was taken."""
        if isinstance(error, HTTPException):
            return error
        _log.exception("%s %s failed", request.method, request.path)
        return jsonify(error=f"{type(error).__name__}; the gateway's log has the details"), 500

    return app


def _job(job: Job, progress: Progress, state: str, due: float | None) -> dict[str, Any]:
    return {
        "function": job.function,
        "bucket": job.bucket,
        "key": job.key,
        "etag": job.etag,
        "state": state,
        "attempt": progress.attempt,
        "next": stamp(datetime.fromtimestamp(due, UTC)) if due else None,
        "reason": progress.reason,
        "received": job.received,
    }
