"""Logging in by an OpenID provider: whom it names gets the role of their groups; nothing forged or foreign counts."""

import socket
import threading
import time
from contextlib import suppress
from functools import partial
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from fixtures import accounts
from support.openid_provider import CLIENT, SECRET, Provider
from support.running import wait_for

from siaga import machine
from siaga.accounts.account import ADMIN, OPERATOR, VIEWER
from siaga.accounts.audit import Audit, Wanted
from siaga.accounts.directory import LONGEST
from siaga.errors import Forbidden, SiagaError
from siaga.openid import OpenId
from siaga.settings import Settings
from siaga.store import Store
from web import openid as web_openid

CALLBACK = "http://localhost/login/openid/callback"
ROLES = (("siaga-admin", "admin"), ("piket", "operator"))


@pytest.fixture(scope="module")
def running():
    provider = Provider(CALLBACK)
    yield provider
    provider.stop()


@pytest.fixture
def provider(running):
    """The provider, at which Budi of the duty officers is logged in."""
    running.claims = {"sub": "f3a1", "preferred_username": "budi", "roles": ["piket", "other"]}
    running.id_claims, running.more, running.signing, running.described = {}, {}, running.key, running.issuer
    return running


@pytest.fixture
def opened(store, minio, tmp_path, provider):
    """Another browser at each call, of an app with that provider."""
    config = OpenId(provider.issuer, CLIENT, roles=ROLES, name="SSO <BNPB>")
    usual = {"openid": config, "openid_secret": SECRET, "second_factor": True}
    return lambda **more: accounts.browser(minio, tmp_path, **usual | more)


def sent_back(browser, after=""):
    """The address to which the provider sends a browser back that asked to log in."""
    answer = browser.get("/login/openid", query_string={"next": after})
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return requests.get(answer.headers["Location"], allow_redirects=False, timeout=10).headers["Location"]


def logged_in(browser, after=""):
    """What the app answers to who comes back."""
    return browser.get(sent_back(browser, after).removeprefix("http://localhost"))


def trail(minio):
    entries = Audit(Store.connect(minio, "accounts")).entries(Wanted(), 100)[0]
    return [(one.who, one.what, one.result, one.about) for one in reversed(entries)]


def test_who_has_a_group_gets_its_role_and_what_a_browser_sends_is_bound_to_it(opened, provider, minio):
    browser = opened()
    assert "Log in by SSO &lt;BNPB&gt;" in browser.get("/login?lang=en").get_data(as_text=True)
    answer = logged_in(browser, "/reprocess")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/reprocess")
    assert browser.get("/reprocess").status_code == 200  # the provider asks for the second factor
    asked = provider.asked[-1]
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["nonce"]) >= 20
    assert len(asked["state"]) >= 20
    assert trail(minio) == [("oidc:budi", "openid.enter", "done", f"{provider.issuer} f3a1 operator")]
    page = browser.get("/account?lang=en").get_data(as_text=True)
    assert ("The OpenID provider keeps them" in page, "New password" in page) == (True, False)
    provider.claims["roles"] = ["siaga-admin"]
    assert browser.get("/users").status_code == 403
    logged_in(browser)
    assert browser.get("/users").status_code == 200
    provider.claims["roles"] = "piket"
    logged_in(browser)
    assert browser.get("/users").status_code == 403


def test_who_has_no_group_is_refused_with_a_sentence_or_may_look(opened, provider, minio):
    provider.claims["roles"] = ["cooks"]
    browser = opened()
    answer = logged_in(browser)
    assert (answer.status_code, "Tidak satu pun grup Anda" in answer.get_data(as_text=True)) == (403, True)
    assert browser.get("/account").status_code == 302
    assert trail(minio)[-1][:3] == ("oidc:budi", "openid.enter", "refused")  # never the name of an account of our own
    lenient = OpenId(provider.issuer, CLIENT, roles=ROLES, others="viewer")
    browser = opened(openid=lenient)
    logged_in(browser)
    assert (browser.get("/account").status_code, browser.get("/reprocess").status_code) == (200, 403)


def test_groups_that_only_the_page_of_the_person_tells_count_for_that_person_alone(opened, provider):
    del provider.claims["roles"]
    provider.more = {"roles": ["siaga-admin"]}
    browser = opened()
    logged_in(browser)
    assert browser.get("/users").status_code == 200
    provider.more["sub"] = "another"
    assert logged_in(opened()).status_code == 403


