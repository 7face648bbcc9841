"""What admins see: users and the audit; that every changing request is guarded, noted, and asks for its form."""

from functools import partial

import pytest
from fixtures import accounts
from fixtures.accounts import PASSWORD, entered, token

from siaga import keys
from siaga.accounts import audit
from siaga.accounts.account import ADMIN, OPERATOR, VIEWER
from siaga.accounts.audit import Audit, Wanted
from siaga.store import Store
from web import audit as web_audit
from web import login

FAR = {"environ_base": {"REMOTE_ADDR": "198.51.100.7"}}


@pytest.fixture
def opened(store, minio, tmp_path):
    """Another browser at each call."""
    return partial(accounts.browser, minio, tmp_path)


@pytest.fixture
def trail(store, minio):
    """(who, action, result, about) of everything that was noted, oldest first, without pages of the log-in."""

    def noted(**wanted):
        entries = Audit(Store.connect(minio, "accounts")).entries(Wanted(**wanted), 1000)[0]
        return [(one.who, one.what, one.result, one.about) for one in reversed(entries)]

    return noted


def text(browser, path):
    return browser.get(f"{path}?lang=en").get_data(as_text=True)


def test_every_changing_request_is_guarded_named_and_refused_without_its_form(opened, minio):
    browser = opened()
    rules = [rule for rule in browser.application.url_map.iter_rules() if "POST" in rule.methods]
    assert {rule.endpoint for rule in rules} - web_audit.ACTIONS.keys() == set()
    accounts.of(minio, "siti", role=VIEWER)
    stranger = opened()
    forms = token(stranger, "/login")
    entered(browser, "siti")
    forbidden = {"users", "reprocess", "ash"}
    for rule in rules:
        view = browser.application.view_functions[rule.endpoint]
        if not login.needs_token(view):
            assert stranger.post(rule.rule).status_code == (404 if rule.arguments else 401), (
                rule
            )  # by what its address holds
            continue
        assert browser.post(rule.rule).status_code == 403, rule
        if not rule.rule.startswith("/log"):
            answer = stranger.post(rule.rule, data={"token": forms})
            assert answer.headers["Location"].startswith("/login"), rule
        if rule.endpoint.partition(".")[0] in forbidden:
            assert browser.post(rule.rule, data={"token": token(browser, "/account")}).status_code == 403, rule


def test_an_admin_adds_changes_resets_and_disables_others(opened, minio, trail):
    everyone = accounts.of(minio, "ani", role=ADMIN)
    browser = opened()
    forms = entered(browser, "ani")
    page = browser.post("/users/add", data={"token": forms, "name": "budi", "role": VIEWER}).get_data(as_text=True)
    given = page.split('<p class="given"><code>')[1].split("</code>")[0]
    other = opened()
    entered(other, "budi", given)
    assert other.get("/users").status_code == other.get("/audit").status_code == 403
    assert browser.post("/users/role", data={"token": forms, "name": "budi", "role": OPERATOR}).status_code == 302
    assert other.get("/reprocess").status_code == 200
    assert given not in browser.post("/users/reset", data={"token": forms, "name": "budi"}).get_data(as_text=True)
    assert other.get("/account").status_code == 302
    assert browser.post("/users/disable", data={"token": forms, "name": "budi"}).status_code == 302
    assert "may not log in" in text(browser, "/users")
    assert browser.post("/users/enable", data={"token": forms, "name": "budi"}).status_code == 302
    assert everyone.get("budi").may(OPERATOR)
    for path, more, status in (
        ("add", {"name": "budi", "role": VIEWER}, 409),
        ("add", {"name": "<script>", "role": VIEWER}, 422),
        ("add", {"name": "cici", "role": "root"}, 422),
        ("role", {"name": "nobody", "role": VIEWER}, 404),
        *((path, {"name": "ani", "role": VIEWER}, 403) for path in ("role", "reset", "disable")),
    ):
        answer = browser.post(f"/users/{path}", data={"token": forms} | more)
        assert (answer.status_code, "<script>" in answer.get_data(as_text=True)) == (status, False), path
    assert [one for one in trail(who="ani") if one[2] == "done"][1:] == [
        ("ani", "users.add", "done", "budi viewer"),
        ("ani", "users.role", "done", "budi operator"),
        *(("ani", f"users.{what}", "done", "budi") for what in ("reset", "disable", "enable")),
    ]
    assert ("ani", "users.disable", "refused", "ani") in trail()


def test_log_ins_and_refused_ones_are_noted_with_their_address_and_never_a_password(opened, minio, trail):
    accounts.of(minio, "siti", role=ADMIN)
    browser = opened()
    sent = {"token": token(browser, "/login"), "name": "siti", "password": "a password in the wrong place"}
    assert browser.post("/login", data=sent, **FAR).status_code == 403
    sent |= {"name": "a password in the wrong field", "password": "siti"}
    assert browser.post("/login", data=sent, **FAR).status_code == 403
    entered(browser, "siti")
    assert browser.post("/api/ash", auth=("siti", PASSWORD), json={}, **FAR).status_code == 422
    assert trail() == [
        ("siti", "login.enter", "refused", ""),
        ("", "login.enter", "refused", ""),
        ("siti", "login.enter", "done", ""),
        ("siti", "ash.send", "refused", ""),
    ]
    page = text(browser, "/audit")
    assert "198.51.100.7" in page
    assert "wrong" not in page
    assert "A stranger" in page


def test_a_page_of_the_audit_finds_by_name_action_and_result_and_goes_on(opened, minio, store):
    accounts.of(minio, "siti", role=ADMIN)
    told = Audit(Store.connect(minio, "accounts"))
    for number in range(130):
        told.note("budi", "reprocess.drop", audit.DONE, "192.0.2.1", f"number {number}")
    told.note("<script>", "no.such.action", audit.FAILED, "", "<script>alert(1)</script>")
    store.put(keys.AUDIT, "2026/11/27T-nothing.json", b"of another program")
    browser = opened()
    entered(browser, "siti")
    asked = "/audit?lang=en&who=budi&what=reprocess.drop&result=done"
    first = browser.get(asked).get_data(as_text=True)
    assert ("number 129" in first, "number 30" in first, "number 29<" in first) == (True, True, False)
    older = first.split('href="/audit?who=budi')[1].split('"')[0].replace("&amp;", "&")
    second = browser.get(f"/audit?who=budi{older}").get_data(as_text=True)
    assert ("number 29<" in second, "number 0<" in second, "Older ones" in second) == (True, True, False)
    everything = text(browser, "/audit")
    assert "no.such.action" in everything
    assert "<script>" not in everything
    assert "Nothing answers" in browser.get("/audit?lang=en&who=nobody").get_data(as_text=True)


def test_the_trail_is_added_to_and_what_was_written_stays(minio, store):
    narrow = Store.connect(minio, "accounts")
    Audit(narrow).note("siti", "users.add", audit.DONE, "192.0.2.1", "budi viewer")
    (head,) = store.list(keys.AUDIT)
    with pytest.raises(Exception, match=r"AccessDenied|denied"):
        narrow.delete(keys.AUDIT, head.key)
    narrow.put(keys.AUDIT, head.key, b"{}")
    assert [one.etag for one in store.versions(keys.AUDIT, head.key)][1] == head.etag


def test_strangers_do_not_fill_the_trail():
    now = [0.0]
    strangers = web_audit.Strangers(lambda: now[0])
    assert [strangers.admit() for _ in range(100)].count(True) == 60
    now[0] = 301.0
    assert strangers.admit()
