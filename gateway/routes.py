"""The gateway's own routes: notifications in, pending jobs out, reprocessing."""

import logging
from datetime import UTC, datetime

from flask import Blueprint, Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from gateway import openfaas
from gateway.job import Job, Progress
from gateway.login import DROP, EVENTS, JOBS, ORDERS, PREVIEWS, REPROCESS, STOP, Guard
from gateway.relay import Relay
from gateway.service import Gateway, install, services
from siaga import vitals
from siaga.answers import JobFacts
from siaga.errors import BadInput, SiagaError
from siaga.inputs.canary import is_of_one
from siaga.moment import stamp

_log = logging.getLogger("gateway")
_JOBS = 5000  # more than these are not listed

routes = Blueprint("gateway", __name__)


def create_app(gateway: Gateway) -> Flask:
    """All routes of the gateway. Raises SiagaError for a missing secret."""
    app = Flask("gateway")
    app.url_map.merge_slashes = False  # the path behind a function's name is the function's
    install(app, gateway)
    app.before_request(Guard.of(gateway.settings).refuse)
    app.before_request(Relay(gateway.lead, gateway.works.is_set).pass_on)
    app.register_blueprint(routes)
    app.register_blueprint(openfaas.routes)
    return app


@routes.get(vitals.ALIVE)
@routes.get(vitals.READY)
def condition() -> Response:
    """Whether the gateway lives, and whether it can work."""
    answer = services().vitals.answer(request.path)
    assert answer is not None
    return Response(answer.body, answer.status, content_type=answer.media_type)


@routes.get(vitals.METRICS)
def figures() -> Response:
    """What Prometheus reads; the guard has asked for token or login."""
    answer = services().vitals.metrics()
    return Response(answer.body, content_type=answer.media_type)


@routes.post(EVENTS)
def events() -> Response:
    """What the store announces."""
    return jsonify(services().webhook.take(request.get_data()))


@routes.get(JOBS)
def jobs() -> Response:
    """What is under way, and when the last sweeps were."""
    gateway = services()
    listed = [one for one in gateway.inbox.jobs(_JOBS) if not (one[0].notification and is_of_one(one[0].notification))]
    return jsonify(
        jobs=[_job(*one) for one in listed if one[0].notification],
        calls=[_job(*one) for one in listed if not one[0].notification],
        sweep=gateway.sweep.figures(),
        canary=gateway.canary.figures(),
        unreadable=gateway.webhook.unreadable(),
    )


@routes.get("/siaga/pending")
def pending() -> Response:
    """The ids of all jobs that are not settled, one a line: function, a bar, and the name of its receipt to be."""
    return Response("\n".join(sorted(services().inbox.active())), mimetype="text/plain")


@routes.post(REPROCESS)
def reprocess() -> tuple[Response, int]:
    """Do inputs again: those that are named at once, a range slice by slice."""
    return jsonify(services().reprocess.order(*_sent())), 202


@routes.post("/function/reprocess")
def reprocess_function() -> Response:
    """The same, shaped like a function: `faas-cli invoke` prints an answer with 200, and nothing of one with 202."""
    return jsonify(services().reprocess.order(*_sent()))


@routes.post(DROP)
def drop() -> Response:
    """Give up for good what was refused or failed."""
    return jsonify(services().reprocess.drop(*_sent()))


@routes.get(ORDERS)
def orders() -> Response:
    """The orders, and how far each has come."""
    return jsonify(orders=[order.facts() for order in services().orders.listed()])


@routes.post(STOP)
def stop() -> Response:
    """Withdraw the rest of an order."""
    return jsonify(order=services().orders.stop(str(_sent()[0].get("id", ""))).facts())


@routes.post(PREVIEWS)
def order_preview() -> tuple[Response, int]:
    """Make a report to look at, with a layout that is not in force."""
    return jsonify(preview=services().previews.order(*_sent())), 202


@routes.get(PREVIEWS)
def preview() -> Response:
    """How far it is; with one of its files, pdf or png, where that is named."""
    return jsonify(preview=services().previews.look(request.args.get("id", ""), request.args.get("file", "")))


def _sent() -> tuple[dict[str, object], str]:
    """The JSON object that was sent, and who says to send it."""
    try:
        wanted = request.get_json(force=True, silent=True)
    except RecursionError:  # brackets without end
        wanted = None
    if not isinstance(wanted, dict):
        raise BadInput("The body is not a JSON object")
    return wanted, str(wanted.get("who") or (request.authorization and request.authorization.username) or "?")[:80]


@routes.app_errorhandler(SiagaError)
def foreseen(error: SiagaError) -> tuple[Response, int]:
    """The reason, as text and as its parts."""
    return jsonify(error=str(error), reason=error.reason()), error.status


@routes.app_errorhandler(Exception)
def unforeseen(error: Exception) -> HTTPException | tuple[Response, int]:
    """Whatever else goes wrong, above all the job database: the sender hears that nothing was taken."""
    if isinstance(error, HTTPException):
        return error
    _log.exception("%s %s failed", request.method, request.path)
    return jsonify(error=f"{type(error).__name__}; the gateway's log has the details"), 500


def _job(job: Job, progress: Progress, state: str, due: float | None) -> JobFacts:
    return {
        "function": job.function,
        **job.content,
        "state": state,
        "attempt": progress.attempt,
        "next": stamp(datetime.fromtimestamp(due, UTC)) if due else None,
        "reason": progress.reason,
        "received": job.received,
    }
