"""What is peculiar to Cloudflare: one batch, rows that keep what stands beside them, automatic TTLs, envelopes, flattening."""

from __future__ import annotations

import json
from typing import Any

import pytest

from registrar_sync.operations.result import Result
from registrar_sync.providers.catalog import load_catalog
from registrar_sync.providers.lexicon_zone import LexiconZone
from registrar_sync.sandbox.vendors.cloudflare_records import zone_id
from registrar_sync.wiring import SystemClock
from tests.contract.worlds import NEIGHBOURS, SPF, USUAL, USUAL_MX, ProviderWorld, sandbox_credentials
from tests.integration.conftest import SandboxWorlds, sandbox_of

BESIDE = json.dumps({"comment": "theirs", "tags": ["mail:yes"]}, sort_keys=True)


def enroll(world: ProviderWorld, **options: Any) -> Result:
    return world.client().enroll("example.com", provider="cloudflare", **options)


def add(world: ProviderWorld, rtype: str, text: str, ttl: int = 300, **beside: Any) -> None:
    """A record as another writer would make it, with what Cloudflare keeps beside it."""
    with sandbox_of(world).store.editing("example.com") as draft:
        draft.add("example.com.", rtype, text, ttl, beside=json.dumps(beside, sort_keys=True) if beside else "")
        draft.publish()


def remove(world: ProviderWorld, rtype: str, text: str) -> None:
    assert sandbox_of(world).store.remove_records("example.com", "example.com", rtype, text) == 1


