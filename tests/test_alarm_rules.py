"""The rules of alarm: each fires in a test of Prometheus's own tool, and none in a calm hour"""

import os
import re
import subprocess

import yaml
from support.contexts import ROOT

from siaga.settings import Settings

FOLDER = ROOT / "deployment/monitoring"
DEBIAN = Settings.load(os.environ).cache / "debian"
RULES = [rule for group in yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"] for rule in group["rules"]]
CASES = yaml.safe_load((FOLDER / "alerts_test.yml").read_text())["tests"]
SEVERITIES = {"page", "ticket", "heartbeat"}
ALWAYS = "SiagaWatchdog"


def run(package, program, *arguments):
    """Run one program of a package that set-up has unpacked."""
    command = [DEBIAN / package / "usr/bin" / program, *arguments]
    return subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=300, check=False)


def metrics(text):
    """The names of Siaga's figures in a query."""
    return set(re.findall(r"\bsiaga_\w+", text))


def test_each_rule_fires_in_its_case_and_none_in_the_calm_hour():
    tested = run("prometheus", "promtool", "test", "rules", "alerts_test.yml")
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_each_rule_has_a_case_in_which_it_alone_fires():
    fired = {}
    for case in CASES:
        for query in case["promql_expr_test"]:
            for sample in query.get("exp_samples", ()):
                fired[re.search(r'alertname="(\w+)"', sample["labels"])[1]] = sample["value"]
    assert fired == {rule["alert"]: 1 for rule in RULES}


def test_the_calm_hour_has_every_figure_that_a_rule_looks_at():
    calm = next(case for case in CASES if case["name"] == "a calm hour")
    shown = set().union(*(metrics(one["series"]) for one in calm["input_series"]))
    assert set().union(*(metrics(rule["expr"]) for rule in RULES)) <= shown


def test_a_rule_says_how_bad_it_is_and_what_to_do():
    for rule in RULES:
        assert rule["labels"]["severity"] in SEVERITIES, rule["alert"]
        assert set(rule["annotations"]) == {"summary", "description"}, rule["alert"]
        assert (rule["labels"]["severity"] == "heartbeat") == (rule["alert"] == ALWAYS)


def test_a_rule_that_never_fires_is_seen(tmp_path):
    """That the tool tells, by one case alone."""
    case = next(case for case in CASES if case["name"] == "SiagaStoreSilent")
    text = (FOLDER / "alerts.yml").read_text()
    (tmp_path / "alerts.yml").write_text(text.replace("siaga_store_up == 0", "siaga_store_up == 5"))
    (tmp_path / "one.yml").write_text(yaml.safe_dump({"rule_files": ["alerts.yml"], "tests": [case]}))
    tested = run("prometheus", "promtool", "test", "rules", str(tmp_path / "one.yml"))
    assert tested.returncode != 0
    assert "SiagaStoreSilent" in tested.stdout + tested.stderr
