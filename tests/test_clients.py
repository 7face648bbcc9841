"""docs/clients.md is true: every cell is tried with the real client against one running door and store.

A client that is not installed is left out; sshfs where there is no FUSE, rsync where nothing can be confined.
"""

import os
import re
import shutil
import subprocess
from dataclasses import replace

import pytest
from support.clients import CLIENTS, Relay, Site, break_off
from support.door_process import can_confine
from support.running import wait_for

from siaga import keys
from siaga.settings import REPOSITORY

GRID = b"<shakemap_grid/>" + b" " * 100_000  # more than one WRITE
BIG = os.urandom(6 << 20)
TABLE = REPOSITORY / "docs" / "clients.md"
TRIALS = ("upload", "again", "mirror", "changed", "rename", "break off")
NOTHING_TO_TRY = "–"


def cells():
    """Client and trial -> what docs/clients.md says of it."""
    rows = [[cell.strip() for cell in line.strip("| \n").split("|")] for line in TABLE.read_text().splitlines()]
    heads = next(row for row in rows if row[0] == "client")
    return {
        (row[0], trial): row[heads.index(trial)]
        for row in rows
        if row[0] in CLIENTS and len(row) == len(heads)
        for trial in TRIALS
    }


@pytest.fixture(scope="module")
def site(door, tmp_path_factory):
    folder = tmp_path_factory.mktemp("clients")
    settings = door.settings
    key = settings.secrets / "sftp-bmkg-key"
    ppk = folder / "key.ppk"
    if shutil.which("puttygen"):
        subprocess.run(["puttygen", key, "-O", "private", "-o", ppk], check=True, timeout=60)
    listed = subprocess.run(
        ["ssh-keygen", "-lf", settings.secrets / "sftp-host-key"], capture_output=True, text=True, check=True
    )
    return Site(
        sftp_port=settings.sftp_port,
        store_port=int(settings.store_url.rpartition(":")[2]),
        key=key,
        ppk=ppk,
        host_key=re.search(r"SHA256:\S+", listed.stdout)[0],
        access_key=settings.secret("store-bmkg-key"),
        secret_key=settings.secret("store-bmkg-secret"),
        folder=folder,
    )


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A folder of an event, as agencies have it, a while old."""
    folder = tmp_path_factory.mktemp("source") / "20180805194635"
    (folder / "output").mkdir(parents=True)
    for name, content in (("grid.xml", GRID), ("output/stationlist.xml", b"<stations/>"), ("big.xml", BIG)):
        (folder.parent if name == "big.xml" else folder).joinpath(name).write_bytes(content)
    for path in folder.parent.rglob("*"):
        os.utime(path, (1_600_000_000, 1_600_000_000))
    return folder


class Trials:
    """What is seen of one client, in the words of docs/clients.md."""

    def __init__(self, name, door, site, source):
        """Each client has a folder of its own in the bucket."""
        self.client, self.door, self.site, self.source = CLIENTS[name], door, site, source
        self.folder = re.sub(r"\W+", "-", name)

    def run(self, verb, old, new):
        """One command; its exit status and what it said are in `self.done`."""
        self.done = self.client.run(self.site, verb, str(old), f"{self.folder}/{new}")
        return self.done.returncode == 0

    def versions(self, name):
        """How many versions there are below a name."""
        return len(list(self.door.store().versions(keys.SHAKEMAPS, f"{self.folder}/{name}")))

    def has(self, name, content=GRID):
        """Whether the object is there, whole."""
        store = self.door.store()
        key = f"{self.folder}/{name}"
        return store.exists(keys.SHAKEMAPS, key) and store.get(keys.SHAKEMAPS, key)[0] == content

    def said(self):
        """How many files of this client the door took, stored or known already."""
        lines = self.door.log.read_text().splitlines()
        return sum(f"/{self.folder}/" in line and '"sha256"' in line for line in lines)

    def upload(self):
        """One file."""
        went_well = self.run("put", self.source / "grid.xml", "one/grid.xml")
        if self.versions("one/") == 0 and "use scp without -O" in self.done.stderr:
            return "is told what to use"
        return "whole" if went_well and self.has("one/grid.xml") and self.versions("one/") == 1 else "fails"

    def again(self):
        """The same file once more."""
        for _ in range(2):
            assert self.run("put", self.source / "grid.xml", "again/grid.xml"), self.done.stderr
        return "no new version" if self.versions("again/") == 1 else "a version of the same content"

    def mirror(self):
        """A folder, twice."""
        self.door.store().put(keys.SHAKEMAPS, f"{self.folder}/mirror/before.txt", b"a folder that is there already")
        assert self.run("mirror", self.source, "mirror"), self.done.stderr
        found = {key.rpartition("/")[2] for key in self.door.objects(prefix=f"{self.folder}/mirror")}
        assert found == {"before.txt", "grid.xml", "stationlist.xml"}
        before = self.said(), self.versions("mirror")
        assert self.run("mirror", self.source, "mirror"), self.done.stderr
        if (self.said(), self.versions("mirror")) == before:
            return "sends nothing again"
        return "sends again, no new version" if self.versions("mirror") == before[1] else "sends again, new versions"

    def changed(self):
        """A mirror after a map was made anew, of the same size and still older than its first upload."""
        source = self.site.folder / self.folder / self.source.name
        shutil.copytree(self.source, source)
        self.door.store().put(keys.SHAKEMAPS, f"{self.folder}/changed/before.txt", b"a folder that is there already")
        new = GRID.replace(b"/>", b" />", 1)[: len(GRID)]
        for content, when in ((GRID, 1_600_000_000), (new, 1_600_000_060)):
            (source / "grid.xml").write_bytes(content)
            os.utime(source / "grid.xml", (when, when))
            assert self.run("mirror", source, "changed"), self.done.stderr
        found = [key for key in self.door.objects(prefix=f"{self.folder}/changed") if key.endswith("/grid.xml")]
        return "sent" if self.door.store().get(keys.SHAKEMAPS, found[0])[0] == new else "missed: its size is the same"

    def rename(self):
        """A temporary name that the door does not know, and then its own."""
        assert self.run("put", self.source / "grid.xml", "rename/grid.xml.mine"), self.done.stderr
        moved = self.run("rename", f"{self.folder}/rename/grid.xml.mine", "rename/grid.xml")
        if not self.has("rename/grid.xml"):
            return "refused"
        return "published" if moved else "published; an error, since nothing is removed"

    def break_off(self):
        """The client is killed in the middle, then tries again."""
        relays = [Relay(port, 1 << 20) for port in (self.site.sftp_port, self.site.store_port)]
        site = replace(self.site, sftp_port=relays[0].port, store_port=relays[1].port)
        relay = relays[str(relays[0].port) not in str(self.client.words(site, "put", "a", "b"))]
        break_off(self.client, site, relay, str(self.source.parent / "big.xml"), f"{self.folder}/broken/grid.xml")
        spool = self.door.settings.home / "spool" / "bmkg"
        wait_for(lambda: not [*spool.glob("*.upload"), *spool.glob("trees/*")], 30, "the door to notice")
        if self.door.objects(prefix=f"{self.folder}/broken/"):
            return "a part is published"
        assert self.run("put", self.source.parent / "big.xml", "broken/grid.xml"), self.done.stderr
        assert self.has("broken/grid.xml", BIG)
        return "nothing half; whole when sent again"


@pytest.mark.parametrize(("name", "trial"), cells())
def test_the_table_of_clients_is_true(door, site, source, tmp_path, name, trial):
    if not shutil.which(CLIENTS[name].program):
        pytest.skip(f"{CLIENTS[name].program} is not installed")
    if name == "sshfs" and not os.access("/dev/fuse", os.R_OK | os.W_OK):
        pytest.skip("there is no FUSE")
    if name == "rsync" and not can_confine(tmp_path):
        pytest.skip("this machine confines no programs")
    said = cells()[name, trial]
    if said != NOTHING_TO_TRY:
        assert getattr(Trials(name, door, site, source), trial.replace(" ", "_"))() == said


def test_every_client_has_its_row():
    assert {name for name, _ in cells()} == set(CLIENTS)
