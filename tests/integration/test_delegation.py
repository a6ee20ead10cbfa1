"""From the delegation on: the name servers that the DNS names are asked at every address, and nobody else's zone is edited."""

from __future__ import annotations

import pytest

from registrar_sync import Client
from registrar_sync.resolver import AlsoAsked, DnsResolver
from tests.contract.worlds import NEIGHBOURS, SPF, USUAL, USUAL_MX, ProviderWorld
from tests.integration.conftest import SandboxWorlds, sandbox_of

TWO_SERVERS = USUAL + "@ NS ns2\nns2 A 127.0.0.2\n"


def client_that_asks_the_dns(world: ProviderWorld) -> Client:
    """As an operator's: the servers come from the NS set, here on the sandbox's port instead of 53."""
    address, port = sandbox_of(world).dns_address
    client = world.client(nameservers=[])
    resolver = DnsResolver(
        recursives=[(address, port)],
        nameservers=None,
        port=port,
        clock=client.world.clock,
        timeout_s=0.3,
        tries=2,
        also=AlsoAsked(each=()),
    )
    client.world.resolver = lambda asked, account: resolver  # type: ignore[method-assign]
    return client


def test_the_servers_of_the_ns_set_are_asked(sandbox_world: SandboxWorlds) -> None:
    client = client_that_asks_the_dns(sandbox_world("gandi"))
    result = client.enroll("example.com", provider="gandi")
    assert result.state == "authoritative", (result.message, result.findings)
    assert {finding.id for finding in result.findings} == {"spf-size", "delegation-by-resolver"}, "the sandbox has no com servers"
    assert result.visibility is not None
    assert [(row.server.name, row.verdict) for row in result.visibility.servers] == [("ns1.example.com.", "new")]
    assert client.check("example.com").state == "authoritative"


def test_a_server_that_does_not_answer_is_named_and_keeps_it_from_being_authoritative(sandbox_world: SandboxWorlds) -> None:
    client = client_that_asks_the_dns(sandbox_world("gandi", zone=TWO_SERVERS))
    result = client.enroll("example.com", provider="gandi", timeout=1.0)
    assert result.state == "overdue"
    assert result.visibility is not None
    assert {row.server.name: row.verdict for row in result.visibility.servers} == {
        "ns1.example.com.": "new",
        "ns2.example.com.": "unreachable",
    }
    assert ("authoritative-unreachable", "warn") in {(f.id, f.severity) for f in result.findings}


def test_a_zone_that_nobody_delegates_is_not_edited(sandbox_world: SandboxWorlds) -> None:
    """The account holds example.net; the DNS knows no such name."""
    world = sandbox_world("gandi", switches={"dns_outside_zones": "nxdomain"})
    client = client_that_asks_the_dns(world)
    with world.unchanged():
        result = client.enroll("example.net", provider="gandi")
    assert result.error is not None
    assert result.error.kind == "zone-not-found"
    checked = client.check("example.net")
    assert checked.state == "not-enrolled"
    assert "not-delegated" in {finding.id for finding in checked.findings}


def test_a_failed_look_up_is_not_called_undelegated(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("gandi")
    client = client_that_asks_the_dns(world)
    dead = DnsResolver(recursives=[("127.0.0.1", 9)], nameservers=None, clock=client.world.clock, timeout_s=0.2, tries=2)
    client.world.resolver = lambda asked, account: dead  # type: ignore[method-assign]
    with world.unchanged():
        result = client.enroll("example.com", provider="gandi")
    assert result.state == "refused"
    assert {finding.id for finding in result.findings if finding.severity == "block"} == {"delegation-unknown"}


@pytest.mark.parametrize("owner", ["sub.example.com", "new.example.com"])
def test_an_owner_below_the_apex_is_served_by_the_zone_above(sandbox_world: SandboxWorlds, owner: str) -> None:
    client = client_that_asks_the_dns(sandbox_world("gandi"))
    result = client.enroll(owner, provider="gandi", accept=["spf-mx-mechanism"])
    assert result.state == "authoritative", (result.message, result.findings)
    assert result.zone == "example.com."
    assert client.rollback(owner).state == "authoritative"


def test_an_owner_that_is_delegated_away_is_refused(sandbox_world: SandboxWorlds) -> None:
    zone = NEIGHBOURS + SPF + USUAL_MX + "child NS ns1.child\nns1.child A 127.0.0.1\n"
    world = sandbox_world("gandi", zone=zone)
    client = client_that_asks_the_dns(world)
    with world.unchanged():
        result = client.enroll("child.example.com", provider="gandi")
    assert result.state == "refused"
    assert "owner-delegated" in {finding.id for finding in result.findings}


def test_an_alias_is_refused(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("gandi", zone=NEIGHBOURS + SPF + USUAL_MX + "alias CNAME www\n")
    client = client_that_asks_the_dns(world)
    with world.unchanged():
        result = client.enroll("alias.example.com", provider="gandi")
    assert result.state == "refused"
    assert "owner-cname" in {finding.id for finding in result.findings}


def test_a_name_that_does_not_exist_is_told_as_such(sandbox_world: SandboxWorlds) -> None:
    client = client_that_asks_the_dns(sandbox_world("gandi"))
    result = client.check("nowhere.example.com")
    assert result.state == "not-enrolled"
    assert "NXDOMAIN" in result.message
