"""stack.yml: what is read from it, and that what is wrong is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siaga import stack
from siaga.errors import SiagaError
from siaga.settings import REPOSITORY, Settings
from siaga.stack import Pattern

ONE = """
functions:
  on-map:
    handler: ./functions/on_map
    image: siaga/on-map:${RELEASE:-7}${NOTHING}
    environment: {exec_timeout: 1h2m3s, LEVEL: 5, ADDRESS: ${NOTHING}}
    labels: {com.openfaas.scale.min: "3"}
    annotations:
      siaga.inputs: maps/a*grid.xml maps/b*x other/*
  on-time:
    handler: ./functions/on_time
    annotations: {topic: cron-function, schedule: "*/5 * * * *"}
  on-paper:
    handler: ./functions/on_paper
    annotations: {schedule: "*/5 * * * *"}
"""


@pytest.fixture
def load(tmp_path):
    """Write a stack file and read it."""

    def read(text, **env):
        (tmp_path / "stack.yml").write_text(text)
        return stack.load(tmp_path / "stack.yml", env)

    return read


def test_each_field_of_a_function(load, tmp_path):
    first, second, third = load(ONE)
    assert (first.name, first.image, first.module) == ("on-map", "siaga/on-map:7", "functions.on_map.handler")
    assert first.handler == tmp_path / "functions" / "on_map"
    assert first.inputs == (Pattern("maps", "a", "grid.xml"), Pattern("maps", "b", "x"), Pattern("other", "", ""))
    assert (first.replicas, first.timeout_seconds) == (3, 3723)
    assert first.environment == {"exec_timeout": "1h2m3s", "LEVEL": "5", "ADDRESS": ""}
    assert (second.replicas, second.timeout_seconds, second.inputs) == (1, 60, ())
    assert (first.schedule, second.schedule) == ("", "*/5 * * * *")
    assert third.schedule == ""  # OpenFaaS's cron connector asks for its topic


def test_variables_are_taken_from_the_environment(load):
    assert load(ONE, RELEASE="8", NOTHING="x")[0].image == "siaga/on-map:8x"


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("90s", 90), ("5m", 300), ("2h", 7200), ("1m30s", 90)])
def test_time_outs_as_openfaas_writes_them(load, text, seconds):
    assert load(ONE.replace("1h2m3s", text))[0].timeout_seconds == seconds


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("on-map:\n", "On_Map:\n", "On_Map is not a DNS label"),
        ("1h2m3s", "soon", "on-map: exec_timeout: soon"),
        ("1h2m3s", '""', "on-map: exec_timeout"),
        ("maps/a*grid.xml", "maps", "on-map: siaga.inputs: maps is not"),
        ("maps/a*grid.xml", "maps/*a*", "on-map: siaga.inputs"),
        ("    handler: ./functions/on_map\n", "", "on-map"),
        ('"3"', '"many"', "on-map"),
        ("functions:", "functions: [", "not a stack file"),
        ("functions:", "things:", "not a stack file"),
        ("  on-paper:\n", "  on-paper: 7\n  more:\n", "on-paper"),
    ],
)
def test_what_is_wrong_is_named(load, old, new, named):
    assert old in ONE
    with pytest.raises(SiagaError, match="stack.yml") as raised:  # noqa: RUF043 - any sign will do
        load(ONE.replace(old, new))
    assert named in str(raised.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SiagaError, match="nowhere"):
        stack.load(tmp_path / "nowhere.yml")


@given(st.text(max_size=5), st.text(max_size=5), st.text(max_size=8))
def test_a_pattern_wants_both_ends_and_they_do_not_overlap(prefix, suffix, middle):
    assert Pattern("b", prefix, suffix).matches("b", prefix + middle + suffix)
    assert not Pattern("b", prefix, suffix).matches("c", prefix + middle + suffix)
    assert not Pattern("b", "ab", "ba").matches("b", "aba")


def test_slots_have_ports_in_a_row(load, tmp_path):
    settings = Settings.load({"SIAGA_HOME": str(tmp_path), "SIAGA_FUNCTION_URL": "http://{name}:{port}"})
    found = stack.slots(load(ONE), settings)
    assert [(slot.function.name, slot.url) for slot in found] == [
        ("on-map", "http://on-map:8100"),
        ("on-map", "http://on-map:8101"),
        ("on-map", "http://on-map:8102"),
        ("on-time", "http://on-time:8103"),
        ("on-paper", "http://on-paper:8104"),
    ]


def test_the_projects_own_stack_can_be_read():
    functions = stack.load(REPOSITORY / "stack.yml")
    assert [one.name for one in stack.waking(functions, "shakemaps", "a/output/grid.xml")] == ["on-shakemap"]
    for name in ("GRID.XML", "a/Grid.xml.zip", "a/grid.xml.GZ"):
        assert [one.name for one in stack.waking(functions, "shakemaps-corrected", name)] == ["on-shakemap"]
    for name in ("a/grid.xml.7z", "a/grid.xml.refused.txt", "a/grid.xml.failed.txt", "a/GRID.XML.published.txt", "xml"):
        assert stack.waking(functions, "shakemaps", name) == []


MANY = """
functions:
  on-map:
    handler: ./functions/on_map
    limits: {memory: 2Gi}
    labels: {com.openfaas.scale.max: "2"}
  on-paper:
    handler: ./functions/on_paper
    limits: {memory: 1Gi}
    labels: {com.openfaas.scale.min: "1", com.openfaas.scale.max: "3"}
  on-time:
    handler: ./functions/on_time
    limits: {memory: 1Gi}
"""


@pytest.mark.parametrize(
    ("megabytes", "slots"),
    [("0", [1, 1, 1]), ("6143", [1, 2, 1]), ("6144", [2, 1, 1]), ("7168", [2, 2, 1]), ("99999", [2, 3, 1])],
)
def test_functions_get_more_slots_as_far_as_memory_goes(tmp_path, megabytes, slots):
    (tmp_path / "stack.yml").write_text(MANY)
    env = {"SIAGA_STACK": str(tmp_path / "stack.yml"), "SIAGA_FUNCTION_MEMORY_MB": megabytes}
    assert [function.replicas for function in stack.planned(Settings.load(env))] == slots
    elsewhere = Settings.load(env | {"SIAGA_FUNCTION_URL": "http://{name}:8080"})
    assert [function.replicas for function in stack.planned(elsewhere)] == [1, 1, 1]  # they scale there


def test_a_function_without_a_limit_leaves_nothing_to_reckon_with(tmp_path):
    (tmp_path / "stack.yml").write_text(MANY.replace("    limits: {memory: 1Gi}\n", "", 1))
    env = {"SIAGA_STACK": str(tmp_path / "stack.yml"), "SIAGA_FUNCTION_MEMORY_MB": "99999"}
    assert [function.replicas for function in stack.planned(Settings.load(env))] == [1, 1, 1]
