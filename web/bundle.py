"""All files of a run as one ZIP, with a manifest and with hashes that `sha256sum --check` reads."""

import json
from collections.abc import Iterator

from flask import Response, g, request
from zipstream import ZIP_STORED, ZipStream

from siaga import keys
from siaga.catalog import Entry
from web import downloads
from web.runs import Runs, run_of

NAME = "all.zip"
MANIFEST, SUMS = "manifest.json", "SHA256SUMS"


def send(runs: Runs, entry: Entry) -> Response:
    """The ZIP in pieces, of a length that is told beforehand; raises Damaged before the first piece goes out."""
    hashes, sizes = runs.hashes(entry), runs.sizes(entry)
    paths = [path for path in downloads.FILES[entry["hazard"]] if path in sizes and path in hashes]
    name = keys.download_name(entry["event_id"], entry["version"], NAME)
    folder = name.removesuffix(f"-{NAME}")
    packed = ZipStream(compress_type=ZIP_STORED, sized=True)  # what is large is compressed already
    for path in paths:
        runs.check(entry, path)
        packed.add(_pieces(runs, entry, path), f"{folder}/{path}", size=sizes[path])
    packed.add(_manifest(entry, paths, sizes, hashes), f"{folder}/{MANIFEST}")
    packed.add("".join(f"{hashes[path]}  {path}\n" for path in paths), f"{folder}/{SUMS}")
    response = Response(iter(packed), content_type="application/zip")
    response.content_length = len(packed)
    response.set_etag(f"{entry['run']}-{len(paths)}", weak=True)  # the ZIP tells when it was packed, which differs
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.make_conditional(request)
    return response


def _pieces(runs: Runs, entry: Entry, path: str) -> Iterator[bytes]:
    """A file, opened once its turn has come: a reader may take minutes for those before it."""
    yield from runs.checked(entry, path)[1]


def _manifest(entry: Entry, paths: list[str], sizes: dict[str, int], hashes: dict[str, str]) -> bytes:
    """What the files are, which run they are of and what that was made from."""
    names = {one["path"]: one["name"] for one in downloads.listed(entry["hazard"], sizes, hashes, g.language)}
    files = [
        {
            "path": path,
            "name": names[path],
            "bytes": sizes[path],
            "sha256": hashes[path],
            "media_type": _media_type(path),
        }
        for path in paths
    ]
    about = {name: entry[name] for name in ("hazard", "event_id", "version", "time", "drill", "demonstration")}
    told = about | {"run": str(run_of(entry)), "input": entry["arrival"], "files": files}
    return json.dumps(told, indent=2, ensure_ascii=False).encode()


def _media_type(path: str) -> str:
    return downloads.MEDIA_TYPES[path.rpartition(".")[2]]
