"""Other hosts: whose pages may frame ours, whose tiles lie below our maps. None unless a setting names them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?")
_TILES = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?/[A-Za-z0-9._~/{}=&?@-]*")
_POLICY = "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:{tiles}; font-src 'self'; \
script-src 'self'; worker-src 'self'; connect-src 'self'{tiles}; form-action 'self'; base-uri 'none'; \
frame-ancestors {frames}"


@dataclass(frozen=True, slots=True)
class Others:
    """frames: origins whose pages may hold /embed. tiles: the address of raster tiles with {z}, {x}, {y}; "" for none.

    credit: whose tiles they are, as a map says it.
    """

    frames: tuple[str, ...] = ()
    tiles: str = ""
    credit: str = ""

    @classmethod
    def of(cls, env: Mapping[str, str], wrong: list[str]) -> "Others":
        """As the environment says; what is wrong with it is added to `wrong`."""
        frames, tiles = env.get("SIAGA_EMBED_ORIGINS", "").split(), env.get("SIAGA_MAP_TILES", "")
        if not all(_ORIGIN.fullmatch(word) for word in frames):
            wrong.append(
                f"SIAGA_EMBED_ORIGINS is not like https://peta.example.id https://localhost:8000: {' '.join(frames)}"
            )
        if tiles and not (_TILES.fullmatch(tiles) and all(part in tiles for part in ("{z}", "{x}", "{y}"))):
            wrong.append(f"SIAGA_MAP_TILES is not like https://tile.example.id/{{z}}/{{x}}/{{y}}.png: {tiles}")
        return cls(tuple(frames), tiles, env.get("SIAGA_MAP_CREDIT", ""))

    def policy(self, framed: bool) -> str:
        """The Content-Security-Policy of a page. framed: whether those pages may hold it."""
        parts = urlsplit(self.tiles)
        tiles = f" {parts.scheme}://{parts.netloc}" if self.tiles else ""
        return _POLICY.format(tiles=tiles, frames=" ".join(self.frames) if framed and self.frames else "'none'")
