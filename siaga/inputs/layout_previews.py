"""What is asked for a preview of a layout on paper: a stored report set anew with it, looked at, stored nowhere."""

import json
from dataclasses import dataclass, replace

from siaga import keys
from siaga.errors import BadInput
from siaga.inputs import layouts, texts
from siaga.inputs.texts import REPORT, Text

_LONGEST_MARK = 100  # characters


@dataclass(frozen=True, slots=True)
class Wanted:
    """run: whose report. text: the version that it shall carry. mark: what stands across each page."""

    run: keys.Run
    text: Text
    mark: str

    def encode(self) -> bytes:
        """As it is ordered; the same wanted twice is the same."""
        text = json.loads(self.text.encode())
        return json.dumps({"run": str(self.run), "text": text, "mark": self.mark}, sort_keys=True).encode()

    @classmethod
    def decode(cls, body: bytes) -> "Wanted":
        """Read it back, checked as the form checks it. Raises BadInput."""
        try:
            told = json.loads(body)
            run, text = keys.Run.parse(told["run"]), Text.decode(json.dumps(told["text"]).encode())
            mark = "".join(letter for letter in str(told["mark"]) if letter.isprintable())[:_LONGEST_MARK]
        except (ValueError, TypeError, KeyError) as error:
            raise BadInput("A text cannot be read: {detail}", detail=str(error)) from error
        place = texts.place_of(REPORT, run.hazard, text.place.language)
        layout = layouts.checked(place.hazard, text.layout)
        return cls(run, replace(text, place=place, text=texts.cleaned(place, text.text), layout=layout), mark)
