"""An old server's folders and SSH identity are taken over: every file by its hash, old names kept, nothing twice."""

import os

import asyncssh
import pytest
import yaml
from fixtures import pages
from fixtures.grids import make_grid
from support.site import Site

from gateway.sftp import takeover
from siaga import keys
from siaga.cli.progress import Progress
from siaga.errors import SiagaError
from siaga.keeping import oldtree

QUAKE, NEWER, LONG = "20180805194635", "20261101000000", "20180316015829_52_-6050_142170_20180316015829"
WHEN = 1533469595  # when the old server had it


@pytest.fixture
def tree(tmp_path):
    """The old server's volumes in small, with what goes wrong in them."""
    files = {
        f"shakemaps/{QUAKE}/grid.xml": make_grid(),
        f"shakemaps/{NEWER}/output/grid.xml": make_grid(NEWER, time="2026-11-01T00:00:00"),
        f"shakemaps/{QUAKE}/hazard.tif": b"derived",
        f"shakemaps-corrected-data/{LONG}/grid.xml": make_grid(LONG),
        f"shakemaps-bnpb-data/{QUAKE}/grid.xml": make_grid(),
        f"shakemaps-extracted/{QUAKE}/{QUAKE}-id.pdf": b"%PDF old report",
        f"shakemaps-extracted/{QUAKE}/{QUAKE}-thumb-en.png": b"old thumbnail",
        f"shakemaps-extracted/{QUAKE}/impact.html": b"old table",
        "floodmaps/2017022105-6-rw/flood_data.json": b'{"features": []}',
        "floodmaps/2017022105-6-rw/id/impact.pdf": b"%PDF flood",
        "ashmaps/201702211904+0700_Merapi/ash_fall.tif": b"no request beside it",
        "notes/readme.txt": b"no volume",
    }
    for name, body in files.items():
        path = tmp_path / "old" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        os.utime(path, (WHEN, WHEN))
    (tmp_path / "old/shakemaps/link").symlink_to(tmp_path)
    (tmp_path / "old/shakemaps/.ssh").mkdir()
    (tmp_path / "old/shakemaps/.ssh/id_rsa").write_bytes(b"nobody's business")
    return tmp_path / "old", files


def migrated(store, folder):
    outcome = oldtree.Outcome()
    files = oldtree.planned(oldtree.volumes(folder, {}), outcome, Progress().count)
    oldtree.Putting(store, outcome, lambda _: None).put(files)
    return outcome, files


