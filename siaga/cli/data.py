"""The commands `siaga data …`: what is installed of people, zones, towns, structures and the rest."""

import argparse
from pathlib import Path

from siaga.commands import Commands
from siaga.data import analysis_data
from siaga.errors import NotFound, SiagaError
from siaga.settings import Settings


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
    own.set_defaults(run=_import)
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
    from siaga.data import imports, prepared_shares, prepared_tiles
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
        )
    except OSError as error:
        raise SiagaError("{file}: {detail}", file=chosen.file, detail=error.strerror or str(error)) from error
    print(f"{chosen.role} installed: {said}")
    if chosen.role in prepared_shares.ROLES:
        imports.share_out(store, settings.cache, lambda line: print(line, flush=True))
    if chosen.role in prepared_tiles.ROLES:
        imports.draw_tiles(store, settings.cache, lambda line: print(line, flush=True))
    return 0


def _basemap(settings: Settings, _: argparse.Namespace) -> int:
    from siaga.data import imports
    from siaga.store import Store

    if not imports.draw_tiles(Store.connect(settings, "root"), settings.cache, lambda line: print(line, flush=True)):
        raise NotFound("Nothing is installed as {role}", role="basemap")
    return 0


def _list(settings: Settings, _: argparse.Namespace) -> int:
    from siaga.store import Store

    manifest = analysis_data.manifest_of(Store.connect(settings, "root"))
    for entry in manifest["files"]:
        own = "demonstration" if entry["demonstration"] else "own"
        of = f", {entry['year']}" if entry["year"] else ""
        print(f"{entry['role']:<11} {own:<13} {entry['size'] / 1e6:8.1f} MB  {entry['title']}{of}")
        print(f"{'':<11} {entry['path']}")
        print(f"{'':<11} {'; '.join(said for said in (entry['source'], entry['licence']) if said)}")
    absent = sorted(set(analysis_data.ROLES) - {entry["role"] for entry in manifest["files"]})
    print(f"not installed: {', '.join(absent) or 'nothing'}")
    return 0


def _remove(settings: Settings, chosen: argparse.Namespace) -> int:
    from siaga.data import imports, prepared_tiles
    from siaga.store import Store

    store = Store.connect(settings, "root")
    analysis_data.remove(store, chosen.role)
    print(f"{chosen.role} removed; the file stays in the bucket for the runs that used it")
    if chosen.role in prepared_tiles.ROLES:
        imports.draw_tiles(store, settings.cache, lambda line: print(line, flush=True))
    return 0
