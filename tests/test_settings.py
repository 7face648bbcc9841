"""Settings: everything that is wrong is named at once; secrets are made once and kept close."""

import stat
import threading

import pytest

from siaga.errors import SiagaError
from siaga.settings import Settings
from siaga.store import Store


def test_every_wrong_entry_is_named(tmp_path):
    env = {"SIAGA_HOME": str(tmp_path), "SIAGA_STORE_PORT": "many", "SIAGA_ATTEMPTS": "few"}
    with pytest.raises(SiagaError, match=r"SIAGA_STORE_PORT.*many.*SIAGA_ATTEMPTS.*few"):
        Settings.load(env)


def test_what_is_left_empty_is_not_said(tmp_path):
    empty = dict.fromkeys(("SIAGA_OLD_INPUTS_DAYS", "SIAGA_WEB_PORT", "SIAGA_PUBLIC_URL", "SIAGA_WEB_PROXY"), "")
    assert Settings.load({"SIAGA_HOME": str(tmp_path)} | empty) == Settings.load({"SIAGA_HOME": str(tmp_path)})


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


def test_parts_listen_on_this_machine_alone_until_the_operator_says_where(tmp_path):
    home = {"SIAGA_HOME": str(tmp_path)}
    quiet = Settings.load(home)
    assert (quiet.web_host, quiet.gateway_host, quiet.store_host, quiet.sftp_host) == ("127.0.0.1",) * 4
    assert quiet.open_doors() == []
    wide = Settings.load(
        home | {"SIAGA_GATEWAY_HOST": "0.0.0.0", "SIAGA_STORE_HOST": "::", "SIAGA_SFTP_HOST": "10.1.0.5"}
    )
    assert wide.open_doors() == ["SIAGA_GATEWAY_HOST=0.0.0.0", "SIAGA_SFTP_HOST=10.1.0.5", "SIAGA_STORE_HOST=::"]
    assert (wide.gateway_url, wide.store_url) == ("http://127.0.0.1:8080", "http://[::1]:9000")
    with pytest.raises(SiagaError, match=r"SIAGA_STORE_HOST is not an address .*: everywhere"):
        Settings.load(home | {"SIAGA_STORE_HOST": "everywhere"})
    with pytest.raises(SiagaError, match="SIAGA_PUBLIC_URL must say by which address"):
        Settings.load(home | {"SIAGA_WEB_HOST": "0.0.0.0"})


def test_public_addresses_are_whole_and_a_path_is_kept(tmp_path):
    home = {"SIAGA_HOME": str(tmp_path)}
    shown = Settings.load(home | {"SIAGA_PUBLIC_URL": "https://bnpb.example.id/siaga/", "SIAGA_WEB_HOST": "0.0.0.0"})
    assert (shown.public_url, shown.web_path) == ("https://bnpb.example.id/siaga", "/siaga")
    assert Settings.load(home).web_path == ""
    with pytest.raises(SiagaError, match=r"SIAGA_PUBLIC_URL is not like .*: bnpb\.example"):
        Settings.load(home | {"SIAGA_PUBLIC_URL": "bnpb.example"})
    with pytest.raises(SiagaError, match="SIAGA_WEB_PROXY is neither yes nor no nor networks"):
        Settings.load(home | {"SIAGA_WEB_PROXY": "perhaps"})


def test_links_to_the_store_name_its_public_address(tmp_path):
    store = Store("http://127.0.0.1:9000", "key", "a-secret", public_url="https://store.example.id")
    assert store.presign("ashmaps", "a.tif", 60, method="put").startswith("https://store.example.id/ashmaps/a.tif?")
    assert Store("http://127.0.0.1:9000", "key", "a-secret").presign("a", "b", 60).startswith("http://127.0.0.1:9000/")
