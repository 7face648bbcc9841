"""Settings: everything that is wrong is named at once; secrets are made once and kept close."""

import stat
import threading

import pytest

from siaga.errors import SiagaError
from siaga.settings import Settings


def test_every_wrong_entry_is_named(tmp_path):
    env = {"SIAGA_HOME": str(tmp_path), "SIAGA_STORE_PORT": "many", "SIAGA_ATTEMPTS": "few"}
    with pytest.raises(SiagaError, match=r"SIAGA_STORE_PORT.*many.*SIAGA_ATTEMPTS.*few"):
        Settings.load(env)


def test_another_store_is_not_ours(tmp_path):
    assert Settings.load({"SIAGA_HOME": str(tmp_path)}).store_is_ours
    other = Settings.load({"SIAGA_HOME": str(tmp_path), "SIAGA_STORE_URL": "https://s3.example"})
    assert not other.store_is_ours
    assert other.store_url == "https://s3.example"


def test_a_missing_secret_says_which_file(tmp_path):
    with pytest.raises(SiagaError, match="webhook-token is missing"):
        Settings.load({"SIAGA_HOME": str(tmp_path)}).secret("webhook-token")


def test_two_who_make_a_secret_at_once_share_it_and_nobody_else_reads_it(tmp_path):
    settings = Settings.load({"SIAGA_HOME": str(tmp_path)})
    made = []
    threads = [threading.Thread(target=lambda: made.append(settings.make_secret("token"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 1
    assert stat.S_IMODE((settings.secrets / "token").stat().st_mode) == 0o600
    assert [path.name for path in settings.secrets.iterdir()] == ["token"]


def test_messages_are_a_test_until_the_operator_says_otherwise_in_the_words_of_cap(tmp_path):
    home = {"SIAGA_HOME": str(tmp_path)}
    assert Settings.load(home).cap_status == "Test"
    assert Settings.load(home | {"SIAGA_CAP_STATUS": "Actual"}).cap_status == "Actual"
    with pytest.raises(SiagaError, match=r"SIAGA_CAP_STATUS is none of Test, Actual, System: Exercise"):
        Settings.load(home | {"SIAGA_CAP_STATUS": "Exercise"})
