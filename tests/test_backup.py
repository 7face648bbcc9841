"""A home that is destroyed comes back from its backup alone: the same objects, older contents, secrets and pages."""

import io
import os
import random
import re
import shutil
import stat
from datetime import UTC, datetime, timedelta

import pytest
from fixtures import entries, pages
from support.site import Site, contents

from siaga import cli, generation, keys, moment
from siaga.errors import BadInput, SiagaError, Unavailable
from siaga.keeping import archive, vault
from siaga.keeping.restoring import Restoring
from siaga.keeping.vault import PASSWORD, Vault
from siaga.settings import Settings
from siaga.store import Store

QUAKE = "20180805194635"
SHOWN = ("/earthquakes", "/earthquakes?lang=en", "/status")
CLOCK = re.compile(r"\d+ (s|dtk|min|mnt) |\d{1,2}[.:]\d\d([.:]\d\d)?|\d{4}-\d\d-\d\dT[\d:]+Z")  # when the page was made


def fill(store):
    """An overwritten input, a notice that was taken back, an odd name, metadata, a large file."""
    for body in (b"first map", b"second map"):
        store.put(keys.SHAKEMAPS, f"{QUAKE}/grid.xml", body, "application/xml")
    notice = f"{QUAKE}/grid.xml{keys.REFUSED}"
    store.put(keys.SHAKEMAPS, notice, b"no")
    store.delete(keys.SHAKEMAPS, notice)
    store.put(keys.SHAKEMAPS, "20180805194635 é+&/output/grid.xml", b"odd")
    entries.put(store, entries.entry())
    store.put(keys.RESULTS, "earthquake/1/impact.json", b"{}", metadata={keys.EVENT_TIME: "2018-08-05T11:46:35Z"})
    store.put(keys.ANALYSIS_DATA, "people/large.tif", random.Random(1).randbytes(9 << 20))
    store.put(keys.AUDIT, "2026/1.json", b"{}")


def page_texts(site, folder):
    _index, client = pages.serving(site.settings, folder)
    lines = [CLOCK.sub("", text) for path in SHOWN for text in pages.text(client, path)[1].splitlines()]
    return sorted(lines)  # what came within the same second stands in any order


@pytest.fixture(scope="module")
def burnt(tmp_path_factory):
    """(site, what it held, its pages, its secrets): backed up, then gone."""
    folder = tmp_path_factory.mktemp("site")
    site = Site(folder, SIAGA_BACKUP=str(folder / "vault"), SIAGA_BACKUP_KEEP="2 1 1")
    with site.store() as store:
        fill(store)
        held = contents(store)
        shown = page_texts(site, tmp_path_factory.mktemp("before"))
        first = site.run("backup")
        assert "password" in first
        assert "keep a copy elsewhere" in first
        second = site.run("backup")
        assert "password" not in second
        assert (
            float(re.search(r"grown by ([\d.]+) MB", second)[1]) < 7
        )  # a piece has up to 8 MB: those around what moved are new
        assert "holds    8 objects and" in first
    secrets = {path.name: path.read_bytes() for path in site.settings.secrets.iterdir()}
    (folder / "on-paper").write_bytes(secrets[PASSWORD])
    site.destroy()
    return site, held, shown, secrets, folder / "on-paper"


def test_no_bucket_is_left_out():
    """But that of canaries, which tell of the moment alone."""
    assert {bucket for bucket, _prefix in archive.READS} == set(keys.BUCKETS) - {keys.CANARY}