def test_a_tree_goes_into_its_buckets_once_by_hash_with_its_times(store, minio, tree, tmp_path):
    folder, files = tree
    outcome, planned = migrated(store, folder)
    assert [file.key for _volume, file in planned][:2] == [f"{NEWER}/output/grid.xml", f"{QUAKE}/grid.xml"]
    assert outcome.put == {
        "shakemaps": 3,
        "shakemaps-corrected": 1,
        "shakemaps-bnpb": 1,
        "shakemaps-extracted": 3,
        "floodmaps": 2,
        "ashmaps": 1,
    }
    assert list(outcome.failed) == [str(folder / "shakemaps/.ssh"), str(folder / "shakemaps/link")]
    inputs = {f"{bucket}/{head.key}" for bucket in keys.INPUTS for head in store.list(bucket)}
    assert inputs == {
        f"shakemaps/{QUAKE}/grid.xml",
        f"shakemaps/{NEWER}/output/grid.xml",
        f"shakemaps-corrected/{LONG}/grid.xml",
        f"shakemaps-bnpb/{QUAKE}/grid.xml",
        "floodmaps/2017022105-6-rw/flood_data.json",
    }
    body, head = store.get(keys.SHAKEMAPS, f"{QUAKE}/grid.xml")
    assert body == files[f"shakemaps/{QUAKE}/grid.xml"]
    assert (head.metadata["mtime"], head.metadata["uploader"]) == (str(WHEN), "migration")
    assert store.get(keys.RESULTS, "old/ashmaps/201702211904+0700_Merapi/ash_fall.tif")[0] == b"no request beside it"

    again, _planned = migrated(store, folder)  # as after one that was cut off
    assert (again.put.total(), again.same.total(), again.differing) == (0, 11, [])
    (folder / "shakemaps" / QUAKE / "grid.xml").write_bytes(b"another")
    (differing,) = migrated(store, folder)[0].differing
    assert differing.endswith(f"shakemaps/{QUAKE}/grid.xml -> shakemaps/{QUAKE}/grid.xml")
    assert store.get(keys.SHAKEMAPS, f"{QUAKE}/grid.xml")[0] == body

    # old public names lead to old reports, as long as there is no new one
    _index, client = pages.serving(minio, tmp_path)
    assert pages.got(client, f"/id/{QUAKE}-id.pdf").data == b"%PDF old report"
    assert pages.got(client, f"/en/{QUAKE}-thumb-en.png").data == b"old thumbnail"
    assert pages.got(client, f"/realtime/archive/reports/{QUAKE}-id.pdf").mimetype == "application/pdf"
    assert pages.got(client, "/realtime/archive/floodmaps/2017022105-6-rw/id/impact.pdf").data == b"%PDF flood"
    table = pages.got(client, f"/realtime/archive/shakemaps-extracted/{QUAKE}/impact.html")
    assert (table.data, table.headers["Content-Disposition"].split(";")[0]) == (b"old table", "attachment")
    store.put(keys.RESULTS, "old/shakemaps/.ssh/id_rsa", b"put by a Siaga of before")
    assert client.get("/realtime/archive/shakemaps/.ssh/id_rsa").status_code == 404
    assert client.get("/realtime/archive/reports/..%2f..%2fcatalog").status_code == 404
    assert client.get("/id/20000101000000-id.pdf").status_code == 404


def test_what_came_meanwhile_or_twice_is_never_overwritten(store, tree):
    folder, _files = tree
    outcome = oldtree.Outcome()
    for name, body in (("a", b"one"), ("b", b"other"), ("c", b"one")):  # one public name, of three folders
        path = folder / "shakemaps-corrected-extracted" / name / f"{LONG}-id.pdf"
        path.parent.mkdir(parents=True)
        path.write_bytes(body)
        os.utime(path, (WHEN, WHEN))
    files = oldtree.planned(oldtree.volumes(folder, {}), outcome, Progress().count)
    putting = oldtree.Putting(store, outcome, lambda _: None)
    listed = store.list

    def then_bmkg_sends(bucket):
        yield from listed(bucket)
        if bucket == keys.SHAKEMAPS:
            store.put(bucket, f"{QUAKE}/grid.xml", b"sent anew")

    store.list = then_bmkg_sends
    try:
        putting.put(files)
    finally:
        del store.list
    assert store.get(keys.SHAKEMAPS, f"{QUAKE}/grid.xml")[0] == b"sent anew"
    assert store.get(keys.RESULTS, f"old/reports/corrected/{LONG}-id.pdf")[0] == b"one"
    assert [line.partition(" -> ")[0] for line in sorted(outcome.differing)] == [
        str(folder / "shakemaps-corrected-extracted/b" / f"{LONG}-id.pdf"),
        str(folder / "shakemaps" / QUAKE / "grid.xml"),
    ]
    assert outcome.same["shakemaps-corrected-extracted"] == 1
    (folder / "shakemaps-data").mkdir()
    with pytest.raises(SiagaError, match=r"old/shakemaps and .*old/shakemaps-data are both shakemaps"):
        oldtree.volumes(folder, {})


def test_the_command_says_what_it_would_do_and_what_it_did(store, minio, tree):
    folder, _files = tree
    site = Site(folder.parent)
    site.environment |= {"SIAGA_STORE_URL": minio.store_url, "SIAGA_SECRETS": str(minio.secrets)}
    said = site.run("migrate", "tree", str(folder), "--dry-run", status=1)
    assert "shakemaps-extracted            -> results/old/reports                2 files" in said
    assert "a link; what it leads to is not copied from here" in said
    assert not list(store.list(keys.SHAKEMAPS))
    said = site.run("migrate", "tree", str(folder / "floodmaps"))
    assert "2 put and verified" in said
    assert "MB of memory" in said
    said = site.run("migrate", "tree", str(folder / "notes"), "--volume", "notes=shakemapz", status=1)
    assert "There is no volume shakemapz, only shakemaps" in said
    assert "holds no volume of the old server" in site.run("migrate", "tree", str(folder / "notes"), status=1)


