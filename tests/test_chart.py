"""The chart: every part stands in it as compose and stack.yml have it, closed and bounded; wrong values are refused."""

import json
import os
import subprocess
from functools import cache
from pathlib import Path

import jsonschema
import pytest
import yaml
from support.contexts import ROOT

from siaga import machine, openid, outlets, stack
from siaga.settings import Settings

PART = "app.kubernetes.io/component"
CHART = ROOT / "deployment/kubernetes/siaga"
HELM = Path(os.environ.get("SIAGA_CACHE") or Path.home() / ".cache/siaga") / "helm/v3.16.4/helm"
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
COMPOSE = yaml.safe_load((ROOT / "deployment/compose/compose.yml").read_text())["services"]
FUNCTIONS = {one.name: one for one in stack.load(ROOT / "stack.yml")}
ASKED = yaml.safe_load((CHART / "questions.yaml").read_text())["questions"]
QUESTIONS = [*ASKED, *(inner for one in ASKED for inner in one.get("subquestions", ()))]
# What Rancher's form reads of a question (components/Questions of @rancher/shell 3.0.13), but for what none here needs.
# It reads `max_length`, too, and does nothing with it.
READ = {"variable", "label", "description", "tooltip", "type", "default", "required", "group", "options", "min", "max"}
READ |= {"min_length", "show_if", "show_subquestion_if", "subquestions"}
KINDS = {"string", "multiline", "password", "hostname", "boolean", "enum", "radio", "int", "secret", "storageclass"}
ALL = (
    "monitoring.serviceMonitor.enabled=true",
    "monitoring.rules.enabled=true",
    "ingress.enabled=true",
    "ingress.tlsSecret=web-tls",
    "store.replicas=4",
    "store.publicUrl=https://store.example.id",
    "sftp.service.type=LoadBalancer",
)


