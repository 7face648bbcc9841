"""grid.xml, BMKG's and USGS's and what an attacker or a broken line makes of it."""

import contextlib
import re
from datetime import UTC, datetime

import numpy as np
import pytest
from fixtures.grids import FIELDS, USGS, make_grid
from hypothesis import given, settings
from hypothesis import strategies as st

from siaga.errors import BadInput
from siaga.hazard.gridxml import MAX_BYTES, read_shakemap
from siaga.impact.mmi import classify

SMALL = {"nlon": 5, "nlat": 4}
LAUGHS = """<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;">]>
<shakemap_grid event_id="&lol2;"/>"""
OUTSIDE = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><shakemap_grid>&e;</shakemap_grid>'
)
# what InaSAFE made of the real files: minimum, maximum, sum, and how many nodes lie in class I, II, …
GOLDEN = {
    "shakemap/20131105060809": (1.0, 3.53, 10409.13, [10030, 149, 21, 1]),
    "shakemap/20161214005704": (1.0, 3.46, 10360.90, [10072, 112, 17]),
    "shakemap/20180220163351": (1.0, 5.27, 46058.16, [9272, 14118, 2304, 217, 10]),
    "shakemap-corrected/20180220162928_50_01400_124450_20180220162928": (1.0, 3.99, 26759.83, [25247, 566, 99, 9]),
}


def changed(before: str, after: str, count: int = 1) -> bytes:
    """A valid file with one thing wrong."""
    good = make_grid(**SMALL).decode()
    assert before in good
    return good.replace(before, after, count).encode()


def test_what_the_file_says_is_read():
    shakemap = read_shakemap(make_grid(mmi=np.arange(20).reshape(4, 5) / 2, **SMALL))
    assert (shakemap.event_id, shakemap.number, shakemap.magnitude) == ("20180805194635", 1, 6.9)
    assert shakemap.time == datetime(2018, 8, 5, 11, 46, 35, tzinfo=UTC)
    assert (shakemap.time_zone, shakemap.utc_offset_hours) == ("WIB", 7.0)
    assert shakemap.process_time == datetime(2018, 8, 5, 12, 1, tzinfo=UTC)
    assert shakemap.mmi.shape == (4, 5)
    assert (shakemap.mmi[0, 0], shakemap.mmi[3, 4]) == (0, 9.5)  # north row first
    assert shakemap.description == "Lombok Utara"
    assert shakemap.warnings == ()


@pytest.mark.parametrize(
    ("zone", "hour"),
    [
        ("WIB", 11),
        ("WITA", 10),
        ("WIT", 9),
        ("UTC", 18),
        ("GMT", 18),
        ("Z", 18),
        ("", 18),
        ("+05:30", 13),
        ("-0200", 20),
    ],
)
def test_time_zones(zone, hour):
    assert read_shakemap(make_grid(zone=zone, **SMALL)).time.hour == hour


@pytest.mark.parametrize("namespace", [USGS, "http://example.org/other", ""])
def test_any_namespace(namespace):
    assert read_shakemap(make_grid(namespace=namespace, **SMALL)).event_id == "20180805194635"


@pytest.mark.parametrize(
    "fields", [("LON", "LAT", "MMI"), ("MMI", "PGA", "LAT", "LON"), (*FIELDS, "PSA03", "PSA10", "PSA30")]
)
def test_columns_are_found_by_their_names(fields):
    mmi = np.arange(20).reshape(4, 5) / 2
    assert np.array_equal(read_shakemap(make_grid(mmi=mmi, fields=fields, **SMALL)).mmi, mmi)


@pytest.mark.parametrize("order", ["south", "shuffled"])
def test_rows_in_another_order_are_placed_by_their_own_coordinates_and_that_is_said(order):
    mmi = np.arange(20).reshape(4, 5) / 2
    shakemap = read_shakemap(make_grid(mmi=mmi, order=order, **SMALL))
    assert np.array_equal(shakemap.mmi, mmi)
    assert [warning["template"] for warning in shakemap.warnings] == [
        "The rows of grid_data do not run from north to south; they were placed by LON and LAT"
    ]


