"""`make audit` finds what is there, and never takes silence for a pass."""

import json
import subprocess

import audit
import pytest

# made up, and in two parts so that no line of this file looks like one
MADE_UP = {
    "key.pem": "-----BEGIN RSA PRIVATE " + "KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n",
    "aws.py": 'key = "AKIA' + 'IOSFODNN7EXAMPLE"\n',
    "token.env": "GITHUB=ghp_" + "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx\n",
}


def answer(stdout="", stderr="", status=0):
    """A program that says this."""
    return lambda *_, **__: subprocess.CompletedProcess([], status, stdout, stderr)


@pytest.mark.parametrize("name", MADE_UP)
def test_a_secret_is_found_by_its_form(tmp_path, name):
    path = tmp_path / name
    path.write_text("before\n" + MADE_UP[name])
    (found,) = audit.secrets([path])
    assert found.startswith(f"{path}:2: ")


def test_no_file_that_is_kept_holds_a_secret():
    """Of settings, scripts and pages of docs; `make audit` looks through all."""
    kinds = {".yml", ".yaml", ".toml", ".sh", ".md", ".txt", ".in", ".cfg", ".service", ".env", ".patch", ""}
    files = [path for path in audit.kept() if path.suffix in kinds]
    assert len(files) > 30
    assert list(audit.secrets(files)) == []


def packages(**more):
    return json.dumps({"dependencies": [{"name": "flask", "version": "1", "vulns": []} | more]})


def test_the_audit_asks_and_says_where_nobody_answers(tmp_path):
    lock = tmp_path / "requirements.lock"
    hole = {"id": "CVE-1", "fix_versions": ["2"]}
    assert list(audit.python(lock, answer(packages()))) == []
    assert list(audit.python(lock, answer(packages(vulns=[hole]), status=1))) == ["flask 1: CVE-1, mended in 2"]
    skipped = packages(skip_reason="Dependency not found on PyPI")  # it ends with 0 then
    for silent in (answer(skipped), answer("", "ERROR: no connection", 1), answer("<html>")):
        with pytest.raises(audit.NoAnswer):
            list(audit.python(lock, silent))
    told = json.dumps({"vulnerabilities": {"x": {"severity": "high", "range": "<2"}}})
    assert list(audit.node(tmp_path, answer(told, status=1))) == ["x: high, <2"]
    assert list(audit.node(tmp_path, answer(json.dumps({"vulnerabilities": {}})))) == []
    with pytest.raises(audit.NoAnswer):
        list(audit.node(tmp_path, answer(json.dumps({"error": {}}), "405 Method Not Allowed", 1)))


@pytest.mark.parametrize(
    ("holes", "silent", "status", "said"),
    [([], False, 0, "nothing found"), (["x: high"], False, 1, "x: high"), ([], True, 2, "no database answers")],
)
def test_silence_is_no_pass(monkeypatch, capsys, holes, silent, status, said):
    def ask(_what):
        if silent:
            raise audit.NoAnswer("away")
        yield from holes

    monkeypatch.setattr(audit, "kept", list)
    monkeypatch.setattr(audit, "python", ask)
    monkeypatch.setattr(audit, "node", lambda _what: iter(()))
    assert audit.main() == status
    assert said in capsys.readouterr().out
