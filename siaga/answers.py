"""What the gateway answers to the command line and the web: jobs, orders, plans of orders."""

from typing import TypedDict

from siaga.errors import Reason


class JobFacts(TypedDict):
    """A job that is not settled, or has just been. next: when it is tried again, UTC; reason: why it waits."""

    function: str
    bucket: str
    key: str
    etag: str
    version_id: str
    state: str
    attempt: int
    next: str | None
    reason: Reason | None
    received: str


class JobName(TypedDict):
    """A job that was ordered."""

    function: str
    bucket: str
    key: str
    state: str


class DroppedInput(TypedDict):
    """An input that was given up for good."""

    function: str
    bucket: str
    key: str


class WantedFacts(TypedDict, total=False):
    """What an order is about: those fields of gateway.wanted.Wanted that say something."""

    input: str
    inputs: list[dict[str, str]]
    all: bool
    latest: int
    failed: bool
    missing: bool
    older: list[str]
    older_than: str
    since: str
    until: str
    report: bool
    function: str


class OrderFacts(TypedDict):
    """An order and how far it has come: gateway.orders.Order.

    total: None before it is counted. enqueued, done: None only where a gateway of another version does not tell them.
    """

    id: str
    wanted: WantedFacts
    who: str
    state: str
    placed: str
    ended: str
    total: int | None
    enqueued: int | None
    done: int | None
    reason: Reason | None


class PlanFacts(TypedDict):
    """What an order would do: how many inputs, of which functions, the first of them, an estimate of its seconds."""

    count: int
    functions: dict[str, int]
    inputs: list[str]
    seconds: float | None


class PreviewFacts(TypedDict):
    """A preview of a layout on paper. state: waiting, done, failed, or gone, which is kept no longer.

    reason: why it failed. file: one of its files, in base64, where that was asked for.
    """

    id: str
    state: str
    reason: Reason | None
    file: str


class Ordered(TypedDict, total=False):
    """The answer to an order: jobs of what was named, an order of a range, a plan where nothing was to be done."""

    enqueued: int
    jobs: list[JobName]
    order: OrderFacts
    plan: PlanFacts


class Dropped(TypedDict):
    """The answer to an order to drop."""

    dropped: list[DroppedInput]


class TourFigures(TypedDict):
    """What a look through the buckets came to; nought before the first ended."""

    keys: int
    seconds: float


class SweepFigures(TypedDict):
    """When the last sweep and the last tour without rest were, UTC, and what they came to."""

    last: str | None
    last_full: str | None
    recent: TourFigures
    tour: TourFigures


class CanaryFacts(TypedDict):
    """How the last canaries fared. minutes: between two, 0: none is sent. sent, published: UTC, None is unknown.

    seconds: from upload to report of the last that has one. late: one has none, and should.
    """

    minutes: float
    sent: str | None
    published: str | None
    seconds: float | None
    late: bool