def test_nodes_are_spread_evenly_since_listed_coordinates_are_rounded():
    nodes = read_shakemap(make_grid(nlon=121, nlat=121, spacing=1 / 60, lon=101, lat=-1)).nodes
    assert nodes.lon_step == pytest.approx(1 / 60, abs=1e-7)
    west, south, east, north = nodes.edges
    assert (west, east) == pytest.approx((99.991667, 102.008333), abs=1e-5)
    assert (south, north) == pytest.approx((-2.008333, 0.008333), abs=1e-5)


def test_a_million_nodes_are_read():
    shakemap = read_shakemap(make_grid(nlon=1000, nlat=1001, spacing=0.005, fields=("LON", "LAT", "MMI")))
    assert shakemap.mmi.size == 1_001_000


def test_the_antimeridian_is_crossed():
    shakemap = read_shakemap(make_grid(lon=180.0, **SMALL))
    assert shakemap.nodes.west < 180 < shakemap.nodes.east


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b"  \n ", "empty"),
        (b"PK\x03\x04 a zip", "not XML"),
        (b"\xff\xfe\x00garbage", "not XML"),
        (make_grid(**SMALL)[:-40], "cut off"),
        (make_grid(**SMALL)[:900], "cut off"),
        (LAUGHS.encode(), "document type or entities"),
        (OUTSIDE.encode(), "document type or entities"),
        (b'<?xml version="1.0" encoding="klingon"?><shakemap_grid/>', "not XML"),
        (b"<html><body>504</body></html>", "root element is html"),
        (b"<shakemap_grid event_id='1'/>", "event is missing"),
        (changed('event_id="20180805194635" ', ""), "lacks event_id"),
        (changed('event_id="20180805194635"', 'event_id="../../etc"'), "event_id is"),
        (changed('event_id="20180805194635"', f'event_id="{"9" * 65}"'), "event_id is"),
        (changed('magnitude="6.9"', 'magnitude="strong"'), "magnitude is 'strong'"),
        (changed('magnitude="6.9"', 'magnitude="nan"'), "magnitude is 'nan'"),
        (changed('lat="-8.300000"', 'lat="98.3"'), "lat is '98.3'"),
        (changed("WIB", "WIBB"), "time zone 'WIBB'"),
        (changed("WIB", "+27:00"), "time zone '+27:00'"),
        (changed("2018-08-05T18:46:35", "2018-13-05T18:46:35"), "no date"),
        (changed("2018-08-05T18:46:35", "yesterday"), "write it as"),
        (changed('nlon="5"', 'nlon="6"'), "need 192"),
        (changed('nlat="4"', 'nlat="0"'), "nlat is '0'"),
        (changed('nlon="5"', 'nlon="100000000"'), "nlon is"),
        (changed('name="MMI"', 'name="XMI"'), "no grid_field named MMI"),
        (changed('index="3"', 'index="2"'), "the index 2"),
        (changed('index="8"', 'index="9"'), "not numbered 1 to 8"),
        (changed("</grid_data>", "1 2 3</grid_data>"), "holds 163 values"),
    ],
)
def test_what_is_no_sane_shakemap_is_refused_with_the_reason(body, said):
    with pytest.raises(BadInput, match=re.escape(said)):
        read_shakemap(body)


@pytest.mark.parametrize(("value", "said"), [(-0.1, "Row 8 of grid_data: MMI is -0.1"), (12.5, "MMI is 12.5")])
def test_an_impossible_mmi_is_refused_with_its_row(value, said):
    mmi = np.full((4, 5), 5.0)
    mmi[1, 2] = value
    with pytest.raises(BadInput) as refused:
        read_shakemap(make_grid(mmi=mmi, **SMALL))
    assert said in str(refused.value)


