"""The SFTP door: who gets in, from where, with which algorithms, how many at a time; and what is kept of it all."""

import json
import os
import re
import socket
import struct
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import asyncssh
import paramiko
import pytest
from support.running import wait_for

from gateway.sftp import algorithms, spool, usersfile
from gateway.sftp.accounts import Accounts
from gateway.sftp.admission import Admission
from siaga import keys, machine
from siaga.errors import BadInput, SiagaError

GRID = b"<shakemap_grid/>"


def record(door):
    """Every line of the door's record."""
    path = door.settings.home / "audit" / "sftp.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()]


def recorded(door, **facts):
    """Wait for a line with these facts; returns it."""
    return wait_for(
        lambda: next((one for one in record(door) if facts.items() <= one.items()), None), 20, f"a line with {facts}"
    )


def public(door, name):
    return machine.make_ssh_key(door.settings.secrets / f"sftp-{name}-key")


@contextmanager
def users(door, **more):
    """Other users besides for a while; the door reads the file anew by itself."""
    before = json.loads(json.dumps(door.users))
    door.users["users"].update(more)
    door.write_users()
    os.utime(door.settings.secrets / "sftp-users.yml", ns=(time.time_ns(), time.time_ns()))
    try:
        yield
    finally:
        door.users = before
        door.write_users()


def connect(door, source):
    return socket.create_connection(("127.0.0.1", door.settings.sftp_port), timeout=10, source_address=(source, 0))


def is_open(connection):
    """Whether the door still listens to it."""
    connection.setblocking(False)
    try:
        while connection.recv(1 << 16):
            pass
        return False
    except BlockingIOError:
        return True
    except ConnectionError:
        return False


def log_in(door, **how):
    """One log-in and a listing; its seconds."""
    began = time.monotonic()
    transport, client = door.client(**how)
    with closing(transport):
        assert client.listdir("/")
    return time.monotonic() - began


def test_sf_20_sf_21_a_flood_of_strangers_keeps_no_user_out(door_up):
    flood = []
    try:
        for number in range(400):
            flood.append(connect(door_up, f"127.1.{number % 100}.1"))
        assert max(log_in(door_up) for _ in range(3)) < 8
        wait_for(lambda: sum(map(is_open, flood)) <= 200, 20, "the end of most of them")
    finally:
        for one in flood:
            one.close()


def test_sf_20_one_address_has_twenty_strangers_at_most(door_up):
    flood = [connect(door_up, "127.2.0.1") for _ in range(40)]
    try:
        wait_for(lambda: sum(map(is_open, flood)) == 20, 20, "twenty of them")
        recorded(door_up, **{"from": "127.2.0.1", "result": "connection refused"})
        assert log_in(door_up) < 8
    finally:
        for one in flood:
            one.close()


def test_sf_22_who_guesses_is_banned_and_nobody_else(door_up):
    other = door_up.settings.secrets / "sftp-stranger-key"
    machine.make_ssh_key(other)

    def guess():
        with pytest.raises((paramiko.SSHException, EOFError, OSError)):
            door_up.client(key="stranger", source="127.3.0.1")

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda _: guess(), range(10)))
    recorded(door_up, **{"from": "127.3.0.1", "result": "banned"})
    guess()  # is not even heard
    assert recorded(door_up, **{"from": "127.3.0.1", "result": "connection refused"})["why"].startswith("banned for")
    with pytest.raises((paramiko.SSHException, EOFError, OSError)):
        log_in(door_up, source="127.3.0.1")  # the right key neither
    assert log_in(door_up, source="127.3.0.2") < 8
    told = recorded(door_up, **{"from": "127.3.0.1", "result": "log-in refused"})
    assert told["user"] == "bmkg"
    assert told["key"].startswith("SHA256:")


def test_a_ban_ends_and_a_log_in_is_no_failure():
    now = [0.0]
    admission = Admission(lambda: now[0])
    assert [admission.failed("a") for _ in range(10)] == [False] * 9 + [True]
    assert "banned" in admission.refuses("a")
    assert not admission.refuses("b")
    now[0] = 901
    assert not admission.refuses("a")
    assert not any(admission.failed("b") for _ in range(9))
    now[0] += 301
    assert not any(admission.failed("b") for _ in range(9))


@pytest.mark.parametrize("user", ["nobody", "../bmkg", "root", "bmkg/", "BMKG", "bnpb", ""])
def test_sf_15_a_key_opens_for_its_own_user_alone(door_up, user):
    with pytest.raises((paramiko.SSHException, EOFError)):
        door_up.client(user=user, key="bmkg", source=f"127.4.0.{len(user) + 1}")


