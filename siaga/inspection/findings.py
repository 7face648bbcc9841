"""Findings: the ways in which buckets, ledger, catalogue and results disagree, in words, and what to do about each."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of finding.

    text: what one of its kind is. todo: what mends it, "" where nothing needs to be. fault: whether it is one.
    """

    text: str
    todo: str
    fault: bool = True


_AGAIN = "--mend has its input done again"

KINDS: Mapping[str, Kind] = {
    "waiting": Kind(
        "an input has neither a receipt nor a pending job",
        "a running Siaga takes it up at its next sweep of everything; --mend asks the gateway for it now",
    ),
    "unreadable receipt": Kind("a receipt cannot be read", _AGAIN),
    "damaged run": Kind("a run is not whole", _AGAIN),
    "damaged report": Kind("a report is not whole", "--mend has the report made again"),
    "missing entry": Kind("a run is in no catalogue entry", "--mend writes the entry anew from impact.json"),
    "unlisted report": Kind("a report is there, and its catalogue entry does not name it", "--mend writes it there"),
    "stray entry": Kind("a catalogue entry shows what is not there", _AGAIN),
    "past receipt": Kind("a receipt is of content that is gone or overwritten", "", fault=False),
    "unshown run": Kind("a run is shown by nothing, such as one of older software", "", fault=False),
    "failed input": Kind("an input was refused or given up", "`siaga dead` gives the reasons", fault=False),
}


@dataclass(frozen=True, slots=True)
class Content:
    """One content of an input and the function that works on it; version_id "" where the store told none."""

    function: str
    bucket: str
    key: str
    etag: str = ""
    version_id: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One disagreement.

    kind: of KINDS. name: bucket and key. detail: what is wrong with it. content: what has to be done again,
    or None. run: the folder of the run that it is about, or "".
    """

    kind: str
    name: str
    detail: str = ""
    content: Content | None = None
    run: str = ""

    @property
    def is_fault(self) -> bool:
        """Whether something is to be mended."""
        return KINDS[self.kind].fault
