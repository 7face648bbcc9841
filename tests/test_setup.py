"""Set-up: sources are compiled once; packages come by their hashes from where pip is told, by uv or by pip."""

import importlib.util
import subprocess
import sys
from importlib.metadata import version
from importlib.util import cache_from_source
from pathlib import Path

import pytest

LOCAL = Path(__file__).parent.parent / "deployment/local"
COMPILE = LOCAL / "compile.sh"


@pytest.fixture(scope="module")
def packages():
    spec = importlib.util.spec_from_file_location("packages", LOCAL / "packages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_sources_are_compiled_once_whatever_else_stands_beside_them(tmp_path):
    names = ("plain", "shut/closed", "node_modules/foreign", "package/tests/test_it", "broken")
    sources = {name: tmp_path / f"{name}.py" for name in names}
    for name, source in sources.items():
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_text("def" if name == "broken" else "ONE = 1\n")
    (tmp_path / "shut" / "__pycache__").write_text("")  # no file can be written there, by root neither

    def compiled():
        done = subprocess.run([COMPILE, tmp_path], capture_output=True, text=True, timeout=60, check=True)
        assert done.stdout + done.stderr == ""
        made = {name: Path(cache_from_source(str(source))) for name, source in sources.items()}
        return {name: path.stat().st_ino for name, path in made.items() if path.is_file()}

    first = compiled()
    assert first.keys() == {"plain"}
    assert compiled() == first


def test_uv_asks_whom_pip_is_told_to_ask(packages, tmp_path):
    listed = """
        global.index-url='https://first.test/simple'
        install.index-url='https://mirror.test/simple'
        download.index-url='https://other.test/simple'
        global.extra-index-url='\\nhttps://one.test\\nhttps://two.test'
        :env:.find-links='/opt/wheels'
        :env:.no-index='0'
        global.trusted-host='mirror.test'
        global.proxy='http://proxy.test:3128'
        :env:.default-timeout='180'
        global.cert='/etc/house.pem'
    """
    told = packages.settings("\n".join(map(str.strip, listed.strip().splitlines())))
    options, environment = packages.for_uv(
        told, {"HOME": "/h", "UV_NO_VERIFY_HASHES": "1", "CURL_CA_BUNDLE": "/no.pem"}
    )
    assert options == [
        *(
            "--default-index",
            "https://mirror.test/simple",
            "--index",
            "https://one.test",
            "--index",
            "https://two.test",
        ),
        *("--find-links", "/opt/wheels", "--allow-insecure-host", "mirror.test"),
    ]
    assert environment["HTTPS_PROXY"] == environment["http_proxy"] == "http://proxy.test:3128"
    assert (environment["UV_HTTP_TIMEOUT"], environment["SSL_CERT_FILE"], environment["HOME"]) == (
        "180",
        "/etc/house.pem",
        "/h",
    )
    assert "UV_NO_VERIFY_HASHES" not in environment
    assert packages.for_uv({}, {"REQUESTS_CA_BUNDLE": str(tmp_path)})[1]["SSL_CERT_DIR"] == str(tmp_path)
    assert packages.for_uv({"no-index": "true"}, {})[0] == ["--no-index"]


@pytest.mark.parametrize("setting", ["client-cert", "constraint", "no-binary", "keyring-provider", "of-a-later-pip"])
def test_what_uv_has_no_word_for_is_left_to_pip(packages, setting):
    assert packages.for_uv({setting: "x"}, {}) is None


def test_what_stands_here_or_among_debians_packages_is_not_fetched_again(packages):
    stands, other, absent = (
        f"{name} \\\n    --hash=sha256:0\n    # via nobody\n"
        for name in (f"pytest=={version('pytest')}", "pytest==0.1", "nowhere-to-be-found==1.0")
    )
    assert packages.missing(stands + other + absent) == other + absent
    assert packages.missing(stands) == ""


@pytest.mark.parametrize(
    ("fails", "asked"),
    [("", ["uv's lock", "wanted.lock"]), ("uv", ["uv's lock", "wanted.lock", "all"]), ("pip", ["uv's lock", "all"])],
)
def test_where_uv_does_not_come_or_fails_pip_installs_all_of_it_by_hash(packages, monkeypatch, tmp_path, fails, asked):
    lock = tmp_path / "all.lock"
    lock.write_text("nowhere-to-be-found==1.0 --hash=sha256:0\n")
    installs = []

    def run(command, **_):
        if "config" in command:
            return subprocess.CompletedProcess(command, 0, ":env:.find-links='/opt/wheels'\n")
        installs.append(command)
        broken = fails == ("uv" if command[0].endswith("uv") else "pip" if len(installs) == 1 else None)
        return subprocess.CompletedProcess(command, int(broken))

    monkeypatch.setattr(packages.subprocess, "run", run)
    monkeypatch.setattr(sys, "argv", ["packages.py", str(lock)])
    assert packages.main() == 0
    assert all("--require-hashes" in command for command in installs)
    names = {"requirements-uv.lock": "uv's lock", "wanted.lock": "wanted.lock", "all.lock": "all"}
    assert [names[Path(command[-1]).name] for command in installs] == asked
