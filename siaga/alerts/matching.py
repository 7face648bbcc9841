"""Whether an event is one that a subscription is for: hazard, exercise, area, thresholds."""

from siaga.alerts.facts import Facts
from siaga.alerts.subscription import Subscription
from siaga.errors import Reason, reason
from siaga.hazard.ash import CLASSES as ASH_CLASSES
from siaga.impact.loss import LEVELS
from siaga.impact.versions import distance_km


def unmet(subscription: Subscription, facts: Facts) -> Reason | None:
    """Why the event is none of theirs; None where it is. What is not known reaches no threshold."""
    if facts.hazard not in subscription.hazards:
        return reason("The subscription is for other hazards")
    if facts.drill and not subscription.drills:
        return reason("The subscription wants no exercises")
    if not _within(subscription, facts):
        return reason("The event is outside the area of the subscription")
    reached = _thresholds(subscription, facts)
    if not reached or any(reached):
        return None
    if facts.people is None:
        return reason("How many people are hit is not known, and no other threshold of the subscription is reached")
    return reason("No threshold of the subscription is reached")


def _within(subscription: Subscription, facts: Facts) -> bool:
    """A zone is hit, unknown counts as hit; or the epicentre or volcano lies in the rectangle or near it."""
    if not subscription.zones and subscription.rectangle is None:
        return True
    zones = (facts.zones[code] for code in subscription.zones if code in facts.zones)
    return any(zone.hit is not False for zone in zones) or _is_near(subscription, facts)


def _is_near(subscription: Subscription, facts: Facts) -> bool:
    if subscription.rectangle is None or facts.longitude is None or facts.latitude is None:
        return False
    west, south, east, north = subscription.rectangle
    nearest = min(max(facts.longitude, west), east), min(max(facts.latitude, south), north)
    return distance_km(nearest, (facts.longitude, facts.latitude)) <= subscription.margin_km


def _thresholds(subscription: Subscription, facts: Facts) -> list[bool]:
    """For each threshold of the event's hazard, whether it is reached."""
    if facts.hazard == "flood":
        if subscription.state is None:
            return []
        return [facts.areas_from(subscription.state) >= (subscription.areas or 1)]
    if facts.hazard == "ash":
        wanted = subscription.ash_class
        return [_rank(facts.level, ASH_CLASSES) >= ASH_CLASSES.index(wanted)] if wanted else []
    reached = []
    if subscription.level:
        reached.append(_rank(facts.level, LEVELS) >= LEVELS.index(subscription.level))
    if subscription.people is not None:
        people = facts.people_from(subscription.mmi, subscription.zones)
        reached.append(people is not None and people >= subscription.people)
    if subscription.magnitude is not None:
        reached.append(facts.magnitude is not None and facts.magnitude >= subscription.magnitude)
    return reached


def _rank(level: str, levels: tuple[str, ...]) -> int:
    return levels.index(level) if level in levels else -1
