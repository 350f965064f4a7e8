"""A web server on this machine, for tests of downloads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Shelf(ThreadingHTTPServer):
    """A server that holds files in memory, and can be told to behave badly.

    ``files`` maps a path to content; ``cuts`` says after how many bytes each of the next answers breaks off;
    ``asked`` notes the path and the range of every request.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.cuts: list[int] = []
        self.asked: list[tuple[str, str | None]] = []
        self.version = '"1"'
        self.ranges = True
        self.status: int | None = None

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{name}"


class _Handler(BaseHTTPRequestHandler):
    server: Shelf

    def do_GET(self) -> None:
        shelf, wanted = self.server, self.headers.get("Range")
        shelf.asked.append((self.path, wanted))
        content = shelf.files.get(self.path.lstrip("/"))
        if shelf.status is not None or content is None:
            self.send_error(shelf.status or 404)
            return
        first = 0
        if shelf.ranges and wanted and self.headers.get("If-Range") == shelf.version:
            first = int(wanted.removeprefix("bytes=").rstrip("-"))
        if first >= len(content) > 0:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        self.send_header("ETag", shelf.version)
        self.send_header("Content-Length", str(len(content) - first))
        self.end_headers()
        end = first + shelf.cuts.pop(0) if shelf.cuts else len(content)
        self.wfile.write(content[first:end])
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    """Return a running server with no files yet."""
    with Shelf() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
