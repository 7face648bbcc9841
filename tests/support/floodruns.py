"""How often neighbourhoods were flooded, reckoned in the plainest way: what the web's index of runs is held against."""

from collections import Counter

from siaga.impact.flood import AFFECTED_FROM
from siaga.impact.floodtrend import Frequency, episodes


def frequencies(history):
    """How often each RW was flooded, the most often first.

    history: full hours and the states by geom_id in each (None unknown), ascending, each hour once.
    """
    areas = {area for _, states in history if states for area, state in states.items() if state >= AFFECTED_FROM}
    found = []
    for area in areas:
        series = [(hour, None if states is None else states.get(area, 0)) for hour, states in history]
        runs = episodes(series)
        by_state = Counter(state for _, state in series if state and state >= AFFECTED_FROM)
        found.append(Frequency(area, len(runs), by_state.total(), max(by_state), dict(by_state)))
    return sorted(found, key=lambda one: (-one.episodes, -one.hours, one.geom_id))
