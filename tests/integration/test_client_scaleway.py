"""Scaleway's own client (its Python SDK) and our adapter understand the simulator alike: each reads what the other wrote."""

from __future__ import annotations

import pytest
from scaleway import Client, ScalewayException
from scaleway.domain.v2beta1 import DomainV2Beta1API, Record, RecordChange, RecordChangeAdd, RecordChangeDelete, RecordType

from registrar_sync.operations.result import Result
from tests.contract.worlds import NEIGHBOURS, ProviderWorld
from tests.integration.conftest import SandboxWorlds, sandbox_of

KEY = "5a5a5a5a-5a5a-4a5a-8a5a-5a5a5a5a5a5a"  # the SDK takes nothing but a UUID


class Theirs:
    def __init__(self, world: ProviderWorld, key: str = KEY) -> None:
        url = sandbox_of(world).vendors["scaleway"].removesuffix("/domain/v2beta1")
        self.api = DomainV2Beta1API(Client(access_key="SCWXXXXXXXXXXXXXXXXX", secret_key=key, api_url=url))

    def records(self, rtype: RecordType | None = None) -> list[Record]:
        """At the apex (an empty name is no filter). The SDK sends types in lower case, and gives them back as they came."""
        found = self.api.list_dns_zone_records_all(dns_zone="example.com", name="", page_size=3)
        return [record for record in found if record.name == "" and (rtype is None or record.type_.upper() == rtype.upper())]

    def data(self, rtype: RecordType) -> set[str]:
        return {record.data for record in self.records(rtype)}

    def change(self, *changes: RecordChange) -> list[Record]:
        answer = self.api.update_dns_zone_records(
            dns_zone="example.com", changes=list(changes), disallow_new_zone_creation=True, return_all_records=False
        )
        found: list[Record] = answer.records
        return found

    def add(self, rtype: RecordType, data: str, priority: int = 0, comment: str | None = None) -> Record:
        record = Record(data=data, name="", priority=priority, ttl=600, type_=rtype, id="", comment=comment)
        (made,) = self.change(RecordChange(add=RecordChangeAdd(records=[record])))
        return made


@pytest.fixture
def world(sandbox_world: SandboxWorlds) -> ProviderWorld:
    return sandbox_world("scaleway", zone=NEIGHBOURS)


@pytest.fixture
def theirs(world: ProviderWorld) -> Theirs:
    return Theirs(world)


def enroll(world: ProviderWorld) -> Result:
    result = world.client().enroll("example.com", provider="scaleway")
    assert result.state == "authoritative", result.message
    return result


def test_what_they_wrote_we_read_and_take_back(world: ProviderWorld, theirs: Theirs) -> None:
    theirs.add(RecordType.MX, "mailgate", priority=5, comment="our host")
    theirs.add(RecordType.TXT, "v=spf1 mx ~all", comment="our policy")
    stored, before = world.vendor.stored(), {record.id: record for record in theirs.records()}

    result = enroll(world)
    assert result.plan is not None
    read = result.plan.before["MX"]
    assert read is not None
    assert [str(record.rdata) for record in read.records] == ["5 mailgate.example.com."]
    assert theirs.data(RecordType.MX) == {
        "5 mailgate.example.com.",
        "3 france.security-mail.net.",
        "4 europe.security-mail.net.",
    }
    (spf,) = [record for record in theirs.records(RecordType.TXT) if "v=spf1" in record.data]
    assert spf.data == '"v=spf1 mx include:includespf.security-mail.net ~all"'
    assert (spf.comment, spf.id in before) == ("our policy", True)

    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored
    assert {(record.id, record.comment) for record in theirs.records()} == {(one.id, one.comment) for one in before.values()}


def test_what_we_wrote_they_list_and_take_away(world: ProviderWorld, theirs: Theirs) -> None:
    enroll(world)
    ours = {record.priority: record for record in theirs.records(RecordType.MX)}
    assert ours.keys() == {3, 4}
    theirs.change(RecordChange(delete=RecordChangeDelete(id=ours[3].id)))
    theirs.add(RecordType.MX, "backup2.example.net.", priority=60)
    back = world.client().rollback("example.com")
    assert back.state == "authoritative", back.message
    assert theirs.data(RecordType.MX) == {"60 backup2.example.net."}


def test_they_are_refused_as_we_are(world: ProviderWorld) -> None:
    stranger = Theirs(world, key=KEY.replace("5a", "6b"))
    with pytest.raises(ScalewayException) as refused:
        stranger.records()
    assert refused.value.status_code == 401
    zones = Theirs(world).api.list_dns_zones_all(domain="", dns_zones=["example.com"])
    assert [zone.domain for zone in zones] == ["example.com"]
