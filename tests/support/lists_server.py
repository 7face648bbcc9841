"""BMKG's public lists on 127.0.0.1, as they were recorded; any of them may be another answer, or none."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ANSWERS = Path(__file__).parents[1] / "fixtures" / "bmkg"


class Lists:
    """Change `answers`, bytes by name, while it runs; None is answered with 503. asked: the paths of all requests."""

    def __init__(self):
        self.answers = {path.stem: path.read_bytes() for path in ANSWERS.glob("*.json")}
        self.asked = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(self.path)
                body = outer.answers.get(self.path.rpartition("/")[2].removesuffix(".json"))
                self.send_response(200 if body is not None else 503)
                self.end_headers()
                self.wfile.write(body or b"away")

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/TEWS"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
