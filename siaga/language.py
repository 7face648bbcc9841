"""gettext catalogues: what readers see, Indonesian first, English second.

Message ids are English sentences with {named} places. Catalogues are `<folder>/<language>.po`, read
as they are; there is nothing to compile. English needs none.
"""

import gettext
import io
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from siaga import dates, moment
from siaga.conventions import CONVENTIONS
from siaga.errors import written

LANGUAGES = tuple(CONVENTIONS)
CORE = Path(__file__).parent / "report" / "locale"


class Language:
    """One language for one reader. Call it with a template and its values."""

    def __init__(self, code: str, translations: gettext.NullTranslations) -> None:
        """`code` names a row of siaga.conventions."""
        self.code = code
        self._translations = translations

    def __call__(self, template: str, **values: object) -> str:
        """The sentence in this language."""
        text = self._translations.gettext(template)
        return text.format(**values) if values else text

    def reason(self, reason: Mapping[str, object] | None) -> str:
        """A stored reason or warning ({"text", "template", "values"}) in this language; "" for none.

        A moment in it stands by the clock of WIB.
        """
        if not reason:
            return ""
        values = reason.get("values")
        values = values if isinstance(values, dict) else {}
        try:
            text = self._translations.gettext(str(reason["template"]))
            return text.format(**{name: self._printed(value) for name, value in values.items()})
        except (LookupError, ValueError, TypeError, AttributeError, OverflowError):
            return str(reason.get("text", ""))  # written by another version of Siaga: its own English

    def _printed(self, value: object) -> object:
        if isinstance(value, list):  # of reasons
            return "; ".join(self.reason(one) for one in value)
        if isinstance(value, str) and moment.is_stamp(value):
            return dates.dated(moment.parse(value), self.code, seconds=True)
        return CONVENTIONS[self.code].separated(str(written(value))) if isinstance(value, int | float) else value


@cache
def load(code: str, folders: Sequence[Path] = (CORE,)) -> Language:
    """The catalogue of one language, merged from several folders (a tuple; later ones win)."""
    merged = gettext.NullTranslations()
    for folder in folders:
        path = folder / f"{code}.po"
        if path.exists():
            compiled = io.BytesIO()
            with path.open("rb") as file:
                write_mo(compiled, read_po(file, locale=code))
            compiled.seek(0)
            translations = gettext.GNUTranslations(compiled)
            translations.add_fallback(merged)
            merged = translations
    return Language(code, merged)
