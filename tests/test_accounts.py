"""Accounts: roles, passwords, codes of an app and on paper, sessions, the command line, the operator of old times."""

import io
import sys
import threading
import time
from functools import partial
from types import SimpleNamespace

import pyotp
import pytest
from fixtures import accounts
from fixtures.accounts import PASSWORD, entered, token
from werkzeug.security import generate_password_hash

from siaga import cli, keys
from siaga.accounts import passwords, second_factor
from siaga.accounts.account import ADMIN, ASH_EDITOR, OPERATOR, VIEWER
from siaga.accounts.directory import Accounts
from siaga.errors import BadInput, Conflict, NotFound
from siaga.store import Store
from web import login


@pytest.fixture
def everyone(store, minio):
    """The accounts of an empty store."""
    return Accounts(Store.connect(minio, "accounts"))


@pytest.fixture
def opened(store, minio, tmp_path):
    """Another browser at each call; with second_factor=True, of an app that asks for it."""
    return partial(accounts.browser, minio, tmp_path)


def test_an_account_is_changed_and_none_is_made_twice(everyone):
    assert everyone.is_empty()
    made = everyone.add("siti", VIEWER, PASSWORD)
    with pytest.raises(Conflict, match="siti"):
        everyone.add("siti", ADMIN, PASSWORD)
    assert everyone.get("siti") == made
    assert everyone.set_role("siti", ADMIN).role == ADMIN
    assert everyone.set_password("siti", "another password").stamp() != made.stamp()
    assert not everyone.set_disabled("siti", True).may(VIEWER)
    assert [one.name for one in everyone.listed()] == ["siti"]
    for wrong in (lambda: everyone.add("a b", VIEWER, PASSWORD), lambda: everyone.add("a", "root", PASSWORD)):
        with pytest.raises(BadInput):
            wrong()
    with pytest.raises(BadInput, match="too short"):
        everyone.add("budi", VIEWER, "short")
    with pytest.raises(NotFound):
        everyone.set_role("nobody", ADMIN)


def test_a_role_may_what_those_below_it_may(everyone):
    may = {role: everyone.add(role, role, PASSWORD).may for role in (VIEWER, ASH_EDITOR, OPERATOR, ADMIN)}
    rights = [[may[role](wanted) for wanted in may] for role in may]
    assert rights == [[wanted <= role for wanted in range(4)] for role in range(4)]


