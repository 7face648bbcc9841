"""Reading ShakeMap's grid.xml, BMKG's or USGS's, with hostile eyes.

Source of the format: ShakeMap 3.5 and 4 manuals, "Grid XML"; BMKG's own files differ in namespace, in
the number of fields, and write the time with WIB, WITA or WIT.
"""

import re
import warnings
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import numpy as np
from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from numpy.typing import NDArray

from siaga import keys
from siaga.errors import BadInput
from siaga.hazard.shakemap import Nodes, ShakeMap

MAX_BYTES = 64 << 20
MAX_MMI = 12.0
ZONES = {"WIB": 7.0, "WITA": 8.0, "WIT": 9.0, "UTC": 0.0, "GMT": 0.0, "Z": 0.0, "": 0.0}  # none is UTC: ShakeMap 4

_TIME = re.compile(r"\s*(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.\d*)?\s*(.*?)\s*")
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})?")
_OFF_GRID = 0.25  # of a step: beyond rounding, and still nearer to this node than to the next


def read_shakemap(xml: bytes) -> ShakeMap:
    """Read a ShakeMap `grid.xml`.

    xml: the whole file, at most 64 MiB. Elements are matched by local name, columns by their
    grid_field name; rows may come in any order and are placed by their own LON and LAT.
    Raises BadInput naming the field, and the row where there is one, if the file is not a whole,
    sane ShakeMap.
    """
    root = _parse(xml)
    found = {name: _element(root, name) for name in ("event", "grid_specification", "grid_data")}
    event, specification = found["event"], found["grid_specification"]
    time, offset, zone = _time("event_timestamp", _text(event, "event_timestamp"))
    nodes = _nodes(specification)
    mmi, said = _mmi(root, found["grid_data"], nodes)
    process_time, unread = _process_time(root)
    return ShakeMap(
        event_id=keys.check_event_id(_text(root, "event_id").strip()),
        number=_version(root),
        time=time,
        utc_offset_hours=offset,
        time_zone=zone,
        magnitude=_number(event, "magnitude", 0, 11),
        depth_km=_number(event, "depth", -10, 1000),
        longitude=_number(event, "lon", -180, 360),
        latitude=_number(event, "lat", -90, 90),
        description=event.get("event_description", "").strip(),
        network=event.get("event_network", "").strip(),
        originator=root.get("shakemap_originator", "").strip(),
        process_time=process_time,
        map_status=root.get("map_status", "").strip(),
        event_type=root.get("shakemap_event_type", "").strip(),
        nodes=nodes,
        mmi=mmi,
        warnings=(*said, *unread),
    )


def _parse(xml: bytes) -> Element:
    if not xml.strip():
        raise BadInput("The file is empty")
    if len(xml) > MAX_BYTES:
        raise BadInput("The file has {size} MiB; at most 64 MiB are read", size=len(xml) >> 20)
    try:
        root: Element = ElementTree.fromstring(xml, forbid_dtd=True)
    except DefusedXmlException as error:
        raise BadInput("The file has a document type or entities, which a grid.xml never has; remove them") from error
    except ParseError as error:
        line, column = error.position
        raise BadInput(
            "The file is cut off or not XML: {detail} (line {line}, column {column})",
            detail=str(error).partition(":")[0],
            line=line,
            column=column,
        ) from error
    except (ValueError, LookupError) as error:
        raise BadInput("The file is not XML: {detail}", detail=str(error)[:200]) from error
    if _local(root) != "shakemap_grid":
        raise BadInput("The root element is {name}, not shakemap_grid", name=_local(root)[:80])
    return root


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _element(root: Element, name: str) -> Element:
    for element in root.iter():
        if _local(element) == name:
            return element
    raise BadInput("The element {name} is missing", name=name)


def _text(element: Element, attribute: str) -> str:
    value = element.get(attribute)
    if value is None or not value.strip():
        raise BadInput("{element} lacks {attribute}", element=_local(element), attribute=attribute)
    return value


def _number(element: Element, attribute: str, lowest: float, highest: float) -> float:
    text = _text(element, attribute)
    try:
        value = float(text)
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


def _version(root: Element) -> int:
    if root.get("shakemap_version") is None:
        return 1
    return int(_number(root, "shakemap_version", 0, 9999))


def _time(attribute: str, text: str) -> tuple[datetime, float, str]:
    """UTC, hours ahead of UTC in which it was written, zone as written."""
    match = _TIME.fullmatch(text)
    if not match:
        raise BadInput(
            "{attribute} is {value}; write it as 2018-02-20T16:29:28WIB", attribute=attribute, value=repr(text[:60])
        )
    zone = match[3]
    hours = ZONES.get(zone.upper())
    offset = _OFFSET.fullmatch(zone)
    if hours is None and offset:
        hours = int(offset[2]) + int(offset[3] or 0) / 60
        hours = -hours if offset[1] == "-" else hours
    if hours is None or abs(hours) > 14:
        raise BadInput(
            "{attribute} ends in the time zone {zone}, which is not known; write WIB, WITA, WIT, UTC or +07:00",
            attribute=attribute,
            zone=repr(zone[:40]),
        )
    try:
        local = datetime.fromisoformat(f"{match[1]}T{match[2]}").replace(tzinfo=timezone(timedelta(hours=hours)))
        return local.astimezone(UTC), hours, zone
    except (ValueError, OverflowError) as error:
        raise BadInput(
            "{attribute} is {value}, which is no date", attribute=attribute, value=repr(text[:60])
        ) from error


