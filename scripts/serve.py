"""Serves the built site on this machine, isolated from other origins so that the browser grants threads."""

from __future__ import annotations

import http.server
from functools import partial
from pathlib import Path

HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",  # a rebuilt site shows at the next load
}
TYPES = {
    ".mjs": "text/javascript",
    ".js": "text/javascript",
    ".wasm": "application/wasm",
    ".onnx": "application/octet-stream",
}


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of one folder; no listings, since every page of the site has an index."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # which holds each small answer back for 40 ms
    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | TYPES
    isolated = True

    def end_headers(self) -> None:
        """Add the headers of an isolated site."""
        for name, value in HEADERS.items():
            if self.isolated or not name.startswith("Cross-Origin"):
                self.send_header(name, value)
        super().end_headers()

    def list_directory(self, path: object) -> None:  # noqa: ARG002 - the base class calls it
        """Answer 404 where there is no index."""
        self.send_error(404)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Show the site's own page for what is not found."""
        page = Path(self.directory, "404.html")
        if code != http.HTTPStatus.NOT_FOUND or not page.is_file():
            super().send_error(code, message, explain)
            return
        body = page.read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Say nothing: a person reads this terminal for the address."""


def make_server(site: Path, host: str, port: int, *, isolated: bool = True) -> http.server.ThreadingHTTPServer:
    """Bind to `host:port` (0 picks a free port) and return the server, not yet serving."""
    handler = type("SiteHandler", (Handler,), {"isolated": isolated})
    return http.server.ThreadingHTTPServer((host, port), partial(handler, directory=str(site)))