def test_a_code_serves_once_even_for_two_at_the_same_moment(everyone):
    everyone.add("siti", OPERATOR, PASSWORD)
    secret = second_factor.new_secret()
    _account, codes = everyone.enrol("siti", secret, 0)
    for code in (pyotp.TOTP(secret).now(), codes[3], codes[4].lower().replace("-", " ")):
        start, got = threading.Barrier(4), []

        def use(code=code, start=start, got=got):
            start.wait()
            got.append(everyone.use_code("siti", code) is not None)

        threads = [threading.Thread(target=use) for _ in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert sorted(got) == [False, False, False, True], code
    assert len(everyone.get("siti").recovery) == second_factor.CODES - 2


def test_a_code_is_that_of_its_half_minute_and_one_around_and_never_an_older_one():
    secret, now = second_factor.new_secret(), 1_800_000_000
    step = now // 30
    code = {n: pyotp.TOTP(secret).generate_otp(step + n) for n in range(-2, 3)}
    assert [second_factor.step_of(secret, code[n], 0, now) for n in code] == [None, step - 1, step, step + 1, None]
    assert second_factor.step_of(secret, code[0], step, now) is None
    assert second_factor.step_of(secret, "", 0, now) is None


def test_the_operator_of_old_times_comes_in_with_the_old_password(opened, everyone, tmp_path):
    (tmp_path / "operator-account").write_text(f"op:{generate_password_hash(PASSWORD)}\n")
    (tmp_path / "operator-sessions").write_text("a word\n")
    browser = opened()
    assert "siaga user add" not in browser.get("/login").get_data(as_text=True)
    assert [path.name for path in tmp_path.glob("operator*")] == []
    assert not everyone.get("op").password_hash.startswith("$argon2")
    entered(browser)
    assert browser.get("/reprocess").status_code != 302
    assert everyone.get("op").password_hash.startswith("$argon2")
    assert everyone.get("op").role == OPERATOR
    (tmp_path / "operator-account").write_text("op:of another backup\n")
    entered(opened())
    assert not (tmp_path / "operator-account").exists()


def test_nothing_that_opens_an_account_is_read_by_the_user_of_the_pages(everyone, minio):
    everyone.add("siti", VIEWER, PASSWORD)
    for role in ("web", "ash", "gateway", "functions", "door", "bmkg"):
        with pytest.raises(Exception, match=r"AccessDenied|403"):
            Store.connect(minio, role).get(keys.ACCOUNTS, "users/siti.json")


@pytest.mark.parametrize(
    ("role", "ash", "again"), [(VIEWER, 403, 403), (ASH_EDITOR, 200, 403), (OPERATOR, 200, 200), (ADMIN, 200, 200)]
)
def test_pages_ask_for_a_role(opened, minio, role, ash, again):
    accounts.of(minio, "siti", role=role)
    browser = opened()
    forms = entered(browser, "siti")
    assert browser.get("/ash/upload").status_code == ash
    assert browser.get("/reprocess").status_code == again
    assert browser.post("/reprocess/look", data={"token": forms, "what": "all"}).status_code in (again, 503)
    answer = browser.post("/api/ash", json={}, auth=("siti", PASSWORD))
    assert answer.status_code == (403 if role == VIEWER else 422)


def test_a_change_by_whoever_administers_counts_at_the_next_request(opened, minio, everyone):
    accounts.of(minio, "siti")
    browser = opened()
    entered(browser, "siti")
    assert browser.get("/reprocess").status_code == 200
    everyone.set_role("siti", VIEWER)
    assert browser.get("/reprocess").status_code == 403
    everyone.set_disabled("siti", True)
    assert browser.get("/reprocess").status_code == 302
    assert browser.get("/account").status_code == 302
    everyone.set_disabled("siti", False)
    everyone.set_role("siti", OPERATOR)
    assert browser.get("/reprocess").status_code == 302  # its sessions ended
    assert browser.post("/api/ash", json={}, auth=("siti", PASSWORD)).status_code == 422
    everyone.set_disabled("siti", True)
    assert browser.post("/api/ash", json={}, auth=("siti", PASSWORD)).status_code == 401


def enrolled(browser):
    """Take an app as second factor in that browser; gives its secret and the codes on paper."""
    page = browser.get("/account/second-factor").get_data(as_text=True)
    assert "<svg" in page
    secret = page.split("<code>")[1].split("</code>")[0].replace(" ", "")
    sent = {"token": token(browser, "/account/second-factor"), "code": "000000"}
    assert browser.post("/account/second-factor", data=sent).status_code == 422
    shown = browser.post("/account/second-factor", data=sent | {"code": pyotp.TOTP(secret).now()})
    return secret, [part.split("</code>")[0] for part in shown.get_data(as_text=True).split("<code>")[1:]]


def test_who_must_have_a_second_factor_gets_one_first_and_needs_it_from_then_on(opened, minio, everyone):
    accounts.of(minio)
    browser = opened(second_factor=True)
    forms = entered(browser)
    assert browser.get("/reprocess").headers["Location"] == "/account/second-factor"
    assert browser.post("/reprocess/look", data={"token": forms}).headers["Location"] == "/account/second-factor"
    assert browser.post("/api/ash", json={}, auth=("op", PASSWORD)).status_code == 403
    other = opened(second_factor=True)
    entered(other)
    secret, codes = enrolled(browser)
    assert len(codes) == second_factor.CODES
    assert browser.get("/reprocess").status_code == 200
    assert other.get("/account").status_code == 302  # sessions of before ended
    sent = {"name": "op", "password": PASSWORD, "token": token(other, "/login")}
    assert other.post("/login", data=sent).headers["Location"] == "/login/code"
    assert other.get("/reprocess").headers["Location"].startswith("/login?")
    used = {"token": token(other, "/login/code"), "code": pyotp.TOTP(secret).now()}
    assert other.post("/login/code", data=used).status_code == 403  # it enrolled with that one
    assert other.post("/login/code", data=used | {"code": codes[0]}).status_code == 302
    assert other.get("/reprocess").status_code == 200
    assert everyone.get("op").recovery == tuple(second_factor.digest(code) for code in codes[1:])
    assert other.post("/api/ash", json={}, auth=("op", PASSWORD)).status_code == 403


def test_wrong_codes_are_counted_by_account_and_a_right_password_alone_is_nobody(opened, minio):
    accounts.of(minio)
    first = opened()
    entered(first)
    _secret, codes = enrolled(first)
    browser = opened()
    browser.post("/login", data={"name": "op", "password": PASSWORD, "token": token(browser, "/login")})
    sent = {"token": token(browser, "/login/code"), "code": "123456"}
    answers = []
    for number in range(6):
        from_there = {"environ_base": {"REMOTE_ADDR": f"203.0.{number}.1"}}
        answers.append(browser.post("/login/code", data=sent, **from_there).status_code)
    assert answers == [403] * 5 + [429]
    assert browser.post("/login/code", data=sent | {"code": codes[0]}).status_code == 429
    assert browser.get("/account").status_code == 302
    stranger = opened()
    assert stranger.get("/login/code").headers["Location"] == "/login"
    lone = {"token": token(stranger, "/login"), "code": codes[1]}
    assert stranger.post("/login/code", data=lone).headers["Location"] == "/login"


def test_another_password_needs_the_present_one_and_ends_other_sessions(opened, minio, everyone):
    accounts.of(minio)
    browser, other = opened(), opened()
    forms = entered(browser)
    entered(other)
    new = {"token": forms, "password": PASSWORD, "new": "another password", "again": "another password"}
    for wrong, status in (({"password": "wrong"}, 403), ({"again": "differs"}, 422), ({"new": "x", "again": "x"}, 422)):
        assert browser.post("/account/password", data=new | wrong).status_code == status
    assert browser.post("/account/password", data=new).status_code == 302
    assert passwords.fits(everyone.get("op").password_hash, "another password")
    assert (browser.get("/account").status_code, other.get("/account").status_code) == (200, 302)
    enrolled(browser)
    assert browser.post("/account/second-factor/off", data=new).status_code == 403
    sent = {"token": token(browser, "/account"), "password": "another password"}
    assert browser.post("/account/second-factor/off", data=sent).status_code == 302
    assert everyone.get("op").second_factor == ""


def test_a_session_ends_twelve_hours_after_the_log_in_however_much_it_is_used(opened, minio, monkeypatch):
    accounts.of(minio, "siti", role=VIEWER)
    browser = opened()
    forms = entered(browser, "siti")
    assert "Set-Cookie" not in browser.get("/account").headers
    began = time.time()
    hours = [11.9]
    monkeypatch.setattr(login, "time", SimpleNamespace(time=lambda: began + hours[0] * 3600))
    assert browser.get("/account").status_code == 200
    new = {"token": forms, "password": PASSWORD, "new": "another password", "again": "another password"}
    assert browser.post("/account/password", data=new).status_code == 302
    hours[0] = 12.01
    assert browser.get("/account").status_code == 302


def test_the_command_line_does_what_pages_do(everyone, minio, monkeypatch, capsys):
    monkeypatch.setenv("SIAGA_HOME", str(minio.home))
    monkeypatch.setenv("SIAGA_SECRETS", str(minio.secrets))
    monkeypatch.setenv("SIAGA_STORE_URL", minio.store_url)

    def siaga(*words, typed=""):
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{typed}\n"))
        status = cli.main(list(words))
        return status, capsys.readouterr()

    assert siaga("user", "add", "siti", "--role", ASH_EDITOR, typed=PASSWORD)[0] == 0
    assert siaga("user", "add", "siti", typed=PASSWORD)[0] == 1
    assert siaga("user", "role", "siti", ADMIN)[0] == 0
    assert siaga("operator", "budi", typed=PASSWORD)[0] == 0
    assert siaga("operator", "siti", typed="another password")[0] == 0
    assert passwords.fits(everyone.get("siti").password_hash, "another password")
    everyone.enrol("siti", second_factor.new_secret(), 0)
    assert siaga("user", "disable", "budi")[0] == 0
    listed = siaga("user", "list")[1].out.splitlines()
    assert [line.split(maxsplit=2) for line in listed] == [
        ["budi", "operator", "disabled"],
        ["siti", "admin", "second factor"],
    ]
    assert siaga("user", "reset", "siti", typed=PASSWORD)[0] == 0
    assert siaga("user", "enable", "budi")[0] == 0
    assert everyone.get("siti").second_factor == ""
    assert everyone.get("budi").may(OPERATOR)
    status, said = siaga("user", "disable", "nobody")
    assert (status, said.err) == (1, "siaga: There is no user 'nobody'\n")
