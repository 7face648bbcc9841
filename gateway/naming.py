"""Naming: which inputs a person means by an event's id, a folder, a key or a line of `siaga status`."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from siaga import keys
from siaga.errors import BadInput, NotFound
from siaga.events import Notification
from siaga.hazards import HAZARDS
from siaga.inputs.listing import listed
from siaga.stack import Function, waking
from siaga.store import Store

_PLACE = re.compile(rf"(?:^|\s)({'|'.join((*keys.INPUTS, keys.RESULTS))})/(\S.*)$")

Meant = Iterator[tuple[str, Notification]]


@dataclass(frozen=True, slots=True)
class Naming:
    """Finds in the store what a name means, also what was refused or given up and has no event yet."""

    store: Store
    functions: tuple[Function, ...]

    def contents(self, name: str) -> list[tuple[str, Notification]]:
        """(function, input) of each; none when nothing answers to the name. Raises Unavailable.

        An event means its inputs, and the report of each of its runs that is shown.
        """
        name = name.rstrip("/")
        place = _PLACE.search(name)
        if place:
            return list(self._of_key(place[1], place[2].strip()))
        found = dict.fromkeys(self._of_object(name))
        found |= dict.fromkeys(self._of_folder(name, name))
        found |= dict.fromkeys(self._of_event(name))
        return list(found or dict.fromkeys(self._of_folder(name, "")))

    def _of_key(self, bucket: str, key: str) -> Meant:
        for function in waking(self.functions, bucket, key):
            yield function.name, Notification(bucket, key)

    def _of_object(self, key: str) -> Meant:
        """A key without its bucket."""
        for bucket in keys.INPUTS:
            for found in self._of_key(bucket, key):
                try:
                    if self.store.exists(bucket, key):
                        yield found
                except BadInput:  # no key can be named so
                    return

    def _of_folder(self, name: str, prefix: str) -> Meant:
        """What lies in a folder of that name; prefix: how the keys that are looked through begin."""
        for bucket in keys.INPUTS:
            for head in listed(self.store, bucket, prefix):
                if keys.folder_id(head.key) == name:
                    yield from self._of_key(bucket, head.key)

    def _of_event(self, name: str) -> Meant:
        """The inputs that entries of that event tell as their own, and their reports."""
        for hazard in HAZARDS:
            wanted = keys.identity(hazard, name)
            for head in self.store.list(keys.RESULTS, keys.catalog_prefix(hazard)):
                try:
                    if keys.identity(hazard, keys.CatalogEntry.parse(head.key).event_id) != wanted:
                        continue
                    entry = json.loads(self.store.get(keys.RESULTS, head.key)[0])
                    yield from self._of_key(entry["arrival"]["bucket"], entry["arrival"]["key"])
                    yield from self._of_key(keys.RESULTS, entry["impact"]["key"])
                except (BadInput, NotFound, ValueError, KeyError, TypeError):
                    continue  # deleted since it was listed, or not of a known form
