"""A TTL above an hour is told before a cut-over, with the command that lowers it."""

from __future__ import annotations

from pathlib import Path

import pytest

from registrar_sync.core.finding import Finding
from registrar_sync.core.plan import Plan, Wish
from tests.unit.stage import Stage, a, mx, txt
from tests.unit.worlds import plan_enrolment
from tests.unit.zones import FILTER, SEED, view


def long_ttls(plan: Plan) -> list[Finding]:
    return [found for found in plan.findings if found.id == "ttl-long"]


def plan_of(*, ttl: int, txts: tuple[str, ...] = ("v=spf1 a ~all",), mxes: tuple[str, ...] = ("5 mailgate",)) -> Plan:
    return plan_enrolment(view(txt=txts, mx=mxes, ttl=ttl), Wish(service=SEED))


@pytest.mark.parametrize(("ttl", "told"), [(300, 0), (3600, 0), (3601, 1), (86400, 1)])
def test_more_than_an_hour_is_long(ttl: int, told: int) -> None:
    assert len(long_ttls(plan_of(ttl=ttl))) == told


def test_it_names_the_ttls_and_the_command() -> None:
    (found,) = long_ttls(plan_of(ttl=86400))
    assert found.severity == "info"
    assert "TXT 86400 s and MX 86400 s" in found.message
    assert "registrar-sync prepare example.com --ttl 300" in found.message


def test_only_sets_that_exist_and_change_are_named() -> None:
    (found,) = long_ttls(plan_of(ttl=86400, txts=(f"v=spf1 {FILTER} ~all",)))
    assert "(MX 86400 s)" in found.message
    assert long_ttls(plan_of(ttl=86400, txts=(), mxes=())) == []
    assert long_ttls(plan_of(ttl=86400, txts=(f"v=spf1 {FILTER} ~all",), mxes=("3 france", "4 europe", "5 mailgate"))) == []


def test_an_enrolment_says_it_and_goes_on(tmp_path: Path) -> None:
    stage = Stage(tmp_path, txt("v=spf1 a ~all", ttl=600), mx((5, "mailgate.example.com."), ttl=14400), a("192.0.2.1"))
    result = stage.enroll()
    assert result.state == "authoritative"
    (told,) = (found.message for found in result.findings if found.id == "ttl-long")
    assert "(MX 14400 s)" in told
