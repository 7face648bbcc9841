"""`siaga reprocess` and `siaga drop`: inputs are done again, those that are named at once, ranges slice by slice."""

import argparse
import getpass
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from siaga.answers import JobName, OrderFacts, PlanFacts
from siaga.commands import Commands
from siaga.errors import NotFound, SiagaError
from siaga.printable import shown
from siaga.settings import Settings

if TYPE_CHECKING:  # which a command imports when it is called
    from siaga.cli.gateway import Gateway
    from siaga.cli.progress import Progress

_LOOK_SECONDS = 0.5
_NOT_ASKED = 2


def add_to(commands: Commands) -> None:
    """Add `reprocess` and `drop` to the command line's commands."""
    again = commands.add_parser("reprocess", help="do inputs again: one, a period, the latest, what failed, all …")
    again.add_argument("name", nargs="*", metavar="NAME", help="an event's id, a folder, a key, a line of siaga status")
    ranges = again.add_mutually_exclusive_group()
    ranges.add_argument("--all", action="store_true", help="every input")
    ranges.add_argument("--latest", type=int, nargs="?", const=1, metavar="N", help="the newest N events; 1")
    ranges.add_argument("--failed", action="store_true", help="what was refused or given up")
    ranges.add_argument("--missing", action="store_true", help="inputs that have no receipt")
    ranges.add_argument(
        "--older",
        nargs="+",
        choices=("exposure", "software", "edition"),
        help="what is shown was made with other analysis data, another version, other templates than today's",
    )
    ranges.add_argument("--older-than", metavar="TIME", help="what was made before that moment, e.g. 2026-11-01")
    again.add_argument("--since", metavar="TIME", help="of events from then on, e.g. 2018-08-01 or 2018-08-01T12:00Z")
    again.add_argument("--until", metavar="TIME", help="of events before then")
    again.add_argument("--report", action="store_true", help="the report alone, of the runs that are shown")
    again.add_argument("--function", metavar="NAME", help="that function alone, e.g. on-flood")
    again.add_argument("--dry-run", action="store_true", help="say what would be done, how many, how long; do nothing")
    again.add_argument("--yes", action="store_true", help="do not ask before a range is done again")
    again.add_argument("--no-wait", action="store_true", help="do not wait for the end; --orders shows it")
    again.add_argument("--orders", action="store_true", help="show the ranges that were ordered, and how far they are")
    again.add_argument("--stop", metavar="ORDER", help="withdraw the rest of such an order")
    again.set_defaults(run=_reprocess)

    drop = commands.add_parser("drop", help="give up for good what was refused or failed")
    drop.add_argument("name", nargs="+", metavar="NAME", help="an event's id, a folder, a key, a line of siaga dead")
    drop.add_argument("--why", required=True, metavar="WORDS", help="the reason, kept in the receipt")
    drop.set_defaults(run=_drop)


def _reprocess(settings: Settings, chosen: argparse.Namespace) -> int:
    from siaga.cli.gateway import Gateway

    gateway = Gateway.of(settings)
    if chosen.orders:
        told = gateway.orders()
        lines = [_line(order) for order in told.orders]
        if told.unread:
            lines.append(f"{told.unread} more orders are told in a form that is not known here")
        print("\n".join(lines) or "no range was ordered")
        return 0
    if chosen.stop:
        print(_stopped(gateway.stopped(chosen.stop)))
        return 0
    beside = {"who": getpass.getuser(), "function": chosen.function, "report": chosen.report}
    beside = {field: value for field, value in beside.items() if value}
    if chosen.name:
        return _named(gateway, chosen, beside)
    wanted = _wanted(chosen)
    if not wanted:
        raise SiagaError("Do what again? Give a NAME, or one of the options that siaga reprocess --help tells")
    return _range(gateway, chosen, wanted | beside)


def _named(gateway: "Gateway", chosen: argparse.Namespace, beside: Mapping[str, object]) -> int:
    missed = 0
    for name in chosen.name:
        wanted, jobs = {"input": name, **beside}, list[JobName]()
        try:
            if chosen.dry_run:
                print("\n".join(f"would be done again: {shown(one)}" for one in gateway.planned(wanted)["inputs"]))
            else:
                jobs = gateway.done_again(wanted)
        except NotFound as error:
            missed += 1
            print(f"siaga: {error}; name an event, a folder, a key or a line of siaga status", file=sys.stderr)
            continue
        for job in jobs:
            state = shown(job["state"]) or "its state is not known"
            does = "has just done it" if state == "settled" else f"does it again ({state})"
            print(f"{job['bucket']}/{shown(job['key'])}: {job['function']} {does}")
    return 1 if missed else 0


def _wanted(chosen: argparse.Namespace) -> dict[str, object]:
    """The range that the options tell, as the gateway takes it."""
    fields = ("all", "latest", "failed", "missing", "older", "older_than", "since", "until")
    wanted = {field: value for field in fields if (value := getattr(chosen, field))}
    if chosen.report and not wanted:
        wanted["all"] = True
    return wanted


