"""PetaBencana's REST API: what is flooded now, and which answers may be believed.

Three generations of servers answer under two names; they differ in the name of the region's parameter, and
some fall silent when a parameter is missing, so every question names everything. Facts that shape this
module: a cached answer has no Content-Type; errors carry "cache-control: max-age=3600"; an unknown region is
answered with "nothing is flooded" by one server; an answer is kept for an hour per URL.
"""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar, cast
from urllib.parse import urlencode

from siaga.errors import BadInput, Reason, SiagaError, Unavailable
from siaga.hazard import flood
from siaga.hazard.flood import FloodMap, read_flood
from siaga.inputs.asking import CONNECT_SECONDS, READ_SECONDS, Answer, Asker, Doubted, Later, Refused

ARCHIVE_WINDOW_SECONDS = 604_800  # the longest that /floods/archive answers
ROUNDS = 3  # each server is asked so often


class Region(NamedTuple):
    """A region by the code of newer servers (ISO 3166-2) and by that of the first ones; "" if it had none."""

    admin: str
    city: str


@dataclass(frozen=True, slots=True)
class Data:
    """Something is flooded. body: the answer as it came; url: what was asked."""

    body: bytes
    flood: FloodMap
    url: str


@dataclass(frozen=True, slots=True)
class Empty:
    """Nothing is flooded, and that is proved: asked twice in different forms, by a server that knows the region.

    url: what was asked; proof: what was asked besides.
    """

    url: str
    proof: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suspect:
    """Nothing can be said. reason: stored reason; body: an answer that could not be believed, None without one."""

    reason: Reason
    body: bytes | None = None


_Found = TypeVar("_Found")


