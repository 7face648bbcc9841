"""The compose file: every part stands in it, bounded, closed, with its own secrets and what stack.yml says."""

import re

import pytest
import yaml
from support.contexts import ROOT

from siaga import machine, stack
from siaga.settings import Settings
from siaga.vitals import TOKEN

FOLDER = ROOT / "deployment/compose"
COMPOSE = yaml.safe_load((FOLDER / "compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: one for name, one in SERVICES.items() if "/core:" in one["image"] or "/function:" in one["image"]}
OURS["store"] = SERVICES["store"]
FUNCTIONS = {one.name: one for one in stack.load(ROOT / "stack.yml")}
ASKED = {  # of which secrets each part reads; the store's by role
    "gateway": (
        "gateway-user",
        "gateway-password",
        "webhook-token",
        "jobs-token",
        "orders-token",
        stack.SLOT_TOKEN,
        TOKEN,
    ),
    "sftp": ("sftp-host-key", "sftp-users.yml", TOKEN),
    "web": ("web-session-key", "oidc-secret", "alerts-key", "jobs-token", "orders-token", TOKEN),
}
ROLES = {"gateway": ("gateway",), "sftp": ("door",), "web": ("web", "accounts", "ash", "operators")}


@pytest.mark.parametrize("name", OURS)
def test_a_part_is_closed_bounded_and_comes_back(name):
    one = OURS[name]
    assert (one["read_only"], one["cap_drop"], one["security_opt"]) == (True, ["ALL"], ["no-new-privileges:true"])
    assert one["restart"] in ("unless-stopped", "on-failure") or "tools" in one["profiles"]
    assert "tools" in one.get("profiles", ()) or "memory" in one["deploy"]["resources"]["limits"]
    assert not re.search(r"(?i)password|token|secret", " ".join(map(str, one["environment"].values()))) or all(
        value.startswith("/") for value in one["environment"].values() if re.search(r"(?i)secret|token", value)
    )


@pytest.mark.parametrize("name", OURS)
def test_what_answers_is_asked_how_it_is_and_what_listens_nowhere_is_never_called_unhealthy(name):
    one = OURS[name]
    asked = "HEALTH_URL" in one["environment"] or "/function:" in one["image"]
    assert asked != one.get("healthcheck", {}).get("disable", False)


def test_no_part_is_bound_to_another_since_podman_starts_none_again_beside_one_that_has_ended():
    assert [name for name, one in SERVICES.items() if "depends_on" in one] == []


def test_every_function_stands_there_as_the_stack_file_has_it():
    there = {name: one for name, one in SERVICES.items() if "/function:" in one["image"]}
    assert there.keys() == FUNCTIONS.keys()
    for name, function in FUNCTIONS.items():
        told = there[name]["environment"]
        assert told["FUNCTION_MODULE"] == function.module
        assert told["SIAGA_FUNCTION_URL"].format(name=name) == f"http://{name}:8080"
        limits = {key: value for key, value in function.environment.items() if not key.startswith("SIAGA_")}
        assert {key: told[key] for key in limits} == limits
        memory = there[name]["deploy"]["resources"]["limits"]["memory"]
        assert memory == function.memory.replace("Mi", "m")
        assert there[name]["secrets"] == list(function.deployment["secrets"])


@pytest.mark.parametrize("name", ASKED)
def test_a_part_is_handed_its_own_secrets_and_no_other(name):
    own = {f"store-{role}-{half}" for role in ROLES[name] for half in ("key", "secret")} | set(ASKED[name])
    assert set(SERVICES[name]["secrets"]) - {"postgres-password"} == own


def test_all_that_is_named_is_declared_and_made(tmp_path):
    settings = Settings.load({"SIAGA_HOME": str(tmp_path)})
    machine.make_secrets(settings)
    machine.make_store_keys(settings)
    machine.make_database_password(settings)
    machine.make_monitoring_password(settings)
    for name, one in COMPOSE["secrets"].items():
        assert one["file"] == f"./secrets/{name}"
        assert (settings.secrets / name).is_file(), name
    for service in SERVICES.values():
        assert set(service.get("secrets", ())) <= COMPOSE["secrets"].keys()
        assert set(service.get("networks", ())) <= COMPOSE["networks"].keys()
        for volume in service.get("volumes", ()):
            source = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", volume).split(":")[0]
            assert source in COMPOSE["volumes"] or source.startswith(("./", "../"))


def test_every_setting_is_one_that_there_is_and_env_example_names_what_must_be_said():
    known = set(re.findall(r"SIAGA_\w+", Settings.__doc__)) | {"SIAGA_SECRETS"}
    used = {key for one in OURS.values() for key in one["environment"] if key.startswith("SIAGA_")}
    assert used <= known
    assert {one for one in known if one.startswith("SIAGA_OIDC_")} <= SERVICES["web"]["environment"].keys()
    text = (FOLDER / "compose.yml").read_text()
    example = dict(re.findall(r"^(SIAGA_\w+)=(.*)$", (FOLDER / "env.example").read_text(), re.MULTILINE))
    assert set(re.findall(r"\$\{(SIAGA_\w+):\?", text)) <= example.keys()
    assert example.keys() <= set(re.findall(r"\$\{(SIAGA_\w+)", text))
    assert (
        set(re.findall(r"\$(SIAGA_\w+)", (FOLDER / "Caddyfile").read_text())) <= SERVICES["edge"]["environment"].keys()
    )