def test_an_enrolment_and_a_rollback_are_one_batch_each(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("cloudflare")
    assert enroll(world).state == "authoritative"
    assert world.client().rollback("example.com").state == "authoritative"
    path = f"/cloudflare/client/v4/zones/{zone_id('example.com.')}/dns_records/batch"
    assert world.vendor.writes() == [f"POST {path}"] * 2


@pytest.mark.parametrize(
    "switches",
    [
        {"cloudflare_zone_name_filter": "ignored"},
        {"cloudflare_zone_name_filter": "refused"},
        {"cloudflare_page_cap": 1},
        {"cloudflare_txt": "quoted"},
        {"cloudflare_null_mx": "refused"},
        {"cloudflare_same_exchange_twice": "refused"},
        {"cloudflare_txt_priority": True},
        {"cloudflare_failure_status": 200},
    ],
    ids=str,
)
def test_what_is_unconfirmed_about_cloudflare_does_not_matter(sandbox_world: SandboxWorlds, switches: dict[str, object]) -> None:
    world = sandbox_world("cloudflare", switches=switches)
    for name in ("a.example", "b.example"):
        sandbox_of(world).store.add_zone(name, f"$ORIGIN {name}.\n@ SOA ns1 h 1 2 3 4 5\n@ NS ns1\n")
    stored = world.vendor.stored()
    for mode in ({}, {"mx": "replace", "accept": ["spf-mx-mechanism"]}):
        result = enroll(world, **mode)
        assert result.state == "authoritative", result.message
        assert world.client().rollback("example.com").state == "authoritative"
        assert world.vendor.stored() == stored


def test_what_stands_beside_a_row_survives_an_edit_and_comes_back_with_a_rollback(sandbox_world: SandboxWorlds) -> None:
    """The SPF record is edited in place; in mode replace the customer's MX go and come back: comment and tags do, too."""
    world = sandbox_world("cloudflare", zone=NEIGHBOURS)
    add(world, "TXT", '"v=spf1 a:mailgate.example.com ~all"', comment="theirs", tags=["mail:yes"])
    add(world, "MX", "5 mailgate.example.com.", comment="theirs", tags=["mail:yes"])
    stored = world.vendor.stored()
    assert enroll(world, mx="replace").state == "authoritative"
    spf = next(line for line in world.vendor.stored().splitlines() if "v=spf1 a:" in line)
    assert "includespf.security-mail.net" in spf
    assert spf.endswith(f"; {BESIDE}")
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


@pytest.mark.parametrize("mx", ["below", "replace"])
def test_an_automatic_ttl_stays_automatic(sandbox_world: SandboxWorlds, mx: str) -> None:
    """1 stands for 300 s: what is served is 300, what is stored is 1 again after a rollback, also of rows that were removed."""
    world = sandbox_world("cloudflare", zone=NEIGHBOURS)
    add(world, "TXT", '"v=spf1 a:mailgate.example.com ~all"', automatic=True)
    add(world, "MX", "5 mailgate.example.com.", automatic=True)
    stored = world.vendor.stored()
    result = enroll(world, mx=mx)
    assert result.state == "authoritative", result.message
    assert result.plan is not None
    assert {rrset and rrset.ttl for rrset in result.plan.after.values()} == {300, 600} - {600}
    spf = next(line for line in world.vendor.stored().splitlines() if "v=spf1 a:" in line)
    assert spf.endswith('; {"automatic": true}')
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


def test_an_automatic_ttl_that_was_lowered_is_automatic_again(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("cloudflare", zone=NEIGHBOURS.replace("@ 600 TXT", "@ 60 TXT"))
    add(world, "TXT", '"v=spf1 a:mailgate.example.com ~all"', automatic=True)
    add(world, "MX", "5 mailgate.example.com.", automatic=True)
    stored = world.vendor.stored()
    assert world.client().prepare("example.com", provider="cloudflare", ttl=60).state == "authoritative"
    assert "automatic" not in "".join(line for line in world.vendor.stored().splitlines() if " MX " in line)
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


def test_a_bare_spf_record_stays_bare_and_a_quoted_one_quoted(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("cloudflare", zone=NEIGHBOURS + USUAL_MX)
    add(world, "TXT", '"v=spf1 a:mailgate.example.com ~all"', content="v=spf1 a:mailgate.example.com ~all")
    stored = world.vendor.stored()
    assert enroll(world).state == "authoritative"
    kept = '{"content": "v=spf1 a:mailgate.example.com include:includespf.security-mail.net ~all"}'
    assert kept in world.vendor.stored()
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


@pytest.mark.parametrize("zone", ["example.com", "EXAMPLE.com"])
def test_the_zone_by_its_id(sandbox_world: SandboxWorlds, zone: str) -> None:
    world = sandbox_world("cloudflare")
    client = world.client(credentials={"auth_token": "env:SANDBOX", "zone_id": zone_id("example.com.")})
    result = client.enroll(zone, provider="cloudflare")
    assert result.state == "authoritative", result.message
    asked = [str(one["path"]) for one in sandbox_of(world).requests]
    assert not any("name=" in path.partition("/dns_records")[0] for path in asked)


@pytest.mark.parametrize("status", [400, 404])
@pytest.mark.parametrize("identifier", ["isp.net.", "nowhere."])
def test_the_id_of_another_zone_is_no_zone_of_this_domain(sandbox_world: SandboxWorlds, identifier: str, status: int) -> None:
    world = sandbox_world("cloudflare", switches={"cloudflare_unknown_zone_status": status})
    sandbox_of(world).store.add_zone("isp.net", "$ORIGIN isp.net.\n@ SOA ns1 h 1 2 3 4 5\n@ NS ns1\n")
    client = world.client(credentials={"auth_token": "env:SANDBOX", "zone_id": zone_id(identifier)})
    with world.unchanged():
        result = client.enroll("example.com", provider="cloudflare")
    assert result.error is not None
    assert result.error.kind == "zone-not-found"


def test_an_email_address_with_the_global_key(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("cloudflare")
    client = world.client(credentials={"auth_token": "env:SANDBOX", "auth_username": "sandbox"})
    assert client.enroll("example.com", provider="cloudflare").state == "authoritative"


@pytest.mark.parametrize("kind", ["403-9109", "400-6003", "200-9103"])
def test_a_wrong_token_is_wrong_credentials_however_that_is_said(sandbox_world: SandboxWorlds, kind: str) -> None:
    world = sandbox_world("cloudflare", switches={"cloudflare_wrong_token": kind})
    client = world.client()
    client.world.environ = {**client.world.environ, "SANDBOX": "not-the-token"}
    with world.unchanged():
        result = client.enroll("example.com", provider="cloudflare")
    assert result.error is not None
    assert result.error.kind == "credentials-rejected", result.message
    assert "not-the-token" not in str(result.to_json())


def test_a_token_that_may_only_read_changes_nothing(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("cloudflare", switches={"cloudflare_token_may_edit": False})
    stored = world.vendor.stored()
    result = enroll(world)
    assert result.error is not None
    assert result.error.kind == "credentials-rejected"
    assert "Nothing was changed" in result.message
    assert world.vendor.stored() == stored


@pytest.mark.parametrize("status", ["pending", "initializing", "moved"])
def test_a_zone_that_is_not_active_is_told(sandbox_world: SandboxWorlds, status: str) -> None:
    world = sandbox_world("cloudflare", switches={"cloudflare_zone_status": status})
    with world.unchanged():
        result = enroll(world)
    assert result.state == "refused"
    assert {one.id for one in result.findings if one.severity == "block"} == {"zone-not-deployed"}
    assert enroll(world, accept=["zone-not-deployed"]).state == "authoritative"


@pytest.mark.parametrize("status", [400, 200])
def test_a_refused_batch_is_told_and_changed_nothing(sandbox_world: SandboxWorlds, status: int) -> None:
    """A refusal in an envelope is one whatever its status; the vendor's words are passed on."""
    world = sandbox_world("cloudflare", switches={"cloudflare_failure_status": status})
    stored = world.vendor.stored()
    chain = [{"code": 9021, "message": "TTL must be between 60 and 86400 seconds, or 1 for Automatic."}]
    body = {"result": None, "success": False, "errors": [{"code": 1004, "message": "DNS Validation Error", "error_chain": chain}]}
    sandbox_of(world).fail_next("POST", "/batch", status, body)
    result = enroll(world)
    assert result.state == "restored"
    assert "DNS Validation Error" in result.message
    assert "TTL must be between" in result.message
    assert world.vendor.stored() == stored


def test_a_refusal_that_repeats_the_token_is_told_without_it(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("cloudflare", switches={"cloudflare_failure_status": 200})
    said = [{"code": 1004, "message": "no record for\x1b[31m Bearer sandbox"}]
    for method in ("GET", "POST"):
        sandbox_of(world).fail_next(method, "/dns_records", 200, {"result": None, "success": False, "errors": said})
        result = enroll(world)
        assert "no record for" in result.message
        assert "Bearer sandbox" not in f"{result.message} {result.error}"
        assert "\x1b" not in f"{result.message} {result.error}"


def test_a_row_that_goes_while_the_pages_are_read_hides_none(sandbox_world: SandboxWorlds) -> None:
    """With it the rows behind it moved up by one: the first of the second page is on none that was read."""
    world = sandbox_world("cloudflare")
    for rows, total in (((1, 2), 4), ((4,), 3)):
        about = ABOUT | {"total_pages": 2, "total_count": total}
        body = {"result": [ROW | {"id": str(n) * 32} for n in rows], "success": True, "result_info": about}
        sandbox_of(world).fail_next("GET", "/dns_records", 200, body)
    with world.unchanged():
        result = enroll(world)
    assert "3 of 4 objects came" in result.message


def test_a_record_that_somebody_added_first_is_not_added_twice(sandbox_world: SandboxWorlds) -> None:
    """An identical record: the whole batch is refused, and nothing of it stays."""
    world = sandbox_world("cloudflare")

    def first() -> None:
        add(world, "MX", "3 france.security-mail.net.", 300)

    sandbox_of(world).hook("POST", "/batch", first, when="before")
    result = enroll(world)
    assert result.error is not None
    assert "An identical record already exists" in result.message
    assert "includespf" not in world.vendor.stored()
    assert enroll(world).state == "authoritative"


def test_a_row_that_somebody_removed_first_lets_the_batch_fail_as_a_whole(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("cloudflare")
    sandbox_of(world).hook("POST", "/batch", lambda: remove(world, "MX", "5 mailgate.example.com."), when="before")
    result = enroll(world, mx="replace", accept=["spf-mx-mechanism"])
    assert result.error is not None
    assert "security-mail" not in world.vendor.stored()
    assert "40 smtp.isp.net." in world.vendor.stored()


def test_rows_of_several_pages_are_all_read(sandbox_world: SandboxWorlds) -> None:
    """More rows at the apex than one page holds, the SPF record on the last one."""
    many = "".join(f'@ 600 TXT "token-{number:03}"\n' for number in range(130))
    world = sandbox_world("cloudflare", zone=NEIGHBOURS + many + SPF + USUAL_MX)
    stored = world.vendor.stored()
    result = enroll(world)
    assert result.state == "authoritative", result.message
    assert world.vendor.stored().count("v=spf1 mx a:mailgate.example.com") == 1
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


def flattened(world: ProviderWorld) -> None:
    """The apex is a CNAME: Cloudflare answers addresses for it, and MX and TXT stand beside it."""
    remove(world, "A", "192.0.2.10")
    store = sandbox_of(world).store
    with store.editing("example.com") as draft:
        draft.add("example.com.", "CNAME", "host.example.net.", 300)  # stored; the simulator's name server is not shown it


def test_a_cname_at_the_apex_is_no_alias_of_its_mx_and_txt(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("cloudflare")
    flattened(world)
    plan = world.client().plan("example.com", provider="cloudflare")
    assert plan.state == "planned", plan.findings
    assert "owner-cname" not in {one.id for one in plan.findings}


def test_a_cname_below_the_apex_is_one(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("cloudflare", zone=USUAL.replace("sub 600", "other 600") + "sub 300 CNAME host.example.net.\n")
    with world.unchanged():
        result = world.client().enroll("sub.example.com", provider="cloudflare")
    assert "owner-cname" in {one.id for one in result.findings}


# --- answers that are none ----------------------------------------------------------------------------------------------
ROW = {"id": "1" * 32, "name": "example.com", "type": "TXT", "content": "x", "ttl": 1}
ABOUT = {"page": 1, "per_page": 100, "count": 1, "total_count": 1, "total_pages": 1}


@pytest.mark.parametrize(
    "body",
    [
        {"result": [ROW], "result_info": ABOUT},
        {"result": None, "success": True, "result_info": ABOUT},
        {"result": [ROW], "success": True},
        {"result": [ROW], "success": True, "result_info": ABOUT | {"total_count": 2}},
        {"result": [ROW], "success": True, "result_info": {}},
        *(
            {"result": [ROW | odd], "success": True, "result_info": ABOUT}
            for odd in ({"id": 7}, {"name": None}, {"content": 5}, {"ttl": "1"}, {"type": "MX"}, {"type": "MX", "priority": "5"})
        ),
        [],
        "text",
    ],
    ids=str,
)
def test_an_odd_listing_is_a_failed_read(sandbox_world: SandboxWorlds, body: Any) -> None:
    world = sandbox_world("cloudflare")
    sandbox_of(world).fail_next("GET", "/dns_records", 200, json.dumps(body), {"content-type": "application/json"})
    with world.unchanged():
        result = enroll(world)
    assert result.error is not None
    assert result.error.kind == "provider-unavailable", result.message
    assert "cloudflare" in result.message


def test_two_zones_of_one_name_are_not_chosen_between(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("cloudflare")
    zones = [{"id": str(n) * 32, "name": "example.com", "status": "active"} for n in (1, 2)]
    body = {"result": zones, "success": True, "result_info": ABOUT | {"total_count": 2, "count": 2}}
    sandbox_of(world).fail_next("GET", r"/zones\?", 200, body)
    with world.unchanged():
        result = enroll(world)
    assert result.error is not None
    assert "zone_id" in result.message


def test_all_zones_are_listed_over_pages(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("cloudflare", switches={"cloudflare_page_cap": 2})
    for number in range(5):
        name = f"zone{number}.example"
        sandbox_of(world).store.add_zone(name, f"$ORIGIN {name}.\n@ SOA ns1 h 1 2 3 4 5\n@ NS ns1\n")
    account = load_catalog().account("cloudflare")
    credentials = dict.fromkeys(sandbox_credentials("cloudflare"), "sandbox")
    settings = account.settings(credentials, endpoint=sandbox_of(world).vendors["cloudflare"])
    zone = LexiconZone(account.provider, settings, SystemClock())
    assert zone.zones() == ["example.com.", *(f"zone{number}.example." for number in range(5))]
    zone.close()
