"""Fetch the files of GraphiQL and the REST documentation, which are then served without the internet."""

from __future__ import annotations

import argparse
import gzip
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from base64 import b64encode
from hashlib import sha512
from pathlib import Path

from pages.assets import PACKAGES, Package, are_complete
from settings import Settings

PATIENCE_S = 300.0
# one quick retry: without a network npm would try for minutes
NPM_PACK = ("npm", "pack", "--silent", "--ignore-scripts", "--fetch-retries=1", "--fetch-retry-mintimeout=1000")


class NotFetched(Exception):
    """The files could not be had; the text says why and what to do."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="source", type=Path, metavar="FOLDER", help="take the tarballs of `npm pack`")


def run(args: argparse.Namespace, settings: Settings) -> int:
    folder = settings.assets_dir
    if are_complete(folder):
        print("The explorers' files are there already.")
        return 0
    try:
        with tempfile.TemporaryDirectory() as fetched:
            _unpack(args.source or _fetch(Path(fetched)), folder)
    except NotFetched as exc:
        print(exc, file=sys.stderr)
        return 1
    print(f"The explorers' files are in {folder}.")
    return 0


def _fetch(target: Path) -> Path:
    """The folder with every package's tarball, brought by the npm client. Raises NotFetched."""
    specs = [package.spec for package in PACKAGES]
    by_hand = (
        f"Where npm is: npm pack --ignore-scripts {' '.join(specs)}\n"
        "Then here: .venv/bin/python app.py assets --from THE_FOLDER_WITH_THE_TARBALLS\n"
        "Everything but GraphiQL and the REST documentation works without."
    )
    if shutil.which("npm") is None:
        raise NotFetched(
            f"GraphiQL and the REST documentation need files that npm fetches, and npm is not here.\n{by_hand}"
        )
    try:
        command = [*NPM_PACK, "--pack-destination", str(target), *specs]
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE_S)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as exc:
        said = exc.stderr.strip() if isinstance(exc.stderr, str) else ""
        raise NotFetched(f"npm could not fetch the explorers' files.\n{said}\n{by_hand}") from exc
    return target


def _unpack(source: Path, folder: Path) -> None:
    """Takes the files that are served out of the tarballs, each verified first. Raises NotFetched."""
    for package in PACKAGES:
        tarball = source / package.tarball
        _verify(package, tarball)
        with tarfile.open(tarball) as archive:
            for place, path in package.places().items():
                member = archive.extractfile(f"package/{path}")
                assert member is not None, f"{package.spec} has no {path}"
                _write(folder / place, member.read())


def _verify(package: Package, tarball: Path) -> None:
    if not tarball.is_file():
        raise NotFetched(f"{tarball} is missing.")
    digest = b64encode(sha512(tarball.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != package.integrity:
        raise NotFetched(f"{tarball} is not the published {package.spec}: its SHA-512 digest is another.")


def _write(file: Path, content: bytes) -> None:
    """Writes a file, and before it its compressed form for the clients that take it; a reader never sees a part."""
    file.parent.mkdir(parents=True, exist_ok=True)
    for name, body in ((f"{file.name}.gz", gzip.compress(content, mtime=0)), (file.name, content)):
        part = file.with_name(f"{name}.{os.getpid()}")
        part.write_bytes(body)
        part.replace(file.with_name(name))
