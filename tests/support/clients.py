"""Programs that agencies upload with, as they come from Debian and PyPI: how each puts, mirrors and renames."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from support.running import wait_for

_TRUST = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
_ALONE = ["-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-F", "/dev/null"]
_PARAMIKO = """
import sys, paramiko
key, verb, old, new, port = sys.argv[1:]
transport = paramiko.Transport(("127.0.0.1", int(port)))
transport.connect(username="bmkg", pkey=paramiko.Ed25519Key.from_private_key_file(key))
client = paramiko.SFTPClient.from_transport(transport)
{"put": client.put, "rename": client.posix_rename}[verb](old, new)
transport.close()
"""
_BOTO3 = """
import os, sys, boto3
verb, old, new, url = sys.argv[1:]
client = boto3.client("s3", endpoint_url=url, region_name="us-east-1")
if verb == "put":
    client.upload_file(old, "shakemaps", new)
    client.get_waiter("object_exists").wait(Bucket="shakemaps", Key=new)
else:
    client.copy({"Bucket": "shakemaps", "Key": old}, "shakemaps", new)
    client.delete_object(Bucket="shakemaps", Key=old)
"""
_MINIO = """
import os, sys
from minio import Minio
from minio.commonconfig import CopySource
verb, old, new, url = sys.argv[1:]
client = Minio(endpoint=url.partition("//")[2], access_key=os.environ["AWS_ACCESS_KEY_ID"],
               secret_key=os.environ["AWS_SECRET_ACCESS_KEY"], secure=False)
if verb == "put":
    client.fput_object(bucket_name="shakemaps", object_name=new, file_path=old)
    client.stat_object(bucket_name="shakemaps", object_name=new)
else:
    source = CopySource(bucket_name="shakemaps", object_name=old)
    client.copy_object(bucket_name="shakemaps", object_name=new, source=source)
    client.remove_object(bucket_name="shakemaps", object_name=old)
"""
# The kernel forgets to close a file that is unmounted before sshfs has heard of it; a listing is heard after it.
_SSHFS = """
set -e
fusermount -uz "$1" 2>/dev/null || true
mkdir -p "$1"
sshfs -f -o "ssh_command=$5" bmkg@127.0.0.1:/shakemaps "$1" &
trap 'fusermount -uz "$1"; kill $! 2>/dev/null || true; wait' EXIT
until mountpoint -q "$1"; do kill -0 $!; sleep 0.05; done
case $2 in
    put) mkdir -p "$1/$(dirname "$4")"; cp -p "$3" "$1/$4"; ls "$1" >/dev/null ;;
    mirror) rsync -a "$3/" "$1/$4/"; ls "$1" >/dev/null ;;
    rename) mv "$1/$3" "$1/$4" ;;
