"""The resolver against name servers on loopback, honest and hostile."""

from __future__ import annotations

import contextlib
import errno
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrar_sync.core.model import Mx, Other, Txt
from registrar_sync.core.observation import Answer, Delegation, Observation, Server
from registrar_sync.core.visibility import NO_ROUTE
from registrar_sync.errors import LookupFailed, UsageError
from registrar_sync.resolver import DnsResolver, parse_endpoint
from registrar_sync.resolver.answers import NOT_ASKED_FOR, judge
from registrar_sync.resolver.packet import Question, is_response
from registrar_sync.resolver.plain import read_message
from tests.integration.nameserver import Behaviour, NameServer

ZONE = "example.com."
SPF = '"v=spf1 mx ~all"'
TXT_VALUES = frozenset({Txt((b"v=spf1 mx ~all",)), Txt((b"google-site-verification=abc",))})
MX_VALUES = frozenset({Mx(5, "mailgate.example.com."), Mx(40, "smtp.isp.net.")})


class RealClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        raise AssertionError("the resolver waits on sockets only")


def resolver(*recursives: NameServer, **options: Any) -> DnsResolver:
    settings: dict[str, Any] = {"nameservers": None, "timeout_s": 1.0, "clock": RealClock()} | options
    return DnsResolver(recursives=[(server.address, server.port) for server in recursives], **settings)


def at(server: NameServer) -> Server:
    return Server(name="ns1.example.com.", address=server.address, port=server.port)


def observe(server: NameServer, *, owner: str = ZONE, rtypes: tuple[str, ...] = ("TXT", "MX"), **options: Any) -> Observation:
    (seen,) = resolver(**options).observe([at(server)], ZONE, owner, rtypes)
    return seen


def fill(server: NameServer) -> NameServer:
    server.zones[ZONE] = (3600, 2024010101, 300)
    server.records[ZONE, "TXT"] = (600, [SPF, '"google-site-verification=abc"'])
    server.records[ZONE, "MX"] = (900, ["5 MailGate.Example.com.", "40 smtp.isp.net."])
    return server


@pytest.fixture
def authoritative() -> Iterator[NameServer]:
    with fill(NameServer()) as server:
        yield server


@pytest.fixture
def recursive() -> Iterator[NameServer]:
    with NameServer(recursive=True) as server:
        yield server


# --- observe: what an honest server says ------------------------------------------------------------------------------
def test_an_authoritative_server_is_seen_with_its_data_ttls_and_serial(authoritative: NameServer) -> None:
    seen = observe(authoritative)
    assert seen.server == at(authoritative)
    assert seen.answers == {
        "TXT": Answer(status="data", values=TXT_VALUES, ttl=600),
        "MX": Answer(status="data", values=MX_VALUES, ttl=900),
    }
    assert (seen.serial, seen.negative_ttl, seen.reachable) == (2024010101, 300, True)


def test_questions_go_out_without_recursion_with_edns_1232_by_udp_the_soa_first(authoritative: NameServer) -> None:
    observe(authoritative)
    assert [question.rtype for question in authoritative.asked] == ["SOA", "TXT", "MX"]
    assert {(q.transport, q.recursion_desired, q.edns_payload) for q in authoritative.asked} == {("udp", False, 1232)}
    observe(authoritative)
    observe(authoritative)
    assert len({question.id for question in authoritative.asked}) > 3


def test_the_character_strings_of_a_txt_value_are_kept_apart(authoritative: NameServer) -> None:
    authoritative.records[ZONE, "TXT"] = (600, ['"v=spf1 include:_spf.goo" "gle.com ~all"'])
    (value,) = observe(authoritative).answers["TXT"].values
    assert isinstance(value, Txt)
    assert value.strings == (b"v=spf1 include:_spf.goo", b"gle.com ~all")


def test_other_types_come_in_canonical_form(authoritative: NameServer) -> None:
    authoritative.records[ZONE, "NS"] = (600, ["NS1.Example.COM."])
    assert observe(authoritative, rtypes=("NS",)).answers["NS"].values == {Other("ns1.example.com.")}


def test_nodata_and_nxdomain_are_absent_with_the_negative_ttl(authoritative: NameServer) -> None:
    del authoritative.records[ZONE, "MX"]
    assert observe(authoritative).answers["MX"] == Answer(status="absent", ttl=300)
    missing = observe(authoritative, owner="www.example.com.")
    assert missing.answers["TXT"] == Answer(status="absent", ttl=300, detail="NXDOMAIN")


