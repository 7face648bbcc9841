"""What a version changed, as it is printed: one sentence, and rows of before, after and difference.

A difference is taken from the printed cells, so that every row adds up for its reader.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from siaga.impact import versions
from siaga.impact.fatality import LEVELS
from siaga.impact.mmi import ROMAN, classify
from siaga.impact.stored.earthquake import (
    EarthquakeImpact,
)
from siaga.language import Language
from siaga.report import figures, limits
from siaga.report.words import LEVELS as LEVEL_NAMES
from siaga.report.words import WINDS

_NBSP = "\u00a0"
_WINDS = list(WINDS)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the comparison, printed. changed: whether before and after read differently."""

    code: str
    name: str
    before: str
    after: str
    difference: str
    changed: bool


@dataclass(frozen=True, slots=True)
class Change:
    """What a version changed against the one below it.

    before, after: names of the two versions. levels: codes of their alert levels, "none" where unknown.
    rows: the level first.
    """

    sentence: str
    before: str
    after: str
    levels: tuple[str, str]
    rows: tuple[Row, ...]

    def row(self, code: str) -> Row:
        """The row of level, magnitude, depth_km, epicentre, max_mmi, people_mmi8_plus, …; KeyError."""
        return {row.code: row for row in self.rows}[code]


def change(before: EarthquakeImpact, after: EarthquakeImpact, _: Language) -> Change:
    """What changed from one impact.json to another, in the reader's language."""
    difference = versions.difference(before, after)
    rows = (
        _level(difference, _),
        _magnitude(difference, _),
        _depth(difference, _),
        _epicentre(difference, _),
        _max_mmi(difference, _),
        *(_people(difference, floor, _) for floor in (6, 7, 8)),
        _median(difference, _),
        _range(difference, "p25", "p75", _("Deaths, {chance} chance", chance=limits.of(_).likely), _),
        _range(difference, "p05", "p95", _("Deaths, {chance} chance", chance=limits.of(_).wide), _),
        _chance(difference, _),
    )
    names = [_name(difference, which, _) for which in (0, 1)]
    levels = difference.levels[0] or "none", difference.levels[1] or "none"
    return Change(_sentence(difference, {row.code: row for row in rows}, _), names[0], names[1], levels, rows)


def _name(difference: versions.Difference, which: int, _: Language) -> str:
    kind = _("corrected") if difference.source_types[which] == "corrected" else _("initial")
    return _("Version {number}, {kind}", number=difference.numbers[which], kind=kind)


def _sentence(difference: versions.Difference, rows: Mapping[str, Row], _: Language) -> str:
    parts = [_level_clause(difference, _)]
    deaths = rows["deaths_p25_p75"]
    if deaths.changed and None not in difference.levels:
        parts.append(_("{after} deaths, before {before}", after=deaths.after, before=deaths.before))
    parts += _people_clause(difference, _)
    if rows["magnitude"].changed:
        parts.append(_("magnitude {difference}", difference=rows["magnitude"].difference))
    if rows["depth_km"].changed:
        parts.append(_("depth {difference}", difference=rows["depth_km"].difference))
    if rows["epicentre"].changed:
        parts.append(_("epicentre moved {difference}", difference=rows["epicentre"].difference))
    if difference.source_types[0] != difference.source_types[1]:
        parts.append(_("corrected map") if difference.source_types[1] == "corrected" else _("initial map"))
    sentence = "; ".join(parts) + "."
    return f"{sentence} {restart}" if (restart := _restart(difference, _)) else sentence


def _restart(difference: versions.Difference, _: Language) -> str:
    """Why a map with a lower number counts for the newer one; "" where it is not so."""
    if not difference.restarted:
        return ""
    return _(
        "The map's maker began to number again: version {after} was made after version {before} and counts.",
        before=difference.numbers[0],
        after=difference.numbers[1],
    )


def _level_clause(difference: versions.Difference, _: Language) -> str:
    before, after = (_(LEVEL_NAMES[level]) if level else "" for level in difference.levels)
    if difference.levels[0] == difference.levels[1]:
        return _("The level stays {level}", level=after) if after else _("The level stays unknown")
    if not before:
        return _("The level is {level}; before it was not known", level=after)
    if not after:
        return _("The level is not known any more; before it was {level}", level=before)
    if LEVELS.index(str(difference.levels[1])) > LEVELS.index(str(difference.levels[0])):
        return _("The level rises from {before} to {after}", before=before, after=after)
    return _("The level falls from {before} to {after}", before=before, after=after)


def _people_clause(difference: versions.Difference, _: Language) -> list[str]:
    """People at the highest of VIII, VII, VI and above whose printed count is another one now."""
    for floor in (8, 7, 6):
        row = difference.rows[f"people_mmi{floor}_plus"]
        if row.before is None or row.after is None:
            return []
        count = figures.to_hundred(row.after) - figures.to_hundred(row.before)
        if count:
            people, mmi = figures.people_sentence(abs(count), _.code), ROMAN[floor]
            if count > 0:
                return [_("{people} more people at MMI {mmi} and above", people=people, mmi=mmi)]
            return [_("{people} fewer people at MMI {mmi} and above", people=people, mmi=mmi)]
    return []


def _level(difference: versions.Difference, _: Language) -> Row:
    names = [_(LEVEL_NAMES[level]) if level else _("not known") for level in difference.levels]
    if difference.levels[0] is None or difference.levels[1] is None:
        said = _unchanged(_) if difference.levels[0] == difference.levels[1] else _("not comparable")
        return Row("level", _("Alert level"), names[0], names[1], said, difference.levels[0] != difference.levels[1])
    steps = LEVELS.index(difference.levels[1]) - LEVELS.index(difference.levels[0])
    words = {0: _unchanged(_), 1: _("one level up"), -1: _("one level down")}
    said = words.get(steps) or (
        _("{count} levels up", count=steps) if steps > 0 else _("{count} levels down", count=-steps)
    )
    return Row("level", _("Alert level"), names[0], names[1], said, steps != 0)


