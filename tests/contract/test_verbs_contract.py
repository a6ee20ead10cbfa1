"""What lexicon's verbs add to the contract: gaps between calls, failed calls, and what is refused as it would not be exact."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from registrar_sync.core.names import absolute
from registrar_sync.operations.result import Result
from registrar_sync.providers.policy import Again
from tests.contract.conftest import DIALECT, SPF_ONLY
from tests.contract.fake_world import FakeWorld, one_of_each, shipped, way_of_writing
from tests.contract.worlds import NEIGHBOURS, SPF, USUAL, USUAL_MX

THEIRS = "written-meanwhile=1"
WAYS = one_of_each([*DIALECT, *SPF_ONLY], way_of_writing)
LIMITED = [name for name in [*DIALECT, *SPF_ONLY] if (verbs := shipped().provider(name).verbs) and verbs.list_limit]
OVER_HTTP = [name for name in WAYS if shipped().provider(name).transport == "requests"]

each_way = pytest.mark.parametrize("verbs_world", WAYS, indirect=True)


def options(world: FakeWorld) -> dict[str, str]:
    return {"only": "spf"} if world.spec.tier == "spf-only" else {}


def enroll(world: FakeWorld, **account: float) -> Result:
    client = world.client(call_limit_s=0.3, read_back_s=0.1, **account)
    return client.enroll("example.com", provider=world.name, **options(world))


def asked(world: FakeWorld) -> list[str]:
    """What an enrolment asks, in order; the zone is as it was when this returns."""
    requests: list[str] = []
    world.vendor.fake.before = requests.append
    assert enroll(world).state == "authoritative"
    world.vendor.fake.before = lambda shown: None
    assert world.client().rollback("example.com").state == "authoritative"
    return requests


def at_number(number: int, act: Callable[[], None], *, writes: bool = False) -> Callable[[str], None]:
    """A hook that acts at the request of this number, counted from 0."""
    came = 0

    def count(shown: str) -> None:
        nonlocal came
        if writes and shown.startswith("GET"):
            return
        came += 1
        if came == number + 1:
            act()

    return count


def finish(world: FakeWorld, result: Result) -> None:
    """Leave nothing open behind: what is unknown is recovered, what stands is taken back."""
    if result.state == "unknown":
        (recovered,) = world.client(call_limit_s=1.0).recover("example.com")
        assert recovered.state in ("drift", "authoritative", "restored", "nothing-to-do"), recovered.message
    assert world.client().rollback("example.com").state in ("authoritative", "nothing-to-do", "drift")


@each_way
def test_another_writer_in_every_gap(verbs_world: FakeWorld) -> None:
    """What somebody adds while we work stays, and is planned on or told."""
    world = verbs_world
    requests = asked(world)
    first_write = next(number for number, shown in enumerate(requests) if not shown.startswith("GET"))
    last_write = max(number for number, shown in enumerate(requests) if not shown.startswith("GET"))
    for gap in range(len(requests)):
        world.vendor.load(USUAL)
        hand = at_number(gap, lambda: world.vendor.add("example.com", "TXT", f'"{THEIRS}"', 600))
        world.vendor.fake.before = hand
        result = enroll(world)
        world.vendor.fake.before = lambda shown: None
        assert world.vendor.served().count("v=spf1") == 2, (gap, result.message)  # the apex's and that of "sub"
        assert THEIRS in world.vendor.served() or world.vendor.fake.verbs.whole_set, (gap, result.message)
        told = result.state in ("unknown", "drift", "refused")
        planned_on = gap <= first_write and result.state == "authoritative"
        assert told or planned_on or gap > last_write, (gap, requests, result.state, result.message)
        finish(world, result)


@pytest.mark.parametrize("after_the_effect", [False, True], ids=["before-the-effect", "after-the-effect"])
@pytest.mark.parametrize("verbs_world", OVER_HTTP, indirect=True)
def test_a_write_that_fails_ends_before_or_after(verbs_world: FakeWorld, after_the_effect: bool) -> None:
    """Each write of an enrolment in its turn gets 500: the zone ends as it was, or as it ought to be, and never between."""
    world = verbs_world
    writes = [shown for shown in asked(world) if not shown.startswith("GET")]

    def fail() -> None:
        raise Again("HTTP 500", effect=True)

    for number in range(len(writes)):
        world.vendor.load(USUAL)
        stored = world.vendor.stored()
        hook = at_number(number, fail, writes=True)
        world.vendor.fake.before, world.vendor.fake.after = (_nothing, hook) if after_the_effect else (hook, _nothing)
        result = enroll(world)
        world.vendor.fake.before = world.vendor.fake.after = _nothing
        if result.state == "unknown":
            (result,) = world.client(call_limit_s=1.0).recover("example.com")
        if result.state == "authoritative":
            assert "include:includespf.security-mail.net" in world.vendor.served()
            assert world.client().rollback("example.com").state == "authoritative"
        assert world.vendor.stored() == stored, (number, result.state, result.message)


def _nothing(shown: str) -> None:
    pass


@pytest.mark.parametrize("verbs_world", OVER_HTTP, indirect=True)
def test_429_is_waited_for_or_refused_with_nothing_changed(verbs_world: FakeWorld) -> None:
    world = verbs_world
    stored = world.vendor.stored()

    def slow_down() -> None:
        raise Again("HTTP 429", effect=False, retry_after_s=0.1)

    for writes in (False, True):
        world.vendor.fake.before = at_number(0, slow_down, writes=writes)
        result = enroll(world)
        world.vendor.fake.before = _nothing
        if result.state == "authoritative":
            assert world.client().rollback("example.com").state == "authoritative"
        else:
            assert result.error is not None
        assert world.vendor.stored() == stored


@pytest.mark.parametrize("method", ["DELETE", "POST"])
@pytest.mark.parametrize("verbs_world", [name for name in WAYS if name in DIALECT], indirect=True)
def test_a_yes_that_is_none_is_noticed_before_more_is_done(verbs_world: FakeWorld, method: str) -> None:
    """The vendor says yes and does nothing: there are never two SPF records, and the customer's MX stay until ours stand."""
    world = verbs_world
    stored = world.vendor.stored()
    world.vendor.fake.deaf = method
    client = world.client(call_limit_s=0.3, read_back_s=0.1)
    result = client.enroll("example.com", provider=world.name, mx="replace", accept=["spf-mx-mechanism"])
    assert result.state in ("restored", "unknown"), result.message
    apex = [line for line in world.vendor.served().splitlines() if line.startswith("example.com.")]
    assert sum("v=spf1" in line for line in apex) <= 1
    assert {line for line in stored.splitlines() if " MX " in line} <= set(world.vendor.served().splitlines())
    world.vendor.fake.deaf = ""
    if result.state == "unknown":
        (recovered,) = world.client(call_limit_s=1.0).recover("example.com")
        assert recovered.state in ("restored", "authoritative"), recovered.message
        if recovered.state == "authoritative":
            assert world.client().rollback("example.com").state == "authoritative"
    assert world.vendor.stored() == stored


