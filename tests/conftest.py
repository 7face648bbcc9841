"""What tests share: a real store, a whole running Siaga, the folder of real inputs where it is at hand."""

import gc
import os
import sys
from functools import cache
from pathlib import Path

import hypothesis
import pytest
from argon2 import PasswordHasher
from support import compiled, quick
from support.door_process import Door
from support.running import Running, environment
from support.store_process import keep_users, lend_users, set_up, started_store
from support.stores import emptied_store

from siaga import stack
from siaga.accounts import passwords
from siaga.machine import minio as minio_server
from siaga.settings import Settings

SHARED = Path(__file__).resolve().parents[2] / "shared"
# A drawn example may be slow on a busy machine; that is no fault.
hypothesis.settings.register_profile("suite", max_examples=40, deadline=None)
hypothesis.settings.load_profile("suite")

# What takes longest comes first, so that all workers are busy to the end; first of all what uses the one stack.
STACK = "stack"
UP = pytest.StashKey[Running]()  # that stack, once it is started
LONGEST = (
    STACK,
    "tests/chaos/test_chaos.py",
    *(f"tests/test_{name}.py" for name in ("faults", "browser_tabs", "backup")),
    "tests/security/test_slots.py",
    *(f"tests/test_{name}.py" for name in ("on_shakemap", "sftp", "report_hazards", "web", "report", "clients")),
    *(f"tests/test_{name}.py" for name in ("reprocess", "gateway_jobs", "sftp_hostile", "changes", "gateways")),
)


@cache
def share(path):
    """What one worker does whole: a file, or all files that use the one stack, so that it is started once."""
    return STACK if "stack_up" in (Path(__file__).parents[1] / path).read_text(encoding="utf-8") else path


def pytest_addoption(parser):
    parser.addoption("--quick", action="store_true", help="tests that need neither QGIS nor store, browser, processes")


def pytest_configure(config):
    compiled.share()
    if config.getoption("--quick"):
        sys.meta_path.insert(0, quick.Forbid())


def pytest_ignore_collect(collection_path, config):
    """Leave files out that are not quick, before they import what may not be installed."""
    if config.getoption("--quick") and collection_path.suffix == ".py" and not quick.is_quick_file(collection_path):
        return True
    return None


def pytest_collection_modifyitems(config, items):
    """Put the shares that take longest first."""
    if config.getoption("--quick"):
        config.hook.pytest_deselected(items=[item for item in items if not quick.is_quick_test(item.fixturenames)])
        items[:] = [item for item in items if quick.is_quick_test(item.fixturenames)]
    turns = {name: turn for turn, name in enumerate(LONGEST)}
    items.sort(key=lambda item: turns.get(share(item.nodeid.partition("::")[0]), len(LONGEST)))


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """No look for garbage goes through what is imported, meanwhile or later: it stays to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    """Stop the one stack after the last test of its share, not at the end of all: idle, it works all the same."""
    yield
    left = nextitem and share(nextitem.nodeid.partition("::")[0])
    if left != STACK and (running := item.config.stash.get(UP, None)):
        running.stop()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Whole shares go to workers in the order of the tests; `loadgroup` does not see marks under pytest 9.2."""
    from xdist.scheduler import LoadScopeScheduling

    class Shares(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return share(nodeid.partition("::")[0])

    return Shares(config, log)


@pytest.fixture(scope="session", autouse=True)
def usual_hasher():
    """How passwords are hashed in earnest, for 100 ms each by design; all other tests hash them quickly."""
    usual = passwords._HASHER
    passwords._HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    yield usual
    passwords._HASHER = usual


@pytest.fixture(scope="session")
def shared():
    """The folder of real inputs beside the checkout."""
    if not SHARED.is_dir():
        print("not run: ../shared is absent")
        pytest.skip("not run: ../shared is absent")
    return SHARED


@pytest.fixture(scope="session")
def settings(tmp_path_factory):
    """Settings of a Siaga of its own; nothing runs yet.

    SIAGA_TEST_STORE_URL, _KEY and _SECRET name another store for the tests to run against.
    """
    env = environment(tmp_path_factory.mktemp("home"))
    if url := os.environ.get("SIAGA_TEST_STORE_URL"):
        env["SIAGA_STORE_URL"] = url
    loaded = Settings.load(env)
    if not loaded.store_is_ours:
        for role in ("root", *minio_server.ROLES):
            loaded.make_secret(f"store-{role}-key", os.environ["SIAGA_TEST_STORE_KEY"])
            loaded.make_secret(f"store-{role}-secret", os.environ["SIAGA_TEST_STORE_SECRET"])
    return loaded


@pytest.fixture(scope="session")
def minio(settings):
    """The object store of those settings, running and set up; returns the settings."""
    if not settings.store_is_ours:
        minio_server.configure(settings, stack.load(settings.stack))
        yield settings
        return
    process = started_store(settings)
    set_up(settings)
    yield settings
    process.terminate()
    process.wait()


@pytest.fixture
def store(minio):
    """The store with the rights of root, all buckets empty."""
    return emptied_store(minio)


@pytest.fixture(scope="module")
def emptied(minio):
    """The same settings once nothing of other modules is in any bucket, before a gateway looks through them."""
    emptied_store(minio)
    return minio


@pytest.fixture(scope="session")
def door(tmp_path_factory):
    """The SFTP door and a store of its own, for all tests of the door."""
    made = Door(tmp_path_factory.mktemp("door"))
    made.start_store()
    set_up(made.settings)
    made.start()
    yield made
    made.stop()
    made.minio.terminate()
    made.minio.wait()


@pytest.fixture(scope="module")
def ours(minio):
    """The settings, when they are of our own MinIO: other stores have rights, webhooks and holes of their own."""
    if not minio.store_is_ours:
        pytest.skip("not run: rights and notifications of another store are its operator's; it is tried at its start")
    return minio


@pytest.fixture(scope="module")
def gateway(emptied, tmp_path_factory):
    """One gateway for all tests of a module, so each must use keys of its own."""
    from support.gateway_process import Gateway

    started = Gateway(emptied, tmp_path_factory.mktemp("gateway")).start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def shakemap_slot(gateway):
    """The only slot of on-shakemap, played by the test."""
    from support.gateway_process import Function

    played = Function(gateway.settings.function_port)
    yield played
    played.stop()


@pytest.fixture(scope="session")
def qgis():
    """QGIS, started once as the runtime does it, without a display."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from qgis.core import QgsApplication

    application = QgsApplication([], False)
    application.initQgis()
    return application


@pytest.fixture(scope="session")
def stack_up(tmp_path_factory, pytestconfig):
    """A whole running Siaga with the demonstration exposure."""
    usual = {"SIAGA_SWEEP_SECONDS": "5", "SIAGA_FULL_SWEEP_SECONDS": "86400"}  # what is announced needs no other
    pytestconfig.stash[UP] = running = Running(tmp_path_factory.mktemp("siaga"), **usual)
    lend_users(running.settings)
    running.start()
    try:
        keep_users(running.settings)
        installed = running.run("data", "demo", seconds=300)
        assert installed.returncode == 0, installed.stdout + installed.stderr
        yield running
    finally:
        running.stop()
