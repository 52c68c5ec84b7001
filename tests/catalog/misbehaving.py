"""A server on this machine that answers as bad servers do: each path a fault."""

from __future__ import annotations

import contextlib
import hashlib
import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DATA = random.Random(0).randbytes(300_000)
SHA256 = hashlib.sha256(DATA).hexdigest()
PAGE = b"<!DOCTYPE html><html><title>Please log in</title></html>"


class Handler(BaseHTTPRequestHandler):
    """Answers by the table of faults; `server.seen` counts the requests, `server.ranges` keeps what they asked for."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        self.server.seen[self.path] += 1  # type: ignore[attr-defined]
        self.server.ranges.append(self.headers.get("Range"))  # type: ignore[attr-defined]
        with contextlib.suppress(ConnectionError):
            FAULTS.get(self.path, whole)(self)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def give(self, body: bytes, *, status: int = 200, length: int | None = None, **headers: str) -> None:
        """Send a status, headers and a body that may be shorter or longer than announced."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    @property
    def asked_again(self) -> bool:
        """Whether this path was asked for before."""
        return bool(self.server.seen[self.path] > 1)  # type: ignore[attr-defined]

    def reset(self) -> None:
        """End the connection as a crashed machine does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True


def whole(handler: Handler) -> None:
    """Behave well: answer ranges with the rest."""
    asked = handler.headers.get("Range")
    start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
    rest = DATA[start:]
    extra = {"Content_Range": f"bytes {start}-{len(DATA) - 1}/{len(DATA)}"} if asked else {}
    handler.give(rest, status=206 if asked else 200, **extra)


def breaks_off_once(handler: Handler) -> None:
    """Send a third, then reset; behave well when asked again."""
    if handler.asked_again:
        whole(handler)
        return
    handler.give(DATA[:100_000], length=len(DATA))
    time.sleep(0.2)  # so that it arrives before the reset
    handler.reset()


def ignores_ranges(handler: Handler) -> None:
    """Break off once, then send everything from the start, whatever was asked for."""
    if handler.asked_again:
        handler.give(DATA)
        return
    handler.give(DATA[:100_000], length=len(DATA))
    handler.close_connection = True


def stalls(handler: Handler) -> None:
    """Send a little, then nothing, and keep the connection."""
    handler.give(DATA[:10], length=len(DATA))
    time.sleep(1.5)
    handler.close_connection = True


def always_resets(handler: Handler) -> None:
    """Never get anywhere."""
    handler.reset()


def busy_twice(handler: Handler) -> None:
    """Ask for patience twice."""
    if handler.server.seen[handler.path] <= 2:  # type: ignore[attr-defined]
        handler.give(b"", status=503)
    else:
        whole(handler)


def short(handler: Handler) -> None:
    """Announce less than there should be, and keep to it, each time from the start."""
    handler.give(DATA[:1000])


FAULTS: Mapping[str, Callable[[Handler], None]] = {
    "/breaks-off-once": breaks_off_once,
    "/ignores-ranges": ignores_ranges,
    "/stalls": stalls,
    "/resets": always_resets,
    "/busy-twice": busy_twice,
    "/short": short,
    "/long": lambda handler: handler.give(DATA + b"more"),
    "/page": lambda handler: handler.give(PAGE, Content_Type="text/html"),
    "/page-of-the-right-length": lambda handler: handler.give(PAGE.ljust(len(DATA))),
    "/wrong": lambda handler: handler.give(bytes(len(DATA))),
    "/missing": lambda handler: handler.give(b"no", status=404),
    "/forbidden": lambda handler: handler.give(b"no", status=403),
    "/to-a-file": lambda handler: handler.give(b"", status=302, Location="file:///etc/passwd"),
    "/in-a-circle": lambda handler: handler.give(b"", status=302, Location="/in-a-circle"),
    "/elsewhere": lambda handler: handler.give(b"", status=302, Location="/whole"),
}


@contextlib.contextmanager
def serving() -> Iterator[ThreadingHTTPServer]:
    """Serve on a free port of this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.seen, server.ranges = Counter(), []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