def test_it_comes_back_whole(burnt, tmp_path):
    site, held, shown, secrets, paper = burnt
    said = site.run("restore", "--password-file", str(paper))
    assert "done" in said
    assert {path.name: path.read_bytes() for path in site.settings.secrets.iterdir()} == secrets
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in site.settings.secrets.iterdir())
    assert "settings-of-backup.env" in {path.name for path in site.settings.home.iterdir()}
    with site.store(prepared=False) as store:  # the same keys open it
        assert contents(store) == held
        assert page_texts(site, tmp_path) == shown
        rules = store._client.get_bucket_notification_configuration(Bucket=keys.SHAKEMAPS)
        assert rules["QueueConfigurations"]
        assert store.head(keys.SHAKEMAPS, f"{QUAKE}/grid.xml").metadata["mtime"].isdigit()
        Store.connect(site.settings, "web").get(keys.RESULTS, "earthquake/1/impact.json")
        # again: nothing is put twice, and what is other stays and is named
        store.put(keys.SHAKEMAPS, f"{QUAKE}/grid.xml", b"third map")
    again = site.run("restore", status=1)
    assert f"another content: shakemaps/{QUAKE}/grid.xml" in again
    with site.store(prepared=False) as store:
        assert store.get(keys.SHAKEMAPS, f"{QUAKE}/grid.xml")[0] == b"third map"
        assert len([head for head in store.versions(keys.RESULTS) if head.key not in generation.OWN]) == 2
        # as one that was cut off between an older content and the newer one, and before something was deleted
        notice = f"{QUAKE}/grid.xml{keys.REFUSED}"
        for head in [head for head in store.versions(keys.SHAKEMAPS) if head.key in (notice, f"{QUAKE}/grid.xml")]:
            store.delete(keys.SHAKEMAPS, head.key, version_id=head.version_id)
        store.put(keys.SHAKEMAPS, f"{QUAKE}/grid.xml", b"first map", "application/xml")
        store.put(keys.SHAKEMAPS, notice, b"no")
        store.put(keys.RESULTS, "earthquake/1/impact.json", b"from before the disaster")
        generation.begin_restore(store)
    site.run("restore")
    with site.store(prepared=False) as store:
        assert contents(store) == held
        generation.check(store)


def test_backups_are_encrypted_listed_thinned_and_late(burnt, monkeypatch):
    site, _held, _shown, secrets, _paper = burnt
    site.settings.secrets.mkdir(parents=True, exist_ok=True)
    (site.settings.secrets / PASSWORD).write_bytes(secrets[PASSWORD])
    assert not any(
        b"second map" in path.read_bytes()
        for path in (site.settings.home.parent / "vault").rglob("*")
        if path.is_file()
    )
    kept = Vault(site.settings)
    listed = site.run("backup", "--list")
    assert len(kept.snapshots()) == 2  # of one day, which all stay at first
    assert all(one.name in listed for one in kept.snapshots())
    assert "newest" in site.run("backup", "--late")
    assert "sound: 2 backups" in site.run("backup", "--check")
    (site.settings.secrets / PASSWORD).write_text("another\n")
    with pytest.raises(SiagaError, match="wrong password"):
        kept.snapshots()
    (site.settings.secrets / PASSWORD).unlink()
    with pytest.raises(SiagaError, match="holds backups already; put their password into"):
        kept.prepare()


def test_a_backup_that_breaks_off_is_none(tmp_path):
    settings = Settings.load({"SIAGA_HOME": str(tmp_path / "home"), "SIAGA_BACKUP": str(tmp_path / "vault")})
    kept = Vault(settings)
    kept.prepare()

    def half(stream):
        stream.write(b"x" * 4096)
        raise Unavailable("the store is gone")

    with pytest.raises(Unavailable, match="the store is gone"):
        kept.store(half)
    assert kept.snapshots() == []
    shutil.move(tmp_path / "vault", tmp_path / "unmounted")
    with pytest.raises(SiagaError, match="vault holds no repository, but backups were made before; is it mounted"):
        kept.prepare()
    assert not (tmp_path / "vault").exists()
    shutil.rmtree(settings.home / "backup-cache")
    assert not kept.prepare()  # the password stays
    assert kept.snapshots() == []


