"""Names of flood hours: the old system's ids, there and back."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siaga.errors import BadInput
from siaga.keys import Snapshot

HOURS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
MOMENT = datetime(2017, 2, 21, 12, 7, tzinfo=timezone(timedelta(hours=7)))


def test_an_id_is_the_old_systems():
    snapshot = Snapshot.of(MOMENT)
    assert str(snapshot) == "2017022105-6-rw"
    assert snapshot.data == "2017022105-6-rw/flood_data.json"
    assert snapshot.record("same") == "hours/2017022105-6-rw/same.json"
    assert snapshot.suspect(MOMENT) == "suspect/2017022105-6-rw/20170221T050700Z"
    assert snapshot.outage == "outages/2017022105-6-rw.json"


@given(HOURS, st.sampled_from(["ID-JK", "ID-JB"]))
def test_a_snapshot_survives_the_journey(moment, region):
    snapshot = Snapshot.of(moment, region)
    keys = (str(snapshot), snapshot.data, snapshot.record("gap"), snapshot.suspect(moment), snapshot.outage)
    assert {Snapshot.parse(key) for key in keys} == {snapshot}


@pytest.mark.parametrize("text", ["", "2017022105", "2017023105-6-rw", "2017022124-6-rw", "2017022105-6-rw-x", "a/b"])
def test_what_is_no_snapshot_is_said(text):
    with pytest.raises(BadInput, match="is not a snapshot"):
        Snapshot.parse(text)
