"""The SFTP door with real clients: OpenSSH's sftp and scp, and paramiko. Whole objects or none."""

import os
import shutil
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import paramiko
import pytest
from support.running import wait_for

from gateway.sftp import __main__ as process
from gateway.sftp import spool
from siaga import generation, keys, machine
from siaga.errors import BadInput

GRID = b"<shakemap_grid/>" + b" " * 4000
BIG = os.urandom(6 << 20)
ODD_NAMES = [(b"bad\xff.xml", "UTF-8"), (b"bad\x07.xml", "control"), (b"x" * 1100, "longer")]


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


def test_what_became_of_a_map_is_fetched_and_nothing_else(door, tmp_path):
    door.store().put(keys.SHAKEMAPS, "told/grid.xml.published.txt", b"https://example.org/1\n")
    got = tmp_path / "told.txt"
    fetched = door.sftp(f"get shakemaps/told/grid.xml.published.txt {got}\n")
    assert (fetched.returncode, got.read_bytes()) == (0, b"https://example.org/1\n"), fetched.stderr
    assert len(list(door.store().versions(keys.SHAKEMAPS, "told/"))) == 1
    transport, client = door.client()
    with pytest.raises(FileNotFoundError):
        client.open("/shakemaps/told/grid.xml.refused.txt", "r")
    transport.close()


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("get shakemaps/why/grid.xml /dev/null", "Files can be sent here, not fetched"),
        ("rm shakemaps/why/grid.xml", "What has arrived cannot be removed"),
        ("rename shakemaps/why/grid.xml shakemaps/why/other.xml", "was taken up already and stays"),
        ("put {grid} grid.xml", "Put files below one of these folders: shakemaps, shakemaps-corrected"),
        ("put {grid} shakemaps/why/grid.xml/below.xml", "/shakemaps/why/grid.xml is a file; choose another name"),
    ],
)
def test_openssh_s_users_see_the_sentence_too(door, grid, command, sentence):
    assert door.sftp(f"put {grid} shakemaps/why/grid.xml\n").returncode == 0
    done = door.sftp(command.format(grid=grid) + "\n")
    assert done.returncode != 0
    assert "siaga: " in done.stderr
    assert sentence in done.stderr


def test_two_hundred_small_files(door):
    transport, client = door.client()
    for number in range(200):
        with client.open(f"/shakemaps/many/{number:03d}.xml", "w") as file:
            file.write(GRID)
    transport.close()
    assert len(door.objects(prefix="many/")) == 200


def break_off(door, path):
    """Send 2 MiB of a file, then reset the connection, and wait until the door has noticed."""
    transport, client = door.client()
    file = client.open(path, "w")
    file.set_pipelined(True)
    file.write(BIG[: 2 << 20])
    wait_for(lambda: client.stat(path).st_size == 2 << 20, 30, "all bytes")
    raw = transport.sock
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # close with a reset
    raw.close()
    said = f'"path": "{path}", "what": "dropped'
    wait_for(lambda: said in door.log.read_text(), 30, "the door to notice")


def test_a_connection_that_breaks_leaves_no_object(door):
    break_off(door, "/shakemaps/reset/grid.xml")
    assert door.objects(prefix="reset/") == []
    transport, client = door.client()
    client.remove("/shakemaps/reset/grid.xml")  # what came can be taken back
    transport.close()


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


def test_resuming_goes_on_where_the_short_file_ends(door, grid):
    assert door.sftp(f"put {grid} shakemaps/resume.xml\n").returncode == 0  # as Ctrl-C leaves it: closed, but short
    longer = grid.with_name("longer.xml")
    longer.write_bytes(GRID * 2)
    resumed = door.sftp(f"reput {longer} shakemaps/resume.xml\n")
    assert resumed.returncode == 0, resumed.stderr
    assert door.store().get(keys.SHAKEMAPS, "resume.xml")[0] == GRID * 2


