"""Mending: catalogue entries are written anew from what the runs hold, all else is asked of the gateway."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from siaga import catalog, keys
from siaga.errors import BadInput, NotFound
from siaga.events import Notification
from siaga.function import content
from siaga.impact.stored import Impact, event_time
from siaga.inspection.findings import Content, Finding
from siaga.moment import parse
from siaga.receipt import Receipt
from siaga.report import listed
from siaga.report.earthquake import printed
from siaga.store import Head, Store

_AT_ONCE = 500  # contents that the gateway is asked for in one order


@dataclass(slots=True)
class Mending:
    """Mends findings.

    reading: the store with the rights of role web, which may see receipts; writing: with those of role functions.
    ask: has the gateway do these contents again; None when it does not run.
    """

    reading: Store
    writing: Store
    ask: Callable[[Sequence[Content]], None] | None
    _asked: list[Content] = field(default_factory=list)

    def mend(self, finding: Finding) -> str:
        """Mend one; returns what was done or why nothing was. Raises Unavailable."""
        try:
            if finding.kind in ("missing entry", "unlisted report"):
                return self._rewrite(finding)
        except (NotFound, BadInput, KeyError, TypeError, ValueError) as error:  # then it takes more than the entry
            if finding.content is None:
                return f"left: {error}"
        if finding.content is None:
            return "left: the input that it was made of is not known"
        if self.ask is None:
            return "left: the gateway does not answer; start Siaga and mend again"
        self._asked.append(finding.content)
        if len(self._asked) >= _AT_ONCE:
            self.close()
        return "its input is done again"

    def close(self) -> None:
        """Ask for what is still to be asked for. Raises SiagaError when the gateway refuses."""
        if self._asked and self.ask:
            self.ask(self._asked)
        self._asked = []

    def _rewrite(self, finding: Finding) -> str:
        run = keys.Run.parse(finding.run)
        written = self.writing.get(keys.RESULTS, run.key(keys.IMPACT))[0]
        impact: Impact = json.loads(written)
        key = str(keys.CatalogEntry.of(run, parse(event_time(impact))))
        if finding.kind == "missing entry":
            catalog.switch_to(self.writing, key, self._entry(finding, run, impact, written))
        else:
            catalog.add_written_report(self.writing, key, run)
        return f"written anew: {key}"

    def _entry(self, finding: Finding, run: keys.Run, impact: Impact, written: bytes) -> catalog.Entry:
        """As the function of its hazard writes it; what only its arrival told is in its receipt."""
        given = finding.content
        if given is None:
            raise NotFound("{run}: the input that it was made of is not known", run=run)
        notification = Notification(given.bucket, given.key, given.etag, given.version_id)
        name = keys.receipt(given.function, notification.receipt_id)
        receipt = Receipt.decode(self.reading.get(keys.LEDGER, name)[0])
        known = len(impact["warnings"])
        said = receipt.warnings[known:] if list(receipt.warnings[:known]) == impact["warnings"] else ()
        zone = printed.time_zone(impact, listed.counted(impact)) if impact["hazard"] == "earthquake" else ""
        came = content.arrival(notification, self._head(notification, receipt.received))
        return catalog.entry(impact, run, written, came, said, zone)

    def _head(self, notification: Notification, received: str) -> Head:
        """What the store says of the input, or said when it was there."""
        try:
            return self.writing.head(notification.bucket, notification.key, version_id=notification.version_id)
        except (NotFound, BadInput):
            return Head(notification.key, notification.etag, 0, parse(received), notification.version_id)
