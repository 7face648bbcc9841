"""The commands `siaga data …`: what is installed of people, zones, towns, structures and the rest."""

import argparse
import getpass
from pathlib import Path
from typing import TYPE_CHECKING

from siaga.commands import Commands
from siaga.data import analysis_data
from siaga.errors import NotFound, SiagaError
from siaga.settings import Settings

if TYPE_CHECKING:  # which a command imports when it is called
    from siaga.store import Store


def add_to(commands: Commands) -> None:
    """Add `data` to the command line's commands."""
    data = commands.add_parser("data", help="install exposure data").add_subparsers(required=True, metavar="WHAT")
    demo_data = data.add_parser("demo", help="build and install the demonstration exposure")
    demo_data.set_defaults(run=_demo)
    own = data.add_parser("import", help="check a file of your own and install it in the place of its role")
    own.add_argument("role", choices=sorted(analysis_data.ROLES), metavar="ROLE", help=", ".join(analysis_data.ROLES))
    own.add_argument("file", type=Path)
    own.add_argument("--title", help="one line for readers")
    own.add_argument("--source", default="", help="who made it")
    own.add_argument("--licence", default="")
    own.add_argument("--year", type=int, help="of what it describes")
    own.add_argument("--type-field", default="", metavar="F", help="says the type, class or kind")
    own.add_argument("--name-field", default="", metavar="F")
    own.add_argument("--code-field", default="", metavar="F", help="the zones' code")
    own.add_argument("--level-field", default="", metavar="F", help="the zones' level, e.g. province, regency")
    own.add_argument("--parent-field", default="", metavar="F", help="the code of the zone above")
    own.add_argument("--level", default="", help="of all zones of the file; zones of other levels stay")
    own.add_argument("--later", action="store_true", help="look at it first: it counts once it is activated")
    own.set_defaults(run=_import)
    other = data.add_parser("activate", help="let another version count that was imported, an earlier one too")
    other.add_argument("role", choices=sorted(analysis_data.ROLES), metavar="ROLE")
    other.add_argument("sha256", metavar="SHA256", help="as `siaga data list` tells it; its beginning does")
    other.set_defaults(run=_activate)
    told = data.add_parser("describe", help="reckon what is not yet known of the installed files, for the page /data")
    told.set_defaults(run=_describe)
    drawn = data.add_parser("basemap", help="draw the installed base map as vector tiles for the web's maps")
    drawn.set_defaults(run=_basemap)
    listed = data.add_parser("list", help="what is installed")
    listed.set_defaults(run=_list)
    out = data.add_parser("remove", help="take a role out of what is installed")
    out.add_argument("role", choices=sorted(analysis_data.ROLES), metavar="ROLE")
    out.set_defaults(run=_remove)


def _demo(settings: Settings, _: argparse.Namespace) -> int:
    from siaga.cli import demo

    demo.install_exposure(settings, lambda line: print(line, flush=True))
    return 0


def _import(settings: Settings, chosen: argparse.Namespace) -> int:
    from siaga.data import imports
    from siaga.store import Store

    store = Store.connect(settings, "root")
    try:
        said = imports.install(
            store,
            chosen.role,
            chosen.file,
            title=chosen.title,
            source=chosen.source,
            licence=chosen.licence,
            year=chosen.year,
            fields=imports.Fields(
                chosen.type_field,
                chosen.name_field,
                chosen.code_field,
                chosen.level_field,
                chosen.parent_field,
                chosen.level,
            ),
            cache=settings.cache,
            later=chosen.later,
        )
    except OSError as error:
        raise SiagaError("{file}: {detail}", file=chosen.file, detail=error.strerror or str(error)) from error
    print(f"{chosen.role} {'imported, and not yet in use' if chosen.later else 'installed'}: {said}")
    _noted(settings, "data.import", f"{chosen.role} {chosen.file.name}{', later' if chosen.later else ''}")
    _prepared(settings, store, "" if chosen.later else chosen.role)
    return 0


