"""Calls to addresses that users give: where they may go, and how long and how large an answer may be."""

import ipaddress
import logging
import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from threading import Event, Thread, current_thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from config import outbound
from config.outbound import MOST_BYTES, Blocked, Unreachable, check_url, may_reach, post

INSIDE = {  # how an address of ours can be written
    "loopback": "127.0.0.1",
    "this host": "0.0.0.0",
    "decimal": "2130706433",
    "hexadecimal": "0x7f000001",
    "octal": "0177.0.0.1",
    "short": "127.1",
    "IPv6 loopback": "[::1]",
    "mapped into IPv6": "[::ffff:127.0.0.1]",
    "mapped, in hexadecimal": "[::ffff:7f00:1]",
    "NAT64": "[64:ff9b::a00:1]",
    "6to4": "[2002:7f00:1::]",
    "metadata": "169.254.169.254",
    "metadata over IPv6": "[fd00:ec2::254]",
    "private": "10.0.0.1",
    "carrier's NAT": "100.64.0.1",
    "multicast": "224.0.0.1",
    "link-local": "[fe80::1]",
}


@pytest.fixture
def looked_up(monkeypatch):
    """What a name is looked up as, one list of addresses after the other; and how often that was."""
    answers: list[list[str]] = []
    real = socket.getaddrinfo
    asked: list[str] = []

    def look_up(host, port, *rest, **options):
        if host[:1].isdigit() or ":" in host:
            return real(host, port, *rest, **options)
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]

    monkeypatch.setattr(outbound.socket, "getaddrinfo", look_up)
    return answers, asked


@pytest.mark.parametrize("host", INSIDE.values(), ids=INSIDE)
def test_an_address_inside_is_refused_however_it_is_written(host):
    with pytest.raises(Blocked):
        check_url(f"https://{host}/hook")
    with pytest.raises(Blocked):
        post(f"https://{host}/hook", content=b"")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "hooks.localhost", "printer.local", "ci.corp.internal"])
def test_a_name_that_only_a_network_inside_knows_is_refused_where_none_is_open(host, settings):
    with pytest.raises(Blocked, match="inside a network"):
        check_url(f"https://{host}/hook")
    settings.OUTBOUND_NETWORKS = ["10.0.0.0/8"]
    assert check_url(f"https://{host}/hook")


@pytest.mark.parametrize(
    "address", [host.strip("[]") for host in INSIDE.values() if host.count(".") == 3 or ":" in host]
)
def test_a_name_of_an_address_inside_is_refused_when_it_is_called(address, looked_up):
    if address == INSIDE["octal"]:
        address = "127.0.0.1"  # what the resolver makes of it
    looked_up[0].append([address])

    assert str(check_url("https://hook.example/")) == "https://hook.example/"
    with pytest.raises(Blocked, match=r"hook\.example is no public address"):
        post("https://hook.example/", content=b"")


def test_one_address_inside_among_public_ones_is_refused(looked_up):
    looked_up[0].append(["93.184.216.34", "10.0.0.1"])

    with pytest.raises(Blocked):
        post("https://hook.example/", content=b"")


def test_a_name_that_changes_its_mind_is_looked_up_once(receiver, looked_up):
    """What was checked is what is connected to."""
    answers, asked = looked_up
    answers += [["127.0.0.1"], ["169.254.169.254"]]

    assert post(receiver.url.replace("127.0.0.1", "hook.example"), content=b"").status == 204
    assert asked == ["hook.example"]
    assert receiver.got[0].headers["Host"].startswith("hook.example:")
    with pytest.raises(Blocked):
        post(receiver.url.replace("127.0.0.1", "hook.example"), content=b"")


@pytest.mark.parametrize(
    "url",
    [
        "http://hook.example/",
        "ftp://hook.example/",
        "file:///etc/passwd",
        "gopher://hook.example/",
        "//hook.example/",
        "hook.example",
        "https://",
        "https://./",
        "https://user@hook.example/",
        "https://user:word@hook.example/",
        "https://@hook.example/",
        "https://hook.example:22/",
        "https://hook.example:0/",
        "https://hook.example:99999/",
        "https://hook.example/\n",
        "https://hook.example/ x",
        "https://hook.example\\@127.0.0.1/",
        "https://h\u00f6k.example/",
        "https://hook.example/" + "a" * 2000,
        "https://[::1/",
    ],
)
def test_an_address_that_is_wrong_in_itself_is_refused_before_any_look_up(url, looked_up):
    with pytest.raises(Blocked):
        check_url(url)
    assert looked_up[1] == []


@pytest.mark.parametrize(
    "url",
    ["https://hook.example", "https://hook.example:8443/a?b=c", "https://93.184.216.34/", "https://[2606:4700::1]/"],
)
def test_a_public_address_is_taken(url):
    assert str(check_url(url)) == url


