"""Structures, roads and land cover out of any layer that OGR opens, for an analysis without a store."""

import argparse
import hashlib
import os
import secrets
import shutil
from pathlib import Path

from siaga import filehash
from siaga.errors import BadInput
from siaga.exposure.vocabulary import OVERLAYS

_RECIPE = "1"  # changes when files converted by older code must not be used


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes: a file of each role, and the field that says the type."""
    for role in OVERLAYS:
        option = f"--{role.replace('_', '-')}"
        parser.add_argument(option, type=Path, metavar="FILE", help="in any file that OGR opens")
        parser.add_argument(f"{option}-type", default="", metavar="FIELD", help="that says the type or class")


def ready(chosen: argparse.Namespace, cache: Path) -> dict[str, Path]:
    """The files that were named, by role, as `siaga data import` would install them.

    cache: where a converted file is kept for the next analysis. Raises BadInput with a sentence.
    """
    found = {}
    for role in OVERLAYS:
        if not hasattr(chosen, f"{role}_type"):  # this hazard's command takes none, or takes it raw
            continue
        path, field = getattr(chosen, role), getattr(chosen, f"{role}_type")
        if path:
            found[role] = _converted(role, path, field, cache)
        elif field:
            option = role.replace("_", "-")
            raise BadInput("--{option}-type says nothing without --{option}", option=option)
    return found


def _converted(role: str, path: Path, field: str, cache: Path) -> Path:
    from siaga.data import features

    target = cache / "converted" / _fingerprint(role, path, field, cache) / f"{role}.fgb"
    if target.exists():
        return target
    scratch = target.parent.parent / f".{os.getpid()}-{secrets.token_hex(4)}"
    scratch.mkdir(parents=True)
    try:
        features.convert(role, path, scratch / target.name, field)
        scratch.replace(target.parent)
    except OSError:
        if not target.exists():  # else another process was first
            raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return target


def _fingerprint(role: str, path: Path, field: str, cache: Path) -> str:
    """Of the file and those beside it with its name, as a shapefile has them."""
    digest = hashlib.sha256("\0".join((_RECIPE, role, field)).encode())
    beside = sorted(other for other in path.parent.glob(f"{_plain(path.stem)}.*") if other.is_file())
    for part in dict.fromkeys([path, *beside]):
        try:
            digest.update(part.suffix.encode() + bytes.fromhex(filehash.sha256(part, cache)))
        except OSError as error:
            raise BadInput("{file}: {detail}", file=str(part), detail=error.strerror) from error
    return digest.hexdigest()[:32]


def _plain(name: str) -> str:
    """A name in which no mark means something to glob."""
    return "".join(f"[{mark}]" if mark in "*?[" else mark for mark in name)
