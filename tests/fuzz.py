"""`make fuzz`: what strangers send, made up by a fuzzer that looks where the code goes; a minute for each reader.

`python tests/fuzz.py [SECONDS [NAME …]]`; each reader runs in a process of its own. What it may raise is BadInput, or
over SFTP an SFTPError: anything else, 20 seconds or 2 GiB is a crash, which becomes a test. Ends with 1 then, and names
the file that brought it about.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_SECONDS, _CRASHED = 60, 77
_LIMITS = [
    "-timeout=20",
    "-rss_limit_mb=2048",
    "-max_len=20000",
    "-close_fd_mask=0",
    "-verbosity=0",
    "-print_final_stats=1",
]


def grid() -> tuple[Callable[[bytes], object], list[bytes]]:
    """BMKG's grid.xml."""
    from fixtures.grids import make_grid

    from siaga.hazard import gridxml

    return gridxml.read_shakemap, [make_grid(nlon=5, nlat=4), make_grid(nlon=3, nlat=3, namespace="")]


def petabencana() -> tuple[Callable[[bytes], object], list[bytes]]:
    """PetaBencana's answer."""
    from siaga.hazard.flood import read_flood

    return read_flood, [path.read_bytes() for path in (ROOT / "tests" / "fixtures" / "petabencana").glob("*.json")]


def notification() -> tuple[Callable[[bytes], object], list[bytes]]:
    """What the store announces, and what an operator sends."""
    from siaga import events
    from siaga.events import Notification

    def read(body: bytes) -> None:
        for one in events.parse(body):
            events.parse(one.record())
            _ = one.receipt_id

    known = Notification("shakemaps", "20180220163351/grid.xml", "e", "v", True)
    return read, [known.record(), b'{"bucket": "shakemaps", "key": "a b+c/grid.xml"}']


def keys() -> tuple[Callable[[bytes], object], list[bytes]]:
    """Names of objects."""
    from siaga import keys as grammar
    from siaga.errors import BadInput

    kinds = (grammar.Version, grammar.Run, grammar.Snapshot, grammar.EruptionId, grammar.CatalogEntry)

    def read(body: bytes) -> None:
        text = body.decode("utf-8", "surrogateescape")
        for kind in kinds:
            with contextlib.suppress(BadInput):
                one = kind.parse(text)
                assert kind.parse(str(one)) == one, text
        for bucket in grammar.BUCKETS:
            grammar.clock(bucket, text)
            grammar.woken(bucket, text)

    return read, [
        *(b"initial-v001-3fa91c07", b"earthquake/20180220163351/initial-v001-b5388b8b/0a1b2c3d/impact.json"),
        *(
            b"2017022105-6-rw/flood_data.json",
            b"201702211904+0700_Merapi/request.json",
            b"20180220163351/output/grid.xml",
        ),
        b"catalog/earthquake/2018/02/20180220T092928Z_20180220163351_initial-v001-b5388b8b.json",
    ]


def ash() -> tuple[Callable[[bytes], object], list[bytes]]:
    """An operator's raster of ash."""
    from fixtures import ash as made

    from siaga.gis.people import ash_ground
    from siaga.hazard.ash import read_request

    request = read_request(made.request())
    return lambda body: ash_ground.read(body, request), [made.raster(), made.raster(bands=2), made.raster(unit="mm")]


def request() -> tuple[Callable[[bytes], object], list[bytes]]:
    """What is said of an eruption."""
    from fixtures import ash as made

    from siaga.hazard.ash import read_request

    return read_request, [made.request()]


def sftp() -> tuple[Callable[[bytes], object], list[bytes]]:
    """A path that an SFTP client names, and the arguments of rsync."""
    from asyncssh import SFTPError

    from gateway.sftp import rsync, viewpath
    from siaga import keys as grammar
    from siaga.errors import BadInput

    folders = {"in": grammar.SHAKEMAPS, "part": f"{grammar.SHAKEMAPS_CORRECTED}/from/one"}

    def read(body: bytes) -> None:
        for writing in (True, False):
            with contextlib.suppress(SFTPError):
                found = viewpath.parse(body, folders, writing=writing)
                assert not found.bucket or found.bucket in folders["in"] + folders["part"]
                assert not found.text.startswith("/part") or not found.key or found.key.startswith("from/one"), body
                assert ".." not in found.key.split("/"), body
        with contextlib.suppress(BadInput, SFTPError):
            rsync.read(body.decode("utf-8", "replace").split(" "), folders)

    return read, [
        b"/in/20180220163351/grid.xml",
        b"part/../in/x.part",
        b"--server -logDtpre.iLsfxC . in/20180220163351/",
    ]


READERS = {one.__name__: one for one in (grid, petabencana, notification, keys, ash, request, sftp)}


def fuzz(name: str, seconds: int) -> None:
    """Fuzz one reader in this process, which ends with it."""
    import atheris

    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    with atheris.instrument_imports(include=["siaga", "gateway"]):
        from siaga.errors import BadInput

        read, seeds = READERS[name]()

    def once(body: bytes) -> None:
        with contextlib.suppress(BadInput):
            read(body)

    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds):
            (Path(folder) / str(number)).write_bytes(seed)
        crashes = Path(tempfile.gettempdir()) / f"siaga-fuzz-{name}-"
        atheris.Setup(
            [
                name,
                *_LIMITS,
                f"-max_total_time={seconds}",
                f"-artifact_prefix={crashes}",
                f"-error_exitcode={_CRASHED}",
                folder,
            ],
            once,
        )
        atheris.Fuzz()


def main(arguments: list[str]) -> int:
    """Fuzz every reader, or those that are named; whether one crashed."""
    seconds, names = int(arguments[0]) if arguments else _SECONDS, arguments[1:] or list(READERS)
    crashed = []
    for name in names:
        done = subprocess.run(
            [sys.executable, __file__, "--one", name, str(seconds)],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=seconds + 300,
            check=False,
        )
        tried = next((line.split()[-1] for line in done.stdout.splitlines() if "executed_units" in line), "no")
        print(f"fuzz: {name}: {tried} tried, {'a crash' if done.returncode else 'no crash'}", flush=True)
        if done.returncode:
            crashed.append(name)
            print("\n".join(done.stdout.splitlines()[-40:]))
    return 1 if crashed else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        fuzz(sys.argv[2], int(sys.argv[3]))
    sys.exit(main(sys.argv[1:]))