@pytest.mark.parametrize(("ttl", "minimum", "negative"), [(3600, 300, 300), (120, 300, 120)])
def test_the_negative_ttl_is_the_smaller_of_soa_ttl_and_minimum(
    authoritative: NameServer, ttl: int, minimum: int, negative: int
) -> None:
    authoritative.zones[ZONE] = (ttl, 7, minimum)
    assert observe(authoritative).negative_ttl == negative


def test_the_negative_ttl_comes_from_the_negative_answer_where_the_soa_question_is_refused(authoritative: NameServer) -> None:
    del authoritative.records[ZONE, "MX"]
    authoritative.behave(ZONE, "SOA", "refused")
    seen = observe(authoritative)
    assert (seen.serial, seen.negative_ttl, seen.reachable) == (None, 300, True)


def test_a_cname_at_the_owner_is_told_and_is_no_value(authoritative: NameServer) -> None:
    authoritative.records["www.example.com.", "CNAME"] = (60, ["Host.Example.net."])
    seen = observe(authoritative, owner="www.example.com.")
    assert seen.answers["MX"] == Answer(status="data", ttl=60, detail="CNAME to host.example.net")


def test_records_of_another_owner_are_not_the_owners(authoritative: NameServer) -> None:
    authoritative.behave(ZONE, "TXT", "other-owner")
    answer = observe(authoritative).answers["TXT"]
    assert (answer.status, answer.values, answer.detail) == ("unreachable", frozenset(), NOT_ASKED_FOR)


def test_a_slow_server_is_waited_for(authoritative: NameServer) -> None:
    authoritative.default = "slow"
    assert observe(authoritative).reachable


def test_asked_by_a_name_below_the_apex_the_zones_serial_is_still_told(authoritative: NameServer) -> None:
    authoritative.records["www.example.com.", "A"] = (60, ["192.0.2.80"])
    (seen,) = resolver().observe([at(authoritative)], "www.example.com.", "www.example.com.", ["TXT"])
    assert (seen.serial, seen.negative_ttl) == (2024010101, 300)


def test_a_truncated_answer_is_asked_again_by_tcp(authoritative: NameServer) -> None:
    authoritative.behave(ZONE, "TXT", "tc")
    assert observe(authoritative).answers["TXT"].values == TXT_VALUES
    assert authoritative.asked_for(ZONE, "TXT") == ["udp", "tcp"]


def test_a_lost_datagram_is_sent_again(authoritative: NameServer) -> None:
    authoritative.behave(ZONE, "TXT", "drop", "answer")
    assert observe(authoritative, timeout_s=0.3).answers["TXT"].values == TXT_VALUES
    assert authoritative.asked_for(ZONE, "TXT")[:2] == ["udp", "udp"]


def test_where_udp_is_blocked_tcp_gives_the_answer(authoritative: NameServer) -> None:
    authoritative.default = "drop-udp"
    seen = observe(authoritative, timeout_s=0.4)
    assert seen.answers["MX"].values == MX_VALUES
    assert authoritative.asked_for(ZONE, "MX") == ["udp", "udp", "tcp"]


def test_a_server_older_than_edns_is_asked_without_it(authoritative: NameServer) -> None:
    authoritative.default = "formerr-edns"
    assert observe(authoritative).answers["TXT"].values == TXT_VALUES
    assert [q.edns_payload for q in authoritative.asked if q.rtype == "TXT"] == [1232, None]


def test_servers_are_told_in_the_order_given_though_one_is_dead(authoritative: NameServer) -> None:
    with fill(NameServer(default="drop")) as dead, fill(NameServer()) as third:
        seen = resolver(timeout_s=0.2).observe([at(dead), at(authoritative), at(third)], ZONE, ZONE, ["TXT"])
    assert [observation.server.port for observation in seen] == [dead.port, authoritative.port, third.port]
    assert [observation.reachable for observation in seen] == [False, True, True]


def test_a_server_on_ipv6_is_asked() -> None:
    try:
        server = fill(NameServer(address="::1")).__enter__()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with contextlib.closing(contextlib.ExitStack()) as stack:
        stack.push(server.__exit__)
        assert observe(server).reachable


def test_no_servers_no_observations() -> None:
    assert resolver().observe([], ZONE, ZONE, ["TXT"]) == []


