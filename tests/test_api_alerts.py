"""Subscriptions and the log of alerts, for programs: who is let in, what is kept when two change one, pages."""

from dataclasses import replace
from unittest.mock import patch

import pytest
from fixtures import accounts
from fixtures.alerts import EVENT, quake, subscribe
from fixtures.pages import NOBODY
from jsonschema import Draft202012Validator

from functions.notify import handler
from siaga.alerts import naming, record
from siaga.alerts.directory import Directory
from siaga.alerts.record import HELD, SENT, Record
from siaga.alerts.subscription import read
from siaga.function import frame
from siaga.language import load
from siaga.store import Store
from web import UploadAccess, bearer, create_app
from web.api import document
from web.index import Index

GIVEN = {"name": "BPBD NTB", "channel": "email", "address": "posko@bpbd.example.id"}


@pytest.fixture
def app(store, minio, tmp_path):
    minio.make_secret("alerts-key")
    own = (*accounts.access(minio), "a key")
    uploads = UploadAccess(Store.connect(minio, "ash"), *own, alerts_key=minio.secret("alerts-key"))
    return create_app(Store.connect(minio, "web"), Index(Store.connect(minio, "web"), tmp_path / "i"), NOBODY, uploads)


@pytest.fixture
def ask(app, minio):
    """Sends a call with a token of these scopes; the answer."""
    owner, given = accounts.of(minio).get("op"), {}
    with app.app_context():
        tokens = bearer.installed()

    def sent(method, path, body=None, scopes=("read:alerts", "write:alerts"), **headers):
        if scopes not in given:
            given[scopes] = tokens.add(owner, "tests", scopes, 1)[1]
        whole = {"Authorization": f"Bearer {given[scopes]}"} | {
            name.replace("_", "-"): it for name, it in headers.items()
        }
        return app.test_client().open(f"/api/v1{path}", method=method, headers=whole, json=body)

    return sent


def fits(answer, name):
    """Whether an answer is as the document says."""
    form = {"components": document.document(load("en"))["components"], "$ref": f"#/components/schemas/{name}"}
    assert not list(Draft202012Validator(form).iter_errors(answer.get_json()))
    return answer.get_json()


def test_a_subscription_is_made_once_read_changed_and_removed(store, ask):
    wanted = GIVEN | {"zones": ["52.71", "52.08"], "people": 5000, "rectangle": [115.8, -9.2, 116.8, -8.1]}
    first, again = ask("POST", "/subscriptions", wanted), ask("POST", "/subscriptions", wanted)
    assert (first.status_code, again.status_code) == (200, 200)
    one = fits(first, "Subscription")
    assert again.get_json()["id"] == one["id"]
    assert (one["zones"], one["people"], one["standing"], one["by"]) == (["52.71", "52.08"], 5000.0, "active", "op")
    path = f"/subscriptions/{one['id']}"
    shown = ask("GET", path)
    assert (shown.get_json(), shown.headers["ETag"]) == (one, f'"{one["etag"]}"')
    changed = ask("PUT", path, GIVEN | {"standing": "stopped"}, If_Match=shown.headers["ETag"])
    assert (changed.status_code, changed.get_json()["zones"], changed.get_json()["standing"]) == (200, [], "stopped")
    assert Directory(store).active() == []
    assert ask("DELETE", path, If_Match=changed.headers["ETag"]).status_code == 200
    assert Directory(store).all() == []
    assert ask("DELETE", path, If_Match="*").status_code == 404


def test_one_that_was_stopped_is_named_and_is_not_taken_for_the_new_one(store, ask):
    name = ask("POST", "/subscriptions", GIVEN).get_json()["id"]
    refused = ask("POST", "/subscriptions?lang=en", GIVEN | {"standing": "stopped"})
    assert (refused.status_code, name in refused.get_json(force=True)["detail"]) == (409, True)
    Directory(store).change(name, lambda one: replace(one, standing="stopped"))
    refused = ask("POST", "/subscriptions", GIVEN)
    assert (refused.status_code, name in refused.get_json(force=True)["detail"]) == (409, True)
    assert [(one.id, one.standing) for one in Directory(store).all()] == [(name, "stopped")]
    assert ask("POST", "/subscriptions", GIVEN | {"standing": "stopped"}).get_json()["id"] == name


def test_two_that_ask_for_the_same_at_once_get_one(store, ask):
    asked = read(GIVEN)
    with patch.object(Directory, "entries", return_value=[]):  # both look before either writes
        first, second = (ask("POST", "/subscriptions", GIVEN).get_json() for _ in range(2))
        assert ask("POST", "/subscriptions", GIVEN | {"standing": "stopped"}).status_code == 409
        Directory(store).change(first["id"], lambda one: replace(one, name="Other"))
        third = ask("POST", "/subscriptions", GIVEN).get_json()
    assert first == second
    assert {one.id: one.row for one in Directory(store).all()} == {
        first["id"]: asked.row | {"name": "Other"},
        third["id"]: asked.row,
    }


