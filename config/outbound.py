"""The one HTTP client for addresses that users give: it reaches public ones, and private networks an operator opened.

An address is judged where it is connected to, after its name was looked up, so odd spellings and names that change
their mind get nowhere. Redirects are answers and are not followed, proxies of the environment are not asked, and time
and size have limits whatever the other side does.
"""

import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

import httpcore2
import httpx2
from django.conf import settings

CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 5.0, 10.0, 15.0  # TOTAL for all of it, from the look-up to the last byte
MOST_BYTES = 64 * 1024  # of an answer's body
LONGEST_URL = 2000
LOCAL = ("localhost", "local", "internal")  # ends of names that no public address has (RFC 6761, RFC 6762, ICANN)
PORTS = frozenset({80, 443})  # and those no system service has
FIRST_FREE_PORT = 1024
CHUNK = 16 * 1024
V4_INSIDE = ipaddress.ip_network("64:ff9b::/96")  # NAT64 (RFC 6052)
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class OutboundError(Exception):
    """There is no answer; the message says why, in words for whoever gave the address."""


class Blocked(OutboundError):
    """The address is none we call."""


class Unreachable(OutboundError):
    """Nobody answers there, or not in time, or not in HTTP."""


@dataclass(frozen=True)
class Answer:
    """What came back. `body` is at most MOST_BYTES as they were sent, `is_cut` when there was more."""

    status: int
    headers: httpx2.Headers
    body: bytes
    is_cut: bool
    seconds: float

    @property
    def is_success(self) -> bool:
        """Whether the other side took it (2xx)."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body as text, whatever it is."""
        return self.body.decode("utf-8", "replace").replace("\0", "\ufffd")


def check_url(url: str) -> httpx2.URL:
    """`url` as it would be called. Raises Blocked for what is wrong with it before any look-up: not https (plain http
    only where private networks are open), a user or password in it, a port of a system service, an odd spelling of an
    IP address, one that is not public, or a name that only a network inside knows."""
    if len(url) > LONGEST_URL or not re.fullmatch(r"[\x21-\x7e]+", url) or "\\" in url:
        raise Blocked(f"The address must be at most {LONGEST_URL} printable ASCII characters without spaces.")
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise Blocked(f"This is no address: {error}") from error
    if parsed.scheme not in ("https", "http") or (parsed.scheme == "http" and not _opened()):
        raise Blocked("The address must begin with https://.")
    if "@" in re.split("[/?#]", url.partition("//")[2])[0]:
        raise Blocked("The address must not contain a user or a password.")
    if parsed.port is not None and parsed.port not in PORTS and not FIRST_FREE_PORT <= parsed.port <= 65535:
        raise Blocked(f"Port {parsed.port} is none we call: choose 443, 80 or one above 1023.")
    _check_host(parsed.host, is_plain=parsed.scheme == "http")
    return parsed


def _check_host(host: str, *, is_plain: bool) -> None:
    if not host.strip("."):
        raise Blocked("The address has no host.")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        last = host.rstrip(".").rpartition(".")[2].lower()
        if last.isdigit() or re.fullmatch(r"0x[0-9a-f]*", last):
            raise Blocked(f"{host} is an odd spelling of an IP address.") from None
        if last in LOCAL and not _opened():
            raise Blocked(f"{host} is a name inside a network, not a public one.") from None
        return
    if not may_reach(address, is_plain=is_plain):
        raise Blocked(f"{host} is no public address.")


def may_reach(address: Address, *, is_plain: bool = False) -> bool:
    """Whether we call this address: a public one, or one in OUTBOUND_NETWORKS; without TLS only the latter.

    An IPv4 address inside an IPv6 one (mapped, NAT64, 6to4) is judged as what it is.
    """
    address = _real(address)
    if any(address.version == network.version and address in network for network in _opened()):
        return True
    if is_plain or not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    return isinstance(address, ipaddress.IPv4Address) or (address in GLOBAL_UNICAST and address.teredo is None)