def test_what_came_before_a_break_is_resumed_after_a_restart(door, big):
    break_off(door, "/shakemaps/begun/grid.xml")
    door.stop(signal.SIGKILL)
    door.start()
    transport, client = door.client()
    assert client.stat("/shakemaps/begun/grid.xml").st_size == 2 << 20
    with pytest.raises(OSError, match="Only a part"):
        client.rename("/shakemaps/begun/grid.xml", "/shakemaps/begun/other.xml")
    transport.close()
    assert door.objects(prefix="begun/") == []
    assert door.sftp(f"reput {big} shakemaps/begun/grid.xml\n").returncode == 0
    assert door.store().get(keys.SHAKEMAPS, "begun/grid.xml")[0] == BIG
    assert len(list(door.store().versions(keys.SHAKEMAPS, "begun/"))) == 1
    assert not list(spool.Spool(door.settings.home / "spool" / "bmkg").all_held())


def test_appending_and_writing_in_place(door):
    transport, client = door.client()
    for mode, offset, data in (("w", 0, b"0123456789"), ("a", 0, b"abc"), ("r+", 2, b"--")):
        with client.open("/shakemaps/place.txt", mode) as file:
            if offset:
                file.seek(offset)
            file.write(data)
    assert door.store().get(keys.SHAKEMAPS, "place.txt")[0] == b"01--456789abc"
    with pytest.raises(FileNotFoundError):
        client.open("/shakemaps/missing.txt", "r+")
    transport.close()


def test_a_break_in_the_middle_of_writing_in_place_is_no_beginning(door):
    _transport, client = door.client()
    with client.open("/shakemaps/mixed.xml", "w") as file:
        file.write(GRID)
    before = door.log.read_text().count("the connection ended")
    transport, client = door.client()
    file = client.open("/shakemaps/mixed.xml", "r+")
    file.write(b"<other/>")
    file.flush()
    transport.sock.close()
    wait_for(lambda: door.log.read_text().count("the connection ended") > before, 30, "the door to notice")
    assert not list(spool.Spool(door.settings.home / "spool" / "bmkg").all_held())
    assert door.store().get(keys.SHAKEMAPS, "mixed.xml")[0] == GRID


def test_a_file_that_must_be_new_is_new(door):
    transport, client = door.client()
    with client.open("/shakemaps/new.txt", "wx") as file:
        file.write(b"first")
    with pytest.raises(OSError, match="is there already"):
        client.open("/shakemaps/new.txt", "wx")
    late = client.open("/shakemaps/race.txt", "wx")
    late.write(b"late")
    late.flush()
    door.store().put(keys.SHAKEMAPS, "race.txt", b"first")
    with pytest.raises(OSError, match="is there already"):
        client._request(4, late.handle)  # CLOSE; paramiko's own close() swallows the answer
    transport.close()
    for name in ("new.txt", "race.txt"):
        assert door.store().get(keys.SHAKEMAPS, name)[0] == b"first"


def test_truncate_says_what_it_does(door):
    transport, client = door.client()
    with client.open("/shakemaps/cut.xml", "w") as file:
        file.write(GRID)
    client.truncate("/shakemaps/cut.xml", len(GRID))
    for size in (3, spool.MAX_BYTES * 1024):
        with pytest.raises(OSError, match="send the whole file again"):
            client.truncate("/shakemaps/cut.xml", size)
    client.truncate("/shakemaps/cut.xml", 0)  # sshfs does before it writes a file anew
    assert client.stat("/shakemaps/cut.xml").st_size == 0
    assert door.store().get(keys.SHAKEMAPS, "cut.xml")[0] == GRID
    with client.open("/shakemaps/cut.xml", "r+") as file:
        file.write(b"anew")
        with pytest.raises(OSError, match="larger than"):
            file.truncate(spool.MAX_BYTES + 1)
        file.truncate(4)
    assert door.store().get(keys.SHAKEMAPS, "cut.xml")[0] == b"anew"
    with client.open("/shakemaps/cut.part", "w") as file:
        file.write(GRID)
    client.truncate("/shakemaps/cut.part", 3)
    client.rename("/shakemaps/cut.part", "/shakemaps/three.xml")
    transport.close()
    assert door.store().get(keys.SHAKEMAPS, "three.xml")[0] == GRID[:3]


