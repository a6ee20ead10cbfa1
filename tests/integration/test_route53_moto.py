"""Route 53 as moto has it: another's reading of the same API. It checks neither keys nor values, and serves no DNS.

Whether a DELETE has the current values it does not check either: it looks among all earlier changes (models.py, rr_changes).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from moto.server import ThreadedMotoServer

from registrar_sync.core.model import Mx, Record, RRset, RRsetChange, Txt, same_data
from registrar_sync.errors import ZoneNotFound
from registrar_sync.providers.catalog import load_catalog
from registrar_sync.providers.lexicon_zone import LexiconZone
from tests.integration.route53_client import change, plain_client, record_sets
from tests.unit.loopback import FakeClock

CATALOG = load_catalog()
OWNER = "example.com."
TXT = ['"v=spf1 mx ~all"', '"two" "strings"', '"caf\\303\\251 \\"quoted\\""']
MX = ["5 mailgate.example.com.", "40 smtp.isp.net."]
FRANCE = Mx(3, "france.security-mail.net.")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@dataclass
class Account:
    """An empty account, a client of boto3's own, and objects of ours on it."""

    endpoint: str
    client: Any
    made: list[LexiconZone]

    def new_zone(self, name: str = "example.com", **more: Any) -> str:
        zone = self.client.create_hosted_zone(Name=name, CallerReference=f"{name}{len(self.made)}{more}", **more)
        return str(zone["HostedZone"]["Id"])

    def opened(self, owner: str = OWNER, **options: str) -> LexiconZone:
        given = {"auth_access_key": "moto", "auth_access_secret": "moto", **options}
        spec = CATALOG.provider("route53")
        self.made.append(LexiconZone(spec, CATALOG.account("route53").settings(given, endpoint=self.endpoint), FakeClock()))
        self.made[-1].open(owner)
        return self.made[-1]


@pytest.fixture
def account(endpoint: str) -> Iterator[Account]:
    requests.post(f"{endpoint}/moto-api/reset", timeout=10)
    client = plain_client(endpoint)
    account = Account(endpoint, client, [])
    yield account
    for zone in account.made:
        zone.close()


def test_there_and_back(account: Account) -> None:
    zone = account.new_zone()
    # UPSERT: moto refuses a CREATE that was once carried out, also when the set has gone since (rr_changes in its models.py).
    change(account.client, zone, ("UPSERT", OWNER, "TXT", 600, TXT), ("UPSERT", OWNER, "MX", 300, MX))
    change(
        account.client, zone, ("CREATE", "www.example.com.", "A", 60, ["192.0.2.1"]), ("CREATE", OWNER, "A", 60, ["192.0.2.2"])
    )
    before = record_sets(account.client, zone)
    ours = account.opened()
    view = ours.read(OWNER)
    changes = enrolment(view.rrset("TXT"), view.rrset("MX"))
    ours.write(changes, before_call=lambda: None)
    after = record_sets(account.client, zone)
    spf = '"v=spf1 mx include:includespf.security-mail.net ~all"'
    assert after[OWNER, "TXT"] == (600, sorted([spf, *TXT[1:]]))
    assert after[OWNER, "MX"] == (300, sorted([*MX, "3 france.security-mail.net."]))
    view = ours.read(OWNER)
    assert all(same_data(view.rrset(each.rtype), each.after) for each in changes)
    back = [RRsetChange(owner=OWNER, rtype=each.rtype, before=view.rrset(each.rtype), after=each.before) for each in changes]
    ours.write(back, before_call=lambda: None)
    assert record_sets(account.client, zone) == before
    assert ours.api_calls == 5


def enrolment(txt: RRset | None, mx: RRset | None) -> list[RRsetChange]:
    assert txt
    assert mx
    spf = Record(rdata=Txt((b"v=spf1 mx include:includespf.security-mail.net ~all",)), ttl=600)
    texts = [spf if "v=spf1" in str(record.rdata) else record for record in txt.records]
    hosts = [Record(rdata=FRANCE, ttl=mx.ttl), *mx.records]
    return [
        RRsetChange(owner=OWNER, rtype="TXT", before=txt, after=txt.with_records(texts)),
        RRsetChange(owner=OWNER, rtype="MX", before=mx, after=mx.with_records(hosts)),
    ]


def test_a_set_that_is_new_and_one_that_goes(account: Account) -> None:
    zone = account.new_zone()
    ours = account.opened("sub.example.com.")
    assert ours.read("sub.example.com.").rrsets == ()
    mx = RRset(owner="sub.example.com.", rtype="MX", records=(Record(rdata=FRANCE, ttl=60),))
    ours.write([RRsetChange(owner=mx.owner, rtype="MX", before=None, after=mx)], before_call=lambda: None)
    assert record_sets(account.client, zone)["sub.example.com.", "MX"] == (60, ["3 france.security-mail.net."])
    now = ours.read("sub.example.com.").rrset("MX")
    ours.write([RRsetChange(owner=mx.owner, rtype="MX", before=now, after=None)], before_call=lambda: None)
    assert ("sub.example.com.", "MX") not in record_sets(account.client, zone)


def test_zones_are_found_by_name_and_by_id(account: Account) -> None:
    public = account.new_zone()
    account.new_zone("sub.example.com")
    assert account.opened("deep.sub.example.com.").read("sub.example.com.").zone == "sub.example.com."
    assert account.opened("www.example.com.").zones() == ["example.com.", "sub.example.com."]
    private = account.new_zone(
        HostedZoneConfig={"PrivateZone": True, "Comment": ""}, VPC={"VPCRegion": "us-east-1", "VPCId": "vpc-1"}
    )
    with pytest.raises(ZoneNotFound, match=r"has 2 zones called example\.com"):
        account.opened()
    for options in ({"private_zone": "false"}, {"private_zone": "yes"}, {"zone_id": public}, {"zone_id": private}):
        account.opened(**options)
    with pytest.raises(ZoneNotFound, match="has the id ZNONE"):
        account.opened(zone_id="ZNONE")
    with pytest.raises(ZoneNotFound, match=r"example\.org"):
        account.opened("example.org.")
