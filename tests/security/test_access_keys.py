"""The store's access keys have names of their own in each home; those that every home once had are moved over."""

import json
import os
import subprocess
from contextlib import contextmanager

import pytest
from minio import MinioAdmin
from minio.credentials import StaticProvider
from support.running import environment, wait_for

from siaga import keys, stack
from siaga.errors import Forbidden
from siaga.machine import minio as minio_server
from siaga.machine import rights
from siaga.settings import Settings
from siaga.store import Store


@contextmanager
def running(settings, environment):
    process = subprocess.Popen(
        minio_server.command(settings),
        env=os.environ | dict(environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: minio_server.ready(settings), 30, "the store")
        yield
    finally:
        process.terminate()
        process.wait()


def test_names_differ_from_home_to_home_and_cannot_be_guessed(tmp_path):
    for role in ("root", *minio_server.ROLES):
        one, other = minio_server.access_key(role), minio_server.access_key(role)
        assert one != other
        assert one.startswith(f"{role}-")
        assert len(one) == 20  # MinIO takes no longer name
        assert minio_server.is_access_key(one) == (role != "root")
        assert not minio_server.is_access_key(one + "\n")
        assert not minio_server.is_access_key(one[:-1])
    settings = Settings.load(environment(tmp_path))
    named = minio_server.environment(settings)["MINIO_ROOT_USER"]
    assert named == settings.secret("store-root-key") != "siaga-root"
    assert minio_server.environment(settings)["MINIO_ROOT_USER"] == named


def test_a_home_of_before_is_moved_over(tmp_path):
    settings = Settings.load(environment(tmp_path))
    roles = ("root", "bmkg", "functions")  # the others have no user yet
    for role in roles:
        settings.make_secret(f"store-{role}-key", f"siaga-{role}")
    before = {role: settings.make_secret(f"store-{role}-secret") for role in roles}
    old = {"MINIO_ROOT_USER": "siaga-root", "MINIO_ROOT_PASSWORD": before["root"]}
    with running(settings, minio_server.environment(settings) | old):
        admin = MinioAdmin(
            endpoint=settings.store_url.partition("://")[2],
            credentials=StaticProvider("siaga-root", before["root"]),
            secure=False,
        )
        admin.user_add("siaga-bmkg", before["bmkg"])  # functions': a move broke off after it
        minio_server._allow(admin, "bmkg", "siaga-bmkg")
        root = Store(settings.store_url, "siaga-root", before["root"])
        root._client.create_bucket(Bucket=keys.SHAKEMAPS)
        root.put(keys.SHAKEMAPS, "old/grid.xml", b"kept")
    said = []
    with running(settings, minio_server.environment(settings)):
        minio_server.configure(settings, (), said.append)
        for role in roles:
            assert settings.secret(f"store-{role}-key").startswith(f"{role}-")
            gone = Store(settings.store_url, f"siaga-{role}", before[role])
            with pytest.raises(Forbidden):
                gone.put(keys.SHAKEMAPS, "x", b"")
        for role in roles[1:]:
            assert settings.secret(f"store-{role}-secret") != before[role]  # others on the machine could read it
        Store.connect(settings, "bmkg").put(keys.SHAKEMAPS, "new/grid.xml", b"taken")
        assert Store.connect(settings, "functions").get(keys.SHAKEMAPS, "old/grid.xml")[0] == b"kept"
    (told,) = said
    assert "store-bmkg-key" in told


def test_a_start_makes_a_user_anew_only_when_the_store_does_not_take_its_secret(ours, monkeypatch):
    admin, added = MinioAdmin.user_add, []
    monkeypatch.setattr(MinioAdmin, "user_add", lambda self, *user: added.append(user) or admin(self, *user))
    minio_server.configure(ours, ())
    assert added == []  # each costs both ends 70 ms
    for name, value in (("store-bmkg-secret", "another-secret"), ("store-bmkg-key", "bmkg-another")):
        before = ours.secret(name)
        ours.replace_secret(name, value)
        minio_server.configure(ours, ())
        Store.connect(ours, "bmkg").put(keys.SHAKEMAPS, "mine/grid.xml", b"taken")
        ours.replace_secret(name, before)
        minio_server.configure(ours, stack.load(ours.stack))
    assert len(added) == 4


def test_a_key_whose_files_were_taken_away_is_no_user_any_more(ours):
    former = {name: ours.secret(name) for name in ("store-web-key", "store-web-secret")}
    store = Store.connect(ours, "web")
    admin = MinioAdmin(
        endpoint=ours.store_url.partition("://")[2],
        credentials=StaticProvider(ours.secret("store-root-key"), ours.secret("store-root-secret")),
        secure=False,
    )
    others = ("web-another", "web-ABCDEFGHIJKLMNOP", "web-abcdefghijklmnopq", "clerk-abcdefghijklmn", "siaga-web")
    for name in others:
        if len(name) <= 20:
            admin.user_add(name, "secret-of-another")
        admin.policy_add(name, policy=rights.of("web"))
    for name in former:
        (ours.secrets / name).unlink()
    minio_server.configure(ours, stack.load(ours.stack))
    assert ours.secret("store-web-key") != former["store-web-key"]
    with pytest.raises(Forbidden):
        list(store.list(keys.RESULTS))
    list(Store.connect(ours, "web").list(keys.RESULTS))
    assert former["store-web-key"] not in admin.policy_list()
    policies = json.loads(admin.policy_list())
    assert set(others) <= policies.keys()
    for name in others:
        admin.policy_remove(name)
    assert all(f'"{name}"' in admin.user_list() for name in others if len(name) <= 20)
    for name, value in former.items():  # which other tests of this store may hold
        ours.replace_secret(name, value)
    minio_server.configure(ours, stack.load(ours.stack))
    list(store.list(keys.RESULTS))
