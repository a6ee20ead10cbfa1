"""octoDNS' DigitalOcean provider, which knows nothing of lexicon: it writes and we read, we write and it reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from octodns.record import Record
from octodns.zone import Zone
from octodns_digitalocean import DigitalOceanProvider

from tests.contract.worlds import ProviderWorld
from tests.integration.conftest import SandboxWorlds, sandbox_of

# What octoDNS' own zone model can hold: no quotes, no backslash.
ZONE = """
$ORIGIN example.com.
$TTL 3600
@ SOA ns1 hostmaster 1 7200 900 1209600 600
@ NS ns1
ns1 A 127.0.0.1
mailgate A 192.0.2.12
@ 600 TXT "google-site-verification=abc"
@ 600 TXT "v=spf1 a:mailgate.example.com ~all"
@ 300 MX 5 mailgate
@ 300 MX 40 smtp.isp.net.
"""


@pytest.fixture
def world(sandbox_world: SandboxWorlds) -> ProviderWorld:
    return sandbox_world("digitalocean", zone=ZONE)


@pytest.fixture
def theirs(world: ProviderWorld) -> Callable[[], Any]:
    """A fresh octoDNS provider, with nothing remembered."""

    def make() -> Any:
        provider = DigitalOceanProvider("simulated", "sandbox")
        provider._client.BASE = sandbox_of(world).vendors["digitalocean"]
        return provider

    return make


def populated(provider: Any) -> Any:
    zone = Zone("example.com.", [])
    provider.populate(zone)
    return zone


def found(zone: Any, rtype: str) -> Any:
    return next((record for record in zone.records if record._type == rtype and record.name == ""), None)


def apply(provider: Any, rtype: str, ttl: int, values: list[Any]) -> None:
    desired = populated(provider)
    desired.add_record(Record.new(desired, "", {"type": rtype, "ttl": ttl, "values": values}), replace=True)
    plan = provider.plan(desired)
    assert plan is not None
    provider.apply(plan)


def test_what_octodns_writes_is_what_we_plan_on(world: ProviderWorld, theirs: Callable[[], Any]) -> None:
    apply(theirs(), "TXT", 1200, ["v=spf1 ip4:192.0.2.0/24 -all", "theirs\\; with a semicolon"])
    apply(theirs(), "MX", 900, [{"preference": 20, "exchange": "in.example.net."}])
    served = world.vendor.served()
    result = world.client().enroll("example.com", provider="digitalocean")
    assert result.state == "authoritative", result.message
    assert 'example.com. 1200 IN TXT "v=spf1 ip4:192.0.2.0/24 include:includespf.security-mail.net -all"' in world.vendor.served()
    assert 'example.com. 1200 IN TXT "theirs; with a semicolon"' in world.vendor.served()
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.served() == served


def test_what_we_write_octodns_reads(world: ProviderWorld, theirs: Callable[[], Any]) -> None:
    before = {record: record.data for record in populated(theirs()).records}
    assert world.client().enroll("example.com", provider="digitalocean").state == "authoritative"
    zone = populated(theirs())
    mx = {(value.preference, value.exchange) for value in found(zone, "MX").values}
    assert mx == {
        (3, "france.security-mail.net."),
        (4, "europe.security-mail.net."),
        (5, "mailgate.example.com."),
        (40, "smtp.isp.net."),
    }
    assert "v=spf1 a:mailgate.example.com include:includespf.security-mail.net ~all" in found(zone, "TXT").values
    assert world.client().rollback("example.com").state == "authoritative"
    assert {record: record.data for record in populated(theirs()).records} == before
