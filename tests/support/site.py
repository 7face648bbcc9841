"""A home with its own store and nothing else: what is kept, destroyed, restored, copied to another."""

import os
import shutil
import subprocess
from contextlib import contextmanager
from hashlib import sha256

from siaga import generation, keys, machine
from siaga.settings import Settings
from siaga.store import Store
from support.running import SIAGA, environment
from support.store_process import set_up, started_store


class Site:
    """A folder with home and environment; nothing runs yet."""

    def __init__(self, folder, **more):
        self.environment = environment(folder / "home", **more)
        self.settings = Settings.load(self.environment)

    @contextmanager
    def store(self, *, prepared=True):
        """Its store runs within; with the rights of root."""
        machine.make_secrets(self.settings)
        process = started_store(self.settings)
        try:
            if prepared:
                set_up(self.settings)
            yield Store.connect(self.settings, "root")
        finally:
            process.terminate()
            process.wait()

    def run(self, *arguments, status=0, seconds=120, **more):
        """What a siaga command prints; it must end with that status."""
        done = subprocess.run(
            [SIAGA, *arguments],
            env=os.environ | self.environment | more,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def destroy(self):
        """As a disk that burnt."""
        shutil.rmtree(self.settings.home)


def contents(store):
    """By bucket and key the sha256 of all contents, oldest first, and whether they show."""
    held = {}
    for bucket in keys.BUCKETS:
        for head in (head for head in store.versions(bucket) if head.key not in generation.OWN):
            body, told = store.get(bucket, head.key, version_id=head.version_id)
            metadata = {name: value for name, value in told.metadata.items() if name != "mtime"}
            content = sha256(body).hexdigest(), told.media_type, tuple(sorted(metadata.items()))
            held.setdefault(f"{bucket}/{head.key}", []).insert(0, (content, head.latest))
    return held
