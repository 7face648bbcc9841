"""A store that a newer Siaga wrote, or half a restore, is not worked on: the gateway does not start, and says why."""

import json
import os
import subprocess
import sys

import pytest
from support.running import environment

from siaga import generation, keys
from siaga.errors import SiagaError
from siaga.store import Store


def say(store, **more):
    record = {"schema": generation.SCHEMA, "number": generation.CURRENT, "software": "9.1.0+0badcafe", "restoring": ""}
    store.put(keys.RESULTS, generation.KEY, json.dumps(record | more).encode())


def test_a_store_says_which_generation_wrote_it_and_an_older_siaga_changes_nothing(store):
    generation.check(store)  # one of before says nothing
    generation.mark(store)
    assert generation.read(store).number == generation.CURRENT
    generation.check(store)
    say(store, number=generation.CURRENT + 1)
    generation.mark(store)
    assert generation.read(store).software == "9.1.0+0badcafe"
    with pytest.raises(SiagaError, match=r"written by Siaga 9\.1\.0\+0badcafe, generation 2; this one knows 1 at most"):
        generation.check(store)
    generation.begin_restore(store)
    with pytest.raises(SiagaError, match=r"A restore began at \S+Z and did not end; call siaga restore again"):
        generation.check(store)
    generation.end_restore(store)
    generation.check(store)
    store.put(keys.RESULTS, generation.KEY, b"{}")
    with pytest.raises(SiagaError, match=r"generation\.json of bucket results cannot be read"):
        generation.check(store)
    assert not generation.begin_restore(store)  # which mends it
    assert generation.begin_restore(store)


def test_the_gateway_refuses_to_start_with_a_sentence(store, minio, tmp_path):
    say(store, number=generation.CURRENT + 1)
    settings = environment(tmp_path) | {"SIAGA_STORE_URL": minio.store_url, "SIAGA_SECRETS": str(minio.secrets)}
    for name in ("webhook-token", "jobs-token", "orders-token", "slot-token", "gateway-password"):
        minio.make_secret(name)
    minio.make_secret("gateway-user", "admin")
    done = subprocess.run(
        [sys.executable, "-m", "gateway"],
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "cannot start: The store was written by Siaga 9.1.0+0badcafe, generation 2" in done.stderr
    Store.connect(minio, "root").delete(keys.RESULTS, generation.KEY)