def test_an_operator_opens_private_networks_and_no_others(settings):
    settings.OUTBOUND_NETWORKS = ["10.20.0.0/16", "fd12::/16"]

    assert str(check_url("http://10.20.0.7/hook")) == "http://10.20.0.7/hook"
    for inside in ("10.20.1.1", "::ffff:10.20.1.1", "fd12::1"):
        assert may_reach(ipaddress.ip_address(inside))
    for other in ("10.21.0.1", "127.0.0.1", "fd13::1"):
        assert not may_reach(ipaddress.ip_address(other))
    with pytest.raises(Blocked):
        check_url("http://93.184.216.34/")  # public: only with TLS


def test_a_name_without_tls_must_lie_in_an_opened_network(settings, looked_up):
    settings.OUTBOUND_NETWORKS = ["10.20.0.0/16"]
    looked_up[0].append(["93.184.216.34"])

    with pytest.raises(Blocked):
        post("http://hook.example/", content=b"")


def test_what_is_posted_arrives_and_the_answer_comes_back(receiver):
    receiver.status, receiver.body, receiver.headers = 201, b"taken\0", {"X-Kind": "test"}

    answer = post(f"{receiver.url}/in?a=b", content=b"{}", headers={"X-Mine": "1"})

    got = receiver.got[0]
    assert (got.path, got.body, got.headers["X-Mine"]) == ("/in?a=b", b"{}", "1")
    assert (got.headers["Content-Type"], got.headers["User-Agent"]) == ("application/json", "Gatehouse")
    assert (answer.status, answer.text, answer.headers["x-kind"]) == (201, "taken\ufffd", "test")
    assert (answer.is_success, answer.is_cut) == (True, False)


def test_an_address_is_in_no_log_also_when_everything_is_logged(receiver, written):
    logging.getLogger().setLevel(logging.DEBUG)

    post(f"{receiver.url}/very-secret?key=very-secret", content=b"")
    logging.getLogger("config.outbound").debug("written")

    assert "written" in written.getvalue()
    assert "very-secret" not in written.getvalue()


def test_a_redirect_is_an_answer_and_is_not_followed(receiver):
    receiver.status, receiver.headers = 302, {"Location": f"{receiver.url}/other"}

    answer = post(receiver.url, content=b"")

    assert (answer.status, answer.is_success, len(receiver.got)) == (302, False, 1)


def test_a_proxy_of_the_environment_is_not_asked(receiver, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert post(receiver.url, content=b"").status == 204


def test_of_a_huge_answer_only_the_beginning_is_read(receiver):
    receiver.act = receiver.flood

    answer = post(receiver.url, content=b"")

    assert (answer.status, len(answer.body), answer.is_cut) == (200, MOST_BYTES, True)


def test_a_slow_answer_ends_at_the_limit_although_something_always_comes(receiver):
    receiver.act, began = receiver.drip, time.monotonic()

    with pytest.raises(Unreachable, match="took too long"):
        post(receiver.url, content=b"", seconds=0.3)
    assert time.monotonic() - began < 2


def test_a_slow_look_up_ends_at_the_limit(receiver, monkeypatch):
    is_over, looking = Event(), []

    def look_up(*_, **__):
        looking.append(current_thread())
        is_over.wait(60)
        return []

    monkeypatch.setattr(outbound.socket, "getaddrinfo", look_up)
    began = time.monotonic()

    with pytest.raises(Unreachable, match="could not be looked up in time"):
        post("https://hook.example/", content=b"", seconds=0.2)
    assert time.monotonic() - began < 2

    is_over.set()
    looking[0].join(5)
    assert not looking[0].is_alive()


def test_a_receiver_that_hangs_up_or_is_not_there_is_unreachable(receiver, monkeypatch):
    receiver.act = receiver.hang_up
    with pytest.raises(Unreachable):
        post(receiver.url, content=b"")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(Unreachable):
        post(f"http://127.0.0.1:{port}/", content=b"")
    monkeypatch.setattr(outbound.socket, "getaddrinfo", lambda *_, **__: (_ for _ in ()).throw(socket.gaierror(-2)))
    with pytest.raises(Unreachable, match="not known"):
        post("https://hook.example/", content=b"")


def test_every_address_of_a_name_is_tried(receiver, looked_up):
    looked_up[0].append(["127.0.0.2", "127.0.0.1"])  # nobody listens at the first

    assert post(receiver.url.replace("127.0.0.1", "hook.example"), content=b"").status == 204


def test_a_certificate_nobody_vouches_for_is_refused(settings, tmp_path):
    settings.OUTBOUND_NETWORKS = ["127.0.0.0/8"]
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")]), datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    (tmp_path / "pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "pem")

    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            taken, _ = server.accept()
            with pytest.raises(ssl.SSLError):
                context.wrap_socket(taken, server_side=True)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        with pytest.raises(Unreachable, match=r"(?i)certificate"):
            post(f"https://127.0.0.1:{server.getsockname()[1]}/", content=b"")
        thread.join(5)
