"""What is said of the customer's hosts when the MX set changes: aliases, hosts without an address, DANE."""

from __future__ import annotations

from dataclasses import replace

import pytest

from registrar_sync.core import plan as planning
from registrar_sync.core.known import Known
from registrar_sync.core.model import Other
from registrar_sync.core.observation import Answer
from registrar_sync.core.plan import Plan, Wish
from registrar_sync.core.service import MxMode
from tests.unit.worlds import ABSENT, NXDOMAIN, SILENT, SoundWorld, data, known_world, plan_enrolment
from tests.unit.zones import EUROPE, FILTER, FRANCE, SEED, view

SPF = [f"v=spf1 {FILTER} ~all"]
HOST = "mailgate.example.com."
TLSA = Answer(status="data", values=frozenset({Other("3 1 1 00ff")}))


def plan_in(told: dict[tuple[str, str], Answer], *mx: str, mode: MxMode = "below") -> Plan:
    return plan_enrolment(view(txt=SPF, mx=mx or ("5 mailgate",)), Wish(service=SEED, mx_mode=mode), known_world(told))


def said(plan: Plan) -> dict[str, str]:
    return {one.id: one.message for one in plan.findings}


def test_a_sound_host_is_not_worth_a_line() -> None:
    assert not plan_in({}).findings
    assert not plan_in({(HOST, "A"): ABSENT, (HOST, "AAAA"): data("2001:db8::1")}).findings


@pytest.mark.parametrize(("answer", "word"), [(NXDOMAIN, "(NXDOMAIN)"), (ABSENT, "without any address:")])
def test_a_host_without_any_address_is_named_and_kept(answer: Answer, word: str) -> None:
    plan = plan_in({(HOST, "A"): answer, (HOST, "AAAA"): answer})
    assert word in said(plan)["mx-exchange-unresolved"]
    assert "never worked" in said(plan)["mx-exchange-unresolved"]
    assert plan.changes


@pytest.mark.parametrize("other", [ABSENT, SILENT])
def test_what_cannot_be_found_out_is_silent(other: Answer) -> None:
    assert not plan_in({(HOST, "A"): SILENT, (HOST, "AAAA"): other}).findings
    assert not plan_in({(HOST, "A"): other, (HOST, "AAAA"): SILENT}).findings


def test_an_alias_that_leads_nowhere_is_both() -> None:
    dangling = replace(NXDOMAIN, detail="CNAME to gone.example.net, NXDOMAIN")
    assert set(said(plan_in({(HOST, "A"): dangling, (HOST, "AAAA"): dangling}))) == {
        "mx-exchange-alias",
        "mx-exchange-unresolved",
    }


def test_a_host_at_two_preferences_is_named_once_and_one_that_goes_not_at_all() -> None:
    told = {(HOST, rtype): NXDOMAIN for rtype in ("A", "AAAA")}
    plan = plan_in(told, "5 mailgate", "9 mailgate")
    assert [one.id for one in plan.findings].count("mx-exchange-unresolved") == 1
    assert not plan_in(told, mode="replace").findings


def test_nothing_is_asked_about_hosts_where_the_set_stays_or_is_held_back() -> None:
    for mx in (["3 france", "4 europe", "5 mailgate"], ["0 mailgate"], ["0 ."]):
        world = SoundWorld()
        planning.plan_enrolment(view(txt=SPF, mx=mx), Wish(service=SEED), Known(world))
        assert not [name for name in world.names if HOST in name]


@pytest.mark.parametrize("mode", ["below", "replace"])
def test_tlsa_records_that_the_services_hosts_have_not(mode: MxMode) -> None:
    text = said(plan_in({(f"_25._tcp.{HOST}", "TLSA"): TLSA}, mode=mode))["mx-dane"]
    assert "mailgate.example.com has TLSA records" in text
    assert "france.security-mail.net, europe.security-mail.net have none" in text


def test_dane_at_the_service_too_or_unknown_there_is_silent() -> None:
    theirs = {(f"_25._tcp.{HOST}", "TLSA"): TLSA}
    for ours in (TLSA, SILENT):
        assert not plan_in(theirs | {(f"_25._tcp.{host}", "TLSA"): ours for host in (FRANCE, EUROPE)}).findings
    one_bare = theirs | {(f"_25._tcp.{FRANCE}", "TLSA"): TLSA}
    assert "europe.security-mail.net has none" in said(plan_in(one_bare))["mx-dane"]


def test_without_hosts_of_the_customers_nobody_is_asked_for_tlsa() -> None:
    world = SoundWorld()
    planning.plan_enrolment(view(txt=SPF), Wish(service=SEED), Known(world))
    assert not [name for name in world.names if name.startswith("_25.")]
