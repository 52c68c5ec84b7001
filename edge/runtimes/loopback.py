"""Folders of this machine at addresses of its loopback interface, which no other machine reaches."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

TYPES = {".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm"}


class Loopback:
    """Serves `folders`, a name each, at `<origin>/<name>/<path>` until it is closed; more may be added meanwhile."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, folders))
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Free the port."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # which holds each small answer back for 40 ms
    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | TYPES

    def __init__(self, folders: Mapping[str, Path], *args: object) -> None:
        self._folders = folders
        super().__init__(*args)  # type: ignore[arg-type] # the server passes them on

    def translate_path(self, path: str) -> str:
        """Return the file that an address stands for, or nothing, for which the base class answers 404."""
        name, _, rest = unquote(urlsplit(path).path).removeprefix("/").partition("/")
        folder = self._folders.get(name)
        file = (folder / rest).resolve() if folder else None
        is_inside = folder and file and file.is_relative_to(folder.resolve()) and file.is_file()
        return str(file) if is_inside else ""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Say nothing: a build's bar is on this terminal."""
