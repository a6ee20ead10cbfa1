"""What is peculiar to OVH: field type SPF, staged edits, one refresh, a TTL for each record, a publication to wait for."""

from __future__ import annotations

import time

import pytest

from registrar_sync.operations.result import Result
from tests.contract.worlds import NEIGHBOURS, USUAL, USUAL_MX, ProviderWorld
from tests.integration.conftest import SandboxWorlds, SkippingClock, sandbox_of

SPF_LINE = "v=spf1 mx a:mailgate.example.com include:includespf.security-mail.net ~all"


def enroll(world: ProviderWorld, **options: object) -> Result:
    return world.client().enroll("example.com", provider="ovh", **options)


def blocks(result: Result) -> set[str]:
    return {finding.id for finding in result.findings if finding.severity == "block"}


def served_spf(world: ProviderWorld) -> list[str]:
    return [line for line in world.vendor.served().splitlines() if line.startswith("example.com.") and "v=spf1" in line]


def requests_of(world: ProviderWorld, method: str, part: str) -> int:
    return sum(r["method"] == method and part in str(r["path"]) for r in sandbox_of(world).requests)


def test_an_spf_record_of_type_spf_is_edited_in_place(sandbox_world: SandboxWorlds) -> None:
    """One SPF record stands in the DNS afterwards, and it is still of the console's own type."""
    world = sandbox_world("ovh", zone=NEIGHBOURS + USUAL_MX)
    sandbox_of(world).store.add_record("example.com", "example.com", "SPF", '"v=spf1 include:mx.ovh.com ~all"', 600)
    stored = world.vendor.stored()
    result = enroll(world)
    assert result.state == "authoritative", result.message
    assert len(served_spf(world)) == 1
    assert "v=spf1 include:mx.ovh.com include:includespf.security-mail.net ~all" in served_spf(world)[0]
    assert [" SPF " in line for line in world.vendor.stored().splitlines() if "includespf" in line] == [True]
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


