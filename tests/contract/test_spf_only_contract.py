"""The contract of a provider where SPF is exact and MX is not: SPF by itself, with every MX left as it is."""

from __future__ import annotations

from typing import Any

import pytest

from registrar_sync.operations.result import Result
from tests.contract.fake_world import FakeWorld
from tests.contract.test_contract import neighbours
from tests.contract.worlds import NEIGHBOURS, SPF, USUAL_MX

INCLUDE = "include:includespf.security-mail.net"


def enroll(world: FakeWorld, **options: Any) -> Result:
    return world.client().enroll("example.com", provider=world.name, only="spf", **options)


def assert_spf_enrolled(result: Result, world: FakeWorld, stored: str) -> None:
    assert result.error is None, (result.error, result.message)
    assert result.state == "authoritative", (result.findings, result.visibility)
    assert INCLUDE in world.vendor.served()
    assert neighbours(world.vendor.served()) == neighbours(stored)
    assert mx_lines(world.vendor.served()) == mx_lines(stored)


def mx_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if " MX " in line]


def test_enrol_plan_again_and_roll_back(spf_world: FakeWorld) -> None:
    stored = spf_world.vendor.stored()
    assert_spf_enrolled(enroll(spf_world), spf_world, stored)
    again = spf_world.client().plan("example.com", provider=spf_world.name, only="spf")
    assert (again.state, again.plan and again.plan.changes) == ("nothing-to-do", ())
    with spf_world.unchanged():
        assert enroll(spf_world).state == "nothing-to-do"
    back = spf_world.client().rollback("example.com")
    assert back.state == "authoritative", (back.error, back.message)
    assert spf_world.vendor.stored() == stored


@pytest.mark.parametrize("mx", ["", "@ 300 MX 0 .\n", "@ 300 MX 0 tenant.example.net.\n"], ids=["none", "null", "0"])
def test_whatever_the_mx_is_it_stays(spf_world: FakeWorld, mx: str) -> None:
    spf_world.vendor.load(NEIGHBOURS + SPF.replace("mx ", "") + mx)
    stored = spf_world.vendor.stored()
    result = enroll(spf_world, accept=["mx-null", "implicit-mx"])
    assert mx_lines(spf_world.vendor.served()) == mx_lines(stored)
    if result.state == "authoritative":
        assert spf_world.client().rollback("example.com").state == "authoritative"
    assert spf_world.vendor.stored() == stored


def test_a_zone_without_spf(spf_world: FakeWorld) -> None:
    spf_world.vendor.load(NEIGHBOURS + USUAL_MX)
    stored = spf_world.vendor.stored()
    assert_spf_enrolled(enroll(spf_world), spf_world, stored)
    assert spf_world.client().rollback("example.com").state == "authoritative"
    assert spf_world.vendor.stored() == stored


def test_an_spf_record_over_255_bytes(spf_world: FakeWorld) -> None:
    spf_world.skip_unless_it_can("write an SPF value over 255 octets")
    terms = " ".join(f"ip4:192.0.2.{n}" for n in range(10, 27))
    spf_world.vendor.load(NEIGHBOURS + f'@ 600 TXT "v=spf1 {terms[:200]}" "{terms[200:]} ~all"\n' + USUAL_MX)
    stored = spf_world.vendor.stored()
    result = enroll(spf_world)
    assert result.state == "authoritative", (result.error, result.message)
    assert f"v=spf1 {terms} {INCLUDE} ~all" in spf_world.vendor.served().replace('" "', "")
    assert spf_world.client().rollback("example.com").state == "authoritative"
    assert spf_world.vendor.stored().replace('" "', "") == stored.replace('" "', "")


def test_an_owner_below_the_apex_and_in_capitals(spf_world: FakeWorld) -> None:
    stored = spf_world.vendor.stored()
    client = spf_world.client()
    result = client.enroll("SUB.example.com.", provider=spf_world.name, only="spf", accept=["spf-mx-mechanism"])
    assert result.state == "authoritative", (result.error, result.findings)
    assert client.rollback("sub.example.com").state == "authoritative"
    assert spf_world.vendor.stored() == stored


def test_wrong_credentials_and_an_unknown_zone(spf_world: FakeWorld) -> None:
    with spf_world.unchanged():
        unknown = spf_world.client().enroll("example.org", provider=spf_world.name, only="spf")
    assert unknown.error is not None
    assert unknown.error.kind == "zone-not-found"
    spf_world.skip_unless_it_can("reject credentials")
    wrong = filter(spf_world.is_wrong_when_replaced, spf_world.vendor.account()["credentials"])
    client = spf_world.client(credentials=spf_world.vendor.account()["credentials"] | dict.fromkeys(wrong, "env:WRONG"))
    client.world.environ = {**client.world.environ, "WRONG": "not-the-key"}
    with spf_world.unchanged():
        result = client.enroll("example.com", provider=spf_world.name, only="spf")
    assert result.error is not None
    assert result.error.kind == "credentials-rejected"
    assert "not-the-key" not in str(result.to_json())


def test_mx_alone_is_refused_and_nothing_written(spf_world: FakeWorld) -> None:
    with spf_world.unchanged():
        result = spf_world.client().enroll("example.com", provider=spf_world.name, only="mx")
    assert result.state == "refused"
    assert result.changed is False
