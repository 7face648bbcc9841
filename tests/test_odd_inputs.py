"""People under inputs that are odd but sure: each counts as the plain one would."""

import json

import numpy as np
import pytest
from fixtures import ash, exposure
from fixtures.grids import make_grid

from siaga.gis.people import ash_ground, by_class, by_mmi, flood_ground
from siaga.hazard.ash import read_request
from siaga.hazard.flood import read_flood
from siaga.hazard.gridxml import read_shakemap

FIELDS = ("LON", "LAT", "MMI", "PSA30")


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """400,000 people, ten in each cell of 0.01 degrees, from 100° to 102° E and 1° S to 1° N."""
    folder = tmp_path_factory.mktemp("people")
    return exposure.population(folder / "people.tif", np.full((200, 200), 10.0), 100.0, 1.0, 0.01), folder


def quake(spacing=0.05, nlon=43, **more):
    return make_grid(
        lon=101.0, lat=0.0, nlon=nlon, nlat=nlon, spacing=spacing, mmi=np.full((nlon, nlon), 7.0), fields=FIELDS, **more
    )


@pytest.mark.parametrize(
    "body",
    [
        quake().replace(b" 7.00 1\n", b" 7.00 -inf\n"),
        quake().replace(b" 7.00 1\n", b" 7.00 nan\n"),
        quake().replace(b" 7.00 1\n", b" 7.00\n"),
        quake().replace(b"PSA30", b"PGV").replace(b" 7.00 1\n", b" 7.00 -2.7\n"),
        b"\n" + quake(),
        quake(spacing=1 / 120, nlon=241),
        quake(time="2016-12-14T00:57:60"),
        quake(zone="WITA"),
        quake(version=""),
        quake().replace(b'lon="101.0', b'lon="-259.0').replace(b'lon_min="99.95', b'lon_min="-260.05'),
    ],
)
def test_a_quake(people, body):
    grid, folder = people
    found = by_mmi.people(read_shakemap(body), grid, None, folder)
    assert found.by_mmi[6] == pytest.approx(400_000)
    assert found.by_mmi.sum() == pytest.approx(400_000)


def square(west, *, height=False):
    corners = [[west, -0.5], [west + 0.1, -0.5], [west + 0.1, -0.4], [west, -0.4], [west, -0.5]]
    return [[*corner, 5] if height and number % 2 else corner for number, corner in enumerate(corners)]


def flood(*areas):
    """areas: ring or None, state, of RW 1, 2 and so on."""
    features = [
        {
            "geometry": None if ring is None else {"type": "Polygon", "coordinates": [ring]},
            "properties": {"geom_id": f"317404000{number}009000", "area_name": f"RW {number}", "state": state},
        }
        for number, (ring, state) in enumerate(areas, 1)
    ]
    return read_flood(json.dumps({"type": "FeatureCollection", "features": features}).encode())


@pytest.mark.parametrize(
    ("areas", "expected"),
    [
        ([(square(101.0), 2), (None, 3)], [0, 1000, 0, 0]),
        ([(square(101.0), 2), (square(101.3, height=True), 3)], [0, 1000, 1000, 0]),
        ([(square(101.0), 2), (square(101.0), 4)], [0, 0, 0, 1000]),
        ([(square(101.0), "2"), (square(101.3), 0)], [0, 1000, 0, 0]),
        ([([[101, -0.5], [101.1, -0.4], [101.1, -0.5], [101, -0.4], [101, -0.5]], 2)], [0, 500, 0, 0]),
    ],
)
def test_a_flood(people, areas, expected):
    classed, _ = flood_ground.polygons(flood(*areas))
    found = by_class.people(classed, people[0], None)
    assert found.by_class == pytest.approx(expected, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize(
    ("more", "in_cm"),
    [
        ({}, 1),
        ({"unit": "mm"}, 10),
        ({"unit": "m"}, 0.01),
        ({"band": {"units": "Millimeters"}}, 10),
        ({"band": {"units": "kg m-2"}}, 10),
    ],
)
def test_an_ash_fall(people, more, in_cm):
    values = np.where(np.arange(100) < 50, 1.0, 6.0) * np.ones((100, 1)) * in_cm
    body = ash.raster(values, west=100.5, north=0.5, cell=0.01, **more)
    one = read_request(ash.request(longitude=101.0, latitude=0.0, density_kg_m3=1000))
    found = by_class.people(ash_ground.polygons(ash_ground.read(body, one)), people[0], None)
    assert found.by_class == pytest.approx([0, 50_000, 0, 50_000, 0], rel=1e-9)