def _real(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in V4_INSIDE:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _opened() -> tuple[Network, ...]:
    return _networks(tuple(settings.OUTBOUND_NETWORKS))


@cache
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


def resolve(host: str, port: int, seconds: float) -> list[Address]:
    """All addresses of `host`, looked up for at most `seconds`. Raises Unreachable."""
    found: SimpleQueue[list[Any] | OSError] = SimpleQueue()

    def look_up() -> None:
        try:
            found.put(list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
        except (OSError, UnicodeError) as error:
            found.put(OSError(str(error)))

    Thread(target=look_up, daemon=True).start()  # the resolver knows no time limit; a late answer is thrown away
    try:
        answer = found.get(timeout=max(seconds, 0))
    except Empty:
        raise Unreachable(f"The name {host} could not be looked up in time.") from None
    if isinstance(answer, OSError):
        raise Unreachable(f"The name {host} is not known.")
    texts = dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in answer)
    return [ipaddress.ip_address(text) for text in texts]


class Deadline:
    """When everything must be over, on the monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self.at = time.monotonic() + seconds

    def within(self, seconds: float | None) -> float:
        """At most `seconds`, and at most what is left. Raises Unreachable when nothing is."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise Unreachable("The answer took too long.")
        return left if seconds is None else min(seconds, left)


class GuardedStream(httpcore2.NetworkStream):
    """A connection of which nothing lasts longer than the deadline."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.within(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), CHUNK):
            self._stream.write(buffer[start : start + CHUNK], self._deadline.within(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        inner = self._stream.start_tls(ssl_context, server_hostname, self._deadline.within(timeout))
        return GuardedStream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class GuardedBackend(httpcore2.SyncBackend):
    """Looks a name up once, refuses it when one of its addresses is none we call, and tries them in turn."""

    def __init__(self, deadline: Deadline, *, is_plain: bool) -> None:
        self._deadline, self._is_plain = deadline, is_plain

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        until = Deadline(self._deadline.within(timeout))
        addresses = resolve(host, port, until.within(None))
        if not all(may_reach(each, is_plain=self._is_plain) for each in addresses):
            raise Blocked(f"{host} is no public address.")
        for address in addresses[:-1]:
            with suppress(httpcore2.ConnectError, httpcore2.ConnectTimeout):
                return self._connect(str(address), port, until, socket_options)
        return self._connect(str(addresses[-1]), port, until, socket_options)

    def _connect(self, address: str, port: int, until: Deadline, options: Any) -> httpcore2.NetworkStream:
        stream = super().connect_tcp(address, port, until.within(None), None, options)
        return GuardedStream(stream, self._deadline)

    def connect_unix_socket(self, path: str, timeout: float | None = None, socket_options: Any = None) -> Any:
        raise Blocked("A socket is no address we call.")


class GuardedTransport(httpx2.BaseTransport):
    """One call's way out; `seconds` bound all of it."""

    def __init__(self, url: httpx2.URL, seconds: float = TOTAL_SECONDS) -> None:
        backend = GuardedBackend(Deadline(seconds), is_plain=url.scheme == "http")
        self._pool = httpcore2.ConnectionPool(ssl_context=_ssl_context(), network_backend=backend)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send it, and answer when the headers are there; the body is read by whoever wants it."""
        url = request.url
        target = httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        asked = httpcore2.Request(
            method=request.method,
            url=target,
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        answer = self._pool.handle_request(asked)
        return httpx2.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    def close(self) -> None:
        self._pool.close()


class _Body(httpx2.SyncByteStream):
    def __init__(self, answer: httpcore2.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


@cache
def _ssl_context() -> ssl.SSLContext:
    return ssl.create_default_context()  # the system's authorities, or those that SSL_CERT_FILE names


def post(url: str, *, content: bytes, headers: dict[str, str] | None = None, seconds: float = TOTAL_SECONDS) -> Answer:
    """POST `content` to a user's address, and return what came back whatever its status.

    Raises Blocked for an address we don't call, Unreachable when no answer came within `seconds`.
    """
    address, began = check_url(url), time.monotonic()
    transport = GuardedTransport(address, seconds)
    limits = httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    sent = {"User-Agent": "Gatehouse", "Accept-Encoding": "identity", "Content-Type": "application/json"}
    try:
        with (
            httpx2.Client(transport=transport, follow_redirects=False, trust_env=False, timeout=limits) as client,
            client.stream("POST", address, content=content, headers=sent | (headers or {})) as response,
        ):
            body, is_cut = _first_bytes(response)
            return Answer(response.status_code, response.headers, body, is_cut, time.monotonic() - began)
    except httpcore2.TimeoutException as error:
        raise Unreachable("The answer took too long.") from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError, httpx2.TransportError, ssl.SSLError, OSError) as error:
        raise Unreachable(f"No answer: {str(error) or type(error).__name__}"[:500]) from error


def _first_bytes(response: httpx2.Response) -> tuple[bytes, bool]:
    """So much of the body as we keep, and whether there is more; the rest is not read."""
    body = b""
    for chunk in response.iter_raw():
        body += chunk
        if len(body) > MOST_BYTES:
            return body[:MOST_BYTES], True
    return body, False
