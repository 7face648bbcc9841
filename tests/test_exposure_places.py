"""Places and volcanoes read from their CSV files."""

import numpy as np
import pytest

from siaga.errors import SiagaError
from siaga.exposure import places


def test_each_column_is_one_array_in_the_order_of_the_file(tmp_path):
    path = tmp_path / "places.csv"
    path.write_text(
        "name,longitude,latitude,population,kind,zone\n"
        "Palu,119.87,-0.91,389959,city,Kota Palu\n"
        '"Tanjung, utara",116.16,-8.36,,regency_seat,\n',
        encoding="utf-8",
    )
    towns = places.read(path)
    assert len(towns) == 2
    assert towns.name.tolist() == ["Palu", "Tanjung, utara"]
    assert towns.longitude.tolist() == [119.87, 116.16]
    assert towns.population[0] == 389959
    assert np.isnan(towns.population[1])
    assert towns.zone.tolist() == ["Kota Palu", ""]
    with pytest.raises(ValueError, match="read-only"):
        towns.latitude[0] = 0


def test_a_file_with_no_lines_is_no_places(tmp_path):
    path = tmp_path / "places.csv"
    path.write_text("name,longitude,latitude,population,kind,zone\n")
    assert len(places.read(path)) == 0


def test_a_wrong_number_is_named_with_its_line(tmp_path):
    path = tmp_path / "places.csv"
    path.write_text("name,longitude,latitude,population,kind,zone\nPalu,119.87,-0.91,many,city,\n")
    with pytest.raises(SiagaError, match="line 2: population is not a number: 'many'"):
        places.read(path)


def test_a_missing_column_is_named(tmp_path):
    path = tmp_path / "volcanoes.csv"
    path.write_text("name,longitude,latitude,type\n")
    with pytest.raises(SiagaError, match="no column elevation_m"):
        places.read_volcanoes(path)


def test_volcanoes_of_an_older_siaga_lie_in_no_known_district(tmp_path):
    path = tmp_path / "volcanoes.csv"
    path.write_text("name,longitude,latitude,elevation_m,type\nMerapi,110.446,-7.54,2968,Stratovolcano\n")
    found = places.read_volcanoes(path)
    assert (found.name.tolist(), found.district.tolist(), found.province.tolist()) == (["Merapi"], [""], [""])


def test_a_place_needs_coordinates(tmp_path):
    path = tmp_path / "places.csv"
    path.write_text("name,longitude,latitude,population,kind,zone\nPalu,,,1,city,\n")
    with pytest.raises(SiagaError, match="line 2: there is no longitude"):
        places.read(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_a_table_in_any_encoding_with_any_mark_between_columns(tmp_path, encoding, between):
    rows = [
        ("name", "kind", "zone", "longitude", "latitude", "population"),
        ("São Tomé", "city", "", "116.5", "-8.25", "12000"),
        (" ", "city", "", "1", "2", "3"),
    ]
    text = "\r\n".join(between.join(row) for row in rows) + "\r\n"
    if between != ",":
        text = text.replace("116.5", "116,5").replace("8.25", "8,25")
    path = tmp_path / "places.csv"
    path.write_bytes(text.encode(encoding))
    found = places.read(path)
    assert (found.name.tolist(), found.longitude.tolist(), found.latitude.tolist()) == (["São Tomé"], [116.5], [-8.25])
    assert found.population.tolist() == [12000]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ('"' + "x" * 200_000 + '",city,,1,2,3', "field larger than field limit"),
        ("A,city,,inf,2,3", "longitude is not a number: 'inf'"),
        ("A,city,,1165,2,3", "line 2: longitude is 1165.0, outside the world; are longitude and latitude swapped"),
        ("A,city,,1", "line 2: there is no latitude"),
        ("A,city,,-8.5,116.5,3", "line 2: latitude is 116.5, outside the world; are longitude and latitude swapped"),
    ],
)
def test_a_table_that_cannot_serve_is_told_in_a_sentence(tmp_path, cells, said):
    path = tmp_path / "places.csv"
    path.write_text(f"name,kind,zone,longitude,latitude,population\n{cells}\n")
    with pytest.raises(SiagaError, match=said):
        places.read(path)


def test_a_place_that_is_listed_twice_is_one_and_heads_may_be_capital(tmp_path):
    path = tmp_path / "places.csv"
    path.write_text("Name, Longitude,LATITUDE,population,kind,zone\n" + "Palu,119.87,-0.91,1,city,\n" * 2)
    assert places.read(path).name.tolist() == ["Palu"]