def _magnitude(difference: versions.Difference, _: Language) -> Row:
    before, after = (round(event["magnitude"], 1) for event in difference.events)
    cells = [figures.decimal(value, 1, _.code) for value in (before, after)]
    said = _signed(round(after - before, 1), figures.decimal(abs(after - before), 1, _.code), _)
    return Row("magnitude", _("Magnitude"), cells[0], cells[1], said, before != after)


def _depth(difference: versions.Difference, _: Language) -> Row:
    before, after = (round(event["depth_km"]) for event in difference.events)
    cells = [f"{figures.whole(value, _.code)}{_NBSP}km" for value in (before, after)]
    said = _signed(after - before, f"{figures.whole(abs(after - before), _.code)}{_NBSP}km", _)
    return Row("depth_km", _("Depth"), cells[0], cells[1], said, before != after)


def _epicentre(difference: versions.Difference, _: Language) -> Row:
    cells = [figures.coordinates(event["longitude"], event["latitude"], _.code) for event in difference.events]
    km = round(difference.moved_km)
    wind = _WINDS[round(difference.moved_deg / 22.5) % len(_WINDS)]
    said = _("{km} km to the {wind}", km=figures.whole(km, _.code), wind=_(WINDS[wind])) if km else _unchanged(_)
    return Row("epicentre", _("Epicentre"), cells[0], cells[1], said, km != 0)


def _max_mmi(difference: versions.Difference, _: Language) -> Row:
    before, after = (int(mmi) for mmi in classify(np.array(difference.max_mmi)))
    said = _signed(after - before, str(abs(after - before)), _)
    return Row("max_mmi", _("Strongest MMI"), ROMAN[before], ROMAN[after], said, before != after)


def _people(difference: versions.Difference, floor: int, _: Language) -> Row:
    row = difference.rows[f"people_mmi{floor}_plus"]
    cells = [
        _("not known") if value is None else figures.people_cell(value, _.code) for value in (row.before, row.after)
    ]
    code, name = f"people_mmi{floor}_plus", _("People at MMI {mmi} and above", mmi=ROMAN[floor])
    if row.before is None or row.after is None:
        return _unknown(code, name, cells, _)
    count = figures.to_hundred(row.after) - figures.to_hundred(row.before)
    said = _signed(count, figures.whole(abs(count), _.code), _)
    return Row(code, name, cells[0], cells[1], _small(cells, said, _), cells[0] != cells[1])


def _median(difference: versions.Difference, _: Language) -> Row:
    row = difference.rows["deaths_median"]
    cells = [_("not known") if value is None else figures.deaths(value, _.code) for value in (row.before, row.after)]
    if row.before is None or row.after is None:
        return _unknown("deaths_median", _("Deaths, median"), cells, _)
    said = _deaths_difference(row.before, row.after, _)
    before, after = cells
    return Row("deaths_median", _("Deaths, median"), before, after, _small(cells, said, _), before != after)


def _range(difference: versions.Difference, low: str, high: str, name: str, _: Language) -> Row:
    lower, upper = difference.rows[f"deaths_{low}"], difference.rows[f"deaths_{high}"]
    code, cells = f"deaths_{low}_{high}", []
    for first, last in ((lower.before, upper.before), (lower.after, upper.after)):
        cells.append(_("not known") if first is None or last is None else figures.deaths_range(first, last, _.code))
    if lower.before is None or upper.before is None or lower.after is None or upper.after is None:
        return _unknown(code, name, cells, _)
    bounds = _deaths_difference(lower.before, lower.after, _), _deaths_difference(upper.before, upper.after, _)
    said = _unchanged(_) if cells[0] == cells[1] else _("lower {low}, upper {high}", low=bounds[0], high=bounds[1])
    return Row(code, name, cells[0], cells[1], said, cells[0] != cells[1])


def _chance(difference: versions.Difference, _: Language) -> Row:
    name, cells, printed = _("Chance of {many} deaths or more", many=limits.of(_).many), [], []
    for chances in difference.chances:
        if chances is None:
            cells.append(_("not known"))
            continue
        whole = figures.percentages(chances)  # as the bars print them
        printed.append(whole["orange"] + whole["red"])
        cells.append(figures.percent(printed[-1], chances["orange"] + chances["red"], _.code))
    if len(printed) < 2:
        return _unknown("chance_100", name, cells, _)
    points = printed[1] - printed[0]
    said = _signed(points, _("{count} points", count=abs(points)), _)
    return Row("chance_100", name, cells[0], cells[1], _small(cells, said, _), cells[0] != cells[1])


def _deaths_difference(before: float, after: float, _: Language) -> str:
    step = figures.two_digits(after) - figures.two_digits(before)
    return _signed(step, figures.whole(abs(step), _.code), _)


def _unknown(code: str, name: str, cells: list[str], _: Language) -> Row:
    said = _unchanged(_) if cells[0] == cells[1] else _("not comparable")
    return Row(code, name, cells[0], cells[1], said, cells[0] != cells[1])


def _small(cells: list[str], said: str, _: Language) -> str:
    """Between nobody and a few there is no number to print."""
    return _("hardly any") if said == _unchanged(_) and cells[0] != cells[1] else said


def _signed(value: float, text: str, _: Language) -> str:
    return f"+{text}" if value > 0 else f"−{text}" if value < 0 else _unchanged(_)


def _unchanged(_: Language) -> str:
    return _("unchanged")
