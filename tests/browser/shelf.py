"""Pages that the test client was given, served again as they are: a browser looks at them without a database."""

import gzip
from collections.abc import Iterable
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from pathlib import Path
from threading import Thread
from typing import Self

from django.conf import settings
from django.http import HttpResponse


@cache
def weight(content: bytes) -> int:
    """How many bytes of it cross the network."""
    return len(gzip.compress(content, 6))


@cache
def static(path: str) -> bytes:
    """A collected static file."""
    return (Path(settings.STATIC_ROOT) / path.removeprefix(settings.STATIC_URL)).read_bytes()


class Shelf:
    """A server of its own for some answers, under their paths, and for the collected static files."""

    def __init__(self, answers: Iterable[HttpResponse]) -> None:
        self.pages = {each.wsgi_request.path: each for each in answers}
        shelf = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                news = "HX-Request" in self.headers  # of a page that looks again by itself: there is none here
                status, headers, content = (204, {}, b"") if news else shelf.found(path)
                self.send_response(status)
                for name, value in (headers | {"Content-Length": str(len(content))}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def found(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and content of what stands under `path`."""
        if path in self.pages:
            return 200, dict(self.pages[path].headers), self.pages[path].content
        if path.startswith(settings.STATIC_URL):
            kept = {"Cache-Control": "max-age=3600, immutable", "Content-Type": guess_type(path)[0] or ""}
            return 200, kept, static(path)
        return 404, {}, b""

    def weight(self, paths: Iterable[str], end: str) -> int:
        """How many bytes the static files among `paths` that end so weigh together."""
        return sum(weight(static(each)) for each in paths if each.endswith(end))

    def __enter__(self) -> Self:
        Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.server.shutdown()
        self.server.server_close()
