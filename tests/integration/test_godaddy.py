"""What is peculiar to GoDaddy: whole sets of bare values, a floor for TTLs, a zone that is busy, an API for large accounts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from registrar_sync.operations.result import Result
from registrar_sync.providers.catalog import load_catalog
from registrar_sync.providers.lexicon_zone import LexiconZone
from registrar_sync.sandbox.txt import quoted
from registrar_sync.wiring import SystemClock
from tests.contract.worlds import NEIGHBOURS, SPF, USUAL, USUAL_MX, ProviderWorld
from tests.integration.conftest import SandboxWorlds, SkippingClock, sandbox_of

APEX = "/godaddy/v1/domains/example.com/records"


def enroll(world: ProviderWorld, **options: Any) -> Result:
    return world.client().enroll("example.com", provider="godaddy", **options)


def add(world: ProviderWorld, rtype: str, text: str, ttl: int = 600) -> None:
    sandbox_of(world).store.add_record("example.com", "example.com", rtype, text, ttl)


def paths(world: ProviderWorld) -> list[str]:
    return [write.replace("%40", "@") for write in world.vendor.writes()]


def test_spf_is_written_before_mx_and_taken_back_after_it(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("godaddy")
    assert enroll(world).state == "authoritative"
    assert world.client().rollback("example.com").state == "authoritative"
    assert paths(world) == [f"PUT {APEX}/{t}/@" for t in ("TXT", "MX", "MX", "TXT")]


@pytest.mark.parametrize("missing", [204, 404])
def test_a_set_that_goes_is_deleted_and_never_emptied(sandbox_world: SandboxWorlds, missing: int) -> None:
    world = sandbox_world("godaddy", zone=NEIGHBOURS, switches={"godaddy_delete_missing_status": missing})
    stored = world.vendor.stored()
    assert enroll(world).state == "authoritative"
    assert world.client().rollback("example.com").state == "authoritative"
    assert f"DELETE {APEX}/MX/@" in paths(world)
    assert world.vendor.stored() == stored


@pytest.mark.parametrize(
    "switches",
    [
        {"godaddy_foreign_zone_status": 401},
        {"godaddy_txt_escapes": "undone"},
        {"godaddy_txt_escapes": "stripped"},
        {"godaddy_offset": "rows"},
        {"godaddy_page_cap": 100},
        {"godaddy_null_mx": "refused"},
        {"godaddy_final_dot": "refused"},
        {"godaddy_same_record_twice": "merged"},
        {"godaddy_empty_put": "refused"},
    ],
    ids=str,
)
def test_what_is_unconfirmed_about_godaddy_does_not_matter(sandbox_world: SandboxWorlds, switches: dict[str, object]) -> None:
    world = sandbox_world("godaddy", zone=_large() if "godaddy_page_cap" in switches else USUAL, switches=switches)
    stored = world.vendor.stored()
    for mode in ({}, {"mx": "replace", "accept": ["spf-mx-mechanism"]}):
        result = world.client().enroll("example.com", provider="godaddy", **mode)
        assert result.state == "authoritative", result.message
        assert world.client().rollback("example.com").state == "authoritative"
        assert world.vendor.stored() == stored


def _large() -> str:
    """A zone of more rows than one listing brings: what stands at the apex is not all on the first page."""
    return "".join(f"a{number:04} 600 A 192.0.2.1\n" for number in range(600)).join([NEIGHBOURS, SPF + USUAL_MX])


def test_a_large_zone_is_read_set_by_set(sandbox_world: SandboxWorlds) -> None:
    """A listing of 500 rows may be cut off: a TXT set written from it could lack its neighbours."""
    world = sandbox_world("godaddy", zone=_large())
    stored = world.vendor.stored()
    assert enroll(world).state == "authoritative"
    asked = [str(one["path"]).replace("%40", "@") for one in sandbox_of(world).requests]
    assert f"{APEX}/TXT/@" in asked
    assert not any("offset" in path for path in asked)
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


def test_a_name_below_a_zone_whose_name_is_answered_as_a_wrong_key_is(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("godaddy", switches={"godaddy_foreign_zone_status": 401})
    result = world.client().enroll("sub.example.com", provider="godaddy", accept=["spf-mx-mechanism"])
    assert result.zone == "example.com."
    assert result.state == "authoritative", result.message


@pytest.mark.parametrize("text", ['say "hi"', "back\\slash", "caf\u00e9", " blank"])
@pytest.mark.parametrize("escapes", ["kept", "undone", "stripped"])
def test_a_neighbour_that_may_not_come_back_as_it_was_is_never_sent(
    sandbox_world: SandboxWorlds, text: str, escapes: str
) -> None:
    """The whole TXT set is written again; what becomes of such a value is not known, so the set is left alone."""
    world = sandbox_world("godaddy", switches={"godaddy_txt_escapes": escapes})
    add(world, "TXT", quoted(text))
    stored = world.vendor.stored()
    with world.unchanged():
        result = enroll(world)
    assert result.error is not None
    assert "can only be written as a whole" in result.error.message
    assert "Nothing was written" in result.error.message
    assert world.vendor.stored() == stored


def test_such_a_neighbour_added_later_keeps_the_rollback_from_its_set(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("godaddy")
    assert enroll(world).state == "authoritative"
    add(world, "TXT", quoted('say "hi"'))
    stored = world.vendor.stored()
    back = world.client().rollback("example.com")
    assert back.error is not None
    assert "can only be written as a whole" in back.error.message
    assert world.vendor.stored() == stored


def test_a_long_neighbour_that_is_refused_leaves_the_set_as_it_was(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("godaddy", switches={"godaddy_long_txt": "refused"})
    stored = world.vendor.stored()
    result = enroll(world)
    assert result.state == "restored"
    assert "maximum length" in result.message
    assert world.vendor.stored() == stored


def test_the_zones_own_name_as_an_exchange(sandbox_world: SandboxWorlds) -> None:
    """GoDaddy shows it as @; it is sent back as it was shown."""
    world = sandbox_world("godaddy", zone=NEIGHBOURS + SPF + "@ 600 MX 5 @\n")
    stored = world.vendor.stored()
    result = enroll(world)
    assert result.state == "authoritative", result.message
    assert result.plan is not None
    assert {"5 example.com."} < {str(record.rdata) for record in result.plan.after["MX"].records}  # type: ignore[union-attr]
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


# --- TTLs ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("status", [422, 400])
def test_a_set_with_a_ttl_that_is_no_longer_taken_is_foretold_and_restored(sandbox_world: SandboxWorlds, status: int) -> None:
    """An MX set of TTL 300, from an import: SPF is written, MX refused, SPF taken back."""
    world = sandbox_world("godaddy", zone=NEIGHBOURS + SPF, switches={"godaddy_low_ttl_status": status})
    sandbox_of(world).store.add_record("example.com", "example.com", "MX", "5 mailgate.example.com.", 300)
    stored, served = world.vendor.stored(), world.vendor.served()
    plan = world.client().plan("example.com", provider="godaddy")
    assert "ttl-below-minimum" in {one.id for one in plan.findings}
    result = enroll(world)
    assert result.state == "restored"
    assert "must have a minimum value of 600" in result.message
    assert (world.vendor.stored(), world.vendor.served()) == (stored, served)


def test_a_new_set_gets_a_ttl_that_is_taken(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("godaddy", zone=NEIGHBOURS)
    result = enroll(world, ttl=60)
    assert result.state == "authoritative", result.message
    assert "example.com. 600 IN MX 3 france.security-mail.net." in world.vendor.served()


def test_each_row_keeps_a_ttl_of_its_own(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("godaddy")
    add(world, "TXT", '"other-ttl=1"', 7200)
    stored = world.vendor.stored()
    assert enroll(world).state == "authoritative"
    assert 'example.com. 7200 IN TXT "other-ttl=1"' in world.vendor.stored()
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


# --- later, and never ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("answers", [1, 3])
def test_a_busy_zone_is_waited_for(sandbox_world: SandboxWorlds, answers: int) -> None:
    """409 after each write, to reads and writes alike: both sets are written, and read back."""
    world = sandbox_world("godaddy", switches={"godaddy_busy_answers": answers})
    stored = world.vendor.stored()
    for command in ("enroll", "rollback"):
        client = world.client()
        client.world.clock = SkippingClock()
        result = client.enroll("example.com", provider="godaddy") if command == "enroll" else client.rollback("example.com")
        assert result.state == "authoritative", result.message
    assert world.vendor.stored() == stored


def test_a_zone_that_stays_busy_is_left_as_it_was(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("godaddy")
    stored = world.vendor.stored()
    sandbox_of(world).fail_next("PUT", ".*", 409, {"code": "CONFLICT", "message": "not eligible"}, times=None)
    client = world.client()
    client.world.clock = SkippingClock()
    result = client.enroll("example.com", provider="godaddy")
    assert result.error is not None
    assert "not eligible" in result.error.message
    assert world.vendor.stored() == stored


@pytest.mark.parametrize("seconds", ["NaN", "-1", "1" + "0" * 400, "true"])
def test_a_busy_body_with_an_absurd_time_is_asked_again(sandbox_world: SandboxWorlds, seconds: str) -> None:
    world = sandbox_world("godaddy")
    sandbox_of(world).fail_next("GET", "/records", 429, f'{{"code": "TOO_MANY_REQUESTS", "retryAfterSec": {seconds}}}')
    result = world.client().enroll("example.com", provider="godaddy")
    assert result.error is None or result.error.kind == "provider-unavailable", result.message


def test_a_refusal_after_an_attempt_without_an_answer_is_no_proof(sandbox_world: SandboxWorlds) -> None:
    """The first attempt may still be carried out: that is not told as "this call changed nothing"."""
    world = sandbox_world("godaddy")
    stored = world.vendor.stored()
    sandbox_of(world).fail_next("PUT", "/records", 504, {"code": "GATEWAY_TIMEOUT"})
    sandbox_of(world).fail_next("PUT", "/records", 401, {"code": "UNABLE_TO_AUTHENTICATE", "message": "no"})
    result = enroll(world)
    assert result.error is not None
    assert result.error.kind == "outcome-unknown", result.message
    assert "may have taken effect" in result.message
    assert world.vendor.stored() == stored


def test_a_smaller_page_than_is_known_hides_no_row(sandbox_world: SandboxWorlds) -> None:
    many = "".join(f"a{number:02} 600 A 192.0.2.1\n" for number in range(40))
    world = sandbox_world("godaddy", zone=many.join([NEIGHBOURS, SPF + USUAL_MX]), switches={"godaddy_page_cap": 25})
    stored = world.vendor.stored()
    assert enroll(world).state == "authoritative"
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


def test_a_busy_body_that_says_how_long_is_heeded(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("godaddy")
    body = {"code": "TOO_MANY_REQUESTS", "message": "Too many requests", "retryAfterSec": 7}
    sandbox_of(world).fail_next("GET", "/records", 429, body)
    client = world.client()
    clock = client.world.clock = SkippingClock()
    assert client.enroll("example.com", provider="godaddy").state == "authoritative"
    assert max(clock.naps) >= 7


def test_a_small_account_is_told_why_it_is_denied(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("godaddy", switches={"godaddy_small_account": True})
    with world.unchanged():
        result = enroll(world)
    assert result.error is not None
    assert result.error.kind == "credentials-rejected"
    assert "10 domains or more" in result.error.hint


# --- answers that are none ----------------------------------------------------------------------------------------------
ROW = {"data": "x", "name": "@", "ttl": 600, "type": "TXT"}


@pytest.mark.parametrize(
    "body",
    [
        {"records": []},
        [7],
        *([ROW | odd] for odd in ({"data": None}, {"name": 5}, {"ttl": "600"}, {"type": "MX"}, {"type": "MX", "priority": None})),
        None,
    ],
    ids=str,
)
def test_an_odd_listing_is_a_failed_read(sandbox_world: SandboxWorlds, body: Any) -> None:
    world = sandbox_world("godaddy")
    sandbox_of(world).fail_next("GET", "/records", 200, json.dumps(body), {"content-type": "application/json"})
    with world.unchanged():
        result = enroll(world)
    assert result.error is not None
    assert result.error.kind == "provider-unavailable", result.message
    assert "godaddy" in result.message


def test_all_zones_are_listed_over_pages(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("godaddy")
    names = [f"zone{number:04}.example" for number in range(1001)]
    pages = [[{"domain": name} for name in page] for page in (names[:1000], names[1000:], [])]
    for page in pages:
        sandbox_of(world).fail_next("GET", r"/domains\?", 200, page)
    account = load_catalog().account("godaddy")
    credentials = {"auth_key": "sandbox", "auth_secret": "sandbox"}
    settings = account.settings(credentials, endpoint=sandbox_of(world).vendors["godaddy"])
    zone = LexiconZone(account.provider, settings, SystemClock())
    assert zone.zones() == [f"{name}." for name in names]
    asked = [str(one["path"]) for one in sandbox_of(world).requests]
    assert [path.partition("marker=")[2] for path in asked] == ["", "zone0999.example", "zone1000.example"]
    zone.close()
