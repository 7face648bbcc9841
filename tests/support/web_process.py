"""The web app for a test: a real process on a running store."""

import os
import subprocess
import sys
from contextlib import contextmanager

from siaga import vitals
from siaga.settings import Settings
from support.running import answers, free_ports, wait_for


@contextmanager
def running_web(minio: Settings, folder, **more):
    """`python -m web` on that store, its home in `folder`; gives its settings and its process."""
    minio.make_secret("web-session-key")
    minio.make_secret("alerts-key")
    minio.make_secret("jobs-token")
    minio.make_secret("orders-token")
    minio.make_secret(vitals.TOKEN)
    env = {
        "SIAGA_HOME": str(folder),
        "SIAGA_SECRETS": str(minio.secrets),
        "SIAGA_STORE_URL": minio.store_url,
        "SIAGA_WEB_PORT": str(free_ports(1)),
        "SIAGA_WEB_PROXY": "yes",
    } | more
    with (folder / "web.log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-m", "web"], env=os.environ | env, stdout=log, stderr=log)
    try:
        settings = Settings.load(env)
        wait_for(lambda: answers(f"http://127.0.0.1:{settings.web_port}/healthz"), 60, f"the web app; see {log.name}")
        yield settings, process
    finally:
        process.terminate()
        process.wait()
