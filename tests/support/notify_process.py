"""The function notify in a process of its own, which a test may kill."""

import os
from multiprocessing import get_context

from siaga.function import frame
from siaga.store import Store


def work(handler, settings, notification):
    """Run it in a process of its own, once; returns that."""
    process = get_context("spawn").Process(target=_run, args=(settings, notification, handler.__name__))
    process.start()
    return process


def _run(settings, notification, module):
    from importlib import import_module

    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    import_module(module).run(notification, frame.Context(Store.connect(settings, "functions"), settings))
