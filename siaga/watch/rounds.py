"""Round after round: what is wrong twice in a row is told, and when it is over; a ping goes out while all is well."""

import time
from collections.abc import Callable, Mapping, Sequence

import requests

from siaga.watch.asking import Reply
from siaga.watch.judging import Trouble, troubles
from siaga.watch.telling import Channel, Message, detail

_LOOKS = 2  # in a row that agree, before anybody is told
_PING_SECONDS = 60.0


class Rounds:
    """What was told, and what is about to be."""

    def __init__(
        self,
        ask: Callable[[], Mapping[str, Reply]],
        channels: Sequence[Channel],
        ping: Callable[[], None] | None,
        say: Callable[[str], None],
    ) -> None:
        """ask: everybody. ping: says that all is well; None says it to nobody. say: hears everything, too."""
        self._ask, self._channels, self._ping, self._say = ask, channels, ping, say
        self._told: dict[str, Trouble] = {}
        self._differs: dict[str, int] = {}  # looks in a row that found it otherwise than was told
        self._pinged = -_PING_SECONDS

    def once(self) -> list[Trouble]:
        """One look; returns what is wrong now. Raises SiagaError where nobody could be asked."""
        found = {one.name: one for one in troubles(self._ask(), time.time())}
        self._compare(found)
        for channel in self._channels:
            channel.flush()
        if self._ping and not found and not self._told and time.monotonic() - self._pinged >= _PING_SECONDS:
            try:
                self._ping()
                self._pinged = time.monotonic()
            except requests.RequestException as error:
                self._say(f"nobody takes the ping: {detail(error)}")
        return list(found.values())

    def _compare(self, found: Mapping[str, Trouble]) -> None:
        differs = {name for name in found.keys() | self._told.keys() if (name in found) != (name in self._told)}
        self._differs = {name: self._differs.get(name, 0) + 1 for name in differs}
        sure = {name for name, looks in self._differs.items() if looks >= _LOOKS}
        if not sure:
            return
        self._differs = {name: looks for name, looks in self._differs.items() if name not in sure}
        begun = [found[name] for name in sorted(sure & found.keys())]
        over = [self._told[name] for name in sorted(sure - found.keys())]
        for one in over:
            del self._told[one.name]
        self._told |= {one.name: one for one in begun}
        message = _message(begun, over, [self._told[name] for name in sorted(self._told)])
        self._say(f"{message.subject}\n{message.text}")
        for channel in self._channels:
            channel.tell(message)


def _message(begun: Sequence[Trouble], over: Sequence[Trouble], all_now: Sequence[Trouble]) -> Message:
    subject = f"Siaga: {begun[0].text}" if begun else "Siaga: all is well again"
    if begun[1:]:
        subject += f", and {len(begun) - 1} more"
    elif all_now and not begun:
        subject = f"Siaga: {over[0].name} is over, {len(all_now)} still wrong"
    lines = [f"NEW    {one.text}" for one in begun] + [f"OVER   {one.name}" for one in over]
    lines += [f"STILL  {one.text}" for one in all_now if one not in begun]
    return Message(subject[:200], "\n".join(lines), [one.text for one in all_now])