def test_whoever_changes_what_another_has_changed_since_is_told(store, ask):
    name = subscribe(store, "Ani")
    path, read = f"/subscriptions/{name}", ask("GET", f"/subscriptions/{name}").headers["ETag"]
    assert ask("PUT", path, GIVEN, If_Match=read).status_code == 200
    for method, body in (("PUT", GIVEN | {"name": "Budi"}), ("DELETE", None)):
        assert ask(method, path, body, If_Match=read).status_code == 412
        assert ask(method, path, body).status_code == 428
    assert Directory(store).get(name).name == "BPBD NTB"
    assert ask("PUT", path, GIVEN | {"name": "Budi"}, If_Match="*").get_json()["name"] == "Budi"


def test_only_a_token_of_that_scope_reads_or_writes(store, ask, app):
    name = subscribe(store, "Ani", channel="webhook", address="https://bpbd.example.id/siaga")
    reader = app.test_client()
    for path in ("/subscriptions", f"/subscriptions/{name}", "/notifications"):
        assert reader.get(f"/api/v1{path}").status_code == 401
        assert ask("GET", path, scopes=("write:hide",)).status_code == 403
        assert ask("GET", path, scopes=("read:alerts",)).status_code == 200
    assert ask("POST", "/subscriptions", GIVEN, scopes=("read:alerts",)).status_code == 403
    assert ask("GET", f"/subscriptions/{name}").get_json()["secret"] is None
    made = ask("POST", "/subscriptions", GIVEN | {"channel": "webhook", "address": "https://a.example.id/b"})
    assert made.get_json()["secret"].startswith("whsec_")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (GIVEN | {"people": "many"}, "people"),
        (GIVEN | {"people": -1}, "people"),
        (GIVEN | {"mmi": True}, "mmi"),
        (GIVEN | {"hazards": []}, "hazards"),
        (GIVEN | {"hazards": ["fire"]}, "hazards"),
        (GIVEN | {"address": "a@b.id\r\nBcc: c@d.id"}, "address"),
        (GIVEN | {"address": "nobody"}, "address"),
        (GIVEN | {"name": "=1+1"}, "name"),
        (GIVEN | {"standing": "pending"}, "standing"),
        (GIVEN | {"fax": "1"}, None),
        ({"name": "Ani"}, None),
    ],
)
def test_what_cannot_be_a_subscription_is_told_with_its_field(store, ask, body, field):
    answer = ask("POST", "/subscriptions?lang=en", body)
    assert (answer.status_code, answer.get_json(force=True).get("field")) == (422, field)
    assert Directory(store).all() == []


def test_pages_of_subscriptions_follow_each_other(store, ask):
    names = sorted(subscribe(store, name) for name in ("Ani", "Budi", "Citra"))
    first = fits(ask("GET", "/subscriptions?limit=2"), "Subscriptions")
    rest = ask("GET", first["next"].removeprefix("/api/v1")).get_json()
    assert [one["id"] for one in (*first["subscriptions"], *rest["subscriptions"])] == names
    assert rest["next"] is None


def test_the_log_says_what_became_of_each_message_page_by_page(store, minio, ask):
    names = {subscribe(store, name, level=level) for name, level in (("Ani", "red"), ("Budi", ""), ("Citra", "red"))}
    context = frame.Context(Store.connect(minio, "functions"), minio)
    for number in range(2):
        handler.run(quake(store, event_id=f"{EVENT[:-1]}{number}"), context)
    rows, path = [], "/notifications?limit=2&lang=en"
    while path:
        page = fits(ask("GET", path), "Deliveries")
        assert len(page["deliveries"]) <= 2
        rows, path = rows + page["deliveries"], (page["next"] or "").removeprefix("/api/v1")
    assert [one["event_id"][-1] for one in rows] in (["1"] * 3 + ["0"] * 3, ["0"] * 3 + ["1"] * 3)
    assert {one["subscription"] for one in rows} == names
    assert {(one["name"], one["state"], one["reason"]) for one in rows} == {
        ("Ani", "skipped", "No threshold of the subscription is reached"),
        ("Budi", "skipped", "There is no server for channel email"),
        ("Citra", "skipped", "No threshold of the subscription is reached"),
    }
    asked = {"event=nothing": 0, f"event={EVENT}": 3, "state=sent": 0, "until=2020-01-01": 0}
    asked[f"subscription={min(names)}"] = 2
    for query, count in asked.items():
        assert len(ask("GET", f"/notifications?{query}").get_json()["deliveries"]) == count, query
    for query, field in (("state=lost", "state"), ("cursor=x", "cursor"), ("cursor=x|y", "cursor")):
        answer = ask("GET", f"/notifications?{query}")
        assert (answer.status_code, answer.get_json(force=True)["field"]) == (400, field)


def test_a_message_that_was_held_says_what_became_of_it(store, minio, ask):
    minio.make_secret("alerts-key")
    name = subscribe(store, "Ani", channel="webhook", address="https://bpbd.example.id/siaga", digest="yes")
    handler.run(quake(store), frame.Context(Store.connect(minio, "functions"), minio))
    (row,) = ask("GET", "/notifications").get_json()["deliveries"]
    assert (row["subscription"], row["state"], row["kind"]) == (name, HELD, "first")
    (mark,) = (head.key for head in store.list("notifications", naming.HELD))
    stored, etag = record.load(store, naming.of_held(mark)[2])
    record.keep(store, Record.decode(stored.encode().replace(b'"held"', b'"sent"')), etag)
    (row,) = ask("GET", f"/notifications?state={SENT}").get_json()["deliveries"]
    assert row["state"] == SENT