esac
"""


@dataclass(frozen=True)
class Site:
    """Where the clients find door and store, and with what. folder: for what they want to write themselves."""

    sftp_port: int
    store_port: int
    key: Path
    ppk: Path
    host_key: str
    access_key: str
    secret_key: str
    folder: Path

    @property
    def url(self) -> str:
        """The store's."""
        return f"http://127.0.0.1:{self.store_port}"

    @property
    def ssh(self) -> list[str]:
        """OpenSSH's options, without the port."""
        return [*_TRUST, *_ALONE, "-i", str(self.key)]

    @property
    def environment(self) -> dict[str, str]:
        """What the clients of the store read, and a home of their own."""
        keys = {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key}
        rclone = {"TYPE": "s3", "PROVIDER": "Minio", "ENDPOINT": self.url, "ENV_AUTH": "true"}
        return (
            {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RCLONE_"))}
            | keys
            | {f"RCLONE_CONFIG_STORE_{name}": value for name, value in rclone.items()}
            | {"AWS_DEFAULT_REGION": "us-east-1", "HOME": str(self.folder), "MC_CONFIG_DIR": str(self.folder / "mc")}
            | {"MC_HOST_store": f"http://{self.access_key}:{self.secret_key}@127.0.0.1:{self.store_port}"}
        )


Words = tuple[list[str], str]  # a command, and what it reads


def _sftp(site: Site, verb: str, old: str, new: str) -> Words:
    batch = {"put": f"put -p {old} shakemaps/{new}", "mirror": f"put -pR {old} shakemaps/{new}"}
    batch["rename"] = f"rename shakemaps/{old} shakemaps/{new}"
    return ["sftp", "-b", "-", "-P", str(site.sftp_port), *site.ssh, "bmkg@127.0.0.1"], batch[verb]


def _scp(site: Site, verb: str, old: str, new: str, *more: str) -> Words:
    flags = ["-r"] if verb == "mirror" else []
    flags = [*more, "-p", *flags, "-P", str(site.sftp_port), *site.ssh]
    return ["scp", *flags, old, f"bmkg@127.0.0.1:shakemaps/{new}"], ""


def _rsync(site: Site, verb: str, old: str, new: str) -> Words:
    shell = " ".join(["ssh", "-p", str(site.sftp_port), *site.ssh])
    slash = "/" if verb == "mirror" else ""
    return ["rsync", "-a", "-e", shell, old + slash, f"bmkg@127.0.0.1:shakemaps/{new}{slash}"], ""


def _lftp(site: Site, verb: str, old: str, new: str) -> Words:
    connect = f"set sftp:connect-program 'ssh -a -x {' '.join(site.ssh)}'; set net:max-retries 1; "
    place = f"open -u bmkg, -p {site.sftp_port} sftp://127.0.0.1; cd shakemaps; "
    does = {"put": f"put {old} -o {new}", "mirror": f"mirror -R {old} {new}", "rename": f"mv {old} {new}"}
    return ["lftp", "-c", connect + place + does[verb]], ""


def _curl(site: Site, verb: str, old: str, new: str) -> Words:
    place = f"sftp://127.0.0.1:{site.sftp_port}/shakemaps/"
    does = {"put": ["-T", old, "--ftp-create-dirs", place + new]}
    does["rename"] = ["-Q", f"rename /shakemaps/{old} /shakemaps/{new}", place]
    return ["curl", "-sS", "-k", "--key", str(site.key), "-u", "bmkg:", *does[verb]], ""


def _psftp(site: Site, verb: str, old: str, new: str) -> Words:
    script = site.folder / "psftp.batch"
    does = {"put": f"put {old} shakemaps/{new}", "mirror": f"put -r {old} shakemaps/{new}"}
    does["rename"] = f"mv shakemaps/{old} shakemaps/{new}"
    folder = f"mkdir shakemaps/{new.rpartition('/')[0]}\n" if verb == "put" else ""
    script.write_text(f"{folder}{does[verb]}\n")
    flags = ["-batch", "-be", "-b", str(script), "-i", str(site.ppk), "-hostkey", site.host_key]
    return ["psftp", "-P", str(site.sftp_port), *flags, "bmkg@127.0.0.1"], ""


def _sshfs(site: Site, verb: str, old: str, new: str) -> Words:
    mount = str(site.folder / "mount")
    command = " ".join(["ssh", "-p", str(site.sftp_port), *site.ssh])
    return ["bash", "-c", _SSHFS, "sshfs", mount, verb, old, new, command], ""


def _paramiko(site: Site, verb: str, old: str, new: str) -> Words:
    old = old if verb == "put" else f"/shakemaps/{old}"
    return [sys.executable, "-c", _PARAMIKO, str(site.key), verb, old, f"/shakemaps/{new}", str(site.sftp_port)], ""


def _rclone_sftp(site: Site, verb: str, old: str, new: str) -> Words:
    remote = f":sftp,host=127.0.0.1,port={site.sftp_port},user=bmkg,key_file={site.key}:shakemaps/"
    return _rclone(remote, verb, old, new)


def _rclone_s3(_site: Site, verb: str, old: str, new: str) -> Words:
    return _rclone("store:shakemaps/", verb, old, new)


def _rclone(remote: str, verb: str, old: str, new: str) -> Words:
    does = {"put": ["copyto", old], "mirror": ["copy", old], "rename": ["moveto", remote + old]}
    return [
        "rclone",
        "--retries",
        "1",
        "--low-level-retries",
        "1",
        "--s3-no-check-bucket",
        *does[verb],
        remote + new,
    ], ""


def _mc(_site: Site, verb: str, old: str, new: str) -> Words:
    does = {"put": ["cp", old], "mirror": ["mirror", "--overwrite", old], "rename": ["mv", f"store/shakemaps/{old}"]}
    return ["mc", "--quiet", *does[verb], f"store/shakemaps/{new}"], ""


def _aws(site: Site, verb: str, old: str, new: str) -> Words:
    does = {"put": ["cp", old], "mirror": ["sync", old], "rename": ["mv", f"s3://shakemaps/{old}"]}
    return ["aws", "--endpoint-url", site.url, "s3", *does[verb], f"s3://shakemaps/{new}"], ""


def _s3cmd(site: Site, verb: str, old: str, new: str) -> Words:
    host = site.url.partition("//")[2]
    keys = [f"--access_key={site.access_key}", f"--secret_key={site.secret_key}"]
    flags = ["-c", "/dev/null", "--no-ssl", f"--host={host}", f"--host-bucket={host}", *keys]
    does = {"put": ["put", old], "mirror": ["sync", f"{old}/"], "rename": ["mv", f"s3://shakemaps/{old}"]}
    return ["s3cmd", *flags, *does[verb], f"s3://shakemaps/{new}" + ("/" if verb == "mirror" else "")], ""


def _boto3(site: Site, verb: str, old: str, new: str) -> Words:
    return [sys.executable, "-c", _BOTO3, verb, old, new, site.url], ""


def _minio(site: Site, verb: str, old: str, new: str) -> Words:
    return [sys.executable, "-c", _MINIO, verb, old, new, site.url], ""


@dataclass(frozen=True)
class Client:
    """A row of docs/clients.md. program: without which it is not tried. verbs: what it can do."""

    program: str
    words: Callable[[Site, str, str, str], Words]
    verbs: frozenset[str] = field(default=frozenset({"put", "mirror", "rename"}))

    def run(self, site: Site, verb: str, old: str, new: str) -> subprocess.CompletedProcess:
        """`put` a file or `mirror` a folder into bucket shakemaps, or `rename` there."""
        command, said = self.words(site, verb, old, new)
        return subprocess.run(
            command, input=said, env=site.environment, capture_output=True, text=True, timeout=60, check=False
        )

    def start(self, site: Site, old: str, new: str) -> subprocess.Popen:
        """Begin to put a file; in a group of processes of its own."""
        command, said = self.words(site, "put", old, new)
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, env=site.environment, start_new_session=True, text=True, **quiet
        )
        process.stdin.write(said + "\n" if said else "")
        process.stdin.flush()
        return process


