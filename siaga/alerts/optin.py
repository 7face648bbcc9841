"""Addresses that strangers enter: one mail asks whether they are theirs, and only who says so subscribes.

`entered/` has what was asked for, until its mail is out; `mailed/` what may be confirmed, until its time is over. Both
are named by a digest of the address under the secret of alerts and by the second, so that a name tells no address.
"""

import hmac
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import islice

from siaga import keys, moment
from siaga.alerts import compose, naming, record
from siaga.alerts import subscription as subscriptions
from siaga.alerts.allowance import Allowance
from siaga.alerts.channel import Message
from siaga.alerts.directory import Directory
from siaga.alerts.dispatch import Office
from siaga.alerts.record import CONFIRMATION, RETRY, Record
from siaga.alerts.subscription import PENDING, Rectangle, Subscription
from siaga.errors import BadInput, Conflict, NotFound, SiagaError, Unavailable
from siaga.hazard.ash import CLASSES as ASH_CLASSES
from siaga.language import LANGUAGES, Language, load
from siaga.report import words
from siaga.store import Store

HOURS = 24  # from when it was asked for until it cannot be confirmed any more
MOST_AN_HOUR = 3  # mails that ask one address
_MOST_WAITING = 500  # mails that are not out yet, and those of the last hour that nobody has answered
_MOST_AT_ONCE = 20  # mails of one tick, so that alerts wait for no strangers
_MOST_IN_A_ROW = 3  # that fail for now; after them the server is taken to be away
_MARGIN_KM = 100.0  # around an area
_NAME = re.compile(r"([0-9a-f]{32})-(\d{8}T\d{6}Z)")
_MOST_BYTES = 1 << 16
_OF_READERS = "reader-"  # begins the ids of their subscriptions

