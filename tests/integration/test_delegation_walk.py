"""Delegations of the small internet, from the servers of the top-level domains down: who is found, and what is remarked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from registrar_sync import Client
from registrar_sync.core.observation import Delegation
from registrar_sync.errors import LookupFailed
from registrar_sync.operations.result import Result
from registrar_sync.resolver import AlsoAsked, DnsResolver
from registrar_sync.wiring import SystemClock
from tests.integration import internet_fixture
from tests.integration.internet import Internet

internet = internet_fixture.internet

MakeResolver = Callable[..., DnsResolver]
NOBODY = ("127.20.66.99", 9)  # nothing listens there


@pytest.fixture
def resolver(internet: Internet) -> Iterator[MakeResolver]:
    """``resolver()``: one that asks Unbound first; ``resolver(recursives=[...], hints=True)``: as told."""
    made: list[DnsResolver] = []

    def make(*, hints: bool = False, recursives: list[tuple[str, int]] | None = None) -> DnsResolver:
        roots = {name: (address,) for name, address in internet.root_hints} if hints else {}
        settings: dict[str, Any] = {"port": internet.port, "timeout_s": 0.3, "tries": 3, "clock": SystemClock()}
        also = AlsoAsked(each=(), root_hints=roots)
        made.append(DnsResolver(recursives=recursives or [internet.careless.endpoint], nameservers=None, also=also, **settings))
        return made[-1]

    yield make
    for one in made:
        one.close()


def addresses(internet: Internet, *servers: str) -> set[tuple[str, str]]:
    return {(name, address) for name in servers for address in internet.server(name).addresses}


def listed(found: Delegation) -> set[tuple[str, str]]:
    return {(server.name, server.address) for server in found.servers}


def remarks(found: Delegation) -> set[tuple[str, str]]:
    return {(remark.server, remark.kind) for remark in found.remarks}


# --- who is found -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("start", ["from a recursive resolver", "from the root"])
@pytest.mark.parametrize(
    ("owner", "zone", "parent", "servers"),
    [
        ("normal.com.", "normal.com.", "com.", ["ns1.normal.com.", "ns2.normal.com."]),
        ("www.normal.com.", "normal.com.", "com.", ["ns1.normal.com.", "ns2.normal.com."]),
        ("alias.normal.com.", "normal.com.", "com.", ["ns1.normal.com.", "ns2.normal.com."]),
        ("new.and.deep.normal.com.", "normal.com.", "com.", ["ns1.normal.com.", "ns2.normal.com."]),
        ("x.child.normal.com.", "child.normal.com.", "normal.com.", ["ns1.child.normal.com."]),
        ("sub.cohosted.com.", "sub.cohosted.com.", "cohosted.com.", ["ns1.cohosted.com.", "ns2.cohosted.com."]),
        ("firm.co.test.", "firm.co.test.", "test.", ["ns1.firm.co.test.", "ns2.firm.co.test."]),
        ("hosted.com.", "hosted.com.", "com.", ["ns1.hoster.net.", "ns2.hoster.net."]),
        ("deep.com.", "deep.com.", "com.", ["ns1.deep.net.", "ns2.deep.net."]),
        ("v6.com.", "v6.com.", "com.", ["ns1.v6.com.", "ns2.v6.com."]),
        ("v6only.com.", "v6only.com.", "com.", ["ns1.v6only.com."]),
        ("hidden.com.", "hidden.com.", "com.", ["ns1.hidden.com.", "ns2.hidden.com."]),
        ("signed.com.", "signed.com.", "com.", ["ns1.signed.com.", "ns2.signed.com."]),
        ("bogus.com.", "bogus.com.", "com.", ["ns1.bogus.com.", "ns2.bogus.com."]),
        ("drops.com.", "drops.com.", "com.", ["ns1.drops.com.", "ns2.drops.com."]),
        ("tcp.com.", "tcp.com.", "com.", ["ns1.tcp.com.", "ns2.tcp.com."]),
        ("noudp.com.", "noudp.com.", "com.", ["ns1.noudp.com.", "ns2.noudp.com."]),
    ],
)
def test_a_delegation_is_found_with_all_its_servers_and_nothing_to_remark(
    internet: Internet, resolver: MakeResolver, start: str, owner: str, zone: str, parent: str, servers: list[str]
) -> None:
    if owner == "v6only.com." and not internet.ipv6:
        pytest.skip("no IPv6 loopback here")
    asking = resolver() if start == "from a recursive resolver" else resolver(recursives=[NOBODY], hints=True)
    found = asking.delegation(owner)
    assert (found.zone, found.parent, found.source) == (zone, parent, "parent")
    assert listed(found) == addresses(internet, *servers)
    assert {server.port for server in found.servers} == {internet.port}
    assert found.remarks == ()


@pytest.mark.parametrize("owner", ["missing.com.", "www.missing.com.", "alias.com."])
def test_what_the_top_level_domain_does_not_delegate_has_no_zone(resolver: MakeResolver, owner: str) -> None:
    assert resolver().delegation(owner) == Delegation(zone=None, servers=(), parent="com.")


def test_a_hidden_primary_is_never_asked(internet: Internet, resolver: MakeResolver) -> None:
    resolver().delegation("hidden.com.")
    assert internet.server("primary.hidden.com.").scripted.asked == []


# --- what is remarked -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("differ.com.", {("ns2.differ.com.", "parent-only"), ("ns3.differ.com.", "child-only")}),
        ("lame.com.", {("ns2.lame.com.", "lame")}),
        ("unauthoritative.com.", {("ns2.unauthoritative.com.", "lame")}),
        ("dead.com.", {("ns2.dead.com.", "unreachable")}),
        ("gone.com.", {("ns1.gone.com.", "unreachable"), ("ns2.gone.com.", "unreachable")}),
        ("silent.com.", {("ns2.silent.com.", "unreachable")}),
        ("liar.com.", {(f"{liar}.liar.com.", "unreachable") for liar in ("id", "question", "source")}),
        ("apex-alias.org.", {("ns1.apex-alias.org.", "disagrees")}),
    ],
)
def test_servers_that_are_not_right_are_named_and_watched_all_the_same(
    internet: Internet, resolver: MakeResolver, zone: str, expected: set[tuple[str, str]]
) -> None:
    found = resolver().delegation(zone)
    domain = internet.zone(zone)
    assert remarks(found) == expected
    assert listed(found) == addresses(internet, *domain.delegated, *domain.listed)


def test_a_server_without_an_address_is_named_beside_the_others(internet: Internet, resolver: MakeResolver) -> None:
    found = resolver().delegation("nameless.com.")
    assert listed(found) == {*addresses(internet, "ns1.nameless.com."), ("ns.nowhere.test.", "")}
    assert [str(remark) for remark in found.remarks] == ["ns.nowhere.test: its name has no address"]


@pytest.mark.parametrize(("zone", "server"), [("loop-a.com.", "ns1.loop-b.net"), ("loop-b.net.", "ns1.loop-a.com")])
def test_two_zones_whose_servers_lie_in_each_other_are_named(resolver: MakeResolver, zone: str, server: str) -> None:
    with pytest.raises(LookupFailed, match=f"No address .*{server} -> .* -> {server}"):
        resolver().delegation(zone)


def test_servers_of_the_zone_above_that_do_not_agree(internet: Internet, resolver: MakeResolver) -> None:
    internet.set_rrset("com.", "normal.com.", "NS", 60, "ns1.normal.com.", "ns2.differ.com.", at=["b.nic.com."])
    found = resolver().delegation("normal.com.")
    assert listed(found) == addresses(internet, "ns1.normal.com.", "ns2.normal.com.", "ns2.differ.com.")
    assert ("ns2.differ.com.", "lame") in remarks(found)
    assert any(remark.kind == "disagrees" and remark.detail.startswith("as a server of com it names") for remark in found.remarks)


# --- where it cannot be asked -----------------------------------------------------------------------------------------
def test_where_port_53_is_closed_to_the_servers_above_the_recursive_resolver_is_believed_openly(
    internet: Internet, resolver: MakeResolver
) -> None:
    asking = resolver()
    assert asking.delegation("hosted.com.").source == "parent"
    with internet.server("a.nic.com.").silenced(), internet.server("b.nic.com.").silenced():
        found = asking.delegation("normal.com.")
    assert (found.zone, found.source, found.remarks) == ("normal.com.", "resolver", ())
    assert listed(found) == addresses(internet, "ns1.normal.com.", "ns2.normal.com.")


def test_without_a_recursive_resolver_and_without_hints_nothing_is_known(resolver: MakeResolver) -> None:
    with pytest.raises(LookupFailed, match=r"NS records of normal\.com"):
        resolver(recursives=[NOBODY]).delegation("normal.com.")


def test_one_dead_server_of_the_zone_above_does_not_matter(internet: Internet, resolver: MakeResolver) -> None:
    with internet.server("a.nic.com.").silenced():
        found = resolver().delegation("normal.com.")
    assert (found.zone, found.source, found.remarks) == ("normal.com.", "parent", ())


# --- kept for a run ---------------------------------------------------------------------------------------------------
def test_many_domains_of_one_hoster_cost_the_servers_above_little(internet: Internet, resolver: MakeResolver) -> None:
    asking = resolver()
    domains = ("hosted.com.", "isp.net.", "security-mail.net.")
    for _ in range(2):
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(asking.delegation, [domain for domain in domains for _ in range(8)]))
    assert {one.zone for one in found} == set(domains)
    before = internet.server("a.nic.com.").questions() + internet.server("a.nic.net.").questions()
    assert [asking.delegation(domain).zone for domain in domains] == list(domains)
    assert internet.server("a.nic.com.").questions() + internet.server("a.nic.net.").questions() == before


# --- what an operator is told -----------------------------------------------------------------------------------------
@pytest.fixture
def check(internet: Internet, resolver: MakeResolver, tmp_path: Path) -> Iterator[Callable[[str], Result]]:
    client = Client(journal=str(tmp_path / "journal.sqlite"))
    asking = resolver()
    client.world.resolver = lambda asked, account: asking  # type: ignore[method-assign]
    yield client.check
    client.close()


def told(result: Result) -> dict[str, tuple[str, str]]:
    return {found.id: (found.severity, found.message) for found in result.findings}


def test_a_lame_server_is_told_by_name_with_what_it_means(check: Callable[[str], Result], internet: Internet) -> None:
    result = check("lame.com")
    where = internet.server("ns2.lame.com.")
    severity, message = told(result)["delegation-lame"]
    assert severity == "warn"
    assert f"do not answer for it: ns2.lame.com ({where.address}:{where.port}): REFUSED." in message
    assert "do not find the change" in message
    assert result.visibility is not None
    assert {row.server.name: row.verdict for row in result.visibility.servers}["ns2.lame.com."] == "unreachable"
    assert result.lights is not None
    assert result.lights.delegation.light == "yellow"


def test_a_difference_between_the_zone_and_the_zone_above_is_told(check: Callable[[str], Result]) -> None:
    severity, message = told(check("differ.com"))["delegation-mismatch"]
    assert severity == "warn"
    assert "ns2.differ.com: com names it, differ.com itself does not" in message
    assert "ns3.differ.com: differ.com itself names it, com does not" in message


def test_an_undelegated_domain_is_told_apart_from_one_that_could_not_be_asked(check: Callable[[str], Result]) -> None:
    assert "not-delegated" in told(check("missing.com"))
    assert "delegation-unknown" in told(check("loop-a.com"))


def test_the_word_of_a_recursive_resolver_is_told_as_such(check: Callable[[str], Result], internet: Internet) -> None:
    with internet.server("a.nic.com.").silenced(), internet.server("b.nic.com.").silenced():
        result = check("normal.com")
    severity, message = told(result)["delegation-by-resolver"]
    assert severity == "info"
    assert message.startswith("No server above normal.com could be asked")
    assert not {"delegation-lame", "delegation-mismatch"} & set(told(result))
    assert result.lights is not None
    assert result.lights.delegation.light == "green"
    assert "that a recursive resolver tells" in result.lights.delegation.detail


def test_a_delegation_that_is_right_needs_no_words(check: Callable[[str], Result]) -> None:
    assert not {id_ for id_ in told(check("normal.com")) if id_.startswith("delegation")}
