"""What the commands ask of the gateway: what is under way, and to do things again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import requests

from siaga.answers import CanaryFacts, Dropped, JobFacts, Ordered, OrderFacts
from siaga.errors import NotFound, SiagaError, Unavailable
from siaga.settings import Settings

_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Gateway:
    """The gateway at a URL, with its login."""

    url: str
    login: tuple[str, str]

    @classmethod
    def of(cls, settings: Settings) -> "Gateway":
        """That of these settings. Raises SiagaError for a missing secret."""
        return cls(settings.gateway_url, (settings.secret("gateway-user"), settings.secret("gateway-password")))

    def get(self, path: str) -> requests.Response:
        """Ask; raises Unavailable when it does not answer, SiagaError with its words when it refuses."""
        return self._answered("GET", path, None)

    def post(self, path: str, body: Mapping[str, object]) -> dict[str, object]:
        """Order something; returns its answer. Raises as get does, NotFound when nothing answers to the order."""
        return dict(self._answered("POST", path, body).json())

    def ordered(self, body: Mapping[str, object]) -> Ordered:
        """The answer to an order to do things again."""
        return cast(Ordered, self.post("/siaga/reprocess", body))

    def dropped(self, body: Mapping[str, object]) -> Dropped:
        """The answer to an order to drop."""
        return cast(Dropped, self.post("/siaga/drop", body))

    def orders(self) -> list[OrderFacts]:
        """All orders."""
        return list(self.get("/siaga/orders").json()["orders"])

    def stopped(self, name: str) -> OrderFacts:
        """An order whose rest is withdrawn now."""
        return cast(OrderFacts, self.post("/siaga/orders/stop", {"id": name})["order"])

    def jobs(self) -> list[JobFacts]:
        """What is under way; nothing when the gateway does not answer: receipts alone still tell what is settled."""
        try:
            return list(self.get("/siaga/jobs").json()["jobs"])
        except SiagaError:
            return []

    def canary(self) -> CanaryFacts | None:
        """How the last canaries fared; None when the gateway does not answer, or is older than they are."""
        try:
            return cast(CanaryFacts | None, self.get("/siaga/jobs").json().get("canary"))
        except SiagaError:
            return None

    def pending(self) -> set[str]:
        """The ids of all jobs that are not settled."""
        return set(self.get("/siaga/pending").text.split("\n"))

    def _answered(self, method: str, path: str, body: Mapping[str, object] | None) -> requests.Response:
        try:
            answer = requests.request(method, f"{self.url}{path}", json=body, auth=self.login, timeout=_SECONDS)
        except requests.RequestException as error:
            raise Unavailable("The gateway at {url} does not answer", url=self.url) from error
        if answer.ok:
            return answer
        try:
            said = str(answer.json()["error"])
        except (ValueError, KeyError, TypeError):
            said = f"The gateway answered {answer.status_code}: {answer.text[:200]}"
        raise (NotFound if answer.status_code == 404 else SiagaError)("{said}", said=said)
