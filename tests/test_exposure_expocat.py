"""EXPO-CAT's columns: what is said is read, what is blank stays unknown, what is wrong is told by line and column."""

from datetime import UTC, datetime

import pytest

from siaga.errors import BadInput
from siaga.exposure import expocat

HEAD = (
    "EventID,Time,Name,Lat,Lon,Depth,Magnitude,CountryCode,MMI1,MMI2,MMI3,MMI4,MMI5,MMI6,MMI7,MMI8,MMI9+,"
    "ShakingDeaths,TotalDeaths,Injured,Fire,Liquefaction,Tsunami,Landslide,Waveheight\n"
)
NIAS = (
    '200503281609,2005-03-28 16:09:37,"Nias, Sumatra",2.05,97.06,33.7,8.6,ID,0,0,5382043,21756245,16863231,3560307,'
    "1468961,508869,13772,1303.0,1303.0,1146.0,0,0,1,0,3.0\n"
)


def read(tmp_path, text):
    path = tmp_path / "quakes.csv"
    path.write_text(text, encoding="utf-8")
    return expocat.read(path)


def test_a_row_is_read_whole(tmp_path):
    (quake,) = read(tmp_path, HEAD + NIAS)
    assert (quake.line, quake.event_id, quake.name, quake.country) == (2, "200503281609", "Nias, Sumatra", "ID")
    assert quake.time == datetime(2005, 3, 28, 16, 9, 37, tzinfo=UTC)
    assert (quake.latitude, quake.longitude, quake.depth_km, quake.magnitude) == (2.05, 97.06, 33.7, 8.6)
    assert quake.by_mmi[8] == 508869
    assert quake.by_mmi[9] == 13772
    assert (quake.shaking_deaths, quake.total_deaths, quake.injured, quake.wave_height_m) == (1303, 1303, 1146, 3)
    assert (quake.causes, quake.problems) == (("tsunami",), ())


def test_blank_is_unknown_and_absent_columns_are_borne(tmp_path):
    first, second = read(tmp_path, "EventID, Name ,MMI7, MMI8,ShakingDeaths\na,UK,0,,\n\nb,Palu,1,2,3\n")
    assert (first.by_mmi, first.shaking_deaths, first.magnitude, first.time, first.name) == (
        {7: 0.0},
        None,
        None,
        None,
        "",
    )
    assert (second.line, second.by_mmi, second.shaking_deaths, second.name) == (4, {7: 1.0, 8: 2.0}, 3.0, "Palu")


@pytest.mark.parametrize(
    ("column", "text"),
    [("MMI7", "many"), ("MMI7", "-1"), ("MMI9+", "nan"), ("Magnitude", "inf"), ("Lat", "91"), ("Time", "yesterday")],
)
def test_a_cell_that_cannot_be_read_is_named_by_line_and_column(tmp_path, column, text):
    (quake,) = read(tmp_path, f"EventID,{column}\na,{text}\n")
    (problem,) = quake.problems
    assert problem["values"] == {"line": 2, "column": column, "text": text}
    assert quake.by_mmi == {}
    assert (quake.magnitude, quake.latitude, quake.time) == (None, None, None)


def test_what_is_no_table_of_quakes_is_refused(tmp_path):
    with pytest.raises(BadInput, match="no column EventID"):
        read(tmp_path, "id,MMI7\n1,2\n")
    with pytest.raises(BadInput, match="no column EventID"):
        read(tmp_path, "")
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\r\n\xff\xfe")
    with pytest.raises(BadInput, match="not a CSV file"):
        expocat.read(tmp_path / "picture.csv")


def test_the_indonesian_extract_is_read_without_a_problem(shared):
    quakes = expocat.read(shared / "data" / "expocat-indonesia.csv")
    assert len(quakes) == 556
    assert sum(quake.shaking_deaths is not None for quake in quakes) == 44
    assert all(len(quake.by_mmi) == 9 and not quake.problems for quake in quakes)
