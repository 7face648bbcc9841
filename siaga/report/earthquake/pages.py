"""The pages of an earthquake's report."""

from siaga import palette
from siaga.impact import fatality
from siaga.impact.stored.earthquake import (
    EarthquakeImpact,
)
from siaga.language import Language
from siaga.report import figures, layout, template, words
from siaga.report.earthquake import axis
from siaga.report.earthquake.changes import Change
from siaga.report.earthquake.districts import MOST_WORST
from siaga.report.earthquake.fit import LEGEND_MM, LEGEND_ROW_MM, TIGHT_ROW_MM, WORST_WHEN_TIGHT
from siaga.report.earthquake.printed import Printed, printed
from siaga.report.fit import Fit

_TEMPLATES = ("first.html", "second.html", "third.html")
_CHANGED = ("magnitude", "depth_km", "max_mmi", "people_mmi8_plus", "deaths_p25_p75", "chance_100", "level")


def html(impact: EarthquakeImpact, public_url: str, language: Language, fit: Fit, change: Change | None) -> str:
    """The whole report as one self-contained page; fonts are the reader's Inter or Open Sans.

    change: against the version below, None for the first one.
    """
    shown = printed(impact, language, fit.rows, WORST_WHEN_TIGHT if fit.tight else MOST_WORST, fit.towns)
    url = f"{public_url}/earthquakes/{impact['event_id']}"
    rows = len(shown["classes"]["rows"]) if shown["classes"] else 6
    page: dict[str, object] = {
        **shown,
        **_frame(impact, shown, language),
        "class_mm": _class_mm(fit, rows),
        "sections": layout.rows(impact, language),
        "change": _changed(change, language),
        "colours": palette.MMI,
        "levels": {name: language(word) for name, word in words.LEVELS.items()},
        "axis_bands": axis.BANDS,
        "axis_ticks": [(figures.whole(value, language.code), left) for value, left in axis.TICKS],
    }
    return template.html(_TEMPLATES, page, url, fit, language, impact)


def _frame(impact: EarthquakeImpact, shown: Printed, _: Language) -> dict[str, object]:
    """What the frame prints: the running head, the chip of later pages, the small print."""
    version, level, sources = shown["version"], shown["level"], shown["sources"]
    provenance = impact["provenance"]
    made = (f" · {version['mapped']}" if version["mapped"] else "") + (f", {version['age']}" if version["age"] else "")
    zones = f"{sources['zones']}. " if sources["zones"] else ""
    missing = [one if one.endswith(".") else f"{one}." for one in shown["beyond"]["missing"]]
    return {
        "kind": _("Earthquake impact report"),
        "running": {"name": version["name"], "rest": f" ({version['kind']}){made}"},
        "chip": {"code": level["code"], "text": level["name"] + (f", {level['rank']}" if level["rank"] else "")},
        "small": {
            "origin": f"{_('Event')} {impact['event_id']}. {_('Version')} {impact['version']}, {_('run')} "
            f"{impact['run']}. grid.xml sha256 {provenance['input']['sha256'][:12]}…, {sources['grid']} {_('nodes')}. "
            f"{sources['population']}. {zones}{_('Analysis data')} "
            f"{provenance['analysis_data']['manifest_sha256'][:12]}…. Siaga {provenance['software']['version']}.",
            "method": _(
                "MMI class k: (k − 0.5, k + 0.5]. People: counts per class and district, cells on borders shared by "
                "area, nothing resampled. Deaths: Siaga (EXPO-CAT), PAGER (G {pager}), ITB ({itb}), ITB Bayes "
                "({bayes}). Rounded in print alone.",
                pager=figures.decimal(fatality.PAGER.spread, 2, _.code),
                itb=figures.decimal(fatality.ITB.spread, 2, _.code),
                bayes=figures.decimal(fatality.ITB_BAYESIAN.spread, 2, _.code),
            ),
            "limits": " ".join(
                [
                    _(
                        "An automatic estimate of shaking alone; check in the field before deciding. Scan for the "
                        "newest version."
                    ),
                    *missing,
                ]
            ),
        },
    }


def _class_mm(fit: Fit, rows: int) -> float:
    """Height of a row of the legend, so that it is as high as the map beside it; without bars when all is tight."""
    return round(min(11.3, max(TIGHT_ROW_MM if fit.tight else LEGEND_ROW_MM, (fit.map_mm - LEGEND_MM) / rows)), 2)


def _changed(change: Change | None, _: Language) -> dict[str, object] | None:
    """The rows that the report has room for; the web's page has all."""
    if change is None:
        return None
    level = change.row("level")
    return {
        "before": change.before,
        "after": change.after,
        "sentence": change.sentence,
        "level": _(
            "Since {version}: {difference}.",
            version=change.before[:1].lower() + change.before[1:],
            difference=level.difference,
        ),
        "rows": [change.row(code) for code in _CHANGED],
    }