def _activate(settings: Settings, chosen: argparse.Namespace) -> int:
    from siaga.data import versions
    from siaga.store import Store

    store = Store.connect(settings, "root")
    named = [one for one in versions.listed(store).get(chosen.role, []) if one.file["sha256"].startswith(chosen.sha256)]
    if len(named) != 1:
        raise NotFound("There is no version {name} of {role}", name=repr(chosen.sha256[:16]), role=chosen.role)
    file = versions.activate(store, chosen.role, named[0].file["sha256"]).file
    print(f"{chosen.role} is {file['title']} from now on, sha256 {file['sha256'][:16]}")
    _noted(settings, "data.activate", f"{chosen.role} -> {file['sha256'][:16]}")
    _prepared(settings, store, chosen.role)
    return 0


def _describe(settings: Settings, _: argparse.Namespace) -> int:
    from siaga.store import Store

    _prepared(settings, Store.connect(settings, "root"))
    return 0


def _prepared(settings: Settings, store: "Store", role: str = "") -> None:
    """What follows from installed files. role: of the one that counts since now, "" for none."""
    from siaga.data import facts, imports, prepared_shares, prepared_tiles

    if role in prepared_shares.ROLES:
        imports.share_out(store, settings.cache, lambda line: print(line, flush=True))
    if role in prepared_tiles.ROLES:
        imports.draw_tiles(store, settings.cache, lambda line: print(line, flush=True))
    if described := facts.complete(store, settings.cache):
        print(f"{described} described anew at {settings.public_url}/data")


def _noted(settings: Settings, what: str, about: str) -> None:
    """Write it into the audit; where this machine has no rights to that, it is said."""
    from siaga.accounts.audit import DONE, Audit
    from siaga.store import Store

    try:
        Audit(Store.connect(settings, "accounts")).note(f"{getpass.getuser()} (siaga data)", what, DONE, "", about)
    except SiagaError as error:
        print(f"note     not in the audit: {error}")


def _basemap(settings: Settings, _: argparse.Namespace) -> int:
    from siaga.data import imports
    from siaga.store import Store

    if not imports.draw_tiles(Store.connect(settings, "root"), settings.cache, lambda line: print(line, flush=True)):
        raise NotFound("Nothing is installed as {role}", role="basemap")
    return 0


def _list(settings: Settings, _: argparse.Namespace) -> int:
    from siaga.data import versions
    from siaga.store import Store

    store = Store.connect(settings, "root")
    manifest = analysis_data.manifest_of(store)
    for entry in manifest["files"]:
        own = "demonstration" if entry["demonstration"] else "own"
        of = f", {entry['year']}" if entry["year"] else ""
        print(f"{entry['role']:<11} {own:<13} {entry['size'] / 1e6:8.1f} MB  {entry['title']}{of}")
        print(f"{'':<11} {entry['path']}  sha256 {entry['sha256'][:16]}")
        print(f"{'':<11} {'; '.join(said for said in (entry['source'], entry['licence']) if said)}")
    counting = {entry["sha256"] for entry in manifest["files"]}
    for one in (one for those in versions.listed(store).values() for one in those):
        if one.file["sha256"] not in counting:
            print(f"not in use: {one.file['role']:<11} {one.imported}  {one.file['sha256'][:16]}  {one.file['title']}")
    absent = sorted(set(analysis_data.ROLES) - {entry["role"] for entry in manifest["files"]})
    print(f"not installed: {', '.join(absent) or 'nothing'}")
    return 0


def _remove(settings: Settings, chosen: argparse.Namespace) -> int:
    from siaga.store import Store

    store = Store.connect(settings, "root")
    analysis_data.remove(store, chosen.role)
    print(f"{chosen.role} removed; the file stays in the bucket for the runs that used it")
    _noted(settings, "data.remove", chosen.role)
    _prepared(settings, store, chosen.role)
    return 0
