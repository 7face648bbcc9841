"""A large file is hashed once, and again as soon as it may have changed."""

import hashlib
import os

import pytest

from siaga import filehash


def old(path, body):
    """A file that nobody has touched for an hour."""
    path.write_bytes(body)
    stat = path.stat()
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns - 3600 * 10**9))
    return path


@pytest.fixture
def settled(monkeypatch):
    """No waiting until a file just written counts as settled."""
    monkeypatch.setattr(filehash, "_SETTLED_NS", 0)


def test_it_is_the_sha256_with_and_without_a_cache(tmp_path):
    path = old(tmp_path / "p.tif", b"people")
    wanted = hashlib.sha256(b"people").hexdigest()
    assert filehash.sha256(path) == wanted
    assert filehash.sha256(path, tmp_path / "cache") == wanted


def test_another_process_finds_the_note_and_reads_nothing(tmp_path, monkeypatch, settled):
    path = old(tmp_path / "p.tif", b"people")
    found = filehash.sha256(path, tmp_path)
    monkeypatch.setattr(filehash, "_known", {})
    monkeypatch.setattr(filehash.hashlib, "file_digest", lambda *_: pytest.fail("read again"))
    assert filehash.sha256(path, tmp_path) == found


@pytest.mark.usefixtures("settled")
def test_new_content_is_seen_even_with_the_old_size_and_time(tmp_path):
    path = old(tmp_path / "p.tif", b"people")
    before, stat = filehash.sha256(path, tmp_path), path.stat()
    path.write_bytes(b"peopla")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # the time of the inode still tells
    assert filehash.sha256(path, tmp_path) != before


def test_a_file_just_written_is_not_trusted_to_stay(tmp_path):
    path = tmp_path / "p.tif"
    path.write_bytes(b"people")
    filehash.sha256(path, tmp_path)
    assert not (tmp_path / "hashes").exists()


def test_a_broken_note_is_read_over(tmp_path, monkeypatch, settled):
    path = old(tmp_path / "p.tif", b"people")
    found = filehash.sha256(path, tmp_path)
    (note,) = (tmp_path / "hashes").iterdir()
    note.write_text("{")
    monkeypatch.setattr(filehash, "_known", {})
    assert filehash.sha256(path, tmp_path) == found


def test_what_lies_beside_belongs_to_it(tmp_path):
    path = old(tmp_path / "z.shp", b"shapes")
    alone = filehash.of_dataset(path)
    assert alone == filehash.sha256(path)
    old(tmp_path / "z.dbf", b"codes")
    with_table = filehash.of_dataset(path)
    old(tmp_path / "z.dbf", b"others")
    assert len({alone, with_table, filehash.of_dataset(path)}) == 3
