"""The whole way on a real PowerDNS: spellings, a mixed-case zone, a primary that notifies, a kept comment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.contract.worlds import USUAL, ProviderWorld
from tests.integration.powerdns_world import PowerDnsVendor, powerdns_server

Worlds = Callable[..., ProviderWorld]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PowerDnsVendor]:
    with powerdns_server(tmp_path_factory.mktemp("powerdns")) as vendor:
        yield vendor


@pytest.fixture
def world(server: PowerDnsVendor, tmp_path: Path) -> Iterator[Worlds]:
    opened: list[ProviderWorld] = []

    def make(zone: str = "example.com.", kind: str = "Native") -> ProviderWorld:
        vendor = PowerDnsVendor(server.server, zone=zone, kind=kind)
        vendor.load(USUAL.replace("example.com", zone.removesuffix(".")))
        opened.append(ProviderWorld(vendor, "powerdns", tmp_path))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.mark.parametrize("zone", ["example.com.", "Example.COM."])
def test_enrol_check_and_roll_back_leave_the_zone_as_it_was(world: Worlds, zone: str) -> None:
    """As served and as stored, serial aside: multi-string and quoted TXT, the zone's own spelling, TTLs."""
    here = world(zone)
    stored, served = here.vendor.stored(), here.vendor.served()
    client = here.client()
    result = client.enroll("example.com", provider="powerdns")
    assert result.state == "authoritative", result.message
    assert result.api_calls == 3
    assert client.plan("example.com", provider="powerdns").state == "nothing-to-do"
    assert client.check("example.com", provider="powerdns").state == "authoritative"
    assert client.rollback("example.com").state == "authoritative"
    assert here.vendor.stored() == stored
    assert here.vendor.served() == served


def test_both_rrsets_go_in_one_patch(world: Worlds) -> None:
    here = world()
    before = len(here.vendor.writes())
    assert here.client().enroll("example.com", provider="powerdns").state == "authoritative"
    assert len(here.vendor.writes()) == before + 1


def test_a_primary_is_told_to_notify(world: Worlds) -> None:
    here = world(kind="Master")
    result = here.client().enroll("example.com", provider="powerdns")
    assert result.state == "authoritative", result.message
    assert result.api_calls == 4


def test_a_comment_of_the_customers_survives(world: Worlds) -> None:
    here = world()
    assert isinstance(here.vendor, PowerDnsVendor)
    comment = {"content": "do not touch", "account": "alice", "modified_at": 1700000000}
    records = [{"content": "5 mailgate.example.com.", "disabled": False}, {"content": "40 smtp.isp.net.", "disabled": True}]
    here.vendor.server.patch(
        "example.com.", {"name": "example.com.", "type": "MX", "ttl": 300, "records": records, "comments": [comment]}
    )
    client = here.client()
    assert client.enroll("example.com", provider="powerdns").state == "authoritative"
    found = next(
        r for r in here.vendor.server.zone("example.com.")["rrsets"] if r["type"] == "MX" and r["name"] == "example.com."
    )
    assert [(c["content"], c["account"]) for c in found["comments"]] == [("do not touch", "alice")]
    assert [r["content"] for r in found["records"] if r["disabled"]] == ["40 smtp.isp.net."]


def test_a_disabled_row_survives_a_second_read(world: Worlds) -> None:
    """A question at the terminal makes us read again: the disabled rows must be in that answer too."""
    here = world()
    assert isinstance(here.vendor, PowerDnsVendor)
    off = {"content": "50 oldbackup.example.net.", "disabled": True}
    records = [{"content": "5 mailgate.example.com.", "disabled": False}, off]
    here.vendor.server.patch("example.com.", {"name": "example.com.", "type": "MX", "ttl": 300, "records": records})
    stored = here.vendor.server.rrsets("example.com.")
    client = here.client()
    result = client.enroll("example.com", provider="powerdns", confirm=lambda planned: True)
    assert result.state == "authoritative", result.message
    assert ("50 oldbackup.example.net.", True) in here.vendor.server.rrsets("example.com.")["example.com.", "MX"][1]
    assert client.rollback("example.com", confirm=lambda planned: True).state == "authoritative"
    assert here.vendor.server.rrsets("example.com.") == stored
