"""What is peculiar to Hetzner: writes that take their time, TTLs that are the zone's, comments, labels, protection."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from registrar_sync.operations.result import Result
from tests.contract.worlds import NEIGHBOURS, SPF, USUAL_MX, ProviderWorld
from tests.integration.conftest import SandboxWorlds, SkippingClock, sandbox_of

RRSETS = "/zones/example.com/rrsets"
TTL_IS_ZONES = (SPF + USUAL_MX).replace("@ 600", "@ 0").replace("@ 300", "@ 0")


def enroll(world: ProviderWorld, **options: Any) -> Result:
    return world.client().enroll("example.com", provider="hetzner", **options)


def ask(world: ProviderWorld, method: str, path: str, body: Any = None) -> Any:
    """As somebody else with the account's token would."""
    url = sandbox_of(world).vendors["hetzner"] + path
    answer = requests.request(method, url, json=body, headers={"Authorization": "Bearer sandbox"}, timeout=10)
    assert answer.ok, answer.text
    return answer.json()


def mx_set(world: ProviderWorld) -> Any:
    return ask(world, "GET", RRSETS + "/@/MX")["rrset"]


def writes(world: ProviderWorld) -> list[str]:
    """The last part of each write's path."""
    return [f"{write.split()[0]} {write.rsplit('/', 1)[1]}" for write in world.vendor.writes()]


@pytest.mark.parametrize(
    "switches",
    [
        {"hetzner_effect": "at-success"},
        {"hetzner_action_paths": "zones"},
        {"hetzner_action_paths": "global"},
        {"hetzner_locks": True},
        {"hetzner_unsent_comment": "kept"},
        {"hetzner_existing_code": "conflict"},
        {"hetzner_page_size": 1},
    ],
    ids=lambda switches: "-".join(map(str, *switches.items())),
)
@pytest.mark.parametrize("zone", [NEIGHBOURS + SPF + USUAL_MX, NEIGHBOURS], ids=["usual", "without"])
def test_what_is_unconfirmed_about_hetzner_does_not_matter(
    sandbox_world: SandboxWorlds, switches: dict[str, object], zone: str
) -> None:
    world = sandbox_world("hetzner", zone=zone, switches=switches)
    stored = world.vendor.stored()
    result = enroll(world)
    assert result.state == "authoritative", result.message
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


