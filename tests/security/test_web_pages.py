"""The web app to readers who try addresses, headers, cookies and forms: words, never a trace, never a script."""

import html
import re
import socket
import time

import pytest
import requests
from fixtures import accounts
from fixtures.entries import entry, put
from support.running import wait_for

from siaga import keys
from siaga.store import Store
from web import create_app
from web.index import Index

SCRIPT = "<script>alert(1)</script>"
PARAMETERS = (
    *("lang", "q", "page", "from", "until", "level", "min", "max", "magnitude", "depth", "sort", "month", "year"),
    *("region", "state", "hazard", "sent", "next", "version", "days", "zone", "x"),
)
PAGES = (
    "/",
    "/earthquakes",
    "/floods",
    "/floods/frequency",
    "/ash",
    "/status",
    "/login",
    "/ash/upload",
    "/nothing",
    "/live.json",
)
NAME, PASSWORD = "operator", "a password of some length"
LOGGED_IN = "198.51.100.200"


@pytest.fixture(scope="module")
def site(emptied, web_up):
    """The address of the running app, with one quake to show and an operator."""
    settings, _process = web_up
    put(Store.connect(emptied, "root"), entry())
    accounts.of(emptied, NAME, PASSWORD)
    return settings.public_url


def get(url, **more):
    return requests.get(url, timeout=20, allow_redirects=False, **more)


def raw(site, text):
    """The answer to a request as it stands."""
    with socket.create_connection(("127.0.0.1", int(site.rpartition(":")[2])), timeout=20) as connection:
        connection.sendall(text.encode("latin-1"))
        got = b""
        while b"\r\n\r\n" not in got and (piece := connection.recv(1 << 16)):
            got += piece
        return got.decode("latin-1")


def token(page):
    return re.search(r'name="token" value="([^"]+)"', page)[1]


def log_in(site, session, **more):
    page = session.get(f"{site}/login", timeout=20).text
    told = {"name": NAME, "password": PASSWORD, "token": token(page)} | more
    return session.post(
        f"{site}/login", data=told, headers={"X-Forwarded-For": LOGGED_IN}, timeout=20, allow_redirects=False
    )


@pytest.mark.parametrize("page", PAGES)
def test_we_01_no_parameter_is_markup_and_none_breaks_a_page(site, page):
    for value in (SCRIPT, "\"'><img src=x>", "-1", "9" * 30, "\0"):
        answer = get(site + page, params=dict.fromkeys(PARAMETERS, value))
        assert answer.status_code < 500, (value, answer.status_code)
        assert SCRIPT not in answer.text
        assert "<img src=x>" not in answer.text
        assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "path", [SCRIPT, f"/earthquakes/{SCRIPT}", f"/floods/{SCRIPT}", f"/ash/{SCRIPT}", f"/{SCRIPT}/files/x"]
)
def test_we_02_no_path_is_markup(site, path):
    answer = get(f"{site}/{path.lstrip('/')}")
    assert answer.status_code in (400, 404)
    assert SCRIPT not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        *("/static/../login.py", "/static/..%2flogin.py", "/static/%2e%2e/%2e%2e/etc/passwd", "/static//etc/passwd"),
        *(
            "/static/..\\login.py",
            "/static/....//login.py",
            "/static/%00",
            "/static/.",
            "/static/style.css/../../login.py",
        ),
        *(
            "/earthquakes/20180805194635/initial-v001-aaaaaaaa/files/../../../x",
            "/earthquakes/..%2f..%2fcatalog/files/x",
        ),
        "/earthquakes/20180805194635/initial-v001-aaaaaaaa/files/..%2fimpact.json",
    ],
)
def test_we_03_no_path_leads_out(site, path):
    got = raw(site, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert got.split(" ")[1] in ("400", "404"), got[:200]
    assert "root:" not in got


@pytest.mark.parametrize("page", PAGES)
def test_we_06_every_page_says_what_it_allows(site, page):
    headers = get(site + page).headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Server" not in headers


@pytest.mark.parametrize(
    "after",
    [
        *("//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)"),
        *("/%0d%0aX-Evil: 1", "/\r\nX-Evil: 1", "///evil.example", "evil.example", "/\tevil", " //evil.example", ""),
        *("data:text/html,x", "http:evil.example", "/\u2028x"),
    ],
)
def test_we_09_the_login_leads_to_own_pages_alone(site, after):
    answer = log_in(site, requests.Session(), next=after)
    assert answer.status_code == 302
    where = answer.headers["Location"]
    assert where.startswith("/")
    assert not where.startswith(("//", "/\\"))
    assert "X-Evil" not in answer.headers


def test_we_10_nothing_changes_without_the_token_of_ones_own_form(site):
    session, other = requests.Session(), requests.Session()
    assert log_in(site, session).status_code == 302
    theirs = token(other.get(f"{site}/login", timeout=20).text)
    mine = token(session.get(f"{site}/ash/upload", timeout=20).text)
    for path in ("/login", "/logout", "/ash/upload", "/ash/submit"):
        for sent in ({}, {"token": ""}, {"token": theirs}, {"token": "é"}):
            assert session.post(site + path, data=sent, timeout=20, allow_redirects=False).status_code == 403, path
        answer = session.post(f"{site}{path}?token={mine}", timeout=20, allow_redirects=False)
        assert answer.status_code == 403
    assert get(f"{site}/ash/upload", cookies=session.cookies).status_code == 200  # still logged in


def test_we_11_a_session_is_made_anew_and_cannot_be_made_up(site):
    session = requests.Session()
    session.get(f"{site}/login", timeout=20)
    before = session.cookies["siaga-session"]
    log_in(site, session)
    assert session.cookies["siaga-session"] != before
    good = session.cookies["siaga-session"]
    payload, rest = good.split(".", 1)
    for forged in (
        before,
        payload + "x." + rest,
        good[:-1],
        payload,
        f"{payload}.x.y",
        "eyJvcGVyYXRvciI6Im9wZXJhdG9yIn0",
        "",
    ):
        answer = get(f"{site}/ash/upload", cookies={"siaga-session": forged})
        assert answer.status_code == 302, forged


def test_we_12_cookies_are_for_this_site_and_not_for_scripts(site):
    said = get(f"{site}/login").headers["Set-Cookie"]
    assert "HttpOnly" in said
    assert "SameSite=Lax" in said


def test_we_12_with_https_they_go_by_https_alone(minio, tmp_path):
    from web import UploadAccess

    index = Index(Store.connect(minio, "web"), tmp_path / "index.sqlite")
    uploads = UploadAccess(Store.connect(minio, "ash"), *accounts.access(minio), "key", secure=True)
    app = create_app(Store.connect(minio, "web"), index, "http://127.0.0.1:9", uploads)
    assert "Secure" in app.test_client().get("/login").headers["Set-Cookie"]


@pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "PROPFIND", "CONNECT", "PATCH"])
def test_we_17_other_methods_do_nothing(site, method):
    answer = requests.request(method, f"{site}/earthquakes", headers={"Origin": "http://evil.example"}, timeout=20)
    assert answer.status_code in (400, 403, 405, 501)
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize(
    "query",
    ["page=1" + "0" * 23, "page=" + "9" * 5000, "q=" + "x" * 60_000, "q=%00", "month=9998-12", "page=-1", "page=NaN"],
)
def test_we_18_large_and_odd_numbers_are_quick(site, query):
    began = time.monotonic()
    for page in ("/earthquakes", "/floods", "/floods/frequency", "/ash"):
        assert get(f"{site}{page}?{query}").status_code in (200, 400, 404)
    assert time.monotonic() - began < 20


