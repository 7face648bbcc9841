"""The answer of an asynchronous call, posted to where its caller asked (X-Callback-Url)."""

import logging
import threading
from urllib.parse import urlsplit

from gateway import invoke
from gateway.job import Job
from gateway.verdict import Verdict
from siaga.errors import BadInput, SiagaError

_log = logging.getLogger("gateway")
_SECONDS = 10.0  # in all; a receiver that dawdles must not hold up the jobs that wait


def check(url: str) -> str:
    """Return the URL, or raise BadInput when nothing can be posted there."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        raise BadInput("X-Callback-Url is {url}; write an http or https address", url=repr(url[:200]))
    return url


def post(job: Job, verdict: Verdict) -> None:
    """Post the function's answer once; a receiver that is away is logged, as OpenFaaS does."""
    posting = threading.Thread(target=_post, args=(job, verdict), name="callback", daemon=True)
    posting.start()
    posting.join(_SECONDS)
    if posting.is_alive():
        _log.warning("callback of %s to %s is not answered; nobody waits for it longer", job.id, job.callback)


def _post(job: Job, verdict: Verdict) -> None:
    call_id = next((value for name, value in job.headers if name.lower() == "x-call-id"), "")
    headers = [
        ("Content-Type", verdict.media_type or "text/plain"),
        ("X-Call-Id", call_id),
        ("X-Duration-Seconds", f"{verdict.seconds:f}"),
        ("X-Function-Name", job.function),
        ("X-Function-Status", str(verdict.status or 503)),
    ]
    parts = urlsplit(job.callback)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        answer = invoke.begin(f"{parts.scheme}://{parts.netloc}", "POST", target, headers, verdict.body, _SECONDS)
        answer.close()  # what it says besides is nobody's concern
        if answer.status >= 300:
            _log.warning("callback of %s to %s was answered %d", job.id, job.callback, answer.status)
    except SiagaError as error:
        _log.warning("callback of %s: %s", job.id, error)
