"""What programs change by token: who is let in, what it does once and again; nothing that is sent breaks it."""

import io
import json
from datetime import timedelta
from hashlib import sha256

import pytest
import schemathesis
from fixtures import accounts, ash
from fixtures.entries import entry, put
from fixtures.grids import make_grid
from fixtures.pages import NOBODY
from hypothesis import HealthCheck, given
from hypothesis import settings as drawn
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import positive_data_acceptance
from support.stores import emptied_store

from siaga import keys, moment
from siaga.accounts import second_factor
from siaga.accounts.account import ASH_EDITOR
from siaga.accounts.tokens import SCOPES
from siaga.errors import BadInput
from siaga.hazard.ash import read_request
from siaga.store import Store
from web import UploadAccess, bearer, create_app
from web.api.operations import OPERATIONS
from web.index import Index

QUAKE = "20180805194635"
WHY = {"why": "a test of the line"}
CHANGES = [one for one in OPERATIONS if one.scope]


@pytest.fixture(scope="module")
def app(minio, tmp_path_factory):
    store = emptied_store(minio)
    put(store, entry(QUAKE))
    index = Index(Store.connect(minio, "web"), tmp_path_factory.mktemp("changes") / "index.sqlite")
    index.refresh()
    uploads = UploadAccess(Store.connect(minio, "ash"), *accounts.access(minio), "a key of the sessions")
    return create_app(Store.connect(minio, "web"), index, NOBODY, uploads)


@pytest.fixture(scope="module")
def tokens(app):
    with app.app_context():
        return bearer.installed()


@pytest.fixture(scope="module")
def headers(minio, tokens):
    """Of a call with a token that may do all."""
    owner = accounts.of(minio).get("op")
    return {"Authorization": f"Bearer {tokens.add(owner, 'tests', tuple(SCOPES), 1)[1]}"}


@pytest.fixture
def ask(app, headers):
    """Sends one change, as JSON where no `data` is given; (status, answer)."""

    def sent(method, path, body=None, sender=headers, **more):
        more = more if "data" in more else {"json": body} | more
        answer = app.test_client().open(f"/api/v1{path}", method=method, headers=sender, **more)
        return answer.status_code, answer.get_json(force=True)

    return sent


def test_a_token_is_kept_as_a_hash_serves_its_scopes_and_ends(minio, tokens, ask, monkeypatch):
    everyone = accounts.of(minio, "editor", role=ASH_EDITOR)
    one, text = tokens.add(everyone.get("editor"), "the line of PVMBG", ("write:ash",), 7)
    root = Store.connect(minio, "root")
    stored = b"".join(root.get(keys.ACCOUNTS, head.key)[0] for head in root.list(keys.ACCOUNTS, "tokens/"))
    assert text.rpartition("_")[2].encode() not in stored
    mine = {"Authorization": f"Bearer {text}"}
    felt = {"felt": True} | WHY
    path = f"/earthquakes/{QUAKE}/felt"
    assert ask("PUT", path, felt, mine)[0] == 403
    assert ask("POST", "/ash", sender=mine, data={})[0] == 422
    wrong = ("", "x", f"{text}x", text[:-1] + ("A" if text[-1] != "A" else "B"))
    assert {ask("PUT", path, felt, {"Authorization": f"Bearer {one}"})[0] for one in wrong} == {401}
    everyone.set_disabled("editor", True)
    assert ask("POST", "/ash", sender=mine, data={})[0] == 401
    everyone.set_disabled("editor", False)
    late = moment.now() + timedelta(days=8)
    with monkeypatch.context() as later:
        later.setattr(moment, "now", lambda: late)
        assert ask("POST", "/ash", sender=mine, data={})[0] == 401
    tokens.revoke(one.id, "editor")
    assert ask("POST", "/ash", sender=mine, data={})[0] == 401
    for scopes, days in (((), 7), (("write:all",), 7), (("write:ash",), 0), (("write:ash",), 367)):
        with pytest.raises(BadInput):
            tokens.add(everyone.get("editor"), "x", scopes, days)


def test_tokens_end_with_the_password_but_not_with_a_session(minio, tokens, ask, app, monkeypatch):
    everyone = accounts.of(minio, "lost")

    def sent(text):
        return ask("PUT", f"/earthquakes/{QUAKE}/felt", {"felt": None} | WHY, {"Authorization": f"Bearer {text}"})[0]

    def added():
        return tokens.add(everyone.get("lost"), "x", ("write:felt",), 7)[1]

    changes = (everyone.set_password, everyone.reset, everyone.renew_hash)

    def is_much_taken(text):
        return bearer.may_send_much(app)("POST", "/api/v1/ash", {"Authorization": f"Bearer {text}"})

    texts = [added()]
    everyone.end_sessions("lost")
    assert sent(texts[0]) == 200
    for change, status in zip(changes, (401, 401, 200), strict=True):
        texts.append(added())
        assert sent(texts[-1]) == 200
        change("lost", accounts.PASSWORD)
        assert (sent(texts[-1]), is_much_taken(texts[-1])) == (status, status == 200)
    client = app.test_client()
    accounts.entered(client, "lost")
    page = client.get("/account/tokens?lang=en").get_data(as_text=True)
    assert page.count('action="/account/tokens/revoke"') == 1
    monkeypatch.setattr(app.extensions["siaga-login"], "_second_factor", True)
    assert (sent(texts[-1]), is_much_taken(texts[-1])) == (403, False)
    everyone.enrol("lost", second_factor.new_secret(), 0)
    assert sent(texts[-1]) == 200


