"""Mistakes of the one who types a command: each is answered with one sentence, and nothing is left behind."""

import numpy as np
import pytest
import shapely
from fixtures import exposure
from fixtures.grids import make_grid

from siaga import cli
from siaga.errors import NotFound
from siaga.gis import layers
from siaga.store import Store

# Stands for what the files of a test are: {name} becomes a path in its folder.
HOUR = ("--snapshot", "2017022105-6-rw")
QUAKE = ("analyse", "earthquake", "{grid.xml}", "--population", "{people.tif}", "--out", "{out}")
FLOOD = (
    "analyse",
    "flood",
    "{flood.json}",
    "--population",
    "{people.tif}",
    "--out",
    "{out}",
    "--snapshot",
    "2017022105-6-rw",
)
ASH = ("analyse", "ash", "{people.tif}", "--population", "{people.tif}", "--out", "{out}")
FORECAST = ("forecast", "{quakes.csv}", "--out", "{out.csv}")
WRONG = (
    "{folder}",
    "{nothing.tif}",
    "{empty}",
    "{text.txt}",
    "{bytes.bin}",
    "{packed.zip}",
    "{cut.tif}",
    "/dev/null",
)
ROLES = ("population", "zones", "places", "structures", "roads", "land_cover", "volcanoes", "airports", "basemap")


