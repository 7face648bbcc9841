"""Reading ShakeMap's grid.xml, BMKG's or USGS's, with hostile eyes.

Source of the format: ShakeMap 3.5 and 4 manuals, "Grid XML"; BMKG's own files differ in namespace, in
the number of fields, and write the time with WIB, WITA or WIT.
"""

from datetime import datetime
from math import floor
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from siaga import keys
from siaga.errors import BadInput, Reason, reason
from siaga.hazard import gridfile, gridrows, gridtime
from siaga.hazard.gridfile import local_name
from siaga.hazard.shakemap import Nodes, ShakeMap

MAX_BYTES = gridfile.MAX_BYTES
MAX_MMI = 12.0

_LONGEST_NUMBER = 64  # characters
_TURNS = (-540, 540)  # longitudes are brought to one turn afterwards
_OFF_GRID = 0.25  # of a step: beyond rounding, and still nearer to this node than to the next
_NAMES = {"LONGITUDE": "LON", "LATITUDE": "LAT"}

Said = list[Reason]


def read_shakemap(xml: bytes) -> ShakeMap:
    """Read a ShakeMap `grid.xml`.

    xml: the whole file, at most MAX_BYTES. Elements are matched by local name, columns by their
    grid_field name; rows may come in any order and are placed by their own LON and LAT. Columns that no figure
    needs may hold anything; MMI may be unknown at some nodes. Longitudes may be counted either way round.
    Raises BadInput naming the field, and the row where there is one, if the file is not a whole,
    sane ShakeMap.
    """
    root, said = gridfile.read(xml)
    found = {name: _element(root, name) for name in ("event", "grid_specification", "grid_data")}
    event = found["event"]
    time, offset, zone = gridtime.read("event_timestamp", _text(event, "event_timestamp"))
    nodes = _nodes(found["grid_specification"])
    mmi, rows_said = _mmi(root, found["grid_data"], nodes)
    number, unread = _version(root)
    process_time, untimed = _process_time(root)
    return ShakeMap(
        event_id=keys.check_event_id(_text(root, "event_id").strip()),
        number=number,
        time=time,
        utc_offset_hours=offset,
        time_zone=zone,
        magnitude=_number(event, "magnitude", 0, 11),
        depth_km=_number(event, "depth", -10, 1000),
        longitude=_one_turn(_number(event, "lon", *_TURNS)),
        latitude=_number(event, "lat", -90, 90),
        description=gridfile.line(event.get("event_description")),
        network=gridfile.line(event.get("event_network")),
        originator=gridfile.line(root.get("shakemap_originator")),
        process_time=process_time,
        map_status=gridfile.line(root.get("map_status")),
        event_type=gridfile.line(root.get("shakemap_event_type")),
        nodes=nodes,
        mmi=mmi,
        warnings=(*said, *rows_said, *unread, *untimed),
    )


def _element(root: Element, name: str) -> Element:
    for element in root.iter():
        if local_name(element) == name:
            return element
    raise BadInput("The element {name} is missing", name=name)


def _text(element: Element, attribute: str) -> str:
    value = element.get(attribute)
    if value is None or not value.strip():
        raise BadInput("{element} lacks {attribute}", element=local_name(element), attribute=attribute)
    return value


def _number(element: Element, attribute: str, lowest: float, highest: float) -> float:
    text = _text(element, attribute).strip()
    try:
        value = float(text) if len(text) <= _LONGEST_NUMBER else float("nan")
    except ValueError:
        value = float("nan")
    if not lowest <= value <= highest:  # NaN too
        raise BadInput(
            "{attribute} is {value}; it must be a number from {lowest} to {highest}",
            attribute=attribute,
            value=repr(text[:40]),
            lowest=lowest,
            highest=highest,
        )
    return value


def _one_turn(longitude: float) -> float:
    """The same from −180 to 180."""
    return longitude if -180 <= longitude <= 180 else longitude - 360 * floor((longitude + 180) / 360)


def _version(root: Element) -> tuple[int, Said]:
    """The file's own version number, 1 where it has none."""
    if not root.get("shakemap_version", "").strip():
        return 1, []
    try:
        return int(_number(root, "shakemap_version", 0, 9999)), []
    except BadInput as unread:
        return 1, [unread.reason()]  # the map does not hang on it


def _process_time(root: Element) -> tuple[datetime | None, Said]:
    text = root.get("process_timestamp", "").strip()
    if not text:
        return None, []
    try:
        return gridtime.read("process_timestamp", text)[0], []
    except BadInput as unread:
        return None, [unread.reason()]  # the map does not hang on it


def _nodes(specification: Element) -> Nodes:
    columns = int(_number(specification, "nlon", 2, 1e7))
    rows = int(_number(specification, "nlat", 2, 1e7))
    west, east = _number(specification, "lon_min", *_TURNS), _number(specification, "lon_max", *_TURNS)
    south, north = _number(specification, "lat_min", -90, 90), _number(specification, "lat_max", -90, 90)
    if east < west:
        east += 360  # the map crosses the antimeridian
    if east > west + 360:
        east = west + (east - west) % 360  # one bound counts from another meridian
    if not (west < east <= west + 360 and south < north):
        raise BadInput(
            "grid_specification: the bounds enclose nothing; lon_min, lat_min must be below lon_max, lat_max"
        )
    turns = 0 if -180 <= west < 180 else 360 * floor((west + 180) / 360)
    return Nodes(west - turns, east - turns, south, north, columns, rows)


