"""A PetaBencana of our own on 127.0.0.1: three generations of its server, with every trap that was seen live."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

ANSWERS = Path(__file__).parents[1] / "fixtures" / "petabencana"


def recorded(name):
    """One of our recorded answers."""
    return (ANSWERS / name).read_bytes()


class PetaBencana:
    """One server. Change its attributes while it runs.

    generation: 1 knows city alone, 2 admin alone, 3 is silent when a parameter is missing.
    states: {geom_id: state} of the four RWs of floods.json that are wet now.
    archive: rows of /floods/archive. knows: whether /cities lists the region.
    forgets: the GeoJSON answer comes empty out of a cache, whatever the states are.
    moods: {path: [mood, …]}, one per request, the last one stays: fine, hang, html, half, half-chunked, drip,
        drip-head, continue, busy, busy-date, broken, gateway, lost, moved, huge, nan, shut.
    asked: (path, parameters, headers) of every request.
    """

    def __init__(self, generation=2):
        self.generation = generation
        self.states = {}
        self.archive = []
        self.knows = True
        self.forgets = False
        self.moods = {}
        self.retry_after = "0"
        self.asked = []
        self.released = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.play(self)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # who gives up on us hangs up
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

    def wet(self, **states):
        """RW 1 to 4 by number and state, as in rw2=3."""
        self.states = {f"31740400040{name[2:]:0>2}000": state for name, state in states.items()}

    def play(self, handler):
        """Answer one request in the mood of its path."""
        path, _, query = handler.path.partition("?")
        parameters = dict(parse_qsl(query))
        self.asked.append((path, parameters, dict(handler.headers)))
        moods = self.moods.get(path, ["fine"])
        mood = moods.pop(0) if len(moods) > 1 else moods[0]
        status, body = self._answer(urlsplit(path).path, parameters)
        if status == 0 or mood == "hang":
            self.released.wait(20)
            handler.close_connection = True
        elif mood == "fine":
            # a cached 200 has lost its Content-Type; an error claims to be good for an hour
            headers = [] if status == 200 else [("Cache-Control", "max-age=3600"), ("Content-Type", "application/json")]
            send(handler, status, body, headers)
        else:
            getattr(self, "_" + mood.replace("-", "_"))(handler, body)

    def _answer(self, path, parameters):
        regional = path.startswith("/floods")
        if self.generation == 3:
            if path == "/floods/archive":
                return 405, b'{"message":"Method not allowed"}'
            if regional and ("admin" not in parameters or "geoformat" not in parameters):
                return 0, b""
            if regional and "format" not in parameters:
                return 400, b'{"statusCode":400,"message":"format must be \'json\'"}'
        if regional and self.generation == 1 and "admin" in parameters:
            return 400, recorded("admin_not_allowed_400.json")
        if regional and self.generation == 2 and "city" in parameters:
            return 400, recorded("city_not_allowed_400.json")
        if path == "/floods":
            return 200, self._floods(parameters.get("geoformat", "topojson"))
        if path == "/floods/archive":
            return 200, json.dumps({"statusCode": 200, "result": self.archive}).encode()
        if path == "/cities":
            return 200, self._cities()
        return 404, recorded("not_found_404.json")

    def _cities(self):
        if not self.knows:
            return recorded("floods_empty.json")
        return recorded("cities_first_server.json" if self.generation == 1 else "cities.json")

    def _floods(self, form):
        geojson = form == "geojson"
        told = json.loads(recorded("floods.json" if geojson else "floods_topojson.json"))
        result = told["result"]
        listed = result["features"] if geojson else result["objects"]["output"]["geometries"]
        kept = []
        for one in listed:
            state = self.states.get(one["properties"]["geom_id"])
            if state and not (geojson and self.forgets):
                one["properties"]["state"] = state
                kept.append(one)
        if not kept:
            return recorded("floods_empty.json" if geojson else "floods_empty_topojson.json")
        listed[:] = kept
        return json.dumps(told).encode()

    def _html(self, handler, _):
        send(handler, 200, b"<html><h1>We are moving house</h1></html>", [("Content-Type", "text/html")])

    def _drip_head(self, handler, _):
        self._without_end(handler, b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x")

    def _continue(self, handler, _):
        self._without_end(handler, b"", b"HTTP/1.1 100 Continue\r\n\r\n")

    def _without_end(self, handler, first, again):
        handler.close_connection = True
        try:
            handler.wfile.write(first)
            while not self.released.wait(0.05):
                handler.wfile.write(again)
        except OSError:
            return  # the asker has had enough

    def _half(self, handler, body):
        send(handler, 200, body[: len(body) // 2], [], length=len(body))
        handler.close_connection = True

    def _half_chunked(self, handler, body):
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        piece = body[: len(body) // 2]
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        handler.close_connection = True

    def _drip(self, handler, body):
        """A byte now and then, never a pause long enough to be noticed."""
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        for byte in body:
            if self.released.wait(0.05):
                break
            try:
                handler.wfile.write(bytes([byte]))
                handler.wfile.flush()
            except OSError:
                break
        handler.close_connection = True

    def _busy(self, handler, _):
        send(handler, 429, b'{"message":"Too Many Requests"}', [("Retry-After", self.retry_after)])

    def _busy_date(self, handler, _):
        when = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 2))
        send(handler, 429, b'{"message":"Too Many Requests"}', [("Retry-After", when)])

    def _broken(self, handler, _):
        send(handler, 500, b'{"status":500,"stack":"Error: timeout"}', [("Cache-Control", "max-age=3600")])

    def _gateway(self, handler, _):
        page = b"<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"
        send(handler, 502, page, [("Content-Type", "text/html")])

    def _lost(self, handler, _):
        handler.close_connection = True  # without a word

    def _moved(self, handler, _):
        send(handler, 301, b"", [("Location", "http://127.0.0.1:1/floods")])

    def _huge(self, handler, _):
        send(handler, 200, b" " * (3 << 20), [])

    def _nan(self, handler, body):
        send(handler, 200, body.replace(b"106.8", b"NaN"), [])

    def _shut(self, handler, _):
        send(handler, 403, b'{"message":"Forbidden"}', [])


def send(handler, status, body, headers, length=None):
    """A whole answer, or one that claims to be longer."""
    handler.send_response(status)
    for name, value in headers:
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)
