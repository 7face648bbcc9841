"""The patches of the MinIO server: each is named with its hash, and told of; another set is another server."""

import hashlib
import re

import pytest
from support.running import environment

from siaga.machine import minio
from siaga.settings import REPOSITORY, Settings

FOLDER = minio.PATCHES.parent
LISTED = dict(reversed(line.split()) for line in minio.PATCHES.read_text().splitlines())


def test_every_patch_is_listed_with_its_hash():
    there = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in FOLDER.glob("*.patch")}
    assert there == {name: sum_ for name, sum_ in LISTED.items() if name.endswith(".patch")}
    assert len(there) >= 4


def test_every_file_that_a_patch_changes_is_listed():
    changed = {
        name for path in FOLDER.glob("*.patch") for name in re.findall(r"^\+\+\+ b/(\S+)", path.read_text(), re.M)
    }
    assert changed == {name for name in LISTED if not name.endswith(".patch")}


def test_the_decision_tells_what_each_patch_closes():
    told = (REPOSITORY / "docs" / "decisions" / "002-minio-built-from-source.md").read_text()
    for path in FOLDER.glob("*.patch"):
        assert path.name[:4] in told
        for hole in re.findall(r"CVE-\d+-\d+|GHSA(?:-\w{4}){3}|SN-\d+-\d+", path.read_text()):
            assert hole in told, hole


def test_a_server_built_with_other_patches_is_not_taken(tmp_path, monkeypatch):
    settings = Settings.load(environment(tmp_path, SIAGA_CACHE=str(tmp_path)))
    sums = tmp_path / "SHA256SUMS"
    monkeypatch.setattr(minio, "PATCHES", sums)
    named = set()
    for text in ("one", "other"):
        sums.write_text(text)
        with pytest.raises(minio.SiagaError) as raised:
            minio.binary(settings)
        named.add(str(raised.value.values["path"]))
    assert len(named) == 2