def helm(*words, expect=0):
    done = subprocess.run([HELM, *words], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == expect, done.stderr
    return done


@cache
def rendered(*values):
    """The objects that these values make."""
    told = [word for value in values for word in ("--set", value)]
    out = helm("template", "siaga", CHART, "-n", "siaga", "--kube-version", "1.31.0", *told).stdout
    return [one for one in yaml.safe_load_all(out) if one]


def of(kind, *values):
    return {one["metadata"]["name"]: one for one in rendered(*values) if one["kind"] == kind}


def pods(*values):
    """The pod of each workload, by the workload's part."""
    found = [one for one in rendered(*values) if "template" in one.get("spec", {})]
    return {one["spec"]["template"]["metadata"]["labels"][PART]: one for one in found}


def container(workload):
    (one,) = workload["spec"]["template"]["spec"]["containers"]
    return one


def settings_of(workload):
    return {one["name"]: one.get("value") for one in container(workload).get("env", ())}


def test_helm_finds_nothing_to_say():
    told = helm("lint", "--strict", "--kube-version", "1.31.0", CHART)
    assert "0 chart(s) failed" in told.stdout


def test_every_part_of_compose_stands_there_and_each_function_as_the_stack_file_has_it():
    there = pods()
    assert FUNCTIONS.keys() == VALUES["functions"].keys()
    assert there.keys() - {"postgresql", "make-secrets"} == COMPOSE.keys() - {"secrets", "edge", "postgres"} - {
        name for name, one in COMPOSE.items() if {"monitoring", "backup"} & set(one.get("profiles", ()))
    }
    for name, function in FUNCTIONS.items():
        told = settings_of(there[name])
        limits = {key: value for key, value in function.environment.items() if not key.startswith("SIAGA_")}
        assert {key: told[key] for key in limits} == limits
        assert told["FUNCTION_MODULE"] == function.module
        assert container(there[name])["resources"]["limits"]["memory"] == function.memory
        assert told["SIAGA_FUNCTION_URL"].format(name=name) == f"http://siaga-{name}:8080"
        assert of("Service")[f"siaga-{name}"]["spec"]["clusterIP"] == "None"  # its name stands for each pod


@pytest.mark.parametrize("values", [(), ALL], ids=["usual", "all"])
def test_every_pod_is_closed_and_bounded_as_pod_security_restricted_wants_it(values):
    for part, workload in pods(*values).items():
        pod, one = workload["spec"]["template"]["spec"], container(workload)
        assert pod["securityContext"]["runAsNonRoot"] is True, part
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert one["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert pod["automountServiceAccountToken"] is (part == "make-secrets")
        assert {"cpu", "memory"} <= one["resources"]["requests"].keys()
        assert "memory" in one["resources"]["limits"]
        kinds = {next(iter(volume.keys() - {"name"})) for volume in pod["volumes"]}
        assert kinds <= {"emptyDir", "secret", "projected", "persistentVolumeClaim", "configMap"}
        if workload["kind"] != "Job":
            assert {"readinessProbe", "livenessProbe"} <= one.keys(), part


def test_a_busy_machine_takes_no_operator_away_in_the_middle_of_an_import():
    probe = container(pods()["operator"])["livenessProbe"]
    assert probe["timeoutSeconds"] >= 10  # an exec alone took longer than a second
    assert probe["periodSeconds"] * probe["failureThreshold"] >= 300


def test_annotations_of_pods_stand_on_every_pod_so_that_a_changed_one_replaces_them():
    for part, workload in pods("podAnnotations.upgraded=today").items():
        assert workload["spec"]["template"]["metadata"]["annotations"] == {"upgraded": "today"}, part


def test_one_machine_with_two_processors_has_room_for_a_whole_upgrade():
    small = yaml.safe_load((CHART.parent / "one-node.yaml").read_text())
    jsonschema.validate(values := merged(VALUES, small), SCHEMA)
    millicores = [int(values[part]["resources"]["requests"]["cpu"].removesuffix("m")) for part in ("gateway", "web")]
    functions = int(values["functionResources"]["requests"]["cpu"].removesuffix("m")) * len(FUNCTIONS)
    assert 3 * (2 * sum(millicores) + functions) < 2 * 2000


def secrets_of(workload):
    """(name, whether there may be none) of each that it is handed; empty where it sees all."""
    sources = [
        source["secret"]
        for volume in workload["spec"]["template"]["spec"]["volumes"]
        for source in (volume["projected"]["sources"] if volume["name"] == "secrets" else ())
    ]
    return {(item["key"], one["optional"]) for one in sources for item in one.get("items", ())}


@pytest.mark.parametrize("part", ["gateway", "sftp", "web", *FUNCTIONS])
def test_a_part_is_handed_its_own_secrets_and_no_other(part):
    assert {name for name, _ in secrets_of(pods()[part])} == set(COMPOSE[part]["secrets"])


def test_a_part_starts_without_the_secrets_that_only_an_operator_gives_and_without_no_other():
    handed = set().union(*map(secrets_of, pods().values()))
    assert {name for name, may_miss in handed if may_miss} == {*outlets.SECRETS, openid.SECRET}
    assert not {(name, False) for name in (*outlets.SECRETS, openid.SECRET)} & handed


def test_what_is_named_as_a_secret_is_made(tmp_path):
    settings = Settings.load({"SIAGA_HOME": str(tmp_path)})
    machine.make_secrets(settings)
    machine.make_store_keys(settings)
    machine.make_database_password(settings)
    for workload in pods(*ALL).values():
        assert {name for name, _ in secrets_of(workload)} <= set(os.listdir(settings.secrets))


WHO_ASKS_WHOM = {
    "gateway": {"gateway", "store", "postgresql", *FUNCTIONS},
    "web": {"gateway", "store"},
    "sftp": {"store"},
    "store": {"store", "gateway"},
    "operator": {"gateway", "store"},
    "prepare": {"store"},
    "postgresql": set(),
    "make-secrets": set(),
} | {name: {"store"} for name in FUNCTIONS}
ASKS_OUTSIDE = {"gateway", "operator", "fetch-flood", "fetch-announcements", "notify"}


def policies(*values):
    """By part what its policy says."""
    found = of("NetworkPolicy", *values).items()
    assert all(one["spec"]["policyTypes"] == ["Ingress", "Egress"] for _, one in found)
    return {name.removeprefix("siaga-"): one["spec"] for name, one in found}


def comes(policy):
    """(part or anybody, ports) for each that may come."""
    for rule in policy["ingress"] or ():
        for who in rule.get("from", ({},)):
            parts = who["podSelector"]["matchExpressions"][0]["values"] if who else ["anybody"]
            yield from ((part, tuple(port["port"] for port in rule["ports"])) for part in parts)


def goes(policy):
    """(part, ports) for each of ours to which it may go."""
    for rule in policy["egress"]:
        for whom in rule.get("to", ()):
            if "podSelector" in whom:
                yield whom["podSelector"]["matchLabels"][PART], tuple(port["port"] for port in rule["ports"])


def networks(policy):
    """To which it may go besides."""
    return {one["ipBlock"]["cidr"] for rule in policy["egress"] for one in rule.get("to", ()) if "ipBlock" in one}


@pytest.mark.parametrize("part", WHO_ASKS_WHOM)
def test_a_part_goes_to_those_that_it_needs_and_they_let_it_in(part):
    there = policies()
    assert there.keys() == pods().keys() == WHO_ASKS_WHOM.keys()
    assert {whom for whom, _ in goes(there[part])} == WHO_ASKS_WHOM[part]
    for whom, ports in goes(there[part]):
        assert {(part, ports), ("anybody", ports)} & set(comes(there[whom])), whom
        listens = {one["containerPort"] for one in container(pods()[whom])["ports"]}
        assert set(ports) <= listens, whom
    assert there[part]["egress"][0] == {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]}
    assert networks(there[part]) == ({"0.0.0.0/0"} if part in ASKS_OUTSIDE else set())


def test_strangers_come_to_the_web_and_the_sftp_door_alone_and_to_the_store_where_it_has_an_address():
    def strange(*values):
        return {part for part, one in policies(*values).items() if "anybody" in dict(comes(one))}

    assert strange() == {"web", "sftp"}
    assert strange("store.publicUrl=https://store.example.id") == {"web", "sftp", "store"}


def test_what_is_elsewhere_may_be_reached_and_what_is_not_there_has_no_policy():
    asks = policies("settings.SIAGA_OIDC_ISSUER=https://sso.example.id")["web"]
    assert networks(asks) == {"0.0.0.0/0"}
    elsewhere = "store.enabled=false", "store.external.url=https://s3.example.id"
    outside = "networkPolicy.outside={10.0.0.0/8,::/0}"
    there = policies(*elsewhere, outside, "sftp.enabled=false", "operator.enabled=false")
    assert there.keys() == WHO_ASKS_WHOM.keys() - {"store", "sftp", "operator"}
    asking = {part for part, one in there.items() if networks(one) == {"10.0.0.0/8", "::/0"}}
    assert asking == there.keys() - {"postgresql", "make-secrets"}
    assert not policies("networkPolicy.enabled=false")


def test_what_is_watched_has_the_names_that_the_rules_of_alarm_know():
    (monitor,) = of("ServiceMonitor", *ALL).values()
    assert monitor["spec"]["jobLabel"] == "siaga/job"
    jobs = {one["metadata"]["labels"].get("siaga/job") for one in of("Service", *ALL).values()} - {None}
    assert jobs == {"siaga-gateway", "siaga-web", "siaga-sftp", "siaga-functions"}
    (rules,) = of("PrometheusRule", *ALL).values()
    assert rules["spec"] == yaml.safe_load((ROOT / "deployment/monitoring/alerts.yml").read_text())


def test_replicas_are_the_scalers_where_there_is_one_and_every_part_may_lose_one_pod():
    scaled = {one["spec"]["scaleTargetRef"]["name"] for one in of("HorizontalPodAutoscaler").values()}
    assert scaled == {"siaga-on-shakemap", "siaga-render-report", "siaga-on-ash", "siaga-on-flood"}
    assert {name for name, one in of("Deployment").items() if "replicas" not in one["spec"]} == scaled
    assert {one["spec"]["maxUnavailable"] for one in of("PodDisruptionBudget").values()} == {1}
    assert of("Deployment")["siaga-gateway"]["spec"]["replicas"] == 2
    alone = of("Deployment", "postgresql.enabled=false", "gateway.replicas=1")["siaga-gateway"]["spec"]
    assert alone["strategy"] == {"type": "Recreate"}


def test_two_gateways_without_a_database_between_them_are_refused():
    told = helm("template", "siaga", CHART, "--kube-version", "1.31.0", "--set", "postgresql.enabled=false", expect=1)
    assert "several gateways share a PostgreSQL" in told.stderr


WRONG = [
    {"secrets": {"given": {"gateway-password": "short"}}},
    {"secrets": {"given": {"postgres-password": "sixteen letters with spaces"}}},
    {"secrets": {"given": {"no-such-secret": "0123456789abcdef"}}},
    {"publicUrl": "siaga.example.id"},
    {"publicUrl": "https://siaga.example.id/"},
    {"gateway": {"replicas": 0}},
    {"gateway": {"replica": 2}},
    {"store": {"replicas": 2}},
    {"store": {"enabled": False}},
    {"store": {"storage": {"size": "much"}}},
    {"functions": {"another": {"replicas": 1}}},
    {"functions": {"on-shakemap": {"replicas": 1, "maxReplicas": 2, "timeout": "2 minutes"}}},
    {"postgresql": {"external": {"url": "postgresql://siaga:a-password@db/siaga"}}},
    {"postgresql": {"external": {"url": "mysql://siaga@db/siaga"}}},
    {"sftp": {"service": {"nodePort": 22}}},
    {"settings": {"siaga_home": "/data"}},
    {"web": {"proxyNetworks": "everybody"}},
    {"networkPolicy": {"outside": ["everywhere"]}},
    {"networkPolicy": {"outside": []}},
    {"image": {"tag": "a tag"}},
    {"unknown": True},
]


def merged(values, more):
    return {
        key: merged(values.get(key, {}), more[key])
        if isinstance(more.get(key), dict)
        else more.get(key, values.get(key))
        for key in {**values, **more}
    }


def test_the_usual_values_are_right():
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    jsonschema.validate(VALUES, SCHEMA)


@pytest.mark.parametrize("wrong", WRONG, ids=map(json.dumps, WRONG))
def test_a_wrong_value_is_refused(wrong):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(merged(VALUES, wrong) if wrong.keys() <= VALUES.keys() else VALUES | wrong, SCHEMA)


def test_the_secrets_that_are_not_made_can_be_given():
    for name in (*outlets.SECRETS, openid.SECRET):
        jsonschema.validate(merged(VALUES, {"secrets": {"given": {name: "as-it-was-told"}}}), SCHEMA)


def test_helm_itself_refuses_a_secret_of_five_letters():
    told = helm("template", "siaga", CHART, "--set", "secrets.given.gateway-password=short", expect=1)
    assert "secrets.given.gateway-password: String length must be greater than or equal to 16" in told.stderr


def told(one):
    """Values by the chart's form: one of its questions and what is answered."""
    below = one[1]
    for word in reversed(one[0].split(".")):
        below = {word: below}
    return merged(VALUES, below)


def test_each_question_of_rancher_asks_for_a_value_that_the_schema_knows():
    for one in QUESTIONS:
        place, values = SCHEMA, VALUES
        for word in one["variable"].split("."):
            place = place.get("properties", {}).get(word) or next(iter(place.get("patternProperties", {}).values()))
            place = SCHEMA["definitions"][place["$ref"].rpartition("/")[2]] if "$ref" in place else place
            values = values.get(word, "") if isinstance(values, dict) else values
        if "default" in one:
            assert one["default"] == values, one["variable"]
    assert {one["group"] for one in ASKED} == {"Addresses", "Images", "Size", "Storage", "Secrets", "Monitoring"}


@pytest.mark.parametrize("one", QUESTIONS, ids=lambda one: one["variable"])
def test_rancher_reads_all_that_a_question_says(one):
    assert one.keys() <= READ, one.keys() - READ
    assert one["type"] in KINDS, "an unknown type becomes a line of text"
    for answer in [*one.get("options", ()), *(one[bound] for bound in ("min", "max") if bound in one)]:
        jsonschema.validate(told((one["variable"], answer)), SCHEMA)


def test_rancher_shows_what_hangs_on_another_answer():
    """Conditions are reckoned: `on-ash` is a difference there, and only a question has an answer from the beginning."""
    asks = {one["variable"] for one in ASKED}
    for one in QUESTIONS:
        if "show_if" in one:
            hangs_on, _, answer = one["show_if"].partition("=")
            assert hangs_on in asks, one["variable"]
            assert "-" not in hangs_on, one["variable"]
            assert answer in ("true", "false"), one["variable"]
        if "show_subquestion_if" in one:
            assert "-" not in one["variable"]
            assert one["show_subquestion_if"] in (True, *one.get("options", ())), one["variable"]
