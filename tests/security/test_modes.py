"""What Siaga keeps is for the user who runs it: modes of all that a start writes, and of what was open before."""

import os
import stat
from pathlib import Path

import psutil
import pytest
from support.running import environment

from siaga import cli, modes
from siaga.cli import forecast
from siaga.errors import SiagaError
from siaga.exposure import expocat
from siaga.settings import Settings


def mode(path):
    return stat.S_IMODE(path.lstat().st_mode)


def open_to_others(folder):
    return [path for path in (folder, *folder.rglob("*")) if not path.is_symlink() and mode(path) & modes.PRIVATE]


@pytest.fixture
def umask():
    """The umask that most machines have; gives it back afterwards."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_every_process_of_a_running_siaga_writes_for_its_user_alone(stack_up):
    processes = [psutil.Process(stack_up.process.pid), *psutil.Process(stack_up.process.pid).children(recursive=True)]
    assert len(processes) > 6
    for process in processes:
        told = Path(f"/proc/{process.pid}/status").read_text()
        assert "Umask:\t0077" in told, process.cmdline()


def test_nobody_else_reads_what_a_running_siaga_wrote(stack_up):
    home = stack_up.settings.home
    assert mode(home) == 0o700
    for kept in ("store", "store/.minio.sys", "logs", "secrets", "gateway/jobs.sqlite", "web/index.sqlite"):
        assert not mode(home / kept) & modes.PRIVATE, kept
    secret = stack_up.settings.secret("store-bmkg-secret").encode()
    users = home / "store" / ".minio.sys" / "config" / "iam" / "users"
    assert any(secret in path.read_bytes() for path in users.rglob("*") if path.is_file())  # MinIO keeps it as it is
    assert not open_to_others(home / "store")
    assert [path.name for path in open_to_others(home)] in ([], ["up.log"])  # which the test itself opened


def test_a_home_that_stands_open_is_closed(tmp_path, umask):
    settings = Settings.load(environment(tmp_path / "home"))
    outside = tmp_path / "outside"
    outside.mkdir()
    users = settings.home / "store" / ".minio.sys" / "config" / "iam" / "users" / "siaga-web" / "identity.json"
    objects = settings.home / "store" / "results"
    for folder in (users, objects, settings.home / "gateway", settings.home / "logs", settings.secrets):
        folder.mkdir(parents=True)
    left = [users / "xl.meta", settings.home / "gateway" / "jobs.sqlite", settings.home / "logs" / "web.log"]
    for path in (*left, outside / "of-others", objects / "part.1", settings.secrets / "operator-account"):
        path.write_text("secret")
    (settings.home / "gateway" / "link").symlink_to(outside)
    assert modes.mend(settings) == []
    assert mode(settings.home) == mode(settings.home / "store") == mode(settings.secrets) == 0o700
    for path in (*left, settings.secrets / "operator-account", *users.parents[:3]):
        assert not mode(path) & modes.PRIVATE, path
    assert mode(outside) == 0o755
    assert mode(outside / "of-others") == 0o644


def test_secrets_and_jobs_that_lie_elsewhere_are_closed_too(tmp_path, umask):
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "store-web-secret").write_text("secret")
    (tmp_path / "jobs.sqlite-wal").write_text("secret")
    more = {"SIAGA_SECRETS": str(tmp_path / "keys"), "SIAGA_JOB_DATABASE": f"sqlite:///{tmp_path}/jobs.sqlite"}
    modes.mend(Settings.load(environment(tmp_path / "home", **more)))
    assert mode(tmp_path / "keys") == 0o700
    assert mode(tmp_path / "keys" / "store-web-secret") == mode(tmp_path / "jobs.sqlite-wal") == 0o600


def test_what_is_not_ours_to_close_is_named(tmp_path, umask, monkeypatch):
    settings = Settings.load(environment(tmp_path))
    (tmp_path / "logs").mkdir()

    def refuse(self, _mode):
        raise PermissionError(self)

    monkeypatch.setattr(Path, "chmod", refuse)
    assert modes.mend(settings) == [tmp_path / "logs"]


def test_a_folder_for_everybody_is_no_home(tmp_path):
    tmp_path.chmod(0o1777)
    with pytest.raises(SiagaError, match="SIAGA_HOME"):
        modes.mend(Settings.load(environment(tmp_path)))
    assert mode(tmp_path) == 0o1777


def test_files_that_were_asked_for_are_like_any_other_of_the_user(tmp_path, umask):
    quakes, deaths = tmp_path / "quakes.csv", tmp_path / "deaths.csv"
    people = [column for mmi, column in expocat.MMI_COLUMNS.items() if mmi in forecast.NEEDED]
    quakes.write_text(f"EventID,Depth,{','.join(people)}\n1,10{',1000' * len(people)}\n")
    assert cli.main(["forecast", str(quakes), "--out", str(deaths)]) == 0
    assert mode(deaths) == 0o644
    none = [str(tmp_path / name) for name in ("none.xml", "none.tif", "out")]
    assert cli.main(["analyse", "earthquake", none[0], "--population", none[1], "--out", none[2]]) == 1
    assert os.umask(0o022) == 0o022


def test_every_other_command_writes_for_its_user_alone(tmp_path, umask, monkeypatch):
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    assert cli.main(["status"]) == 1
    assert os.umask(0o022) == 0o077
