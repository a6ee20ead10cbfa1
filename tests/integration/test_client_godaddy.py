"""godaddypy, which knows nothing of lexicon: it writes and we read, we write and it reads."""

from __future__ import annotations

from typing import Any

import pytest
from godaddypy import Account, Client
from godaddypy.client import BadResponse

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
@ 600 MX 5 mailgate
@ 600 MX 40 smtp.isp.net.
"""


@pytest.fixture
def world(sandbox_world: SandboxWorlds) -> ProviderWorld:
    return sandbox_world("godaddy", zone=ZONE)


def client_of(world: ProviderWorld, secret: str = "sandbox") -> Client:
    base = sandbox_of(world).vendors["godaddy"].removesuffix("v1")
    return Client(Account(api_key="sandbox", api_secret=secret), api_base_url=base)


def records(client: Client, rtype: str) -> list[dict[str, Any]]:
    return sorted(client.get_records("example.com", record_type=rtype, name="@"), key=str)


def test_what_godaddypy_writes_is_what_we_plan_on(world: ProviderWorld) -> None:
    client = client_of(world)
    mx = [{"data": "in.example.net", "priority": 20, "ttl": 900, "name": "@", "type": "MX"}]
    client.replace_records("example.com", mx, record_type="MX", name="@")
    client.add_record("example.com", {"data": "theirs; k=v", "ttl": 1200, "name": "@", "type": "TXT"})
    before = records(client, "MX"), records(client, "TXT")
    assert world.client().enroll("example.com", provider="godaddy").state == "authoritative"
    assert {(row["priority"], row["data"], row["ttl"]) for row in records(client, "MX")} == {
        (3, "france.security-mail.net", 900),
        (4, "europe.security-mail.net", 900),
        (20, "in.example.net", 900),
    }
    assert {(row["data"], row["ttl"]) for row in records(client, "TXT")} == {
        ("google-site-verification=abc", 600),
        ("theirs; k=v", 1200),
        ("v=spf1 a:mailgate.example.com include:includespf.security-mail.net ~all", 600),
    }
    assert world.client().rollback("example.com").state == "authoritative"
    assert (records(client, "MX"), records(client, "TXT")) == before


def test_what_we_write_godaddypy_changes_and_we_find_it_changed(world: ProviderWorld) -> None:
    """It takes one of our hosts out, by a set of its own: rollback takes out the other, and leaves what it left."""
    client = client_of(world)
    assert world.client().enroll("example.com", provider="godaddy").state == "authoritative"
    kept = [row for row in records(client, "MX") if row["data"] != "europe.security-mail.net"]
    client.replace_records("example.com", kept, record_type="MX", name="@")
    assert world.client().check("example.com", provider="godaddy").state != "authoritative"
    assert world.client().rollback("example.com").state == "authoritative"
    assert {row["data"] for row in records(client, "MX")} == {"mailgate.example.com", "smtp.isp.net"}


def test_what_godaddypy_is_told_of_domains_and_refusals(world: ProviderWorld) -> None:
    client = client_of(world)
    assert client.get_domains() == ["example.com"]
    assert client.get_domain_info("example.com")["status"] == "ACTIVE"
    with pytest.raises(BadResponse, match="must have a minimum value of 600"):
        client.add_record("example.com", {"data": "x", "ttl": 300, "name": "@", "type": "TXT"})
    with pytest.raises(BadResponse, match="NOT_FOUND"):
        client.get_records("example.org")
    with pytest.raises(BadResponse, match="UNABLE_TO_AUTHENTICATE"):
        client_of(world, "wrong").get_domains()
    assert client.delete_records("example.com", "@", "MX")
    assert records(client, "MX") == []