def _process_time(root: Element) -> tuple[datetime | None, list[dict[str, Any]]]:
    text = root.get("process_timestamp", "").strip()
    if not text:
        return None, []
    try:
        return _time("process_timestamp", text)[0], []
    except BadInput as unread:
        return None, [unread.reason()]  # the map does not hang on it


def _nodes(specification: Element) -> Nodes:
    columns = int(_number(specification, "nlon", 2, 1e7))
    rows = int(_number(specification, "nlat", 2, 1e7))
    west, east = _number(specification, "lon_min", -180, 360), _number(specification, "lon_max", -180, 360)
    south, north = _number(specification, "lat_min", -90, 90), _number(specification, "lat_max", -90, 90)
    if east < west:
        east += 360  # the map crosses the antimeridian
    if not (west < east <= west + 360 and south < north):
        raise BadInput(
            "grid_specification: the bounds enclose nothing; lon_min, lat_min must be below lon_max, lat_max"
        )
    return Nodes(west, east, south, north, columns, rows)


def _mmi(root: Element, data: Element, nodes: Nodes) -> tuple[NDArray[np.float64], list[dict[str, Any]]]:
    """MMI as (rows, columns), row 0 northernmost, and what readers should know."""
    fields = _fields(root)
    table = _table(data, nodes, fields)
    column_of = {name: table[:, index] for index, name in enumerate(fields) if name in ("LON", "LAT", "MMI")}
    mmi = column_of["MMI"]
    wrong = np.flatnonzero((mmi < 0) | (mmi > MAX_MMI))
    if wrong.size:
        raise BadInput(
            "Row {row} of grid_data: MMI is {value}; it must lie between 0 and 12",
            row=int(wrong[0]) + 1,
            value=float(mmi[wrong[0]]),
        )
    place = _places(column_of["LON"], column_of["LAT"], nodes)
    said = []
    if not np.array_equal(place, np.arange(place.size)):
        said.append(
            BadInput("The rows of grid_data do not run from north to south; they were placed by LON and LAT").reason()
        )
    placed = np.empty(mmi.size)
    placed[place] = mmi
    return placed.reshape(nodes.rows, nodes.columns), said


def _fields(root: Element) -> list[str]:
    """Names of the columns in their order; every index from 1 on, once."""
    named: dict[int, str] = {}
    for element in root.iter():
        if _local(element) == "grid_field":
            index = int(_number(element, "index", 1, 1000))
            if index in named:
                raise BadInput("Two grid_field elements have the index {index}", index=index)
            named[index] = _text(element, "name").strip().upper()
    for name in ("LON", "LAT", "MMI"):
        if name not in named.values():
            raise BadInput("There is no grid_field named {name}", name=name)
    if sorted(named) != list(range(1, len(named) + 1)):
        raise BadInput("The grid_field elements are not numbered 1 to {count}", count=len(named))
    return [named[index] for index in sorted(named)]


def _table(data: Element, nodes: Nodes, fields: list[str]) -> NDArray[np.float64]:
    """All values as (nodes, fields), finite."""
    text = data.text or ""
    wanted = nodes.rows * nodes.columns * len(fields)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # numpy's word for "stopped at something odd"
        try:
            values = np.fromstring(text, sep=" ")
        except DeprecationWarning:
            values = np.empty(0)
    if values.size != wanted:
        raise _uneven(text.split(), nodes, fields)
    table = values.reshape(-1, len(fields))
    broken = np.argwhere(~np.isfinite(table))
    if broken.size:
        row, column = (int(index) for index in broken[0])
        raise BadInput(
            "Row {row} of grid_data: {field} is {value}, not a finite number",
            row=row + 1,
            field=fields[column],
            value=float(table[row, column]),
        )
    return table


def _uneven(tokens: list[str], nodes: Nodes, fields: list[str]) -> BadInput:
    """Why the values do not fill the grid: the first that is no number, else their count."""
    for index, token in enumerate(tokens):
        try:
            float(token)
        except ValueError:
            return BadInput(
                "Row {row} of grid_data: {field} is {value}, not a number",
                row=index // len(fields) + 1,
                field=fields[index % len(fields)],
                value=repr(token[:40]),
            )
    return BadInput(
        "grid_data holds {found} values; {nlat} x {nlon} nodes with {fields} fields need {wanted}",
        found=len(tokens),
        nlat=nodes.rows,
        nlon=nodes.columns,
        fields=len(fields),
        wanted=nodes.rows * nodes.columns * len(fields),
    )


def _places(lon: NDArray[np.float64], lat: NDArray[np.float64], nodes: Nodes) -> NDArray[np.int64]:
    """For each row of the file the index of its node, north to south, west to east; each node once."""
    column = ((lon - nodes.west + 180 - nodes.lon_step) % 360 - 180 + nodes.lon_step) / nodes.lon_step
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
