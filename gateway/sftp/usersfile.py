"""The file of SFTP users, sftp-users.yml: what is wrong in it is named with its entry and its line."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import asyncssh
import yaml

from gateway.sftp.spool import MAX_SPOOLED
from siaga import keys
from siaga.errors import SiagaError

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")
_FIELDS = ("keys", "prefixes", "sessions", "quota_mib", "old_algorithms")
_SESSIONS, _MOST_SESSIONS = 10, 1000
_MOST_MIB = 1 << 20
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_KEPT_ANYWAY = ("restrict", "pty", "user-rc", "agent-forwarding", "port-forwarding", "x11-forwarding")
_OPTIONS = {"from", "expiry-time", *_KEPT_ANYWAY, *(f"no-{name}" for name in _KEPT_ANYWAY)}  # nothing of these is open

Where = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """What the file says of one user. quota: bytes."""

    name: str
    keys: Sequence[str]
    prefixes: Mapping[str, str]
    sessions: int = _SESSIONS
    quota: int = MAX_SPOOLED
    old: Sequence[str] = ()


class _Wrong(Exception):
    """where: the entry, as the names and numbers that lead to it."""

    def __init__(self, where: Where, text: str) -> None:
        super().__init__(text)
        self.where = where


def read(path: Path, old: Collection[str]) -> list[Entry]:
    """All users. old: names of algorithms that may be allowed. Raises SiagaError naming file, line and entry."""
    try:
        text = path.read_text(encoding="utf-8")
        tree = yaml.compose(text, yaml.SafeLoader)
        return _users(yaml.safe_load(text), tree, old)
    except _Wrong as error:
        named = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.where).lstrip(".")
        told = f"line {_line(tree, error.where)}: {named or 'the file'}: {error}"
        raise SiagaError("{detail}", detail=f"{path}, {told}") from error
    except UnicodeDecodeError as error:
        raise SiagaError("{detail}", detail=f"{path} is not UTF-8 text: {error}") from error
    except yaml.YAMLError as error:
        mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None) or str(error)
        told = f"line {mark.line + 1 if mark else 1}: this is no YAML: {problem}"
        raise SiagaError("{detail}", detail=f"{path}, {told}") from error


def _users(data: object, tree: yaml.Node | None, old: Collection[str]) -> list[Entry]:
    if not isinstance(data, dict) or not isinstance(data.get("users"), dict):
        raise _Wrong(("users",) if isinstance(data, dict) and "users" in data else (), "write users: and each by name")
    if unknown := next((name for name in data if name != "users"), None):
        raise _Wrong((str(unknown),), "is no entry of this file; it holds users: alone")
    named = [key.value for key, _value in cast(yaml.MappingNode, _child(tree, "users")).value]
    if twice := next((name for name in named if named.count(name) > 1), None):
        raise _Wrong(("users", twice), "stands twice")
    return [_user(name, said, old) for name, said in data["users"].items()]


def _user(name: object, said: object, old: Collection[str]) -> Entry:
    where: Where = ("users", str(name))
    if not isinstance(name, str) or not _NAME.fullmatch(name):  # it names a folder of the spool
        raise _Wrong(where, "write letters, digits, dots, dashes or underscores")
    if not isinstance(said, dict):
        raise _Wrong(where, "write keys: and prefixes:")
    if unknown := next((field for field in said if field not in _FIELDS), None):
        raise _Wrong((*where, str(unknown)), f"is no field; there are {', '.join(_FIELDS)}")
    if "keys" not in said:
        raise _Wrong(where, "lacks keys:")
    lines = _keys(said["keys"], (*where, "keys"))
    if "prefixes" not in said:
        raise _Wrong(where, "lacks prefixes:")
    return Entry(
        name,
        lines,
        _prefixes(said["prefixes"], (*where, "prefixes")),
        _whole(said.get("sessions", _SESSIONS), _MOST_SESSIONS, (*where, "sessions")),
        _whole(said.get("quota_mib", MAX_SPOOLED >> 20), _MOST_MIB, (*where, "quota_mib")) << 20,
        _old(said.get("old_algorithms", []), old, (*where, "old_algorithms")),
    )


def _keys(said: object, where: Where) -> list[str]:
    lines = said.splitlines() if isinstance(said, str) else said
    if not isinstance(lines, list):
        raise _Wrong(where, "write a list of lines as in authorized_keys")
    found = []
    for number, line in enumerate(lines):
        here = where if isinstance(said, str) else (*where, number)
        if not isinstance(line, str):
            raise _Wrong(here, "write a line as in authorized_keys")
        if line.strip() and not line.strip().startswith("#"):
            found.append(_key(line.strip(), here))
    if not found:
        raise _Wrong(where, "there is no key")
    return found


def _key(line: str, where: Where) -> str:
    if why := refused(line):
        raise _Wrong(where, why)
    return line


def refused(line: str) -> str:
    """Why a line is no key of a user; "" where it is one."""
    try:
        asyncssh.import_authorized_keys(line)
    except (ValueError, asyncssh.KeyImportError):
        return f"{line[:60]!r} is no key; write a line as in authorized_keys"
    before = _QUOTED.sub("", line.partition(" AAAA")[0]).rpartition(" ")[0]
    names = [option.strip().partition("=")[0].lower() for option in before.split(",") if option.strip()]
    unknown = next((name for name in names if name not in _OPTIONS), None)
    return f"the option {unknown} means nothing here; from= and expiry-time= are honoured" if unknown else ""


def _prefixes(said: object, where: Where) -> dict[str, str]:
    if not isinstance(said, dict) or not said:
        raise _Wrong(where, "write folders and their buckets, as in {shakemaps: shakemaps}")
    for folder, place in said.items():
        here = (*where, str(folder))
        if not isinstance(folder, str) or not _NAME.fullmatch(folder):
            raise _Wrong(here, "name the folder with letters, digits, dots, dashes or underscores")
        bucket, *inner = str(place).split("/")
        if bucket not in keys.INPUTS:
            raise _Wrong(here, f"{bucket!r} is not one of the buckets {', '.join(keys.INPUTS)}")
        if not all(_NAME.fullmatch(part) for part in inner):
            raise _Wrong(here, f"{place!r} is no bucket with a prefix, as in shakemaps/from-jakarta")
    return {folder: str(place) for folder, place in said.items()}


def _whole(said: object, most: int, where: Where) -> int:
    if type(said) is not int or not 1 <= said <= most:
        raise _Wrong(where, f"write a whole number from 1 to {most}")
    return said


def _old(said: object, known: Collection[str], where: Where) -> list[str]:
    if not isinstance(said, list):
        raise _Wrong(where, "write a list of names")
    for number, name in enumerate(said):
        if name not in known:
            raise _Wrong((*where, number), f"{name!r} is none of {', '.join(sorted(known))}")
    return said


def _child(node: yaml.Node | None, part: str | int) -> yaml.Node | None:
    """What stands under that name or number of a node of YAML; None when nothing does."""
    if isinstance(node, yaml.MappingNode):
        return next((cast(yaml.Node, value) for key, value in reversed(node.value) if key.value == part), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        child: yaml.Node = node.value[part]
        return child
    return None


def _line(tree: yaml.Node | None, where: Where) -> int:
    """The line on which an entry stands, or the last of those that lead to it; from 1."""
    line, node = 1, tree
    for part in where:
        named = node.value if isinstance(node, yaml.MappingNode) else []
        key = next((key for key, _value in reversed(named) if key.value == part), None)
        node = _child(node, part)
        if node is None and key is None:
            break
        line = cast(yaml.Node, key if key is not None else node).start_mark.line + 1
    return line
