"""The timeline of one version: from the quake to its report."""

from siaga import dates
from siaga.catalog import EarthquakeEntry
from siaga.events import Notification
from siaga.hazards import EARTHQUAKE
from siaga.language import Language
from siaga.moment import parse
from siaga.report import figures
from web import clock
from web.index import Index


def steps(index: Index, entry: EarthquakeEntry, source: str, clock_zone: str, _: Language) -> list[dict[str, str]]:
    """What happened when, and how long after the quake or after its map came.

    source: who shown the map. clock_zone: of the clock at the epicentre.
    """
    arrival = entry["arrival"]
    content = Notification(arrival["bucket"], arrival["key"], arrival["etag"])
    figured = index.ledger.receipt_of(EARTHQUAKE.function, content)
    printed_ = index.ledger.report_receipt(entry["impact"]["key"])
    steps = [
        (_("Quake"), entry["time"], None),
        (_("Map made by {who}", who=source), entry["process_time"], entry["time"]),
        (_("Map received"), arrival["received"], entry["time"]),
        (_("Figures ready"), figured.finished if figured else None, arrival["received"]),
        (_("Report published"), printed_.finished if printed_ else None, arrival["received"]),
    ]
    shown = []
    for name, utc, since in steps:
        if utc is None:
            shown.append({"name": name, "when": _("not yet"), "after": "", "reached": ""})
            continue
        moment = parse(utc)
        after = clock.after(since, utc, _) if since else ""
        day = figures.date(moment, clock_zone, _.code, weekday=False)
        shown.append(
            {
                "name": name,
                "when": f"{day}, {dates.clock(moment, clock_zone, seconds=True)}",
                "after": after,
                "reached": "1",
            }
        )
    return shown
