"""What the impact.json of all hazards has in common."""

from collections.abc import Iterable, Mapping
from typing import NotRequired, TypedDict

from siaga.errors import Reason
from siaga.product import ProductRecord


class InputFile(TypedDict):
    """One of several files of an input. role: request, raster, or "earlier" and an event id."""

    role: str
    sha256: str
    size: int


class InputRecord(TypedDict):
    """What went in: its hash, its bytes; files where it is made of several."""

    sha256: str
    size: int
    files: NotRequired[list[InputFile]]


class SourceFile(TypedDict):
    """One file of the exposure. role, path: in the bucket of analysis data; year: None where of no year."""

    role: str
    path: str
    sha256: str
    title: str
    year: int | None
    source: str
    demonstration: bool


# What is drawn and named, and no figure hangs on: real whoever installed it.
_SURROUNDINGS = ("basemap", "places", "volcanoes")


def of_demonstration(files: Iterable[SourceFile]) -> bool:
    """Whether figures hang on a file of the demonstration, and have to say so."""
    return any(file["demonstration"] and file["role"] not in _SURROUNDINGS for file in files)


class AnalysisDataRecord(TypedDict):
    """The exposure, as the manifest of the analysis data lists it."""

    manifest_sha256: str
    files: list[SourceFile]


class Software(TypedDict):
    """What made it. templates_sha256: of all that shapes a printed page."""

    name: str
    version: str
    templates_sha256: str


class LayoutRecord(TypedDict):
    """What an agency has changed of the report in one language. version: of the page /layouts.

    logo: PNG in base64, "" for none. opening, closing: paragraphs, "" for none. sections: those printed, in order.
    """

    version: int
    logo: str
    opening: str
    closing: str
    sections: list[str]


class Stationery(TypedDict, total=False):
    """What of a hazard's reports is the agency's own, by language; each missing where there is none.

    letterhead: the lines that its pages carry. layout: what is printed otherwise than usual.
    """

    letterhead: dict[str, list[str]]
    layout: dict[str, LayoutRecord]


class Provenance(TypedDict):
    """Where the figures come from: input, analysis data, software, each with its hash; what else shapes the report."""

    input: InputRecord
    analysis_data: AnalysisDataRecord
    software: Software
    letterhead: NotRequired[dict[str, list[str]]]
    layout: NotRequired[dict[str, LayoutRecord]]


class RunRecord(TypedDict):
    """Which run of which version of which event it is. drill_reason: "" where it is none."""

    schema: str
    event_id: str
    version: str
    run: str
    source_type: str
    version_number: int
    drill: bool
    drill_reason: str
    provenance: Provenance


class Totals(TypedDict):
    """Persons, unrounded; None is unknown, 0 a computed nought."""

    affected: float | None
    displaced: float | None


class Head(RunRecord, Totals):
    """What every impact.json says."""

    warnings: list[Reason]
    products: list[ProductRecord]


class Plan(TypedDict):
    """What so many displaced people need, amounts and groups by name."""

    people: float
    needs: Mapping[str, float]
    groups: Mapping[str, float]


class ZoneName(TypedDict):
    """Which zone it is. known: the share, 0 to 1, of its ground under the hazard with a count of people."""

    code: str
    name: str
    level: str | None
    parent: str | None
    known: float


class PeopleFacts(TypedDict):
    """What is said of everybody on the map besides their classes; note: why figures are None.

    outside_zones: persons in no zone of the table. nodata_cells: cells without a count. beyond_data: the share,
    0 to 1, of the hazard that the population data do not reach; unknown_share: of what they do, without a count.
    """

    total: float | None
    outside_zones: float | None
    nodata_cells: int | None
    unknown_share: float | None
    beyond_data: float | None
    note: Reason | None
