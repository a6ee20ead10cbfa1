"""Hetzner's own client (hcloud) and our adapter understand the simulator alike: each reads what the other wrote."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from hcloud import APIException, Client
from hcloud.zones import BoundZone, ZoneRecord, ZoneRRSet

from registrar_sync.operations.result import Result
from tests.contract.worlds import NEIGHBOURS, ProviderWorld
from tests.integration.conftest import SandboxWorlds, sandbox_of


@pytest.fixture
def world(sandbox_world: SandboxWorlds) -> ProviderWorld:
    return sandbox_world("hetzner", zone=NEIGHBOURS, switches={"hetzner_action_s": 0.02, "hetzner_page_size": 3})


@pytest.fixture
def theirs(world: ProviderWorld) -> Iterator[BoundZone]:
    client = Client("sandbox", api_endpoint=sandbox_of(world).vendors["hetzner"], poll_interval=0.02)
    yield client.zones.get("example.com")
    client._client._session.close()


def enroll(world: ProviderWorld) -> Result:
    result = world.client().enroll("example.com", provider="hetzner")
    assert result.state == "authoritative", result.message
    return result


def values(zone: BoundZone, rtype: Literal["MX", "TXT"]) -> set[str]:
    return {record.value for record in zone.get_rrset("@", rtype).records or []}


def test_what_they_wrote_we_read_and_take_back(world: ProviderWorld, theirs: BoundZone) -> None:
    made = theirs.create_rrset(
        name="@", type="MX", ttl=None, labels={"team": "mail"}, records=[ZoneRecord("5 mailgate", comment="our host")]
    )
    made.action.wait_until_finished()
    txt = theirs.get_rrset("@", "TXT")
    theirs.add_rrset_records(txt, [ZoneRecord('"v=spf1 mx ~all"')]).wait_until_finished()
    stored = world.vendor.stored()

    result = enroll(world)
    assert result.plan is not None
    before = result.plan.before["MX"]
    assert before is not None
    assert [str(record.rdata) for record in before.records] == ["5 mailgate.example.com."]
    assert values(theirs, "MX") == {"5 mailgate", "3 france.security-mail.net.", "4 europe.security-mail.net."}
    assert '"v=spf1 mx include:includespf.security-mail.net ~all"' in values(theirs, "TXT")
    mx = theirs.get_rrset("@", "MX")
    assert (mx.ttl, mx.labels) == (None, {"team": "mail"})
    assert [record.comment for record in mx.records or [] if record.value == "5 mailgate"] == ["our host"]

    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


def test_what_we_wrote_they_list_on_every_page_and_change(world: ProviderWorld, theirs: BoundZone) -> None:
    enroll(world)
    sets = {(rrset.name, rrset.type): rrset for rrset in theirs.get_rrset_all()}
    assert {("@", "SOA"), ("@", "NS"), ("@", "A"), ("@", "TXT"), ("@", "MX"), ("www", "A"), ("sub", "MX")} <= sets.keys()
    assert '"v=spf1 include:includespf.security-mail.net ~all"' in values(theirs, "TXT")
    theirs.change_rrset_ttl(sets["@", "MX"], 300).wait_until_finished()
    theirs.add_rrset_records(sets["@", "MX"], [ZoneRecord("60 backup2.example.net.")], 300).wait_until_finished()
    back = world.client().rollback("example.com")
    assert back.state == "authoritative", back.message
    assert values(theirs, "MX") == {"60 backup2.example.net."}


def test_what_they_protect_they_cannot_change_either(world: ProviderWorld, theirs: BoundZone) -> None:
    txt = theirs.get_rrset("@", "TXT")
    theirs.change_rrset_protection(txt, change=True).wait_until_finished()
    with pytest.raises(APIException) as refused:
        theirs.set_rrset_records(txt, [ZoneRecord('"x"')])
    assert refused.value.code == "protected"
    result = world.client().enroll("example.com", provider="hetzner")
    assert "is protected against changes" in result.message
    assert isinstance(txt, ZoneRRSet)
