"""How soon a slot gets a processor: below everything live while it works on backfill or practises.

What counts is the niceness of all that the slot has started, too, such as typesetters: they are its process group.
Where the kernel shares a processor out by session first (sched_autogroup), niceness counts within a session alone, and
the session's own counts between them; anybody may set that one and set it back. A process that is not root's never
gets its own niceness back, so that such a slot is made nice only if it is a spare one: its function has another.
"""

import os
import resource
import threading
from contextlib import suppress
from pathlib import Path

NICE = 5  # a third of what others get where all want the processor; with less, backfill hardly moves on a busy machine
_AUTOGROUP = Path("/proc/self/autogroup")
_AGAIN_SECONDS = 0.11  # the kernel lets those who are not root set a session every tenth of a second, all together
_CAP_SYS_NICE = 1 << 23
_HIGHEST = 19


class Pace:
    """The pace of this process, of its session and process group where they are its own. Shared by all threads."""

    def __init__(self, spare: bool) -> None:
        """`spare`: the slot may stay slow for ever, since another one of its function does not."""
        self.is_slow = False
        self._own = os.getpid() == os.getpgrp() == os.getsid(0)
        self._usual = os.getpriority(os.PRIO_PROCESS, 0)
        self._spare, self._returns = spare, _may_return_to(self._usual)
        self._lock = threading.Lock()

    def set(self, slow: bool, for_good: bool = True) -> None:
        """Be slow, or as at the start; what is not permitted is left as it is.

        for_good: where there is no way back, a spare slot may take this one.
        """
        with self._lock:
            if slow == self.is_slow or not self._own:
                return
            self.is_slow = slow
            self._set_session()
            if self._returns or (slow and self._spare and for_good):
                with suppress(OSError):
                    nice = min(_HIGHEST, self._usual + NICE) if slow else self._usual
                    os.setpriority(os.PRIO_PGRP, 0, nice)

    def _set_session(self) -> None:
        try:
            _AUTOGROUP.write_text(str(NICE if self.is_slow else 0), encoding="ascii")
        except BlockingIOError:
            again = threading.Timer(_AGAIN_SECONDS, self._set_session)
            again.daemon = True
            again.start()
        except OSError:  # another kernel, or not for us
            return


def _may_return_to(nice: int) -> bool:
    """Whether this process may set that niceness after a higher one."""
    with suppress(OSError, StopIteration, ValueError):
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        effective = next(line for line in lines if line.startswith("CapEff:"))
        if int(effective.split()[1], 16) & _CAP_SYS_NICE:
            return True
    most = resource.getrlimit(resource.RLIMIT_NICE)[0]  # 20 minus the least niceness
    return most == resource.RLIM_INFINITY or 20 - nice <= most