_NO_MIRROR = frozenset({"put", "rename"})
_NO_RENAME = frozenset({"put", "mirror"})
CLIENTS = {
    "OpenSSH sftp": Client("sftp", _sftp),
    "OpenSSH scp": Client("scp", _scp, _NO_RENAME),
    "OpenSSH scp -O": Client("scp", lambda *asked: _scp(*asked, "-O"), _NO_RENAME),
    "rsync": Client("rsync", _rsync, _NO_RENAME),
    "lftp": Client("lftp", _lftp),
    "curl": Client("curl", _curl, _NO_MIRROR),
    "psftp": Client("psftp", _psftp),
    "sshfs": Client("sshfs", _sshfs),
    "paramiko": Client(sys.executable, _paramiko, _NO_MIRROR),
    "rclone, sftp": Client("rclone", _rclone_sftp),
    "rclone, s3": Client("rclone", _rclone_s3),
    "mc": Client("mc", _mc),
    "aws": Client("aws", _aws),
    "s3cmd": Client("s3cmd", _s3cmd),
    "boto3": Client(sys.executable, _boto3, _NO_MIRROR),
    "minio SDK": Client(sys.executable, _minio, _NO_MIRROR),
}


class Relay:
    """Stands between a client and a server, and lets so many bytes of the client through, then no more."""

    def __init__(self, port: int, at_most: int) -> None:
        """Listens at once."""
        self.reached = threading.Event()
        self._left, self._port = at_most, port
        self._sockets: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """End all connections, on both sides."""
        for one in (self._listening, *self._sockets):
            with suppress(OSError):  # it is closed already
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                client = self._listening.accept()[0]
            except OSError:  # closed
                return
            server = socket.create_connection(("127.0.0.1", self._port))
            self._sockets += [client, server]
            for source, target, counts in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pass, args=(source, target, counts), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, counts: bool) -> None:
        try:
            while data := source.recv(1 << 14):
                if counts:
                    self._left -= len(data)
                    if self._left < 0:
                        self.reached.set()
                        return
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:  # either side is gone
            return


def break_off(client: Client, site: Site, relay: Relay, old: str, new: str) -> None:
    """Put a file through the relay and `kill -9` the client in the middle."""
    process = client.start(site, old, new)
    try:
        wait_for(lambda: relay.reached.is_set() or process.poll() is not None, 60, "the middle of the file")
        assert relay.reached.is_set(), f"{process.args[0]} ended with {process.returncode}"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdin.close()
        relay.close()
