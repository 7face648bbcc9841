"""Other hosts: none may hold our pages or is asked by them, unless a setting names it, and then for that alone."""

import pytest
from fixtures import ashfalls, floodhours
from fixtures.pages import NOBODY

from siaga.errors import SiagaError
from siaga.others import Others
from siaga.settings import Settings
from siaga.store import Store
from web import create_app
from web.index import Index

HOST = "https://peta.example.id"
TILES = "https://tile.example.id/{z}/{x}/{y}.png"


def app(minio, folder, **more):
    index = Index(Store.connect(minio, "web"), folder / "index.sqlite")
    index.refresh()
    return create_app(Store.connect(minio, "web"), index, NOBODY, others=Others(**more)).test_client()


def policy(answer):
    return dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))


def test_the_pages_for_frames_and_no_others_may_be_held_by_the_hosts_that_are_named(store, minio, tmp_path):
    ashfalls.put(store, demonstration=True)
    floodhours.put_data(store, 0, {floodhours.A: 2})
    client = app(minio, tmp_path, frames=(HOST,))
    for tab, event in (("ash", ashfalls.EVENT), ("floods", str(floodhours.snapshot(0))), ("earthquakes", "Nothing")):
        answer = client.get(f"/embed/{tab}?lang=en")
        assert (answer.status_code, policy(answer)["frame-ancestors"]) == (200, HOST)
        assert "X-Frame-Options" not in answer.headers
        assert event.replace("+", "%2B") in answer.text or event in answer.text
        assert 'data-map="' in answer.text
        assert "<form" not in answer.text
        assert ("DEMONSTRATION DATA" in answer.text) is (tab == "ash")  # whose figures are of stand-ins
    for path in ("/ash", "/login", "/embed/tsunamis"):
        answer = client.get(path)
        assert (policy(answer)["frame-ancestors"], answer.headers["X-Frame-Options"]) == ("'none'", "DENY"), path
    assert client.get("/embed/tsunamis").status_code == 404
    shut = app(minio, tmp_path).get("/embed/ash")
    assert (policy(shut)["frame-ancestors"], shut.headers["X-Frame-Options"]) == ("'none'", "DENY")


def test_maps_lie_on_the_tiles_of_another_server_where_one_is_named(store, minio, tmp_path):
    answer = app(minio, tmp_path, tiles=TILES, credit="Badan <b>").get("/map/style.json")
    assert policy(answer)["connect-src"] == "'self' https://tile.example.id"
    style = answer.json
    assert style["sources"]["other"]["tiles"] == [TILES]
    assert style["sources"]["other"]["attribution"] == "Badan &lt;b&gt;"
    assert [layer["id"] for layer in style["layers"]] == ["sea", "other"]
    own = app(minio, tmp_path).get("/map/style.json")
    assert (policy(own)["connect-src"], policy(own)["img-src"]) == ("'self'", "'self' data:")
    assert "other" not in own.json["sources"]


def test_the_settings_say_what_is_wrong_with_them():
    found = Settings.load({"SIAGA_EMBED_ORIGINS": HOST, "SIAGA_MAP_TILES": TILES})
    assert (found.others.frames, found.others.tiles) == ((HOST,), TILES)
    with pytest.raises(SiagaError, match=r"SIAGA_EMBED_ORIGINS.*SIAGA_MAP_TILES"):
        Settings.load({"SIAGA_EMBED_ORIGINS": "peta", "SIAGA_MAP_TILES": "https://tile.example.id/; x/{z}{x}{y}"})