# --- observe: "cannot say" is never "not there" -----------------------------------------------------------------------
@pytest.mark.parametrize(
    ("behaviour", "detail"),
    [
        ("refused", "REFUSED"),
        ("servfail", "SERVFAIL"),
        ("formerr", "FORMERR"),
        ("not-aa", "not authoritative (lame)"),
        ("referral", "not authoritative (lame)"),
        ("contradiction", "NXDOMAIN beside data: it contradicts itself"),
        ("tc-always", "its answer is truncated even over TCP"),
        ("drop", "no answer by UDP or TCP within 0.3 s a try"),
        ("drip", "no answer by UDP or TCP within 0.3 s a try"),
        ("other-address", "no answer by UDP or TCP within 0.3 s a try"),
        ("wrong-id", "its answer is garbled or not to our question"),
        ("wrong-question", "its answer is garbled or not to our question"),
        ("garbage", "its answer is garbled or not to our question"),
    ],
)
def test_an_answer_that_cannot_be_judged_is_unreachable_and_says_why(
    authoritative: NameServer, behaviour: Behaviour, detail: str
) -> None:
    authoritative.behave(ZONE, "TXT", behaviour)
    seen = observe(authoritative, timeout_s=0.3)
    assert seen.answers["TXT"] == Answer(status="unreachable", detail=detail)
    assert seen.answers["MX"].values == MX_VALUES, "the other question is judged on its own"
    assert not seen.reachable


@pytest.mark.parametrize("behaviour", ["flood", "garbage", "wrong-id", "wrong-question", "other-address"])
def test_forged_datagrams_are_passed_over_until_the_true_answer_comes(authoritative: NameServer, behaviour: Behaviour) -> None:
    authoritative.behave(ZONE, "TXT", behaviour, "answer")
    assert observe(authoritative, timeout_s=0.3).answers["TXT"].values == TXT_VALUES


def test_a_flood_of_wrong_ids_ends_though_the_clock_stands_still(authoritative: NameServer) -> None:
    class StoppedClock(RealClock):
        def monotonic(self) -> float:
            return 1000.0

    authoritative.behave(ZONE, "TXT", "flood", "answer")
    assert observe(authoritative, clock=StoppedClock()).answers["TXT"].values == TXT_VALUES
    assert authoritative.asked_for(ZONE, "TXT") == ["udp", "tcp"]


def test_64_kilobytes_by_tcp_are_read(authoritative: NameServer) -> None:
    authoritative.behave(ZONE, "TXT", "huge")
    assert len(observe(authoritative, timeout_s=5).answers["TXT"].values) == 280


def test_a_dead_server_is_asked_the_soa_only(authoritative: NameServer) -> None:
    authoritative.default = "drop"
    seen = observe(authoritative, timeout_s=0.1)
    assert {answer.status for answer in seen.answers.values()} == {"unreachable"}
    assert set(seen.answers) == {"TXT", "MX"}
    assert {question.rtype for question in authoritative.asked} == {"SOA"}


def test_a_closed_port_is_unreachable() -> None:
    with NameServer() as closed:
        pass
    assert "refused" in observe(closed).answers["TXT"].detail


def test_a_server_whose_name_does_not_resolve_is_unreachable() -> None:
    (seen,) = resolver().observe([Server(name="ns9.example.com.", address="")], ZONE, ZONE, ["TXT"])
    assert seen.answers == {"TXT": Answer(status="unreachable", detail="its name does not resolve")}


def test_an_address_family_without_a_route_is_told_apart_from_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoIpv6(socket.socket):
        def sendto(self, *datagram: Any) -> int:
            raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr("registrar_sync.resolver.doors.socket.socket", NoIpv6)
    (seen,) = resolver().observe([Server(name="ns1.example.com.", address="2001:db8::53")], ZONE, ZONE, ["TXT"])
    assert seen.answers["TXT"] == Answer(status="unreachable", detail=NO_ROUTE)


QUERY = dns.message.make_query(ZONE, "TXT", use_edns=0)


def honest_wire() -> bytes:
    reply = dns.message.make_response(QUERY)
    reply.flags |= dns.flags.AA
    reply.answer.append(dns.rrset.from_text(ZONE, 60, "IN", "TXT", SPF))
    reply.authority.append(dns.rrset.from_text(ZONE, 60, "IN", "SOA", "ns1. host. 1 2 3 4 5"))
    return reply.to_wire()


