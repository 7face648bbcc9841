"""Who on this machine may read what Siaga keeps: the user who runs it, and nobody else.

MinIO writes the secrets of its users in plain text below `home/store`, the job database keeps the headers of
calls, logs and objects speak for themselves. Every process that writes there starts with `os.umask(PRIVATE)`.
"""

import stat
from collections.abc import Iterator
from pathlib import Path

from siaga.errors import SiagaError
from siaga.settings import Settings

PRIVATE = 0o077  # the umask: nothing for the group, nothing for others
_USERS = Path("store", ".minio.sys", "config")  # the store's users and their secrets
_SQLITE = "sqlite:///"


def mend(settings: Settings) -> list[Path]:
    """Close what a home of before left open; returns what is not ours to close.

    Nobody gets through a folder that is closed, so the objects below `home/store` are not looked at one by one.
    Raises SiagaError when the home is a folder for everybody, such as /tmp.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    if settings.home.stat().st_mode & stat.S_ISVTX:
        raise SiagaError("{home} is a folder for everybody; name one of its own in SIAGA_HOME", home=settings.home)
    return [path for path in _kept(settings) if not _close(path)]


def _kept(settings: Settings) -> Iterator[Path]:
    """The home, what lies in it apart from objects, and what the settings put elsewhere."""
    for folder in (settings.home, settings.home / "store", settings.secrets):
        if folder.is_dir():
            yield folder.resolve()  # one of them may be a link to another disk
    for part in settings.home.iterdir():
        if part.name != "store" and not part.is_symlink():
            yield from (part, *part.rglob("*"))
    yield from (settings.home / _USERS).rglob("*")
    yield from settings.secrets.glob("*")
    if settings.job_database.startswith(_SQLITE):
        database = Path(settings.job_database.removeprefix(_SQLITE))
        yield from database.parent.glob(f"{database.name}*")


def _close(path: Path) -> bool:
    try:
        found = path.lstat().st_mode
        if not stat.S_ISLNK(found) and stat.S_IMODE(found) & PRIVATE:
            path.chmod(stat.S_IMODE(found) & ~PRIVATE)
    except FileNotFoundError:  # a temporary file that is gone by now
        return True
    except PermissionError:
        return False
    return True
