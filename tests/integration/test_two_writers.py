"""Somebody else edits the zone while we do: what they wrote is kept, in every gap but the one that is stated."""

from __future__ import annotations

from typing import Any

import pytest

from registrar_sync.operations.result import Result
from tests.contract.worlds import ProviderWorld
from tests.integration.conftest import SandboxWorlds, SkippingClock, sandbox_of

THEIRS = '"written-meanwhile=1"'
VENDORS = ["ovh", "gandi", "ionos"]
FIRST_WRITE = {"ovh": ("PUT", "/record/"), "gandi": ("PUT", "/TXT"), "ionos": ("PATCH", "/zones/")}
LAST_WRITE = {"ovh": ("POST", "/refresh"), "gandi": ("PUT", "/MX"), "ionos": ("PATCH", "/zones/")}


def add_theirs(world: ProviderWorld, text: str = THEIRS) -> None:
    sandbox_of(world).store.add_record("example.com", "example.com", "TXT", text, 600)


def enroll(world: ProviderWorld, **options: object) -> Result:
    return world.client().enroll("example.com", provider=world.name, **options)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_value_added_while_the_question_is_open_is_kept(sandbox_world: SandboxWorlds, vendor: str) -> None:
    world = sandbox_world(vendor)

    def confirm(planned: Result) -> bool:
        assert planned.state == "planned"
        add_theirs(world)
        return True

    with world.unchanged():
        result = enroll(world, confirm=confirm)
    assert (result.state, result.changed) == ("drift", False)
    assert "Nothing was changed" in result.message
    assert THEIRS in world.vendor.stored()
    assert enroll(world).state == "authoritative"
    assert THEIRS in world.vendor.stored()


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_value_added_while_the_read_grows_old_is_kept(sandbox_world: SandboxWorlds, vendor: str) -> None:
    """Nobody was asked, but the read is older than five seconds when the lock is had: read and plan again."""
    world = sandbox_world(vendor)
    client = world.client()
    clock = client.world.clock = SkippingClock()
    journal = client.world.journal
    begin_locked = journal.begin_locked

    def slow_lock(*new: Any, since: int) -> object:
        add_theirs(world)
        clock.sleep(6.0)
        return begin_locked(*new, since=since)

    journal.begin_locked = slow_lock  # type: ignore[method-assign, assignment]
    result = client.enroll("example.com", provider=vendor)
    assert result.state == "authoritative", result.message
    assert THEIRS in world.vendor.stored()
    assert "include:includespf.security-mail.net" in world.vendor.served()


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_value_added_between_write_and_read_back_is_reported_and_kept(sandbox_world: SandboxWorlds, vendor: str) -> None:
    world = sandbox_world(vendor)
    method, path = LAST_WRITE[vendor]
    sandbox_of(world).hook(method, path, lambda: add_theirs(world), when="after")
    client = world.client(call_limit_s=1.0)  # recover waits that long for calls that may still be under way
    result = client.enroll("example.com", provider=vendor)
    assert result.state == "unknown"
    assert "recover example.com" in result.hint
    assert THEIRS in world.vendor.stored()
    (recovered,) = client.recover("example.com")
    assert recovered.state == "drift"
    assert THEIRS in world.vendor.stored()
    back = world.client().rollback("example.com")
    assert back.state == "authoritative", back.message
    assert THEIRS in world.vendor.stored()
    assert "security-mail" not in world.vendor.served()


@pytest.mark.parametrize("vendor", VENDORS)
def test_another_type_changed_between_write_and_read_back_is_reported_and_kept(sandbox_world: SandboxWorlds, vendor: str) -> None:
    world = sandbox_world(vendor)
    method, path = LAST_WRITE[vendor]
    store = sandbox_of(world).store
    act = lambda: store.add_record("example.com", "example.com", "A", "192.0.2.77", 300)  # noqa: E731
    sandbox_of(world).hook(method, path, act, when="after")
    result = enroll(world)
    assert result.state == "authoritative"
    assert "neighbour-changed" in {finding.id for finding in result.findings}
    assert "192.0.2.77" in world.vendor.served()


@pytest.mark.parametrize("vendor", ["gandi", "ionos"])
def test_the_window_that_remains_without_a_conditional_write(sandbox_world: SandboxWorlds, vendor: str) -> None:
    """Stated in providers.yaml (conditional_write: false): a value added in the moment between our last read and our write
    to the same RRset is overwritten where the API replaces whole RRsets. It is as short as can be, and this is its size."""
    world = sandbox_world(vendor)
    assert world.client().world.catalog.provider(vendor).conditional_write is False
    method, path = FIRST_WRITE[vendor]
    sandbox_of(world).hook(method, path, lambda: add_theirs(world), when="before")
    result = enroll(world)
    assert result.state == "authoritative"
    assert THEIRS not in world.vendor.stored()


def test_an_api_of_single_records_has_no_such_window_for_neighbours(sandbox_world: SandboxWorlds) -> None:
    """At OVH each record is edited by its id: what is added in the same moment stays, and read-back tells of it."""
    world = sandbox_world("ovh")
    sandbox_of(world).hook("PUT", "/record/", lambda: add_theirs(world), when="before")
    result = enroll(world)
    assert result.state == "unknown"
    assert THEIRS in world.vendor.stored()


def test_a_value_added_while_the_provider_makes_us_wait_survives(sandbox_world: SandboxWorlds) -> None:
    """429 with Retry-After: 10. The read would be too old by then: read again, compare, plan again, then write."""
    world = sandbox_world("gandi")
    sandbox_of(world).fail_next("PUT", "/TXT", 429, {"message": "slow down"}, {"Retry-After": "10"})
    client = world.client()
    clock = client.world.clock = SkippingClock()
    real_sleep = clock.sleep

    def sleep(seconds: float) -> None:
        if seconds >= 9:
            add_theirs(world)
        real_sleep(seconds)

    clock.sleep = sleep  # type: ignore[method-assign]
    result = client.enroll("example.com", provider="gandi")
    assert result.state == "authoritative", result.message
    assert max(clock.naps) >= 10
    assert THEIRS in world.vendor.stored()
    assert "include:includespf.security-mail.net" in world.vendor.served()


def test_two_changes_of_one_zone_do_not_overlap(sandbox_world: SandboxWorlds) -> None:
    """While one process writes, the other is told who does."""
    world = sandbox_world("gandi")
    seen: list[Result] = []
    sandbox_of(world).hook("PUT", "/TXT", lambda: seen.append(enroll(world)), when="before")
    assert enroll(world).state == "authoritative"
    assert seen[0].error is not None
    assert seen[0].error.kind in ("zone-locked", "open-change")
    assert seen[0].changed is False