@given(
    patches=st.lists(st.tuples(st.integers(2, len(honest_wire()) - 1), st.binary(min_size=1, max_size=4)), max_size=6),
    cut=st.just(None) | st.integers(0, len(honest_wire())),
)
def test_no_damage_to_an_answer_breaks_the_reader(patches: list[tuple[int, bytes]], cut: int | None) -> None:
    wire = bytearray(honest_wire())
    for offset, patch in patches:
        wire[offset : offset + len(patch)] = patch
    damaged = bytes(wire[:cut])
    if is_response(damaged, Question(ZONE, "TXT").octets):
        response = read_message(damaged)
        if response is not None:
            assert judge(response, ZONE, "TXT").status in ("data", "absent", "unreachable")


# --- delegation, as recursive resolvers tell it: they know no servers of com here (else: test_delegation_walk) ---------
def delegate(recursive: NameServer) -> None:
    recursive.records[ZONE, "NS"] = (3600, ["NS2.example.com.", "ns1.example.com."])
    recursive.records["ns1.example.com.", "A"] = (60, ["192.0.2.2", "192.0.2.1"])
    recursive.records["ns1.example.com.", "AAAA"] = (60, ["2001:db8::1"])
    recursive.records["ns2.example.com.", "A"] = (60, ["192.0.2.9"])


def addresses(delegation: Delegation) -> list[tuple[str, str]]:
    return [(server.name, server.address) for server in delegation.servers]


def test_the_delegation_names_every_address_of_every_name_server(recursive: NameServer) -> None:
    delegate(recursive)
    found = resolver(recursive, port=5353).delegation(ZONE)
    assert (found.zone, found.checked, found.source) == (ZONE, True, "resolver")
    assert addresses(found) == [
        ("ns1.example.com.", "192.0.2.1"),
        ("ns1.example.com.", "192.0.2.2"),
        ("ns1.example.com.", "2001:db8::1"),
        ("ns2.example.com.", "192.0.2.9"),
    ]
    assert {server.port for server in found.servers} == {5353}
    assert all(question.recursion_desired for question in recursive.asked)


@pytest.mark.parametrize("owner", ["www.example.com.", "a.b.example.com."])
def test_a_name_below_the_apex_belongs_to_the_closest_cut_above(recursive: NameServer, owner: str) -> None:
    delegate(recursive)
    recursive.records["b.example.com.", "CNAME"] = (60, ["elsewhere.example.net."])
    assert resolver(recursive).delegation(owner).zone == ZONE


def test_a_delegated_subdomain_is_a_cut_of_its_own(recursive: NameServer) -> None:
    delegate(recursive)
    recursive.records["sub.example.com.", "NS"] = (60, ["ns2.example.com."])
    assert resolver(recursive).delegation("www.sub.example.com.").zone == "sub.example.com."


def test_the_ns_of_an_alias_are_not_those_of_the_owner(recursive: NameServer) -> None:
    delegate(recursive)
    recursive.records["www.example.com.", "CNAME"] = (60, ["example.net."])
    assert resolver(recursive).delegation("www.example.com.").zone == ZONE


def test_without_any_ns_below_the_top_level_a_domain_is_not_delegated(recursive: NameServer) -> None:
    recursive.records["com.", "NS"] = (60, ["a.gtld-servers.net."])
    recursive.records["a.gtld-servers.net.", "A"] = (60, [recursive.address])  # not authoritative, so not believed
    found = resolver(recursive, port=recursive.port).delegation("www.example.com.")
    assert found == Delegation(zone=None, servers=(), source="resolver")


@pytest.mark.parametrize("behaviour", ["servfail", "refused", "drop", "no-ra", "garbage", "wrong-id"])
def test_a_failed_look_up_is_never_not_delegated(recursive: NameServer, behaviour: Behaviour) -> None:
    delegate(recursive)
    recursive.default = behaviour
    del recursive.records[ZONE, "NS"]
    with pytest.raises(LookupFailed, match=r"NS records of example\.com .*Nothing was changed") as failure:
        resolver(recursive, timeout_s=0.1).delegation(ZONE)
    assert f"127.0.0.1:{recursive.port}" in failure.value.message
    assert "--resolver" in failure.value.hint


def test_the_next_recursive_resolver_is_asked_when_the_first_fails(recursive: NameServer) -> None:
    delegate(recursive)
    with NameServer(recursive=True, default="servfail") as broken:
        assert resolver(broken, recursive).delegation(ZONE).zone == ZONE
        assert broken.asked


def test_a_name_server_without_an_address_stays_visible(recursive: NameServer) -> None:
    delegate(recursive)
    del recursive.records["ns2.example.com.", "A"]
    assert ("ns2.example.com.", "") in addresses(resolver(recursive).delegation(ZONE))


