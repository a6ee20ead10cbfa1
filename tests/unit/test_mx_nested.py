"""An included record that names the owner's MX set (rules A9): hosts that leave the set leave that record, too."""

from __future__ import annotations

import pytest

from registrar_sync.core.model import ZoneView
from registrar_sync.core.plan import Plan, Wish
from tests.unit.stage import OWNER, SERVICE, mx, txt
from tests.unit.worlds import known_world, plan_enrolment, spf_answer

GATE = (5, "mailgate.example.com.")


def plan_of(spf: str, nested: str, **wish: object) -> Plan:
    zone = ZoneView(zone=OWNER, owner=OWNER, rrsets=(txt(spf), mx(GATE)))
    told = {("_spf.example.com.", "TXT"): spf_answer(nested)}
    wished = Wish(service=SERVICE, mx_mode="replace", **wish)  # type: ignore[arg-type]
    return plan_enrolment(zone, wished, known_world(told))


def said(plan: Plan) -> list[str]:
    return [one.message for one in plan.findings if one.id == "spf-mx-mechanism"]


@pytest.mark.parametrize("spf", ["v=spf1 include:_spf.example.com -all", "v=spf1 redirect=_spf.example.com"])
@pytest.mark.parametrize("nested", ["v=spf1 mx:example.com -all", "v=spf1 a:x.example mx:EXAMPLE.com. ~all"])
def test_replaced_hosts_that_an_included_record_authorises_by_mx_are_blocked(spf: str, nested: str) -> None:
    plan = plan_of(spf, nested)
    (message,) = said(plan)
    assert all(change.rtype != "MX" for change in plan.changes)
    assert "_spf.example.com > mx:" in message
    assert "a:mailgate.example.com include:includespf.security-mail.net" in message
    accepted = plan_of(spf, nested, accept=frozenset({"spf-mx-mechanism"}))
    assert {change.rtype for change in accepted.changes} == {"TXT", "MX"}


@pytest.mark.parametrize(
    ("spf", "nested"),
    [
        ("v=spf1 include:_spf.example.com -all", "v=spf1 mx -all"),  # the MX set of another name
        ("v=spf1 include:_spf.example.com a:mailgate.example.com -all", "v=spf1 mx:example.com -all"),
        ("v=spf1 include:_spf.example.com -all", "v=spf1 mx:example.com a:mailgate.example.com -all"),
        ("v=spf1 -include:_spf.example.com -all", "v=spf1 mx:example.com -all"),
    ],
)
def test_who_stays_authorised_or_never_was_is_no_reason(spf: str, nested: str) -> None:
    plan = plan_of(spf, nested)
    assert not said(plan)
    assert {change.rtype for change in plan.changes} == {"TXT", "MX"}
