"""An exercise from a stored map: what is another in it, and that whatever reads it says so."""

from datetime import UTC, datetime

import pytest
from fixtures.grids import USGS, make_grid

from siaga.errors import BadInput, Conflict
from siaga.hazard import gridxml
from siaga.inputs import drills

NOW = datetime(2026, 11, 27, 8, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "real",
    [
        make_grid(),
        make_grid(namespace=USGS, zone="UTC", event_id="us7000n05d"),
        make_grid(description="LATIHAN lama"),
        make_grid(description="Caf\u00e9 &amp; teluk"),
    ],
    ids=["BMKG", "USGS", "an exercise already", "letters"],
)
def test_the_shaking_stays_and_id_time_and_kind_are_others(real):
    before, after = gridxml.read_shakemap(real), gridxml.read_shakemap(drills.exercise(real, NOW))
    assert (after.event_id, after.time, after.event_type) == ("20261127150509_se", NOW, "SCENARIO")
    assert after.drill_reason
    assert after.process_time == NOW
    assert after.description == f"LATIHAN {before.description.removeprefix('LATIHAN ')}"
    assert (after.mmi == before.mmi).all()
    assert (after.magnitude, after.longitude, after.latitude) == (
        before.magnitude,
        before.longitude,
        before.latitude,
    )


def test_a_map_that_cannot_be_marked_is_none():
    for gone in (b"event_id", b"shakemap_event_type", b"event_timestamp", b"<grid_data"):
        with pytest.raises(BadInput):
            drills.exercise(make_grid().replace(gone, b"x"), NOW)


def test_no_exercise_takes_the_place_of_another(store):
    assert drills.start(store, make_grid(), NOW) == "20261127150509_se"
    with pytest.raises(Conflict):
        drills.start(store, make_grid(magnitude=5.0), NOW)