class Nowhere:
    """A store in which nothing is installed and which takes nothing."""

    url = "http://nowhere"

    def head(self, *_):
        raise NotFound("nothing")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Good files and bad ones."""
    made = tmp_path_factory.mktemp("mistakes")
    (made / "grid.xml").write_bytes(make_grid(lon=116.5, lat=-8.5, nlon=9, nlat=9, spacing=0.1))
    exposure.population(made / "people.tif", np.full((20, 20), 10.0), 116.0, -8.0, 0.05)
    square = shapely.box(116, -9, 117, -8)
    layers.write(
        made / "zones.gpkg", "z", "Polygon", [square], [{"code": "A", "name": "A"}], {"code": str, "name": str}
    )
    layers.write(
        made / "points.gpkg", "z", "Point", [square.centroid], [{"code": "A", "name": "A"}], {"code": str, "name": str}
    )
    (made / "flood.json").write_text('{"type": "FeatureCollection", "features": []}')
    (made / "quakes.csv").write_text("EventID,Depth\n1,10\n")
    (made / "folder").mkdir()
    (made / "empty").write_bytes(b"")
    (made / "text.txt").write_text("Not what was asked for.\n")
    (made / "bytes.bin").write_bytes(bytes(range(256)) * 20)
    (made / "packed.zip").write_bytes(b"PK\3\4" + bytes(40))
    (made / "cut.tif").write_bytes((made / "people.tif").read_bytes()[:300])
    (made / "list.json").write_text("[1, 2]")
    (made / "nul.csv").write_bytes(b"name,longitude,latitude\0\n\0,\0,\0\n")
    (made / "heads.csv").write_text("name,longitude,latitude\n")
    (made / "far.csv").write_text("name,longitude,latitude\nA,999,999\n")
    (made / "words.csv").write_text("name,longitude,latitude\nA,east,south\n")
    return made


@pytest.fixture
def told(folder, tmp_path, monkeypatch, capsys):
    """Runs a command; returns what it says."""
    monkeypatch.setenv("SIAGA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SIAGA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(Store, "connect", lambda *_: Nowhere())

    def run(*command, lines=1):
        named = [str(folder / one[1:-1]) if one.startswith("{") else one for one in command]
        assert cli.main(named) != 0
        said = capsys.readouterr().err
        assert said.startswith("siaga: ")
        assert said.count("\n") == lines
        assert "not foreseen" not in said
        assert "None" not in said
        assert not (folder / "out" / "impact.json").exists()
        return said

    return run


def with_(command, place, given):
    return (*command[:place], given, *command[place + 1 :])


@pytest.mark.parametrize("given", WRONG)
@pytest.mark.parametrize(
    ("command", "place"), [(QUAKE, 2), (QUAKE, 4), (FLOOD, 2), (FLOOD, 4), (ASH, 2), (ASH, 4), (FORECAST, 1)]
)
def test_what_is_no_such_file_is_told(told, command, place, given):
    told(*with_(command, place, given))


@pytest.mark.parametrize("given", WRONG)
@pytest.mark.parametrize("option", ["--zones", "--structures", "--roads", "--land-cover"])
def test_no_layer_is_told(told, option, given):
    told(*QUAKE, option, given)


@pytest.mark.parametrize("given", WRONG)
@pytest.mark.parametrize("role", [*ROLES, "history"])
def test_what_cannot_be_installed_is_told(told, role, given):
    told("data", "import", role, given)


@pytest.mark.parametrize(
    "given", ["{nul.csv}", "{heads.csv}", "{far.csv}", "{words.csv}", "{list.json}", "{points.gpkg}"]
)
@pytest.mark.parametrize("role", ["population", "zones", "roads", "land_cover", "basemap", "history"])
def test_a_file_of_another_kind_is_told(told, role, given):
    told("data", "import", role, given)


@pytest.mark.parametrize("given", ["{nul.csv}", "{heads.csv}", "{far.csv}", "{words.csv}", "{zones.gpkg}"])
@pytest.mark.parametrize("role", ["places", "volcanoes", "airports"])
def test_points_that_are_none_are_told(told, role, given):
    told("data", "import", role, given)


@pytest.mark.parametrize("command", [QUAKE, FLOOD])
@pytest.mark.parametrize("out", ["{grid.xml}", "{grid.xml}/deeper", "/proc/siaga", "/dev/null"])
def test_where_nothing_can_be_written_is_told(told, folder, command, out):
    told(*with_(command, 6, out.replace("{grid.xml}", str(folder / "grid.xml"))))


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ((*QUAKE, "--zones", "{zones.gpkg}", "--zone-code", "kode"), "has no field kode"),
        ((*QUAKE, "--zones", "{points.gpkg}"), "points.gpkg holds no zone"),
        ((*QUAKE, "--zone-name", "name"), "say nothing without --zones"),
        ((*QUAKE, "--structures-type", "x"), "--structures-type says nothing without --structures"),
        ((*FLOOD, "--snapshot", "yesterday"), "yesterday"),
        ((*FLOOD, "--snapshot", "2017133199-6-rw"), "2017133199-6-rw"),
        (with_(FLOOD, 2, "{list.json}"), ""),
        (with_(FLOOD, 2, "{grid.xml}"), ""),
        ((*ASH, "--request", "{list.json}"), ""),
        ((*ASH, "--request", "{grid.xml}"), ""),
        ((*ASH, "--report"), "--request"),
        (with_(FORECAST, 1, "{nul.csv}"), ""),
        (("data", "import", "zones", "{zones.gpkg}", "--code-field", "kode"), "has no field kode"),
        (("data", "import", "roads", "{zones.gpkg}", "--type-field", "code"), "features that are no lines"),
        (("data", "import", "history", "{heads.csv}"), ""),
        (("data", "remove", "zones"), ""),
        (("data", "list"), ""),
        (("ingest", "{nothing.xml}"), "No such file"),
        (("ingest", "{folder}"), "Is a directory"),
        (("operator", "a:b"), "cannot serve"),
    ],
)
def test_a_mistake_is_told_by_its_name(told, monkeypatch, command, said):
    monkeypatch.setattr(Nowhere, "get", Nowhere.head, raising=False)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    monkeypatch.setattr("sys.stdin.readline", lambda: "a long password\n")
    assert said in told(*command)


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (OSError(28, "No space left on device", "/out/zones.csv"), "siaga: /out/zones.csv: No space left on device\n"),
        (OSError(28, "No space left on device"), "siaga: No space left on device\n"),
        (MemoryError(), "siaga: There is not enough memory for this\n"),
        (
            KeyError("depth"),
            "siaga: KeyError: 'depth'; this was not foreseen, PYTHONDEVMODE=1 shows where it happened\n",
        ),
        (RuntimeError("two\nlines"), "siaga: RuntimeError: two lines; this was not foreseen,"),
    ],
)
def test_even_what_nobody_foresaw_is_one_sentence(monkeypatch, capsys, failure, said):
    def failing(*_):
        raise failure

    monkeypatch.setattr(cli.Settings, "load", failing)
    assert cli.main(["status"]) == 1
    written = capsys.readouterr().err
    assert written.startswith(said)
    assert written.count("\n") == 1


def test_a_table_of_quakes_without_people_is_told_cell_by_cell(told):
    assert "no row names the people" in told(*FORECAST, lines=7)


def test_names_that_the_terminal_cannot_show_end_no_command(folder, told):
    assert "\\udce3" in told(*with_(QUAKE, 2, str(folder / "S\udce3o.xml")))


def test_a_full_disk_is_told(folder, told, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    assert told(*QUAKE) == f"siaga: {folder / 'out'}: No space left on device\n"
