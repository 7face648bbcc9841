"""The SFTP door for a test: MinIO and the door as real processes, and the clients that partners use."""

import os
import signal
import socket
import subprocess
import sys

import paramiko
import yaml

from gateway.sftp import receiving
from siaga import keys, machine
from siaga.errors import BadInput
from siaga.settings import Settings
from siaga.store import Store
from support.running import environment, is_free, wait_for
from support.store_process import started_store


def can_confine(folder):
    """Whether this machine lets rsync run confined; some containers do not."""
    (folder / "tree").mkdir(exist_ok=True)
    try:
        receiving._check_sandbox(folder)
    except BadInput:
        return False
    return True


class Door:
    """MinIO and the door as processes; two users, each with a folder of their own."""

    def __init__(self, home, **more):
        self.env = environment(home, **more)
        self.settings = Settings.load(self.env)
        self.log = home / "door.log"
        self.minio = self.door = None
        machine.make_secrets(self.settings)
        public = machine.make_ssh_key(self.settings.secrets / "sftp-bnpb-key")
        self.users = yaml.safe_load((self.settings.secrets / "sftp-users.yml").read_text())
        self.users["users"]["bnpb"] = {"keys": [public], "prefixes": {"shakemaps": keys.SHAKEMAPS_BNPB}}
        self.write_users()

    def write_users(self):
        (self.settings.secrets / "sftp-users.yml").write_text(yaml.safe_dump(self.users))

    def start_store(self):
        self.minio = started_store(self.settings)

    def start(self):
        with self.log.open("a") as log:
            self.door = subprocess.Popen(
                [sys.executable, "-m", "gateway.sftp"], env=os.environ | self.env, stdout=log, stderr=log
            )
        wait_for(lambda: not is_free(self.settings.sftp_port), 60, "the door")

    def stop(self, number=signal.SIGTERM):
        self.door.send_signal(number)
        self.door.wait(30)

    def options(self, user, port="-P"):
        key = self.settings.secrets / f"sftp-{user}-key"
        trust = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
        alone = ["-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-F", "/dev/null", "-i", str(key)]
        return [port, str(self.settings.sftp_port), *trust, *alone]

    def sftp(self, commands, user="bmkg", flags=()):
        command = ["sftp", "-b", "-", "-q", *flags, *self.options(user), f"{user}@127.0.0.1"]
        return subprocess.run(command, input=commands, capture_output=True, text=True, timeout=60, check=False)

    def scp(self, path, to, flags=(), user="bmkg"):
        command = ["scp", "-q", *flags, *self.options(user), str(path), f"{user}@127.0.0.1:{to}"]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    def ssh(self, *words):
        command = ["ssh", *self.options("bmkg", "-p"), "bmkg@127.0.0.1", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    def client(self, user="bmkg", key=None, source="127.0.0.1"):
        there = ("127.0.0.1", self.settings.sftp_port)
        transport = paramiko.Transport(socket.create_connection(there, timeout=20, source_address=(source, 0)))
        path = self.settings.secrets / f"sftp-{key or user}-key"
        transport.connect(username=user, pkey=paramiko.Ed25519Key.from_private_key_file(str(path)))
        return transport, paramiko.SFTPClient.from_transport(transport)

    def store(self):
        return Store.connect(self.settings, "root")

    def objects(self, bucket=keys.SHAKEMAPS, prefix=""):
        return [head.key for head in self.store().list(bucket, prefix)]
