"""Text from outside as it may be shown: what a terminal or a page would obey stands as an escape."""


def shown(text: str) -> str:
    """That text on one line; marks that control, turn round or hide others as Python writes them.

    >>> shown("a\x1b[2J\u202e.xml")
    'a\\x1b[2J\\u202e.xml'
    """
    return "".join(mark if mark.isprintable() else ascii(mark)[1:-1] for mark in text)
