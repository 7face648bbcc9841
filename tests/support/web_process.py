"""The web app for a test: a real process on a running store."""

from contextlib import contextmanager

from siaga import vitals
from siaga.settings import Settings
from support import warm
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
    log = folder / "web.log"
    process = warm.Part("web", env, log)
    try:
        settings = Settings.load(env)
        wait_for(lambda: answers(f"http://127.0.0.1:{settings.web_port}/healthz"), 60, f"the web app; see {log}")
        yield settings, process
    finally:
        process.terminate()
        process.wait()
