"""Who guesses a password locks out nobody else; who logs out has ended every session, whoever holds its cookie."""

import re
import time

import pytest
import requests
from fixtures import accounts

from siaga.accounts import passwords
from siaga.settings import Settings
from web.tries import TooOften, Tries

NAME, PASSWORD = "operator", "a password of some length"


@pytest.fixture
def site(web_up, minio):
    settings, _process = web_up
    accounts.of(minio, NAME, PASSWORD)
    return settings.public_url


def log_in(site, password, address, session=None):
    session = session or requests.Session()
    page = session.get(f"{site}/login", timeout=20).text
    token = re.search(r'name="token" value="([^"]+)"', page)[1]
    told = {"name": NAME, "password": password, "token": token}
    return session.post(
        f"{site}/login", data=told, headers={"X-Forwarded-For": address}, timeout=20, allow_redirects=False
    )


def test_we_16_who_guesses_from_everywhere_locks_nobody_out(site):
    tries = Tries()
    for number in range(20_000):
        address = f"{number % 200 + 11}.{number // 200}.0.1"
        tries.check(address)
        tries.wrong(address)
    tries.check("198.51.100.77")
    for number in range(6):
        assert log_in(site, "guess", f"203.{number}.113.1").status_code == 403
    assert log_in(site, PASSWORD, "198.51.100.77").status_code == 302
    api = requests.post(
        f"{site}/api/ash", json={}, auth=(NAME, PASSWORD), headers={"X-Forwarded-For": "198.51.100.78"}, timeout=20
    )
    assert api.status_code == 422


def test_we_15_the_sixth_guess_of_an_address_and_the_21st_of_its_network_have_to_wait():
    now = [0.0]
    tries = Tries(lambda: now[0])
    for _ in range(5):
        tries.check("203.0.113.1")
        tries.wrong("203.0.113.1")
    with pytest.raises(TooOften):
        tries.check("203.0.113.1")
    for number in range(2, 17):
        tries.check(f"203.0.113.{number}")
        tries.wrong(f"203.0.113.{number}")
    for near in ("203.0.113.99", "203.0.113.255"):
        with pytest.raises(TooOften):
            tries.check(near)
    tries.check("203.0.114.1")
    for number in range(20):
        tries.wrong(f"2001:db8:1:{number}::1")
    with pytest.raises(TooOften):
        tries.check("2001:db8:1:ffff::9")
    tries.check("2001:db8:2::1")
    tries.check("")
    now[0] = 301
    tries.check("203.0.113.1")


@pytest.mark.parametrize(
    ("env", "believed"),
    [
        ({}, False),
        ({"SIAGA_PUBLIC_URL": "http://localhost:8000/"}, False),
        ({"SIAGA_PUBLIC_URL": "https://siaga.example"}, True),
        ({"SIAGA_PUBLIC_URL": "https://siaga.example", "SIAGA_WEB_PROXY": "no"}, False),
        ({"SIAGA_WEB_PROXY": "yes"}, True),
    ],
)
def test_we_16_who_a_proxy_names_is_believed_where_one_stands(tmp_path, env, believed):
    assert bool(Settings.load({"SIAGA_HOME": str(tmp_path)} | env).web_proxies) is believed


def test_we_13_a_copied_cookie_ends_with_the_logout(site):
    session = requests.Session()
    assert log_in(site, PASSWORD, "198.51.100.1", session).status_code == 302
    copied = session.cookies.get_dict()
    ask = {"url": f"{site}/ash/upload", "timeout": 20, "allow_redirects": False}
    assert requests.get(cookies=copied, **ask).status_code == 200
    stranger = requests.Session()
    page = stranger.get(f"{site}/login", timeout=20).text
    token = re.search(r'name="token" value="([^"]+)"', page)[1]
    stranger.post(f"{site}/logout", data={"token": token}, timeout=20)
    assert requests.get(cookies=copied, **ask).status_code == 200  # nobody else logs the operator out
    form = session.get(f"{site}/ash/upload", timeout=20).text
    session.post(f"{site}/logout", data={"token": re.search(r'name="token" value="([^"]+)"', form)[1]}, timeout=20)
    answer = requests.get(cookies=copied, **ask)
    assert (answer.status_code, "/login" in answer.headers["Location"]) == (302, True)
    assert log_in(site, PASSWORD, "198.51.100.2", session).status_code == 302
    assert session.get(**ask).status_code == 200


@pytest.fixture
def in_earnest(usual_hasher, monkeypatch):
    """Passwords as they are hashed outside tests."""
    passwords._of_nobody.cache_clear()
    monkeypatch.setattr(passwords, "_HASHER", usual_hasher)
    yield
    passwords._of_nobody.cache_clear()


def test_a_guess_costs_64_mib_and_three_rounds(in_earnest):
    assert passwords.hashed(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_we_14_an_unknown_name_takes_as_long_as_a_wrong_password(in_earnest):
    password_hash = passwords.hashed(PASSWORD)

    def seconds(stored):
        began = time.perf_counter()
        assert not passwords.fits(stored, "wrong")
        return time.perf_counter() - began

    seconds(None)  # the hash of nobody is made once
    known, unknown = (min(seconds(stored) for _ in range(5)) for stored in (password_hash, None))
    assert 0.3 < known / unknown < 3
