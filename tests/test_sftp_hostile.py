"""The SFTP door with clients that are careless or mean, and operators who mistype: nothing half, nothing blocked."""

import os
import pty
import signal
import socket
import subprocess
import sys
import threading

import paramiko
import pytest
import yaml
from fixtures.grids import make_grid
from support.running import free_ports, wait_for

from gateway.sftp import spool
from gateway.sftp.accounts import Accounts
from siaga import keys, machine
from siaga.errors import BadInput, SiagaError
from siaga.hazard.gridxml import read_shakemap

GRID = make_grid(nlon=41, nlat=41, spacing=0.05)


@pytest.fixture
def client(door):
    transport, opened = door.client()
    yield opened
    transport.close()


def finish(client, file):
    """Send CLOSE and hear the answer, which paramiko's own way of closing swallows."""
    file.flush()
    client._request(4, file.handle)


def test_ctrl_c_leaves_no_map_that_anybody_would_take(door, tmp_path):
    # OpenSSH closes the short file as if it were whole: no server can tell, so its reader must
    path = tmp_path / "grid.xml"
    path.write_bytes(make_grid(nlon=301, nlat=301, spacing=0.01))
    terminal, inner = pty.openpty()  # interactive, as a person sits there
    command = ["sftp", "-l", "4000", *door.options("bmkg"), "bmkg@127.0.0.1"]
    process = subprocess.Popen(command, stdin=inner, stdout=inner, stderr=inner, start_new_session=True)
    threading.Thread(target=drain, args=(terminal,), daemon=True).start()
    os.write(terminal, b"mkdir shakemaps/ctrl-c\n")
    os.write(terminal, f"put {path} shakemaps/ctrl-c/grid.xml\n".encode())
    folder = door.settings.home / "spool" / "bmkg"
    wait_for(lambda: any(size(one) > 100_000 for one in folder.glob("*.upload")), 60, "some bytes")
    process.send_signal(signal.SIGINT)
    wait_for(lambda: not list(folder.glob("*.upload")), 60, "the end of the upload")
    process.kill()
    process.wait()
    for head in door.store().list(keys.SHAKEMAPS, "ctrl-c/"):
        assert head.size < path.stat().st_size
        with pytest.raises(BadInput, match="cut off"):
            read_shakemap(door.store().get(keys.SHAKEMAPS, head.key)[0])


def drain(terminal):
    try:
        while os.read(terminal, 4096):
            pass
    except OSError:
        return  # the client is gone


def size(path):
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def test_a_whole_folder_by_openssh(door, tmp_path):
    folder = tmp_path / "20180805194635"
    (folder / "output").mkdir(parents=True)
    for number in range(200):
        (folder / "output" / f"{number:03d}.txt").write_bytes(b"%d" % number)
    (folder / "grid.xml").write_bytes(GRID)
    done = door.sftp(f"put -pR {folder} shakemaps\n")
    assert done.returncode == 0, done.stderr
    assert len(door.objects(prefix="20180805194635/output/")) == 200
    assert door.store().get(keys.SHAKEMAPS, "20180805194635/grid.xml")[0] == GRID
    assert len(list(door.store().versions(keys.SHAKEMAPS, "20180805194635/"))) == 201
    assert door.scp(folder, "shakemaps/again", ["-r"]).returncode == 0
    assert len(door.objects(prefix="again/")) == 201


def test_a_rename_before_the_file_is_closed_loses_nothing(door, client):
    file = client.open("/shakemaps/early/grid.xml.part", "w")
    file.write(GRID)
    with pytest.raises(FileNotFoundError):
        client.rename("/shakemaps/early/grid.xml.part", "/shakemaps/early/grid.xml")
    finish(client, file)
    assert door.objects(prefix="early/") == []
    client.rename("/shakemaps/early/grid.xml.part", "/shakemaps/early/grid.xml")
    assert door.store().get(keys.SHAKEMAPS, "early/grid.xml")[0] == GRID


def test_a_rename_into_a_folder_of_others_is_refused(door, client):
    with client.open("/shakemaps/mine.part", "w") as file:
        file.write(GRID)
    for name in ("/shakemaps-bnpb/a.xml", "/ledger/a.xml", "/a.xml", "/shakemaps/../results/a.xml"):
        with pytest.raises(PermissionError):
            client.posix_rename("/shakemaps/mine.part", name)
    client.rename("/shakemaps/mine.part", "/shakemaps-corrected/mine.xml")  # another folder of one's own
    assert door.objects(keys.SHAKEMAPS_CORRECTED, "mine") == ["mine.xml"]


def test_a_held_file_can_be_taken_back(door, client):
    with client.open("/shakemaps/back/a.part", "w") as file:
        file.write(GRID)
    client.remove("/shakemaps/back/a.part")
    with pytest.raises(FileNotFoundError):
        client.rename("/shakemaps/back/a.part", "/shakemaps/back/a.xml")
    assert door.objects(prefix="back/") == []


def test_a_file_whose_writing_failed_is_not_whole_whatever_the_client_thinks(door, client):
    file = client.open("/shakemaps/failed.xml", "w")
    file.write(GRID)
    file.flush()
    file.seek(spool.MAX_BYTES)
    with pytest.raises(OSError, match="larger than"):
        file.write(b"x")
    with pytest.raises(OSError, match="Not all of the file"):
        client._request(4, file.handle)
    assert door.objects(prefix="failed") == []