@pytest.mark.parametrize("after", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_nobody_is_sent_on_to_another_site(opened, after):
    answer = logged_in(opened(), after)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/ash/upload")


def _another_key(provider):
    provider.signing = provider.other_key


def _claim(name, value, provider):
    provider.id_claims[name] = value


def _described(provider):
    provider.described = "https://sso.example.id"


@pytest.mark.parametrize(
    "forged",
    [
        _another_key,
        _described,
        partial(_claim, "nonce", "another"),
        partial(_claim, "iss", "https://sso.example.id"),
        partial(_claim, "aud", ["another client"]),
        partial(_claim, "exp", time.time() - 3600),
    ],
    ids=["key", "description", "nonce", "issuer", "audience", "time"],
)
def test_what_proves_nothing_lets_nobody_in(opened, provider, forged):
    browser = opened()
    if forged is _described:
        forged(provider)
        answer = browser.get("/login/openid")
    else:
        back = sent_back(browser)
        forged(provider)
        answer = browser.get(back.removeprefix("http://localhost"))
    text = answer.get_data(as_text=True)
    assert (answer.status_code, "akun milik Siaga sendiri" in text) == (403, True)
    assert browser.get("/account").status_code == 302


def test_a_way_back_serves_the_browser_that_went_and_once(opened, minio):
    first, other = opened(), opened()
    back = sent_back(first).removeprefix("http://localhost")
    assert other.get(back).status_code == 403
    state = parse_qs(urlsplit(back).query)["state"][0]
    for query in ("", f"?state={state}", "?error=access_denied&error_description=an+evil+word", "?code=x&state=y"):
        answer = other.get(f"/login/openid/callback{query}")
        assert (answer.status_code, "an evil word" in answer.get_data(as_text=True)) == (403, False)
    assert first.get(back).status_code == 302
    assert first.get(back).status_code == 403
    assert ("", "openid.enter", "refused", "") in trail(minio)


def test_accounts_of_both_kinds_are_never_one(opened, provider, minio):
    everyone = accounts.of(minio, "budi", role=VIEWER)
    browser = opened()
    logged_in(browser)
    assert (everyone.get("budi").role, everyone.get("oidc:budi").role) == (VIEWER, OPERATOR)
    provider.claims = {"sub": "another", "preferred_username": "budi", "roles": ["siaga-admin"]}
    logged_in(opened())
    assert everyone.get("oidc:budi").role == OPERATOR
    assert [one.role for one in everyone.listed() if one.name.startswith("oidc:budi-")] == [ADMIN]
    for change in (
        lambda: everyone.set_role("oidc:budi", ADMIN),
        lambda: everyone.set_password("oidc:budi", "a long password"),
        lambda: everyone.reset("oidc:budi", "a long password"),
        lambda: everyone.enrol("oidc:budi", "secret", 1),
        lambda: everyone.tokens().add(everyone.get("oidc:budi"), "a feed", ("write:felt",), 3),
    ):
        with pytest.raises(Forbidden):
            change()
    everyone.set_disabled("oidc:budi", True)
    assert browser.get("/account").status_code == 302
    for called in ("budi", "budi.s"):  # whatever the provider calls them now
        provider.claims = {"sub": "f3a1", "preferred_username": called, "roles": ["piket"]}
        assert logged_in(opened()).status_code == 403
        assert trail(minio)[-1][:3] == ("oidc:budi", "openid.enter", "refused")
    assert everyone.get("oidc:budi.s") is None
    everyone.set_disabled("oidc:budi", False)
    logged_in(opened())
    assert trail(minio)[-1][:3] == ("oidc:budi", "openid.enter", "done")


def test_whose_last_group_is_taken_away_loses_role_and_sessions_when_they_come_again(opened, provider, minio):
    elsewhere = opened()
    logged_in(elsewhere)
    assert elsewhere.get("/reprocess").status_code == 200
    provider.claims["roles"] = []
    assert logged_in(opened()).status_code == 403
    assert elsewhere.get("/account").status_code == 302
    assert accounts.of(minio).get("oidc:budi").role == VIEWER
    provider.claims["roles"] = ["piket"]
    logged_in(elsewhere)
    assert elsewhere.get("/reprocess").status_code == 200


def test_an_admin_disables_whoever_the_provider_calls_by_the_longest_name(opened, provider, minio):
    everyone = accounts.of(minio, "ani", role=ADMIN)
    provider.claims["preferred_username"] = "b" * 100
    logged_in(opened())
    provider.claims["sub"] = "another"
    logged_in(opened())
    longest = max((one.name for one in everyone.listed()), key=len)
    assert len(longest) == LONGEST
    browser = opened(second_factor=False)
    sent = {"token": accounts.entered(browser, "ani"), "name": longest}
    assert browser.post("/users/disable", data=sent).status_code == 302
    assert everyone.get(longest).disabled


def test_where_the_provider_is_away_people_log_in_by_their_own_accounts(opened, minio):
    nowhere = OpenId("http://127.0.0.1:9/realms/bnpb", CLIENT, roles=ROLES)
    accounts.of(minio, "siti", role=VIEWER)
    browser = opened(openid=nowhere)
    assert browser.get("/login/openid").status_code == 403
    accounts.entered(browser, "siti")
    assert browser.get("/account").status_code == 200


@pytest.fixture
def hole():
    """A provider that takes connections and answers nothing; gives its address, how many came, an end to them."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        taken = []

        def came():
            before = len(taken)
            with suppress(BlockingIOError):
                while True:
                    taken.append(server.accept()[0])
            return len(taken) - before

        yield f"http://127.0.0.1:{server.getsockname()[1]}/realms/bnpb", came, lambda: [one.close() for one in taken]


def test_a_provider_that_does_not_answer_holds_one_thread_and_rests(opened, hole, monkeypatch):
    issuer, came, end = hole
    monkeypatch.setattr(web_openid, "_REST", 600.0)
    monkeypatch.setattr(web_openid, "_PATIENCE", 0.3)
    first = opened(openid=OpenId(issuer, CLIENT, roles=ROLES))
    assert [first.get("/login/openid").status_code for _ in range(3)] == [403] * 3
    assert came() == 1
    monkeypatch.setattr(web_openid, "_PATIENCE", 60)
    monkeypatch.setattr(web_openid, "_QUEUE", 0.1)
    other = opened(openid=OpenId(issuer, CLIENT, roles=ROLES))
    waits = threading.Thread(target=partial(other.get, "/login/openid"), daemon=True)
    waits.start()
    wait_for(lambda: came() == 1, 20)
    assert other.application.test_client().get("/login/openid").status_code == 403
    assert (came(), waits.is_alive()) == (0, True)
    end()
    waits.join(20)
    assert not waits.is_alive()


def test_one_address_begins_so_many_log_ins_a_minute(opened, monkeypatch):
    monkeypatch.setattr(web_openid, "_PER_MINUTE", 2)
    browser = opened()
    assert [browser.get("/login/openid").status_code for _ in range(3)] == [302, 302, 429]
    assert browser.get("/login/openid/callback").status_code == 429


def test_the_web_app_does_not_start_without_the_secret_of_its_provider(tmp_path):
    settings = Settings.load({"SIAGA_HOME": str(tmp_path)})
    machine.make_secrets(settings)
    assert web_openid.secret_of(settings) == ""
    told = {"SIAGA_OIDC_ISSUER": "https://sso.example.id", "SIAGA_OIDC_CLIENT": "siaga"}
    settings = Settings.load({"SIAGA_HOME": str(tmp_path)} | told)
    with pytest.raises(SiagaError, match="oidc-secret"):
        web_openid.secret_of(settings)
    (settings.secrets / "oidc-secret").write_text(f"{SECRET}\n")
    assert web_openid.secret_of(settings) == SECRET


def test_settings_say_what_is_wrong_with_them():
    told = {"SIAGA_OIDC_ISSUER": "https://sso.example.id", "SIAGA_OIDC_CLIENT": "siaga"}
    told |= {
        "SIAGA_OIDC_ROLES": "siaga-admin=admin; /petugas piket=operator;",
        "SIAGA_OIDC_CLAIM": "realm_access.roles",
    }
    read = Settings.load(told).openid
    assert (read.roles, read.others) == ((("siaga-admin", "admin"), ("/petugas piket", "operator")), "")
    for name, value in (
        ("SIAGA_OIDC_ISSUER", "http://sso.example.id"),
        ("SIAGA_OIDC_CLIENT", ""),
        ("SIAGA_OIDC_ROLES", "a=root"),
        ("SIAGA_OIDC_OTHERS", "admin"),
        ("SIAGA_OIDC_CLAIM", ".x"),
    ):
        with pytest.raises(Exception, match=name):
            Settings.load(told | {name: value})
