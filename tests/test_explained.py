"""The page that explains levels, states and classes: in both languages, with the numbers that decide and no other."""

import html
import re

import pytest
from fixtures.pages import opened, text

from siaga import language
from siaga.hazard.ash import LIMITS_CM
from siaga.impact import forecast, loss
from siaga.impact.flood import DEPTHS_CM
from siaga.report import figures, words


@pytest.fixture
def client(store, minio, tmp_path):
    return opened(store, minio, tmp_path)[2]


def rows(page):
    """Every row of its tables, as the texts of its cells."""
    for row in re.findall(r"<tr\b.*?</tr>", page, re.DOTALL):
        cells = re.findall(r"<t[hd]\b.*?</t[hd]>", row, re.DOTALL)
        yield [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", cell)).split()) for cell in cells]


@pytest.mark.parametrize("code", language.LANGUAGES)
def test_all_levels_states_and_classes_stand_there_with_what_decides(client, code, monkeypatch):
    monkeypatch.setitem(forecast.ALERT_CHANCES, "yellow", 1 / 7)
    status, page = text(client, f"/levels?lang={code}")
    assert status == 200
    _, table = language.load(code), list(rows(page))

    def cells(head):
        return next(row[1:] for row in table if row[0].startswith(head))

    for name, word in words.LEVELS.items():
        deaths, chance = cells(_(word).capitalize())
        assert figures.whole(loss.BEGINS[name], code) in re.findall(r"[\d.,]+", deaths)
        if name in forecast.ALERT_CHANCES:
            assert chance.split()[-1] == str(round(1 / forecast.ALERT_CHANCES[name]))
    assert cells(_("Not known"))[0] == _("Not known").lower()
    for state, (lowest, _highest) in DEPTHS_CM.items():
        depth, displaced = cells(f"{state}:")
        assert lowest is None or {str(lowest), str(lowest - 1)} & set(re.findall(r"\d+", depth))
        assert ("%" in displaced) == (lowest is not None)  # of state 1 the depth is not known, and nobody is counted
    for name, limit in zip(words.ASH_CLASSES.values(), LIMITS_CM, strict=True):
        assert figures.shortest(limit, code) in cells(_(name))[0]
    assert all(cells(name) for name in ("NORMAL", "WASPADA", "SIAGA", "AWAS"))


def test_every_page_leads_there_from_its_foot(client):
    assert 'href="/levels"' in text(client, "/floods")[1]
    assert "<script" not in text(client, "/levels")[1].partition("</head>")[2]
