"""An earthquake as a workbook (XLSX): zones by level, people by MMI, models, planning figures, sources."""

from collections.abc import Mapping, Sequence

from siaga.impact.mmi import CLASSES, ROMAN
from siaga.impact.stored.earthquake import EarthquakeAmounts, EarthquakeImpact, EarthquakePlan, EarthquakeZone
from siaga.language import Language
from siaga.report import listed, workbook
from siaga.report.workbook import PERCENT, PRECISE, WHOLE, Worksheets, sources

_MODELS = ("pager", "itb", "itb-bayesian")
_EVENT = ("time", "magnitude", "depth_km", "longitude", "latitude", "description")
_QUANTILES = ("expected", "median", "p05", "p10", "p25", "p75", "p90", "p95")


def make(impact: EarthquakeImpact, languages: Sequence[Language]) -> bytes:
    """zones.xlsx of one impact.json."""

    def fill(worksheets: Worksheets) -> None:
        _zones(worksheets, impact)
        _people(worksheets, impact)
        _fatalities(worksheets, impact)
        _planning(worksheets, impact["planning"])
        sources(
            worksheets, impact, {name: value for name, value in impact["event"].items() if name in _EVENT}, "grid.xml"
        )

    return workbook.make(impact, languages, fill)


def _zones(worksheets: Worksheets, impact: EarthquakeImpact) -> None:
    columns = [(worksheets.both("People"), WHOLE), *((f"MMI {ROMAN[mmi]}", WHOLE) for mmi in CLASSES)]
    columns += [
        (worksheets.both("Affected, MMI II and above"), WHOLE),
        (worksheets.both("Displaced, planning figure"), WHOLE),
    ]
    columns += [(worksheets.both("Deaths expected by {model}", model=model), PRECISE) for model in _MODELS]
    table, rest = impact.get("table"), listed.outside(impact)
    zones = [(zone, _amounts(zone)) for zone in impact["zones"]]
    worksheets.zones(columns, zones, (table["level"], _amounts(rest)) if table and rest else None)


def _amounts(one: EarthquakeZone | EarthquakeAmounts) -> list[object]:
    deaths = [one["fatalities"][model]["expected"] for model in _MODELS]
    return [one["people"], *_by_mmi(one["by_mmi"]), one["affected"], one["displaced"], *deaths]


def _people(worksheets: Worksheets, impact: EarthquakeImpact) -> None:
    people, nodes = impact["people"], impact["map"]["nodes_by_mmi"]
    counts = _by_mmi(people["by_mmi"])
    rows = [[ROMAN[mmi], count, nodes[str(mmi)]] for mmi, count in zip(CLASSES, counts, strict=True)]
    rows.append([worksheets.both("Total"), people["total"], None])
    columns = [("MMI", ""), (worksheets.both("People"), WHOLE), (worksheets.both("Points of the map"), WHOLE)]
    worksheets.add(worksheets.both("People"), columns, rows)


def _fatalities(worksheets: Worksheets, impact: EarthquakeImpact) -> None:
    rows = []
    for name, deaths in (impact["fatalities"] or {}).items():
        chances = [deaths["probability"][level] for level in ("green", "yellow", "orange", "red")]
        sizes: Mapping[str, object] = deaths
        rows.append([name, *(sizes[quantile] for quantile in _QUANTILES), deaths["alert"], *chances])
    columns = [(worksheets.both("Model"), ""), *((worksheets.both(quantile), PRECISE) for quantile in _QUANTILES)]
    columns += [(worksheets.both("Alert level"), "")]
    columns += [(worksheets.both(level), PERCENT) for level in ("green", "yellow", "orange", "red")]
    worksheets.add(worksheets.both("Deaths"), columns, rows)


def _planning(worksheets: Worksheets, planning: Mapping[str, EarthquakePlan] | None) -> None:
    cases = planning or {}
    columns = [(worksheets.both("Planning figure"), "")]
    columns += [(worksheets.both("from MMI {mmi}", mmi=ROMAN[case["mmi"]]), WHOLE) for case in cases.values()]
    rows: list[list[object]] = [
        [worksheets.both("Displaced, planning figure"), *(case["people"] for case in cases.values())]
    ]
    for part in ("needs", "groups"):
        for name in next(iter(cases.values()))[part] if cases else ():
            rows.append([name, *(case[part][name] for case in cases.values())])
    worksheets.add(worksheets.both("Needs"), columns, rows if cases else [])


def _by_mmi(by_mmi: Mapping[str, float | None] | None) -> list[float | None]:
    return [None if by_mmi is None else by_mmi[str(mmi)] for mmi in CLASSES]
