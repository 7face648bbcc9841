"""The SFTP door with real clients: OpenSSH's sftp and scp, and paramiko. Whole objects or none."""

import os
import shutil
import signal
import socket
import subprocess
import time

import paramiko
import pytest
from door_process import Door
from running import wait_for

from gateway.sftp import spool
from siaga import keys, machine, stack
from siaga.machine import minio

GRID = b"<shakemap_grid/>" + b" " * 4000
BIG = os.urandom(6 << 20)
ODD_NAMES = [(b"bad\xff.xml", "UTF-8"), (b"bad\x07.xml", "control"), (b"x" * 1100, "longer")]


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    made = Door(tmp_path_factory.mktemp("door"))
    made.start_store()
    minio.configure(made.settings, stack.load(made.settings.stack))
    made.start()
    yield made
    made.stop()
    made.minio.terminate()
    made.minio.wait()


@pytest.fixture
def grid(tmp_path):
    path = tmp_path / "grid.xml"
    path.write_bytes(GRID)
    return path


@pytest.fixture
def big(tmp_path):
    path = tmp_path / "big.xml"
    path.write_bytes(BIG)
    return path


def test_openssh_sftp_puts_one_whole_object(door, grid):
    done = door.sftp(f"mkdir shakemaps/a1\nput {grid} shakemaps/a1/grid.xml\nls shakemaps/a1\n")
    assert done.returncode == 0, done.stderr
    assert "grid.xml" in done.stdout
    body, head = door.store().get(keys.SHAKEMAPS, "a1/grid.xml")
    assert body == GRID
    assert head.metadata["uploader"] == "bmkg"
    assert head.media_type == "application/xml"
    assert len(list(door.store().versions(keys.SHAKEMAPS, "a1/"))) == 1


@pytest.mark.parametrize("flags", [(), ("-p",)])
def test_scp_ends_well_and_leaves_one_version(door, grid, flags):
    name = f"scp{len(flags)}"
    assert door.sftp(f"mkdir shakemaps/{name}\n").returncode == 0
    done = door.scp(grid, f"shakemaps/{name}/grid.xml", flags)
    assert (done.returncode, done.stderr) == (0, "")
    assert door.store().get(keys.SHAKEMAPS, f"{name}/grid.xml")[0] == GRID
    assert len(list(door.store().versions(keys.SHAKEMAPS, f"{name}/"))) == 1


def test_scp_over_a_longer_file_leaves_none_of_its_tail(door, grid, tmp_path):
    short = tmp_path / "short.xml"
    short.write_bytes(b"<short/>")
    for path in (grid, short):
        assert door.scp(path, "shakemaps/scp-over.xml").returncode == 0
    assert door.store().get(keys.SHAKEMAPS, "scp-over.xml")[0] == b"<short/>"


def test_paramiko_puts_lists_and_cannot_fetch(door, grid):
    transport, client = door.client()
    client.put(str(grid), "/shakemaps/p1/grid.xml")
    assert client.listdir("/") == ["shakemaps", "shakemaps-corrected"]
    assert client.stat("/shakemaps/p1/grid.xml").st_size == len(GRID)
    with pytest.raises(PermissionError):
        client.open("/shakemaps/p1/grid.xml", "r")
    transport.close()


def test_two_hundred_small_files(door):
    transport, client = door.client()
    for number in range(200):
        with client.open(f"/shakemaps/many/{number:03d}.xml", "w") as file:
            file.write(GRID)
    transport.close()
    assert len(door.objects(prefix="many/")) == 200


def test_a_connection_that_breaks_leaves_nothing(door):
    _transport, client = door.client()
    file = client.open("/shakemaps/reset/grid.xml", "w")
    file.set_pipelined(True)
    file.write(BIG[: 2 << 20])
    raw = _transport.sock
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # close with a reset
    raw.close()
    wait_for(lambda: "dropped" in door.log.read_text(), 30, "the door to notice")
    assert door.objects(prefix="reset/") == []


def test_a_client_killed_in_the_middle_leaves_nothing(door, big):
    command = ["sftp", "-b", "-", "-l", "8000", *door.options("bmkg"), "bmkg@127.0.0.1"]  # 1 MB/s
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    process.stdin.write(f"put {big} shakemaps/killed/grid.xml\n".encode())
    process.stdin.flush()
    folder = door.settings.home / "spool" / "bmkg"
    wait_for(lambda: any(path.stat().st_size > 100_000 for path in folder.glob("*.upload")), 30, "some bytes")
    process.kill()
    process.wait()
    process.stdin.close()
    wait_for(lambda: not list(folder.glob("*.upload")), 30, "the spool to be clear")
    assert door.objects(prefix="killed/") == []
    assert door.sftp(f"put {big} shakemaps/killed/grid.xml\n").returncode == 0
    assert len(list(door.store().versions(keys.SHAKEMAPS, "killed/"))) == 1


