"""The app under a path of its host, and behind proxies: what it links to, and who it thinks asks."""

import re
from ipaddress import ip_network

import pytest
import requests
from fixtures import accounts
from fixtures.pages import opened
from support.web_process import running_web

from siaga.environment import ROUTES
from siaga.errors import SiagaError
from siaga.settings import Settings
from siaga.store import Store
from web import UploadAccess, hops

ADDRESS = re.compile(r"""\s(?:href|src|(?:form)?action)="(/[^"]*)"|"(/[^"]+)"|&#34;(/[^&]+)&#34;""")


@pytest.fixture(scope="module")
def site(emptied, tmp_path_factory):
    """Where a proxy reaches the app, which readers find at https://bnpb.example.id/siaga."""
    told = {"SIAGA_PUBLIC_URL": "https://bnpb.example.id/siaga", "SIAGA_SECOND_FACTOR": "no"}
    with running_web(emptied, tmp_path_factory.mktemp("web"), **told) as (settings, _process):
        yield f"http://127.0.0.1:{settings.web_port}"


@pytest.mark.parametrize("path", ["earthquakes", "floods", "ash", "status", "login", "api", "api/v1/", "nothing-here"])
def test_all_that_a_page_names_lies_under_the_path(site, path):
    page = requests.get(f"{site}/siaga/{path}", timeout=20)
    named = {one for found in ADDRESS.findall(page.text) for one in found if one and not one.startswith("//")}
    assert page.status_code == (404 if path == "nothing-here" else 200)
    assert named
    if path != "api":  # there, paths of operations are words
        assert [one for one in named if not one.startswith("/siaga/")] == []
    for one in sorted(named)[:40] if path == "earthquakes" else ():
        assert requests.get(f"{site}{one}".replace("&amp;", "&"), timeout=20).status_code == 200, one


def test_a_proxy_may_take_the_path_away_or_leave_it(site):
    left, taken = (requests.get(f"{site}{path}?lang=en", timeout=20).text for path in ("/siaga/ash", "/ash"))
    assert 'href="/siaga/floods"' in left
    assert 'href="/siaga/floods"' in taken


def test_redirects_uploads_and_changes_stay_under_the_path(site):
    sent = requests.get(f"{site}/siaga/ash/upload", timeout=20, allow_redirects=False)
    assert sent.headers["Location"].startswith("/siaga/login")
    old = requests.get(f"{site}/siaga/realtime/flood/", timeout=20, allow_redirects=False)
    assert old.headers["Location"] == "/siaga/floods"
    session = requests.Session()
    session.get(f"{site}/siaga/login", timeout=20)
    assert {cookie.path for cookie in session.cookies} == {"/siaga"}
    stream = requests.get(f"{site}/siaga/live", timeout=20, stream=True)
    assert next(stream.iter_content(12)).startswith(b"retry")
    stream.close()


def test_a_path_that_begins_like_a_page_of_the_app_is_refused(store, minio, tmp_path):
    access = UploadAccess(Store.connect(minio, "ash"), *accounts.access(minio), "a key of the sessions")
    rules = opened(store, minio, tmp_path, access)[2].application.url_map.iter_rules()
    firsts = {rule.rule.split("/")[1] for rule in rules}
    assert {one for one in firsts if one and "<" not in one} == ROUTES
    for path in ("ash", "api/v1", "static/"):
        with pytest.raises(SiagaError, match=r"SIAGA_PUBLIC_URL has the path /(ash|api|static),.* choose another"):
            Settings.load({"SIAGA_HOME": str(tmp_path), "SIAGA_PUBLIC_URL": f"https://bnpb.example.id/{path}"})
    kept = Settings.load({"SIAGA_HOME": str(tmp_path), "SIAGA_PUBLIC_URL": "https://bnpb.example.id/siaga/ash"})
    assert kept.web_path == "/siaga/ash"


@pytest.mark.parametrize(
    ("peer", "said", "asker"),
    [
        ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "192.0.2.99, 198.51.100.7", "198.51.100.7"),  # before the last, anything may stand
        ("10.1.0.9", "192.0.2.99, 198.51.100.7, 127.0.0.1", "198.51.100.7"),  # two proxies of ours
        ("203.0.113.5", "198.51.100.7", "203.0.113.5"),  # who is no proxy is not believed
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.7:51234", "198.51.100.7"),  # each connection has a port of its own
        ("127.0.0.1", "192.0.2.99, [2001:DB8::7]:5123, 10.1.0.9:80", "2001:db8::7"),
        ("127.0.0.1", "[2001:db8::7]", "2001:db8::7"),
        ("127.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("127.0.0.1", "word", "127.0.0.1"),
        ("127.0.0.1", "192.0.2.99, unknown, 10.1.0.9", "10.1.0.9"),  # before a word, nothing is believed
        ("127.0.0.1", "[]:5, :80", "127.0.0.1"),
    ],
)
def test_who_asks_is_the_last_who_is_no_proxy(peer, said, asker):
    def app(environ, _start):
        return environ["REMOTE_ADDR"], environ.get("HTTP_X_FORWARDED_FOR")

    asked = hops.behind(app, (ip_network("127.0.0.1"), ip_network("10.1.0.0/16")))
    assert asked({"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": said}, None) == (asker, None)
