"""`Any` says nothing: it stands only where a library or a format forces it, by name, with the reason beside it."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
PARTS = ("siaga", "gateway", "web", "functions", "template")
EXCUSED = {
    "gateway/inbox.py": "DBOS hands back what was stored, as plain values",
    "gateway/job.py": "as a workflow of DBOS stores it, plain values",
    "gateway/sftp/handler.py": "asyncssh's handler, whose inside is changed",
    "siaga/data/demo/gazetteer.py": "a protocol buffer and JSON of packages, checked by hash",
    "siaga/foreign.py": "the names of what QGIS, GDAL, shapely and numpy hand out",
    "siaga/gis/layers.py": "columns of an OGR layer, of whatever type the file says",
    "siaga/gis/map/eventpackage.py": "columns of an OGR layer",
    "siaga/impact/schemas.py": "a JSON Schema",
    "siaga/inputs/asking.py": "urllib3's arguments, passed on",
    "siaga/inputs/decisions.py": "JSON that a dataclass's constructor looks through",
    "siaga/inputs/texts.py": "JSON that a dataclass's constructor looks through",
    "siaga/keeping/archive.py": "records in the headers of a tar, before they are checked; a buffer of io",
    "siaga/stack.py": "YAML that try and except look through",
    "siaga/report/paper.py": "a future is of one type, and those of pages and of pictures are waited for together",
    "siaga/report/typesetters.py": "pickle hands back what another process made",
    "siaga/store.py": "boto3 has no types",
    "template/python3-qgis/function/handler.py": "OpenFaaS's event and context",
    "web/api/body.py": "JSON that was sent, once its schema holds",
    "web/api/schemas.py": "types that stand for values, and a JSON Schema",
    "web/geopackage.py": "columns of sqlite3",
}


def uses():
    """The files that say Any."""
    said = set()
    for part in PARTS:
        for path in (ROOT / part).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            found = any(isinstance(node, ast.Name) and node.id == "Any" for node in ast.walk(tree))
            if found and "node_modules" not in path.parts:
                said.add(str(path.relative_to(ROOT)))
    return said


def test_any_stands_only_where_it_is_excused_by_name():
    assert uses() == EXCUSED.keys()
