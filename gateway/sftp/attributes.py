"""What the SFTP door tells of folders and files: sizes and times; owners and modes mean nothing in a bucket."""

import stat

from asyncssh import SFTPAttrs


def directory() -> SFTPAttrs:
    """A folder; nobody knows when it was made."""
    return SFTPAttrs(permissions=stat.S_IFDIR | 0o755, size=0, uid=0, gid=0, nlink=1, atime=0, mtime=0)


def file_of(size: int, modified: float) -> SFTPAttrs:
    """A file of so many bytes; modified: seconds since the epoch."""
    when = int(modified)
    return SFTPAttrs(permissions=stat.S_IFREG | 0o644, size=size, uid=0, gid=0, nlink=1, atime=when, mtime=when)
