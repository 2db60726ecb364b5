"""The third-party files of the explorers: which, where they lie, and how they are served."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from edge import SERVICES

IMMUTABLE = "public, max-age=31536000, immutable"  # a URL of ours names the version


@dataclass(frozen=True)
class Package:
    """One npm package. `integrity` is the published digest of its tarball, `files` what we take out of it."""

    name: str
    version: str
    integrity: str
    files: tuple[str, ...]

    @property
    def spec(self) -> str:
        return f"{self.name}@{self.version}"

    @property
    def tarball(self) -> str:
        """The file name that `npm pack` gives."""
        return f"{self.folder}.tgz"

    @property
    def folder(self) -> str:
        return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}"

    @property
    def key(self) -> str:
        """The name of its folder's URL in our pages."""
        return self.name.rpartition("/")[2].replace("-", "_")

    def places(self) -> dict[str, str]:
        """Where each file lies below the assets folder, and its path in the package."""
        return {f"{self.folder}/{Path(file).name}": file for file in self.files}


PACKAGES = (
    Package(
        "react",
        "18.2.0",
        "sha512-/3IjMdb2L9QbBdWiW5e3P2/npwMBaU9mHCSCUzNln0ZCYbcfTsGbTJrU/kGemdH2IWmB2ioZ+zkxtmq6g09fGQ==",
        ("umd/react.production.min.js",),
    ),
    Package(
        "react-dom",
        "18.2.0",
        "sha512-6IMTriUmvsjHUjNtEDudZfuDQUoWXVxKHhlEGSk81n4YFS+r/Kl99wXiwlVXtPBtJenozv2P+hxDsw9eA7Xo6g==",
        ("umd/react-dom.production.min.js",),
    ),
    Package(
        "graphiql",
        "3.8.3",
        "sha512-cuPDYtXVKV86Pu5PHBX642Odi/uVEE2y1Jxq5rGO/Qy1G2lRp7ZZ7a/T30RzxhuLSWo9zUbzq0P3U49//H0Ugw==",
        ("graphiql.min.js", "graphiql.min.css"),
    ),
    Package(
        "@graphiql/plugin-explorer",
        "1.0.2",
        "sha512-9j+kg2UjtLZD5EBmGjeWHkoVVxtbShYg2DzbUVebibnZYZM/iMBEF4vaccXJIAm5KaomIPLx0aoNs4LbODyc3Q==",
        ("dist/index.umd.js", "dist/style.css"),
    ),
    Package(
        "graphql-ws",
        "6.4.2",
        "sha512-wxhPhhOGJo8PbGDkBYVE76sZLDrS+GkyrR4bZECSLVbo0pZZNKs0HtBh2Ip/uaUuiVUxwO9ssI9R92buQfNSqQ==",
        ("umd/graphql-ws.min.js",),
    ),
    Package(
        "swagger-ui-dist",
        "5.35.0",
        "sha512-U06rpMtW9V3XPGOBeamTUSr0Z09jMX4IJuANpE/EZbAhw0G8CgwrzU4YmXkn/h0wCDNsXdGarTNNHC3sU8yVUQ==",
        ("swagger-ui-bundle.js", "swagger-ui.css"),
    ),
)
PLACES = frozenset(place for package in PACKAGES for place in package.places())


def are_complete(folder: Path) -> bool:
    """Whether every file of every package lies in the assets folder."""
    return all((folder / place).is_file() for place in PLACES)


async def serve_asset(request: web.Request) -> web.StreamResponse:
    """One file, compressed where the client takes it: a `.gz` lies beside each."""
    place = request.match_info["place"]
    file = request.app[SERVICES].settings.assets_dir / place
    if place not in PLACES or not file.is_file():
        raise web.HTTPNotFound
    return web.FileResponse(file, headers={"Cache-Control": IMMUTABLE, "X-Content-Type-Options": "nosniff"})
