"""What is live is told by the event's own time; nothing else decides who waits for whom."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import urgency
from siaga import events, keys
from siaga.errors import NotFound
from siaga.events import Notification
from siaga.hazard import gridhead
from siaga.store import Head

NOW = datetime.now(UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WIB = timedelta(hours=7)
moments = st.datetimes(datetime(1900, 1, 1), datetime(2300, 1, 1), timezones=st.just(UTC))


@given(st.lists(moments, min_size=2, max_size=9))
def test_newest_first_within_a_class_and_live_before_backfill(happened):
    places = [urgency.priority(one, NOW) for one in happened]
    assert all(0 < place < 2**31 for place in places)
    for (one, its), (other, others) in itertools.permutations(zip(happened, places, strict=True), 2):
        if urgency.is_live(its) and not urgency.is_live(others):
            assert its < others
        if urgency.is_live(its) == urgency.is_live(others) and one > other:
            assert its <= others


@pytest.mark.parametrize(
    ("age", "live"),
    [(timedelta(), True), (23 * HOUR, True), (25 * HOUR, False), (-7 * HOUR, True), (-25 * HOUR, False)],
)
def test_live_is_what_happened_within_a_day(age, live):
    assert urgency.is_live(urgency.priority(NOW - age, NOW)) == live


def folder(moment):
    """A folder as BMKG names it."""
    return f"{moment + WIB:%Y%m%d%H%M%S}"


RUN = "initial-v001-3fa91c07/0a1b2c3d/impact.json"
KEYS = [  # bucket, key of an event at that moment
    ("shakemaps", lambda at: f"{folder(at)}/grid.xml"),
    ("shakemaps", lambda at: f"{folder(at)}/output/grid.xml"),
    ("shakemaps-corrected", lambda at: f"{folder(at)}_64_-8500_116300_{folder(at)}/grid.xml"),
    ("floodmaps", lambda at: f"{at:%Y%m%d%H}-6-rw/flood_data.json"),
    ("floodmaps", lambda at: f"{at:%Y%m%d%H}-6-rw-ID-JB/flood_data.json"),
    ("ashmaps", lambda at: f"{at + WIB:%Y%m%d%H%M}+0700_Merapi/request.json"),
    ("results", lambda at: f"earthquake/{folder(at)}/{RUN}"),
    ("results", lambda at: f"flood/{at:%Y%m%d%H}-6-rw/{RUN}"),
    ("results", lambda at: f"ash/{at + WIB:%Y%m%d%H%M}+0700_Merapi/{RUN}"),
]


@pytest.mark.parametrize(("bucket", "named"), KEYS)
def test_a_key_tells_the_age_of_any_hazard_whenever_it_was_written(bucket, named):
    for at, live in ((NOW - 2 * HOUR, True), (NOW - 3 * DAY, False), (datetime(2018, 2, 20, tzinfo=UTC), False)):
        notification = Notification(bucket, named(at))
        told = keys.clock(bucket, notification.key)
        assert timedelta() <= at - told < HOUR
        assert urgency.is_live(urgency.by_key(notification, NOW)) == live
        assert urgency.is_live(urgency.by_key(notification, NOW - 9 * DAY)) == live
        assert urgency.is_live(urgency.by_key(Notification(bucket, notification.key, asked=True), NOW))


@pytest.mark.parametrize(
    ("bucket", "key"),
    [
        ("shakemaps", "us7000n05d/grid.xml"),
        ("shakemaps", "grid.xml"),
        ("shakemaps", "20189999999999/grid.xml"),
        ("shakemaps", "99991231235959/grid.xml"),  # no quake is of tomorrow's tomorrow
        ("shakemaps", "201802201633510/grid.xml"),
        ("shakemaps", "00000000000000/grid.xml"),
        ("floodmaps", "2017/grid.xml"),
        ("ashmaps", "999912312359-2359_Merapi/request.json"),
        ("results", "earthquake/us7000n05d/" + RUN),
        ("results", "impact.json"),
    ],
)
def test_where_the_key_has_no_clock_the_moment_of_writing_counts(bucket, key):
    notification = Notification(bucket, key)
    assert urgency.is_live(urgency.by_key(notification, NOW))
    assert not urgency.is_live(urgency.by_key(notification, NOW - 2 * DAY))


class OneObject:
    """A store with one object, or with none."""

    def __init__(self, body=None, **metadata):
        self._body, self._metadata = body, metadata

    def get_range(self, _bucket, _key, start, end):
        if self._body is None:
            raise NotFound("gone")
        return self._body[start : end + 1]

    def head(self, _bucket, key):
        if self._body is None:
            raise NotFound("gone")
        return Head(
            key, "e", 1, NOW, metadata={name.replace("_", "-"): value for name, value in self._metadata.items()}
        )


def grid(time):
    """The first lines of a map."""
    return f'<?xml version="1.0"?>\n<shakemap_grid>\n<event magnitude="6" event_timestamp="{time}" lat="-8"/>'


@pytest.mark.parametrize(
    ("time", "live"),
    [
        (f"{NOW - HOUR + WIB:%Y-%m-%dT%H:%M:%S}WIB", True),
        (f"{NOW - HOUR:%Y-%m-%dT%H:%M:%SZ}", True),
        ("2018-02-20T16:29:28WIB", False),
        ("2018-02-20T16:29:28", False),
        ("2062-02-20T16:29:28WIB", None),
        ("yesterday", None),
        ("2018-02-20T16:29:28" + " " * 5000, None),
    ],
    ids=["an hour ago, WIB", "an hour ago, UTC", "old", "old, without zone", "far ahead", "a word", "blanks"],
)
def test_a_map_tells_its_age_in_its_first_lines(time, live):
    place = urgency.by_content(OneObject(grid(time).encode()), Notification("shakemaps-bnpb", "us7000n05d/grid.xml"))
    assert (None if place is None else urgency.is_live(place)) == live


def test_an_analysis_tells_its_age_in_its_metadata():
    notification = Notification("results", f"earthquake/us7000n05d/{RUN}")
    assert not urgency.is_live(urgency.by_content(OneObject(b"{}", event_time="2018-02-20T09:29:28Z"), notification))
    assert urgency.is_live(urgency.by_content(OneObject(b"{}", event_time=f"{NOW:%Y-%m-%dT%H:%M:%SZ}"), notification))
    for store in (OneObject(), OneObject(b"{}"), OneObject(b"{}", event_time="soon")):
        assert urgency.by_content(store, notification) is None


def test_the_head_of_a_file_is_read_with_hostile_eyes():
    for head in (b"", b"\xff" * 16384, b" event_timestamp" * 1000, b' event_timestamp="' + b"1" * 16000, b"\x00"):
        assert gridhead.origin_time(head) is None
    for head in (b"", b' magnitude="' + b"9" * 16000, b' magnitude="nan"', b" magnitude" * 1000, b' magnitude="-1"'):
        assert gridhead.magnitude(head) is None
    assert gridhead.magnitude(b"<event magnitude = '6.4' depth=\"1\"") == 6.4


def test_in_a_swarm_the_largest_go_first_and_the_unread_count_as_strong():
    def place(magnitude, age=timedelta()):
        head = grid(f"{NOW - age:%Y-%m-%dT%H:%M:%SZ}").replace("<event", f'<event magnitude="{magnitude}"').encode()
        return urgency.by_content(OneObject(head), Notification("shakemaps", "a/grid.xml"))

    unread = urgency.by_key(Notification("shakemaps", f"{folder(NOW)}/grid.xml"), NOW)
    ordered = [
        place(7.5, 2 * HOUR),
        place(6.4),
        unread,
        place(5.0),
        place(5.0, HOUR),
        place(2.1),
        place(2.0, 23 * HOUR),
    ]
    assert ordered == sorted(ordered)
    assert all(map(urgency.is_live, ordered))
    assert urgency.at_once() < ordered[0]


def test_reports_go_by_the_people_who_are_hit_and_those_of_few_may_wait():
    def place(people, age=timedelta()):
        told = {"event_time": f"{NOW - age:%Y-%m-%dT%H:%M:%SZ}"} | ({} if people is None else {"people_hit": people})
        return urgency.by_content(OneObject(b"{}", **told), Notification("results", f"earthquake/us1/{RUN}"))

    ordered = [
        place("40000000"),
        place(None),
        place("50000"),
        place("1001"),
        place("998"),
        place("0"),
        place("9", 9 * DAY),
    ]
    assert ordered == sorted(ordered)
    assert [urgency.rank(one) for one in ordered] == [0, 0, 0, 0, 1, 1, 2]
    assert [urgency.is_live(one) for one in ordered] == [True] * 6 + [False]
    assert place("many") == place("-1") == place(None)


def test_what_somebody_asked_for_says_so_on_its_way():
    asked = Notification("shakemaps", "20180220163351/grid.xml", "e", "v", asked=True)
    assert events.parse(asked.record()) == [asked]
    assert events.parse(Notification("b", "k").record()) == [Notification("b", "k")]
    for metadata in (None, [], "x", {}, {"content-type": "X-Amz-Meta-Siaga-Asked"}):
        record = {"s3": {"bucket": {"name": "b"}, "object": {"key": "k", "userMetadata": metadata}}}
        assert events._from_record(record) == Notification("b", "k")