def rows_of(*cells, fields=("LON", "LAT", "MMI", "PGA", "PSA30"), apart=" "):
    """A map of 2 by 2 nodes whose rows are LON, LAT and these cells."""
    body = make_grid(fields=fields, nlon=2, nlat=2, spacing=0.5, mmi=np.full((2, 2), 7.0)).decode()
    head, _, rest = body.partition("<grid_data>\n")
    lines = rest.split("\n")
    made = [apart.join((*line.split()[:2], *some)) for line, some in zip(lines[:4], cells, strict=True)]
    return (head + "<grid_data>\n" + "\n".join([*made, *lines[4:]])).encode()


@pytest.mark.parametrize(
    "rest",
    [
        ("1.0", "nan"),
        ("inf", "-inf"),
        ("NA", "N/A"),
        ("-", "--"),
        ("1e999", "-9999"),
        ("****", "1.#QNAN"),
        ("what", "ever"),
        ("", ""),
        ("1.0",),
        (),
        ("1,5", "0x10"),
    ],
)
def test_a_value_that_no_figure_needs_costs_nothing(rest):
    shakemap = read_shakemap(rows_of(*[("7.00", *rest)] * 4))
    assert (shakemap.mmi == 7.0).all()
    assert shakemap.unknown_share == 0
    shakemap = read_shakemap(rows_of(("7.00", "1.0", "1.0"), *[("7.00", *rest)] * 3))
    assert (shakemap.mmi == 7.0).all()


@pytest.mark.parametrize("cell", ["nan", "NaN", "NA", "-", "inf", "-inf", "-9999", "999", "null", "***", "1e20"])
def test_a_node_without_mmi_is_unknown_and_not_class_one(cell):
    shakemap = read_shakemap(rows_of(("7.00", "1", "1"), (cell, "1", "1"), ("6.00", "1", "1"), ("5.00", "1", "1")))
    assert np.array_equal(shakemap.mmi, [[7, np.nan], [6, 5]], equal_nan=True)
    assert (shakemap.unknown_share, shakemap.max_mmi, shakemap.max_border_mmi) == (0.25, 7, 7)


@pytest.mark.parametrize("apart", [" ", "\t", ","])
def test_an_empty_cell_is_unknown_where_the_separators_show_which_it_is(apart):
    cells = [("7.00", "1", "1"), ("", "1", "1"), ("6.00", "1", "1"), ("5.00", "1", "1")]
    shakemap = read_shakemap(rows_of(*cells, apart=apart))
    assert np.array_equal(shakemap.mmi, [[7, np.nan], [6, 5]], equal_nan=True)


def test_a_row_that_does_not_show_which_value_is_missing_is_refused():
    with pytest.raises(BadInput, match="Row 2 of grid_data does not hold one value for each of the 5 fields"):
        read_shakemap(rows_of(("7", "1", "1"), ("1", "1"), ("7", "1", "1"), ("7", "1", "1"), apart="   "))


def test_a_map_without_any_mmi_is_refused():
    with pytest.raises(BadInput, match="known at no node"):
        read_shakemap(make_grid(mmi=np.full((4, 5), np.nan), **SMALL))


def test_beside_masked_nodes_the_known_ones_hold_as_far_as_their_cells():
    mmi = np.full((4, 5), 7.0)
    mmi[:, 3:] = np.nan
    shakemap = read_shakemap(make_grid(mmi=mmi, **SMALL))
    west, step = shakemap.nodes.west, shakemap.nodes.lon_step
    longitudes = west + np.array([0, 2, 2.4, 2.6, 3, 4]) * step
    expected = [7, 7, 7, np.nan, np.nan, np.nan]
    latitudes = shakemap.nodes.latitudes
    assert np.allclose(shakemap.at(longitudes, np.full(6, latitudes[1])), expected, equal_nan=True)
    assert np.allclose(shakemap.on_grid(longitudes, latitudes), [expected] * 4, equal_nan=True)


