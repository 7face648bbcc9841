"""What changed between what somebody last heard of an event and its present version, and whether that matters.

Material is another level, people at MMI VI and above (or affected) by a third, an epicentre that moved by 50 km, a
magnitude by 0.3. Everything else waits for the page, which always has the newest.
"""

from dataclasses import dataclass

from siaga.alerts import brief
from siaga.alerts.facts import Facts
from siaga.alerts.matching import unmet
from siaga.alerts.record import HeardRecord
from siaga.alerts.subscription import Subscription
from siaga.errors import Reason, reason
from siaga.impact.versions import distance_km
from siaga.language import Language
from siaga.report import figures

FIRST, UPDATE, BELOW, CANCELLED = KINDS = ("first", "update", "below", "cancelled")
_PEOPLE_SHARE, _MOVED_KM, _MAGNITUDE = 1 / 3, 50.0, 0.3
_FEW = 100.0  # people; below that a third is no news


@dataclass(frozen=True, slots=True)
class Heard:
    """What somebody last heard of an event. reached: whether it was theirs then; cancelled: it was taken back.

    number: of the message, of those about this event. time: of the event, UTC as stored, "" in old records.
    """

    version: str
    level: str
    people: float | None
    longitude: float | None
    latitude: float | None
    magnitude: float | None
    reached: bool = True
    cancelled: bool = False
    number: int = 1
    time: str = ""

    @classmethod
    def of(cls, facts: Facts, kind: str, last: "Heard | None" = None) -> "Heard":
        """After a message of that kind about these facts; last: what they had heard before."""
        return cls(
            facts.version,
            facts.level,
            facts.people,
            facts.longitude,
            facts.latitude,
            facts.magnitude,
            kind != BELOW,
            kind == CANCELLED,
            last.number + 1 if last else 1,
            facts.time,
        )

    @property
    def stored(self) -> HeardRecord:
        """Plain values."""
        return {
            "version": self.version,
            "level": self.level,
            "people": self.people,
            "longitude": self.longitude,
            "latitude": self.latitude,
            "magnitude": self.magnitude,
            "reached": self.reached,
            "cancelled": self.cancelled,
            "number": self.number,
            "time": self.time,
        }


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a message goes out. kind: one of KINDS, or "" and the reason why none does."""

    kind: str
    reason: Reason | None = None


def judge(subscription: Subscription, facts: Facts, last: Heard | None, hidden: bool) -> Judgement:
    """What somebody is to hear of the present version. last: None where they never heard of the event."""
    if hidden:
        if last is not None and not last.cancelled:
            return Judgement(CANCELLED)
        return Judgement("", reason("The event is hidden from readers"))
    why = unmet(subscription, facts)
    if last is None or last.cancelled or not last.reached:
        return Judgement("", why) if why else Judgement(FIRST if last is None else UPDATE)
    if why:
        return Judgement(BELOW, why)
    if material(facts, last):
        return Judgement(UPDATE)
    return Judgement("", reason("Nothing that matters changed since {version}", version=last.version))


def material(facts: Facts, last: Heard) -> frozenset[str]:
    """What changed so much that it matters: of level, people, place, magnitude."""
    changed = {"level"} if facts.level != last.level else set()
    if _people_changed(facts.people, last.people):
        changed.add("people")
    if _moved_km(facts, last) >= _MOVED_KM:
        changed.add("place")
    sizes = facts.magnitude, last.magnitude
    # 6.3 - 6.0 is a little less than 0.3 in binary
    if None not in sizes and round(abs((sizes[0] or 0.0) - (sizes[1] or 0.0)), 6) >= _MAGNITUDE:
        changed.add("magnitude")
    return frozenset(changed)


def _people_changed(now: float | None, before: float | None) -> bool:
    if now is None or before is None:
        return now is not before
    return max(now, before) >= _FEW and abs(now - before) >= before * _PEOPLE_SHARE


def _moved_km(facts: Facts, last: Heard) -> float:
    if facts.hazard != "earthquake" or facts.longitude is None or facts.latitude is None:
        return 0.0
    if last.longitude is None or last.latitude is None:
        return 0.0
    return distance_km((last.longitude, last.latitude), (facts.longitude, facts.latitude))


def sentence(facts: Facts, last: Heard, kind: str, _: Language) -> str:
    """What changed, in one sentence of one language; of a first message nothing."""
    if kind == FIRST:
        return ""
    if kind == CANCELLED:
        return _("This event was withdrawn; earlier messages of it no longer hold.")
    parts = _changes(facts, last, _)
    if kind == BELOW:
        first = _("The event no longer reaches what you subscribed to")
        return f"{first}: {'; '.join(parts)}." if parts else f"{first}."
    if last.cancelled:
        return _("This event was withdrawn and is shown again.")
    changed = "; ".join(parts) or _("it reaches what you subscribed to again")
    return _("What changed: {changes}.", changes=changed)


def _changes(facts: Facts, last: Heard, _: Language) -> list[str]:
    changed, parts = material(facts, last), []
    if "level" in changed:
        before, after = (_level(facts.hazard, one.level, one.people, _) for one in (last, facts))
        parts.append(_("level {before} → {after}", before=before, after=after))
    if "people" in changed:
        before, after = (_people(count, _) for count in (last.people, facts.people))
        what = _("people at MMI VI and above") if facts.hazard == "earthquake" else _("people affected")
        parts.append(f"{what} {before} → {after}")
    if "place" in changed:
        parts.append(_("epicentre moved by {km} km", km=figures.whole(_moved_km(facts, last), _.code)))
    if "magnitude" in changed:
        before, after = (figures.decimal(size or 0.0, 1, _.code) for size in (last.magnitude, facts.magnitude))
        parts.append(_("magnitude {before} → {after}", before=before, after=after))
    return parts


def _level(hazard: str, level: str, people: float | None, _: Language) -> str:
    return brief.level_name(hazard, level, people, _) or _("not known")


def _people(count: float | None, _: Language) -> str:
    return _("not known") if count is None else figures.people_sentence(count, _.code)
