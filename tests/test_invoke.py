"""`siaga invoke`: one function alone with an input from a file, without gateway and slots."""

import json

import pytest
from fixtures import installed
from fixtures.grids import make_grid

from siaga import cli, keys
from siaga.function import frame


@pytest.fixture
def invoke(store, minio, tmp_path, monkeypatch, capsys, qgis):
    """The command with a home of its own on the tests' store; (exit status, what it printed)."""
    installed.install(store, tmp_path)
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "SIAGA_HOME": tmp_path / "home",
        "SIAGA_SECRETS": minio.secrets,
        "SIAGA_STORE_URL": minio.store_url,
        "SIAGA_CACHE": tmp_path / "cache",
        "SIAGA_PETABENCANA_URLS": "",
    }.items():
        monkeypatch.setenv(name, str(value))
    frame.open_context.cache_clear()

    def command(*arguments):
        status = cli.main(["invoke", *arguments])
        said = capsys.readouterr()
        return status, said.out + said.err

    yield command
    frame.open_context.cache_clear()


def test_a_file_becomes_figures_and_figures_a_report(invoke, store, tmp_path):
    (tmp_path / "grid.xml").write_bytes(make_grid())
    status, said = invoke("on-shakemap", "grid.xml")
    assert status == 0, said
    assert said.startswith("state    done")
    (impact,) = [head.key for head in store.list(keys.RESULTS) if head.key.endswith("/impact.json")]
    assert f"holds    results/{impact}" in said
    assert json.loads(store.get(keys.RESULTS, impact)[0])["people"]["total"] > 0
    assert not [head for head in store.list(keys.RESULTS) if head.key.endswith(".pdf")]  # that function alone
    status, said = invoke("render-report", f"results/{impact}")
    assert status == 0, said
    assert "report-id.pdf" in said


def test_a_file_that_is_refused_says_why(invoke, tmp_path):
    (tmp_path / "grid.xml").write_bytes(b"<broken")
    status, said = invoke("on-shakemap", "grid.xml", "--as", "shakemaps/20180805194635/grid.xml")
    assert status == 1
    assert "state    refused" in said
    assert "reason   " in said


def test_a_function_with_a_schedule_wants_no_input(invoke):
    assert invoke("fetch-flood") == (0, "state    done\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("on-tsunami", "grid.xml"), "There is no function on-tsunami; there are on-shakemap"),
        (("on-shakemap",), "on-shakemap wants an input"),
        (("on-shakemap", "nowhere.xml"), "nowhere.xml is no file"),
        (("on-flood", "flood_data.json"), "Say with --as"),
        (("on-flood", "flood_data.json", "--as", "lost/flood_data.json"), "lost/flood_data.json is no BUCKET/KEY"),
    ],
)
def test_what_cannot_be_invoked_is_said_in_a_sentence(invoke, tmp_path, arguments, sentence):
    (tmp_path / "flood_data.json").write_text("{}")
    status, said = invoke(*arguments)
    assert status == 1
    assert said.startswith(f"siaga: {sentence}")