def test_a_name_server_whose_look_up_fails_stays_visible(recursive: NameServer) -> None:
    delegate(recursive)
    for rtype in ("A", "AAAA"):
        recursive.behave("ns2.example.com.", rtype, "servfail")
    assert ("ns2.example.com.", "") in addresses(resolver(recursive).delegation(ZONE))


def test_one_address_family_that_fails_does_not_hide_the_other(recursive: NameServer) -> None:
    delegate(recursive)
    recursive.behave("ns2.example.com.", "AAAA", "servfail")
    assert ("ns2.example.com.", "192.0.2.9") in addresses(resolver(recursive).delegation(ZONE))


def test_a_delegation_without_a_single_address_is_a_failed_look_up(recursive: NameServer) -> None:
    recursive.records[ZONE, "NS"] = (60, ["ns1.example.net.", "ns2.example.net."])
    with pytest.raises(LookupFailed, match=r"No address .*\(ns1\.example\.net, ns2\.example\.net\)"):
        resolver(recursive).delegation(ZONE)


def test_an_absurd_number_of_name_servers_is_refused_not_asked(recursive: NameServer) -> None:
    recursive.records[ZONE, "NS"] = (60, [f"ns{number}.example.net." for number in range(200)])
    recursive.behave(ZONE, "NS", "tc")
    with pytest.raises(LookupFailed, match="200 servers"):
        resolver(recursive).delegation(ZONE)
    assert {question.rtype for question in recursive.asked} == {"NS"}


def test_named_servers_stand_in_for_the_delegation_and_nobody_is_asked(recursive: NameServer) -> None:
    found = resolver(recursive, nameservers=[("192.0.2.53", 5300), ("2001:db8::53", 53)]).delegation(ZONE)
    assert (found.zone, found.checked) == (None, False)
    assert [str(server) for server in found.servers] == ["192.0.2.53:5300", "[2001:db8::53]"]
    assert recursive.asked == []


# --- the system's resolvers -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("content", [None, "", "search example.com\n", "nameserver not-an-address\n"])
def test_a_machine_without_a_resolver_is_told_to_name_one(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "resolv.conf"
    if content is not None:
        path.write_text(content)
    with pytest.raises(LookupFailed, match="no recursive resolver") as failure:
        DnsResolver(recursives=None, nameservers=None, clock=RealClock(), resolv_conf=str(path)).delegation(ZONE)
    assert "--resolver" in failure.value.hint


def test_the_systems_resolver_is_asked_where_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text("nameserver 127.0.0.98\n")
    with pytest.raises(LookupFailed, match=r"127\.0\.0\.98: ") as failure:
        DnsResolver(recursives=None, nameservers=None, clock=RealClock(), timeout_s=0.1, resolv_conf=str(path)).delegation(
            "example.invalid."
        )
    assert failure.value.kind == "lookup-failed"


# --- endpoints --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("192.0.2.53", ("192.0.2.53", 53)),
        ("192.0.2.53:5300", ("192.0.2.53", 5300)),
        ("2001:db8::53", ("2001:db8::53", 53)),
        ("2001:DB8:0::53", ("2001:db8::53", 53)),
        ("[2001:db8::53]", ("2001:db8::53", 53)),
        ("[2001:db8::53]:5300", ("2001:db8::53", 5300)),
        ("::1", ("::1", 53)),
        ("127.0.0.1:65535", ("127.0.0.1", 65535)),
    ],
)
def test_an_endpoint_is_an_address_with_or_without_a_port(text: str, endpoint: tuple[str, int]) -> None:
    assert parse_endpoint(text) == endpoint


@pytest.mark.parametrize(
    "text",
    [
        "", "ns1.example.com", "ns1.example.com:53", "localhost", "192.0.2.53:", "192.0.2.53:0", "192.0.2.53:65536",
        "192.0.2.53:dns", "192.0.2.53:+53", "192.0.2.53:٥٣", "192.0.2", "[192.0.2.53]:53", "[2001:db8::53", "2001:db8::53]:53",
        "[2001:db8::53]53", "[2001:db8::53]:", "[]:53", "::1:99999", "192.0.2.53 ", "https://192.0.2.53",
    ],
)  # fmt: skip
def test_what_is_no_endpoint_is_refused_with_examples(text: str) -> None:
    with pytest.raises(UsageError, match="is not the address of a name server") as refusal:
        parse_endpoint(text)
    assert "not a host name" in refusal.value.hint
    assert "[2001:db8::53]:5300" in refusal.value.hint