def test_the_page_makes_one_for_its_account_shows_it_once_and_revokes_it(app, minio, tokens):
    accounts.of(minio, "editor", role=ASH_EDITOR)
    client = app.test_client()
    form = {"token": accounts.entered(client, "editor"), "purpose": "a page's", "days": "3"}
    assert client.post("/account/tokens/add", data=form | {"scopes": "write:hide"}).status_code == 403
    page = client.post("/account/tokens/add", data=form | {"scopes": "write:ash"}).get_data(as_text=True)
    (one,) = (one for one in tokens.listed("editor") if f"siaga_{one.id}_" in page)  # others may be of the same second
    assert page.count(f"siaga_{one.id}_") == 1
    again = client.get("/account/tokens?lang=en").get_data(as_text=True)
    assert (again.count("siaga_"), "Upload ash falls" in again, "tests" in again) == (0, True, False)
    others = tokens.listed("op")[0].id
    assert client.post("/account/tokens/revoke", data=form | {"id": others}).status_code == 404
    assert client.post("/account/tokens/revoke", data=form | {"id": one.id}).status_code == 302
    assert next(other for other in tokens.listed("editor") if other.id == one.id).revoked
    assert not tokens.listed("op")[0].revoked


def test_a_cookie_opens_no_change(app, minio):
    accounts.of(minio, "siti")  # a reset ends the tokens of the others' account
    client = app.test_client()
    accounts.entered(client, "siti")
    answer = client.put(f"/api/v1/earthquakes/{QUAKE}/felt", json={"felt": True} | WHY)
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_an_event_is_hidden_and_shown_and_said_to_be_felt(app, ask):
    reader = app.test_client()
    path = f"/earthquakes/{QUAKE}"
    for hidden, status in ((True, 404), (True, 404), (False, 200)):
        answer = {"event_id": QUAKE, "kind": "hidden", "value": hidden}
        assert ask("PUT", f"{path}/hidden", {"hidden": hidden} | WHY) == (200, answer)
        assert reader.get(f"/api/v1{path}").status_code == status
    for felt, count in ((False, 0), (None, 1)):
        assert ask("PUT", f"{path}/felt", {"felt": felt} | WHY)[0] == 200
        assert len(reader.get("/api/v1/earthquakes?felt=true").get_json()["events"]) == count


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/earthquakes/{}/felt", {"felt": "yes"} | WHY, "felt"),
        ("/earthquakes/{}/felt", {"felt": True, "why": " "}, "why"),
        ("/earthquakes/{}/felt", {"felt": True}, None),
        ("/earthquakes/{}/hidden", {"hidden": None} | WHY, "hidden"),
        ("/earthquakes/{}/hidden", [], None),
    ],
)
def test_what_cannot_serve_is_told_with_its_field(ask, path, body, field):
    status, problem = ask("PUT", path.format(QUAKE), body)
    assert (status, problem.get("field")) == (422, field)


def test_a_map_comes_in_under_the_accounts_own_folder_once(store_of, ask):
    grid = make_grid(event_id="20190101000000")
    answers = [ask("POST", "/earthquakes", data=grid, content_type="application/xml") for _ in range(2)]
    assert answers[0] == answers[1]
    key = f"operators/{sha256(b'op').hexdigest()[:12]}/20190101000000/grid.xml"  # the name of the account is no one's
    assert (answers[0][0], answers[0][1]["key"]) == (200, key)
    assert store_of.get(keys.SHAKEMAPS, key)[0] == grid
    assert (keys.woken(keys.SHAKEMAPS, key), keys.folder_id(key)) == ("on-shakemap", "20190101000000")
    assert ask("POST", "/earthquakes", data=grid[:500], content_type="application/xml")[0] == 422


def test_an_ash_fall_comes_in_once(store_of, ask):
    def sent():
        parts = {"request": ash.request().decode(), "raster": (io.BytesIO(ash.raster()), "a.tif")}
        return ask("POST", "/ash", data=parts, content_type="multipart/form-data")

    (first, one), (again, other) = sent(), sent()
    assert (first, again) == (200, 200)
    assert (one["repeated"], other["repeated"], one["sha256"]) == (False, True, other["sha256"])
    request = read_request(ash.request()).event_id.request
    assert json.loads(store_of.get(keys.ASHMAPS, request)[0])["raster_sha256"] == one["sha256"]


def test_an_order_that_no_gateway_hears_is_told(ask):
    assert ask("POST", "/reprocess", {"input": QUAKE, "report": False})[0] == 503


@pytest.fixture
def store_of(app, minio):
    return Store.connect(minio, "root")


@pytest.mark.parametrize("one", CHANGES, ids=lambda one: one.name)
def test_nothing_that_is_sent_breaks_it(app, headers, one):
    """What a schema cannot say of a map, a raster or an id may be refused; nothing else may happen."""
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json?lang=en", app)

    @drawn(max_examples=8, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(schema[one.path][one.method].as_strategy())
    def send(case):
        more = [not_a_server_error] if one.name == "do_again" else []  # no gateway is there
        case.call_and_validate(
            headers=headers | {"Accept-Encoding": "identity"}, excluded_checks=[positive_data_acceptance, *more]
        )

    send()
