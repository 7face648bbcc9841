"""What is not in the figures, what to check at once, and how far the data reach."""

from typing import TypedDict

from siaga.impact.stored.earthquake import CaveatsRecord, EarthquakeImpact
from siaga.language import Language
from siaga.report import figures


class Beyond(TypedDict):
    """What is not in the figures, in sentences."""

    lead: str
    checks: list[str]
    missing: list[str]


def beyond(impact: EarthquakeImpact, _: Language) -> Beyond:
    """lead: what is left out, always the same; checks: what this quake calls for; missing: layers not installed."""
    lead = [_("tsunami"), _("landslides"), _("liquefaction"), _("aftershocks")]
    if impact.get("economic") is None:
        lead.append(_("loss in money"))
    return {
        "lead": ", ".join(lead) + ".",
        "checks": _checks(impact["caveats"], _),
        "missing": [_.reason(one) for one in impact.get("layers_missing", ())],
    }


def _checks(caveats: CaveatsRecord, _: Language) -> list[str]:
    checks = []
    if caveats["tsunami"]:
        checks.append(_tsunami(caveats, _))
    elif caveats["tsunami"] is None:
        checks.append(_("Shallow and strong; whether off the coast is not known: check BMKG's tsunami warning."))
    if caveats["landslide"] and caveats["liquefaction"]:
        checks.append(
            _("Landslides on steep slopes and liquefaction of wet sand are possible: check roads and river plains.")
        )
    elif caveats["landslide"]:
        checks.append(_("Landslides on steep slopes are possible: check roads and valleys."))
    elif caveats["liquefaction"]:
        checks.append(_("Liquefaction of wet sand is possible: check river plains and coasts."))
    if caveats["tsunami"] or caveats["liquefaction"]:
        checks.append(_("In Palu in 2018 most deaths were caused by tsunami and liquefaction, not by shaking."))
    return checks


def _tsunami(caveats: CaveatsRecord, _: Language) -> str:
    if caveats["epicentre_offshore"]:
        return _("Shallow quake off the coast: check BMKG's tsunami warning.")
    km = figures.whole(caveats["coast_distance_km"] or 0.0, _.code)
    return _("Shallow quake {km} km from the coast: check BMKG's tsunami warning.", km=km)
