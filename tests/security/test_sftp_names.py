"""Names and files over SFTP that try to be something else than a file in one's own folder."""

from contextlib import closing, suppress

import paramiko
import psutil
import pytest

from gateway.sftp import spool
from siaga import keys

ODD = {  # name: whether it is a name like any other
    "．．／．．／etc": True,
    "%2e%2e%2fetc": True,
    "\ufeffgrid.xml": True,
    "CON": True,
    "xl.meta": True,
    ".minio.sys": True,
    "a" * 200: True,
    "a" * 900: False,  # more than a part of a key may have
    "é" * 600: False,
    "a" * 1100: False,
    "/".join(["d"] * 300): True,
    "/".join(["d"] * 600): False,
    "n\0ul": False,
    "new\nline": False,
    "esc\x1b[2J": False,
}


@pytest.fixture
def client(door_up, store):
    """A session of bmkg, the buckets empty."""
    transport, opened = door_up.client()
    with closing(transport):
        yield opened


def send(client, path, body=b"<x/>"):
    with client.open(path, "w") as file:
        file.write(body)


@pytest.mark.parametrize(("name", "fits"), ODD.items(), ids=[ascii(name)[:30] for name in ODD])
def test_sf_03_sf_04_sf_05_an_odd_name_is_a_name_or_is_refused(client, store, name, fits):
    with suppress(OSError):
        send(client, f"/shakemaps/odd/{name}")
        with suppress(OSError):  # a temporary one waits for its rename
            client.rename(f"/shakemaps/odd/{name}", "/shakemaps/odd/renamed.xml")
    found = [head.key for bucket in keys.BUCKETS for head in store.list(bucket)]
    assert all(key.startswith("odd/") for key in found)
    assert bool(found) is fits
    for bucket in set(keys.BUCKETS) - {keys.SHAKEMAPS}:
        assert not list(store.list(bucket))


@pytest.mark.parametrize("name", [b"\xff\xfe.xml", b"a\xc0\xafb.xml", b"\xed\xa0\x80.xml"])
def test_sf_03_a_name_that_is_no_text_is_refused(client, store, name):
    with pytest.raises(OSError, match="UTF-8"):
        client.open(b"/shakemaps/" + name, "w")


@pytest.mark.parametrize(
    "path",
    [
        *("../../etc/x", "/etc/x", "/../../x", "/shakemaps/../ledger/x", "/results/x", "/shakemaps-bnpb/x"),
        *("/shakemaps/../../x", "//etc//x", "/shakemaps", "/", "/.minio.sys/x", "/shakemaps/.."),
    ],
)
def test_sf_01_sf_16_no_path_leaves_ones_own_folders(client, store, path):
    with pytest.raises(OSError, match=r"\w"):
        send(client, path)
    for ask in (client.listdir, client.stat):
        if path.strip("/").partition("/")[0] not in ("shakemaps", "", ".."):
            with pytest.raises(OSError, match=r"\w"):
                ask(path)
    assert not [head for bucket in keys.BUCKETS for head in store.list(bucket)]


def test_sf_02_there_are_no_links(client):
    for make in (
        lambda: client.symlink("/etc/passwd", "/shakemaps/link"),
        lambda: client.readlink("/shakemaps/link"),
        lambda: client._request(200, "hardlink@openssh.com", "/etc/passwd", "/shakemaps/hard"),
    ):
        with pytest.raises(OSError, match=r"\w"):
            make()


def test_sf_07_sf_08_sf_09_what_has_arrived_stays_as_it_came(client, store):
    send(client, "/shakemaps/20260601000000/grid.xml", b"<a/>")
    path = "/shakemaps/20260601000000/grid.xml"
    for change in (
        lambda: client.remove(path),
        lambda: client.rename(path, "/shakemaps/other.xml"),
        lambda: client.rename(path, "/ledger/x"),
        lambda: client.rmdir("/shakemaps/20260601000000"),
        lambda: client.open("/shakemaps/../ledger/x"),
    ):
        with pytest.raises(OSError, match=r"\w"):
            change()
    client.chmod(path, 0o777)
    client.chown(path, 0, 0)
    client.truncate(path, 0)
    assert store.get(keys.SHAKEMAPS, "20260601000000/grid.xml")[0] == b"<a/>"
    send(client, "/shakemaps/b.part", b"<b/>")
    for elsewhere in ("/ledger/b.xml", "/shakemaps-bnpb/b.xml", "/b.xml", "/shakemaps/../results/b.xml"):
        with pytest.raises(OSError, match=r"\w"):
            client.rename("/shakemaps/b.part", elsewhere)
    client.rename("/shakemaps/b.part", "/shakemaps-corrected/b.xml")
    assert store.get(keys.SHAKEMAPS_CORRECTED, "b.xml")[0] == b"<b/>"


@pytest.mark.parametrize(
    "words", [("id",), ("scp", "-t", "/etc"), ("sh", "-c", "id"), ("rsync", "--server", "-e", ".", "/")]
)
def test_sf_12_no_command_is_run(door_up, words):
    done = door_up.ssh(*words)
    assert done.returncode != 0
    assert "uid=" not in done.stdout


@pytest.mark.parametrize(
    "kind", ["direct-tcpip", "direct-streamlocal@openssh.com", "tun@openssh.com", "x11", "session!"]
)
def test_sf_12_sf_13_nothing_leads_on_from_here(door_up, kind):
    transport, _client = door_up.client()
    with closing(transport):
        with pytest.raises(paramiko.SSHException):
            transport.open_channel(kind, ("127.0.0.1", door_up.settings.store_port), ("127.0.0.1", 1), timeout=20)
        for request in ("tcpip-forward", "streamlocal-forward@openssh.com"):
            assert transport.global_request(request, ("127.0.0.1", 0)) is None
        for subsystem in ("netconf", "shell", ""):
            with pytest.raises(paramiko.SSHException):
                transport.open_session(timeout=20).invoke_subsystem(subsystem)


def test_sf_23_many_folders_and_held_files_take_little(door_up, client):
    process = psutil.Process(door_up.door.pid)
    before = process.memory_info().rss
    for number in range(400):
        client.mkdir(f"/shakemaps/empty{number}")
    for number in range(100):
        send(client, f"/shakemaps/held/{number}.part")
    assert process.memory_info().rss - before < 64 << 20
    send(client, "/shakemaps/after.xml")
    for number in range(400):
        client.rmdir(f"/shakemaps/empty{number}")
    for number in range(100):
        client.remove(f"/shakemaps/held/{number}.part")


def write(file, offset):
    file.seek(offset)
    file.write(b"x")
    file.flush()


def test_sf_24_sf_25_files_are_bounded_in_number_and_length(client):
    opened = [client.open(f"/shakemaps/many{number}.xml", "w") for number in range(spool.MAX_UPLOADS)]
    with pytest.raises(OSError, match="Too much"):
        client.open("/shakemaps/more.xml", "w")
    for offset in (spool.MAX_BYTES, 1 << 40, (1 << 63) - 1):
        with pytest.raises(OSError, match="larger than"):
            write(opened[0], offset)
    for number in range(2000):
        opened[1].seek(number * 7919)
        opened[1].write(b"x")
    opened[1].flush()
    with pytest.raises(OSError, match="Only a part"):
        client._request(4, opened[1].handle)
