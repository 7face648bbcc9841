"""Secrets stay where they are kept; what is fetched to build Siaga is pinned by hash; nobody runs as root unasked."""

import ast
import os
import re
import stat
import subprocess
from pathlib import Path

import psutil
import pytest

from siaga import machine, outlets, stack
from siaga.machine import minio
from siaga.settings import Settings

ROOT = Path(__file__).parents[2]
LOCAL = ROOT / "deployment" / "local"


def test_se_01_secrets_are_for_their_owner(minio_home):
    for path in (minio_home.secrets, *minio_home.secrets.iterdir()):
        if path.suffix != ".pub":  # the public half of a key
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


@pytest.fixture
def minio_home(tmp_path):
    settings = Settings.load({"SIAGA_HOME": str(tmp_path)})
    old = os.umask(0o022)  # whatever the caller's is
    try:
        machine.make_secrets(settings)
        for role in ("root", *minio.ROLES):
            settings.make_secret(f"store-{role}-secret")
    finally:
        os.umask(old)
    return settings


def test_se_07_no_secret_is_the_same_twice(tmp_path):
    made = []
    for name in ("one", "other"):
        settings = Settings.load({"SIAGA_HOME": str(tmp_path / name)})
        machine.make_secrets(settings)
        made.append({path.name: path.read_text() for path in settings.secrets.iterdir()})
    same = {name for name in made[0] if made[0][name] == made[1][name]}
    given = (*outlets.SECRETS, "oidc-secret")  # by servers outside; none is made here
    assert same == {"gateway-user", *given}
    assert {made[0][name].strip() for name in given} == {outlets.UNSET}


def words(settings):
    return [
        path.read_text().strip()
        for path in settings.secrets.iterdir()
        if path.suffix != ".pub" and "sftp" not in path.name and len(path.read_text().strip()) > 10
    ]


def test_se_04_se_05_no_secret_stands_in_arguments_logs_or_others_environment(web_up, door_up):
    for settings, process, log in (
        (web_up[0], web_up[1], web_up[0].home / "web.log"),
        (door_up.settings, door_up.door, door_up.log),
    ):
        secrets = words(settings)
        assert len(secrets) > 5
        shown = " ".join(psutil.Process(process.pid).cmdline()) + log.read_text()
        assert not [one for one in secrets if one in shown]
        assert not [one for one in secrets if one in " ".join(psutil.Process(process.pid).environ().values())]
        assert stat.S_IMODE(Path(f"/proc/{process.pid}/environ").stat().st_mode) & 0o077 == 0


@pytest.mark.parametrize(("user", "warned"), [(0, True), (1000, False)])
def test_se_08_who_starts_siaga_as_root_is_told(tmp_path, monkeypatch, user, warned):
    settings = Settings.load({"SIAGA_HOME": str(tmp_path)})
    monkeypatch.setattr(os, "geteuid", lambda: user)

    def stop(*_):
        raise StopIteration

    monkeypatch.setattr(stack, "load", stop)
    said = []
    with pytest.raises(StopIteration):
        machine.up(settings, None, said.append)
    assert any("runs as root" in one for one in said) is warned


def test_se_08_the_service_runs_as_a_user_of_its_own():
    unit = (LOCAL.parent / "systemd/siaga-.service.d/10-siaga.conf").read_text()
    for line in ("User=siaga", "NoNewPrivileges=yes", "ProtectSystem=strict", "UMask=0077", "CapabilityBoundingSet="):
        assert line in unit.splitlines()


@pytest.mark.parametrize(
    "name", ["requirements.lock", "requirements-dev.lock", "requirements-go.lock", "requirements-uv.lock"]
)
def test_sc_01_sc_02_every_package_is_pinned_by_hash(name):
    text = (LOCAL / name).read_text()
    named = re.findall(r"^([a-z0-9][a-z0-9._-]*)==\S+ \\$", text, re.MULTILINE | re.IGNORECASE)
    assert named
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE | re.IGNORECASE)
    assert not [block.split()[0] for block in blocks if "==" in block and "--hash=sha256:" not in block]


def test_sc_01_sc_02_what_is_fetched_is_compared():
    setup, build = (LOCAL / "setup.sh").read_text(), (LOCAL / "minio.sh").read_text()
    for line in setup.splitlines() + build.splitlines():
        if "pip install" in line and "-r" in line:
            assert "--require-hashes" in line, line
        if "npm ci" in line or "npm install" in line:
            assert "--ignore-scripts" in line, line
        assert not re.search(r"curl|wget", line.partition("#")[0]), line
    assert "checksum" in build
    assert '"integrity"' in (ROOT / "web" / "package-lock.json").read_text()


def test_sc_03_temporary_files_are_made_where_nobody_else_writes():
    for name in ("setup.sh", "minio.sh", "helm.sh"):
        text = (LOCAL / name).read_text()
        assert "/tmp/" not in text
        assert "mktemp" not in text or re.search(r"mktemp -d \"\$(cache|unpacked)/", text)
    assert "flock" in (LOCAL / "minio.sh").read_text()


ACTING = ("eval", "exec", "os.system", "os.popen", "pickle.loads", "yaml.load", "marshal.loads")


def test_nothing_of_python_evaluates_text_or_asks_a_shell():
    found = []
    files = [
        path for part in ("siaga", "gateway", "web", "functions", "template") for path in (ROOT / part).rglob("*.py")
    ]
    for path in files:
        text = path.read_text(encoding="utf-8")
        if "node_modules" in path.parts or not re.search(r"\b(eval|exec|system|popen|loads?|shell)\b", text):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and (ast.unparse(node.func) in ACTING or _asks_a_shell(node)):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert found == []


def _asks_a_shell(node):
    return any(one.arg == "shell" and ast.unparse(one.value) != "False" for one in node.keywords)


def test_se_06_no_secret_was_ever_committed():
    """The words by which keys begin, in every version of every file."""
    words = "AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY-----|ghp_[A-Za-z0-9]{36}|xox[baprs]-[0-9A-Za-z-]{10,}"
    if not (ROOT / ".git").exists():
        pytest.skip("not run: this is no checkout")
    done = subprocess.run(
        ["git", "-C", str(ROOT), "log", "--all", "-p", "--no-color", "-E", f"-G{words}", "--format=%H"],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=100,
        check=True,
    )
    added = [line for line in done.stdout.splitlines() if line.startswith("+") and re.search(words, line)]
    assert [line for line in added if "test_secrets_and_sources" not in line and "AKIA[0-9A-Z]" not in line] == []
