"""Downloads of known bytes: resumed where they broke off, tried again with patience, and never half there."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError, LocationValueError, MaxRetryError

CHUNK = 2**16
AGAIN = {408, 425, 429, 500, 502, 503, 504}  # statuses that may pass
REDIRECTS = urllib3.Retry(None, connect=0, read=0, status=0, other=0, redirect=5)  # other attempts are made here
MARKUP = (b"<!doctype html", b"<html", b"<?xml")


class DownloadError(Exception):
    """An address does not give the bytes; the message says what it gave instead, and what to do."""


class _Interrupted(Exception):  # noqa: N818 - not an error yet: another attempt follows
    """The connection or the server failed in a way that may pass."""


class _SilentError(_Interrupted):
    """Nobody answers there."""


SILENT: set[str] = set()  # hosts that this process tried with patience and got no answer from: once is enough then


@dataclass(frozen=True)
class Limits:
    """How patient a download is."""

    attempts: int = 4
    first_pause: float = 0.5  # seconds before the second attempt; each further one waits twice as long
    stalled: float = 20.0  # seconds without a byte


PATIENT = Limits()


def download(
    url: str,
    target: Path,
    *,
    sha256: str,
    size: int,
    progress: Callable[[int], None] = lambda _: None,
    limits: Limits = PATIENT,
) -> None:
    """Write the `size` bytes at `url` with this digest to `target`, which appears whole or not at all.

    What has come so far waits beside the target under `.part`, for the next attempt or the next run. `progress` is
    called with the number of bytes of each piece; negative when a server makes the download begin anew.
    Raises `DownloadError`.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.part")
    with _locked(unfinished, url) as part:
        if target.exists():  # another process was faster
            unfinished.unlink()
            return
        _attempt_all(url, part, size, progress, limits)
        fault = _fault(part, sha256, size)
        if fault:
            unfinished.unlink()
            raise DownloadError(f"{url}: {fault}")
        unfinished.replace(target)


@contextmanager
def _locked(path: Path, url: str) -> Iterator[IO[bytes]]:
    """Open the unfinished file for one process at a time; a full disk removes it and is told as such."""
    with _opened(path) as part:
        try:
            yield part
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            path.unlink(missing_ok=True)
            reason = f"{url}: no space left in {path.parent}; free some, or set EDGEWISE_CACHE to a folder elsewhere"
            raise DownloadError(reason) from error


def _opened(path: Path) -> IO[bytes]:
    """Open and lock a file that others may remove or rename while this process waits for it."""
    while True:
        part = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o644), "r+b")
        fcntl.flock(part, fcntl.LOCK_EX)
        if path.exists() and os.path.samestat(os.fstat(part.fileno()), path.stat()):
            return part
        part.close()


def _attempt_all(url: str, part: IO[bytes], size: int, progress: Callable[[int], None], limits: Limits) -> None:
    host = urlsplit(url).netloc
    attempts = 1 if host in SILENT else limits.attempts
    for attempt in range(1, attempts + 1):
        try:
            _continue(url, part, size, progress, limits)
        except _Interrupted as error:
            if attempt == attempts:
                if isinstance(error, _SilentError):
                    SILENT.add(host)
                have = f"{part.tell():,} of {size:,} bytes are kept for the next try"
                raise DownloadError(f"{url}: {error} ({attempt} attempts; {have})") from error
            time.sleep(limits.first_pause * 2 ** (attempt - 1))
        else:
            return


def _continue(url: str, part: IO[bytes], size: int, progress: Callable[[int], None], limits: Limits) -> None:
    """Fetch what is still missing."""
    begun = part.seek(0, os.SEEK_END)
    if begun > size:
        begun = _emptied(part)
    if begun == size:
        return
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={begun}-"} if begun else {})
    timeout = urllib3.Timeout(connect=limits.stalled, read=limits.stalled)
    try:
        with urllib3.request(
            "GET", url, headers=headers, timeout=timeout, preload_content=False, retries=REDIRECTS
        ) as response:
            _refuse_status(url, response.status)
            if begun and response.status != 206:  # the server sends all of it again
                _emptied(part)
                progress(-begun)
            _copy(url, response, part, size, progress)
    except LocationValueError as error:
        raise DownloadError(f"{url}: leads to an address that is not http or https: {error}") from error
    except MaxRetryError as error:
        if isinstance(error.reason, HTTPError) and "redirect" in str(error.reason).lower():
            raise DownloadError(f"{url}: is redirected again and again; use the final address") from error
        raise _SilentError(f"cannot be reached: {error.reason}") from error
    except HTTPError as error:
        raise _Interrupted(f"the connection broke off: {error}") from error


def _emptied(part: IO[bytes]) -> int:
    part.seek(0)
    return part.truncate()


def _refuse_status(url: str, status: int) -> None:
    if status in AGAIN:
        raise _Interrupted(f"the server answers with status {status}")
    if status not in (200, 206):
        cure = "correct the address" if status in (404, 410) else "see in a browser what the server wants"
        raise DownloadError(f"{url}: expected status 200, got {status}: {cure}")


def _copy(
    url: str, response: urllib3.BaseHTTPResponse, part: IO[bytes], size: int, progress: Callable[[int], None]
) -> None:
    while piece := response.read1(CHUNK):  # whatever has arrived, so that nothing of it is lost
        if part.tell() + len(piece) > size:
            _emptied(part)
            raise DownloadError(f"{url}: expected {size:,} bytes, got more: correct the card's `bytes` or the address")
        part.write(piece)
        progress(len(piece))
    part.flush()
    if part.tell() == size:
        return
    if _is_markup(part):
        _emptied(part)
        got = "a web page: it may want a login, or the file has moved"
        raise DownloadError(f"{url}: expected {size:,} bytes of a file, got {got}")
    raise _Interrupted(f"the server ended after {part.tell():,} of {size:,} bytes")


def _is_markup(part: IO[bytes]) -> bool:
    part.seek(0)
    start = part.read(64).lstrip().lower()
    part.seek(0, os.SEEK_END)
    return start.startswith(MARKUP)


def _fault(part: IO[bytes], sha256: str, size: int) -> str | None:
    """Say what is wrong with a whole file; None if nothing is."""
    part.seek(0)
    digest = hashlib.file_digest(part, "sha256").hexdigest()  # type: ignore[arg-type] # opened for both, it has readinto
    if digest == sha256:
        return None
    got = "a web page" if _is_markup(part) else f"{size:,} bytes with sha256 {digest}"
    return f"expected sha256 {sha256}, got {got}: the file was changed, or the card is wrong"