def test_the_same_content_again_is_no_new_version(door, grid):
    for _ in range(2):
        assert door.sftp(f"put {grid} shakemaps/same/grid.xml\n").returncode == 0
    door.store().put(keys.SHAKEMAPS, "same/grid.xml", b"<other/>")
    assert door.sftp(f"put {grid} shakemaps/same/grid.xml\n").returncode == 0
    assert len(list(door.store().versions(keys.SHAKEMAPS, "same/"))) == 3
    assert "no new version" in door.log.read_text()


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
    "name",
    [
        *("grid.xml.uploading", "grid.xml.copying.ignore", "grid.xml_tmp", "grid.xml~", "A.TMP", "grid.xml.new"),
        *("grid.xml.lftp", "grid.xml.crdownload", "~grid.xml", "tmp-grid.xml", "some.name", "sub.TMP/grid.xml"),
    ],
)
def test_whatever_the_temporary_name_was_the_rename_publishes(door, grid, name):
    folder = f"{name.translate(str.maketrans('./~', '---'))}-any"
    commands = f"put {grid} shakemaps/{folder}/{name}\nrename shakemaps/{folder}/{name} shakemaps/{folder}/grid.xml\n"
    seen = door.sftp(commands)
    assert seen.returncode == 0, seen.stderr
    assert door.store().get(keys.SHAKEMAPS, f"{folder}/grid.xml")[0] == GRID
    assert [key for key in door.objects(prefix=f"{folder}/") if key.endswith("grid.xml")] == [f"{folder}/grid.xml"]


@pytest.mark.parametrize(("staging", "held"), [("one.tmp", True), (".two", True), ("three_other", False)])
def test_a_whole_folder_is_renamed(door, grid, staging, held):
    name = "grid.xml" if held else "grid.txt"  # a grid.xml in a folder of an ordinary name is taken up at once
    old, new = f"shakemaps/{staging}", f"shakemaps/whole-{len(staging)}"
    put = f"put {grid} {old}/{name}\nput {grid} {old}/output/a.txt\n"
    assert door.sftp(f"mkdir {old}\nmkdir {old}/output\n{put}").returncode == 0
    assert bool(door.objects(prefix=staging)) != held
    moved = door.sftp(f"rename {old} {new}\nls {new}/output\n")
    assert moved.returncode == 0, moved.stderr
    folder = new.partition("/")[2]
    assert door.objects(prefix=f"{folder}/") == [f"{folder}/{name}", f"{folder}/output/a.txt"]


def test_a_folder_with_too_many_files_is_not_renamed_and_says_so(door):
    store = door.store()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: store.put(keys.SHAKEMAPS, f"crowded/{n}.txt", b"x"), range(1001)))
    transport, client = door.client()
    with pytest.raises(OSError, match="more than 1000 files"):
        client.rename("/shakemaps/crowded", "/shakemaps/less")
    transport.close()
    assert door.objects(prefix="less") == []


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


def test_size_and_time_count_that_are_set_by_name_while_the_file_is_open(door):
    path, changed = "/shakemaps/times-open/grid.xml", 1_600_000_000
    transport, client = door.client()
    with client.open(path, "w") as file:
        file.write(GRID + b"left over")
        client.truncate(path, len(GRID))
        client.utime(path, (changed, changed))
    assert client.stat(path).st_mtime == changed
    transport.close()
    assert door.store().get(keys.SHAKEMAPS, path[11:])[0] == GRID


