"""The gateway put together: what it is made of, in which order it starts and stops."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from flask import Flask, current_app

from gateway import counters, metrics
from gateway.backups import Backups
from gateway.callback import Callbacks
from gateway.canary import Canary
from gateway.cron import Cron
from gateway.database import Database
from gateway.events import Webhook
from gateway.inbox import Inbox
from gateway.invoke import Slots
from gateway.job import Policy
from gateway.lead import Lead
from gateway.ledger import Ledger
from gateway.naming import Naming
from gateway.notices import Notices
from gateway.operators import Operators
from gateway.orders import Orders
from gateway.previews import Previews
from gateway.replicas import Replicas
from gateway.reprocess import Reprocess
from gateway.selection import Selection
from gateway.sweep import Sweep
from siaga import gaps, generation, keys, stack, vitals
from siaga.errors import Forbidden, Unavailable
from siaga.settings import Settings
from siaga.stack import Function
from siaga.store import Store
from siaga.vitals import StoreLook, Vitals

_NAME = "siaga"
_LOOK_SECONDS = 2.0  # for the store to say which generation wrote it
_CLOSE_SECONDS = 8.0  # for calls under way at SIGTERM; the supervisor grants 15


def _check_generation(settings: Settings) -> None:
    with suppress(Unavailable, Forbidden):  # one that is away now is asked by who prepares it
        generation.check(Store.connect(settings, "gateway", _LOOK_SECONDS))


@dataclass(frozen=True, slots=True)
class Gateway:
    """Everything the routes need.

    works: it leads and has started, so that it answers by itself.
    """

    settings: Settings
    functions: tuple[Function, ...]
    store: Store
    lead: Lead
    works: threading.Event
    slots: Slots
    replicas: Replicas
    callbacks: Callbacks
    ledger: Ledger
    inbox: Inbox
    webhook: Webhook
    sweep: Sweep
    cron: Cron
    orders: Orders
    reprocess: Reprocess
    previews: Previews
    steps: metrics.Steps
    canary: Canary
    operators: Operators
    look: StoreLook
    vitals: Vitals
    stop: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def build(cls, settings: Settings) -> "Gateway":
        """Put it together; nothing runs yet.

        Raises SiagaError for a missing secret, a bad stack.yml, an address that is none, a store of a newer Siaga.
        """
        functions, database = stack.planned(settings), Database.of(settings)
        store = Store.connect(settings, "gateway")
        _check_generation(settings)
        places = stack.slots(functions, settings)
        slots, callbacks = Slots(places, settings.secret(stack.SLOT_TOKEN)), Callbacks.of(settings, places)
        ledger, policy = Ledger(store), Policy(settings.attempts, settings.backoff_seconds)
        inbox = Inbox(database, store, slots, ledger, policy, callbacks.post)
        notices, operators = Notices(store, settings.public_url), Operators(store, bool(settings.outlets.operators))
        pace = settings.sweep_seconds, settings.full_sweep_seconds
        sweep = Sweep(store, functions, inbox, ledger, notices, *pace, alone=not settings.store_is_ours)
        names, steps = tuple(function.name for function in functions), metrics.Steps(store, ledger)
        counters.begin(names)
        for hearer in (notices.tell, sweep.follow, counters.settled, steps.hear, operators.hear):
            ledger.hear(hearer)
        lead, works = Lead(database, settings.gateway_peer_url), threading.Event()
        standing = metrics.Standing(settings.home, slots, inbox, sweep, works.is_set)
        canary = Canary(store, ledger, settings.canary_minutes)
        look = StoreLook(lambda: store.exists(keys.LEDGER, vitals.NOTHING))
        selection = Selection(store, functions, ledger, inbox.active)
        orders = Orders(store, inbox, selection, {function.name: function.replicas for function in functions})
        return cls(
            settings=settings,
            functions=functions,
            store=store,
            lead=lead,
            works=works,
            slots=slots,
            replicas=Replicas(slots, inbox.resize),
            callbacks=callbacks,
            ledger=ledger,
            inbox=inbox,
            webhook=Webhook(functions, inbox),
            sweep=sweep,
            cron=Cron(functions, inbox),
            orders=orders,
            reprocess=Reprocess(store, functions, inbox, ledger, Naming(store, functions), orders),
            previews=Previews(slots),
            steps=steps,
            canary=canary,
            operators=operators,
            look=look,
            vitals=Vitals(
                settings.secret(vitals.TOKEN),
                {"store": look.check, "job database": standing.check, "lead": lead.check},
                (vitals.Disk(settings.home), standing, canary, Backups(store)),
            ),
        )

    def stand_by(self, lost: Callable[[], None]) -> None:
        """Stand for the lead, where there is one to win, and look at the store; `lost` as gateway.lead has it."""
        self.lead.stand(lost)
        threading.Thread(target=self.look.run, args=(self.stop,), name="store look", daemon=True).start()

    def start(self) -> None:
        """Take up what was under way, then sweep, keep the schedules and work off orders."""
        self.inbox.launch()
        self.replicas.look()
        self.works.set()
        threading.Thread(target=self.slots.keep_room, args=(self.stop,), name="room", daemon=True).start()
        threading.Thread(target=self.replicas.run, args=(self.stop,), name="replicas", daemon=True).start()
        threading.Thread(target=self.sweep.run, args=(self.stop,), name="sweep", daemon=True).start()
        threading.Thread(target=gaps.watch, args=(self.settings.home, self.stop), name="gaps", daemon=True).start()
        threading.Thread(target=self.cron.run, args=(self.stop,), name="cron", daemon=True).start()
        threading.Thread(target=self.orders.run, args=(self.stop,), name="orders", daemon=True).start()
        threading.Thread(target=self.steps.run, name="steps", daemon=True).start()
        threading.Thread(target=self.canary.run, args=(self.stop,), name="canary", daemon=True).start()
        threading.Thread(target=self.operators.run, args=(self.stop,), name="operators", daemon=True).start()

    def close(self) -> None:
        """End within seconds; what is cut off is done again at the next start."""
        self.stop.set()
        if self.works.is_set():
            self.inbox.close(_CLOSE_SECONDS)
        self.lead.release()


def install(app: Flask, gateway: Gateway) -> None:
    """Let the app's routes find it."""
    app.extensions[_NAME] = gateway


def services() -> Gateway:
    """That of the app that answers this request; each app of a process has its own."""
    gateway: Gateway = current_app.extensions[_NAME]
    return gateway
