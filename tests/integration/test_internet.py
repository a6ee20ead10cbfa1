"""The small internet does what its map says: asked server by server, and through Unbound. Other tests stand on it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

from tests.integration import internet_fixture
from tests.integration.internet import Internet
from tests.integration.internet_map import DOMAINS, FIRST_SERIAL, HOSTS, MISSING
from tests.integration.internet_processes import find_program
from tests.integration.internet_servers import Recursive

internet = internet_fixture.internet

USUAL_MX = ["40 secours.isp.net.", "40 smtp.isp.net."]
MISBEHAVING = [host.name for host in HOSTS.values() if host.place.script and host.place.script.default != "answer"]


def ask(net: Internet, server: str, name: str, rtype: str, *, tcp: bool = False, wait_s: float = 5.0) -> dns.message.Message:
    """Ask a server by its name, at its first address, without recursion."""
    query = dns.message.make_query(name, rtype, flags=0)
    transport = dns.query.tcp if tcp else dns.query.udp
    return transport(query, net.server(server).address, timeout=wait_s, port=net.port)


def resolve(recursive: Recursive, name: str, rtype: str) -> dns.message.Message:
    """Ask a recursive resolver as a validating client would, and again if nothing comes."""
    query = dns.message.make_query(name, rtype, want_dnssec=True)
    for _ in range(4):
        with contextlib.suppress(dns.exception.Timeout):
            return dns.query.udp(query, recursive.address, timeout=3, port=recursive.port)
    raise AssertionError(f"{recursive.address} did not answer for {name}")


def values(response: dns.message.Message, rtype: str) -> list[str]:
    wanted = dns.rdatatype.from_text(rtype)
    return sorted(str(rdata) for rrset in response.answer if rrset.rdtype == wanted for rdata in rrset)


def names_in(section: list[dns.rrset.RRset], rtype: str) -> set[str]:
    return {str(rdata) for rrset in section if rrset.rdtype == dns.rdatatype.from_text(rtype) for rdata in rrset}


def is_authoritative(response: dns.message.Message) -> bool:
    return bool(response.flags & dns.flags.AA)


def addresses_of(server: str) -> tuple[str, ...]:
    return HOSTS[server].addresses if server in HOSTS else ()


def serial_at(net: Internet, server: str, zone: str) -> int:
    answer = ask(net, server, zone, "SOA").answer
    assert answer, f"{server} has no SOA of {zone}"
    serial: int = answer[0][0].serial
    return serial


# --- the tree ---------------------------------------------------------------------------------------------------------
def test_every_server_that_holds_a_zone_answers_for_it_with_authority(internet: Internet) -> None:
    asked = 0
    for domain in DOMAINS:
        if domain.name == "apex-alias.org.":
            continue
        for server in (server for server in domain.held_by if server not in MISBEHAVING and internet.server(server).addresses):
            tcp = internet.server(server).script is not None  # one of them drops by UDP
            response = ask(internet, server, domain.name, "NS", tcp=tcp)
            assert is_authoritative(response), (domain.name, server)
            assert set(values(response, "NS")) == set(domain.listed), (domain.name, server)
            asked += 1
    assert asked > 50


def test_every_delegation_is_told_by_the_servers_above_as_a_referral(internet: Internet) -> None:
    referred = 0
    for domain in DOMAINS:
        parent = internet.zone(domain.name).parent
        if parent is None or domain.name == "sub.cohosted.com.":
            continue
        for server in internet.zone(parent).held_by:
            response = ask(internet, server, f"www.{domain.name}", "TXT")
            assert not is_authoritative(response), (domain.name, server)
            assert not response.answer
            assert names_in(response.authority, "NS") == set(domain.delegated), (domain.name, server)
            glue = {(str(rrset.name), str(rdata)) for rrset in response.additional for rdata in rrset}
            own = {(h.name, address) for h in domain.hosts if h.name in domain.delegated for address in h.addresses}
            assert own <= glue <= {(name, address) for name in domain.delegated for address in addresses_of(name)}
            referred += 1
    assert referred > 50


def test_the_root_is_found_by_its_hints_and_refuses_nothing_below(internet: Internet) -> None:
    assert len(internet.root_hints) == 2
    for name, address in internet.root_hints:
        assert internet.server(name).address == address
        assert names_in(ask(internet, name, "normal.com.", "MX").authority, "NS") == {"a.nic.com.", "b.nic.com."}


def test_a_tld_does_not_answer_for_another(internet: Internet) -> None:
    assert ask(internet, "a.nic.net.", "normal.com.", "MX").rcode() == dns.rcode.REFUSED


def test_a_domain_that_nobody_registered_does_not_exist(internet: Internet) -> None:
    response = ask(internet, "a.nic.com.", MISSING, "NS")
    assert response.rcode() == dns.rcode.NXDOMAIN
    assert is_authoritative(response)
    assert resolve(internet.recursive, MISSING, "MX").rcode() == dns.rcode.NXDOMAIN


def test_a_name_between_two_zones_exists_and_holds_nothing(internet: Internet) -> None:
    response = ask(internet, "a.nic.test.", "co.test.", "NS")
    assert (response.rcode(), response.answer) == (dns.rcode.NOERROR, [])
    assert is_authoritative(response)


def test_a_zone_below_on_the_same_servers_is_answered_without_a_referral(internet: Internet) -> None:
    response = ask(internet, "ns1.cohosted.com.", "sub.cohosted.com.", "NS")
    assert is_authoritative(response)
    assert values(response, "NS") == ["ns1.cohosted.com.", "ns2.cohosted.com."]


def test_glueless_delegations_need_further_walks(internet: Internet) -> None:
    for zone, elsewhere in (("hosted.com.", "net."), ("deep.com.", "net."), ("deep.net.", "org.")):
        parent = internet.zone(zone).parent
        assert parent is not None
        response = ask(internet, internet.zone(parent).held_by[0], zone, "MX")
        assert response.additional == []
        assert all(server.endswith("." + elsewhere) for server in names_in(response.authority, "NS"))


def test_servers_have_v6_addresses(internet: Internet) -> None:
    if not internet.ipv6:
        pytest.skip("no IPv6 loopback here")
    glue = {(str(rrset.name), str(rrset[0])) for rrset in ask(internet, "a.nic.com.", "v6.com.", "MX").additional}
    addresses = {(name, address) for name in ("ns1.v6.com.", "ns2.v6.com.") for address in internet.server(name).addresses}
    assert glue == addresses
    assert "::1" in internet.server("ns2.v6.com.").addresses
    assert internet.server("ns1.v6only.com.").addresses == ("::1",)
    assert is_authoritative(ask(internet, "ns1.v6only.com.", "v6only.com.", "MX"))


# --- delegations that are not right -----------------------------------------------------------------------------------
def test_parent_and_child_differ(internet: Internet) -> None:
    above = names_in(ask(internet, "a.nic.com.", "differ.com.", "NS").authority, "NS")
    below = {tuple(values(ask(internet, f"ns{n}.differ.com.", "differ.com.", "NS"), "NS")) for n in (1, 2, 3)}
    assert above == {"ns1.differ.com.", "ns2.differ.com."}
    assert below == {("ns1.differ.com.", "ns3.differ.com.")}


def test_a_lame_server_refuses_and_another_is_not_authoritative(internet: Internet) -> None:
    assert ask(internet, "ns2.lame.com.", "lame.com.", "MX").rcode() == dns.rcode.REFUSED
    response = ask(internet, "ns2.unauthoritative.com.", "unauthoritative.com.", "MX")
    assert values(response, "MX")
    assert not is_authoritative(response)


@pytest.mark.parametrize("server", ["ns2.dead.com.", "ns1.gone.com.", "ns2.gone.com."])
def test_nothing_listens_where_a_dead_server_should_be(internet: Internet, server: str) -> None:
    with pytest.raises(ConnectionRefusedError):
        ask(internet, server, "dead.com.", "MX", tcp=True)


def test_a_name_server_without_an_address(internet: Internet) -> None:
    assert "ns.nowhere.test." in names_in(ask(internet, "a.nic.com.", "nameless.com.", "MX").authority, "NS")
    assert ask(internet, "a.nic.test.", "ns.nowhere.test.", "A").rcode() == dns.rcode.NXDOMAIN


def test_two_zones_whose_servers_lie_in_each_other(internet: Internet) -> None:
    first = ask(internet, "a.nic.com.", "loop-a.com.", "MX")
    second = ask(internet, "a.nic.net.", "loop-b.net.", "MX")
    assert (names_in(first.authority, "NS"), first.additional) == ({"ns1.loop-b.net."}, [])
    assert (names_in(second.authority, "NS"), second.additional) == ({"ns1.loop-a.com."}, [])


def test_a_hidden_primary_is_named_by_the_soa_only(internet: Internet) -> None:
    primary = internet.server("primary.hidden.com.")
    for server in ("ns1.hidden.com.", "ns2.hidden.com."):
        assert str(ask(internet, server, "hidden.com.", "SOA").answer[0][0].mname) == primary.name
        assert primary.name not in values(ask(internet, server, "hidden.com.", "NS"), "NS")
    assert primary.questions() == 0
    assert is_authoritative(ask(internet, primary.name, "hidden.com.", "MX"))
    assert primary.scripted.asked_for("hidden.com.", "MX") == ["udp"]


def test_aliases_in_the_tld_in_a_zone_and_at_an_apex(internet: Internet) -> None:
    for server, name, target in (
        ("a.nic.com.", "alias.com.", "normal.com."),
        ("ns1.normal.com.", "alias.normal.com.", "www.isp.net."),
        ("ns1.apex-alias.org.", "apex-alias.org.", "www.isp.net."),
    ):
        assert values(ask(internet, server, name, "MX"), "CNAME") == [target]
    assert "5 mailgate.normal.com." in values(resolve(internet.recursive, "alias.com.", "MX"), "MX")


# --- through Unbound --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "domain",
    [
        *("normal.com.", "child.normal.com.", "sub.cohosted.com.", "firm.co.test.", "hosted.com.", "deep.com.", "v6.com."),
        *("differ.com.", "lame.com.", "unauthoritative.com.", "dead.com.", "nameless.com.", "hidden.com.", "lags.com."),
        *("anycast.com.", "liar.com.", "drops.com.", "tcp.com.", "noudp.com.", "silent.com.", "scripted.com."),
    ],
)
def test_both_resolvers_find_the_mail_servers(internet: Internet, domain: str) -> None:
    for recursive in (internet.recursive, internet.careless):
        assert values(resolve(recursive, domain, "MX"), "MX") == [*USUAL_MX, f"5 mailgate.{domain}"]


@pytest.mark.parametrize("domain", ["gone.com.", "loop-a.com.", "loop-b.net."])
def test_no_resolver_finds_what_no_server_answers(internet: Internet, domain: str) -> None:
    assert resolve(internet.recursive, domain, "MX").rcode() == dns.rcode.SERVFAIL


@pytest.mark.parametrize(("name", "rtype"), [("signed.com.", "TXT"), ("com.", "NS"), ("alias.com.", "CNAME")])
def test_signed_data_is_found_authentic(internet: Internet, name: str, rtype: str) -> None:
    assert resolve(internet.recursive, name, rtype).flags & dns.flags.AD
    assert not resolve(internet.careless, name, rtype).flags & dns.flags.AD


@pytest.mark.parametrize("name", ["none.signed.com.", MISSING])
def test_a_denial_in_a_signed_zone_is_found_authentic(internet: Internet, name: str) -> None:
    response = resolve(internet.recursive, name, "TXT")
    assert response.rcode() == dns.rcode.NXDOMAIN
    assert response.flags & dns.flags.AD


def test_unsigned_data_is_found_but_not_authentic(internet: Internet) -> None:
    assert not resolve(internet.recursive, "normal.com.", "MX").flags & dns.flags.AD


@pytest.mark.parametrize("domain", ["bogus.com.", "expired.com."])
def test_a_bogus_zone_fails_where_it_is_validated_only(internet: Internet, domain: str) -> None:
    assert resolve(internet.recursive, domain, "TXT").rcode() == dns.rcode.SERVFAIL
    assert len(values(resolve(internet.careless, domain, "TXT"), "TXT")) == 2
    unchecked = dns.message.make_query(domain, "TXT", flags=dns.flags.RD | dns.flags.CD)
    response = dns.query.udp(unchecked, internet.recursive.address, timeout=5, port=internet.port)
    assert len(values(response, "TXT")) == 2


def test_a_signed_zone_is_signed_anew_when_it_changes(internet: Internet) -> None:
    internet.set_rrset("signed.com.", "new.signed.com.", "TXT", 60, '"new"')
    response = resolve(internet.recursive, "new.signed.com.", "TXT")
    assert values(response, "TXT") == ['"new"']
    assert response.flags & dns.flags.AD


def test_what_a_resolver_keeps_is_as_long_as_it_is_set_to(internet: Internet) -> None:
    internet.recursive.cache_for(3600, 3600)
    internet.careless.cache_for(0, 0)
    for recursive in (internet.recursive, internet.careless):
        assert "old" not in str(values(resolve(recursive, "normal.com.", "TXT"), "TXT"))
        assert resolve(recursive, "none.normal.com.", "TXT").rcode() == dns.rcode.NXDOMAIN
    internet.set_rrset("normal.com.", "normal.com.", "TXT", 60, '"new"')
    internet.set_rrset("normal.com.", "none.normal.com.", "TXT", 60, '"new"')
    for name in ("normal.com.", "none.normal.com."):
        assert values(resolve(internet.careless, name, "TXT"), "TXT") == ['"new"']
        assert values(resolve(internet.recursive, name, "TXT"), "TXT") != ['"new"']
    internet.recursive.flush()
    for name in ("normal.com.", "none.normal.com."):
        assert values(resolve(internet.recursive, name, "TXT"), "TXT") == ['"new"']


def test_a_short_cache_runs_out_by_itself(internet: Internet) -> None:
    internet.recursive.cache_for(1, 1)
    resolve(internet.recursive, "normal.com.", "TXT")
    internet.set_rrset("normal.com.", "normal.com.", "TXT", 3600, '"new"')
    deadline = time.monotonic() + 20
    while values(resolve(internet.recursive, "normal.com.", "TXT"), "TXT") != ['"new"']:
        assert time.monotonic() < deadline
        time.sleep(0.05)


# --- changes ----------------------------------------------------------------------------------------------------------
def test_a_change_at_one_server_only(internet: Internet) -> None:
    serial = internet.set_rrset("normal.com.", "normal.com.", "TXT", 60, '"new"', at=["ns1.normal.com."])
    assert serial == FIRST_SERIAL + 1
    assert serial_at(internet, "ns1.normal.com.", "normal.com.") == serial
    assert values(ask(internet, "ns1.normal.com.", "normal.com.", "TXT"), "TXT") == ['"new"']
    assert serial_at(internet, "ns2.normal.com.", "normal.com.") == FIRST_SERIAL
    internet.catch_up("normal.com.")
    assert serial_at(internet, "ns2.normal.com.", "normal.com.") == serial


def test_a_server_that_lags_until_it_is_told(internet: Internet) -> None:
    for value in ('"one"', '"two"'):
        newest = internet.set_rrset("lags.com.", "lags.com.", "TXT", 60, value)
    assert [serial_at(internet, f"ns{n}.lags.com.", "lags.com.") for n in (1, 2)] == [newest, FIRST_SERIAL]
    internet.catch_up("lags.com.")
    assert values(ask(internet, "ns2.lags.com.", "lags.com.", "TXT"), "TXT") == ['"two"']


def test_two_sites_behind_one_address(internet: Internet) -> None:
    newest = internet.set_rrset("anycast.com.", "anycast.com.", "TXT", 60, '"new"')
    assert {serial_at(internet, "ns2.anycast.com.", "anycast.com.") for _ in range(4)} == {newest, FIRST_SERIAL}
    internet.catch_up("anycast.com.")
    assert {serial_at(internet, "ns2.anycast.com.", "anycast.com.") for _ in range(4)} == {newest}


def test_data_that_changes_under_one_serial_and_a_whole_zone_replaced(internet: Internet) -> None:
    internet.set_rrset("normal.com.", "normal.com.", "TXT", 60, '"new"', same_serial=True)
    response = ask(internet, "ns2.normal.com.", "normal.com.", "TXT")
    assert values(response, "TXT") == ['"new"']
    assert serial_at(internet, "ns2.normal.com.", "normal.com.") == FIRST_SERIAL
    text = internet.zone("normal.com.").text.replace(str(FIRST_SERIAL), "7")
    internet.replace_zone("normal.com.", text)
    assert internet.zone("normal.com.").serial == 7
    assert serial_at(internet, "ns2.normal.com.", "normal.com.") == 7


def test_a_delegation_can_be_changed_too(internet: Internet) -> None:
    internet.set_rrset("com.", "normal.com.", "NS", 60, "ns1.hoster.net.")
    for server in ("a.nic.com.", "b.nic.com."):
        assert names_in(ask(internet, server, "normal.com.", "MX").authority, "NS") == {"ns1.hoster.net."}


def test_all_is_put_back_for_the_next_test(internet: Internet) -> None:
    scripted = internet.server("ns1.scripted.com.").scripted
    internet.recursive.cache_for(3600, 3600)
    for zone in ("normal.com.", "scripted.com.", "lags.com.", "anycast.com.", "signed.com."):
        internet.set_rrset(zone, zone, "TXT", 60, '"new"')
        resolve(internet.recursive, zone, "TXT")
    scripted.default = "refused"
    internet.reset()
    assert scripted.asked == []
    for zone in ("normal.com.", "scripted.com.", "lags.com.", "anycast.com.", "signed.com."):
        assert internet.zone(zone).serial == FIRST_SERIAL
        assert {serial_at(internet, server, zone) for server in internet.zone(zone).held_by for _ in "ab"} == {FIRST_SERIAL}
        answer = resolve(internet.recursive, zone, "TXT")
        assert '"new"' not in values(answer, "TXT")
        assert answer.answer[0].ttl <= internet.recursive.max_ttl


# --- servers that misbehave -------------------------------------------------------------------------------------------
def test_a_liar_for_the_id_the_question_and_the_source(internet: Internet) -> None:
    for server in ("id.liar.com.", "question.liar.com."):
        with pytest.raises(dns.query.BadResponse):
            ask(internet, server, "liar.com.", "MX")
    with pytest.raises(dns.query.UnexpectedSource):
        ask(internet, "source.liar.com.", "liar.com.", "MX")


def test_a_share_of_the_packets_is_dropped(internet: Internet) -> None:
    server, total = internet.server("ns2.drops.com."), 60
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.5)
        client.connect((server.address, server.port))
        answered = 0
        for _ in range(total):
            client.send(dns.message.make_query("drops.com.", "MX").to_wire())
        deadline = time.monotonic() + 20
        while len(server.scripted.asked) < total:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        try:
            while client.recv(4096):
                answered += 1
        except TimeoutError:
            pass
    assert total / 2 < answered < total
    assert values(ask(internet, server.name, "drops.com.", "MX", tcp=True), "MX")


def test_one_answers_by_tcp_only_and_one_never_by_udp(internet: Internet) -> None:
    assert ask(internet, "ns2.tcp.com.", "tcp.com.", "MX").flags & dns.flags.TC
    with pytest.raises(dns.exception.Timeout):
        ask(internet, "ns2.noudp.com.", "noudp.com.", "MX", wait_s=0.3)
    for zone in ("tcp.com.", "noudp.com."):
        response = ask(internet, f"ns2.{zone}", zone, "MX", tcp=True)
        assert len(values(response, "MX")) == 3
        assert is_authoritative(response)


def test_one_is_silent(internet: Internet) -> None:
    for tcp in (False, True):
        with pytest.raises(dns.exception.Timeout):
            ask(internet, "ns2.silent.com.", "silent.com.", "MX", tcp=tcp, wait_s=0.3)


@pytest.mark.parametrize(
    ("server", "zone"), [("a.root.", "."), ("ns2.normal.com.", "normal.com."), ("ns1.scripted.com.", "scripted.com.")]
)
def test_a_server_can_fall_silent_for_a_while(internet: Internet, server: str, zone: str) -> None:
    with internet.server(server).silenced(), pytest.raises(dns.exception.Timeout):
        ask(internet, server, zone, "SOA", wait_s=0.3)
    assert serial_at(internet, server, zone) == FIRST_SERIAL


def test_a_scripted_server_behaves_as_a_test_wants(internet: Internet) -> None:
    internet.server("ns2.scripted.com.").scripted.behave("scripted.com.", "MX", "servfail", "answer")
    codes = [ask(internet, "ns2.scripted.com.", "scripted.com.", "MX").rcode() for _ in range(2)]
    assert codes == [dns.rcode.SERVFAIL, dns.rcode.NOERROR]


def test_questions_are_counted(internet: Internet) -> None:
    for server in ("b.root.", "ns1.scripted.com."):
        before = internet.server(server).questions()
        for _ in range(3):
            ask(internet, server, ".", "SOA")
        assert internet.server(server).questions() == before + 3


# --- the processes ----------------------------------------------------------------------------------------------------
def test_no_server_outlives_a_test_run_that_is_killed() -> None:
    program = (
        "import sys, time\n"
        "from tests.integration.internet import running_internet\n"
        "with running_internet() as net:\n"
        "    print(net.port, net.recursive.processes.folder, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    with run:
        assert run.stdout is not None
        port, folder = run.stdout.readline().decode().split()
        with socket.create_connection(("127.20.0.1", int(port))):
            os.kill(run.pid, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while Path(folder).exists() or _listens(int(port)):
        assert time.monotonic() < deadline, f"still there: {folder}, port {port}"
        time.sleep(0.02)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.20.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_a_missing_program_is_named_with_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"no-such-server is not installed: make test installs it"):
        find_program("no-such-server", tmp_path)
