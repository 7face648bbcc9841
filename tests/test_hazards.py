"""A hazard is one row: what wakes its function, what reads it and what shows it agree with that row."""

import pytest

from siaga import keys, stack
from siaga.alerts import brief, facts
from siaga.cli import analyse
from siaga.hazards import HAZARDS
from siaga.impact import schemas
from siaga.inputs import layouts
from siaga.report import assembly
from siaga.settings import REPOSITORY
from web import decisions, downloads
from web.api import schemas as api
from web.feeds import area, atom, judgement, monty

NAMES = pytest.mark.parametrize("name", HAZARDS)


@NAMES
def test_stack_yml_wakes_the_function_of_the_row_by_its_buckets_and_patterns(name):
    hazard = HAZARDS[name]
    functions = {one.name: one for one in stack.load(REPOSITORY / "stack.yml")}
    woken = {(pattern.bucket, f"{pattern.prefix}*{pattern.suffix}") for pattern in functions[hazard.function].inputs}
    assert woken == {(bucket, pattern) for bucket in hazard.buckets + hazard.unshown for pattern in hazard.patterns}


@NAMES
def test_a_key_wakes_it_in_its_own_buckets_alone(name):
    hazard, key = HAZARDS[name], f"2017022105/{HAZARDS[name].name}"
    for bucket in keys.INPUTS:
        for written in (key, f"2017022105/{hazard.name.upper()}"):
            assert keys.woken(bucket, written) == (hazard.function if bucket in hazard.buckets else "")
    assert keys.woken(hazard.buckets[0], "2017022105/README.txt") == ""


def test_whatever_is_made_for_one_hazard_is_made_for_all():
    feeds = (area.AREAS, atom._TITLES, judgement.CATEGORY, judgement.CODES, monty.CODES)
    alerts = (brief._NAMES, facts.SEVERITY)
    pages = (downloads.FILES, decisions._PAGES, api.HAZARDS)
    for table in (analyse.HAZARDS, assembly.ROLES, layouts.SECTIONS, *alerts, *feeds, *pages):
        assert table.keys() == HAZARDS.keys()
    for name in HAZARDS:
        assert schemas.of(name)["properties"]["hazard"] == {"const": name}


@NAMES
def test_its_pages_lie_where_the_row_says(name):
    run = keys.Run.parse(f"{name}/20180220163351/initial-v001-3fa91c07/0a1b2c3d")
    assert run.page == f"{HAZARDS[name].page}/20180220163351/initial-v001-3fa91c07"
