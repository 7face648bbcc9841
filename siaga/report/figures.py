"""Numbers and times as they are printed. Nothing is rounded before it comes here.

Rules of the house: people in tables to 100, each figure and each sum by itself; deaths to two digits;
percentages whole and summing to 100; 0 only where 0 was computed; unknown is a word.
"""

from collections.abc import Mapping
from datetime import datetime
from math import floor, log10

from siaga import dates
from siaga.conventions import CONVENTIONS
from siaga.impact.loss import LEVELS
from siaga.moment import at_offset, local

_NBSP = "\u00a0"
_LEAST_USD = 1e6  # of a loss; below it there are no digits that mean anything
ROUNDED = 100  # people in tables are rounded to that


def whole(number: float, language: str) -> str:
    """An integer with the language's separators.

    >>> whole(1234567, "id"), whole(-3, "en")
    ('1.234.567', '−3')
    """
    return CONVENTIONS[language].separated(f"{round(number):,}".replace("-", "−"))


def decimal(number: float, digits: int, language: str) -> str:
    """A number with that many decimals.

    >>> decimal(6.9, 1, "id"), decimal(-8.3, 2, "en")
    ('6,9', '−8.30')
    """
    return CONVENTIONS[language].separated(f"{number:,.{digits}f}".replace("-", "−"))


def shortest(number: float, language: str) -> str:
    """A constant with as many decimals as it has.

    >>> shortest(17.5, "id"), shortest(5.0, "en"), shortest(0.01, "id")
    ('17,5', '5', '0,01')
    """
    return CONVENTIONS[language].separated(f"{number:g}")


def to_hundred(people: float) -> int:
    """A table's cell: to the nearest 100."""
    return floor(people / ROUNDED + 0.5) * ROUNDED


def people_cell(people: float, language: str) -> str:
    """People in a table; a few people are not nobody.

    >>> people_cell(67651.2, "id"), people_cell(12.0, "en"), people_cell(0.0, "en")
    ('67.700', '<100', '0')
    """
    return f"<{ROUNDED}" if 0 < people < ROUNDED / 2 else whole(to_hundred(people), language)


def people_sentence(people: float, language: str) -> str:
    """People in a sentence: three digits below a million, two decimals in millions.

    >>> people_sentence(6569500, "id"), people_sentence(559700, "id"), people_sentence(4310, "en")
    ('6,57\\xa0juta', '560\\xa0ribu', '4,300')
    """
    if people >= 999_500:
        return f"{decimal(people / 1e6, 2, language)}{_NBSP}{CONVENTIONS[language].million}"
    if people >= 10_000:
        thousands = people / 1000
        digits = max(0, 2 - floor(log10(thousands)))
        return f"{decimal(thousands, digits, language)}{_NBSP}{CONVENTIONS[language].thousand}"
    return people_cell(people, language)


def deaths(number: float, language: str) -> str:
    """Deaths, two digits; below one but not nought: "<1".

    >>> deaths(1873.2, "id"), deaths(35.4, "id"), deaths(0.2, "en"), deaths(0.0, "en"), deaths(1.24e6, "id")
    ('1.900', '35', '<1', '0', '1,2\xa0juta')
    """
    if number == 0:
        return "0"
    if number < 0.95:
        return "<1"
    if number >= 995_000:
        return f"{decimal(number / 1e6, 1, language)}{_NBSP}{CONVENTIONS[language].million}"
    return whole(two_digits(number), language)


def two_digits(number: float) -> float:
    """As deaths are printed, for differences of printed cells; below one nought.

    >>> two_digits(1873.2), two_digits(35.4), two_digits(0.2), two_digits(1.24e6)
    (1900.0, 35.0, 0.0, 1200000.0)
    """
    if number < 0.95:
        return 0.0
    step = 100_000 if number >= 995_000 else 10 ** max(0, floor(log10(number)) - 1)
    return float(floor(number / step + 0.5) * step)


def deaths_range(low: float, high: float, language: str) -> str:
    """Two bounds with an en dash; one where both read the same.

    >>> deaths_range(180.3, 1893.0, "id"), deaths_range(0.0, 0.0, "id"), deaths_range(0.1, 0.4, "en")
    ('180–1.900', '0', '<1')
    """
    first, second = deaths(low, language), deaths(high, language)
    if first == "<1" and second != "<1":
        first = "0"
    return first if first == second else f"{first}–{second}"


