"""The text to pass on of a flood hour and an ash fall: five lines that stand alone, and what is not known is said."""

import pytest
from fixtures import ashfalls
from fixtures import floodhours as hours
from fixtures.floodhours import A, B

from siaga import language
from siaga.report.classed import message

WHEN, UNTIL, LINK = "Tuesday, 7:00", "Wednesday", "https://siaga.example/x"
UNKNOWN = {"text": "No population is installed", "template": "No population is installed", "values": {}}
FALL = {"alert_level": "siaga", "volcano": {"name": "Merapi"}, "eruption_height_m": 100, "column_height_m": 3068}
REAL = {"drill": False, "demonstration": False}


def of_flood(states, code="en", people=None, **more):
    impact = hours.analysis(states) | (people or {})
    entry = hours.entry(hours.snapshot(0), states)[1] | more
    return message.of_flood(impact, entry, WHEN, LINK, language.load(code))


def of_ash(people=None, code="en", **more):
    impact = ashfalls.impact(**(people or {}))
    return message.of_ash(impact, FALL | REAL | more, WHEN, UNTIL, LINK, language.load(code))


def test_a_flood_tells_state_hour_count_people_and_where_to_read_on():
    assert of_flood({A: 2, B: 3}) == [
        "MEDIUM, 71–150 cm: Flood in Jakarta",
        f"{WHEN}. PetaBencana.",
        "2 RWs are flooded; 1 of them 71–150 cm deep.",
        "4,000 people live in flooded RWs. Deepest in Jelambar Baru and Jelambar.",
        LINK,
    ]


def test_an_ash_fall_tells_level_column_thick_ash_people_and_where_to_read_on():
    assert of_ash() == [
        "SIAGA, level 3 of 4 (PVMBG): Volcanic ash of Merapi",
        f"{WHEN}. Column 100 m above the vent, 3,068 m above the sea; holds until {UNTIL}.",
        "200 people under more than 5 cm of ash.",
        "1,900 people under ash. Thickest where people live: > 10 cm, in Jawa Tengah.",
        LINK,
    ]


@pytest.mark.parametrize("made", [lambda **more: of_flood({A: 2}, **more), of_ash], ids=["flood", "ash"])
def test_an_exercise_and_stand_in_data_say_so_before_all_else(made):
    assert made(drill=True, demonstration=True)[0].startswith("EXERCISE · DEMONSTRATION DATA · ")
    assert made(drill=True, code="id")[0].startswith("LATIHAN · ")


def test_what_is_not_known_is_said_and_is_no_nought():
    nobody = {"people": {"total": None, "by_class": {}, "note": UNKNOWN}, "affected": None}
    said = "How many people live there is not known."
    flood, fall = of_flood({A: 2}, people=nobody), of_ash(nobody | {"zones": []}, column_height_m=None)
    assert flood[3] == f"{said} Deepest in Jelambar. No population is installed."
    assert fall[1].startswith(f"{WHEN}. Column 100 m above the vent; above the sea not known;")
    assert fall[2] == "Who lives under the ash is not known."
    assert fall[3] == f"{said} Thickest on the map: 12.5 cm. No population is installed."


def test_an_hour_of_caution_alone_names_no_depth_and_a_dry_one_is_dry():
    careful, dry = of_flood({A: 1}), of_flood({})
    assert careful[0] == "USE CAUTION, depth not known: Flood in Jakarta"
    assert careful[2] == "No RW is known to be flooded."
    assert "its depth is not known, and its people are not counted" in careful[3]
    assert dry == ["DRY: Flood in Jakarta", f"{WHEN}. PetaBencana.", "No RW is flooded.", LINK]