def test_the_time_set_with_a_file_outlives_the_door_s_own_notes(door, grid):
    os.utime(grid, (1_500_000_000, 1_500_000_000))
    assert door.sftp(f"put -p {grid} shakemaps/kept/grid.xml\n").returncode == 0
    door.store().put(keys.SHAKEMAPS, "kept/by-s3.xml", GRID, metadata={"mtime": "1400000000.25"})  # as rclone does
    door.stop()
    (door.settings.home / "spool" / "bmkg" / "times.sqlite").unlink()
    door.start()
    transport, client = door.client()
    assert client.stat("/shakemaps/kept/grid.xml").st_mtime == 1_500_000_000
    told = {one.filename: one.st_mtime for one in client.listdir_attr("/shakemaps/kept")}
    assert told == {"grid.xml": 1_500_000_000, "by-s3.xml": 1_400_000_000}
    transport.close()


def test_surplus_bytes_in_a_packet_are_ignored_as_openssh_does(door):
    transport, client = door.client()
    kind, answer = client._request(17, b"/shakemaps", b"surplus")  # STAT; rclone 1.60 sends more than the protocol has
    assert (kind, answer.get_int() & 4) == (105, 4)  # ATTRS, permissions among them
    transport.close()


def test_a_rename_over_what_is_there_makes_a_new_version(door, grid):
    other = grid.with_name("other.xml")
    other.write_bytes(GRID * 2)
    commands = f"put {grid} shakemaps/over/grid.xml\nput {other} shakemaps/over/new.tmp\n"
    assert door.sftp(commands + "rename shakemaps/over/new.tmp shakemaps/over/grid.xml\n").returncode == 0
    assert len(list(door.store().versions(keys.SHAKEMAPS, "over/grid.xml"))) == 2


def test_what_was_taken_up_cannot_be_renamed_or_removed(door, grid):
    assert door.sftp(f"put {grid} shakemaps/stay/grid.xml\n").returncode == 0
    transport, client = door.client()
    for old, new in (("stay/grid.xml", "stay/gone.xml"), ("stay", "gone")):
        with pytest.raises(OSError, match="taken up already"):
            client.rename(f"/shakemaps/{old}", f"/shakemaps/{new}")
    with pytest.raises(OSError, match="cannot be removed"):
        client.remove("/shakemaps/stay/grid.xml")
    transport.close()
    assert door.objects(prefix="stay") == ["stay/grid.xml"]


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
    assert door.objects(keys.SHAKEMAPS_BNPB, "bnpb") == ["bnpb.xml"]
    assert "bnpb.xml" not in door.objects()


@pytest.mark.parametrize("path", ["../../etc/x", "/etc/x", "ledger/x", "x", "shakemaps/../ledger/x", "results/x"])
def test_nobody_leaves_their_folders(door, grid, path):
    assert door.sftp(f"put {grid} {path}\n").returncode != 0
    left = {key for bucket in (keys.LEDGER, keys.RESULTS) for key in door.objects(bucket)}
    assert left <= {generation.KEY}  # which a gateway leaves where one has been


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
    held = spool.Spool(door.settings.home / "spool" / "bmkg").held("/shakemaps/old.part")
    long_ago = time.time() - spool.KEPT_SECONDS - 60
    os.utime(held.path, (long_ago, long_ago))  # as a clock that was set ahead by a day sees it
    door.stop()
    door.start()
    assert held.path.exists()
    held.path.with_name("waited").write_text(f"{spool.KEPT_SECONDS:.0f}")
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


def test_a_host_key_that_is_none_is_named_with_what_to_do(tmp_path):
    (tmp_path / "sftp-host-key").write_text("garbage")
    with pytest.raises(BadInput, match=r"sftp-host-key cannot be read .*: put the old file back, from a backup"):
        process._host_keys(tmp_path)
    (tmp_path / "sftp-host-key").unlink()
    made = machine.make_ssh_key(tmp_path / "sftp-host-key")
    (tmp_path / "sftp-host-key.pub").write_text("ssh-ed25519 of-another")  # which clients never see
    (key,) = process._host_keys(tmp_path)
    assert key.export_public_key().decode().split()[:2] == made.split()[:2]