def test_we_20_who_does_not_read_keeps_nobody_out(site):
    port, idle = int(site.rpartition(":")[2]), []
    try:
        for _ in range(40):
            idle.append(socket.create_connection(("127.0.0.1", port), timeout=10))
            idle[-1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            idle[-1].sendall(b"GET /earthquakes HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
        assert get(f"{site}/healthz").ok
    finally:
        for one in idle:
            one.close()
    wait_for(lambda: get(f"{site}/earthquakes").ok, 20)


def test_we_22_many_fields_and_parts_are_refused(site):
    answer = requests.post(f"{site}/login", data={f"f{number}": "x" for number in range(7000)}, timeout=20)
    assert answer.status_code in (400, 403, 413)
    parts = {f"f{number}": ("x", b"x") for number in range(400)}
    assert requests.post(f"{site}/ash/upload", files=parts, timeout=20).status_code in (400, 403, 413)


@pytest.mark.parametrize(
    "path", ["/nothing", "/earthquakes/x/y/files/z", "/floods/x", "/ash/x", "/static/x", "/%ff", "/earthquakes?page=x"]
)
def test_we_23_no_error_tells_of_code_or_paths(site, path):
    text = html.unescape(get(site + path).text)
    for word in ("Traceback", ".py", "/work", "/home", "werkzeug", 'File "'):
        assert word not in text, word


@pytest.mark.parametrize(
    "headers",
    [
        {"Range": "bytes=" + ",".join(f"{n}-{n + 1}" for n in range(2000))},
        {"If-None-Match": ",".join(f'"{n}"' for n in range(5000))},
        {"Cookie": "lang=" + "x" * 8000},
        {"Accept-Language": "id;q=" + "9" * 5000},
        {"X-Forwarded-For": ", ".join(["1.2.3.4"] * 1000)},
        {"Cookie": "siaga-session=" + "." * 8000},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_we_24_large_headers_break_nothing(site, headers):
    for page in ("/earthquakes", "/status", "/login"):
        assert get(site + page, headers=headers).status_code in (200, 206, 400)


def test_we_25_the_api_takes_a_password_and_json_alone(site):
    session = requests.Session()
    log_in(site, session)
    far = {"X-Forwarded-For": "198.51.100.201"}
    for more, status in (
        ({"cookies": session.cookies.get_dict()}, 401),  # a cookie is not enough
        ({"headers": {"Authorization": f"Bearer {PASSWORD}"}}, 401),
        ({"headers": {"Authorization": 'Digest username="operator"'}}, 401),
        ({"auth": (NAME, PASSWORD), "data": {"volcano": "x"}}, 422),
    ):
        asked = {"headers": far | more.pop("headers", {})} | more
        assert requests.post(f"{site}/api/ash", timeout=20, **asked).status_code == status, more


def test_we_04_files_come_with_their_kind_and_as_nothing_that_acts(site, emptied):
    store = Store.connect(emptied, "root")
    assert store.exists(keys.RESULTS, next(store.list(keys.RESULTS, "catalog/")).key)
    answer = get(f"{site}/earthquakes/20180805194635/initial-v001-aaaaaaaa/files/report-id.html")
    assert answer.status_code in (404, 503)  # nothing is shown that no record names
    assert (
        "sandbox" in answer.headers["Content-Security-Policy"]
        or "default-src 'none'" in answer.headers["Content-Security-Policy"]
    )