def percentages(parts: Mapping[str, float]) -> dict[str, int]:
    """Whole percentages that sum to 100, by largest remainder; parts sum to 1.

    >>> percentages({"green": 0.003, "yellow": 0.484, "orange": 0.418, "red": 0.095})
    {'green': 0, 'yellow': 48, 'orange': 42, 'red': 10}
    """
    exact = {name: part * 100 for name, part in parts.items()}
    given = {name: floor(value) for name, value in exact.items()}
    left = 100 - sum(given.values())
    for name in sorted(exact, key=lambda name: given[name] - exact[name])[:left]:
        given[name] += 1
    return given


def percent(printed: int, exact: float, language: str) -> str:
    """One of them; a small chance is not none, a large one not certainty.

    >>> percent(0, 0.003, "id"), percent(38, 0.38, "en"), percent(0, 0.0, "id")
    ('<1\\xa0%', '38%', '0\\xa0%')
    """
    text = "<1" if printed == 0 and exact > 0 else ">99" if printed == 100 and exact < 1 else str(printed)
    return f"{text}{CONVENTIONS[language].percent}"


def reaching(level: str, exact: Mapping[str, float]) -> tuple[int, float]:
    """Chance that a level or a worse one is right, printed and exact; for green that it is green.

    exact: probability of each level, summing to 1.

    >>> reaching("orange", {"green": 0.25, "yellow": 0.5, "orange": 0.125, "red": 0.125})
    (25, 0.25)
    """
    printed, first = percentages(exact), LEVELS.index(level)
    counted = LEVELS[first:] if first else LEVELS[:1]
    return sum(printed[name] for name in counted), sum(exact[name] for name in counted)


def amount(number: float, language: str) -> str:
    """Needs: three digits, in millions from a million on.

    >>> amount(1567412.0, "id"), amount(111940.3, "en")
    ('1,57\\xa0juta', '112,000')
    """
    if number >= 999_500:
        digits = max(0, 2 - floor(log10(number / 1e6)))
        return f"{decimal(number / 1e6, digits, language)}{_NBSP}{CONVENTIONS[language].million}"
    if number < 1000:
        return whole(number, language)
    step = 10 ** (floor(log10(number)) - 2)
    return whole(floor(number / step + 0.5) * step, language)


def dollars_range(low: float, high: float, language: str) -> str:
    """A loss as a range of US dollars, two digits each, in millions or billions.

    >>> dollars_range(4.12e8, 4.1e9, "id"), dollars_range(0.0, 3e5, "en"), dollars_range(2.6e6, 3.8e7, "en")
    ('US$\xa0410\xa0juta–4,1\xa0miliar', '<US$\xa01\xa0million', 'US$\xa02.6–38\xa0million')
    """
    return _money_range(low, high, "US$", 1.0, language)


def rupiah(number: float, language: str) -> str:
    """An amount of few digits, in full.

    >>> rupiah(15236.9, "id")
    'Rp\xa015.237'
    """
    return f"Rp{_NBSP}{whole(number, language)}"


def rupiah_range(low: float, high: float, rate: float, language: str) -> str:
    """The same range of US dollars in rupiah. rate: rupiah per dollar.

    >>> rupiah_range(4.12e8, 4.1e9, 14237, "id"), rupiah_range(0.0, 3e5, 14237, "en")
    ('Rp\xa05,9–58\xa0triliun', '<Rp\xa014\xa0billion')
    """
    return _money_range(low, high, "Rp", rate, language)


def _money_range(low: float, high: float, sign: str, rate: float, language: str) -> str:
    """A range of dollars in what a dollar has so many of; less than a million dollars has no digits of its own."""
    if high < _LEAST_USD:
        amount, unit = _money(_LEAST_USD * rate, language)
        return f"<{sign}{_NBSP}{amount}{_NBSP}{unit}"
    second, unit = _money(high * rate, language)
    first, lower = _money(low * rate, language)
    if low < _LEAST_USD:
        first, lower = "0", unit
    return f"{sign}{_NBSP}{first}{'' if lower == unit else _NBSP + lower}–{second}{_NBSP}{unit}"


