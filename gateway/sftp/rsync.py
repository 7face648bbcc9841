"""What an rsync client may ask of the far side: the arguments of `rsync --server`, read strictly.

Only receiving whole files. Every option that is not known to be harmless is refused by name.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from asyncssh import SFTPError

from gateway.sftp import viewpath
from siaga.errors import BadInput

PROGRAM = "/usr/bin/rsync"
_IDLE_SECONDS = 300
# Letters that rsync's client packs into one option, and behind "e" what it can do itself.
_LETTERS = re.compile(r"-([vnudOJWSyRogDtprcCImzxlLkE]*)(?:e[0-9]*\.[A-Za-z]*)?")
_LETTER = re.compile(r"-[vnudOJWSyRogDtprcCImzxlLkE]*([A-Za-z0-9])")
_PLAIN = {
    *("--delete", "--delete-before", "--delete-during", "--delete-after", "--delete-delay", "--delete-excluded"),
    *("--ignore-existing", "--existing", "--size-only", "--ignore-errors", "--force", "--numeric-ids", "--stats"),
    *("--delay-updates", "--mkpath", "--new-compress", "--old-compress", "--partial", "--no-specials", "--no-devices"),
}
_VALUED = re.compile(
    r"--(timeout|bwlimit|max-size|min-size|modify-window|checksum-seed|checksum-choice|compress-level|compress-choice"
    r"|info|debug|log-format)=[A-Za-z0-9.,%+_-]{0,64}"
)
_WHY = {
    "--sender": "files can be sent here, not fetched",
    "--remove-source-files": "the files here are stored only after rsync has ended; remove them yourself then",
    "-s": "write names that a shell would read as they are",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A transfer that may begin. options: for the server's side. into: where to, a path in the user's view.

    as_folder: the client wrote a slash behind it. deletes: it would remove what it does not have.
    """

    options: Sequence[str]
    into: str
    as_folder: bool
    deletes: bool


def read(words: Sequence[str], folders: Mapping[str, str]) -> Asked:
    """Read the words behind `rsync`; folders: those in the user's view. Raises BadInput with a sentence."""
    if not words or words[0] != "--server":
        raise BadInput("rsync runs here as the far side of rsync -e ssh alone")
    options = [word for word in words[1:] if word.startswith("-")]
    places = list(words[1 + len(options) :])
    for option in options:
        if not (_LETTERS.fullmatch(option) or option in _PLAIN or _VALUED.fullmatch(option)):
            raise _refused(option)
    if len(places) != 2 or places[0] != "." or any(word.startswith("-") for word in places):
        raise BadInput("rsync: write one folder to send to, such as shakemaps/20180805194635/")
    try:
        where = viewpath.parse(places[1].encode(), folders)
    except SFTPError as error:
        raise BadInput("rsync: {reason}", reason=error.reason) from error
    # What is not whole must stay under no final name; a client that falls silent must not stay for ever.
    kept = [option for option in options if option != "--partial"]
    if not any(option.startswith("--timeout=") for option in kept):
        kept.append(f"--timeout={_IDLE_SECONDS}")
    as_folder = not where.key or places[1].endswith("/")
    return Asked(tuple(kept), where.text, as_folder, any(option.startswith("--delete") for option in kept))


def _refused(option: str) -> BadInput:
    if (letter := _LETTER.match(option)) and not option.startswith("--"):
        option = f"-{letter[1]}"
    why = _WHY.get(option, "leave it out")
    return BadInput("rsync's option {option} is not taken here: {why}", option=option[:80], why=why)
