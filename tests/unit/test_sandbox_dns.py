"""The sandbox's name server, asked raw over loopback."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.query
import dns.rcode
import dns.rdatatype
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registrar_sync.sandbox import Sandbox

# Hypothesis looks at every loaded module, and lexicon (loaded by other tests) warns when it is looked at.
pytestmark = pytest.mark.filterwarnings("ignore:Module lexicon:DeprecationWarning")

LONG = "x" * 600
ZONE = f"""\
$TTL 600
@ IN SOA ns1 hostmaster 7 3600 600 86400 60
@ IN NS ns1
ns1 IN A 127.0.0.1
@ IN TXT "{"x" * 255}" "{"x" * 255}" "{"x" * 90}"
deep.empty IN A 192.0.2.1
*.wild IN TXT "covered"
alias IN CNAME www.example.com.
loop IN CNAME loop
lost IN CNAME nowhere
child IN NS ns.child
ns.child IN A 192.0.2.53
"""


class Clock:
    time = 1_800_000_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox() as box:
        box.store.add_zone("big.example", ZONE)
        yield box


def query(owner: str, rtype: str, *, recurse: bool = False, edns: int | bool = False) -> dns.message.QueryMessage:
    asked = dns.message.make_query(owner, rtype, use_edns=bool(edns), payload=int(edns) or None)
    if not recurse:
        asked.flags &= ~dns.flags.RD
    return asked


def ask(
    box: Sandbox, owner: str, rtype: str, *, tcp: bool = False, recurse: bool = False, edns: int | bool = False
) -> dns.message.Message:
    host, port = box.dns_address
    send = dns.query.tcp if tcp else dns.query.udp
    return send(query(owner, rtype, recurse=recurse, edns=edns), host, port=port, timeout=10)


def texts(response: dns.message.Message) -> set[str]:
    return {rdata.to_text() for rrset in response.answer for rdata in rrset}


@pytest.mark.parametrize("tcp", [False, True])
def test_the_seed_documents_zone_is_answered_with_authority(box: Sandbox, tcp: bool) -> None:
    response = ask(box, "example.com", "MX", tcp=tcp)
    assert response.flags & dns.flags.AA
    assert not response.flags & dns.flags.RA
    assert texts(response) == {"5 mailgate.example.com.", "40 smtp.isp.net.", "40 secours.isp.net."}
    assert response.answer[0].ttl == 10800


def test_the_service_and_the_isp_answer_too(box: Sandbox) -> None:
    assert texts(ask(box, "includespf.security-mail.net", "TXT")).pop().startswith('"v=spf1 ')
    for name in ("france.security-mail.net", "europe.security-mail.net", "smtp.isp.net", "secours.isp.net"):
        assert texts(ask(box, name, "A"))


def test_every_name_server_of_the_zone_is_the_sandbox_itself(box: Sandbox) -> None:
    servers = texts(ask(box, "example.com", "NS"))
    assert len(servers) == 2
    assert [texts(ask(box, server, "A")) for server in servers] == [{"127.0.0.1"}] * 2


def test_names_are_found_whatever_their_case(box: Sandbox) -> None:
    assert {text.lower() for text in texts(ask(box, "EXAMPLE.Com", "MX"))} == texts(ask(box, "example.com", "MX"))


@pytest.mark.parametrize(
    ("owner", "rcode"),
    [
        ("www.example.com", dns.rcode.NOERROR),
        ("nothere.example.com", dns.rcode.NXDOMAIN),
        ("empty.big.example", dns.rcode.NOERROR),
        ("lost.big.example", dns.rcode.NXDOMAIN),
    ],
)
def test_a_negative_answer_carries_the_soa(box: Sandbox, owner: str, rcode: dns.rcode.Rcode) -> None:
    response = ask(box, owner, "TXT")
    assert response.rcode() == rcode
    assert [rrset.rdtype for rrset in response.authority] == [dns.rdatatype.SOA]
    assert response.authority[0].ttl == next(iter(response.authority[0])).minimum


@pytest.mark.parametrize("recurse", [False, True])
def test_other_zones_are_refused(box: Sandbox, recurse: bool) -> None:
    response = ask(box, "other.org", "A", recurse=recurse)
    assert response.rcode() == dns.rcode.REFUSED
    assert not response.flags & dns.flags.AA


def test_a_recursive_question_about_other_names_can_be_nxdomain_by_switch() -> None:
    with Sandbox(switches={"dns_outside_zones": "nxdomain"}) as box:
        assert ask(box, "other.org", "A", recurse=True).rcode() == dns.rcode.NXDOMAIN
        assert ask(box, "other.org", "A").rcode() == dns.rcode.REFUSED


def test_a_recursive_question_about_its_own_zone_is_answered(box: Sandbox) -> None:
    response = ask(box, "example.com", "TXT", recurse=True)
    assert response.flags & dns.flags.RA
    assert len(texts(response)) == 2


@pytest.mark.parametrize(("edns", "truncated"), [(False, True), (512, True), (600, True), (1232, False), (65535, False)])
def test_what_does_not_fit_a_datagram_is_truncated_and_whole_over_tcp(box: Sandbox, edns: int, truncated: bool) -> None:
    response = ask(box, "big.example", "TXT", edns=edns)
    assert bool(response.flags & dns.flags.TC) is truncated
    assert bool(response.answer) is not truncated
    whole = ask(box, "big.example", "TXT", tcp=True)
    assert texts(whole).pop().replace('" "', "").strip('"') == LONG


def test_an_alias_is_followed_within_the_sandbox(box: Sandbox) -> None:
    assert texts(ask(box, "alias.big.example", "A")) == {"www.example.com.", "192.0.2.10"}
    assert texts(ask(box, "alias.big.example", "CNAME")) == {"www.example.com."}
    assert ask(box, "loop.big.example", "A").rcode() == dns.rcode.NOERROR


def test_a_wildcard_covers_what_does_not_exist(box: Sandbox) -> None:
    assert texts(ask(box, "any.thing.wild.big.example", "TXT")) == {'"covered"'}
    assert ask(box, "any.wild.big.example", "MX").rcode() == dns.rcode.NOERROR


def test_a_child_zone_is_referred_to(box: Sandbox) -> None:
    response = ask(box, "www.child.big.example", "A")
    assert not response.flags & dns.flags.AA
    assert [rrset.rdtype for rrset in response.authority] == [dns.rdatatype.NS]
    assert texts(ask(box, "child.big.example", "NS", recurse=True)) == {"ns.child.big.example."}


@pytest.mark.parametrize(
    ("spoil", "rcode"),
    [
        (lambda asked: asked.set_opcode(dns.opcode.NOTIFY), dns.rcode.NOTIMP),
        (lambda asked: asked.question.clear(), dns.rcode.FORMERR),
        (lambda asked: asked.question.append(asked.question[0].copy()), dns.rcode.FORMERR),
        (lambda asked: asked.use_edns(1), dns.rcode.BADVERS),
    ],
)
def test_an_odd_question_gets_its_code(box: Sandbox, spoil: object, rcode: dns.rcode.Rcode) -> None:
    asked = query("example.com", "MX")
    assert callable(spoil)
    spoil(asked)
    assert exchange(box, asked.to_wire()).rcode() == rcode


def test_a_zone_transfer_is_refused(box: Sandbox) -> None:
    host, port = box.dns_address
    asked = query("example.com", "AXFR").to_wire()
    with socket.create_connection((host, port), timeout=10) as connection:
        connection.sendall(len(asked).to_bytes(2) + asked)
        length = int.from_bytes(connection.recv(2))
        assert dns.message.from_wire(connection.recv(length)).rcode() == dns.rcode.REFUSED


def exchange(box: Sandbox, wire: bytes) -> dns.message.Message:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(10)
        sock.sendto(wire, box.dns_address)
        return dns.message.from_wire(sock.recv(65535))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(garbage=st.binary(max_size=300))
def test_garbage_never_kills_it(box: Sandbox, garbage: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(garbage, box.dns_address)
        sock.sendto(query("example.com", "MX").to_wire() + garbage, box.dns_address)
        sock.sendto(b"\x00\x01" + b"\x00" * 3 + b"\x01" + b"\x00" * 6 + garbage, box.dns_address)
    with socket.create_connection(box.dns_address, timeout=10) as connection:
        connection.sendall(garbage)
    assert texts(ask(box, "www.example.com", "A")) == {"192.0.2.10"}


def test_a_response_sent_to_it_is_never_answered(box: Sandbox) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(10)
        response = dns.message.make_response(query("example.com", "MX"))
        sock.sendto(response.to_wire(), box.dns_address)
        asked = query("example.com", "A")
        sock.sendto(asked.to_wire(), box.dns_address)
        assert dns.message.from_wire(sock.recv(65535)).id == asked.id


def test_several_questions_share_a_tcp_connection(box: Sandbox) -> None:
    host, port = box.dns_address
    with socket.create_connection((host, port), timeout=10) as connection:
        for rtype in ("MX", "TXT", "SOA"):
            assert texts(dns.query.tcp(query("example.com", rtype), host, port=port, sock=connection, timeout=10))


def test_a_record_set_with_differing_ttls_is_served_under_the_lowest(box: Sandbox) -> None:
    box.store.add_record("big.example", "two.big.example", "A", "192.0.2.1", 900)
    box.store.add_record("big.example", "two.big.example", "A", "192.0.2.2", 300)
    assert ask(box, "two.big.example", "A").answer[0].ttl == 300
    assert "two.big.example. 900 IN A 192.0.2.1" in box.store.zone_text("big.example", published=False)


def test_a_lagging_server_serves_the_older_publication_until_its_lag_is_over() -> None:
    clock = Clock()
    with Sandbox(now=clock, publish_delay_s=10) as box:
        host, port = box.add_nameserver(lag_s=60)
        box.store.add_record("example.com", "new.example.com", "A", "192.0.2.9")

        def seen() -> tuple[bool, bool]:
            late = dns.query.udp(query("new.example.com", "A"), host, port=port, timeout=10)
            return bool(ask(box, "new.example.com", "A").answer), bool(late.answer)

        assert seen() == (False, False)
        clock.time += 10
        assert seen() == (True, False)
        clock.time += 60
        assert seen() == (True, True)


def test_a_lying_server_shows_the_new_serial_with_the_old_records() -> None:
    clock = Clock()
    with Sandbox(now=clock) as box:
        host, port = box.add_nameserver(mode="lie", lag_s=60)
        clock.time += 1
        box.store.add_record("example.com", "new.example.com", "A", "192.0.2.9")
        soa = dns.query.udp(query("example.com", "SOA"), host, port=port, timeout=10)
        assert texts(soa).pop().split()[2] == str(box.store.serial("example.com"))
        assert not dns.query.udp(query("new.example.com", "A"), host, port=port, timeout=10).answer


@pytest.mark.parametrize(("mode", "rcode"), [("refuse", dns.rcode.REFUSED), ("servfail", dns.rcode.SERVFAIL)])
def test_a_server_can_refuse_everything(mode: str, rcode: dns.rcode.Rcode) -> None:
    with Sandbox() as box:
        host, port = box.add_nameserver(mode=mode)  # type: ignore[arg-type]  # each is a mode
        assert dns.query.udp(query("example.com", "MX"), host, port=port, timeout=10).rcode() == rcode


def test_a_server_can_be_silent_or_answer_over_tcp_only() -> None:
    with Sandbox() as box:
        silent, tcp_only = box.add_nameserver(mode="drop"), box.add_nameserver(mode="tcp-only")
        with pytest.raises(dns.exception.Timeout):
            dns.query.udp(query("example.com", "MX"), silent[0], port=silent[1], timeout=0.2)
        short = dns.query.udp(query("example.com", "A"), tcp_only[0], port=tcp_only[1], timeout=10)
        assert short.flags & dns.flags.TC
        assert texts(dns.query.tcp(query("example.com", "A"), tcp_only[0], port=tcp_only[1], timeout=10))
