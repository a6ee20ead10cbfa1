"""MTA-STS policies from real https servers on loopback: what is taken for a policy, and what proves nothing."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import ThreadingHTTPServer

import pytest
import trustme

from registrar_sync.core.known import PolicyQuestion, Said
from registrar_sync.mta_sts import LARGEST_POLICY, PolicyFetcher
from tests.unit.loopback import Reply, Web, web

HOST = "mta-sts.example.com"
POLICY = "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmax_age: 604800\r\n"
HERE = ("127.0.0.1",)
TEXT = {"Content-Type": "text/plain; charset=utf-8"}


pytestmark = pytest.mark.usefixtures("trusted")


@contextmanager
def policy_host(certificate: trustme.LeafCert, *replies: Reply) -> Iterator[Web]:
    """An https server that presents this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)

    def wrap(server: ThreadingHTTPServer) -> None:
        server.socket = context.wrap_socket(server.socket, server_side=True)

    with web(*replies, wrap=wrap, scheme="https") as served:
        yield served


def port_of(served: Web) -> int:
    return int(served.url.rpartition(":")[2])


def fetch(port: int, *, addresses: tuple[str, ...] = HERE, timeout_s: float = 5.0) -> Said:
    return PolicyFetcher(port=port, timeout_s=timeout_s).fetch(PolicyQuestion("example.com.", addresses))


def test_a_policy_is_fetched_by_address_under_the_policy_hosts_name(authority: trustme.CA) -> None:
    with policy_host(authority.issue_cert(HOST), Reply(200, POLICY.encode(), TEXT)) as served:
        assert fetch(port_of(served)) == Said(status="yes", text=POLICY)
    ((method, path, headers, _),) = served.seen
    assert (method, path, headers["Host"]) == ("GET", "/.well-known/mta-sts.txt", HOST)


