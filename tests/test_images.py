"""Images: contexts of functions are whole and serve; Dockerfiles give nobody root, a secret or a silent end."""

import json
import os
import re
import shlex
import subprocess
import sys

import pytest
import requests
import yaml
from support.contexts import ROOT, shrinkwrapped
from support.running import answers, free_ports, wait_for

STACK = yaml.safe_load((ROOT / "stack.yml").read_text())
TEMPLATE, IMAGES = ROOT / "template/python3-qgis", ROOT / "deployment/images"
FILES = [TEMPLATE / "Dockerfile", IMAGES / "core.Dockerfile", IMAGES / "store.Dockerfile"]
WORDS = {
    "ARG",
    "FROM",
    "COPY",
    "RUN",
    "ENV",
    "LABEL",
    "USER",
    "EXPOSE",
    "WORKDIR",
    "SHELL",
    "STOPSIGNAL",
    "HEALTHCHECK",
    "CMD",
}


def steps(file):
    """Instruction and its words, lines joined."""
    text = re.sub(r"^#.*\n", "", file.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [tuple(line.split(maxsplit=1)) for line in text.splitlines() if line.strip()]


def well(file, port):
    """Whether the health check of a Dockerfile calls the part well that listens on that port."""
    (told,) = [rest for word, rest in steps(file) if word == "HEALTHCHECK"]
    seconds, command = int(re.search(r"--timeout=(\d+)s", told)[1]), json.loads(told.partition(" CMD ")[2])
    words = [word.replace("/opt/siaga", str(IMAGES)) for word in command[1:]]
    environment = os.environ | {"PORT": str(port), "HEALTH_URL": f"http://127.0.0.1:{port}/healthz"}
    assert command[0] == "python"
    return not subprocess.run(
        [sys.executable, *words], env=environment, capture_output=True, timeout=seconds, check=False
    ).returncode


@pytest.mark.parametrize("name", STACK["functions"])
def test_the_context_of_a_function_has_all_that_its_image_is_made_of(name, tmp_path):
    context = shrinkwrapped(name, tmp_path)
    for word, told in steps(context / "Dockerfile"):
        for source in told.split()[:-1] if word == "COPY" else ():
            assert (context / source).exists(), source
    assert (context / "function/siaga/stack.yml").read_bytes() == (ROOT / "stack.yml").read_bytes()
    handler = (context / "function/handler.py").read_text()
    assert handler == (ROOT / STACK["functions"][name]["handler"] / "handler.py").read_text()


def test_a_context_serves_without_the_checkout(minio, tmp_path):
    context, port = shrinkwrapped("on-shakemap", tmp_path), free_ports(1)
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name in STACK["functions"]["on-shakemap"]["secrets"]:
        (secrets / name).write_text(minio.secret(name) if name.startswith("store-") else "a secret")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SIAGA_")} | {
        "PYTHONPATH": "function",
        "PORT": str(port),
        "HOST": "127.0.0.1",
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(tmp_path / "runtime"),
        "SIAGA_HOME": str(tmp_path / "home"),
        "SIAGA_CACHE": str(tmp_path / "cache"),
        "SIAGA_SECRETS": str(secrets),
        "SIAGA_STORE_URL": minio.store_url,
        "slot_token_file": str(secrets / "slot-token"),
    }
    with (tmp_path / "log").open("w") as log:
        slot = subprocess.Popen([sys.executable, "index.py"], cwd=context, env=environment, stdout=log, stderr=log)
    try:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/_/ready"), 60, f"the slot; see {tmp_path}/log")
        told = {"bucket": "shakemaps", "key": "no-such-quake/grid.xml"}
        token = {"X-Slot-Token": "a secret"}
        answer = requests.post(f"http://127.0.0.1:{port}/", json=told, headers=token, timeout=60).json()
        assert (answer["state"], "no-such-quake" in str(answer["reason"])) != ("done", False)
        assert all(well(file, port) for file in FILES[:2])
    finally:
        slot.terminate()
        assert slot.wait(20) == 0  # drained
    assert not any(well(file, port) for file in FILES[:2])


def test_siaga_is_taken_from_the_context(tmp_path):
    context = shrinkwrapped("on-ash", tmp_path)
    ask = "import siaga, siaga.software; print(siaga.__file__, siaga.__version__)"
    done = subprocess.run(
        [sys.executable, "-c", ask],
        cwd=context,
        env=os.environ | {"PYTHONPATH": str(context / "function")},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.split()[0] == str(context / "function/siaga/__init__.py")


def test_the_skeleton_of_a_new_function_answers(tmp_path):
    ask = "import json, types; from function.handler import handle; "
    ask += "print(json.dumps(handle(types.SimpleNamespace(body=b'hi'), None)))"
    done = subprocess.run([sys.executable, "-c", ask], cwd=TEMPLATE, capture_output=True, check=True, timeout=30)
    assert json.loads(done.stdout) == {"statusCode": 200, "body": "hi"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_dockerfile_gives_nobody_root_or_a_secret_and_says_how_it_is_well(file):
    told = steps(file)
    assert {word for word, _ in told} <= WORDS
    settings = " ".join(rest for word, rest in told if word in ("ENV", "ARG"))
    assert not re.search(r"(?i)password|token=|secret=|key=", settings)
    if file.name.startswith("store"):  # all else is core's
        return
    assert [rest for word, rest in told if word == "USER"] == ["10001"]
    assert [rest for word, rest in told if word == "STOPSIGNAL"] == ["SIGTERM"]
    assert any(word == "HEALTHCHECK" for word, _ in told)
    labels = " ".join(rest for word, rest in told if word == "LABEL")
    for label in ("title", "description", "licenses", "version", "revision"):
        assert f"org.opencontainers.image.{label}=" in labels
    pip = [one for word, rest in told if word == "RUN" for one in rest.split("&&") if "/pip install" in one]
    assert all("--require-hashes" in one or "--no-index" in one or "function/requirements.txt" in one for one in pip)
    for word, rest in told:
        if word == "RUN":
            subprocess.run(["bash", "-n", "-c", rest], check=True, timeout=10)
            assert shlex.split(rest)


@pytest.mark.parametrize("lock", [TEMPLATE / "requirements.txt", IMAGES / "core.lock"], ids=lambda lock: lock.name)
def test_images_have_no_other_versions_than_the_checkout(lock):
    pinned = re.compile(r"^([a-z0-9.-]+)==(\S+)", re.MULTILINE)
    whole = dict(pinned.findall((ROOT / "deployment/local/requirements.lock").read_text()))
    held = dict(pinned.findall(lock.read_text()))
    assert held
    assert held.items() <= whole.items()
    wanted = lock.with_suffix(".in").read_text()
    assert set(re.findall(r"^([a-z0-9-]+)", wanted, re.MULTILINE)) <= held.keys()


def test_the_bill_of_materials_names_packages_of_both_kinds():
    done = subprocess.run([sys.executable, TEMPLATE / "sbom.py"], capture_output=True, check=True, timeout=60)
    purls = [one["purl"] for one in json.loads(done.stdout)["components"]]
    assert any(purl.startswith("pkg:deb/debian/python3-qgis@") for purl in purls)
    assert any(purl.startswith("pkg:pypi/flask@") for purl in purls)
    assert len(purls) == len(set(purls))
