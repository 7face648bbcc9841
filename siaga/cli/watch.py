"""`siaga watch`: the watcher for who has no Prometheus; looks once, or round after round."""

import argparse
import time

from siaga.commands import Commands
from siaga.errors import BadInput, SiagaError
from siaga.settings import Settings

PASSWORD = "watch-smtp-password"  # the secret with which it logs in at the mail server
_TROUBLE = 2  # exit status: something is wrong; 1 is for a watcher that cannot look


def add_to(commands: Commands) -> None:
    """Add `watch` to the command line's commands."""
    watch = commands.add_parser("watch", help="ask parts and store from outside; tell by mail or POST what changed")
    watch.add_argument("--once", action="store_true", help="look once: status 0, all is well; 2, something is wrong")
    watch.add_argument("--only", action="append", metavar="KIND", help="of gateway, web, sftp, functions, port, store")
    watch.add_argument("--every", type=float, default=30.0, metavar="SECONDS", help="between two looks; 30 s")
    watch.add_argument("--smtp", metavar="URL", help=f"smtp://user@host:587 or smtps://…; password: secret {PASSWORD}")
    watch.add_argument("--mail", action="append", default=[], metavar="ADDRESS", help="who is told; may be repeated")
    watch.add_argument("--sender", default="siaga@localhost", metavar="ADDRESS", help="whom the mail is from")
    watch.add_argument("--webhook", action="append", default=[], metavar="URL", help="where JSON is posted; repeatable")
    watch.add_argument("--ping", metavar="URL", help="asked each minute while all is well: a dead man's switch")
    watch.set_defaults(run=_watch)


def _watch(settings: Settings, chosen: argparse.Namespace) -> int:
    from siaga.watch import asking, telling
    from siaga.watch.rounds import Rounds

    channels = [telling.Channel(telling.shown_address(url), telling.post(url), _say) for url in chosen.webhook]
    if chosen.mail:
        if not chosen.smtp:
            raise BadInput("--mail needs --smtp, which says by which server")
        password = settings.secret(PASSWORD) if "@" in chosen.smtp else ""
        send = telling.mail(chosen.smtp, chosen.sender, chosen.mail, password)
        channels.append(telling.Channel(telling.shown_address(chosen.smtp), send, _say))
    ping = (lambda: telling.ping(chosen.ping)) if chosen.ping else None
    kinds = chosen.only or asking.KINDS
    if unknown := set(kinds) - set(asking.KINDS):
        raise BadInput("--only {kind} is none of {kinds}", kind=min(unknown), kinds=", ".join(asking.KINDS))
    rounds = Rounds(lambda: asking.everybody(settings, kinds), channels, ping, _say)
    if chosen.once:
        found = rounds.once()
        for one in found:
            print(one.text)
        print("all is well" if not found else f"{len(found)} wrong")
        return _TROUBLE if found else 0
    _say("watching; Ctrl-C ends it")
    while True:
        began = time.monotonic()
        try:
            rounds.once()
        except SiagaError as error:
            _say(f"cannot look: {error}")
        time.sleep(max(1.0, began + chosen.every - time.monotonic()))


def _say(line: str) -> None:
    print(line, flush=True)
