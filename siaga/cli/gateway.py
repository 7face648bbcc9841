"""What the commands ask of the gateway: what is under way, and to do things again."""

from dataclasses import dataclass
from typing import Any

import requests

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

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Order something; returns its answer. Raises as get does, NotFound when nothing answers to the order."""
        return dict(self._answered("POST", path, body).json())

    def jobs(self) -> list[dict[str, Any]]:
        """What is under way; nothing when the gateway does not answer: receipts alone still tell what is settled."""
        try:
            return list(self.get("/siaga/jobs").json()["jobs"])
        except SiagaError:
            return []

    def pending(self) -> set[str]:
        """The ids of all jobs that are not settled."""
        return set(self.get("/siaga/pending").text.split("\n"))

    def _answered(self, method: str, path: str, body: dict[str, Any] | None) -> requests.Response:
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
