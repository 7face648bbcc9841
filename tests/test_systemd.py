"""`make install` into a folder, and the units that it brings: sound and closed, as systemd itself judges them."""

import os
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
UNITS = ROOT / "deployment/systemd"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
MOST_EXPOSED = {
    "siaga-sftp.service": 2.7,
    "siaga-functions.service": 1.8,
}  # of 10; the door builds namespaces for rsync
TIMER = "lib/systemd/system/siaga-backup.timer", "etc/systemd/system/timers.target.wants/siaga-backup.timer"


def analysed(*words):
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """The folder into which it was installed; what Debian has of systemd's own is linked there."""
    folder = tmp_path_factory.mktemp("root")
    for place in TIMER:
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text("[Timer]\nOnCalendar=19:30 UTC\n")
    install = UNITS / "install.sh"
    environment = os.environ | {"DESTDIR": str(folder), "PACKAGES": "no"}
    done = subprocess.run([install], env=environment, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr
    assert "systemctl enable --now siaga.target" in done.stdout
    assert "systemctl stop siaga-backup.timer" in done.stdout
    for unit in Path("/lib/systemd/system").glob("*.*"):
        there = folder / "lib/systemd/system" / unit.name
        if not there.exists() and unit.suffix in (".target", ".slice", ".socket") and unit.is_file():
            shutil.copy(unit, there)
    return folder


def test_what_is_installed_runs_from_there(root):
    siaga = root / "opt/siaga/bin/siaga"
    packages = sysconfig.get_path("purelib")
    done = subprocess.run(
        [siaga, "version"],
        env={"PATH": os.environ["PATH"], "HOME": str(root), "PYTHONPATH": packages},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert re.match(r"siaga +\d+\.\d+\.\d+\+[0-9a-f]{8}\n", done.stdout), done.stderr
    assert (root / "opt/siaga/lib/COMMIT").read_text().strip() in done.stdout
    assert (root / "opt/siaga/lib/web/templates").is_dir()
    assert os.access(root / "opt/siaga/bin/minio", os.X_OK)
    assert (root / "usr/local/bin/siaga").readlink() == Path("/opt/siaga/bin/siaga")
    assert "u     siaga" in (root / "usr/lib/sysusers.d/siaga.conf").read_text()
    for path in root.rglob("siaga*"):
        assert path.is_dir() or path.is_symlink() or path.suffix == ".whl" or b"@PREFIX@" not in path.read_bytes(), path


def test_the_user_of_the_units_is_made(root):
    done = subprocess.run(
        ["systemd-sysusers", f"--root={root}"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    (user,) = (line for line in (root / "etc/passwd").read_text().splitlines() if line.startswith("siaga:"))
    assert user.split(":")[5:] == ["/var/lib/siaga", "/usr/sbin/nologin"]


def test_the_command_has_home_and_settings_of_the_units(tmp_path):
    (tmp_path / "siaga.env").write_text(
        '# ours\nSIAGA_SFTP_PORT=22\nSIAGA_OIDC_NAME="SSO BNPB"\nSIAGA_BACKUP=/mnt/$(date)\nWATCH=--once\nSIAGA_x=1'
    )
    (tmp_path / "id").write_text('#!/bin/sh\n[ "$1" = -u ] && echo 999 || echo siaga\n')
    lines = (UNITS / "launcher.sh").read_text().replace("/etc/siaga", str(tmp_path)).splitlines()
    assert lines[-1].startswith("exec /usr/bin/python3 ")
    (tmp_path / "siaga").write_text("\n".join([*lines[:-1], "exec env"]))
    (tmp_path / "id").chmod(0o755)
    told = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "SIAGA_SFTP_PORT": "9222"}
    run = ["sh", tmp_path / "siaga"]
    done = subprocess.run(run, env=told, capture_output=True, text=True, timeout=60, check=True)
    known = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert {name: known[name] for name in known if name.startswith("SIAGA_") and name != "SIAGA_MINIO"} == {
        "SIAGA_SFTP_PORT": "9222",  # what is said before the command goes before the file
        "SIAGA_OIDC_NAME": "SSO BNPB",
        "SIAGA_BACKUP": "/mnt/$(date)",
        "SIAGA_HOME": "/var/lib/siaga",
        "SIAGA_CACHE": "/var/cache/siaga",
    }
    assert "WATCH" not in known


def test_the_timer_of_a_former_version_begins_no_second_backup(root):
    assert not [place for place in TIMER if (root / place).exists()]


def test_systemd_finds_no_fault_in_the_units(root):
    names = [name.replace("@", "@bandung") for name in [*SERVICES, "siaga.target"]]
    done = analysed("verify", f"--root={root}", "--man=no", *names)
    said = [line for line in done.stderr.splitlines() if "siaga" in line]
    assert not said
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", SERVICES)
def test_a_part_may_do_little(root, name):
    most = MOST_EXPOSED.get(name, 1.6)
    unit = name.replace("@", "@bandung")
    done = analysed("security", "--offline=yes", f"--root={root}", f"--threshold={most * 10:g}", "--no-pager", unit)
    assert done.returncode == 0, done.stdout[-300:] + done.stderr


def test_every_part_is_a_unit_of_the_target():
    wanted = re.search(r"^Wants=(.*)$", (UNITS / "siaga.target").read_text(), re.MULTILINE)[1].split()
    apart = {"siaga-backup.service", "siaga-replicate@.service", "siaga-watch.service"}
    assert set(wanted) == set(SERVICES) - apart


def test_to_stop_the_target_is_to_wait_for_all_of_its_parts():
    told = (UNITS / "siaga-.service.d/10-siaga.conf").read_text()
    assert "\nAfter=siaga.target\n" in told  # systemd stops in the other order
    apart = {"siaga-watch.service"}  # runs on, and tells that all is stopped
    assert {name for name in SERVICES if "\nPartOf=siaga.target\n" not in (UNITS / name).read_text()} == apart


def test_a_backup_may_be_written_where_the_example_says(root):
    told = re.search(r"^# SIAGA_BACKUP=(.*)/siaga$", (UNITS / "siaga.env.example").read_text(), re.MULTILINE)[1]
    unit = next(root.rglob("siaga-backup.service")).read_text()
    assert f"\nReadWritePaths=-{told}\n" in unit  # ProtectSystem=strict shuts all else
