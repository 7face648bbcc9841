"""on-shakemap as it is, but for maps whose folder says what they do to their function."""

import ctypes
import os
import re
import signal

from functions.on_shakemap import handler as real
from siaga import events

POISON = ("kills", "crashes", "hangs", "spins", "holds", "swells")


def handle(event, context):
    """Do harm where the folder asks for it."""
    match re.match("poison-([a-z]+)-", events.parse(event.body)[0].key):
        case None:
            return real.handle(event, context)
        case match:
            return _harm(match[1], event, context)


def _harm(kind, event, context):
    if kind == "kills":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "crashes":
        os.kill(os.getpid(), signal.SIGSEGV)
    if kind == "hangs":
        ctypes.PyDLL(None).sleep(600)  # in native code, holding the interpreter
    while kind == "spins":
        pass
    if kind == "holds":
        re.match("(a+)+$", 64 * "a" + "b")
    if kind == "swells":
        return [bytearray(64 << 20) for _ in range(1000)]
    return real.handle(event, context)
