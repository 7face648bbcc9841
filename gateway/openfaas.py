"""OpenFaaS's routes, codes and headers, so that faas-cli and its kin work against the gateway.

The stack is stack.yml: what would change it is refused in words. Unlike OpenFaaS, an asynchronous call of
a function that does not exist is refused (404) instead of accepted and lost.
"""

import platform
import time
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from urllib.parse import quote

from flask import Blueprint, Response, jsonify, request

from gateway import logs, urgency
from gateway.invoke import BrokenOff, NoConnection, TimedOut, call_headers
from gateway.job import Job, call_job_id
from gateway.relay import streamed
from gateway.service import Gateway, services
from siaga import events, software
from siaga.errors import BadInput, NotFound
from siaga.events import Notification
from siaga.moment import stamp
from siaga.stack import Function
from siaga.store import Store

NAMESPACE = "openfaas-fn"
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]
_MAX_ASYNC_BYTES = 1_000_000  # larger things belong into a bucket
_REFUSAL = (
    "{action} is not possible here: the stack of this gateway is its file stack.yml. "
    "Change the file and start Siaga again.\n"
)
_TOLD = ("labels", "annotations", "secrets", "constraints", "limits", "requests")
_LOGIN = {"authorization"}  # it opened this door, and is no business of the function's
_KEPT_FROM_DISK = _LOGIN | {"cookie"}  # the job database would hold it for as long as the job

_CANNOT = (  # path, methods, what is asked for, status of the refusal
    ("/system/functions", ["POST", "PUT"], "Deploying a function", 405),
    ("/system/functions", ["DELETE"], "Removing a function", 405),
    ("/system/scale-function/<name>", ["POST"], "Setting the replicas of a function", 405),
    ("/system/secrets", ["POST", "PUT", "DELETE"], "Handing out secrets", 405),
    ("/system/namespaces", ["POST"], "Making a namespace", 501),
    ("/system/namespace/", ["POST"], "Making a namespace", 501),  # faas-cli names it in the body
    ("/system/namespace/<name>", ["GET", "POST", "PUT", "DELETE"], "Managing a namespace", 501),
)

routes = Blueprint("openfaas", __name__)


@routes.route("/function/<name>", methods=_METHODS, provide_automatic_options=False)
@routes.route("/function/<name>/", methods=_METHODS, provide_automatic_options=False)
@routes.route("/function/<name>/<path:path>", methods=_METHODS, provide_automatic_options=False)
def function(name: str, path: str = "") -> Response:
    """Call a function and wait for its answer."""
    gateway = services()
    known = _find(gateway, name)
    if known is None:
        return _platform_error(f"No endpoints available for: {name}.", 503)
    return _proxy(gateway, known, path)


@routes.post("/async-function/<name>")
@routes.post("/async-function/<name>/")
@routes.post("/async-function/<name>/<path:path>")
def asynchronous(name: str, path: str = "") -> Response:
    """Call a function without waiting; the call survives a restart."""
    gateway = services()
    known = _find(gateway, name)
    if known is None:
        return _platform_error(f"No endpoints available for: {name}.", 404)
    return _accept(gateway, known, path)


@routes.get("/system/info")
def info() -> Response:
    """What this gateway is."""
    release = {"release": software.version(), "sha": software.commit()}
    provider = {"provider": "siaga", "orchestration": "process", "version": release}
    return jsonify(provider=provider, version=release | {"commit_message": ""}, arch=platform.machine())


@routes.get("/system/functions")
def functions() -> Response:
    """All functions and their state."""
    gateway = services()
    here = request.args.get("namespace") in (None, "", NAMESPACE)
    return jsonify([_status(gateway, one) for one in gateway.functions] if here else [])


@routes.get("/system/function/<name>")
def function_status(name: str) -> Response | tuple[Response, int]:
    """One function and its state."""
    gateway = services()
    known = _find(gateway, name, request.args.get("namespace"))
    return jsonify(_status(gateway, known)) if known else _missing(name)


@routes.get("/system/namespaces")
def namespaces() -> Response:
    """The one that there is."""
    return jsonify([NAMESPACE])


@routes.get("/system/secrets")
def secrets() -> Response:
    """None is ever told."""
    return jsonify([])


@routes.get("/system/logs")
def function_logs() -> Response | tuple[Response, int]:
    """The log of one function, line by line."""
    gateway = services()
    known = _find(gateway, request.args.get("name", ""), request.args.get("namespace"))
    if known is None:
        return _missing(request.args.get("name", ""))
    try:
        wanted = logs.Request.parse(request.args)
    except ValueError as error:
        return Response(f"{error}\n", mimetype="text/plain"), 422
    lines = logs.lines(gateway.settings.home / "logs", known.name, NAMESPACE, wanted)
    return Response(lines, mimetype="application/x-ndjson")


def _refuse(action: str, status: int, **_: str) -> tuple[Response, int]:
    return Response(_REFUSAL.format(action=action), headers={"Allow": "GET"}, mimetype="text/plain"), status


