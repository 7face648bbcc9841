"""One machine: what must be right before anything is started, said in words."""

import os
import socket
import stat
import subprocess

import pytest
import yaml
from botocore.exceptions import ClientError
from support.running import SIAGA, environment, wait_for

from siaga import machine, stack, standing
from siaga.errors import SiagaError, Unavailable
from siaga.machine import minio
from siaga.machine import supervisor as module
from siaga.machine.supervisor import Supervisor
from siaga.settings import Settings


def refused(env, *arguments):
    """Run a command that must fail with one sentence; gives the sentence."""
    done = subprocess.run(
        [SIAGA, *arguments], env=os.environ | env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("siaga: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_a_store_that_says_too_early_that_it_is_ready_is_asked_again_not_given_up(tmp_path, monkeypatch):
    class Early:
        """As MinIO on a busy machine, which knows no bucket yet."""

        def create_bucket(self, **_named):
            told = {"Error": {"Code": "XMinioServerNotInitialized"}, "ResponseMetadata": {"HTTPStatusCode": 503}}
            raise ClientError(told, "CreateBucket")

    monkeypatch.setattr(minio, "_client", lambda _settings: Early())
    with pytest.raises(Unavailable, match="does not answer"):
        minio.configure(Settings.load(environment(tmp_path)), ())


def test_two_on_one_home_would_fight(tmp_path):
    env = environment(tmp_path)
    with machine.only_one(Settings.load(env)):
        said = refused(env, "up")
    assert "already runs" in said
    assert f"process {os.getpid()}" in said
    with machine.only_one(Settings.load(env)):  # the first one let go
        pass


def test_a_taken_port_is_named_with_its_setting(tmp_path):
    env = environment(tmp_path)
    with socket.create_server(("127.0.0.1", int(env["SIAGA_WEB_PORT"]))):
        said = refused(env, "up")
    assert f"{env['SIAGA_WEB_PORT']} (SIAGA_WEB_PORT)" in said


def test_all_missing_keys_of_another_store_are_named_at_once(tmp_path):
    env = environment(tmp_path, SIAGA_STORE_URL="http://127.0.0.1:9")
    settings = Settings.load(env)
    settings.make_secret("store-root-key", "mine")
    said = refused(env, "up")
    assert "store-root-secret, store-functions-key" in said
    assert "store-root-key" not in said


def test_a_store_without_a_server_says_what_to_do(tmp_path):
    assert "run make setup" in refused(environment(tmp_path, SIAGA_MINIO=str(tmp_path / "nothing")), "up")


def test_wrong_settings_are_named_before_anything_starts(tmp_path):
    said = refused(environment(tmp_path, SIAGA_WEB_PORT="http", SIAGA_ATTEMPTS="lots"), "up")
    assert "SIAGA_WEB_PORT" in said
    assert "SIAGA_ATTEMPTS" in said


@pytest.mark.parametrize("arguments", [("status",), ("ingest", __file__), ("reprocess", "20180805194635")])
def test_commands_on_a_siaga_that_is_not_there_say_so(tmp_path, arguments):
    assert "missing" in refused(environment(tmp_path), *arguments)


def test_a_reader_who_has_seen_enough_ends_a_command_in_silence(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    command = [SIAGA, "version"]
    done = subprocess.run(
        command, env=environment(tmp_path), stdout=writer, stderr=subprocess.PIPE, timeout=60, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


def test_secrets_are_made_once_and_for_the_owner_alone(tmp_path):
    settings = Settings.load(environment(tmp_path))
    machine.make_secrets(settings)
    before = {path.name: path.read_bytes() for path in settings.secrets.iterdir()}
    machine.make_secrets(settings)
    assert {path.name: path.read_bytes() for path in settings.secrets.iterdir()} == before
    assert stat.S_IMODE(settings.secrets.stat().st_mode) == 0o700
    for path in settings.secrets.iterdir():
        assert path.suffix == ".pub" or stat.S_IMODE(path.stat().st_mode) == 0o600, path
    (user,) = yaml.safe_load((settings.secrets / "sftp-users.yml").read_text())["users"].values()
    assert sorted(user["prefixes"]) == ["shakemaps", "shakemaps-corrected"]


def test_a_store_that_never_answers_is_said(tmp_path):
    settings = Settings.load(environment(tmp_path, SIAGA_STORE_URL="http://127.0.0.1:9"))
    for name in machine.store_secrets():
        settings.make_secret(name, "something")
    with pytest.raises(SiagaError, match=r"127\.0\.0\.1:9"):
        machine.up(settings, Supervisor(tmp_path / "logs"), print, seconds=0)


def test_every_part_is_watched(tmp_path):
    settings = Settings.load(environment(tmp_path))
    functions = {function.name: function for function in stack.load(settings.stack)}
    assert not [part.name for part in machine.parts(settings, tuple(functions.values())) if part.alive()]
    slots = [part for part in machine.parts(settings, tuple(functions.values())) if "PORT" in part.environment]
    for part in slots:
        assert part.patience > functions[part.name.rpartition("-")[0]].timeout_seconds
    assert len(slots) >= len(functions)


@pytest.mark.skipif(bool(os.environ.get("SIAGA_TEST_STORE_URL")), reason="the store is not ours")
def test_a_store_that_breaks_off_while_it_is_set_up_stops_nobody(tmp_path):
    """As one that was killed with all else and has much to look through when it is back."""
    (tmp_path / "stack.yml").write_text("functions: {}")
    env = environment(tmp_path, SIAGA_STACK=str(tmp_path / "stack.yml"))
    settings = Settings.load(env)
    said, supervisor = [], Supervisor(tmp_path / "logs", quiet=True)
    configure = minio.configure

    def breaks_off(*arguments):
        module_of_minio.setattr(minio, "configure", configure)
        raise Unavailable("The store does not answer: {detail}", detail="it hung up")

    with pytest.MonkeyPatch.context() as module_of_minio:
        for name, value in env.items():
            module_of_minio.setenv(name, value)
        module_of_minio.setattr(minio, "configure", breaks_off)
        try:
            machine.up(settings, supervisor, said.append)
            assert "The store does not answer: it hung up; its set-up is tried again" in said
            wait_for(lambda: "the store is ready now" in said, 60, "the word that the store is ready")
        finally:
            supervisor.stop()


@pytest.mark.skipif(bool(os.environ.get("SIAGA_TEST_STORE_URL")), reason="the store is not ours")
def test_a_store_that_starts_late_stops_nobody(tmp_path):
    """It dies until somebody makes a file; what can do without it is up before, the rest comes by itself."""
    mended, home = tmp_path / "mended", tmp_path / "home"
    real = minio.binary(Settings.load(environment(home)))
    (tmp_path / "minio").write_text(f'#!/bin/sh\n[ -e {mended} ] || exit 7\nexec {real} "$@"\n')
    (tmp_path / "minio").chmod(0o755)
    env = environment(home, SIAGA_MINIO=str(tmp_path / "minio"), SIAGA_STACK=str(tmp_path / "stack.yml"))
    (tmp_path / "stack.yml").write_text("functions: {}")
    settings = Settings.load(env)
    said, supervisor = [], Supervisor(home / "logs", quiet=True)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in env.items():
            patch.setenv(name, value)
        patch.setattr(module, "_LONGEST_WAIT", 0.5)
        try:
            machine.up(settings, supervisor, said.append, seconds=2)
            assert any("The store is not ready after 2 s" in line for line in said)
            assert "It ended with status 7" in next(p.text for p in standing.read(home) if p.name == "minio")
            mended.touch()
            names = {"minio", "gateway", "sftp", "web"}
            wait_for(lambda: {one.name for one in standing.read(home) if one.state == "up"} == names, 90, "all parts")
            wait_for(lambda: "the store is ready now" in said, 60, "the word that the store is ready")
        finally:
            supervisor.stop()