def _money(number: float, language: str) -> tuple[str, str]:
    """Two digits, and million, billion or trillion; one million is 1, without a decimal."""
    convention = CONVENTIONS[language]
    units = ((1e12, convention.trillion), (1e9, convention.billion), (1e6, convention.million))
    size, unit = next((one for one in units if number >= 0.995 * one[0]), units[-1])
    value = number / size
    if value <= 1:
        return whole(value, language), unit
    digits = max(0, 1 - floor(log10(value) + 1e-9))
    step = 10 ** max(0, floor(log10(value)) - 1)
    return decimal(round(value / step) * step if digits == 0 else value, digits, language), unit


def coordinates(longitude: float, latitude: float, language: str) -> str:
    """Degrees with two decimals and the sides.

    >>> coordinates(116.34, -8.19, "id"), coordinates(95.3, 4.92, "en")
    ('8,19° LS 116,34° BT', '4.92° N 95.30° E')
    """
    longitude = (longitude + 180) % 360 - 180
    convention = CONVENTIONS[language]
    vertical = convention.north if latitude >= 0 else convention.south
    horizontal = convention.east if longitude >= 0 else convention.west
    first, second = (decimal(abs(value), 2, language) for value in (latitude, longitude))
    return f"{first}° {vertical} {second}° {horizontal}"


def date(utc: datetime, time_zone: str, language: str, *, weekday: bool = True) -> str:
    """The day there.

    >>> from datetime import UTC
    >>> date(datetime(2018, 8, 5, 18, 0, tzinfo=UTC), "WITA", "id")
    'Senin, 6 Agustus 2018'
    """
    return _day(local(utc, time_zone), language, weekday)


def clock_at(utc: datetime, hours: float, time_zone: str) -> str:
    """Time of day at an offset from UTC, with the zone's name or, where it has none, the offset.

    >>> from datetime import UTC
    >>> utc = datetime(2017, 2, 21, 12, 4, tzinfo=UTC)
    >>> clock_at(utc, 7.0, "WIB"), clock_at(utc, -3.5, "")
    ('19:04 WIB', '08:34 UTC−03:30')
    """
    minutes = abs(round(hours * 60))
    name = time_zone or f"UTC{'−' if hours < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"
    return f"{at_offset(utc, hours):%H:%M} {name}"


def date_at(utc: datetime, hours: float, language: str) -> str:
    """The day at an offset from UTC.

    >>> from datetime import UTC
    >>> date_at(datetime(2017, 2, 21, 18, 4, tzinfo=UTC), 7.0, "id")
    '22 Februari 2017'
    """
    return _day(at_offset(utc, hours), language, weekday=False)


def year(number: int | None) -> str:
    """Of data, behind their name; nothing where it is not known.

    >>> year(2020), year(None)
    (' (2020)', '')
    """
    return f" ({number})" if number else ""


def month(year: int, number: int, language: str) -> str:
    """A month in words.

    >>> month(2017, 2, "id")
    'Februari 2017'
    """
    return f"{CONVENTIONS[language].months[number - 1]} {year}"


def moment(utc: datetime, time_zone: str, language: str) -> tuple[str, str]:
    """When it happened: day and local time; then the same in WIB (if that differs) and UTC."""
    main = f"{date(utc, time_zone, language)}, {dates.clock(utc, time_zone, seconds=True)}"
    others = [dates.clock(utc, "WIB", seconds=True)] if time_zone != "WIB" else []
    other_day = local(utc, time_zone).date() != utc.date()
    month = CONVENTIONS[language].months[utc.month - 1][:3]
    others.append(dates.clock(utc, "UTC", seconds=True) + (f", {utc.day} {month}" if other_day else ""))
    return main, "; ".join(others)


def _day(there: datetime, language: str, weekday: bool) -> str:
    convention = CONVENTIONS[language]
    day = f"{there.day} {convention.months[there.month - 1]} {there.year}"
    return f"{convention.days[there.weekday()]}, {day}" if weekday else day
