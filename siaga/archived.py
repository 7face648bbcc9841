"""Names in bucket results of an old server's files, which Siaga did not make: its reports, and all else that it had."""

PREFIX = "old/"
_REPORTS = f"{PREFIX}reports/"


def report(name: str, corrected: bool) -> str:
    """The key of an old report by its file's name, which was its public one.

    >>> report("20180220163351-thumb-id.png", corrected=False)
    'old/reports/20180220163351-thumb-id.png'
    """
    return f"{_REPORTS}{'corrected/' if corrected else ''}{name}"


def file(volume: str, path: str) -> str:
    """The key of any other file. volume: as the old server called it; path: below it."""
    return f"{PREFIX}{volume}/{path}"
