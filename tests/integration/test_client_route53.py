"""boto3 by itself, AWS's own client, with nothing of ours: it writes and we read, we write and it reads; both ways exactly."""

from __future__ import annotations

from tests.contract.worlds import NEIGHBOURS
from tests.integration.conftest import SandboxWorlds, sandbox_of
from tests.integration.route53_client import change, plain_client, record_sets, zone_id

APEX = "example.com."
NS = ["ns1.example.com."]


def test_what_boto3_writes_is_what_we_plan_on(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("route53", zone=NEIGHBOURS)
    client = plain_client(sandbox_of(world).vendors["route53"])
    zone = zone_id(client)
    others = next(values for (name, rtype), (_, values) in record_sets(client, zone).items() if (name, rtype) == (APEX, "TXT"))
    theirs = ['"v=spf1 ip4:192.0.2.0/24 ""-all"', '"caf\\303\\251; \\"quoted\\" \\\\"', *others]
    change(
        client, zone, ("UPSERT", APEX, "TXT", 1200, theirs), ("CREATE", APEX, "MX", 900, ["20 In.example.net", "30 b.example."])
    )
    before = record_sets(client, zone)

    result = world.client().enroll("example.com", provider="route53")
    assert result.state == "authoritative", result.message
    after = record_sets(client, zone)
    spf = '"v=spf1 ip4:192.0.2.0/24 include:includespf.security-mail.net -all"'
    assert after[APEX, "TXT"] == (1200, sorted([spf, *theirs[1:]]))
    hosts = ["20 In.example.net", "3 france.security-mail.net.", "30 b.example.", "4 europe.security-mail.net."]
    assert after[APEX, "MX"] == (900, hosts)
    assert {key: value for key, value in after.items() if key[1] not in ("TXT", "MX") or key[0] != APEX} == {
        key: value for key, value in before.items() if key[1] not in ("TXT", "MX") or key[0] != APEX
    }

    assert world.client().rollback("example.com").state == "authoritative"
    assert record_sets(client, zone) == before


def test_what_we_write_boto3_deletes_by_value(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("route53")
    client = plain_client(sandbox_of(world).vendors["route53"])
    zone = zone_id(client)
    assert world.client().enroll("example.com", provider="route53").state == "authoritative"
    ttl, hosts = record_sets(client, zone)[APEX, "MX"]
    assert ttl is not None
    left = [host for host in hosts if "europe" not in host]
    change(client, zone, ("DELETE", APEX, "MX", ttl, hosts), ("CREATE", APEX, "MX", ttl, left))
    assert world.client().check("example.com", provider="route53").state != "authoritative"
    assert world.client().rollback("example.com").state == "authoritative"
    assert record_sets(client, zone)[APEX, "MX"][1] == ["40 secours.isp.net.", "40 smtp.isp.net.", "5 mailgate.example.com."]
