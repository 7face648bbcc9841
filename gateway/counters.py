"""What the gateway counts for Prometheus as it happens: what came, by which way, and what became of it."""

from prometheus_client import Counter, Histogram

from siaga.receipt import Receipt

_BUCKETS = (0.5, 1, 2, 3, 5, 8, 13, 20, 30, 60, 120, 300, 600, 1200, 3600, 7200)  # seconds

NOTIFICATIONS = Counter("siaga_notifications", "What the store announced: taken, ignored, unreadable", ["outcome"])
RECEIVED = Counter(
    "siaga_jobs_received", "Jobs taken on, by the way they came: notification, sweep", ["function", "way"]
)
SETTLED = Counter(
    "siaga_jobs_settled", "Jobs by what became of them, as receipts say: done, refused, dead …", ["function", "state"]
)
RETRIES = Counter("siaga_job_retries", "Attempts beyond the first one that settled jobs had taken", ["function"])
SECONDS = Histogram("siaga_job_seconds", "Seconds of the last attempt of what is done", ["function"], buckets=_BUCKETS)
STEPS = Histogram(
    "siaga_step_seconds",
    "Seconds of each step of what is published: map_made (since the event), received, analysed, published",
    ["hazard", "step"],
    buckets=_BUCKETS,
)
_OUTCOMES = ("taken", "ignored", "unreadable")
_WAYS = ("notification", "sweep")
_STATES = ("done", "refused", "superseded", "dead")


def begin(functions: tuple[str, ...]) -> None:
    """Let every count of these functions be there from the start, as 0: what never was there never rises."""
    for outcome in _OUTCOMES:
        NOTIFICATIONS.labels(outcome)
    for function in functions:
        RETRIES.labels(function)
        SECONDS.labels(function)
        for way in _WAYS:
            RECEIVED.labels(function, way)
        for state in _STATES:
            SETTLED.labels(function, state)


def settled(receipt: Receipt) -> None:
    """A receipt was written."""
    SETTLED.labels(receipt.function, receipt.state).inc()
    RETRIES.labels(receipt.function).inc(max(0, receipt.attempts - 1))
    if receipt.state == "done":
        SECONDS.labels(receipt.function).observe(receipt.seconds)