def test_resuming_and_appending_are_refused_in_words(door, grid):
    assert door.sftp(f"put {grid} shakemaps/resume.xml\n").returncode == 0
    longer = grid.with_name("longer.xml")
    longer.write_bytes(GRID * 2)
    resumed = door.sftp(f"reput {longer} shakemaps/resume.xml\n")
    assert resumed.returncode != 0
    transport, client = door.client()
    with pytest.raises(OSError, match="send the whole file again"):
        client.open("/shakemaps/resume.xml", "a")
    transport.close()
    assert door.store().get(keys.SHAKEMAPS, "resume.xml")[0] == GRID


def test_a_file_with_a_hole_is_refused(door):
    transport, client = door.client()
    file = client.open("/shakemaps/hole.xml", "w")
    file.seek(5000)
    file.write(b"end")
    file.flush()
    with pytest.raises(OSError, match="Only a part"):
        client._request(4, file.handle)  # CLOSE; paramiko's own close() swallows the answer
    transport.close()
    assert door.objects(prefix="hole") == []


@pytest.mark.parametrize("name", ["grid.xml.part", "grid.xml.tmp", "grid.xml.filepart", ".grid.xml"])
def test_a_temporary_name_waits_for_its_rename_across_connections_and_restarts(door, grid, name):
    key = f"held{name.replace('.', '-')}/grid.xml"
    folder = f"shakemaps/{key.split('/')[0]}"
    assert door.sftp(f"mkdir {folder}\nput {grid} {folder}/{name}\n").returncode == 0
    assert door.objects(prefix=key.split("/")[0]) == []
    door.stop(signal.SIGKILL)
    door.start()
    seen = door.sftp(f"ls -la {folder}\nrename {folder}/{name} {folder}/grid.xml\n")
    assert seen.returncode == 0, seen.stderr
    assert name in seen.stdout
    assert door.store().get(keys.SHAKEMAPS, key)[0] == GRID
    assert [head.key for head in door.store().versions(keys.SHAKEMAPS, folder.split("/")[1])] == [key]


@pytest.mark.parametrize(
    "name", ["grid.xml.uploading", "grid.xml.copying.ignore", "grid.xml_tmp", "grid.xml~", "A.TMP"]
)
def test_whatever_the_temporary_name_was_the_rename_publishes(door, grid, name):
    folder = f"any-{name.replace('.', '-').strip('~')}"
    commands = f"put {grid} shakemaps/{folder}/{name}\nrename shakemaps/{folder}/{name} shakemaps/{folder}/grid.xml\n"
    seen = door.sftp(commands)
    assert seen.returncode == 0, seen.stderr
    assert door.store().get(keys.SHAKEMAPS, f"{folder}/grid.xml")[0] == GRID


@pytest.mark.parametrize("name", ["grid.xml", "grid.xml.part"])
def test_the_time_that_a_client_sets_is_told_back_until_something_else_comes(door, name):
    path, changed = f"/shakemaps/times-{len(name)}/{name}", 1_600_000_000
    transport, client = door.client()
    with client.open(path, "w") as file:
        file.write(GRID)
    client.utime(path, (changed, changed))
    door.stop()
    door.start()
    transport, client = door.client()
    assert client.stat(path).st_mtime == changed
    if name != "grid.xml":
        client.rename(path, path.removesuffix(".part"))
    folder = path.rpartition("/")[0]
    assert [one.st_mtime for one in client.listdir_attr(folder)] == [changed]
    door.store().put(keys.SHAKEMAPS, f"{folder[11:]}/grid.xml", b"from elsewhere", "application/xml")
    assert client.stat(f"{folder}/grid.xml").st_mtime > changed
    transport.close()


def test_a_rename_over_what_is_there_makes_a_new_version(door, grid):
    commands = f"put {grid} shakemaps/over/grid.xml\nput {grid} shakemaps/over/new.tmp\n"
    assert door.sftp(commands + "rename shakemaps/over/new.tmp shakemaps/over/grid.xml\n").returncode == 0
    assert len(list(door.store().versions(keys.SHAKEMAPS, "over/grid.xml"))) == 2


def test_what_has_arrived_cannot_be_renamed_or_removed(door, grid):
    assert door.sftp(f"put {grid} shakemaps/stay.xml\n").returncode == 0
    assert door.sftp("rename shakemaps/stay.xml shakemaps/gone.xml\n").returncode != 0
    assert door.sftp("rm shakemaps/stay.xml\n").returncode != 0
    assert door.objects(prefix="stay.xml") == ["stay.xml"]


def test_no_file_where_a_folder_is_and_none_below_a_file(door, grid):
    assert door.sftp(f"put {grid} shakemaps/tree/grid.xml\n").returncode == 0
    transport, client = door.client()
    with pytest.raises(OSError, match="is a folder"):
        client.open("/shakemaps/tree", "w")
    with pytest.raises(OSError, match="is a file"):
        client.open("/shakemaps/tree/grid.xml/below.xml", "w")
    transport.close()
    assert door.objects(prefix="tree") == ["tree/grid.xml"]