def test_sf_14_no_other_way_of_logging_in_is_offered(door_up):
    with closing(paramiko.Transport(connect(door_up, "127.5.0.1"))) as transport:
        transport.start_client(timeout=20)
        with pytest.raises(paramiko.BadAuthenticationType) as raised:
            transport.auth_none("bmkg")
        assert raised.value.allowed_types == ["publickey"]
    for method in (
        lambda transport: transport.auth_password("bmkg", "bmkg"),
        lambda transport: transport.auth_interactive("bmkg", lambda *_: []),
    ):
        with closing(paramiko.Transport(connect(door_up, "127.5.0.1"))) as transport:
            transport.start_client(timeout=20)
            with pytest.raises(paramiko.AuthenticationException):
                method(transport)
            assert not transport.is_authenticated()
    assert recorded(door_up, **{"from": "127.5.0.1", "why": "no key was offered"})["user"] == "bmkg"


def sftp(door, *flags, user="bmkg", commands="ls\n"):
    return door.sftp(commands, user, flags)


@pytest.mark.parametrize(
    "old",
    [
        *("KexAlgorithms=diffie-hellman-group14-sha1", "KexAlgorithms=diffie-hellman-group1-sha1"),
        *("KexAlgorithms=diffie-hellman-group-exchange-sha256", "KexAlgorithms=diffie-hellman-group-exchange-sha1"),
        *("Ciphers=aes128-cbc", "Ciphers=3des-cbc", "MACs=hmac-sha1", "MACs=umac-64@openssh.com", "MACs=hmac-md5"),
        *("MACs=hmac-sha1-96", "MACs=hmac-sha1-etm@openssh.com"),
    ],
)
def test_sf_18_sf_19_nothing_old_is_spoken(door_up, old):
    # what is authenticated by its cipher has no MAC of its own
    flags = ["-o", old] + (["-o", "Ciphers=aes256-ctr"] if old.startswith("MACs") else [])
    command = [
        "ssh",
        "-o",
        "LogLevel=INFO",
        *flags,
        "-b",
        "127.6.0.1",
        *door_up.options("bmkg", "-p"),
        "bmkg@127.0.0.1",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert "no matching" in done.stderr


@pytest.mark.parametrize(
    "new",
    [
        *("KexAlgorithms=curve25519-sha256", "KexAlgorithms=ecdh-sha2-nistp256"),
        *("KexAlgorithms=diffie-hellman-group14-sha256", "Ciphers=aes128-ctr", "MACs=hmac-sha2-256"),
    ],
)
def test_what_is_safe_is_spoken(door_up, new):
    done = sftp(door_up, "-o", new)
    assert done.returncode == 0, done.stderr


def test_sf_19_an_old_algorithm_is_for_the_user_whose_entry_names_it(door_up):
    old = {"keys": [public(door_up, "old")], "prefixes": {"shakemaps": keys.SHAKEMAPS}, "old_algorithms": ["hmac-sha1"]}
    flags = ["-o", "MACs=hmac-sha1", "-o", "Ciphers=aes256-ctr", "-o", "BindAddress=127.6.0.2"]
    with users(door_up, old=old):
        wait_for(lambda: sftp(door_up, *flags, user="old").returncode == 0, 40, "the offer of hmac-sha1")
        assert sftp(door_up, *flags).returncode != 0  # bmkg
        assert (
            "uses hmac-sha1" in recorded(door_up, user="bmkg", result="log-in refused", **{"from": "127.6.0.2"})["why"]
        )
        assert sftp(door_up, "-o", "BindAddress=127.6.0.2", user="old").returncode == 0


def test_all_names_of_algorithms_are_known_to_asyncssh():
    offered = algorithms.offered(algorithms.OLD)
    asyncssh.SSHServerConnectionOptions(server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")], **offered)
    assert set().union(*offered.values()) > algorithms.OLD


def test_a_key_with_from_opens_from_there_alone(door_up):
    narrow = {
        "keys": [f'from="127.7.0.0/24,!127.7.0.9",no-pty {public(door_up, "narrow")}'],
        "prefixes": {"shakemaps": keys.SHAKEMAPS},
    }
    with users(door_up, narrow=narrow):
        assert log_in(door_up, user="narrow", source="127.7.0.1")
        for elsewhere in ("127.8.0.1", "127.7.0.9"):
            with pytest.raises(paramiko.SSHException):
                door_up.client(user="narrow", source=elsewhere)
        assert "not from this address" in recorded(door_up, user="narrow", result="log-in refused")["why"]


@pytest.mark.parametrize(
    ("until", "opens"), [("20200101", False), ("20990101", True), ("209901010000Z", True), ("soon", False)]
)
def test_a_key_with_expiry_time_opens_until_then(tmp_path, until, opens):
    key = machine.make_ssh_key(tmp_path / "key")
    path = tmp_path / "sftp-users.yml"
    entry = {"keys": [f'expiry-time="{until}" {key}'], "prefixes": {"x": "shakemaps"}}
    path.write_text(json.dumps({"users": {"a": entry}}))
    user = Accounts(path, print).get("a")
    assert (user.refuses(asyncssh.import_public_key(key), "192.0.2.1") == "") is opens


def test_sf_17_two_users_of_a_bucket_each_have_a_part(door_up):
    with users(
        door_up,
        one={"keys": [public(door_up, "one")], "prefixes": {"in": "shakemaps/from-one"}},
        two={"keys": [public(door_up, "two")], "prefixes": {"in": "shakemaps/from-two/deep"}},
    ):
        for user in ("one", "two"):
            transport, client = door_up.client(user=user)
            with closing(transport):
                assert client.listdir("/in") == []
                assert client.stat("/in").st_size == 0
                with client.open("/in/20180805194635/grid.xml", "w") as file:
                    file.write(GRID + user.encode())
                assert client.listdir("/in") == ["20180805194635"]
                assert client.listdir("/in/20180805194635") == ["grid.xml"]
                for above in ("/in/../../from-one/x", "/in/../shakemaps/x", "/from-one/x", "/in"):
                    with pytest.raises(OSError, match=r"\w"):
                        client.open(above, "w")
    for user in ("one", "two/deep"):
        body = door_up.store().get(keys.SHAKEMAPS, f"from-{user}/20180805194635/grid.xml")[0]
        assert body == GRID + user.partition("/")[0].encode()


def test_a_user_has_so_many_connections_at_a_time(door_up):
    few = {"keys": [public(door_up, "few")], "prefixes": {"in": "shakemaps"}, "sessions": 2}
    with users(door_up, few=few):
        opened = [door_up.client(user="few")[0] for _ in range(2)]
        with pytest.raises((paramiko.SSHException, EOFError, OSError)):
            door_up.client(user="few")[1].listdir("/")
        assert "too many connections" in recorded(door_up, user="few", result="connection refused")["why"]
        assert log_in(door_up)  # another user's are not counted
        opened.pop().close()
        wait_for(lambda: _gets_in(door_up, "few"), 20, "a place")
        opened.pop().close()


def _gets_in(door, user):
    try:
        return log_in(door, user=user)
    except (paramiko.SSHException, EOFError, OSError):
        return 0


def test_a_user_has_so_much_room(tmp_path):
    kept = spool.Spool(tmp_path)
    upload = kept.begin(100)
    upload.write(0, b"x" * 100)
    assert upload.size == 100
    with pytest.raises(BadInput, match="Too much"):
        kept.begin(100)
    kept.begin(101).drop()
    upload.drop()


def test_every_host_key_of_the_folder_is_offered(door_up, tmp_path):
    path = door_up.settings.secrets / "sftp-host-key-rsa"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", str(path)], check=True)
    door_up.stop()
    door_up.start()
    for kind, named in (("rsa-sha2-512", "ssh-rsa"), ("ssh-ed25519", "ssh-ed25519")):
        known = tmp_path / kind
        trust = ["-o", f"HostKeyAlgorithms={kind}", "-o", f"UserKnownHostsFile={known}"]
        assert sftp(door_up, "-o", "StrictHostKeyChecking=no", *trust).returncode == 0
        assert named in known.read_text()


def test_what_was_sent_and_what_was_refused_is_recorded(door_up):
    transport, client = door_up.client(source="127.9.0.1")
    with closing(transport):
        with client.open("/shakemaps/recorded/grid.xml", "w") as file:
            file.write(GRID)
        for refused in (
            lambda: client.remove("/shakemaps/recorded/grid.xml"),
            lambda: client.symlink("/etc/passwd", "/shakemaps/link"),
            lambda: client.open("/ledger/x", "w"),
        ):
            with pytest.raises(OSError, match=r"\w"):
                refused()
    stored = recorded(door_up, path="/shakemaps/recorded/grid.xml", result="stored")
    assert (stored["user"], stored["from"], stored["bytes"]) == ("bmkg", "127.9.0.1", len(GRID))
    assert re.fullmatch(r"[0-9a-f]{64}", stored["sha256"])
    assert stored["time"].endswith("Z")
    assert recorded(door_up, **{"from": "127.9.0.1", "result": "logged in"})["client"].startswith(
        "SSH-2.0-paramiko"
    ) or ("paramiko" in recorded(door_up, **{"from": "127.9.0.1", "result": "logged in"})["client"])
    for request in ("remove", "symlink", "open"):
        assert recorded(door_up, request=request, result="refused", **{"from": "127.9.0.1"})["why"]
    mode = (door_up.settings.home / "audit" / "sftp.jsonl").stat().st_mode & 0o777
    assert mode == 0o600


def ask(client, number, *arguments):
    """A raw request; raises as paramiko would."""
    return client._request(number, *arguments)


def test_sf_10_nothing_is_told_of_this_machines_files(door_up):
    transport, client = door_up.client()
    with closing(transport):
        said = set()
        for path in ("/etc/passwd", "/etc/no-such-file", "/", "/shakemaps"):
            with pytest.raises(OSError, match=r"\w") as raised:
                ask(client, 200, "statvfs@openssh.com", path)
            said.add(str(raised.value))
        assert len(said) == 1
        for path in ("/etc/passwd", "/shakemaps/../../etc/passwd"):
            with pytest.raises(FileNotFoundError):
                client.stat(path)


def test_sf_11_version_three_alone_is_spoken(door_up):
    for version in (4, 5, 6):
        transport, _client = door_up.client()
        with closing(transport):
            channel = transport.open_session(timeout=20)
            channel.settimeout(20)
            channel.invoke_subsystem("sftp")
            channel.sendall(struct.pack(">IBI", 5, 1, version))
            _length, kind, spoken = struct.unpack(">IBI", channel.recv(1 << 16)[:9])
            assert (kind, spoken) == (2, 3)


@pytest.mark.parametrize("size", [1 << 50, 256 << 30, spool.MAX_BYTES + 1])
def test_sf_26_no_file_is_made_longer_than_any_may_be(door_up, size):
    transport, client = door_up.client()
    with closing(transport), client.open("/shakemaps/long.xml", "w") as file:
        file.write(GRID)
        with pytest.raises(OSError, match="larger than"):
            file.truncate(size)
        file.truncate(len(GRID))


KEY_AND = "users:\n  a:\n    keys: [KEY]\n    prefixes: {x: shakemaps}\n"
PREFIX = "users:\n  a:\n    keys:\n      - KEY\n    prefixes:\n      x: "
WRONG = {
    "users:\n  a:\n    keys: [x]\n    prefixes: {x: shakemaps}\n": "line 3: users.a.keys[0]: 'x' is no key",
    "users:\n  a:\n    keys: ['command=\"x\" KEY']\n": "line 3: users.a.keys[0]: the option command",
    f"{PREFIX}results\n": "line 6: users.a.prefixes.x: 'results' is not one of",
    f"{PREFIX}shakemaps/../results\n": "line 6: users.a.prefixes.x: 'shakemaps/../results' is no",
    "users:\n  a:\n    keys: [KEY]\n": "line 2: users.a: lacks prefixes",
    "users:\n\n  a b:\n    keys: [KEY]\n    prefixes: {x: shakemaps}\n": "line 3: users.a b: write letters",
    f"{KEY_AND}    quota: 3\n": "line 5: users.a.quota: is no field",
    f"{KEY_AND}    sessions: many\n": "line 5: users.a.sessions: write a whole number",
    f"{KEY_AND}    quota_mib: 0\n": "line 5: users.a.quota_mib: write a whole number",
    f"{KEY_AND}    old_algorithms: [md5]\n": "line 5: users.a.old_algorithms[0]: 'md5' is none of",
    "users:\n  a: {}\n  a: {}\n": "line 3: users.a: stands twice",
    "users: [\n": "line 2: this is no YAML",
    "user: {}\n": "line 1: the file: write users:",
    "users: {}\nothers: {}\n": "line 2: others: is no entry",
}


@pytest.mark.parametrize("text", WRONG, ids=list(WRONG.values()))
def test_a_wrong_users_file_is_named_by_line_and_entry(tmp_path, text):
    key = machine.make_ssh_key(tmp_path / "key")
    path = tmp_path / "sftp-users.yml"
    path.write_text(text.replace("KEY", key))
    with pytest.raises(SiagaError) as raised:
        usersfile.read(path, algorithms.OLD)
    assert str(raised.value).startswith(f"{path}, {WRONG[text]}")


def test_a_file_that_is_wrong_by_now_leaves_the_users_of_before(door_up):
    path = door_up.settings.secrets / "sftp-users.yml"
    with users(door_up):
        path.write_text("users:\n  bmkg:\n    keys: nonsense\n    prefixes: {shakemaps: shakemaps}\n")
        assert log_in(door_up)
        wait_for(lambda: "line 3: users.bmkg.keys: 'nonsense' is no key" in door_up.log.read_text(), 20)
        assert "the users of before stay" in door_up.log.read_text()