@pytest.fixture
def identity(tmp_path, monkeypatch):
    """(folder with an old server's files, the secrets of the new one, what the import says and its status)."""
    made = tmp_path / "etc-ssh"
    made.mkdir()
    for name, kind, bits in (("rsa", "ssh-rsa", 2048), ("short", "ssh-rsa", 1024), ("ed25519", "ssh-ed25519", None)):
        key = asyncssh.generate_private_key(kind, **({"key_size": bits} if bits else {}))
        key.write_private_key(made / f"ssh_host_{name}_key")
        key.write_public_key(made / f"ssh_host_{name}_key.pub")
    lines = [
        "# BMKG",
        (made / "ssh_host_ed25519_key.pub").read_text().strip() + " bmkg@jakarta",
        'command="/bin/bash" ' + (made / "ssh_host_rsa_key.pub").read_text().strip() + " tunnel",
        (made / "ssh_host_short_key.pub").read_text().strip() + " old-laptop",
        "ssh-rsa AAAAgarbage nobody",
    ]
    (made / "authorized_keys").write_text("\n".join(lines) + "\n")
    monkeypatch.setenv("SIAGA_HOME", str(tmp_path / "home"))
    return made, tmp_path / "home" / "secrets"


def test_the_old_host_key_and_users_are_taken_and_what_is_not_is_named(identity, capsys):
    made, secrets = identity
    secrets.mkdir(parents=True)
    for name in ("sftp-host-key", "sftp-host-key.pub"):
        (secrets / name).write_text("the new server's own")
    words = ["--host-key", str(made / "ssh_host_rsa_key"), "--host-key", str(made / "ssh_host_ed25519_key")]
    words += ["--host-key", str(made / "ssh_host_short_key"), "--authorized-keys", str(made / "authorized_keys")]
    assert takeover.main([*words, "--dry-run"]) == 1
    assert (secrets / "sftp-host-key").read_text() == "the new server's own"
    capsys.readouterr()
    assert takeover.main(words) == 1  # something was refused
    said = capsys.readouterr().out
    assert "ssh_host_short_key: RSA with 1024 bits is too short" in said
    assert "authorized_keys, line 3, ssh-rsa tunnel: the option command means nothing here" in said
    assert "authorized_keys, line 4, ssh-rsa old-laptop: RSA with 1024 bits is too short" in said
    assert "line 5, ssh-rsa nobody: 'ssh-rsa AAAAgarbage nobody' is no key" in said
    assert "key      ssh-ed25519 bmkg@jakarta of bmkg" in said
    fingerprint = asyncssh.read_private_key(made / "ssh_host_rsa_key").get_fingerprint()
    assert asyncssh.read_private_key(secrets / "sftp-host-key").get_fingerprint() == fingerprint
    assert asyncssh.read_private_key(secrets / "sftp-host-key-ssh-ed25519")
    assert (secrets / "before-import-sftp-host-key").read_text() == "the new server's own"
    user = yaml.safe_load((secrets / "sftp-users.yml").read_text())["users"]["bmkg"]
    assert len(user["keys"]) == 1
    assert takeover.main(["--authorized-keys", str(made / "authorized_keys")]) == 1
    assert len(yaml.safe_load((secrets / "sftp-users.yml").read_text())["users"]["bmkg"]["keys"]) == 1  # not twice


def test_the_command_hands_it_over(identity):
    made, _secrets = identity
    site = Site(made)
    assert "host key ssh-rsa SHA256:" in site.run("sftp", "import", "--host-key", str(made / "ssh_host_rsa_key"))
    assert "absent: No such file" in site.run("sftp", "import", "--host-key", str(made / "absent"), status=1)
