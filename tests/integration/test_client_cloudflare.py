"""Cloudflare's own SDK and octoDNS' provider, which know nothing of lexicon: they write and we read, we write and they read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cloudflare import BadRequestError, Cloudflare, NotFoundError, PermissionDeniedError
from octodns.record import Record
from octodns.zone import Zone
from octodns_cloudflare import CloudflareProvider

from tests.contract.worlds import ProviderWorld
from tests.integration.conftest import SandboxWorlds, sandbox_of

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
    return sandbox_world("cloudflare", zone=ZONE)


def url(world: ProviderWorld) -> str:
    return sandbox_of(world).vendors["cloudflare"]


@pytest.fixture
def sdk(world: ProviderWorld) -> Iterator[Cloudflare]:
    with Cloudflare(api_token="sandbox", base_url=url(world), max_retries=0, timeout=10) as client:
        yield client


def zone_of(sdk: Cloudflare) -> str:
    (zone,) = sdk.zones.list(name="example.com")
    return zone.id


def rows(sdk: Cloudflare, rtype: Any) -> list[dict[str, Any]]:
    listed = sdk.dns.records.list(zone_id=zone_of(sdk), name={"exact": "example.com"}, type=rtype, per_page=2)
    return [row.to_dict() for row in listed]


# --- Cloudflare's SDK ---------------------------------------------------------------------------------------------------
def test_what_the_sdk_writes_is_what_we_plan_on(world: ProviderWorld, sdk: Cloudflare) -> None:
    """A batch of its own: one MX less, one more, an SPF record edited in place with a comment, an automatic TTL."""
    zone = zone_of(sdk)
    spf = next(row for row in rows(sdk, "TXT") if "spf1" in row["content"])
    (isp,) = (row for row in rows(sdk, "MX") if row["priority"] == 40)
    content = '"v=spf1 mx -all"'
    sdk.dns.records.batch(
        zone_id=zone,
        deletes=[{"id": isp["id"]}],
        patches=[{"id": spf["id"], "name": "example.com", "type": "TXT", "content": content, "ttl": 1, "comment": "theirs"}],
        posts=[{"name": "@", "type": "MX", "content": "backup.example.net", "priority": 20, "ttl": 300}],
    )
    before = {rtype: rows(sdk, rtype) for rtype in ("TXT", "MX")}
    result = world.client().enroll("example.com", provider="cloudflare", accept=["spf-mx-mechanism"])
    assert result.state == "authoritative", result.message
    assert sorted((row["priority"], row["content"]) for row in rows(sdk, "MX")) == [
        (3, "france.security-mail.net"),
        (4, "europe.security-mail.net"),
        (5, "mailgate.example.com"),
        (20, "backup.example.net"),
    ]
    (edited,) = (row for row in rows(sdk, "TXT") if "spf1" in row["content"])
    assert (edited["id"], edited["ttl"], edited["comment"]) == (spf["id"], 1, "theirs")
    assert edited["content"] == '"v=spf1 mx include:includespf.security-mail.net -all"'
    assert world.client().rollback("example.com").state == "authoritative"
    assert {rtype: still(rows(sdk, rtype)) for rtype in before} == {rtype: still(found) for rtype, found in before.items()}


def still(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows without the time of their last edit."""
    return sorted(({**row, "modified_on": None} for row in found), key=lambda row: str(row["id"]))


def test_the_sdk_walks_all_pages_and_ends(sdk: Cloudflare) -> None:
    listed = list(sdk.dns.records.list(zone_id=zone_of(sdk), per_page=2))
    assert len(listed) == len({row.id for row in listed}) == 6


def test_the_sdk_understands_what_is_refused(world: ProviderWorld, sdk: Cloudflare) -> None:
    zone = zone_of(sdk)
    with pytest.raises(BadRequestError, match="81058"):
        sdk.dns.records.create(zone_id=zone, name="@", type="MX", content="mailgate.example.com", priority=5, ttl=300)
    with pytest.raises(NotFoundError, match="81044"):
        sdk.dns.records.get("0" * 32, zone_id=zone)
    with (
        Cloudflare(api_token="wrong", base_url=url(world), max_retries=0, timeout=10) as other,
        pytest.raises(PermissionDeniedError, match="9109"),
    ):
        list(other.zones.list())


# --- octoDNS ------------------------------------------------------------------------------------------------------------
def octodns(world: ProviderWorld) -> CloudflareProvider:
    return CloudflareProvider("test", token="sandbox", api_url=url(world), pagerules=False, retry_count=0, min_ttl=60)


def read(provider: CloudflareProvider) -> Zone:
    provider._zones, provider._zone_records = None, {}  # it keeps what it has read
    zone = Zone("example.com.", [])
    provider.populate(zone, lenient=True)
    return zone


def apex(zone: Zone, rtype: str) -> Any:
    return next(record for record in zone.records if record.name == "" and record._type == rtype)


def apply(provider: CloudflareProvider, edit: Callable[[Zone], None]) -> None:
    desired = Zone("example.com.", [])
    for record in read(provider).records:
        desired.add_record(record)
    edit(desired)
    provider._zones, provider._zone_records = None, {}
    plan = provider.plan(desired)
    assert plan is not None
    provider.apply(plan)


def test_what_octodns_writes_is_what_we_plan_on(world: ProviderWorld) -> None:
    provider = octodns(world)
    mx = {"type": "MX", "ttl": 900, "values": [{"preference": 20, "exchange": "in.example.net."}]}
    apply(provider, lambda zone: zone.add_record(Record.new(zone, "", mx), replace=True))
    stored = world.vendor.stored()
    assert world.client().enroll("example.com", provider="cloudflare").state == "authoritative"
    found = apex(read(provider), "MX")
    assert found.ttl == 900
    assert [(value.preference, value.exchange) for value in found.values] == [
        (3, "france.security-mail.net."),
        (4, "europe.security-mail.net."),
        (20, "in.example.net."),
    ]
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


def test_what_we_write_is_what_octodns_reads(world: ProviderWorld) -> None:
    provider = octodns(world)
    before = read(provider)
    assert world.client().enroll("example.com", provider="cloudflare").state == "authoritative"
    values = apex(read(provider), "TXT").values
    assert any("include:includespf.security-mail.net ~all" in value for value in values)
    assert len(values) == 2
    assert world.client().rollback("example.com").state == "authoritative"
    assert provider_agrees(provider, before)


def provider_agrees(provider: CloudflareProvider, wanted: Zone) -> bool:
    """Whether octoDNS finds nothing to do."""
    provider._zones, provider._zone_records = None, {}
    return provider.plan(wanted) is None