for _path, _verbs, _action, _code in _CANNOT:
    routes.add_url_rule(_path, f"{_verbs} {_path}", partial(_refuse, _action, _code), methods=_verbs)


def _find(gateway: Gateway, name: str, namespace: str | None = None) -> Function | None:
    """`name` or `name.namespace`; None when there is no such function here."""
    plain, dot, suffix = name.rpartition(".")
    if dot:
        name, namespace = plain, suffix
    if namespace not in (None, "", NAMESPACE):
        return None
    return gateway.slots.functions.get(name)


def _status(gateway: Gateway, function: Function) -> dict[str, object]:
    deployment = function.deployment
    status = {
        "name": function.name,
        "image": function.image,
        "namespace": NAMESPACE,
        "envVars": dict(function.environment),
        "readOnlyRootFilesystem": deployment.get("readonly_root_filesystem", False),
        "invocationCount": gateway.slots.invocations[function.name],
        "replicas": gateway.slots.count(function.name),
        "availableReplicas": gateway.slots.ready(function.name),
        "createdAt": stamp(datetime.fromtimestamp(gateway.settings.stack.stat().st_mtime, UTC)),
    }
    return {key: value for key, value in status.items() if value != {}} | {
        key: deployment[key] for key in _TOLD if deployment.get(key)
    }


def _proxy(gateway: Gateway, function: Function, path: str) -> Response:
    """Pass the request on and the answer back, both nearly as they are."""
    started = time.time_ns()
    sent = [
        *_passed_on(_LOGIN),
        *[(name, value) for name, value in _forwarded().items() if name not in request.headers],
    ]
    headers = call_headers(sent)
    try:
        answer = gateway.slots.open(function.name, request.method, _target(path), headers, request.get_data())
    except NoConnection:
        return _platform_error(f"Can't reach service for: {function.name}.", 500)
    except (BrokenOff, TimedOut) as error:
        return _platform_error(f"{error}\n", 502)
    response = streamed(answer)
    if "Content-Type" not in response.headers:
        response.headers["Content-Type"] = request.headers.get("Content-Type", "text/plain")
    if "X-Call-Id" not in request.headers:
        response.headers["X-Call-Id"] = dict(headers)["X-Call-Id"]
    response.headers["X-Start-Time"] = str(started)
    return response


def _accept(gateway: Gateway, function: Function, path: str) -> Response:
    """Make the call durable: a job for each object that its body names, or a plain call."""
    body = request.get_data()
    url = request.headers.get("X-Callback-Url", "")
    try:
        if url:
            gateway.callbacks.check(url)
    except BadInput as error:
        return _platform_error(f"{error}\n", 400)
    if len(body) > _MAX_ASYNC_BYTES:
        return _platform_error("The body is too large for a call without waiting; put it into a bucket\n", 413)
    headers = call_headers(_passed_on(_KEPT_FROM_DISK))
    call_id = next(value for name, value in headers if name.lower() == "x-call-id")
    try:
        found = [_newest(gateway.store, one) for one in events.parse(body)]
        if len(found) == 1:  # many at once are a range, and go by their age
            found = [replace(found[0], asked=True)]
        jobs = [
            Job.of_object(function.name, one, urgency.by_key(one, datetime.now(UTC)), callback=url, call_id=call_id)
            for one in found
        ]
    except BadInput:
        plain = Job(
            call_job_id(function.name, call_id),
            function.name,
            path=f"/{quote(path)}",
            query=request.query_string.decode(),
            headers=tuple(headers),
            body=body,
            callback=url,
        )
        jobs = [plain]
    for job in jobs:
        gateway.inbox.submit(job)
    response = Response(status=202, headers={"X-Call-Id": call_id, "X-Start-Time": str(time.time_ns())})
    del response.headers["Content-Type"]
    return response


def _newest(store: Store, notification: Notification) -> Notification:
    """The content that a hand-written notification means: the newest one, unless it says."""
    if notification.etag:
        return notification
    try:
        head = store.head(notification.bucket, notification.key)
    except (NotFound, BadInput):
        return notification  # the function says so, and the receipt keeps it
    return Notification(notification.bucket, notification.key, head.etag, head.version_id)


def _passed_on(kept_back: set[str]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in request.headers.items() if name.lower() not in kept_back]


def _target(path: str) -> str:
    query = request.query_string.decode()
    return f"/{quote(path)}" + (f"?{query}" if query else "")


def _forwarded() -> dict[str, str]:
    port = request.environ.get("REMOTE_PORT", "")
    return {"X-Forwarded-Host": request.host, "X-Forwarded-For": f"{request.remote_addr}:{port}"}


def _missing(name: str) -> tuple[Response, int]:
    return Response(f"No function {name} in stack.yml\n", mimetype="text/plain"), 404


def _platform_error(text: str, status: int) -> Response:
    return Response(text, status, {"X-OpenFaaS-Internal": "proxy"}, mimetype="text/plain")
