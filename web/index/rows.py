"""What is searched, sorted and filtered by, of a catalogue entry and of a receipt: their rows in the index."""

from hashlib import sha256
from typing import TypeAlias

from siaga import keys
from siaga.catalog import AshEntry, EarthquakeEntry, Entry, FloodEntry
from siaga.hazard.ash import ALERT_LEVELS
from siaga.impact.fatality import LEVELS
from siaga.impact.versions import Revision
from siaga.inputs import canary
from siaga.receipt import Receipt

Row: TypeAlias = dict[str, str | float | None]  # values by the names of a table's columns

FELT_FROM = 4  # MMI: from there on most people within buildings feel a quake (USGS, "The Modified Mercalli Scale")
UNKNOWN = -1  # counts as less than anything that is known
TABLES = """
create table entry (key text primary key, etag text, hazard text, event_id text, version text, source_type text,
    number integer, process_time text, time text, longitude real, latitude real, magnitude real, depth real, alert text,
    rank integer, mmi integer, people real, felt integer, published integer, received text, expires text, drill integer,
    title text, words text, body text, identity text, event text, place integer, height real, top real,
    hidden integer default 0);
create index entry_known on entry (key, etag);
create index entry_shown on entry (hazard, place, time);
create index entry_time on entry (hazard, time);
create index entry_id on entry (hazard, identity);
create index entry_event on entry (event);
create index entry_received on entry (hazard, received);
create table beside (event text primary key, level text, rank integer, body text);
create table round (name text primary key, began real);
create table receipt (key text primary key, etag text, function text, bucket text, input text, input_etag text,
    folder text, state text, received text, finished text, body text);
create index receipt_known on receipt (key, etag);
create index receipt_input on receipt (bucket, input, input_etag);
create index receipt_folder on receipt (bucket, folder, function, state);
create index receipt_state on receipt (state, finished);
"""
# what counts of a flood hour or an ash fall: what spellings of its id have in common says which event it is
RANKED = """update entry set event = ranked.name, place = ranked.rank from (
    select key, hazard || ' ' || identity || ' ' || drill as name, row_number() over (
        partition by hazard, identity, drill
        order by source_type = 'corrected' desc, number desc, received desc, version desc) as rank
    from entry where hazard != 'earthquake' and (hazard, identity) in (select hazard, identity from touched)) as ranked
    where entry.key = ranked.key and (event is not ranked.name or place is not ranked.rank)"""


def of_entry(entry: Entry) -> Row:
    """Of an entry of any hazard. Raises BadInput, KeyError, ValueError, TypeError when it has no known form."""
    keys.Version.parse(entry["version"])  # what cannot be ranked must not come between the others
    common: Row = {
        "hazard": entry["hazard"],
        "event_id": entry["event_id"],
        "version": entry["version"],
        "source_type": entry["source_type"],
        "time": entry["time"],
        "identity": keys.identity(entry["hazard"], entry["event_id"]),
        "number": entry["version_number"],
        "received": entry["arrival"]["received"],
        "drill": int(entry["drill"]),
        "published": int(entry["report"] is not None),
    }
    if entry["hazard"] == "earthquake":
        return common | _quake(entry)
    return common | (_flood(entry) if entry["hazard"] == "flood" else _ash(entry))


def of_receipt(body: bytes) -> Row:
    """Of a receipt as it is stored; nothing of a canary's. Raises as of_entry."""
    receipt = Receipt.decode(body)
    if canary.is_of_one(receipt.notification):
        return {}
    return {
        "function": receipt.function,
        "bucket": receipt.notification.bucket,
        "input": receipt.notification.key,
        "input_etag": receipt.notification.etag,
        "folder": _folder(receipt.notification.bucket, receipt.notification.key),
        "state": receipt.state,
        "received": receipt.received,
        "finished": receipt.finished,
    }


def mark(key: str, etag: str | None) -> int:
    """What an object adds to the revision of what is shown, 64 bits; nothing when it was not there."""
    return int.from_bytes(sha256(f"{key} {etag}".encode()).digest()[:8]) if etag else 0


def _folder(bucket: str, key: str) -> str:
    """What the inputs have in common of which a later one mends what an earlier one lacked."""
    if bucket == keys.RESULTS:
        return key.rpartition("/")[0].rpartition("/")[0]  # a version, whatever its analyses
    return key.rpartition("/")[0].removesuffix("/output")


def _quake(entry: EarthquakeEntry) -> Row:
    place, strong, mmi = entry["place"], entry["people"]["mmi6_plus"], entry["people_max_mmi"]
    words = (entry["event_id"], entry["description"], *((place["name"], place["zone"]) if place else ()))
    return {
        "longitude": entry["longitude"],
        "latitude": entry["latitude"],
        "magnitude": entry["magnitude"],
        "depth": entry["depth_km"],
        "alert": entry["alert"],
        "rank": LEVELS.index(entry["alert"]) if entry["alert"] else UNKNOWN,
        "mmi": mmi or UNKNOWN,
        "people": UNKNOWN if strong is None else strong,
        "felt": int(mmi is not None and mmi >= FELT_FROM),
        "process_time": Revision.of(entry).process_time,
        "title": (place["name"] if place else entry["description"]).casefold(),
        "words": " ".join(words),
    }


def _flood(entry: FloodEntry) -> Row:
    keys.Snapshot.parse(entry["event_id"])
    people = UNKNOWN if entry["affected"] is None else entry["affected"]
    return {"title": entry["event_id"], "words": entry["event_id"], "people": people}


def _ash(entry: AshEntry) -> Row:
    volcano, level = entry["volcano"], entry["alert_level"]
    return {
        "longitude": volcano["longitude"],
        "latitude": volcano["latitude"],
        "expires": entry["expires"],
        "alert": level,
        "rank": ALERT_LEVELS.index(level) if level in ALERT_LEVELS else UNKNOWN,
        "people": UNKNOWN if entry["affected"] is None else entry["affected"],
        "height": entry["eruption_height_m"],
        "top": entry["column_height_m"],
        "title": (volcano["name"] or entry["event_id"]).casefold(),
        "words": f"{entry['event_id']} {volcano['name'] or ''}",
    }
