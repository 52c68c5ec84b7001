"""What people name on the command line as what a model gets: files, folders, addresses, standard input, values."""

from __future__ import annotations

import ipaddress
import json
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import urllib3

ENDINGS = {  # files of a folder that a task takes
    "image": (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp"),
    "audio": (".wav",),
    "file": ("",),  # any
    "text": (".txt",),
    "row": (".json",),
}
LARGEST = 50_000_000  # bytes of an address
STALLED = 20.0  # seconds


class InputError(ValueError):
    """An input that cannot be read; the message says where, why and what to do."""


@dataclass(frozen=True)
class Given:
    """One input: what people call it, and how to read it."""

    name: str
    read: Callable[[], Any]


def find(arguments: Sequence[str], kind: str, others: Sequence[Given], *, allow_network: bool) -> list[Given]:
    """Return the inputs that the arguments name, for a task that takes `kind`, and others.

    Pairs `name=value` make one row. Raises `InputError` where there is no input at all.
    """
    pairs = [argument for argument in arguments if kind == "row" and "=" in argument]
    found = [Given("row", lambda: _row(pairs))] if pairs else []
    for argument in arguments:
        if argument not in pairs:
            found += _find(argument, kind, allow_network)
    found += others
    if not found:
        raise InputError(f"expected something to run on ({kind}), got nothing")
    return found


def _find(argument: str, kind: str, allow_network: bool) -> Iterator[Given]:
    path = Path(argument)
    if argument == "-":
        yield Given("standard input", lambda: _parsed(sys.stdin.buffer.read(), kind, "standard input"))
    elif "://" in argument:
        if not allow_network:
            raise InputError(f"{argument}: addresses are read only with --allow-network")
        yield Given(argument, lambda: _parsed(_fetched(argument), kind, argument))
    elif path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file() and _is_taken(file, kind))
        if not files:
            endings = ", ".join(filter(None, ENDINGS[kind]))
            raise InputError(f"{argument}: expected files{endings and f' that end in {endings}'}, got none")
        yield from (_file(file, kind) for file in files)
    else:
        yield _file(path, kind)


def _is_taken(file: Path, kind: str) -> bool:
    return file.name.lower().endswith(ENDINGS[kind])


def _file(path: Path, kind: str) -> Given:
    def read() -> Any:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}: correct the name") from error
        return _parsed(data, kind, str(path))

    return Given(str(path), read)


def _parsed(data: bytes, kind: str, name: str) -> Any:
    if kind in ("image", "audio", "file"):
        return data
    try:
        text = data.decode("utf-8")
        return text if kind == "text" else json.loads(text)
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: expected text in UTF-8, got another byte at {error.start}: convert it") from error
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"{name}: expected a JSON object of column names and values: {error}") from error


def _row(pairs: Sequence[str]) -> Mapping[str, str]:
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}


def _fetched(url: str) -> bytes:
    """Read an address of the public network, https alone, of moderate size."""
    host = urlsplit(url).hostname or ""
    if urlsplit(url).scheme != "https":
        raise InputError(f"{url}: expected an https address")
    try:
        addresses = {row[4][0] for row in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)}
    except OSError as error:
        raise InputError(f"{url}: no such host: {error}") from error
    if not all(ipaddress.ip_address(address).is_global for address in addresses):
        raise InputError(f"{url}: leads to a private address, which is not read: name a file instead")
    try:
        answer = urllib3.request("GET", url, timeout=STALLED, preload_content=False, retries=False, redirect=False)
        data: bytes = answer.read(LARGEST + 1)
    except urllib3.exceptions.HTTPError as error:
        raise InputError(f"{url}: cannot be read: {error}") from error
    if answer.status != 200:
        raise InputError(f"{url}: expected status 200, got {answer.status}: use the final address of a file")
    if len(data) > LARGEST:
        raise InputError(f"{url}: expected at most {LARGEST:,} bytes: make it smaller")
    return data