class PetaBencana:
    """The service under its base URLs, asked in their order."""

    def __init__(
        self,
        urls: Sequence[str],
        user_agent: str,
        seconds: float,
        *,
        pause: float = 2.0,
        timeouts: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS),
    ) -> None:
        """seconds: for one question with all its repetitions; pause: before the first repetition, it doubles;
        timeouts: to connect, and between two pieces of an answer.
        """
        self._urls = [url.rstrip("/") for url in urls]
        self._seconds, self._pause = seconds, pause
        self._asker = Asker(user_agent, timeouts)

    def floods(self, region: Region) -> Data | Empty | Suspect:
        """What is flooded in that region now."""

        def ask(base: str, deadline: float) -> Data | Empty:
            return self._floods(base, region, deadline)

        try:
            return self._any(ask)
        except SiagaError as error:
            return Suspect(error.reason(), error.body if isinstance(error, Doubted) else None)

    def archive(self, region: Region, start: datetime, end: datetime) -> dict[str, int]:
        """The highest state that each area was set to between two moments, by area_id.

        An area that kept its state all the while is not among them. Raises Unavailable or BadInput when no
        server has an archive or answers.
        """
        asked = {"start": _with_offset(start), "end": _with_offset(end)}

        def ask(base: str, deadline: float) -> dict[str, int]:
            return _highest(self._of_region(base, "/floods/archive", region, asked, deadline))

        return self._any(ask)

    def _floods(self, base: str, region: Region, deadline: float) -> Data | Empty:
        """Ask one server; raises Doubted when it answers but cannot be believed."""
        first, found = self._map(base, region, "geojson", deadline)
        if found.areas:
            return Data(first.body, found, first.url)
        # The server keeps answers per URL for an hour: the other form is another answer.
        second, other = self._map(base, region, "topojson", deadline)
        if other.areas:
            return Data(second.body, other, second.url)
        return Empty(first.url, (second.url, self._knows(base, region, deadline)))

    def _map(self, base: str, region: Region, form: str, deadline: float) -> tuple[Answer, FloodMap]:
        asked = {"minimum_state": "1", "geoformat": form, "format": "json"}
        answer = self._of_region(base, "/floods", region, asked, deadline)
        try:
            return answer, read_flood(answer.body)
        except BadInput as error:
            doubted = Doubted("{url}: {detail}", url=answer.url, detail=(error,))
            doubted.body = answer.body
            raise doubted from error

    def _knows(self, base: str, region: Region, deadline: float) -> str:
        """The canary: whether the server lists the region; what was asked. Raises Doubted when it does not."""
        answer = self._get(base, "/cities", {"geoformat": "geojson", "format": "json"}, deadline)
        try:
            features = cast(list[dict[str, dict[str, str]]], flood.unwrap(flood.parse_json(answer.body))["features"])
            codes = {feature["properties"]["code"] for feature in features}
        except (BadInput, KeyError, TypeError) as error:
            raise Doubted("{url} says nothing is flooded, but its list of regions cannot be read", url=base) from error
        if not codes & {region.admin, region.city}:
            raise Doubted(
                "{url} says nothing is flooded, but it does not know the region {region}", url=base, region=region.admin
            )
        return answer.url

    def _any(self, ask: Callable[[str, float], _Found]) -> _Found:
        """The first good answer of any server; raises why there is none."""
        deadline = time.monotonic() + self._seconds
        failures: dict[str, SiagaError] = {}
        asked = dict.fromkeys(self._urls, 0.0)  # from when on each may be asked again
        for number in range(ROUNDS):
            if number:
                pause = self._pause * 2 ** (number - 1) * random.uniform(0.5, 1.5)
                _sleep_until(max(time.monotonic() + pause, min(asked.values())), deadline)
            if time.monotonic() >= deadline:
                break
            for base in [base for base, ready in asked.items() if ready <= time.monotonic()]:
                try:
                    return ask(base, deadline)
                except Later as error:
                    asked[base] = time.monotonic() + error.seconds
                    failures[base] = error
                except Refused as error:
                    del asked[base]  # it would say the same again
                    failures[base] = error
                except Doubted as error:
                    failures[base] = error
                except Unavailable as error:
                    failures.setdefault(base, error)  # what it said before tells more than a silence
            if not asked:
                break
        raise _together(failures)

    def _of_region(self, base: str, path: str, region: Region, asked: dict[str, str], deadline: float) -> Answer:
        """Ask with the newer servers' parameter, then with the first ones' where that one is refused."""
        try:
            return self._get(base, path, {"admin": region.admin} | asked, deadline)
        except Refused:
            if not region.city:
                raise
        return self._get(base, path, {"city": region.city} | asked, deadline)

    def _get(self, base: str, path: str, asked: dict[str, str], deadline: float) -> Answer:
        return self._asker.get(f"{base}{path}?" + urlencode(asked), deadline)


def _sleep_until(moment: float, deadline: float) -> None:
    time.sleep(max(0.0, min(moment, deadline) - time.monotonic()))


def _together(failures: Mapping[str, SiagaError]) -> SiagaError:
    """One error of what every server said; with the answer that was doubted, if there is one."""
    doubts = [error for error in failures.values() if isinstance(error, Doubted)]
    if not failures:
        return Unavailable("No server of PetaBencana is set")
    if len(failures) == 1:
        return next(iter(failures.values()))
    if not doubts:
        return Unavailable("No server of PetaBencana answers: {detail}", detail=tuple(failures.values()))
    together = Doubted("PetaBencana cannot be believed: {detail}", detail=tuple(failures.values()))
    together.body = next((doubt.body for doubt in doubts if doubt.body is not None), None)
    return together


def _highest(answer: Answer) -> dict[str, int]:
    try:
        rows = cast(Mapping[str, Sequence[Mapping[str, int | None]]], flood.parse_json(answer.body))["result"]
        states = ((str(row["area_id"]), row["max_state"]) for row in rows if row["max_state"] is not None)
        found = {area.encode("utf-8", "replace").decode(): state for area, state in states}
    except (BadInput, KeyError, TypeError) as error:
        raise Refused("{url}: the archive cannot be read", url=answer.url) from error
    if not all(type(state) is int and 0 <= state <= 4 for state in found.values()):
        raise Refused("{url}: the archive has a state that is none", url=answer.url)
    return {area: state for area, state in found.items() if state > 0}


def _with_offset(moment: datetime) -> str:
    """As /floods/archive reads it: an offset is required, and Z is none."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}+0000"
