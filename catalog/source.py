"""The bytes that a card names: in its folder, in a mirror laid out by sha256, in the cache, or at their addresses."""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from catalog.card import Card, Source
from catalog.download import PATIENT, DownloadError, Limits, download

AT_ONCE = 4  # downloads side by side
MAX_MEMBER = 2**26  # bytes of a file that is taken out of an archive


class SourceError(Exception):
    """The bytes cannot be had, or are not those the card names."""


class UnreachableError(SourceError):
    """The bytes are nowhere to be had now; another day or another network may have them."""


class Published(Protocol):
    """Bytes with a digest and addresses: a card's `source` or an entry of its `files`."""

    @property
    def url(self) -> str | None:
        """Where they are published."""

    @property
    def mirrors(self) -> Sequence[str]:
        """Further addresses."""

    @property
    def bytes(self) -> int | None:
        """How many there are."""

    @property
    def sha256(self) -> str:
        """Their digest."""


def fetch(source: Source, folder: Path, *, offline: bool = False) -> Path:
    """Return a local file with exactly the bytes of a card's source; see `obtain`."""
    if source.file is None:
        return obtain(source, offline=offline)
    path = folder / source.file
    _check(path, source.sha256)
    return path


def obtain(
    wanted: Published,
    *,
    offline: bool = False,
    progress: Callable[[int], None] = lambda _: None,
    limits: Limits = PATIENT,
) -> Path:
    """Return a local file with exactly these bytes: from `EDGEWISE_MIRROR`, the cache, the address or its mirrors.

    `EDGEWISE_MIRROR` is a folder or an address that holds `sha256/<digest>`. `offline` forbids the network.
    `progress` is called with numbers of bytes as they come, at once with all of a file that is here already.
    Raises `UnreachableError` with what every place answered, `SourceError` for a mirror that holds other bytes.
    """
    mirror = os.environ.get("EDGEWISE_MIRROR", "")
    if mirror and "://" not in mirror:
        path = Path(mirror, "sha256", wanted.sha256)
        if path.is_file():
            _check(path, wanted.sha256)
            progress(wanted.bytes or 0)
            return path
    cached = cache_folder() / "sha256" / wanted.sha256
    if cached.exists():
        progress(wanted.bytes or 0)
    else:
        _download(wanted, mirror if "://" in mirror else "", cached, offline, progress, limits)
    return cached


def cache_folder() -> Path:
    """Return the folder of downloads: `EDGEWISE_CACHE`, or `edgewise` in the user's folder of caches."""
    given = os.environ.get("EDGEWISE_CACHE")
    return Path(given) if given else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edgewise"


def _download(
    wanted: Published, mirror: str, cached: Path, offline: bool, progress: Callable[[int], None], limits: Limits
) -> None:
    urls = [
        url for url in (mirror and f"{mirror.rstrip('/')}/sha256/{wanted.sha256}", wanted.url, *wanted.mirrors) if url
    ]
    if offline:
        cure = "run `edgewise fetch`, or set EDGEWISE_MIRROR"
        raise UnreachableError(f"{wanted.url}: not in the cache, and the network was not to be used: {cure}")
    reasons = []
    for url in urls:
        try:
            download(url, cached, sha256=wanted.sha256, size=wanted.bytes or 0, progress=progress, limits=limits)
        except DownloadError as error:
            reasons.append(str(error))
        else:
            return
    raise UnreachableError("\n".join(reasons))


def _check(path: Path, sha256: str) -> None:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != sha256:
        raise SourceError(f"{path}: expected sha256 {sha256}, got {digest}: restore the file or correct the card")


def published(card: Card) -> list[Published]:
    """Return what a card names that others publish: its weights and its files."""
    named: list[Published] = [card.source, *card.files.values()]
    return [one for one in named if one.url is not None]


def obtain_all(wanted: Sequence[Published], *, offline: bool = False, progress: Callable[[int], None]) -> list[Path]:
    """Return local files for all of these, at most `AT_ONCE` downloads at a time; raise for the first that fails."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda one: obtain(one, offline=offline, progress=progress), wanted))


def gather(card: Card, folder: Path, target: Path, *, offline: bool = False) -> None:
    """Fill `target` with the card's folder and the published files that it names, each under its name."""
    shutil.copytree(folder, target, dirs_exist_ok=True)
    paths = obtain_all(list(card.files.values()), offline=offline, progress=lambda _: None)
    for (name, file), path in zip(card.files.items(), paths, strict=True):
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if file.member is None:
            shutil.copyfile(path, place)
        else:
            place.write_bytes(_member(path, file.member, file.url))


def _member(archive: Path, member: str, url: str) -> bytes:
    """Return one file of a ZIP archive, such as a TFLite file with metadata is; nothing else is unpacked."""
    try:
        with zipfile.ZipFile(archive) as opened:
            names, size = opened.namelist(), opened.getinfo(member).file_size if member in opened.namelist() else 0
            if 0 < size <= MAX_MEMBER:
                return opened.read(member)
    except (zipfile.BadZipFile, zlib.error) as error:
        raise SourceError(f"{url}: expected a ZIP archive with {member}: {error}: correct `member`") from error
    got = f"one of {size} bytes" if size else f"{', '.join(names[:10]) or 'nothing'}"
    raise SourceError(f"{url}: expected {member} of at most {MAX_MEMBER} bytes in it, got {got}: correct `member`")
