"""`siaga invoke`: one function alone, in this process, with the store beside it and nothing else.

For trying a change, and for debuggers: the function runs in the main thread, where a breakpoint in it or in QGIS stops.
What it writes stays in the store of `SIAGA_HOME`; no gateway runs that would hand it on to the next function.
"""

import argparse
import importlib
import json
from pathlib import Path
from types import SimpleNamespace

from siaga import keys, stack
from siaga.commands import Commands
from siaga.errors import SiagaError
from siaga.events import Notification
from siaga.settings import Settings


def add_to(commands: Commands) -> None:
    """Add `invoke` to the command line's commands."""
    one = commands.add_parser("invoke", help="run one function alone in this process, e.g. under a debugger")
    one.add_argument("function", metavar="FUNCTION", help="a name in stack.yml, e.g. on-shakemap")
    one.add_argument("input", nargs="?", metavar="FILE|BUCKET/KEY", help="a file to put, or an object that is there")
    one.add_argument("--as", dest="name", metavar="BUCKET/KEY", help="where FILE is put; a grid.xml names itself")
    one.set_defaults(run=_invoke)


def _invoke(settings: Settings, chosen: argparse.Namespace) -> int:
    from siaga import machine
    from siaga.machine.supervisor import Supervisor

    functions = stack.load(settings.stack)
    function = next((one for one in functions if one.name == chosen.function), None)
    if function is None:
        names = ", ".join(one.name for one in functions)
        raise SiagaError("There is no function {name}; there are {names}", name=chosen.function, names=names)
    if not (chosen.input or function.schedule):
        raise SiagaError("{name} wants an input: a file, or BUCKET/KEY of an object", name=function.name)
    place = _place(chosen.input, chosen.name) if chosen.input else None
    with machine.only_one(settings):
        supervisor = Supervisor(settings.home / "logs", quiet=True)
        try:
            machine.start_store(settings, supervisor, functions, lambda _: None)
            body = _put(settings, *place).record() if place else b""
            return _told(settings, _called(function, body))
        finally:
            supervisor.stop()


def _place(given: str, name: str | None) -> tuple[Path | None, str, str]:
    """The file, None where an object is meant; and its bucket and key."""
    from siaga.cli import ingest

    path = Path(given)
    if not path.is_file():
        bucket, slash, key = given.partition("/")
        if bucket not in keys.BUCKETS or not slash:
            raise SiagaError("{input} is no file, and no BUCKET/KEY of the store", input=given)
        return None, bucket, key
    if name is None:
        if path.name != "grid.xml":
            raise SiagaError("Say with --as BUCKET/KEY where {file} is put", file=path)
        return path, keys.SHAKEMAPS, ingest.key_for(path, path.read_bytes())
    bucket, _, key = name.partition("/")
    if bucket not in keys.BUCKETS or not key:
        raise SiagaError("{name} is no BUCKET/KEY of the store", name=name)
    return path, bucket, key


def _put(settings: Settings, path: Path | None, bucket: str, key: str) -> Notification:
    """The object that the function is told of; a file is put there first."""
    from siaga.store import Store

    etag = Store.connect(settings, "root").put(bucket, key, path.read_bytes()) if path else ""
    return Notification(bucket, key, etag)


def _called(function: stack.Function, body: bytes) -> bytes:
    """What the function answers, called as the runtime calls it, with QGIS started."""
    from siaga.gis import application

    application.start()
    handle = importlib.import_module(function.module).handle
    return str(handle(SimpleNamespace(body=body), None)["body"]).encode()


def _told(settings: Settings, answer: bytes) -> int:
    """Print what became of it and what its run holds now; 0 when it is done."""
    from siaga.store import Store

    said = json.loads(answer)
    reason = (said.get("reason") or {}).get("text", "")
    print(f"state    {said.get('state', 'failed')}" + (f"\nreason   {reason}" if reason else ""))
    if said.get("run"):
        for entry in Store.connect(settings, "root").list(keys.RESULTS, f"{said['run']}/"):
            print(f"holds    {keys.RESULTS}/{entry.key}  {entry.size} bytes")
    return 0 if said.get("state") == "done" else 1