def test_the_fetcher_serves_many_domains_and_many_threads(authority: trustme.CA) -> None:
    with policy_host(authority.issue_cert(HOST), Reply(200, POLICY.encode(), TEXT)) as served:
        fetcher = PolicyFetcher(port=port_of(served))
        found: list[Said] = []
        question = PolicyQuestion("example.com.", HERE)
        threads = [threading.Thread(target=lambda: found.append(fetcher.fetch(question))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert [said.status for said in found] == ["yes"] * 4
        assert fetcher.fetch(PolicyQuestion("example.org.", HERE)).status == "unknown"


@pytest.mark.parametrize("media_type", ["text/html", "TEXT/PLAIN", "application/octet-stream", None])
def test_the_media_type_is_not_judged_since_not_every_sender_does(authority: trustme.CA, media_type: str | None) -> None:
    headers = {"Content-Type": media_type} if media_type else {}
    with policy_host(authority.issue_cert(HOST), Reply(200, POLICY.encode(), headers)) as served:
        assert fetch(port_of(served)).status == "yes"


@pytest.mark.parametrize("status", [404, 410, 403, 204])
def test_an_answer_other_than_200_is_no_policy(authority: trustme.CA, status: int) -> None:
    body = b"" if status == 204 else b"not here"
    with policy_host(authority.issue_cert(HOST), Reply(status, body)) as served:
        assert fetch(port_of(served)) == Said(status="no", text=f"HTTP {status}")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(authority: trustme.CA, status: int) -> None:
    with policy_host(authority.issue_cert(HOST), Reply(200, POLICY.encode())) as elsewhere:
        location = {"Location": f"{elsewhere.url}/.well-known/mta-sts.txt"}
        with policy_host(authority.issue_cert(HOST), Reply(status, b"", location)) as served:
            said = fetch(port_of(served))
        assert (said.status, elsewhere.seen) == ("no", [])
        assert "redirect" in said.text


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_server_in_trouble_proves_nothing(authority: trustme.CA, status: int) -> None:
    with policy_host(authority.issue_cert(HOST), Reply(status, b"")) as served:
        said = fetch(port_of(served))
    assert said.status == "unknown"
    assert f"HTTP {status}" in said.text


# --- certificates -----------------------------------------------------------------------------------------------------
Issue = Callable[[trustme.CA], trustme.LeafCert]


@pytest.mark.parametrize(
    "issue",
    [
        lambda authority: authority.issue_cert("www.example.com"),
        lambda authority: authority.issue_cert("example.com"),
        lambda authority: authority.issue_cert("127.0.0.1"),
        lambda authority: authority.issue_cert("other.example", common_name=HOST),
        lambda authority: trustme.CA().issue_cert(HOST),
    ],
    ids=["another name", "the domain", "the address", "common name only", "unknown authority"],
)
def test_a_certificate_that_is_not_the_policy_hosts_proves_nothing(authority: trustme.CA, issue: Issue) -> None:
    with policy_host(issue(authority), Reply(200, POLICY.encode(), TEXT)) as served:
        said = fetch(port_of(served))
    assert said.status == "unknown"
    assert "its certificate is not valid for it" in said.text
    assert served.seen == [], "nothing was asked of a stranger"


def test_a_wildcard_certificate_is_the_policy_hosts(authority: trustme.CA) -> None:
    with policy_host(authority.issue_cert("*.example.com"), Reply(200, POLICY.encode(), TEXT)) as served:
        assert fetch(port_of(served)).status == "yes"


def test_a_server_without_tls_proves_nothing() -> None:
    with web(Reply(200, POLICY.encode(), TEXT)) as plain:
        said = fetch(port_of(plain))
    assert said.status == "unknown"
    assert "TLS failed" in said.text


# --- addresses --------------------------------------------------------------------------------------------------------
def test_the_next_address_is_asked_when_the_first_does_not_answer(authority: trustme.CA) -> None:
    with policy_host(authority.issue_cert(HOST), Reply(200, POLICY.encode(), TEXT)) as served:
        assert fetch(port_of(served), addresses=("127.0.0.99", *HERE)).status == "yes"


def test_where_no_address_answers_each_says_why() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
    said = fetch(closed, addresses=("127.0.0.1", "127.0.0.2"))
    assert said == Said(status="unknown", text="127.0.0.1: connection refused; 127.0.0.2: connection refused")


def test_an_ipv6_address_is_connected_to() -> None:
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with listener:
        said = fetch(listener.getsockname()[1], addresses=("::1",), timeout_s=0.4)
        listener.settimeout(5)
        listener.accept()[0].close()
    assert said == Said(status="unknown", text="::1: no answer in time")


@pytest.mark.parametrize("addresses", [(), ("not-an-address",), ("",)])
def test_without_an_address_nothing_is_asked_and_nothing_raised(addresses: tuple[str, ...]) -> None:
    assert fetch(9, addresses=addresses).status == "unknown"


# --- hostile servers --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("size", "status"), [(LARGEST_POLICY, "yes"), (LARGEST_POLICY + 1, "unknown"), (5_000_000, "unknown")])
def test_more_than_64_kilobytes_are_not_taken(authority: trustme.CA, size: int, status: str) -> None:
    with policy_host(authority.issue_cert(HOST), Reply(200, b"x" * size, TEXT)) as served:
        assert fetch(port_of(served)).status == status


@contextmanager
def raw(certificate: trustme.LeafCert, head: bytes, drop: bytes = b"", every_s: float = 0.02) -> Iterator[int]:
    """TLS, then ``head``, then ``drop`` again and again while anybody listens (empty: silence)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    stop = threading.Event()

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):
            plain, _ = listener.accept()
            with plain, context.wrap_socket(plain, server_side=True) as connection:
                connection.recv(65536)
                connection.sendall(head)
                while not stop.wait(every_s):
                    connection.sendall(drop)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            stop.set()
            thread.join(30)


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        (b"", b""),
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\n", b"X-Header: y\r\n"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"version: STSv1\r\n"),
    ],
    ids=["silence", "status", "headers", "continue", "body", "chunks", "chunk size", "until closed"],
)
def test_a_server_that_drips_is_left_when_the_time_is_over(authority: trustme.CA, head: bytes, drop: bytes) -> None:
    with raw(authority.issue_cert(HOST), head, drop) as port:
        started = time.monotonic()
        said = fetch(port, timeout_s=0.6)
        assert time.monotonic() - started < 5, "every octet would have begun the limit anew"
    assert said.status == "unknown"


@pytest.mark.parametrize(
    "head",
    [b"\x00\xff garbage\r\n\r\n", b"HTTP/9.9 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n" + b"x" * 70000,
     b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n", b"HTTP/1.1 200 " + b"z" * 100_000,
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
)  # fmt: skip
def test_garbage_proves_nothing_and_breaks_nothing(authority: trustme.CA, head: bytes) -> None:
    with raw(authority.issue_cert(HOST), head) as port:
        assert fetch(port, timeout_s=0.6).status == "unknown"


def test_a_compressed_body_is_not_unpacked(authority: trustme.CA) -> None:
    headers = {**TEXT, "Content-Encoding": "gzip"}
    with policy_host(authority.issue_cert(HOST), Reply(200, b"\x1f\x8b not unpacked", headers)) as served:
        said = fetch(port_of(served))
    assert (said.status, "not unpacked" in said.text) == ("yes", True)


def test_a_listener_that_never_shakes_hands_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        said = fetch(listener.getsockname()[1], timeout_s=0.4)
    assert said == Said(status="unknown", text="127.0.0.1: no answer in time")