def test_a_full_disk_is_said_and_leaves_nothing_behind(tmp_path):
    (tmp_path / "held").mkdir()
    (tmp_path / "full.upload").symlink_to("/dev/full")
    upload = spool.Upload(tmp_path / "full.upload")
    upload.write(0, b"little, so that it is still in memory")
    with pytest.raises(OSError, match="No space left"):
        upload.finish()
    upload.drop()
    assert not list(tmp_path.glob("*.upload"))


def test_one_user_cannot_open_files_without_end_nor_keep_others_out(door, client):
    opened = [client.open(f"/shakemaps/crowd/{number}.xml", "w") for number in range(spool.MAX_UPLOADS)]
    with pytest.raises(OSError, match="Too much"):
        client.open("/shakemaps/crowd/more.xml", "w")
    assert door.sftp("put /etc/hostname shakemaps/other.xml\n", user="bnpb").returncode == 0
    for file in opened:
        finish(client, file)
    with client.open("/shakemaps/crowd/more.xml", "w") as file:
        file.write(b"x")
    assert len(door.objects(prefix="crowd/")) == spool.MAX_UPLOADS + 1


def test_what_waits_for_its_rename_is_bounded_too(tmp_path):
    kept = spool.Spool(tmp_path)
    for number in range(2):
        upload = kept.begin(1000)
        upload.write(0, b"x" * 600)
        upload.finish()
        kept.hold(upload.path, f"/shakemaps/{number}.part")
        upload.drop()
    with pytest.raises(BadInput, match="Too much"):
        kept.begin(1000)
    kept.forget(kept.held("/shakemaps/0.part"))
    kept.begin(1000).drop()


def test_idle_connections_keep_nobody_out(door):
    there = ("127.0.0.1", door.settings.sftp_port)
    idle = [socket.create_connection(there, timeout=10, source_address=("127.0.0.2", 0)) for _ in range(100)]
    try:
        assert door.sftp("ls\n").returncode == 0
    finally:
        for connection in idle:
            connection.close()


def test_no_way_through_in_either_direction(door):
    forward = ["ssh", "-N", "-o", "ExitOnForwardFailure=yes", "-R", f"{free_ports(1)}:127.0.0.1:22"]
    command = [*forward, *door.options("bmkg", "-p"), "bmkg@127.0.0.1"]
    assert subprocess.run(command, capture_output=True, timeout=60, check=False).returncode != 0
    for kind in ("direct-streamlocal@openssh.com", "tun@openssh.com", "x11", "auth-agent@openssh.com"):
        transport, _client = door.client()
        with pytest.raises(paramiko.SSHException):
            transport.open_channel(kind, src_addr=("127.0.0.1", 1), timeout=20)
        transport.close()
    for ask in ("get_pty", "invoke_shell", "request_x11"):
        transport, _client = door.client()
        channel = transport.open_session(timeout=20)
        with pytest.raises(paramiko.SSHException):
            getattr(channel, ask)()
        transport.close()


WRONG_USERS = {
    "no list": "users: [a, b]",
    "not YAML": "users: {",
    "empty": "",
    "a path for a name": {"../../x": {"keys": [], "prefixes": {"shakemaps": "shakemaps"}}},
    "a name beyond ASCII": {"gempa é": {"keys": [], "prefixes": {"shakemaps": "shakemaps"}}},
    "a bucket of results": {"bmkg": {"keys": [], "prefixes": {"x": "results"}}},
    "a folder with a slash": {"bmkg": {"keys": [], "prefixes": {"a/b": "shakemaps"}}},
    "no key": {"bmkg": {"keys": ["ssh-ed25519 nonsense"], "prefixes": {"shakemaps": "shakemaps"}}},
    "no prefixes": {"bmkg": {"keys": []}},
    "bytes": b"\xff\xfe\x00users",
}


@pytest.mark.parametrize("case", WRONG_USERS)
def test_a_wrong_users_file_is_named_at_once(tmp_path, case):
    wrong = WRONG_USERS[case]
    path = tmp_path / "sftp-users.yml"
    text = yaml.safe_dump({"users": wrong}) if isinstance(wrong, dict) else wrong
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SiagaError, match=r"sftp-users\.yml"):
        Accounts(path, print)


def test_a_door_whose_users_file_is_wrong_says_so_and_ends(door, tmp_path):
    (tmp_path / "sftp-users.yml").write_text("users: nobody")
    machine.make_ssh_key(tmp_path / "sftp-host-key")
    for name in ("store-door-key", "store-door-secret"):
        (tmp_path / name).write_text("x")
    env = os.environ | door.env | {"SIAGA_SECRETS": str(tmp_path), "SIAGA_SFTP_PORT": str(free_ports(1))}
    env["SIAGA_SFTP_HEALTH_PORT"] = str(free_ports(1))
    done = subprocess.run(
        [sys.executable, "-m", "gateway.sftp"], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "sftp-users.yml" in done.stderr
    assert "Traceback" not in done.stderr
