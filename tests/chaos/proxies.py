"""What stands between the parts in a siege: a store that is slow, away or failing, and announcements that get lost."""

import asyncio
import random
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_CHUNK = 1 << 16
_FAILING = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class StoreProxy:
    """Passes connections on; `mode`: pass, slow, away or failing, for those that come meanwhile."""

    def __init__(self, port, behind):
        self.mode, self._port, self._behind = "pass", port, behind
        self._loop = asyncio.new_event_loop()
        listening = threading.Event()
        threading.Thread(target=self._run, args=(listening,), name="store proxy", daemon=True).start()
        assert listening.wait(10)

    def _run(self, listening):
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", self._port))
        listening.set()
        self._loop.run_forever()
        server.close()
        self._loop.close()

    async def _serve(self, reader, writer):
        mode = self.mode
        try:
            if mode == "away":
                return
            if mode == "failing":
                await reader.read(_CHUNK)
                writer.write(_FAILING)
                await writer.drain()
                return
            to, back = await asyncio.open_connection("127.0.0.1", self._behind)
            try:
                await asyncio.gather(self._pipe(reader, back), self._pipe(to, writer))
            finally:
                back.close()
        except OSError:
            pass  # one of both sides was killed; the other sees it
        finally:
            writer.close()

    async def _pipe(self, source, sink):
        while chunk := await source.read(_CHUNK):
            if self.mode == "slow":
                await asyncio.sleep(0.2)
            if self.mode == "away":
                break
            sink.write(chunk)
            await sink.drain()
        sink.close()

    def stop(self):
        self._loop.call_soon_threadsafe(self._loop.stop)


class Announcer:
    """Passes announcements on to the gateway; `mode`: pass, dropped, doubled, late or reordered."""

    def __init__(self, port, url, rng: random.Random):
        self.mode, self.harmed, self._url, self._rng = "pass", 0, url, rng
        self._held = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(outer.take(body, self.headers))
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_HEAD = do_GET = do_POST

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), name="announcer", daemon=True).start()

    def take(self, body, headers):
        """The status that the store hears."""
        sent = {name: headers[name] for name in ("Authorization", "Content-Type") if headers[name]}
        self.harmed += self.mode != "pass"
        if self.mode == "dropped":
            return 200
        if self.mode == "late":
            threading.Timer(self._rng.uniform(0.5, 5), self._send, (body, sent)).start()
            return 200
        if self.mode == "reordered":
            self._held.append((body, sent))
            return 200
        self.release()
        for _ in range(self.mode == "doubled"):
            self._send(body, sent)
        return self._send(body, sent)

    def release(self):
        """Send what was held back, in any order."""
        held, self._held = self._held, []
        self._rng.shuffle(held)
        for one in held:
            self._send(*one)

    def _send(self, body, headers):
        request = urllib.request.Request(self._url, body or None, headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 503

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
