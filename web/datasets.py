"""The analysis data for operators: what counts, where from, whom it leaves out; admins let another version count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor

from flask import Blueprint, Flask, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from siaga import dates, moment
from siaga.accounts.account import ADMIN, OPERATOR
from siaga.data import manifest, map_tiles, versions
from siaga.data.analysis_data import ROLES
from siaga.data.manifest import ManifestFile
from siaga.data.versions import Coverage, LevelCoverage, Version
from siaga.errors import NotFound, SiagaError
from siaga.exposure.extent import Extent
from siaga.report import figures
from siaga.report.words import LAND, ROADS, STRUCTURES
from siaga.store import Store
from web import audit, downloads, login
from web.levels import level_name
from web.services import give, given

_NAME = "siaga-datasets"
ROLE_NAMES = {
    "population": "Population",
    "zones": "Administrative zones",
    "places": "Towns",
    "volcanoes": "Volcanoes",
    "airports": "Airports",
    "structures": "Structures",
    "roads": "Roads",
    "land_cover": "Land cover",
    "basemap": "Base map",
    "history": "Past quakes",
}
_KINDS = {  # of towns and of layers of a base map; those of other roles have names on reports
    "city": "City",
    "regency_seat": "Seat of a district",
    "district_seat": "Seat of a subdistrict",
    "town": "Town",
    "land": "Land",
    "lakes": "Lakes",
    "country_lines": "Borders of countries",
    "province_lines": "Borders of provinces",
    "regency_lines": "Borders of districts",
    "land_overview": "Land for overview maps",
    "quakes": "Quakes",
}
_TYPES = {"structures": STRUCTURES, "roads": ROADS, "land_cover": LAND}
_DRAWN = ("basemap", "places")  # of which the tiles of maps are made
_WHOLE = 0.99  # the share of the people from which on a level leaves nobody worth telling out
_MOST_KINDS = 12

pages = Blueprint("data", __name__)


@dataclass(frozen=True, slots=True)
class Picture:
    """An extent as SVG draws it. box: its viewBox. paths: by shade one path of all its cells. edges: in words."""

    box: str
    paths: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """A file as the page tells it. counts: whether it is the one that analyses use. facts: name and figure."""

    file: ManifestFile
    when: str
    counts: bool
    size: str
    facts: Sequence[tuple[str, str]]
    picture: Picture | None


def install(app: Flask, store: Store | None) -> None:
    """Show them to operators where there is a store for it, with the rights of role operators."""
    give(app, _NAME, store, pages)


@pages.get("/data")
@login.page(OPERATOR)
def overview() -> str:
    """What counts for each role, what was imported besides, and what zones hold of the people."""
    counting, listed = _counting(), versions.listed(given(_NAME))
    rows = {role: _row(_version(counting[role], listed), True) if role in counting else None for role in ROLES}
    return render_template(
        "data.html",
        tab="data",
        rows=rows,
        names=ROLE_NAMES,
        waiting={role: _waiting(counting.get(role), listed.get(role, [])) for role in ROLES},
        stored={role: len(listed.get(role, [])) for role in ROLES},
        covered=_covered(*(counting.get(role) for role in ("population", "zones"))),
        paired="population" in counting and "zones" in counting,
        stale=_tiles_are_stale(counting),
    )


@pages.get("/data/<role>")
@login.page(OPERATOR)
def of_role(role: str) -> tuple[str, int]:
    """All versions of a role, each with what it holds, beside what counts."""
    return _page(role)


@pages.post("/data/activate")
@login.page(ADMIN)
def activate() -> AnyResponse | tuple[str, int]:
    """Let a version count from now on; an earlier one, too."""
    role, sha256, before = (request.form.get(name, "")[:64] for name in ("role", "sha256", "instead_of"))
    audit.about(f"{role} {before[:16]} -> {sha256[:16]}")
    if role not in ROLES:
        raise NotFound("There is no version {name} of {role}", name=repr(sha256[:16]), role=repr(role[:20]))
    try:
        versions.activate(given(_NAME), role, sha256, before)
    except SiagaError as error:
        return _page(role, error)
    return redirect(url_for("data.of_role", role=role))


def _page(role: str, error: SiagaError | None = None) -> tuple[str, int]:
    if role not in ROLES:
        raise NotFound("Nothing is here")
    counting, listed = _counting(), versions.listed(given(_NAME))
    present = counting.get(role)
    those = listed.get(role, [])
    if present and all(one.file["sha256"] != present["sha256"] for one in those):
        those = [_version(present, listed), *those]
    other = {"population": "zones", "zones": "population"}.get(role, "")
    page = render_template(
        "data_role.html",
        tab="data",
        role=role,
        name=ROLE_NAMES[role],
        rows=[_row(one, present is not None and one.file["sha256"] == present["sha256"]) for one in those],
        present=present,
        covered={one.file["sha256"]: _beside(one.file, counting.get(other)) for one in those} if other else {},
        other=other in counting,
        lacks=_lacks(present, those) if role == "zones" else {},
        sentence=g.language.reason(error.reason()) if error else "",
    )
    return page, error.status if error else 200


def _counting() -> dict[str, ManifestFile]:
    """The files that count, by role; {} where nothing is installed."""
    body = manifest.present(given(_NAME))[0]
    return {entry["role"]: entry for entry in manifest.parse(body)["files"]} if body else {}


def _version(file: ManifestFile, listed: Mapping[str, Sequence[Version]]) -> Version:
    """What is kept of a file, as the manifest names it; without facts where nobody has reckoned them."""
    kept = next((one for one in listed.get(file["role"], ()) if one.file["sha256"] == file["sha256"]), None)
    return Version(file, kept.imported, kept.facts) if kept else Version(file, "", versions.Facts())


def _waiting(present: ManifestFile | None, those: Sequence[Version]) -> list[str]:
    """When versions were imported that came after the one that counts and never did."""
    since = next((one.imported for one in those if present and one.file["sha256"] == present["sha256"]), "")
    return [_when(one.imported) for one in those if one.imported >= since and one.file != present]


def _row(version: Version, counts: bool) -> Row:
    file, facts = version.file, version.facts
    told: list[tuple[str, str]] = []
    if facts.people is not None:
        told.append((g.language("People"), figures.whole(facts.people, g.code)))
        known = figures.whole(facts.cells - facts.unknown, g.code)
        cells = figures.whole(facts.cells, g.code)
        told.append((g.language("Cells with a count"), g.language("{part} of {whole}", part=known, whole=cells)))
    ordered = sorted(facts.counts.items(), key=lambda pair: -pair[1])
    told += [(_kind(file["role"], kind), figures.whole(count, g.code)) for kind, count in ordered[:_MOST_KINDS]]
    if facts.edges:
        west, south, east, north = facts.edges
        corners = (figures.coordinates(west, north, g.code), figures.coordinates(east, south, g.code))
        told.append((g.language("From corner to corner"), " – ".join(corners)))
    return Row(
        file,
        _when(version.imported),
        counts,
        downloads.size_text(file["size"], g.language),
        told,
        _picture(facts.extent) if facts.extent else None,
    )


def _when(stored: str) -> str:
    return dates.dated(moment.parse(stored), g.code) if stored else ""


def _kind(role: str, kind: str) -> str:
    """A kind of features as readers call it."""
    if role == "zones":
        return level_name(kind, g.language)
    names = _TYPES.get(role, _KINDS)
    return g.language(names[kind]) if kind in names else kind or g.language("In all")


def _picture(extent: Extent) -> Picture:
    """Cells as squares of 1, and a path for each shade."""
    parts: dict[str, list[str]] = {}
    for shade, column, row, count in extent.runs():
        parts.setdefault(shade, []).append(f"M{column} {row}h{count}v1h-{count}z")
    frame = extent.frame
    return Picture(f"0 0 {frame.columns} {frame.rows}", {shade: "".join(those) for shade, those in parts.items()})


def _beside(file: ManifestFile, counterpart: ManifestFile | None) -> Sequence[Mapping[str, object]] | None:
    """What zones would hold of the people, were that version the one that counts."""
    return _covered(*((file, counterpart) if file["role"] == "population" else (counterpart, file)))


def _covered(people: ManifestFile | None, zones: ManifestFile | None) -> Sequence[Mapping[str, object]] | None:
    """The levels of zones, each with its part of the people; None where that was not reckoned."""
    if people is None or zones is None:
        return None
    found = versions.coverage(given(_NAME), people["sha256"], zones["sha256"])
    return [_level(level, found) for level in found.levels] if found else None


def _level(level: LevelCoverage, whole: Coverage) -> Mapping[str, object]:
    share = min(1.0, level.people / whole.people) if whole.people else 1.0
    return {
        "name": level_name(level.level, g.language),
        "count": figures.whole(level.count, g.code),
        "people": figures.whole(level.people, g.code),
        "outside": figures.whole(max(0.0, whole.people - level.people), g.code),
        "percent": figures.decimal(floor(share * 1000) / 10, 1, g.code),  # never all where somebody is outside
        "gap": share < _WHOLE,
        "nobody": (level.nobody, level.nobody_named),
        "beyond": (level.beyond, level.beyond_named),
        "zones": [(code, name, _people(people)) for code, name, people in level.zones],
        "warnings": [g.language.reason(one) for one in whole.warnings],
    }


def _people(people: float | None) -> str:
    return g.language("beyond the population grid") if people is None else figures.people_cell(people, g.code)


def _lacks(present: ManifestFile | None, those: Sequence[Version]) -> dict[str, list[str]]:
    """By version the levels of zones that count now and that it does not have."""
    levels = {one.file["sha256"]: one.facts.counts.keys() for one in those}
    now = levels.get(present["sha256"], ()) if present else ()
    return {sha256: [level_name(one, g.language) for one in now if one not in has] for sha256, has in levels.items()}


def _tiles_are_stale(counting: Mapping[str, ManifestFile]) -> bool:
    """Whether maps in browsers are drawn of other files than those that count."""
    tiles = map_tiles.current(given(_NAME))
    files = {counting[role]["sha256"] for role in _DRAWN if role in counting}
    return "basemap" in counting if tiles is None else bool(tiles.made_of) and set(tiles.made_of) != files
