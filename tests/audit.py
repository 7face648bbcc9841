"""`make audit`: known holes of the packages that are pinned, and secrets in the files that are kept.

Ends with 0 where everything was asked and nothing found, 1 where something was found, 2 where a database of known
holes does not answer: then nothing is known, which is no pass.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from detect_secrets import SecretsCollection
from detect_secrets.settings import transient_settings

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-go.lock", "requirements-uv.lock")
_SECONDS = 300
# Those that know a secret by its form. Long random words stand in locks, and every word may be called a password.
KINDS = (
    *(
        "ArtifactoryDetector",
        "AWSKeyDetector",
        "AzureStorageKeyDetector",
        "CloudantDetector",
        "DiscordBotTokenDetector",
    ),
    *("GitHubTokenDetector", "GitLabTokenDetector", "IbmCloudIamDetector", "IbmCosHmacDetector", "JwtTokenDetector"),
    *("MailchimpDetector", "NpmDetector", "OpenAIDetector", "PrivateKeyDetector", "PypiTokenDetector"),
    *("SendGridDetector", "SlackDetector", "SoftlayerDetector", "SquareOAuthDetector", "StripeDetector"),
    *("TelegramBotTokenDetector", "TwilioKeyDetector"),
)
ALLOWED = "pragma: allowlist secret"  # behind a line that is no secret


class NoAnswer(Exception):
    """A database was not reached, or does not know what it was asked for."""


def python(lock: Path, run=subprocess.run) -> Iterator[str]:
    """Known holes of the packages of a lock. Raises NoAnswer."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner", "off"]
    done = run([*command, "-f", "json", "-r", str(lock)], capture_output=True, text=True, timeout=_SECONDS, check=False)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError) as error:
        raise NoAnswer(f"{lock.name}: {_last(done.stderr)}") from error
    if skipped := [one["name"] for one in packages if "skip_reason" in one]:
        raise NoAnswer(f"{lock.name}: nothing is said of {len(skipped)} packages, such as {skipped[0]}")
    for one in packages:
        for hole in one["vulns"]:
            yield f"{one['name']} {one['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'none'}"


def node(folder: Path, run=subprocess.run) -> Iterator[str]:
    """Known holes of the front end's packages. Raises NoAnswer."""
    done = run(["npm", "audit", "--json"], cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False)
    try:
        told = json.loads(done.stdout)["vulnerabilities"]
    except (ValueError, KeyError) as error:
        raise NoAnswer(f"{folder.name}: {_last(done.stderr)}") from error
    for name, hole in told.items():
        yield f"{name}: {hole['severity']}, {hole['range']}"


def secrets(files: Iterable[Path]) -> Iterator[str]:
    """Lines that look like a secret; asks nobody."""
    found = SecretsCollection()
    with transient_settings({"plugins_used": [{"name": name} for name in KINDS]}):
        for path in files:
            found.scan_file(str(path))
    for name, secret in found:
        line = Path(name).read_text(encoding="utf-8", errors="replace").splitlines()[secret.line_number - 1]
        if ALLOWED not in line:
            yield f"{name}:{secret.line_number}: {secret.type}"


def kept() -> list[Path]:
    """The files that git keeps."""
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def main() -> int:
    """Ask everybody; say what was found, and who did not answer."""
    found, silent = list(secrets(kept())), []
    asked = [(python, ROOT / "deployment" / "local" / name) for name in LOCKS] + [(node, ROOT / "web")]
    for ask, what in asked:
        try:
            found += ask(what)
        except (NoAnswer, OSError, subprocess.TimeoutExpired) as error:
            silent.append(str(error))
    for one in found:
        print(f"audit: {one}")
    for one in silent:
        print(f"audit: not known, since no database answers: {one}")
    if not found and not silent:
        print("audit: nothing found")
    return 1 if found else 2 if silent else 0


def _last(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip() and "log of this run" not in line]
    return (lines or ["no answer"])[-1][:200]


if __name__ == "__main__":
    sys.exit(main())
