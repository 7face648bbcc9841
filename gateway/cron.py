"""Schedules of stack.yml: at each tick the function gets an empty POST; the last missed tick is caught up."""

import logging
import threading
from datetime import UTC, datetime, timedelta

from croniter import CroniterError, croniter

from gateway.inbox import Inbox
from gateway.job import Job, tick_job_id
from siaga.errors import SiagaError, Unavailable
from siaga.moment import stamp
from siaga.stack import Function

_log = logging.getLogger("gateway")
_LONGEST_WAIT = 30.0  # seconds; then the clock is read again, which may have been set
_AGAIN = timedelta(seconds=10)  # after the job database did not answer
_HEADERS = (("X-Topic", "cron-function"), ("X-Connector", "cron-connector"), ("Content-Type", "text/plain"))


class Cron:
    """Ticks for every function that has a schedule. Times are UTC.

    At start the latest tick is enqueued too: its id says whether it has been done, so after an absence
    each function is called once, not once for every tick it missed.
    """

    def __init__(self, functions: tuple[Function, ...], inbox: Inbox) -> None:
        """Raises SiagaError naming the function whose schedule cannot be read."""
        self._functions = [function for function in functions if function.schedule]
        self._inbox = inbox
        for function in self._functions:
            try:
                following(function.schedule, datetime.now(UTC))
            except CroniterError as error:  # no expression, or a day that never comes, such as 30 February
                raise SiagaError(
                    "{name}: schedule {schedule} is no cron expression of five fields that comes round",
                    name=function.name,
                    schedule=function.schedule,
                ) from error

    def run(self, stop: threading.Event) -> None:
        """Enqueue ticks until told to stop."""
        if not self._functions:
            return
        while True:
            moment = datetime.now(UTC)
            try:
                for function in self._functions:
                    self._enqueue(function, latest(function.schedule, moment))
                upcoming = min(following(function.schedule, moment) for function in self._functions)
            except Unavailable as error:
                _log.warning("cron: %s", error)
                upcoming = moment + _AGAIN
            if stop.wait(min(_LONGEST_WAIT, max(0.05, (upcoming - datetime.now(UTC)).total_seconds()))):
                return

    def _enqueue(self, function: Function, tick: datetime) -> None:
        identity = tick_job_id(function.name, stamp(tick))
        self._inbox.submit(Job(identity, function.name, received=stamp(tick), headers=_HEADERS))
        self._inbox.forget_ticks(function.name, identity)


def latest(schedule: str, moment: datetime) -> datetime:
    """The last tick at or before that moment."""
    upcoming = following(schedule, moment)
    previous: datetime = croniter(schedule, upcoming).get_prev(datetime)
    return previous


def following(schedule: str, moment: datetime) -> datetime:
    """The first tick after that moment."""
    upcoming: datetime = croniter(schedule, moment).get_next(datetime)
    return upcoming
