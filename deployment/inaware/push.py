"""Puts links to reports into InAWARE: takes Siaga's webhook, and makes of each report two products of its hazard.

`push.py PORT`, on the machine or in the network of Siaga; docs/alerts.md says how it is subscribed. Environment:
INAWARE_URL, INAWARE_USER, INAWARE_PASSWORD; SIAGA_SECRET: of the subscription, whsec_…; DONE: a file that it may write,
of the links that are there.
"""

import base64
import hmac
import json
import os
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock

APP = "1393"  # by which InAWARE knows InaSAFE's products
KINDS = ("first", "update")  # that name a report of a quake; not a trial, a correction or a withdrawal
SECONDS, OLDEST, MOST_BYTES = 15, 300, 1 << 20
TITLES = {"id": "Laporan dampak Siaga", "en": "Impact report of Siaga"}
ONE = Lock()  # message at a time: Siaga may send one again while it is still at work here


def is_signed(headers, body: bytes) -> bool:
    """Whether Siaga sent it, and just now; as Standard Webhooks has it."""
    name, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "0")
    if not stamp.isdecimal() or abs(time.time() - int(stamp)) > OLDEST:
        return False
    key = base64.b64decode(os.environ["SIAGA_SECRET"].removeprefix("whsec_"))
    right = base64.b64encode(hmac.digest(key, f"{name}.{stamp}.".encode() + body, sha256)).decode()
    return hmac.compare_digest(headers.get("webhook-signature", ""), f"v1,{right}")


def ask(path: str, fields: dict[str, str], *, form: bool = False) -> object:
    """What InAWARE answers, read as JSON. form: as multipart/form-data, which it wants of products."""
    kind, body = "application/x-www-form-urlencoded", urllib.parse.urlencode(fields).encode()
    if form:
        mark = uuid.uuid4().hex
        parts = [
            f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{fields[name]}\r\n' for name in fields
        ]
        kind, body = f"multipart/form-data; boundary={mark}", f"{''.join(parts)}--{mark}--\r\n".encode()
    login = base64.b64encode(f"{os.environ['INAWARE_USER']}:{os.environ['INAWARE_PASSWORD']}".encode()).decode()
    headers = {"Authorization": f"Basic {login}", "Content-Type": kind}
    request = urllib.request.Request(f"{os.environ['INAWARE_URL']}/hp_srv/services/{path}", body, headers)
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:
        return json.loads(answer.read(MOST_BYTES))


def push(data: dict) -> tuple[int, str]:
    """What Siaga is answered: 200 when both products are there, 503 for "send it again"."""
    links, event_id = (data.get("links") or {}).get("report"), str(data.get("event_id", ""))
    invented = data.get("drill") or data.get("demonstration")  # a quake, or the people whom it shook
    if data.get("hazard") != "earthquake" or invented or data.get("kind") not in KINDS or not links:
        return 200, "nothing to put"
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", event_id):
        return 200, "no id of BMKG"
    done = Path(os.environ["DONE"])
    put = done.read_text().split() if done.exists() else []
    where = f"comment_text like '%BMKG-ID%{event_id}%'"
    try:
        hazards = ask("hazards/1/json/get_hazards", {"app_id": APP, "where": where})
        if not hazards:
            return 503, f"InAWARE has no hazard of {event_id} yet"
        for language, link in links.items():
            if link in put:
                continue
            fields = {"app_id": APP, "hazard_id": str(hazards[0]["hazard_ID"]), "data": link, "title": TITLES[language]}
            fields |= {"is_hidden": "N", "security_flag": "A", "product_type": "URL_PRODUCT", "parent_id": "0"}
            answer = ask("products/2/json/create_product", fields, form=True)
            if answer.get("description") != "Product Created.":
                return 503, "InAWARE made no product"
            with done.open("a") as file:
                file.write(f"{link}\n")
    except (OSError, ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
        return 503, f"InAWARE does not answer as it should: {type(error).__name__}"
    return 200, "put"


class Handler(BaseHTTPRequestHandler):
    """Takes Siaga's posts."""

    def do_POST(self) -> None:
        """One message."""
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), MOST_BYTES))
        status, said = 401, "not signed by Siaga"
        if is_signed(self.headers, body):
            with ONE:
                status, said = push(json.loads(body)["data"])
        self.send_response(status)
        self.end_headers()
        self.wfile.write(said.encode())
        print(status, said, flush=True)

    def log_message(self, *_) -> None:
        """Said above."""


if __name__ == "__main__":
    ThreadingHTTPServer((os.environ.get("HOST", "127.0.0.1"), int(sys.argv[1])), Handler).serve_forever()
