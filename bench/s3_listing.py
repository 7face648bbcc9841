"""A store that only lists: an S3 server in a process of its own, its keys made up, for buckets too large to fill."""

import bisect
import hashlib
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

_PAGE = 1000
_WRITTEN = "2020-01-01T00:00:00.000Z"


def etag(key: str) -> str:
    """The ETag of a key that was made up."""
    return hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()


@contextmanager
def serving(buckets: dict[str, list[str]]) -> Iterator[str]:
    """Serve these keys, by bucket and in order, on loopback; the URL. What is put is listed from then on."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there, buckets), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        process.terminate()
        process.join()


def _serve(told: Connection, buckets: dict[str, list[str]]) -> None:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            where = urlsplit(self.path)
            asked = {name: value[0] for name, value in parse_qs(where.query).items()}
            bucket, _, key = unquote(where.path[1:]).partition("/")
            if "list-type" in asked:
                self._answer(200, _listing(buckets.get(bucket, []), asked))
            else:
                self._answer(200 if key in buckets.get(bucket, []) else 404, b"x")

        def do_HEAD(self) -> None:
            self._answer(404, b"")

        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            bucket, _, key = unquote(urlsplit(self.path).path[1:]).partition("/")
            bisect.insort(buckets.setdefault(bucket, []), key)
            self._answer(200, b"", etag(key))

        def _answer(self, status: int, body: bytes, told: str = "0") -> None:
            self.send_response(status)
            self.send_header("ETag", f'"{told}"')
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Last-Modified", "Wed, 01 Jan 2020 00:00:00 GMT")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.send(server.server_port)
    server.serve_forever()


def _listing(there: list[str], asked: dict[str, str]) -> bytes:
    prefix, folders = asked.get("prefix", ""), "delimiter" in asked
    after = asked.get("continuation-token") or asked.get("start-after", "")
    at = max(bisect.bisect_left(there, prefix), bisect.bisect_right(there, after))
    found: list[str] = []
    while len(found) < _PAGE and at < len(there) and there[at].startswith(prefix):
        key = there[at]
        slash = key.find("/", len(prefix)) if folders else -1
        if slash < 0:
            found.append(f"<Contents>{_entry(key)}</Contents>")
            at, after = at + 1, key
        else:
            folder = key[: slash + 1]
            found.append(f"<CommonPrefixes><Prefix>{escape(folder)}</Prefix></CommonPrefixes>")
            at, after = bisect.bisect_left(there, f"{key[:slash]}0"), f"{folder}\U0010ffff"  # 0 follows the slash
    more = at < len(there) and there[at].startswith(prefix)
    token = f"<NextContinuationToken>{escape(after)}</NextContinuationToken>" if more else ""
    head = f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}"
    return f"<ListBucketResult>{head}{''.join(found)}</ListBucketResult>".encode()


def _entry(key: str) -> str:
    named = f'<Key>{escape(key)}</Key><LastModified>{_WRITTEN}</LastModified><ETag>"{etag(key)}"</ETag>'
    return f"{named}<Size>1000000</Size><StorageClass>STANDARD</StorageClass>"
