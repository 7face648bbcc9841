"""What the commands ask of the gateway: what is under way, and to do things again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import requests

from siaga import understood
from siaga.answers import JobName, OrderFacts, PlanFacts
from siaga.errors import SiagaError, Unavailable
from siaga.settings import Settings
from siaga.understood import OrdersTold, UnderWay

_SECONDS = 60
Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class Gateway:
    """The gateway at a URL, with its login."""

    url: str
    login: tuple[str, str]

    @classmethod
    def of(cls, settings: Settings) -> "Gateway":
        """That of these settings. Raises SiagaError for a missing secret."""
        return cls(settings.gateway_url, (settings.secret("gateway-user"), settings.secret("gateway-password")))

    def post(self, path: str, body: Mapping[str, object]) -> object:
        """Order something; returns its answer. Raises Unavailable when it does not answer, else what its refusal is."""
        return understood.body(self._answered("POST", path, body))

    def done_again(self, body: Mapping[str, object]) -> list[JobName]:
        """The jobs of what was ordered by name."""
        return self._known(understood.inputs(self.post("/siaga/reprocess", body), "jobs"))

    def planned(self, body: Mapping[str, object]) -> PlanFacts:
        """What an order would do; nothing is done."""
        return self._known(understood.plan(self.post("/siaga/reprocess", {**body, "dry_run": True})))

    def placed(self, body: Mapping[str, object]) -> OrderFacts:
        """An order of a range."""
        return self._order("/siaga/reprocess", body)

    def stopped(self, name: str) -> OrderFacts:
        """An order whose rest is withdrawn now."""
        return self._order("/siaga/orders/stop", {"id": name})

    def dropped(self, body: Mapping[str, object]) -> list[JobName]:
        """What was given up for good."""
        return self._known(understood.inputs(self.post("/siaga/drop", body), "dropped"))

    def orders(self) -> OrdersTold:
        """All orders."""
        return self._known(understood.orders(understood.body(self._answered("GET", "/siaga/orders", None))))

    def under_way(self) -> UnderWay:
        """What is under way, also where it does not answer: receipts alone still tell what is settled."""
        try:
            return understood.under_way(understood.body(self._answered("GET", "/siaga/jobs", None)))
        except SiagaError:
            return UnderWay(answers=False)

    def pending(self) -> set[str]:
        """The ids of all jobs that are not settled."""
        return set(self._answered("GET", "/siaga/pending", None).text.split("\n"))

    def _order(self, path: str, body: Mapping[str, object]) -> OrderFacts:
        return self._known(understood.order(understood.member(self.post(path, body), "order")))

    def _known(self, read: Told | None) -> Told:
        """What was read. Raises Unavailable where nothing could be."""
        if read is None:
            raise Unavailable("The gateway at {url} answers in a form that is not known here", url=self.url)
        return read

    def _answered(self, method: str, path: str, body: Mapping[str, object] | None) -> requests.Response:
        try:
            answer = requests.request(method, f"{self.url}{path}", json=body, auth=self.login, timeout=_SECONDS)
        except requests.RequestException as error:
            raise Unavailable("The gateway at {url} does not answer", url=self.url) from error
        if answer.ok:
            return answer
        raise understood.refusal(answer.status_code, understood.body(answer))
