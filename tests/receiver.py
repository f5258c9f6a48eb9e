"""Fixture: somebody's web server on the loopback address, which outgoing calls may reach while it is asked for."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest


@dataclass
class Received:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """What came, and how to answer: `status`, `headers` and `body`, or what `act` does with the handler."""

    url: str = ""
    got: list[Received] = field(default_factory=list)
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    act: Callable[[BaseHTTPRequestHandler], None] | None = None
    over: Event = field(default_factory=Event)

    def drip(self, handler: BaseHTTPRequestHandler) -> None:
        """Send a byte of a header now and then, for ever."""
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not self.over.is_set():
            handler.wfile.write(b"a")
            time.sleep(0.02)

    def flood(self, handler: BaseHTTPRequestHandler) -> None:
        """Send a body without end."""
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not self.over.is_set():
            handler.wfile.write(b"a" * 65536)

    def hang_up(self, handler: BaseHTTPRequestHandler) -> None:
        """Say nothing and close."""
        handler.close_connection = True


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    """A receiver at `.url`; it answers 204 until told otherwise."""
    known = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            known.got.append(Received(self.path, dict(self.headers), body))
            with suppress(OSError):
                if known.act:
                    return known.act(self)
                self.send_response(known.status)
                for name, value in known.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(known.body)))
                self.end_headers()
                self.wfile.write(known.body)
            return None

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    known.url = f"http://127.0.0.1:{server.server_port}"
    settings.OUTBOUND_NETWORKS = ["127.0.0.0/8"]
    yield known
    known.over.set()
    server.shutdown()
    server.server_close()
