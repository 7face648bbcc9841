"""One event as a line: of the list, and of its versions."""

from flask import g

from siaga import dates, moment
from siaga.catalog import EarthquakeEntry
from siaga.impact.fatality import LEVELS
from siaga.impact.mmi import ROMAN
from siaga.language import Language
from siaga.report import figures, words
from siaga.report.earthquake import sentences
from web import clock
from web.asked import CLOCKS
from web.index.quakes import Beside, OtherMap

BAND_HOURS = 24


def row(entry: EarthquakeEntry, _: Language, beside: Beside | None = None, clock_zone: str = "") -> dict[str, object]:
    """What a line shows of a catalogue entry. beside: what stands beside its quake, as the index has it.

    clock_zone: WIB, WITA, WIT or UTC instead of that of the place.
    """
    loudest = (beside["level"] if beside else None) or entry["alert"]
    clock_zone = clock_zone or entry["clock_zone"]
    utc = moment.parse(entry["time"])
    mmi = entry["people_max_mmi"]
    strong_people = entry["people"]["mmi6_plus"]
    deaths = entry["fatalities"]
    exact = entry["alert_probability"]
    return {
        "event_id": entry["event_id"],
        "version": entry["version"],
        "level": entry["alert"] or "none",
        "level_name": _(words.LEVELS[entry["alert"]]) if entry["alert"] else _("Not known"),
        "rank": LEVELS.index(entry["alert"]) + 1 if entry["alert"] else 0,
        "magnitude": figures.decimal(entry["magnitude"], 1, _.code),
        "depth": f"{figures.whole(entry['depth_km'], _.code)} km",
        "title": sentences.title(entry, entry["place"], _),
        "location": sentences.location(entry, entry["place"], _),
        "name": entry["place"]["name"] if entry["place"] else entry["description"],
        "day": figures.date(utc, clock_zone, _.code),
        "short_day": figures.date(utc, clock_zone, _.code, weekday=False),
        "clock": dates.clock(utc, clock_zone),
        "clocks": " · ".join(dates.clock(utc, zone) for zone in CLOCKS),
        "ago": clock.ago(entry["time"], g.now, _),
        "iso": entry["time"],
        "mmi": {"roman": ROMAN[mmi], "value": mmi} if mmi else None,
        "people": _("not known") if strong_people is None else figures.people_cell(strong_people, _.code),
        "likely": figures.deaths_range(deaths["p25"], deaths["p75"], _.code) if deaths else "",
        "chance": figures.percent(*figures.reaching(entry["alert"], exact), _.code) if exact and entry["alert"] else "",
        "published": entry["report"] is not None,
        "number": entry["version_number"],
        "kind": _("corrected") if entry["source_type"] == "corrected" else _("initial"),
        "drill": entry["drill"],
        "warnings": len(entry["warnings"]),
        "loudest": loudest,
        "loudest_name": _(words.LEVELS[loudest]) if loudest else "",
        "ranks": len(LEVELS),
        "loudest_rank": LEVELS.index(loudest) + 1 if loudest else 0,
        "higher": [_other(one, clock_zone, _) for one in beside["higher"]] if beside else [],
        "doubtful": [_other(one, clock_zone, _) for one in beside["doubtful"]] if beside else [],
        "strong": loudest not in (None, "green")
        and not entry["drill"]
        and 0 <= clock.seconds_since(entry["time"], g.now) < BAND_HOURS * 3600,
        "received": entry["arrival"]["received"],
    }


def beside_page(newest: EarthquakeEntry, shown: EarthquakeEntry, beside: Beside, _: Language) -> dict[str, object]:
    """What the page of one version tells of other maps and quakes: `higher` without itself, and `doubtful`."""
    this, zone = (shown["event_id"], shown["version"]), newest["clock_zone"]
    higher = [one for one in beside["higher"] if (one["event_id"], one["version"]) != this]
    found = {"higher": higher, "doubtful": beside["doubtful"]}
    return {name: [_other(one, zone, _) for one in maps] for name, maps in found.items()}


def _other(one: OtherMap, clock_zone: str, _: Language) -> dict[str, object]:
    """What a line tells of another map, or of a quake that may be the same one."""
    kind = _("corrected") if one["source_type"] == "corrected" else _("initial")
    return {
        "event_id": one["event_id"],
        "version": one["version"],
        "drill": one["drill"],
        "level": one["alert"] or "none",
        "level_name": _(words.LEVELS[one["alert"]]) if one["alert"] else _("Not known"),
        "magnitude": figures.decimal(one["magnitude"], 1, _.code),
        "clock": dates.clock(moment.parse(one["time"]), clock_zone, seconds=True),
        "map": f"v{one['number']} {kind}",
    }
