"""Kinds of failure, each named for what the caller should do next."""

from typing import TypedDict


class Reason(TypedDict):
    """A sentence as it is stored: in English, and what fills its {named} places, to be said in a reader's language."""

    text: str
    template: str
    values: dict[str, object]


_GROUPED_FROM = 10_000


def written(value: object) -> object:
    """A value as an English sentence has it: whole numbers in groups of three digits, but for those like years.

    >>> written(2020), written(250_000_000), written(6.5), written("a"), written([reason("b"), reason("c")])
    (2020, '250,000,000', 6.5, 'a', 'b; c')
    """
    if isinstance(value, list):
        return "; ".join(str(one["text"]) for one in value)
    return f"{value:,}" if isinstance(value, int) and abs(value) >= _GROUPED_FROM else value


class SiagaError(Exception):
    """Base of every failure that Siaga foresees.

    A message is a template in English and the values that fill it, so that a page can say it in
    the reader's language while the stored text stays one and the same. A value may be a tuple of other failures.
    """

    status = 500

    def __init__(self, template: str, **values: object) -> None:
        """`template` is an English sentence with {named} places; `values` fill them."""
        self.template = template
        self.values = {name: _kept(value) for name, value in values.items()}
        said = {name: written(value) for name, value in self.values.items()}
        super().__init__(template.format(**said) if values else template)

    def reason(self) -> Reason:
        """The message as it is stored."""
        return {"text": str(self), "template": self.template, "values": self.values}


def _kept(value: object) -> object:
    if isinstance(value, tuple) and all(isinstance(one, SiagaError) for one in value):
        return [one.reason() for one in value]
    return value


def reason(template: str, **values: object) -> Reason:
    """What is said beside figures, a warning or a note, in the form of a failure's: SiagaError.reason."""
    return SiagaError(template, **values).reason()


class BadInput(SiagaError):
    """The object is not what its name says; sending the same bytes again cannot help."""

    status = 422


class Superseded(SiagaError):
    """Newer content stands under the same key; that one is processed instead."""

    status = 410


class NotFound(SiagaError):
    """No object under that key."""

    status = 404


class Forbidden(SiagaError):
    """These credentials may not do that; a setting is wrong."""

    status = 403


class Conflict(SiagaError):
    """Somebody else wrote the object first (conditional PUT)."""

    status = 409


class Unavailable(SiagaError):
    """A neighbour (store, gateway, feed) did not answer; the same call may succeed later."""

    status = 503


def of_file(error: OSError, path: object) -> SiagaError:
    """The failure of a file as a sentence. path: what was being read or written, where the error names none."""
    return SiagaError("{file}: {detail}", file=error.filename or path, detail=error.strerror or str(error))