def test_a_key_opens_its_own_name_alone_and_each_sees_their_own(door, grid):
    with pytest.raises(paramiko.AuthenticationException):
        door.client("bnpb", key="bmkg")
    with pytest.raises(paramiko.AuthenticationException):
        door.client("root", key="bmkg")
    assert door.sftp(f"put {grid} shakemaps/bnpb.xml\n", user="bnpb").returncode == 0
    assert door.objects(keys.SHAKEMAPS_BNPB) == ["bnpb.xml"]
    assert "bnpb.xml" not in door.objects()


@pytest.mark.parametrize("path", ["../../etc/x", "/etc/x", "ledger/x", "x", "shakemaps/../ledger/x", "results/x"])
def test_nobody_leaves_their_folders(door, grid, path):
    assert door.sftp(f"put {grid} {path}\n").returncode != 0
    assert door.objects(keys.LEDGER) == door.objects(keys.RESULTS) == []


def test_links_are_refused(door):
    assert door.sftp("symlink /etc/passwd shakemaps/link\n").returncode != 0


def test_no_password_no_shell_no_forwarding(door):
    transport = paramiko.Transport(("127.0.0.1", door.settings.sftp_port))
    with pytest.raises(paramiko.BadAuthenticationType):
        transport.connect(username="bmkg", password="bmkg")
    transport.close()
    assert door.ssh("id").returncode != 0
    assert "uid=" not in door.ssh("id").stdout
    transport, _client = door.client()
    with pytest.raises(paramiko.SSHException):
        transport.open_channel("direct-tcpip", ("127.0.0.1", door.settings.store_port), ("127.0.0.1", 1), timeout=10)
    transport.close()


@pytest.mark.parametrize(("name", "why"), ODD_NAMES)
def test_names_that_no_key_can_have_are_refused_in_words(door, name, why):
    transport, client = door.client()
    with pytest.raises(OSError, match=why):
        client.open(b"/shakemaps/" + name, "w")
    transport.close()


def test_two_clients_at_once_leave_one_of_the_two_whole(door):
    one, first = door.client()
    two, second = door.client()
    a, b = (client.open("/shakemaps/both.xml", "w") for client in (first, second))
    for _ in range(20):
        a.write(b"a" * 4000)
        b.write(b"b" * 4000)
    a.close()
    b.close()
    one.close()
    two.close()
    assert door.store().get(keys.SHAKEMAPS, "both.xml")[0] in (b"a" * 80_000, b"b" * 80_000)


def test_a_file_that_is_too_large_is_refused(door):
    transport, client = door.client()
    file = client.open("/shakemaps/large.xml", "w")
    file.seek(spool.MAX_BYTES)
    with pytest.raises(OSError, match="larger than"):
        file.write(b"x")
    transport.close()
    assert door.objects(prefix="large") == []


def test_users_come_and_go_while_the_door_is_open(door, grid):
    public = machine.make_ssh_key(door.settings.secrets / "sftp-new-key")
    door.users["users"]["new"] = {"keys": [public], "prefixes": {"inbox": keys.SHAKEMAPS_BNPB}}
    door.write_users()
    assert door.sftp(f"put {grid} inbox/new.xml\n", user="new").returncode == 0
    (door.settings.secrets / "sftp-users.yml").write_text("users: [not, users]")
    assert door.sftp("ls\n", user="new").returncode == 0  # a wrong file leaves those of before
    wait_for(lambda: "the users of before stay" in door.log.read_text(), 10, "the log to say so")
    del door.users["users"]["new"]
    door.write_users()
    assert door.sftp("ls\n", user="new").returncode != 0


def test_a_name_that_nobody_renames_is_dropped_after_a_day_and_said(door, grid):
    assert door.sftp(f"put {grid} shakemaps/old.part\n").returncode == 0
    held = next(iter(spool.Spool(door.settings.home / "spool" / "bmkg").all_held()))
    long_ago = time.time() - spool.KEPT_SECONDS - 60
    os.utime(held.path, (long_ago, long_ago))
    door.stop()
    door.start()
    wait_for(lambda: "never renamed within a day" in door.log.read_text(), 10, "the log to say so")
    assert door.sftp("rename shakemaps/old.part shakemaps/old.xml\n").returncode != 0


def test_a_store_that_is_down_reaches_the_client_as_an_error_and_nothing_is_lost(door, grid):
    assert door.sftp(f"put {grid} shakemaps/wait.part\n").returncode == 0
    door.minio.kill()
    door.minio.wait()
    try:
        assert door.sftp(f"put {grid} shakemaps/down/grid.xml\n").returncode != 0
        assert door.sftp("rename shakemaps/wait.part shakemaps/wait.xml\n").returncode != 0
    finally:
        door.start_store()
    assert door.sftp(f"put {grid} shakemaps/down/grid.xml\n").returncode == 0
    assert door.sftp("rename shakemaps/wait.part shakemaps/wait.xml\n").returncode == 0
    assert door.store().get(keys.SHAKEMAPS, "wait.xml")[0] == GRID


def test_openssh_is_there():
    assert shutil.which("sftp")
    assert shutil.which("scp")
