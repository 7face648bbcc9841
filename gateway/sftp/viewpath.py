"""A path in a user's view: which bucket and key it names, and whether its name is a temporary one."""

import posixpath
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from asyncssh import SFTPFailure, SFTPNoSuchFile, SFTPPermissionDenied

_MAX_KEY_BYTES = 1024  # S3's limit
# What clients and scripts append to a name until the file, or the folder, is whole; in any case of letters.
_ENDINGS = (
    *(".part", ".tmp", ".temp", ".filepart", ".partial", ".new", ".uploading", ".upload", ".lftp", ".incomplete"),
    *(".inprogress", ".crdownload", ".download", ".copying.ignore", "_tmp", "_temp", "~"),
)
_BEGINNINGS = (".", "~")
_BEGINNINGS_OF_FILES = ("tmp.", "tmp-", "tmp_")
_WHOLE = ("tmp", "temp")


@dataclass(frozen=True, slots=True)
class ViewPath:
    """A path in a user's view. bucket and key are "" at the root; key ends in no slash.

    Where the user's folder is a part of a bucket, key begins with the name of that part.
    """

    text: str
    bucket: str
    key: str

    @property
    def name(self) -> str:
        """Its last part."""
        return posixpath.basename(self.text)

    @property
    def is_top(self) -> bool:
        """Whether it is the root, or one of the folders in it, which are always there."""
        return posixpath.dirname(self.text) == "/"

    @property
    def is_temporary(self) -> bool:
        """Whether an uploader means to rename it, or a folder that it lies in, when everything is whole.

        >>> [ViewPath("", "", key).is_temporary for key in ("a/grid.xml", "a/GRID.XML.TMP", "a.tmp/grid.xml")]
        [False, True, True]
        """
        parts = self.key.casefold().split("/")
        return parts[-1].startswith(_BEGINNINGS_OF_FILES) or any(_is_temporary(part) for part in parts)


def parse(raw: bytes, folders: Mapping[str, str], *, writing: bool = False) -> ViewPath:
    """What a client's path means; folders: name in the view -> bucket, or bucket/prefix.

    Raises SFTPError with a sentence.
    """
    try:
        text = posixpath.normpath("/" + raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise SFTPFailure("The name is not UTF-8") from error
    text = "/" + text.lstrip("/")
    if any(unicodedata.category(mark) == "Cc" for mark in text):
        raise SFTPFailure("The name holds control characters")
    folder, _, inner = text[1:].partition("/")
    bucket, _, prefix = folders.get(folder, "").partition("/")
    key = "/".join(part for part in (prefix, inner) if part)
    if len(key.encode()) > _MAX_KEY_BYTES:
        raise SFTPFailure(f"The name is longer than {_MAX_KEY_BYTES} bytes")
    if writing and not (bucket and inner):
        raise SFTPPermissionDenied(f"Put files below one of these folders: {', '.join(folders)}")
    if folder and not bucket:
        raise SFTPNoSuchFile(f"{text}: no such file")
    return ViewPath(text, bucket, key)


def _is_temporary(part: str) -> bool:
    return part in _WHOLE or part.startswith(_BEGINNINGS) or part.endswith(_ENDINGS)
