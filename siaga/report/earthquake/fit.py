"""How the report of an earthquake fills its pages: the first guess."""

from siaga.exposure.vocabulary import OVERLAYS
from siaga.impact.stored.earthquake import EarthquakeImpact
from siaga.report import fit, listed
from siaga.report.earthquake import districts
from siaga.report.fit import Fit
from siaga.report.words import short

LEGEND_MM, LEGEND_ROW_MM, TIGHT_ROW_MM = 7.5, 7.1, 4.9  # of the classes beside the map: head and foot; a row at least
_TIGHT_MM = 6.5  # that a tight page leaves for its map at least
_SHORT_MM = 4.0  # below the legend's height the page of no language holds unless it is tight
_ON_ONE_LINE = 21  # letters of a district in the table of the worst


def first(impact: EarthquakeImpact, change: bool) -> Fit:
    """A guess from what is known beforehand; it holds for most quakes."""
    pages = _pages(impact)
    demonstration = any(file["demonstration"] for file in impact["provenance"]["analysis_data"]["files"])
    height = _map_mm(impact, pages, change, demonstration)
    rows_beside = districts.legend_rows(impact) if _lived_in(impact) else 0
    least = max(fit.LOWEST_MM, LEGEND_MM + LEGEND_ROW_MM * rows_beside)
    tight = height < least - _SHORT_MM
    height += _TIGHT_MM * tight
    bands = 6.8 * demonstration + 13.2 * impact["drill"]
    rows = 12 - round(bands / fit.ROW_MM) - (3 + 5 * change if pages == 2 else 0)
    return Fit(
        pages,
        min(fit.HIGHEST_MM, max(fit.LOWEST_MM, height)),
        min(fit.MOST_ROWS, max(fit.LEAST_ROWS, rows)),
        fit.LEAST_TOWNS if pages == 2 and (change or bands > 10) else fit.MOST_TOWNS,
        tight=tight,
        least_mm=fit.LOWEST_MM if tight else least,
        tight_mm=_TIGHT_MM,
    )


def _map_mm(impact: EarthquakeImpact, pages: int, change: bool, demonstration: bool) -> float:
    """Height that the map finds on page 1, measured on set pages; a little less than there is."""
    height = 81.0 - 8.9 * demonstration - 15.2 * bool(impact["drill"])
    height -= 3.9 * len(impact["warnings"]) + 4.0 * bool(impact["caveats"]["tsunami"] or impact["caveats"]["landslide"])
    if pages == 1:
        height -= 32.0 + 13.0 * change
    people = impact["people"]["total"]
    if people is None:
        return height + 52.0  # no chances, no classes, no districts
    if people <= 0:
        return height + 15.0
    zones = districts.ranked(impact, listed.counted(impact))[: districts.MOST_WORST]
    return height - 5.1 * sum(len(short(zone["name"])) > _ON_ONE_LINE for zone, _deaths in zones)


def _pages(impact: EarthquakeImpact) -> int:
    """A green quake has one page, others two, and a third where structures were met."""
    if impact["alert"]["level"] in (None, "green") or not _lived_in(impact):
        return 1
    layers = (impact.get(name) for name in OVERLAYS)
    return 3 if any(layer is not None for layer in layers) else 2


def _lived_in(impact: EarthquakeImpact) -> bool:
    return (impact["people"]["total"] or 0.0) > 0