BEFORE = [b"\n", b"\r\n \t", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n", b"<!-- a comment -->\n", b"\n<!--a--> <!--b-->"]


@pytest.mark.parametrize("before", BEFORE)
def test_what_means_nothing_before_the_declaration_is_passed_over(before):
    assert read_shakemap(before + make_grid(**SMALL) + b"\n\x00\x00").event_id == "20180805194635"


def test_words_before_the_declaration_are_refused_by_name():
    with pytest.raises(BadInput, match="remove all that comes before <\\?xml"):
        read_shakemap(b"HTTP/1.1 200 OK\n\n" + make_grid(**SMALL))


@pytest.mark.parametrize(
    ("declared", "encoding", "shown"),
    [
        ("US-ASCII", "utf-8", "São Tomé"),
        ("UTF-8", "utf-8", "São Tomé"),
        ("ISO-8859-1", "latin-1", "São Tomé"),
        ("ISO-8859-1", "utf-8", "São Tomé"),
        ("windows-1252", "cp1252", "São Tomé"),
        ("UTF-16", "utf-16", "São Tomé"),
        ("US-ASCII", "latin-1", "São Tomé"),
        ("UTF-8", "latin-1", "São Tomé"),
    ],
)
def test_text_is_read_by_what_it_is(declared, encoding, shown):
    body = make_grid(description="São Tomé", **SMALL).decode().replace("US-ASCII", declared)
    shakemap = read_shakemap(body.encode(encoding))
    assert shakemap.description == shown
    guessed = encoding == "latin-1" and declared in ("US-ASCII", "UTF-8")
    assert [said["text"] for said in shakemap.warnings] == (
        ["The file's text is not UTF-8 as it says; it is read as Windows-1252, and names may be wrong"]
        if guessed
        else []
    )


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2016-12-14T00:57:60WIB", (2016, 12, 13, 17, 58, 0)),
        ("2016-12-31T23:59:60Z", (2017, 1, 1, 0, 0, 0)),
        ("2016-12-14T24:00:00WIB", (2016, 12, 14, 17, 0, 0)),
        ("2016-12-14T00:57WIB", (2016, 12, 13, 17, 57, 0)),
        ("2016-12-14 00:57:04.999 wib", (2016, 12, 13, 17, 57, 4)),
        ("  2016-12-14t00:57:04 UTC+7 ", (2016, 12, 13, 17, 57, 4)),
    ],
)
def test_moments_of_other_clocks(written, moment):
    body = changed("2018-08-05T18:46:35WIB", written)
    assert read_shakemap(body).time == datetime(*moment, tzinfo=UTC)


@pytest.mark.parametrize("written", ["2016-12-14T00:57:61WIB", "2016-12-14T00:60:00WIB", "0016-12-14T00:00:00WIB"])
def test_what_is_no_moment_is_refused(written):
    with pytest.raises(BadInput, match="which is no date"):
        read_shakemap(changed("2018-08-05T18:46:35WIB", written))


@pytest.mark.parametrize("version", ["", " ", "new", "-3"])
def test_a_version_that_is_none_is_the_first(version):
    shakemap = read_shakemap(make_grid(version=version, **SMALL))
    assert shakemap.number == 1
    assert bool(shakemap.warnings) == bool(version.strip())


@pytest.mark.parametrize(
    ("lon", "turns"), [(116.45, -360), (116.45, 360), (179.99, 0), (179.99, -360), (-179.99, 0), (-179.99, 360)]
)
def test_longitudes_may_be_counted_either_way_round(lon, turns):
    mmi = np.arange(20).reshape(4, 5) / 2
    shakemap = read_shakemap(make_grid(lon=lon + turns, mmi=mmi, **SMALL))
    assert np.array_equal(shakemap.mmi, mmi)
    assert shakemap.longitude == pytest.approx(lon)
    assert -180 <= shakemap.nodes.west < 180
    assert shakemap.at(np.array([lon]), np.array([shakemap.latitude]))[0] > 0


