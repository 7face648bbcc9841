"""Prometheus, Alertmanager and Grafana: their files are right, and some part shows every figure that they use."""

import json
import re

import requests
import yaml
from prometheus_client.parser import text_string_to_metric_families
from support.contexts import ROOT
from test_alarm_rules import FOLDER, RULES, metrics, run
from test_vitals import addresses

from siaga import stack, vitals

DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
QUERIES = [target["expr"] for panel in PANELS for target in panel["targets"]]
COMPOSE = ROOT / "deployment/compose/compose.yml"
SERVICES = yaml.safe_load(COMPOSE.read_text())["services"]
WATCHERS = {name: one for name, one in SERVICES.items() if one.get("profiles") == ["monitoring"]}


def test_every_figure_of_rules_and_dashboard_is_shown_by_a_running_part(stack_up):
    token, shown = {"Authorization": f"Bearer {stack_up.settings.secret(vitals.TOKEN)}"}, {}
    for url in addresses(stack_up.settings).values():
        text = requests.get(f"{url}{vitals.METRICS}", headers=token, timeout=20).text
        shown |= {family.name: family for family in text_string_to_metric_families(text)}
    used = set().union(*(metrics(text) for text in [*QUERIES, *(rule["expr"] for rule in RULES)]))
    assert {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in used} <= shown.keys()
    for name, family in shown.items():
        if name.startswith("siaga_"):
            assert family.documentation, name
            assert not re.search(r"_(ms|minutes|hours|kb|mb)\b", name), name


def test_the_dashboard_asks_whatever_prometheus_its_reader_chooses():
    assert [one["type"] for one in DASHBOARD["templating"]["list"] if one["name"] == "datasource"] == ["datasource"]
    chosen = {"type": "prometheus", "uid": "${datasource}"}
    for panel in PANELS:
        assert panel["datasource"] == chosen, panel["title"]
        assert panel["title"]
        assert panel["type"] in ("stat", "timeseries")
        assert all(target["datasource"] == chosen and target["refId"] for target in panel["targets"])
    assert DASHBOARD["schemaVersion"] >= 36
    assert DASHBOARD["uid"]


def test_panels_have_numbers_of_their_own_and_do_not_lie_on_each_other():
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    taken = set()
    for place in (panel["gridPos"] for panel in DASHBOARD["panels"]):
        assert place["x"] + place["w"] <= 24
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken
        taken |= cells


def test_queries_of_the_dashboard_are_promql(tmp_path):
    """Prometheus's tool reads them as rules."""
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(QUERIES)]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    checked = run("prometheus", "promtool", "check", "rules", str(tmp_path / "rules.yml"))
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_prometheus_and_alertmanager_take_their_files():
    checked = run("prometheus", "promtool", "check", "config", "--syntax-only", "prometheus.yml")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    checked = run("prometheus-alertmanager", "amtool", "check-config", "alertmanager.yml")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    heartbeat = run(
        "prometheus-alertmanager",
        "amtool",
        "config",
        "routes",
        "test",
        "--config.file=alertmanager.yml",
        "severity=heartbeat",
    )
    assert heartbeat.stdout.strip() == "heartbeat"


def test_prometheus_looks_at_every_part_of_the_compose_file_by_the_jobs_of_the_rules():
    told = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    looked_at = {
        name: job["job_name"]
        for job in told["scrape_configs"]
        for one in job["dns_sd_configs"]
        for name in one["names"]
    }
    functions = dict.fromkeys((one.name for one in stack.load(ROOT / "stack.yml")), "siaga-functions")
    assert looked_at == {"gateway": "siaga-gateway", "web": "siaga-web", "sftp": "siaga-sftp"} | functions
    assert set(re.findall(r'job="([\w-]+)"', " ".join(rule["expr"] for rule in RULES))) <= set(looked_at.values())


def test_what_watches_is_closed_bounded_and_its_files_are_there():
    assert WATCHERS.keys() == {"prometheus", "alertmanager", "grafana"}
    for name, one in WATCHERS.items():
        assert (one["read_only"], one["cap_drop"], one["cap_add"]) == (True, ["ALL"], ["DAC_OVERRIDE"]), name
        assert "memory" in one["deploy"]["resources"]["limits"]
        assert all(port.startswith("127.0.0.1:") for port in one["ports"]), name
        for volume in one["volumes"]:
            if volume.startswith("."):
                assert (COMPOSE.parent / volume.partition(":")[0]).is_file(), volume