_log = logging.getLogger("siaga.alerts")

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
PROVINCES: Mapping[str, str] = {  # that lie in each area; their names are the same in every language
    "sumatra": "Aceh, Sumatera Utara, Sumatera Barat, Riau, Kepulauan Riau, Jambi, Sumatera Selatan, "
    "Kepulauan Bangka Belitung, Bengkulu, Lampung",
    "java": "Banten, DKI Jakarta, Jawa Barat, Jawa Tengah, DI Yogyakarta, Jawa Timur",
    "nusa-tenggara": "Bali, Nusa Tenggara Barat, Nusa Tenggara Timur",
    "kalimantan": "Kalimantan Barat, Kalimantan Tengah, Kalimantan Selatan, Kalimantan Timur, Kalimantan Utara",
    "sulawesi": "Sulawesi Utara, Gorontalo, Sulawesi Tengah, Sulawesi Barat, Sulawesi Selatan, Sulawesi Tenggara",
    "maluku": "Maluku, Maluku Utara",
    "papua": "Papua, Papua Barat, Papua Barat Daya, Papua Tengah, Papua Pegunungan, Papua Selatan",
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
    """The area that such a subscription is of, in English. Raises BadInput where it is none of a stranger."""
    for name, rectangle in AREAS.values():
        if rectangle == subscription.rectangle and subscription.level in LEVELS:
            return name
    raise BadInput("{field} is {value}; choose one of the list", field="area", value=repr(subscription.rectangle))


def ask(store: Store, key: str, subscription: Subscription, now: datetime) -> None:
    """Let notify ask the address; what is too much for that address is left out, and nobody is told so.

    store: with the rights of operators. key: of alerts. Raises TooManyWait where all addresses together are too many.
    """
    digest = hmac.new(key.encode(), f"address|{_mailbox(subscription.address)}".encode(), sha256).hexdigest()[:32]
    entered, mailed = _names(store, naming.ENTERED), _names(store, naming.MAILED)
    if len(_unanswered(store, entered, mailed, now)) >= _MOST_WAITING:
        raise TooManyWait("Too many people subscribe at this moment; try again in an hour")
    if len(_lately({*entered, *mailed}, digest, now)) >= MOST_AN_HOUR:
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


def send_asked(office: Office, allowance: Allowance, now: datetime) -> int:
    """Ask the addresses that wait, some at a time, and forget what was not confirmed; how many mails went out."""
    names, mailed = _names(office.store, naming.ENTERED), _names(office.store, naming.MAILED)
    _forget(office.store, naming.MAILED, [name for name in mailed if _is_over(name, now)])
    _forget(office.store, naming.ENTERED, [name for name in names if _is_over(name, now)])
    count = failed = 0
    for name in islice(_due(office.store, names, mailed, now), _MOST_AT_ONCE):
        if failed == _MOST_IN_A_ROW or not allowance.is_left():  # the server is away, or alerts may wait
            break
        if len(_lately({*mailed} - {name}, name.partition("-")[0], now)) >= MOST_AN_HOUR:
            _forget(office.store, naming.ENTERED, [name])
            continue
        one = _mail(office, name, now)
        if one and one.is_final:
            mailed.append(name)
            office.store.delete(keys.NOTIFICATIONS, f"{naming.ENTERED}{name}.json")
            count, failed = count + 1, 0
        elif one and one.state == RETRY:
            failed += 1
    return count


def _due(store: Store, names: list[str], mailed: list[str], now: datetime) -> Iterator[str]:
    """Those to try now: first what was never tried, then what failed and has its time again; the oldest first."""
    tried = set(mailed)  # what may be confirmed and still waits
    for name in sorted(names, key=lambda one: (one in tried, _when(one))):
        if not _is_over(name, now) and not (name in tried and _waits(store, name, now)):
            yield name


def _waits(store: Store, name: str, now: datetime) -> bool:
    try:
        stored = record.load(store, naming.of_entered(name))
    except BadInput:  # it is met again when it is to be sent
        return False
    return stored is not None and stored[0].state == RETRY and moment.parse(stored[0].due) > now


def _mail(office: Office, name: str, now: datetime) -> Record | None:
    """Let it be confirmed, then ask: a link that came works. None where nothing is there that can be sent."""
    try:
        return _send(office, name, now)
    except NotFound:  # another process was faster
        return None
    except BadInput as error:
        _log.warning("%s%s cannot be sent and is forgotten: %s", naming.ENTERED, name, error)
        _forget(office.store, naming.ENTERED, [name])
        return None


def _send(office: Office, name: str, now: datetime) -> Record:
    body = office.store.get(keys.NOTIFICATIONS, f"{naming.ENTERED}{name}.json", at_most=_MOST_BYTES)[0]
    one, channel = subscriptions.decode(body), office.channels.get("email")
    area_of(one)
    office.store.put(keys.NOTIFICATIONS, f"{naming.MAILED}{name}.json", body, "application/json")
    asking = Record(naming.of_entered(name), name, one.name, one.channel, "", "", "", CONFIRMATION, "", {})

    def send() -> str:
        if channel is None:
            raise Unavailable("There is no server for channel {channel}", channel=one.channel)
        return channel.send(one, _message(one, office.tokens.address(office.public_url, "confirm", name)))

    return record.deliver(office.store, asking, send, repeatable=False, now=now)


def confirm(directory: Directory, subscription: Subscription) -> Subscription:
    """Make it a subscription, once, however often that is said; one that says the same already is taken for it."""
    same = next((other for other in directory.active() if other.row == subscription.row), None)
    return same or directory.add_as(_reader(subscription.id), subscription)


def _reader(name: str) -> str:
    """The id of the subscription that is made of that name."""
    return f"{_OF_READERS}{sha256(name.encode()).hexdigest()[:12]}"


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


def _mailbox(address: str) -> str:
    """What all spellings that many servers bring to one mailbox have in common: a `+` and what follows, dots, case."""
    local, _, domain = address.casefold().rpartition("@")
    return f"{local.partition('+')[0].replace('.', '')}@{domain}"


def _unanswered(store: Store, entered: list[str], mailed: list[str], now: datetime) -> set[str]:
    """What waits for its mail, and the mails of the last hour of which no subscription came."""
    since = naming.clock(now - timedelta(hours=1))
    lately = {name for name in mailed if _when(name) > since}
    made = {naming.subscription_id(head.key) for head in store.list(keys.SUBSCRIPTIONS, _OF_READERS) if lately}
    return {*entered} | {name for name in lately if _reader(name) not in made}


def _lately(names: set[str], digest: str, now: datetime) -> list[str]:
    """Those of one address within the last hour."""
    since = f"{digest}-{naming.clock(now - timedelta(hours=1))}"
    return [name for name in names if name.startswith(f"{digest}-") and name > since]


def _when(name: str) -> str:
    return name.partition("-")[2]


def _is_over(name: str, now: datetime) -> bool:
    found = _NAME.fullmatch(name)
    return found is None or now - _clock(found[2]) > timedelta(hours=HOURS)


def _clock(text: str) -> datetime:
    return moment.parse(f"{text[:4]}-{text[4:6]}-{text[6:11]}:{text[11:13]}:{text[13:]}")


def _forget(store: Store, prefix: str, names: list[str]) -> None:
    for name in names:
        store.delete(keys.NOTIFICATIONS, naming.of_entered(name))
        store.delete(keys.NOTIFICATIONS, f"{prefix}{name}.json")