def test_a_nightly_backup_says_when_and_is_tried_again_after_a_quarter_of_an_hour(tmp_path, monkeypatch, capsys):
    clock, made = [datetime(2026, 11, 28, 19, 0, tzinfo=UTC)], []

    class Signals:
        """Moves the clock instead of waiting, until two backups were tried."""

        def wait(self, seconds):
            clock[0] += timedelta(seconds=seconds)
            return len(made) == 2

        def is_set(self):
            return len(made) == 2

    def once(_settings):
        made.append(clock[0])
        if len(made) == 1:
            raise Unavailable("the store is gone")

    monkeypatch.setattr(moment, "now", lambda: clock[0])
    monkeypatch.setattr(cli, "stop_on_signals", Signals)
    monkeypatch.setattr(cli.backup, "_once", once)
    monkeypatch.setenv("SIAGA_HOME", str(tmp_path))
    monkeypatch.setenv("SIAGA_BACKUP", "")
    assert cli.main(["backup", "--nightly"]) == 1
    assert "Say in SIAGA_BACKUP where backups go" in capsys.readouterr().err  # at once, not at night
    monkeypatch.setenv("SIAGA_BACKUP", str(tmp_path / "vault"))
    assert cli.main(["backup", "--nightly"]) == 0
    told = capsys.readouterr()
    assert [one.strftime("%H:%M") for one in made] == ["19:30", "19:45"]
    assert "tried again: the store is gone" in told.err
    assert told.out.split() == [
        "next", "2026-11-28T19:30:00Z", "next", "2026-11-28T19:45:00Z", "next", "2026-11-29T19:30:00Z"
    ]  # fmt: skip


def test_a_repository_that_does_not_answer_is_waited_for_so_long(tmp_path, monkeypatch):
    restic = tmp_path / "bin" / "restic"
    restic.parent.mkdir()
    restic.write_text("#!/bin/sh\nexec sleep 300\n")
    restic.chmod(0o700)
    monkeypatch.setenv("PATH", str(restic.parent), prepend=os.pathsep)
    monkeypatch.setattr(vault, "_LOOK_SECONDS", 0.2)
    settings = Settings.load({"SIAGA_HOME": str(tmp_path / "home"), "SIAGA_BACKUP": str(tmp_path / "vault")})
    with pytest.raises(Unavailable, match=r"vault has not answered within 0\.2 s"):
        Vault(settings).prepare()
    assert not (settings.secrets / PASSWORD).exists()


def test_a_stream_that_is_cut_or_foreign_is_refused(burnt, tmp_path):
    site, _held, _shown, secrets, _paper = burnt
    site.settings.secrets.mkdir(parents=True, exist_ok=True)
    (site.settings.secrets / PASSWORD).write_bytes(secrets[PASSWORD])
    with Vault(site.settings).opened("latest") as stream:
        whole = stream.read()
    other = Settings.load({"SIAGA_HOME": str(tmp_path / "home")})
    cut = whole[: len(whole) - 20480]
    with pytest.raises(BadInput, match=r"no end|cannot be read"):
        list(archive.read(io.BytesIO(cut)))
    with pytest.raises(BadInput, match="in a form that this one does not know"):
        list(archive.read(io.BytesIO(whole.replace(b"siaga/backup/1", b"siaga/backup/9", 1))))
    with pytest.raises(SiagaError, match="under a name that is none of ours"):
        Restoring(other, False, lambda *_: None).secrets(
            io.BytesIO(whole.replace(b'"name": "backup-password"', b'"name": "../kup-password"', 1))
        )
    assert not (tmp_path / "home" / "kup-password").exists()


def test_it_says_what_is_missing(tmp_path, monkeypatch):
    with pytest.raises(SiagaError, match="SIAGA_BACKUP"):
        Vault(Settings.load({"SIAGA_HOME": str(tmp_path)}))
    with pytest.raises(SiagaError, match=r"SIAGA_BACKUP_KEEP.*14.*SIAGA_BACKUP_AT.*25:00"):
        Settings.load({"SIAGA_HOME": str(tmp_path), "SIAGA_BACKUP_KEEP": "14", "SIAGA_BACKUP_AT": "25:00"})
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SiagaError, match="restic is missing"):
        Vault(Settings.load({"SIAGA_HOME": str(tmp_path), "SIAGA_BACKUP": "/x"}))