def _mmi(root: Element, data: Element, nodes: Nodes) -> tuple[NDArray[np.float64], Said]:
    """MMI as (rows, columns), row 0 northernmost, NaN where the file gives none, and what readers should know."""
    fields = _fields(root)
    column_of, short = gridrows.read(data.text or "", fields, nodes.rows, nodes.columns)
    mmi = column_of["MMI"]
    wrong = np.flatnonzero((mmi < 0) | (mmi > MAX_MMI))
    if wrong.size:
        raise BadInput(
            "Row {row} of grid_data: MMI is {value}; it must lie between 0 and {most}, or be nan where it is not known",
            most=round(MAX_MMI),
            row=int(wrong[0]) + 1,
            value=float(mmi[wrong[0]]),
        )
    if np.isnan(mmi).all():
        raise BadInput("MMI is known at no node of the map; there is nothing to analyse")
    place = _places(column_of["LON"], column_of["LAT"], nodes)
    said = _motion(column_of)
    if short:
        said.append(
            reason("Rows of grid_data hold fewer values than there are fields; those at the end are taken as missing")
        )
    if not np.array_equal(place, np.arange(place.size)):
        said.append(reason("The rows of grid_data do not run from north to south; they were placed by LON and LAT"))
    placed = np.empty(mmi.size)
    placed[place] = mmi
    return placed.reshape(nodes.rows, nodes.columns), said


def _motion(column_of: gridrows.Columns) -> Said:
    """What cannot be in the ground motion beside MMI; no figure comes from it, but MMI was made of it."""
    said = []
    for field in ("PGA", "PGV"):
        if field not in column_of:
            continue
        known = column_of[field][~np.isnan(column_of[field])]
        below = int(np.count_nonzero(known < 0))
        if below:
            said.append(
                reason(
                    "{field} is below 0 at {count} nodes, which cannot be; the map's MMI may be wrong too",
                    field=field,
                    count=below,
                )
            )
        elif known.size and not known.any():
            said.append(
                reason("{field} is 0 at every node, which cannot be; the map's MMI may be wrong too", field=field)
            )
    return said


def _fields(root: Element) -> list[str]:
    """Names of the columns in their order; every index from 1 on, once, or none at all."""
    elements = [element for element in root.iter() if local_name(element) == "grid_field"]
    indexed = any(element.get("index", "").strip() for element in elements)
    named: dict[int, str] = {}
    for position, element in enumerate(elements, 1):
        index = int(_number(element, "index", 0, 1000)) if indexed else position
        if index in named:
            raise BadInput("Two grid_field elements have the index {index}", index=index)
        name = _text(element, "name").strip().upper()
        named[index] = _NAMES.get(name, name)
    for name in gridrows.NEEDED:
        if name not in named.values():
            raise BadInput("There is no grid_field named {name}", name=name)
        if list(named.values()).count(name) > 1:
            raise BadInput("Two grid_field elements are named {name}", name=name)
    first = min(named)  # some count from 0
    if sorted(named) != list(range(first, first + len(named))) or first > 1:
        raise BadInput("The grid_field elements are not numbered 1 to {count}", count=len(named))
    return [named[index] for index in sorted(named)]


def _places(lon: NDArray[np.float64], lat: NDArray[np.float64], nodes: Nodes) -> NDArray[np.int64]:
    """For each row of the file the index of its node, north to south, west to east; each node once."""
    east = lon - nodes.west
    away = (east < -nodes.lon_step / 2) | (east > nodes.east - nodes.west + nodes.lon_step / 2)
    east = np.where(away, (east + nodes.lon_step / 2) % 360 - nodes.lon_step / 2, east)
    column = east / nodes.lon_step
    row = (nodes.north - lat) / nodes.lat_step
    columns, rows = np.rint(column), np.rint(row)
    off = (np.abs(column - columns) > _OFF_GRID) | (np.abs(row - rows) > _OFF_GRID)
    off |= (columns < 0) | (columns >= nodes.columns) | (rows < 0) | (rows >= nodes.rows)
    if off.any():
        first = int(np.flatnonzero(off)[0])
        raise BadInput(
            "Row {row} of grid_data: {lon}, {lat} is no node of the grid_specification",
            row=first + 1,
            lon=float(lon[first]),
            lat=float(lat[first]),
        )
    place: NDArray[np.int64] = (rows * nodes.columns + columns).astype(np.int64)
    twice = np.flatnonzero(np.bincount(place, minlength=place.size) != 1)
    if twice.size:
        missing = divmod(int(twice[0]), nodes.columns)
        raise BadInput(
            "The nodes form no whole regular grid: the node in row {row}, column {column} is not there exactly once",
            row=missing[0] + 1,
            column=missing[1] + 1,
        )
    return place
