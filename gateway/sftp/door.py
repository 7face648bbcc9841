"""What all sessions of the SFTP door share: the store, the users, and what each of them has on its way."""

import asyncio
import logging

from gateway.sftp import audit
from gateway.sftp.accounts import Accounts, User
from gateway.sftp.admission import Admission
from gateway.sftp.spool import Spool
from gateway.sftp.times import Times
from siaga import stack
from siaga.settings import Settings
from siaga.store import Store

_log = logging.getLogger("sftp")


Commit = asyncio.Future[tuple[str, str, dict[str, object]]] | asyncio.Future[None]  # of SFTP, of rsync


class Door:
    """Everything that sessions share."""

    def __init__(self, settings: Settings) -> None:
        self.store = Store.connect(settings, "door")
        self._functions = stack.load(settings.stack)
        self.accounts = Accounts(settings.secrets / "sftp-users.yml", _log.warning)
        self.admission = Admission()
        self.commits: set[Commit] = set()
        self._folder = settings.home / "spool"
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._spools: dict[str, Spool] = {}
        self._times: dict[str, Times] = {}
        self._made: dict[str, set[str]] = {}
        for path in self._folder.iterdir():
            self._spools[path.name] = Spool(path)
        self.clean(starting=True)

    def wakes(self, bucket: str, key: str) -> bool:
        """Whether an object of that name wakes a function."""
        return bool(stack.waking(self._functions, bucket, key))

    def spool(self, user: User) -> Spool:
        """The user's spool."""
        return self._spools.setdefault(user.name, Spool(self._folder / user.name))

    def times(self, user: User) -> Times:
        """When the user's files were changed, as the user says; after spool."""
        if user.name not in self._times:
            self._times[user.name] = Times(self._folder / user.name / "times.sqlite")
        return self._times[user.name]

    def made_folders(self, user: User) -> set[str]:
        """Paths of folders that the user made and that hold nothing yet."""
        return self._made.setdefault(user.name, set())

    def clean(self, *, starting: bool = False) -> None:
        """Drop what waited too long, and say so."""
        for user, spool in self._spools.items():
            for held in spool.clean(starting=starting):
                audit.note(user, "", "dropped: never renamed within a day", path=held.name)
