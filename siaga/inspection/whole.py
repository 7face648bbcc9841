"""Whether a run is whole: impact.json, report.json where there is one, every product as it is recorded there."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypedDict

from siaga import keys
from siaga.errors import NotFound
from siaga.product import ProductRecord
from siaga.store import Store


@dataclass(frozen=True, slots=True)
class Expected:
    """What others say of a run.

    printed: a receipt says that the report is done.
    impact, report: sha256 that the catalogue entry tells of the two records, "" where it tells none.
    """

    run: str
    printed: bool
    impact: str = ""
    report: str = ""


def faults(store: Store, expected: Expected, *, hashes: bool) -> Iterator[tuple[str, str]]:
    """What is wrong with a run: ("impact" or "report", a sentence); nothing where it is whole.

    hashes: whether the products are read; else their sizes alone are compared. Raises Unavailable.
    """
    where = f"{expected.run}/"
    impact, said = _record(store, where + keys.IMPACT, expected.impact)
    if impact is None:
        yield "impact", said
        return
    sizes = None if hashes else {one.key.removeprefix(where): one.size for one in store.list(keys.RESULTS, where)}
    for wrong in _products(store, where, impact, sizes):
        yield "impact", wrong
    report, said = _record(store, where + keys.REPORT, expected.report)
    if report is not None:
        for wrong in _products(store, where, report, sizes):
            yield "report", wrong
    elif (expected.printed and impact.get("reported", True)) or expected.report or not said.endswith("is missing"):
        yield "report", said


class RunFiles(TypedDict):
    """What an impact.json and a report.json say of their files."""

    products: list[ProductRecord]


def _record(store: Store, key: str, sha256: str) -> tuple[RunFiles | None, str]:
    """impact.json or report.json, or why it is not what it should be."""
    name = key.rpartition("/")[2]
    try:
        body = store.get(keys.RESULTS, key)[0]
    except NotFound:
        return None, f"{name} is missing"
    if sha256 and hashlib.sha256(body).hexdigest() != sha256:
        return None, f"{name} has another hash than its catalogue entry tells"
    try:
        found = json.loads(body)
        _ = [(one["path"] + one["sha256"], one["size"] + 0) for one in found["products"]]
    except (ValueError, KeyError, TypeError):
        return None, f"{name} cannot be read"
    return found, ""


def _products(store: Store, where: str, record: RunFiles, sizes: Mapping[str, int] | None) -> Iterator[str]:
    for product in record["products"]:
        path, size = product["path"], product["size"]
        told = (sizes[path], product["sha256"]) if sizes is not None and path in sizes else None
        found = _read(store, where + path) if sizes is None else told
        if found is None:
            yield f"{path} is missing"
        elif found[0] != size:
            yield f"{path} has {found[0]} bytes instead of {size}"
        elif found[1] != product["sha256"]:
            yield f"{path} has another hash than is recorded"


def _read(store: Store, key: str) -> tuple[int, str] | None:
    """Bytes and sha256 of an object, read in pieces; None where there is none."""
    try:
        _head, pieces = store.stream(keys.RESULTS, key)
    except NotFound:
        return None
    digest, size = hashlib.sha256(), 0
    for piece in pieces:
        digest.update(piece)
        size += len(piece)
    return size, digest.hexdigest()
