"""The command `siaga`: up, demo, data, ingest, status, dead, reprocess, drop, ledger, analyse, version …

What a command works with is imported when it is called, so that each starts as fast as it can.
"""

import argparse
import io
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from siaga import keys, modes, moment
from siaga.cli import (
    analyse,
    backup,
    data,
    dead,
    forecast,
    invoke,
    ledger,
    log,
    migrate,
    reprocess,
    sites,
    thin,
    user,
    watch,
)
from siaga.errors import SiagaError
from siaga.printable import shown
from siaga.settings import Settings

_FOR_USERS = ("analyse", "forecast")  # they write the files that were asked for, like any other of the user's


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status. A failure is one sentence; a traceback only in Python's dev mode."""
    of_user = os.umask(modes.PRIVATE)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name that the terminal cannot show must not end the command
            stream.reconfigure(errors="backslashreplace")
    chosen = _parser().parse_args(arguments)
    if chosen.command in _FOR_USERS:
        os.umask(of_user)
    try:
        status = int(chosen.run(Settings.load(os.environ), chosen))
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever reads has seen enough, as head does; Python's own last flush has nobody either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        print(f"siaga: {' '.join(_sentence(error).split())}", file=sys.stderr)
        return 1


def _sentence(error: Exception) -> str:
    """What went wrong, for the one who typed the command."""
    if isinstance(error, SiagaError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, MemoryError):
        return "There is not enough memory for this"
    return f"{type(error).__name__}: {error}; this was not foreseen, PYTHONDEVMODE=1 shows where it happened"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="siaga", description="A hazard comes in, an impact report goes out.")
    commands = parser.add_subparsers(required=True, dest="command", metavar="COMMAND")

    up = commands.add_parser("up", help="start all parts on this machine and keep them alive")
    up.add_argument("--quiet", action="store_true", help="keep the parts' lines to the log files")
    up.set_defaults(run=_up)

    commands.add_parser("store", help="be our store: a part of its own, where parts run apart").set_defaults(run=_store)
    one = commands.add_parser("part", help="be one part, where each is a service: gateway, sftp, web, or functions")
    one.add_argument("name", choices=("gateway", "sftp", "web", "functions"), metavar="PART")
    one.set_defaults(run=_part)
    ready = commands.add_parser("prepare", help="make missing secrets and prepare the store, where parts run apart")
    ready.add_argument("--secrets", action="store_true", help="the secrets alone; no store is asked")
    ready.add_argument("--wait", type=float, default=60.0, metavar="SECONDS", help="for the store to answer; 60 s")
    ready.set_defaults(run=_prepare)

    show = commands.add_parser("demo", help="start, send two ShakeMaps, a flood or an ash fall, show the reports")
    show.add_argument("--flood", action="append_const", dest="hazards", const="flood", help="Jakarta's flood of 2017")
    show.add_argument("--ash", action="append_const", dest="hazards", const="ash", help="an ash fall from Merapi")
    show.add_argument("--exit", action="store_true", help="end after publishing; status 0 only if published")
    show.set_defaults(run=_demo)

    data.add_to(commands)

    put = commands.add_parser("ingest", help="put a grid.xml into the bucket as an uploader would")
    put.add_argument("file", type=Path)
    put.add_argument("--bucket", choices=keys.SHAKEMAP_BUCKETS, default=keys.SHAKEMAPS)
    put.add_argument("--wait", type=float, nargs="?", const=120.0, metavar="SECONDS", help="until published; 120 s")
    put.set_defaults(run=_ingest)

    reprocess.add_to(commands)
    dead.add_to(commands)

    commands.add_parser("version", help="which release, which code of it, which commit").set_defaults(run=_version)

    status = commands.add_parser("status", help="every input, its state and the reason")
    status.set_defaults(run=_status)

    watch.add_to(commands)
    log.add_to(commands)
    ledger.add_to(commands)
    backup.add_to(commands)
    sites.add_to(commands)
    migrate.add_to(commands)
    thin.add_to(commands)
    analyse.add_to(commands)
    forecast.add_to(commands)
    invoke.add_to(commands)
    user.add_to(commands)
    return parser


