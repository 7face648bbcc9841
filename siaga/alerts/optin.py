"""Addresses that strangers enter: one mail asks whether they are theirs, and only who says so subscribes.

`entered/` has what was asked for, until its mail is out; `mailed/` what may be confirmed, until its time is over. Both
are named by a digest of the address under the secret of alerts and by the second, so that a name tells no address.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from siaga import keys, moment
from siaga.alerts import compose, naming, record
from siaga.alerts import subscription as subscriptions
from siaga.alerts.channel import Message
from siaga.alerts.directory import Directory
from siaga.alerts.dispatch import Office
from siaga.alerts.record import CONFIRMATION, RETRY, SENDING, Record
from siaga.alerts.subscription import ASH_CLASSES, PENDING, Rectangle, Subscription
from siaga.errors import BadInput, Conflict, NotFound, SiagaError, Unavailable
from siaga.language import LANGUAGES, Language, load
from siaga.report import words
from siaga.store import Store

HOURS = 24  # from when it was asked for until it cannot be confirmed any more
MOST_AN_HOUR = 3  # mails that ask one address
_MOST_WAITING = 500  # of all addresses, mailed or not, that nobody has answered
_MOST_AT_ONCE = 20  # mails of one tick, so that alerts wait for no strangers
_MARGIN_KM = 100.0  # around an area
_NAME = re.compile(r"([0-9a-f]{32})-(\d{8}T\d{6}Z)")
_MOST_BYTES = 1 << 16

EVERYWHERE = "all"
AREAS: Mapping[str, tuple[str, Rectangle | None]] = {  # what a reader chooses from, generous rectangles
    EVERYWHERE: ("All of Indonesia", None),
    "sumatra": ("Sumatra", (94.5, -6.5, 109.0, 6.5)),
    "java": ("Java", (104.5, -9.5, 115.0, -5.0)),
    "nusa-tenggara": ("Bali and Nusa Tenggara", (114.0, -11.5, 125.5, -7.5)),
    "kalimantan": ("Kalimantan", (108.0, -4.5, 119.5, 4.5)),
    "sulawesi": ("Sulawesi", (118.5, -7.0, 127.5, 5.5)),
    "maluku": ("Maluku", (124.0, -9.0, 135.5, 3.5)),
    "papua": ("Papua", (129.0, -9.5, 141.5, 1.5)),
}
LEVELS: Mapping[str, tuple[int, str]] = {  # of quakes: the state of floods and the class of ash that are as grave
    "yellow": (2, ASH_CLASSES[2]),
    "orange": (3, ASH_CLASSES[3]),
    "red": (4, ASH_CLASSES[4]),
}


class TooManyWait(SiagaError):
    """Strangers have asked for more than is sent; later it may go on."""

    status = 429


def wanted(address: str, language: str, area: str, level: str) -> Subscription:
    """What a stranger asks for. Raises BadInput naming the field."""
    for field, text, allowed in (("area", area, AREAS), ("level", level, LEVELS), ("language", language, LANGUAGES)):
        if text not in allowed:
            raise BadInput("{field} is {value}; choose one of the list", field=field, value=repr(text[:80]))
    rectangle, (state, ash_class), _ = AREAS[area][1], LEVELS[level], load(language)
    row = {"name": _("Reader"), "channel": "email", "address": address, "language": language}
    row |= {"level": level, "state": str(state), "ash_class": ash_class}
    if rectangle:
        row |= {"rectangle": subscriptions.text_of(rectangle), "margin_km": subscriptions.text_of(_MARGIN_KM)}
    return subscriptions.read(row)


def area_of(subscription: Subscription) -> str:
    """The area that such a subscription is of, in English."""
    return next(name for name, rectangle in AREAS.values() if rectangle == subscription.rectangle)


def ask(store: Store, key: str, subscription: Subscription, now: datetime) -> None:
    """Let notify ask the address; what is too much for that address is left out, and nobody is told so.

    store: with the rights of operators. key: of alerts. Raises TooManyWait where all addresses together are too many.
    """
    digest = hmac.new(key.encode(), f"address|{subscription.address.casefold()}".encode(), sha256).hexdigest()[:32]
    there = [*_names(store, naming.ENTERED), *_names(store, naming.MAILED)]
    if len(there) >= _MOST_WAITING:
        raise TooManyWait("Too many people subscribe at this moment; try again in an hour")
    if len(_lately(there, digest, now)) >= MOST_AN_HOUR:
        return
    name = f"{digest}-{naming.clock(now)}"
    body = replace(subscription, id=name, standing=PENDING, created=moment.stamp(now)).encode()
    try:
        store.put(keys.NOTIFICATIONS, f"{naming.ENTERED}{name}.json", body, "application/json", if_absent=True)
    except Conflict:  # the same address in the same second
        return


def pending(store: Store, name: str, now: datetime) -> Subscription:
    """What may be confirmed under that name. Raises NotFound."""
    found = _NAME.fullmatch(name)
    try:
        if found and now - _clock(found[2]) <= timedelta(hours=HOURS):
            body = store.get(keys.NOTIFICATIONS, f"{naming.MAILED}{name}.json", at_most=_MOST_BYTES)[0]
            return subscriptions.decode(body)
    except NotFound:
        pass
    raise NotFound("This link is not good, or its time is over; ask for another")


def send_asked(office: Office, now: datetime) -> int:
    """Ask the addresses that wait, some at a time, and forget what was not confirmed; how many mails went out."""
    names, mailed = _names(office.store, naming.ENTERED), _names(office.store, naming.MAILED)
    _forget(office.store, naming.MAILED, [name for name in mailed if _is_over(name, now)])
    _forget(office.store, naming.ENTERED, [name for name in names if _is_over(name, now)])
    count = 0
    for name in [name for name in names if not _is_over(name, now)][:_MOST_AT_ONCE]:
        others = [other for other in mailed if other != name]
        if len(_lately(others, name.partition("-")[0], now)) >= MOST_AN_HOUR:
            _forget(office.store, naming.ENTERED, [name])
            continue
        one = _mail(office, name, now)
        if one.state in (RETRY, SENDING):  # the server is away, and will be for the next one
            break
        mailed.append(name)
        office.store.delete(keys.NOTIFICATIONS, f"{naming.ENTERED}{name}.json")
        count += 1
    return count


def _mail(office: Office, name: str, now: datetime) -> Record:
    """Let it be confirmed, then ask: a link that came works."""
    body = office.store.get(keys.NOTIFICATIONS, f"{naming.ENTERED}{name}.json", at_most=_MOST_BYTES)[0]
    office.store.put(keys.NOTIFICATIONS, f"{naming.MAILED}{name}.json", body, "application/json")
    one, channel = subscriptions.decode(body), office.channels.get("email")
    asking = Record(naming.of_entered(name), name, one.name, one.channel, "", "", "", CONFIRMATION, "", {})

    def send() -> str:
        if channel is None:
            raise Unavailable("There is no server for channel {channel}", channel=one.channel)
        return channel.send(one, _message(one, office.tokens.address(office.public_url, "confirm", name)))

    return record.deliver(office.store, asking, send, repeatable=False, now=now)


def confirm(directory: Directory, subscription: Subscription) -> Subscription:
    """Make it a subscription, once, however often that is said; one that says the same already is taken for it."""
    same = next((other for other in directory.active() if other.row == subscription.row), None)
    return same or directory.add_as(f"reader-{sha256(subscription.id.encode()).hexdigest()[:12]}", subscription)


def _message(one: Subscription, link: str) -> Message:
    _ = load(one.language)
    title = _("Is this your address?")
    lines = [
        _("Somebody, you perhaps, has entered this address for alerts by Siaga."),
        f"{terms(one, _)}.",
        _("If it was you, open the link within {hours} hours and press the button.", hours=HOURS),
    ]
    foot = _("If it was not, do nothing: nothing more comes.")
    values = {"language": _.code, "title": title, "lines": lines, "page": link, "label": _("Confirm"), "foot": foot}
    text, html = (compose.rendered(f"note.{kind}", values, _) for kind in ("txt", "html"))
    return Message(
        id=f"confirm.{one.id}",
        kind=CONFIRMATION,
        language=_.code,
        subject=f"Siaga: {title}",
        text=text,
        html=html,
        short="",
        page=link,
        stop="",
        picture=None,
        report=None,
        report_name="",
        facts={},
    )


def terms(subscription: Subscription, _: Language) -> str:
    """What it is of, in a few words."""
    level = _(words.LEVELS[subscription.level])
    return f"{_('Area')}: {_(area_of(subscription))}. {_('Level')}: {_('{level} and above', level=level)}"


def _names(store: Store, prefix: str) -> list[str]:
    """Names below it, those of one address side by side."""
    return [head.key.removeprefix(prefix).removesuffix(".json") for head in store.list(keys.NOTIFICATIONS, prefix)]


def _lately(names: list[str], digest: str, now: datetime) -> list[str]:
    """Those of one address within the last hour."""
    since = f"{digest}-{naming.clock(now - timedelta(hours=1))}"
    return [name for name in names if name.startswith(f"{digest}-") and name > since]


def _is_over(name: str, now: datetime) -> bool:
    found = _NAME.fullmatch(name)
    return found is None or now - _clock(found[2]) > timedelta(hours=HOURS)


def _clock(text: str) -> datetime:
    return moment.parse(f"{text[:4]}-{text[4:6]}-{text[6:11]}:{text[11:13]}:{text[13:]}")


def _forget(store: Store, prefix: str, names: list[str]) -> None:
    for name in names:
        store.delete(keys.NOTIFICATIONS, naming.of_entered(name))
        store.delete(keys.NOTIFICATIONS, f"{prefix}{name}.json")