@pytest.mark.parametrize("verbs_world", LIMITED, indirect=True)
def test_a_listing_that_may_be_cut_off_is_not_believed(verbs_world: FakeWorld) -> None:
    world = verbs_world
    limit = world.vendor.fake.verbs.list_limit
    assert limit is not None
    for number in range(limit):
        world.vendor.add("example.com", "TXT", f'"one more {number}"', 600)
    with world.unchanged():
        result = enroll(world)
    assert result.error is not None
    assert result.error.kind == "provider-unavailable"
    assert "cut off" in result.error.message


@pytest.mark.parametrize("verbs_world", [name for name in WAYS if name in DIALECT], indirect=True)
def test_a_ttl_that_cannot_be_changed_exactly_is_refused(verbs_world: FakeWorld) -> None:
    """The usual zone has TXT values that would not go through lexicon unchanged: ``prepare`` would send them again."""
    world = verbs_world
    world.vendor.load(
        NEIGHBOURS.replace("@ 600", "@ 7200") + SPF.replace("@ 600", "@ 7200") + USUAL_MX.replace("@ 300", "@ 7200")
    )
    stored = world.vendor.stored()
    result = world.client().prepare("example.com", provider=world.name, ttl=3600)
    assert result.state in ("restored", "refused", "nothing-to-do"), result.message
    assert world.vendor.stored() == stored


def test_the_zone_is_picked_by_the_account_not_by_the_suffix(verbs_world: FakeWorld) -> None:
    """A zone whose name merely ends alike is another zone, and rows of it are not the owner's."""
    world = verbs_world
    world.vendor.sandbox.store.add_zone("notexample.com", NEIGHBOURS.replace("$ORIGIN example.com.", "$ORIGIN notexample.com."))
    zone, provider = world.client().world.open_account(world.name)
    try:
        assert provider.open("www.example.com.") == absolute("example.com")
        view = provider.read("www.example.com.")
        assert {rrset.rtype for rrset in view.rrsets} <= {"A"}
    finally:
        provider.close()
        assert zone.name == world.name