def _up(settings: Settings, chosen: argparse.Namespace) -> int:
    from siaga import machine
    from siaga.machine.supervisor import Supervisor

    with machine.only_one(settings):
        supervisor = Supervisor(settings.home / "logs", quiet=chosen.quiet)
        stop = stop_on_signals()
        try:
            machine.up(settings, supervisor, lambda line: print(f"siaga: {line}", flush=True))
            for what, where in machine.addresses(settings):
                print(f"{what:>10}  {where}", flush=True)
            stop.wait()
        finally:
            supervisor.stop()
    return 0


def _store(settings: Settings, _: argparse.Namespace) -> int:
    from siaga import machine

    machine.become_store(settings)


def _part(settings: Settings, chosen: argparse.Namespace) -> int:
    from siaga import machine
    from siaga.machine.supervisor import Supervisor

    if chosen.name != "functions":
        machine.become_part(settings, chosen.name)
    supervisor = Supervisor(settings.home / "logs", quiet=False)
    stop = stop_on_signals()
    try:
        supervisor.start(*machine.slot_parts(settings))
        stop.wait()
    finally:
        supervisor.stop()
    return 0


def _prepare(settings: Settings, chosen: argparse.Namespace) -> int:
    from siaga import machine

    if chosen.secrets:
        machine.make_secrets(settings)
        machine.make_store_keys(settings)
        machine.make_database_password(settings)
        machine.make_monitoring_password(settings)
    else:
        machine.prepare(settings, chosen.wait, lambda line: print(f"siaga: {line}", flush=True))
    return 0


def _demo(settings: Settings, chosen: argparse.Namespace) -> int:
    from siaga import machine
    from siaga.cli import demo
    from siaga.machine.supervisor import Supervisor

    with machine.only_one(settings):
        supervisor = Supervisor(settings.home / "logs", quiet=True)
        stop = stop_on_signals()
        try:
            published = demo.show(settings, supervisor, stop, chosen.hazards or ["earthquake"])
            if not chosen.exit and not stop.is_set():
                print("\nServing until Ctrl-C.", flush=True)
                stop.wait()
        finally:
            supervisor.stop()
    return 0 if published else 1


def _ingest(settings: Settings, chosen: argparse.Namespace) -> int:
    from siaga.cli import ingest

    try:
        event = ingest.put(settings, chosen.file, chosen.bucket)
    except OSError as error:
        raise SiagaError("{file}: {detail}", file=chosen.file, detail=error.strerror) from error
    print(f"put      {event.bucket}/{event.key}")
    if chosen.wait is None:
        return 0
    result = ingest.wait(settings, event, chosen.wait)
    print(f"state    {result.state}")
    if result.url:
        print(f"page     {result.url}")
    if result.reason:
        print(f"reason   {result.reason}")
    if result.state == "published":
        return 0
    return 1 if result.final else 2


def _status(settings: Settings, _: argparse.Namespace) -> int:
    from siaga import standing
    from siaga.cli import ingest
    from siaga.cli.gateway import Gateway

    for part in standing.read(settings.home):
        if part.is_news(moment.now()):
            since = f"{moment.parse(part.since):%Y-%m-%d %H:%M:%S}"
            again = f", started again {part.restarts} time(s)" if part.restarts else ""
            print(f"{part.state:<10} {since}  part {part.name}{again}")
            if part.text:
                print(f"{'':<10} {part.text}")
    under_way = Gateway.of(settings).under_way()
    for line in (*ingest.doubts(under_way), ingest.canary(under_way)):
        if line:
            print(line)
    state = ""
    for state, name, came, reason in ingest.inputs(settings, under_way):
        print(f"{state:<10} {came}  {shown(name)}" + (f"\n{'':<10} {shown(reason)}" if reason else ""))
    if not state:
        print("no input has come yet")
    return 0


def _version(_: Settings, __: argparse.Namespace) -> int:
    from siaga import software

    print(f"siaga    {software.version()}")
    print(f"commit   {software.commit() or 'not known: no checkout, and no image that names it'}")
    return 0


def stop_on_signals() -> threading.Event:
    """An event that Ctrl-C or SIGTERM sets; a second Ctrl-C interrupts at once."""
    stop = threading.Event()

    def asked(number: int, _: FrameType | None) -> None:
        if stop.is_set() and number == signal.SIGINT:
            raise KeyboardInterrupt
        stop.set()

    signal.signal(signal.SIGINT, asked)
    signal.signal(signal.SIGTERM, asked)
    return stop
