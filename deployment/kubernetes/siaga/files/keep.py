"""Keeps Siaga's secrets in one Secret of Kubernetes: `keep.py NAMESPACE NAME`. What is there stays, the rest is made.

SIAGA_SECRETS: an empty folder to work in. /given: what the operator gave, which goes before what is there.
STORE_ACCESS_KEY, STORE_SECRET_KEY: of a store that is not ours; all roles share them.
"""

import base64
import json
import os
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
# by its number: names may not be known yet
API = f"https://{os.environ['KUBERNETES_SERVICE_HOST']}:{os.environ['KUBERNETES_SERVICE_PORT']}"
ROLES = ("root", "gateway", "functions", "door", "web", "accounts", "ash", "operators", "bmkg")


def ask(method: str, path: str, body: object = None) -> dict | None:
    """What the API answers; None where there is no such thing."""
    request = urllib.request.Request(
        f"{API}{path}",
        None if body is None else json.dumps(body).encode(),
        {"Authorization": f"Bearer {(ACCOUNT / 'token').read_text()}", "Content-Type": "application/json"},
        method=method,
    )
    try:
        with urllib.request.urlopen(
            request, timeout=30, context=ssl.create_default_context(cafile=ACCOUNT / "ca.crt")
        ) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == 404 and method == "GET":
            return None
        sys.exit(f"{method} {path}: {error.code} {error.read()[:500].decode()}")
    except OSError as error:
        sys.exit(f"the API server {API} does not answer: {error}")


def main() -> None:
    """Read, fill, write back."""
    namespace, name = sys.argv[1:]
    folder, secrets = Path(os.environ["SIAGA_SECRETS"]), f"/api/v1/namespaces/{namespace}/secrets"
    os.umask(0o077)
    there = ask("GET", f"{secrets}/{name}")
    for key, value in ((there or {}).get("data") or {}).items():
        (folder / key).write_bytes(base64.b64decode(value))
    if key := os.environ.get("STORE_ACCESS_KEY"):
        for role in ROLES:
            (folder / f"store-{role}-key").write_text(key)
            (folder / f"store-{role}-secret").write_text(os.environ["STORE_SECRET_KEY"])
    for given in Path("/given").iterdir():
        if given.is_file():
            (folder / given.name).write_bytes(given.read_bytes())
    subprocess.run(["siaga", "prepare", "--secrets"], check=True)
    data = {
        path.name: base64.b64encode(path.read_bytes()).decode() for path in sorted(folder.iterdir()) if path.is_file()
    }
    kept = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace}, "data": data}
    if there is None:
        ask("POST", secrets, kept)
    elif there.get("data") != data:
        there["data"] = data
        ask("PUT", f"{secrets}/{name}", there)
    print(f"{len(data)} secrets are kept in {namespace}/{name}")


if __name__ == "__main__":
    main()