def test_records_of_one_rrset_with_different_ttls_keep_them(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("ovh", zone=NEIGHBOURS)
    store = sandbox_of(world).store
    for text, ttl in (("5 mailgate.example.com.", 300), ("40 smtp.isp.net.", 7200), ("40 secours.isp.net.", 0)):
        store.add_record("example.com", "example.com", "MX", text, ttl)
    stored = world.vendor.stored()
    assert enroll(world).state == "authoritative"
    kept = [line for line in world.vendor.stored().splitlines() if " MX " in line and "security-mail" not in line]
    assert kept == [line for line in stored.splitlines() if " MX " in line]
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


def test_all_edits_are_published_by_one_refresh(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("ovh")
    assert enroll(world).state == "authoritative"
    assert requests_of(world, "POST", "/refresh") == 1


def test_a_key_without_the_right_to_refresh_leaves_nothing_staged(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("ovh", switches={"ovh_may_refresh": False})
    stored, served = world.vendor.stored(), world.vendor.served()
    result = enroll(world)
    assert result.state == "restored"
    assert result.error is not None
    assert result.error.kind == "credentials-rejected"
    assert (world.vendor.stored(), world.vendor.served()) == (stored, served)
    assert "written back" in result.message


def test_a_refresh_that_stays_refused_is_undone(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("ovh")
    stored = world.vendor.stored()
    sandbox_of(world).fail_next("POST", "/refresh", 409, {"message": "a refresh is under way"}, times=None)
    client = world.client()
    client.world.clock = SkippingClock()
    result = client.enroll("example.com", provider="ovh")
    assert result.state == "restored"
    assert result.changed is False
    assert world.vendor.stored() == stored


def test_a_refresh_that_is_refused_for_a_moment_is_repeated(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("ovh")
    sandbox_of(world).fail_next("POST", "/refresh", 409, {"message": "a refresh is under way"}, times=2)
    assert enroll(world).state == "authoritative"


def test_a_rollback_is_not_called_authoritative_before_its_own_publication(sandbox_world: SandboxWorlds) -> None:
    """The DNS still shows the start state when the rollback begins: that is not the rollback's doing."""
    delay_s = 3.0
    world = sandbox_world("ovh", publish_delay_s=delay_s)
    served = world.vendor.served()
    client = world.client()
    assert client.enroll("example.com", provider="ovh", wait="none").state == "written"
    time.sleep(delay_s / 4)  # the publication is under way: the very situation under test, not a wait for something
    written_at = time.monotonic()
    back = client.rollback("example.com")
    assert back.state == "authoritative", back.message
    assert time.monotonic() - written_at >= delay_s - 0.5
    assert world.vendor.served() == served
    assert world.vendor.stored() == sandbox_of(world).store.zone_text("example.com", published=False)
    deadline = time.monotonic() + delay_s + 1
    while time.monotonic() < deadline:
        assert world.vendor.served() == served, "the enrolment went live after the rollback was called authoritative"
        time.sleep(0.2)


def test_an_enrolment_that_is_not_yet_published_explains_the_dns(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("ovh", publish_delay_s=60)
    assert enroll(world, wait="none").state == "written"
    plan = world.client().plan("example.com", provider="ovh")
    assert "not-yet-published" in {f.id for f in plan.findings}
    assert blocks(plan) == set()
    assert plan.state == "nothing-to-do"
    again = enroll(world, timeout=0.5)
    assert again.state == "nothing-to-do"
    assert again.visibility is not None
    assert again.visibility.verdict == "pending"


def test_edits_that_somebody_else_staged_are_not_published_by_us(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("ovh")
    sandbox_of(world).store.add_record("example.com", "example.com", "A", "192.0.2.99", 300, publish=False)
    with world.unchanged():
        result = enroll(world)
    assert result.state == "refused"
    assert blocks(result) == {"staged-by-others"}
    accepted = enroll(world, accept=["staged-by-others"])
    assert accepted.state == "authoritative"


def test_api_and_dns_that_differ_stop_an_enrolment(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("ovh")
    sandbox_of(world).store.add_record("example.com", "example.com", "MX", "1 elsewhere.example.net.", 300, publish=False)
    with world.unchanged():
        result = enroll(world)
    assert result.state == "refused"
    assert "api-dns-differ" in blocks(result)


@pytest.mark.parametrize("switch", ["never", "falls-during-refresh"])
def test_a_zone_that_is_not_deployed(sandbox_world: SandboxWorlds, switch: str) -> None:
    """Whether isDeployed falls while a refresh is under way is unconfirmed: enrolling and rolling back must do in both."""
    world = sandbox_world("ovh", publish_delay_s=1.0, switches={"ovh_is_deployed": switch, "ovh_refresh_s": 5.0})
    stored = world.vendor.stored()
    if switch == "never":
        with world.unchanged():
            result = enroll(world)
        assert blocks(result) == {"zone-not-deployed"}
    accept = ["zone-not-deployed"] if switch == "never" else []
    assert enroll(world, accept=accept, wait="none").state == "written"
    back = world.client().rollback("example.com")
    assert back.state == "authoritative", back.message
    assert {f.severity for f in back.findings if f.id == "zone-not-deployed"} <= {"info"}
    assert world.vendor.stored() == stored


def test_a_relative_exchange_is_compared_absolute_and_left_as_it_is(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("ovh", zone=NEIGHBOURS)
    sandbox_of(world).store.add_record("example.com", "example.com", "MX", "5 mailgate", 300)
    stored = world.vendor.stored()
    assert "5 mailgate\n" in stored + "\n"
    assert enroll(world).state == "authoritative"
    assert "5 mailgate\n" in world.vendor.stored() + "\n"
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


@pytest.mark.parametrize(
    "switches",
    [
        {"ovh_txt_quoting": "verbatim"},
        {"ovh_long_txt": "join"},
        {"ovh_write_reply": "204"},
        {"ovh_post_reply_id_zero": True},
        {"ovh_refresh_reply": "200-null"},
        {"ovh_spf_quoted": False},
        {"ovh_post_reply_quoted": False},
    ],
    ids="-".join,
)
def test_what_is_unconfirmed_about_ovh_does_not_matter(sandbox_world: SandboxWorlds, switches: dict[str, object]) -> None:
    world = sandbox_world("ovh", zone=USUAL, switches=switches)
    served = world.vendor.served()
    assert enroll(world).state == "authoritative"
    assert SPF_LINE in world.vendor.served()
    assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.served() == served


class SlowReads(SkippingClock):
    """Every look at the clock is half a second later: reading a zone of a dozen records takes longer than a read counts."""

    def monotonic(self) -> float:
        self.skipped_s += 0.25
        return super().monotonic()


def test_a_slow_api_is_written_to_all_the_same(sandbox_world: SandboxWorlds) -> None:
    world = sandbox_world("ovh")
    stored = world.vendor.stored()
    client = world.client()
    client.world.clock = SlowReads()
    assert client.enroll("example.com", provider="ovh").state == "authoritative"
    assert client.rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored
