"""The contract in bad weather, at every simulated vendor: another writer in every gap, 429, 500 before and after the effect."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from registrar_sync.operations.result import Result
from registrar_sync.providers.catalog import load_catalog
from registrar_sync.sandbox.server import Sandbox
from registrar_sync.sandbox.vendors import VENDORS
from tests.contract.worlds import LOGIN, USUAL, ProviderWorld, SandboxVendor, only_reads

THEIRS = "written-meanwhile=1"
SIMULATED = [spec.name for spec in load_catalog().providers.values() if spec.adapter and spec.name in VENDORS]


@pytest.fixture(params=SIMULATED)
def simulated(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ProviderWorld]:
    """A simulated vendor with the usual zone in it."""
    with Sandbox() as sandbox:
        vendor = SandboxVendor(sandbox, request.param)
        vendor.load(USUAL)
        world = ProviderWorld(vendor, request.param, tmp_path)
        yield world
        world.close()


def sandbox_of(world: ProviderWorld) -> Sandbox:
    assert isinstance(world.vendor, SandboxVendor)
    return world.vendor.sandbox


def enroll(world: ProviderWorld) -> Result:
    # read-back, and whoever comes after, wait as long as a lost call may be under way
    return world.client(call_limit_s=1.5).enroll("example.com", provider=world.name)


def is_enrolled(world: ProviderWorld) -> bool:
    served = world.vendor.served()
    return "include:includespf.security-mail.net" in served and "3 france.security-mail.net." in served


def methods(world: ProviderWorld) -> list[str]:
    """What an enrolment asks, in order; the zone is as it was when this returns."""
    began = len(sandbox_of(world).requests)
    assert enroll(world).state == "authoritative"
    asked = ["GET" if only_reads(one) else str(one["method"]) for one in sandbox_of(world).requests[began:]]
    assert world.client().rollback("example.com").state == "authoritative"
    return asked


def add_theirs_at(world: ProviderWorld, gap: int) -> None:
    """Somebody adds a TXT value just before our request of this number."""
    came = 0

    def count() -> None:
        nonlocal came
        if came == gap:
            world.vendor.add("example.com", "TXT", f'"{THEIRS}"', 600)
        came += 1

    sandbox_of(world).hook(".*", ".*", count, times=None)


def test_another_writer_in_every_gap(simulated: ProviderWorld) -> None:
    """What somebody adds while we work stays, and is either planned on or told (refused: at OVH it would be published by us).

    In one gap, the one that is stated in providers.yaml (no conditional write), it can be overwritten: between our last read and
    the first write.
    """
    asked = methods(simulated)
    writes = [number for number, method in enumerate(asked) if method != "GET"]
    first_write, listed_again = writes[0], writes[-1] + 1  # an API may be read in several calls: the listing comes first
    spec = load_catalog().provider(simulated.name)
    for gap in range(len(asked)):
        simulated.vendor.load(USUAL)
        sandbox_of(simulated).faults.clear()
        add_theirs_at(simulated, gap)
        result = enroll(simulated)
        stays = THEIRS in simulated.vendor.stored()
        if gap == first_write and spec.shape == "rrset" and not spec.conditional_write:
            assert stays or result.state == "authoritative"
        else:
            assert stays, (gap, asked, result.state, result.message)
        told = result.state in ("unknown", "drift", "refused") or "neighbour-changed" in {one.id for one in result.findings}
        # A conditional write is refused where it is too late to plan on theirs, and planned again.
        planned_on = gap < first_write + spec.conditional_write and result.state == "authoritative"
        assert told or planned_on or not stays or gap > listed_again, (gap, asked, result.state, result.message)
        sandbox_of(simulated).faults.clear()
        finish(simulated, result)


def finish(world: ProviderWorld, result: Result) -> None:
    """Leave nothing open behind: what is unknown is recovered, what stands is taken back."""
    if result.state == "unknown":
        (recovered,) = world.client(call_limit_s=1.0).recover("example.com")
        assert recovered.state in ("drift", "authoritative", "restored", "nothing-to-do"), recovered.message
    back = world.client().rollback("example.com")
    assert back.state in ("authoritative", "nothing-to-do"), back.message


@pytest.mark.parametrize("method", ["GET", "POST|PUT|PATCH|DELETE"], ids=["read", "write"])
def test_429_is_waited_for_or_refused_with_nothing_changed(simulated: ProviderWorld, method: str) -> None:
    stored = simulated.vendor.stored()
    sandbox_of(simulated).fail_next(method, ".*", 429, {"message": "slow down"}, {"Retry-After": "1"})
    result = enroll(simulated)
    if result.state == "authoritative":
        assert is_enrolled(simulated)
    else:
        assert result.error is not None
        assert simulated.vendor.stored() == stored


@pytest.mark.parametrize("before_effect", [True, False], ids=["before-the-effect", "after-the-effect"])
@pytest.mark.parametrize("status", [500, 0], ids=["500", "broken-off"])
def test_a_write_that_fails_ends_before_or_after(simulated: ProviderWorld, status: int, before_effect: bool) -> None:
    """Each write of an enrolment in its turn: the end is the zone as it was, or as it ought to be, and never between."""
    count = sum(method != "GET" for method in methods(simulated))
    for number in range(count):
        simulated.vendor.load(USUAL)
        stored = simulated.vendor.stored()
        fail_write(simulated, number, status, before_effect=before_effect)
        result = enroll(simulated)
        sandbox_of(simulated).faults.clear()
        if result.state == "unknown":
            (result,) = simulated.client(call_limit_s=0.2).recover("example.com")
        if result.state == "authoritative":
            assert is_enrolled(simulated), (number, result.message)
            assert simulated.client().rollback("example.com").state == "authoritative"
        assert simulated.vendor.stored() == stored, (number, result.state, result.message)


def fail_write(world: ProviderWorld, number: int, status: int, *, before_effect: bool) -> None:
    """Fail the write of this number, counted from 0."""
    sandbox = sandbox_of(world)
    writes, anywhere = "POST|PUT|PATCH|DELETE", f"^(?!.*{LOGIN}$)"
    came = 0

    def aim() -> None:
        nonlocal came
        if came == number - 1:
            sandbox.fail_next(writes, anywhere, status, before_effect=before_effect)
        came += 1

    if number:
        sandbox.hook(writes, anywhere, aim, when="after", times=None)
    else:
        sandbox.fail_next(writes, anywhere, status, before_effect=before_effect)


def test_wrong_answers_to_a_read_change_nothing(simulated: ProviderWorld) -> None:
    """HTML, truncated JSON, another type, nothing at all: a known failure that names the vendor, with nothing planned on it."""
    for body in ("<html><body>Maintenance</body></html>", '{"records": [{"na', "17", '{"success": true}', ""):
        sandbox_of(simulated).fail_next("GET", ".*", 200, body, times=None)
        with simulated.unchanged():
            result = enroll(simulated)
        sandbox_of(simulated).faults.clear()
        assert result.error is not None, body
        assert result.error.kind != "internal", (body, result.message)
        assert re.search(rf"\b{simulated.name}\b", result.error.message), (body, result.error.message)
        assert result.plan is None, body