def test_spf_is_written_before_mx_and_the_apex_is_never_an_empty_segment(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("hetzner")
    assert enroll(world).state == "authoritative"
    paths = [write.replace("%40", "@").split("/rrsets")[1] for write in world.vendor.writes()]
    assert paths == ["/@/TXT/actions/set_records", "/@/MX/actions/set_records"]


def slow(sandbox_world: SandboxWorlds, seconds: float, **more: object) -> tuple[ProviderWorld, SkippingClock]:
    """A world whose actions take that long, by a clock that is skipped rather than waited for."""
    clock = SkippingClock()
    switches = {"hetzner_action_s": seconds, **more}
    world = sandbox_world("hetzner", switches=switches, now=lambda: clock.now().timestamp())
    return world, clock


def client_of(world: ProviderWorld, clock: SkippingClock, **account: Any) -> Any:
    client = world.client(**account)
    client.world.clock = clock
    return client


@pytest.mark.parametrize("effect", ["at-once", "at-success"])
def test_actions_that_take_long_are_waited_for_without_asking_all_the_time(sandbox_world: SandboxWorlds, effect: str) -> None:
    """17 s, the longest that is recorded: each set is read again before it is written, and few questions are asked."""
    world, clock = slow(sandbox_world, 17.0, hetzner_effect=effect)
    stored = world.vendor.stored()
    result = client_of(world, clock).enroll("example.com", provider="hetzner")
    assert result.state == "authoritative", result.message
    assert result.api_calls <= 40
    assert client_of(world, clock).rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


@pytest.mark.parametrize("effect", ["at-once", "at-success"])
def test_an_action_without_an_end_is_not_taken_for_one(sandbox_world: SandboxWorlds, effect: str) -> None:
    """No reading counts while it runs: neither written nor restored is said, and nothing more is written."""
    world, clock = slow(sandbox_world, 10_000.0, hetzner_effect=effect)
    began, stored = clock.monotonic(), world.vendor.stored()
    result = client_of(world, clock).enroll("example.com", provider="hetzner")
    assert result.state == "unknown", result.message
    assert clock.monotonic() - began < 120
    assert writes(world) == ["POST set_records"]
    clock.sleep(10_000)
    (recovered,) = client_of(world, clock).recover("example.com")
    assert recovered.state in ("restored", "unknown"), recovered.message
    clock.sleep(10_000)
    ask(world, "GET", "/zones")
    assert world.vendor.stored() == stored


@pytest.mark.parametrize("effect", ["at-once", "at-success"])
def test_an_action_that_ends_in_error_is_a_refusal(sandbox_world: SandboxWorlds, effect: str) -> None:
    world = sandbox_world("hetzner", switches={"hetzner_failing_actions": ("set_rrset_records",), "hetzner_effect": effect})
    stored = world.vendor.stored()
    result = enroll(world)
    assert result.state == "restored"
    assert "action_failed" in result.message
    assert "Nothing was changed" in result.message
    assert world.vendor.stored() == stored


def test_a_ttl_that_is_the_zones_stays_so(sandbox_world: SandboxWorlds) -> None:
    """null is what the API shows and wants: an enrolment leaves it, a prepared TTL goes back to it."""
    world = sandbox_world("hetzner", zone=NEIGHBOURS + USUAL_MX + SPF)
    ask(world, "POST", RRSETS + "/@/MX/actions/change_ttl", {"ttl": None})
    ask(world, "GET", "/zones/example.com")
    stored = world.vendor.stored()
    assert mx_set(world)["ttl"] is None
    assert enroll(world, mx="replace", accept=["spf-mx-mechanism"]).state == "authoritative"
    assert mx_set(world)["ttl"] is None
    assert "POST change_ttl" not in writes(world)[1:]
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored

    prepared = world.client().prepare("example.com", provider="hetzner", ttl=300)
    assert prepared.state == "authoritative", prepared.message
    assert mx_set(world)["ttl"] == 300
    assert enroll(world).state == "authoritative"
    finished = world.client().finish("example.com")
    assert finished.state == "authoritative", finished.message
    assert mx_set(world)["ttl"] is None
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


def test_a_ttl_is_raised_only_after_the_values(sandbox_world: SandboxWorlds) -> None:
    """So no value on its way out is served under the longer one."""
    world = sandbox_world("hetzner", zone=NEIGHBOURS + SPF + USUAL_MX.replace("@ 300", "@ 7200"))
    stored = world.vendor.stored()
    prepared = world.client().prepare("example.com", provider="hetzner", ttl=300)
    assert prepared.state == "authoritative", prepared.message
    assert enroll(world).state == "authoritative"
    before = len(writes(world))
    back = world.client().rollback("example.com", to=prepared.change_id)
    assert back.state == "authoritative", back.message
    assert writes(world)[before:] == ["POST set_records", "POST change_ttl", "POST set_records", "POST change_ttl"]
    assert world.vendor.stored() == stored


def test_comments_and_labels_survive(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("hetzner")
    ask(world, "PUT", RRSETS + "/@/MX", {"labels": {"team": "mail"}})
    commented = [
        {"value": value, "comment": f"host {value}"} for value in ("5 mailgate", "40 smtp.isp.net.", "40 secours.isp.net.")
    ]
    ask(world, "POST", RRSETS + "/@/MX/actions/set_records", {"records": commented})
    assert enroll(world).state == "authoritative"
    during = mx_set(world)
    assert during["labels"] == {"team": "mail"}
    assert {row["value"]: row["comment"] for row in during["records"]} == {
        "3 france.security-mail.net.": "",
        "4 europe.security-mail.net.": "",
        **{row["value"]: row["comment"] for row in commented},
    }
    assert enroll(world, mx="replace", accept=["spf-mx-mechanism"]).state == "authoritative"
    assert world.client().rollback("example.com").state == "authoritative"
    back = {row["value"]: row["comment"] for row in mx_set(world)["records"]}
    assert {row["value"]: row["comment"] for row in commented}.items() <= back.items()


@pytest.mark.parametrize("rtype", ["TXT", "MX"])
def test_a_protected_set_is_refused_before_anything_is_written(sandbox_world: SandboxWorlds, rtype: str) -> None:
    world = sandbox_world("hetzner")
    ask(world, "POST", f"{RRSETS}/@/{rtype}/actions/change_protection", {"change": True})
    before = world.vendor.writes()
    result = enroll(world)
    assert result.error is not None
    assert f"The {rtype} set of example.com is protected against changes. Nothing was changed" in result.message
    assert "Lift its change protection" in (result.error.hint or result.hint)
    assert world.vendor.writes() == before


def test_a_secondary_zone_is_refused_before_anything_is_written(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("hetzner", switches={"hetzner_zone_mode": "secondary"})
    with world.unchanged():
        result = enroll(world)
    assert result.error is not None
    assert "is in mode secondary" in result.message


def test_a_token_of_the_old_console_is_refused_before_any_call(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("hetzner")
    client = world.client()
    client.world.environ = {**client.world.environ, "SANDBOX": "x" * 32}
    result = client.enroll("example.com", provider="hetzner")
    assert result.error is not None
    assert (result.error.kind, result.api_calls) == ("credentials-rejected", 0)
    assert "dns.hetzner.com" in result.message
    assert sandbox_of(world).requests == []


def test_a_token_that_may_only_read_changes_nothing(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("hetzner", switches={"hetzner_token_may_write": False})
    stored = world.vendor.stored()
    result = enroll(world)
    assert result.error is not None
    assert result.error.kind == "credentials-rejected"
    assert world.vendor.stored() == stored


@pytest.mark.parametrize("code", ["conflict", "locked"])
def test_what_the_vendor_asks_to_repeat_is_repeated(sandbox_world: SandboxWorlds, code: str) -> None:
    world = sandbox_world("hetzner")
    body = {"error": {"code": code, "message": "please retry", "details": None}}
    sandbox_of(world).fail_next("POST", "/TXT/", 409 if code == "conflict" else 423, body)
    assert enroll(world).state == "authoritative"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (r"/zones/example\.com$", "<html>maintenance</html>"),
        (r"/zones/example\.com$", '{"zone": {"id": 1, "na'),
        (r"/zones/example\.com$", {"zone": {"id": "1", "name": "example.com", "ttl": 60, "mode": "primary"}}),
        (r"/zones/example\.com$", {"zone": {"id": 1, "name": "example.org", "ttl": 60, "mode": "primary"}}),
        (r"/zones/example\.com$", {"zone": None}),
        ("/rrsets", {"rrsets": []}),
        ("/rrsets", {"rrsets": {}, "meta": {"pagination": {"next_page": None}}}),
        ("/rrsets", {"rrsets": [], "meta": {"pagination": {"next_page": 1}}}),
        ("/rrsets", {"rrsets": [{"name": "@", "type": "MX", "ttl": "60", "records": []}]}),
        ("/rrsets", {"rrsets": [{"name": "@", "type": "MX", "ttl": 60, "records": [{"value": 5}]}]}),
    ],
    ids=["html", "truncated", "id-is-text", "another-zone", "no-zone", "no-meta", "no-list", "same-page", "ttl-is-text", "value"],
)
def test_an_answer_that_is_not_understood_is_a_failed_read(sandbox_world: SandboxWorlds, path: str, body: object) -> None:
    if isinstance(body, dict) and "rrsets" in body and body["rrsets"]:
        body = {**body, "meta": {"pagination": {"next_page": None}}}
    world = sandbox_world("hetzner")
    sandbox_of(world).fail_next("GET", path, 200, body, times=None)
    with world.unchanged():
        result = world.client(call_limit_s=1.0).enroll("example.com", provider="hetzner")
    assert result.error is not None
    assert result.error.kind == "provider-unavailable"
    assert "hetzner" in result.message


@pytest.mark.parametrize(
    "body", ["<html>", {}, {"action": None}, {"action": {"id": 1}}], ids=["html", "empty", "none", "no-status"]
)
def test_an_accepted_write_with_an_odd_answer_is_read_back(sandbox_world: SandboxWorlds, body: object) -> None:
    """What stands there decides: the zone ends as planned or as it was."""
    world = sandbox_world("hetzner")
    stored = world.vendor.stored()
    sandbox_of(world).fail_next("POST", "/MX/", 201, body, before_effect=False)
    result = world.client(call_limit_s=1.0).enroll("example.com", provider="hetzner")
    assert result.state in ("authoritative", "restored"), result.message
    if result.state == "restored":
        assert world.vendor.stored() == stored


def test_an_action_that_cannot_be_asked_after_is_read_back(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("hetzner")
    sandbox_of(world).fail_next("GET", "/actions/", 404, {"error": {"code": "not_found", "message": "gone"}}, times=None)
    assert enroll(world).state == "authoritative"


def test_another_writer_between_our_two_sets_is_noticed(sandbox_world: SandboxWorlds) -> None:
    """The MX set is read again when the action on TXT took longer than a reading counts."""
    world, clock = slow(sandbox_world, 17.0)
    theirs = "60 backup2.example.net."
    sandbox_of(world).hook("POST", "/TXT/", lambda: world.vendor.add("example.com", "MX", theirs, 300), when="after")
    result = client_of(world, clock).enroll("example.com", provider="hetzner")
    assert theirs in world.vendor.stored()
    assert result.state in ("unknown", "drift", "authoritative"), result.message
