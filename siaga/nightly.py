"""Where backups go, how many of them stay, and at which hour the nightly one is made."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_KEEP, _AT = "14 12 3", "19:30"


@dataclass(frozen=True, slots=True)
class Nightly:
    """where: as restic writes a repository, "" for none. keep: of days, weeks and years. at: hour and minute, UTC."""

    where: str
    keep: tuple[int, int, int]
    at: tuple[int, int]

    @classmethod
    def of(cls, env: Mapping[str, str], wrong: list[str]) -> "Nightly":
        """As the environment says; what is wrong with it is added to `wrong`."""
        keep, at = env.get("SIAGA_BACKUP_KEEP") or _KEEP, env.get("SIAGA_BACKUP_AT") or _AT
        if not re.fullmatch(r"[1-9]\d{0,3} \d{1,3} \d{1,2}", keep):
            wrong.append(f"SIAGA_BACKUP_KEEP is not how many daily, weekly, yearly backups stay, as in {_KEEP}: {keep}")
            keep = _KEEP
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", at):
            wrong.append(f"SIAGA_BACKUP_AT is no hour and minute such as {_AT}: {at}")
            at = _AT
        daily, weekly, yearly = map(int, keep.split())
        return cls(env.get("SIAGA_BACKUP", ""), (daily, weekly, yearly), (int(at[:2]), int(at[3:])))
