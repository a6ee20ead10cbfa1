"""DNS over HTTPS from real https servers on loopback, and when it is asked: only where nothing answers on port 53."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
import trustme

from registrar_sync.core.elsewhere import BOGUS
from registrar_sync.core.model import Mx, Other, Txt
from registrar_sync.core.observation import Server
from registrar_sync.providers.catalog import load_catalog
from registrar_sync.resolver import AlsoAsked, DnsResolver, DohServer
from registrar_sync.resolver.doh import LARGEST, MEDIA_TYPE, Doh
from registrar_sync.resolver.exchange import Unanswered
from registrar_sync.wiring import SystemClock
from tests.integration.nameserver import NameServer
from tests.unit.loopback import Reply, dripping, web

HOST = "doh.example.net"
HERE = ("127.0.0.1",)
ZONE = "example.com."
RECORDS = {
    (ZONE, "TXT"): ['"v=spf1 mx ~all"'],
    (ZONE, "MX"): ["5 mailgate.example.com."],
    (ZONE, "SOA"): ["ns1.example.com. hostmaster.example.com. 7 7200 900 1209600 600"],
    (ZONE, "NS"): ["ns1.example.com."],
    ("ns1.example.com.", "A"): ["127.0.0.1"],
}
Answering = Callable[[dns.message.Message], dns.message.Message]


pytestmark = pytest.mark.usefixtures("trusted")


def resolving(query: dns.message.Message) -> dns.message.Message:
    """As an honest resolver that knows ``RECORDS``."""
    reply = dns.message.make_response(query)
    reply.flags |= dns.flags.RA
    asked = query.question[0]
    found = RECORDS.get((asked.name.to_text(), dns.rdatatype.to_text(asked.rdtype)))
    if found:
        reply.answer.append(dns.rrset.from_text(asked.name, 300, "IN", asked.rdtype, *found))
    return reply


@contextmanager
def doh_server(
    certificate: trustme.LeafCert, answering: Answering = resolving
) -> Iterator[tuple[int, list[tuple[str, str, str]]]]:
    """An https server: its port, and (method, path, media type) of what was asked."""
    asked: list[tuple[str, str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append((self.command, self.path, self.headers["Content-Type"]))
            query = dns.message.from_wire(self.rfile.read(int(self.headers["Content-Length"])))
            body = answering(query).to_wire()
            self.send_response(200)
            self.send_header("Content-Type", MEDIA_TYPE)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Quiet."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *args: Any) -> None:
            """A test breaks connections on purpose."""

    server = Quiet(("127.0.0.1", 0), Handler)
    wrap(certificate)(server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def wrap(certificate: trustme.LeafCert) -> Callable[[ThreadingHTTPServer], None]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)

    def wrapped(server: ThreadingHTTPServer) -> None:
        server.socket = context.wrap_socket(server.socket, server_side=True)

    return wrapped


def at(port: int, addresses: tuple[str, ...] = HERE, host: str = HOST) -> DohServer:
    return DohServer(url=f"https://{host}:{port}/dns-query", addresses=addresses)


def doh(*servers: DohServer, timeout_s: float = 5.0) -> Doh:
    return Doh(servers, clock=SystemClock(), timeout_s=timeout_s)


def refusal(port: int, **options: Any) -> str:
    with pytest.raises(Unanswered) as told:
        doh(at(port), **options).ask(ZONE, "MX")
    return str(told.value)


# --- one question -----------------------------------------------------------------------------------------------------
def test_a_question_is_posted_and_its_answer_read(authority: trustme.CA) -> None:
    with doh_server(authority.issue_cert(HOST)) as (port, asked):
        response = doh(at(port)).ask(ZONE, "MX")
    assert [str(rdata) for rdata in response.answer[0]] == ["5 mailgate.example.com."]
    assert asked == [("POST", "/dns-query", MEDIA_TYPE)]


def test_a_certificate_for_another_name_is_no_answer(authority: trustme.CA) -> None:
    with doh_server(authority.issue_cert("doh.example.org")) as (port, asked):
        assert "certificate is not valid" in refusal(port)
    assert asked == []


def test_an_authority_that_is_not_trusted_is_no_answer() -> None:
    with doh_server(trustme.CA().issue_cert(HOST)) as (port, _):
        assert "certificate is not valid" in refusal(port)


def test_an_address_that_does_not_answer_is_passed_over(authority: trustme.CA) -> None:
    with doh_server(authority.issue_cert(HOST)) as (port, _):
        dead_first = at(port, addresses=("127.0.0.77", "127.0.0.1"))
        server, _ = doh().ask_one(dead_first, ZONE, "MX")
    assert server == Server(name="doh.example.net.", address="127.0.0.1", port=port)


def test_a_resolver_that_does_not_answer_is_followed_by_the_next(authority: trustme.CA) -> None:
    with doh_server(authority.issue_cert(HOST)) as (port, _):
        assert doh(at(9), at(port)).ask(ZONE, "MX").answer


def test_without_addresses_the_system_is_asked_for_them(authority: trustme.CA) -> None:
    with doh_server(authority.issue_cert("localhost")) as (port, _):
        assert doh(at(port, addresses=(), host="localhost")).ask(ZONE, "MX").answer


OTHER = dns.message.make_response(dns.message.make_query("elsewhere.example.", "MX", id=0)).to_wire()
DNS = {"Content-Type": MEDIA_TYPE}


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(404, b"", DNS), "HTTP 404"),
        (Reply(302, b"", {"Location": "https://127.0.0.1/dns-query"}), "HTTP 302"),
        (Reply(200, b"<html>", {"Content-Type": "text/html"}), "no DNS message"),
        (Reply(200, b"\x00" * 7, DNS), "garbled"),
        (Reply(200, OTHER, DNS), "not to our question"),
        (Reply(200, b"x" * (LARGEST + 1), DNS), "longer than 65535 octets"),
        (Reply(reset=True), ""),
    ],
)
def test_what_is_no_answer_is_said_so(authority: trustme.CA, reply: Reply, why: str) -> None:
    with web(reply, wrap=wrap(authority.issue_cert(HOST)), scheme="https") as served:
        assert why in refusal(int(served.url.rpartition(":")[2]))


def test_a_server_that_is_silent_is_not_waited_for_beyond_the_limit() -> None:
    with dripping(b"", b"") as url:
        assert "no answer" in refusal(int(url.rpartition(":")[2]), timeout_s=0.3)


# --- the resolver -----------------------------------------------------------------------------------------------------
@contextmanager
def resolver(recursive: NameServer, *servers: DohServer) -> Iterator[DnsResolver]:
    made = DnsResolver(
        recursives=[(recursive.address, recursive.port)],
        nameservers=None,
        clock=SystemClock(),
        timeout_s=0.2,
        tries=2,
        also=AlsoAsked(doh=tuple(servers)),
    )
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def recursive() -> Iterator[NameServer]:
    with NameServer(recursive=True) as server:
        server.zones[ZONE] = (300, 7, 600)
        server.records[ZONE, "MX"] = (100, ["1 old.example.com."])
        server.records[".", "NS"] = (100, ["a.root-servers.net."])
        yield server


def test_where_nothing_answers_on_port_53_a_plan_can_still_look_up_what_it_needs(
    authority: trustme.CA, recursive: NameServer
) -> None:
    recursive.default = "drop"
    with doh_server(authority.issue_cert(HOST)) as (port, _), resolver(recursive, at(port)) as asking:
        assert asking.look_up(ZONE, "TXT").values == {Txt((b"v=spf1 mx ~all",))}
        assert asking.look_up("ns1.example.com.", "A").values == {Other("127.0.0.1")}


def test_and_the_delegation_is_found(authority: trustme.CA, recursive: NameServer) -> None:
    recursive.default = "drop"
    with doh_server(authority.issue_cert(HOST)) as (port, _), resolver(recursive, at(port)) as asking:
        found = asking.delegation(ZONE)
    assert (found.zone, [server.name for server in found.servers]) == (ZONE, ["ns1.example.com."])


@pytest.mark.parametrize("answer", ["servfail", "refused"])
def test_a_resolver_that_fails_has_answered_and_nobody_else_is_asked(
    authority: trustme.CA, recursive: NameServer, answer: Any
) -> None:
    recursive.behave(ZONE, "MX", answer)
    with doh_server(authority.issue_cert(HOST)) as (port, asked), resolver(recursive, at(port)) as asking:
        assert asking.look_up(ZONE, "MX").status == "unreachable"
        (seen,) = asking.ask_recursives(ZONE, ["MX"])
    assert (seen.answers["MX"].status, asked) == ("unreachable", [])


def test_one_name_that_gets_no_answer_is_not_a_closed_port(authority: trustme.CA, recursive: NameServer) -> None:
    recursive.behave(ZONE, "MX", "drop")
    with doh_server(authority.issue_cert(HOST)) as (port, asked), resolver(recursive, at(port)) as asking:
        assert asking.look_up(ZONE, "MX").status == "unreachable"
    assert asked == []


# --- each recursive resolver for itself -------------------------------------------------------------------------------
def test_a_cache_is_asked_for_itself_and_tells_its_ttl(recursive: NameServer) -> None:
    with resolver(recursive) as asking:
        (seen,) = asking.ask_recursives(ZONE, ["MX", "TXT"])
    assert (seen.server.address, seen.server.port, seen.over_https) == (recursive.address, recursive.port, False)
    assert (seen.answers["MX"].values, seen.answers["MX"].ttl) == (frozenset({Mx(1, "old.example.com.")}), 100)
    assert (seen.answers["TXT"].status, seen.answers["TXT"].ttl) == ("absent", 300)
    assert all(question.recursion_desired for question in recursive.asked)


def test_an_answer_that_is_given_only_where_checking_is_disabled_is_bogus(recursive: NameServer) -> None:
    recursive.behave(ZONE, "MX", "servfail", "answer")
    with resolver(recursive) as asking:
        (seen,) = asking.ask_recursives(ZONE, ["MX"])
    assert (seen.answers["MX"].status, seen.answers["MX"].detail) == ("bogus", BOGUS)


def test_a_failure_either_way_is_not_called_bogus(recursive: NameServer) -> None:
    recursive.behave(ZONE, "MX", "servfail")
    with resolver(recursive) as asking:
        (seen,) = asking.ask_recursives(ZONE, ["MX"])
    assert (seen.answers["MX"].status, seen.answers["MX"].detail) == ("unreachable", "SERVFAIL")


def test_a_silent_resolver_is_said_to_be_so_and_one_over_https_stands_beside_it(
    authority: trustme.CA, recursive: NameServer
) -> None:
    recursive.default = "drop"
    with doh_server(authority.issue_cert(HOST)) as (port, _), resolver(recursive, at(port)) as asking:
        silent, told = asking.ask_recursives(ZONE, ["SOA", "MX"])
    assert (silent.silent, silent.over_https) == (True, False)
    assert (told.server.name, told.server.port, told.over_https) == ("doh.example.net.", port, True)
    assert told.answers["MX"].values == {Mx(5, "mailgate.example.com.")}


def test_over_https_too_an_answer_held_back_for_its_signatures_is_bogus(authority: trustme.CA, recursive: NameServer) -> None:
    def validating(query: dns.message.Message) -> dns.message.Message:
        reply = resolving(query)
        if not query.flags & dns.flags.CD:
            reply.set_rcode(dns.rcode.SERVFAIL)
            reply.answer.clear()
        return reply

    recursive.default = "drop"
    with doh_server(authority.issue_cert(HOST), validating) as (port, _), resolver(recursive, at(port)) as asking:
        _, told = asking.ask_recursives(ZONE, ["SOA"])
    assert told.answers["SOA"].status == "bogus"


def test_a_silent_resolver_is_not_waited_for_by_every_domain_again(recursive: NameServer) -> None:
    recursive.default = "drop"
    with resolver(recursive) as asking:
        asking.ask_recursives(ZONE, ["SOA"])
        asked = len(recursive.asked)
        (seen,) = asking.ask_recursives("example.org.", ["SOA"])
    assert (seen.silent, len(recursive.asked)) == (True, asked)


# --- the catalog ------------------------------------------------------------------------------------------------------
def test_the_shipped_resolvers_are_asked_at_addresses_that_need_no_dns() -> None:
    shipped = load_catalog().doh
    assert len(shipped) >= 2
    assert all(entry.addresses and entry.source and entry.checked for entry in shipped)


def test_an_operators_list_takes_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    file = tmp_path / "providers.yaml"
    file.write_text('doh: [{url: "https://dns.example.net/q"}]\nrecursives: ["192.0.2.53"]\n')
    catalog = load_catalog(file)
    assert [entry.url for entry in catalog.doh] == ["https://dns.example.net/q"]
    assert catalog.recursives == ("192.0.2.53",)
    file.write_text("doh: []\n")
    assert load_catalog(file).doh == ()