def test_fields_in_any_case_numbered_from_nought_or_not_at_all():
    body = make_grid(fields=("LON", "LAT", "MMI"), **SMALL).decode()
    lower = body.replace('"LON"', '"Longitude"').replace('"LAT"', '"lat"').replace('"MMI"', '"mmi"')
    assert read_shakemap(lower.encode()).mmi.shape == (4, 5)
    zero = re.sub(r'index="(\d)"', lambda match: f'index="{int(match[1]) - 1}"', body)
    assert read_shakemap(zero.encode()).mmi.shape == (4, 5)
    assert read_shakemap(re.sub(r'index="\d"', "", body).encode()).mmi.shape == (4, 5)


def test_ground_motion_that_cannot_be_is_said():
    said = read_shakemap(rows_of(*[("7.00", "0", "0")] * 4, fields=("LON", "LAT", "MMI", "PGA", "PGV"))).warnings
    assert [(warning["values"]["field"], "is 0 at every" in warning["text"]) for warning in said] == [
        ("PGA", True),
        ("PGV", True),
    ]
    cells = [("7.00", "1", "-2.7"), *[("7.00", "0", "1")] * 3]
    (said,) = read_shakemap(rows_of(*cells, fields=("LON", "LAT", "MMI", "PGA", "PGV"))).warnings
    assert said["text"].startswith("PGV is below 0 at 1 nodes")


def test_a_word_among_the_numbers_is_named_with_its_row_and_field():
    body = make_grid(fields=("LON", "LAT", "MMI"), mmi=np.full((4, 5), 4.0), **SMALL)
    with pytest.raises(BadInput, match="Row 1 of grid_data: MMI is 'four', not a number"):
        read_shakemap(body.replace(b"4.00", b"four", 1))


def test_a_node_that_comes_twice_is_refused():
    lines = make_grid(**SMALL).decode().split("\n")
    first = next(number for number, line in enumerate(lines) if line.startswith("<grid_data")) + 1
    lines[first + 1] = lines[first]
    with pytest.raises(BadInput, match="no whole regular grid: the node in row 1, column 1"):
        read_shakemap("\n".join(lines).encode())


def test_a_row_off_the_grid_is_refused():
    body = make_grid(fields=("LON", "LAT", "MMI"), **SMALL)
    with pytest.raises(BadInput, match="is no node of the grid_specification"):
        read_shakemap(body.replace(b"\n116.4500 ", b"\n116.4600 ", 1))


def test_more_than_32_mib_is_refused_unread():
    with pytest.raises(BadInput, match="32 MiB"):
        read_shakemap(b"<" + b" " * MAX_BYTES)


@given(cut=st.integers(0, 2400), noise=st.binary(max_size=8))
@settings(max_examples=150, deadline=None)
def test_whatever_a_line_does_to_a_file_it_is_read_or_refused_in_words(cut, noise):
    body = make_grid(**SMALL)
    with contextlib.suppress(BadInput):  # any other error is a fault
        read_shakemap(body[:cut] + noise + body[cut + len(noise) :])


def test_an_exercise_is_known_by_type_or_status():
    assert not read_shakemap(make_grid(**SMALL)).drill_reason
    assert read_shakemap(make_grid(event_type="SCENARIO", **SMALL)).drill_reason
    assert read_shakemap(make_grid(map_status="EXERCISE", **SMALL)).drill_reason


@pytest.mark.parametrize(
    ("mmi", "expected"),
    [(0.0, 1), (0.5, 1), (1.5, 1), (1.5000001, 1), (1.51, 2), (5.5, 5), (5.50001, 6), (10.5, 10), (12.0, 10)],
)
def test_class_k_reaches_from_k_minus_a_half_to_k_plus_a_half(mmi, expected):
    assert classify(np.array([mmi]))[0] == expected


@pytest.mark.parametrize("name", GOLDEN)
def test_real_maps_have_the_node_counts_of_the_reference(shared, name):
    lowest, highest, total, counts = GOLDEN[name]
    mmi = read_shakemap((shared / "data" / name / "grid.xml").read_bytes()).mmi
    assert (mmi.min(), mmi.max()) == (lowest, highest)
    assert mmi.sum() == pytest.approx(total, abs=0.005)
    assert np.bincount(classify(mmi).ravel())[1:].tolist() == counts
