"""Has it happened here? Similar quakes of the past and their toll, as they are printed."""

from siaga import dates, moment
from siaga.impact.stored.earthquake import EarthquakeImpact, SimilarQuake
from siaga.language import Language
from siaga.report import figures
from siaga.report.earthquake import sentences

MOST = 5
CAUSES = {
    "shaking": "shaking",
    "tsunami": "tsunami",
    "landslide": "landslide",
    "liquefaction": "liquefaction",
    "fire": "fire",
    "other": "other causes",
}


def past(impact: EarthquakeImpact, clock_zone: str, _: Language) -> dict[str, object] | None:
    """Up to five similar quakes, and what they are compared by; None where no catalogue was searched.

    clock_zone: of this quake, by whose clocks the days of those near it are told.
    """
    similar = impact.get("similar")
    if similar is None:
        return None
    events = similar["events"][:MOST]
    return {
        "answer": sentences.happened(events, _),
        "sources": ", ".join(sorted({_(one["source"]) for one in events if one["source"]})),
        "rows": [_row(one, clock_zone, _) for one in events],
        "by": _("Compared by how many people were shaken how strongly.")
        if similar["compared_by"] == "exposure"
        else _("Compared by place, magnitude and depth."),
        "note": _.reason(similar["note"]),
    }


def _row(one: SimilarQuake, clock_zone: str, _: Language) -> dict[str, object]:
    by_mmi, count = one["by_mmi"], sentences.toll(one)
    strong = sum(by_mmi.get(str(mmi), 0.0) for mmi in range(8, 11)) if by_mmi and "8" in by_mmi else None
    causes = [_(CAUSES[cause]) for cause in one["causes"] if cause in CAUSES and cause != "shaking"]
    return {
        "when": dates.short(moment.parse(one["time"]), _.code, clock_zone),
        "name": one["name"] or "",
        "magnitude": figures.decimal(one["magnitude"], 1, _.code),
        "distance": f"{figures.whole(one['distance_km'], _.code)}\u00a0km",
        "strong": _("no data") if strong is None else figures.people_cell(strong, _.code),
        "deaths": _("no data") if count is None else figures.whole(count, _.code),
        "strong_unknown": strong is None,
        "deaths_unknown": count is None,
        "causes": ", ".join(causes),
    }
