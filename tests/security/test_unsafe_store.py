"""Siaga starts on no store that takes a forgery, whoever's it is, and says so in one sentence."""

import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from support.running import environment
from test_machine import refused

from siaga import keys, stack
from siaga.errors import SiagaError, Unavailable
from siaga.machine import forgery, minio
from siaga.settings import Settings


def test_our_own_store_passes_and_keeps_nothing(store, minio):
    forgery.check(minio, store._client, keys.ANALYSIS_DATA)
    assert not list(store.list(keys.ANALYSIS_DATA))
    assert "Uploads" not in store._client.list_multipart_uploads(Bucket=keys.ANALYSIS_DATA)


class Other(ThreadingHTTPServer):
    """A store of somebody else's, as far as the check sees it; `takes(request)` says which PUT it believes."""

    daemon_threads = True

    def __init__(self, takes):
        super().__init__(("127.0.0.1", 0), _Answers)
        self.takes, self.objects, self.url = takes, {}, f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if path.count("/") > 1 and not self.server.takes(self):
            return self.answer(403)
        if path.count("/") > 1 and "partNumber" not in query:
            self.server.objects[path] = body
        return self.answer(200)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.answer(200, b"<a><UploadId>1</UploadId></a>")

    def do_GET(self):
        body = self.server.objects.get(self.path.partition("?")[0])
        self.answer(404) if body is None else self.answer(200, body)

    do_HEAD = do_GET

    def do_DELETE(self):
        self.server.objects.pop(self.path.partition("?")[0], None)
        self.answer(204)

    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("ETag", '"0cc175b9c0f1b6a831c399e269772661"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(b"" if self.command == "HEAD" else body)

    def log_message(self, *_):
        pass


def unsigned(request):
    return request.headers.get("X-Amz-Content-SHA256") == "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


@pytest.fixture
def other(tmp_path):
    """Makes a store that takes what it is told to, and the settings that name it."""
    made = []

    def make(takes):
        made.append(Other(takes))
        settings = Settings.load(environment(tmp_path, SIAGA_STORE_URL=made[-1].url))
        for role in ("root", *minio.ROLES):
            settings.make_secret(f"store-{role}-key", "given")
            settings.make_secret(f"store-{role}-secret", "by its operator")
        return made[-1], settings

    yield make
    for server in made:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("takes", "named"),
    [
        (lambda request: unsigned(request) and "?" in request.path and "part" not in request.path, "an upload that"),
        (lambda request: unsigned(request) and "partNumber" in request.path, "a part of an upload"),
        (lambda request: "X-Amz-Meta-Snowball-Auto-Extract" in request.headers, "an archive"),
    ],
)
def test_a_store_that_takes_a_forgery_is_not_started_on(other, takes, named):
    server, settings = other(takes)
    with pytest.raises(SiagaError, match=named) as raised:
        minio.configure(settings, stack.load(settings.stack))
    assert server.url in str(raised.value)
    assert not server.objects


def test_a_store_that_believes_the_headers_of_servers_is_not_started_on(other):
    server, settings = other(lambda request: not unsigned(request))
    server.objects = _Spoiled()
    with pytest.raises(SiagaError, match="headers by which only servers"):
        minio.configure(settings, stack.load(settings.stack))


class _Spoiled(dict):
    """Forgets what was put."""

    def __setitem__(self, key, body):
        pass


def test_siaga_says_so_in_one_sentence(other, tmp_path):
    server, _settings = other(lambda _request: True)
    said = refused(environment(tmp_path, SIAGA_STORE_URL=server.url), "up")
    assert "is not safe" in said
    assert "SIAGA_STORE_URL" in said


def test_a_store_that_knows_no_such_request_is_fine(other):
    server, settings = other(lambda request: not unsigned(request))  # what it does not know in a header it ignores
    forgery.check(settings, minio._client(settings), keys.ANALYSIS_DATA)
    assert not server.objects
    _server, settings = other(lambda _request: False)
    forgery.check(settings, minio._client(settings), keys.ANALYSIS_DATA)


def test_a_store_that_goes_away_meanwhile_is_said(other):
    _server, settings = other(lambda _request: False)
    client = minio._client(settings)
    away = replace(settings, store_url="http://127.0.0.1:9")
    with pytest.raises(Unavailable, match="does not answer"):
        forgery.check(away, client, keys.ANALYSIS_DATA)