def _range(gateway: "Gateway", chosen: argparse.Namespace, wanted: dict[str, object]) -> int:
    plan = gateway.planned(wanted)
    _tell_plan(plan)
    if chosen.dry_run or not plan["count"]:
        return 0
    if not chosen.yes:
        if not sys.stdin.isatty():
            print("siaga: nothing was done; add --yes to have it done", file=sys.stderr)
            return _NOT_ASKED
        if input("Do them again? [y/N] ").strip().lower() not in ("y", "yes"):
            return 0
    order = gateway.placed(wanted)
    if chosen.no_wait:
        print(_line(order))
        return 0
    return _follow(gateway, order["id"])


def _tell_plan(plan: PlanFacts) -> None:
    for name in plan["inputs"]:
        print(f"     {shown(name)}")
    if plan["count"] > len(plan["inputs"]):
        print(f"     … and {plan['count'] - len(plan['inputs']):,} more")
    counts = ", ".join(f"{count:,} × {name}" for name, count in plan["functions"].items())
    print(f"{plan['count']:,} to be done again" + (f": {counts}" if counts else ""))
    if plan["count"] and plan["seconds"] is not None:
        print(f"about {_duration(plan['seconds'])} when nothing else is to be done; live maps go first")


def _follow(gateway: "Gateway", name: str) -> int:
    """Show how far an order is until it is over; Ctrl-C withdraws the rest."""
    from siaga.cli.progress import Progress

    progress = Progress()
    try:
        order = _awaited(gateway, name, progress)
    except KeyboardInterrupt:
        progress.clear()
        print(_stopped(gateway.stopped(name)), file=sys.stderr)
        return 130
    progress.clear()
    print(_line(order))
    return 0 if order["state"] == "done" else 1


def _awaited(gateway: "Gateway", name: str, progress: "Progress") -> OrderFacts:
    """The order when it is over; a gateway that is away for a while goes on with it by itself."""
    while True:
        try:
            orders = gateway.orders().orders
        except SiagaError as error:
            progress.say(f"{error}; the order goes on once it does")
            time.sleep(_LOOK_SECONDS)
            continue
        order = next((one for one in orders if one["id"] == name), None)
        if order is None:
            raise NotFound("The gateway tells of no order {name}; siaga reprocess --orders shows all", name=name)
        if order["state"] != "open":
            return order
        if order["done"] is None:
            progress.say("how far it is is not known")
        elif order["total"] is None:
            progress.say("being counted")
        else:
            said = order["reason"]["text"] if order["reason"] else "Ctrl-C stops it"
            progress.bar(order["done"], order["total"], said)
        time.sleep(_LOOK_SECONDS)


def _line(order: OrderFacts) -> str:
    """An order in a line: its state and name, how far it is, since when, by whom, what it is about."""
    inputs = order["wanted"].get("inputs", [])
    wanted = {**order["wanted"], **({"inputs": len(inputs)} if inputs else {})}
    fields = ", ".join(field if value is True else f"{field} {_words(value)}" for field, value in wanted.items())
    reason = f"  {order['reason']['text']}" if order["reason"] else ""
    who = shown(f"{order['who'] or '?'}: {fields[:200] or '?'}{reason}")
    far = f"{_count(order['done'])} of {_count(order['total'])} done"
    return f"{shown(order['state']) or 'unknown':<8} {shown(order['id'])}  {far}  {order['placed'] or '?'}  {who}"


def _count(count: int | None) -> str:
    return "?" if count is None else f"{count:,}"


def _words(value: object) -> object:
    return " ".join(map(str, value)) if isinstance(value, list) else value


def _stopped(order: OrderFacts) -> str:
    total, enqueued, done = order["total"] or 0, order["enqueued"], order["done"]
    if enqueued is None or done is None:
        return "stopped; how far it was is not known; the same order again goes on from there"
    return (
        f"stopped: {done:,} are done, {enqueued - done:,} were handed over and are still done, "
        f"{max(0, total - enqueued):,} are withdrawn; the same order again goes on from there"
    )


def _drop(settings: Settings, chosen: argparse.Namespace) -> int:
    from siaga.cli.gateway import Gateway

    gateway = Gateway.of(settings)
    missed = 0
    for name in chosen.name:
        try:
            dropped = gateway.dropped({"input": name, "why": chosen.why, "who": getpass.getuser()})
        except NotFound as error:
            missed += 1
            print(f"siaga: {error}", file=sys.stderr)
            continue
        for one in dropped:
            print(f"{one['bucket']}/{shown(one['key'])}: dropped; siaga reprocess with its key lifts that")
    return 1 if missed else 0


def _duration(seconds: float) -> str:
    """As a person says it.

    >>> _duration(42), _duration(600), _duration(100000)
    ('42 s', '10 min', '27 h 47 min')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
