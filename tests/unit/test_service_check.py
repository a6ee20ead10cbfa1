"""The service itself, looked at before anybody is sent to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from registrar_sync.core.finding import Finding
from registrar_sync.core.guard import held_back
from registrar_sync.core.known import DnsQuestion, Known, Question, Said, SmtpQuestion
from registrar_sync.core.observation import Answer
from registrar_sync.core.service_check import check_service
from registrar_sync.core.wish import Wish
from tests.unit.stage import Stage
from tests.unit.worlds import ABSENT, NXDOMAIN, SILENT, SoundWorld, data, known_world, plan_enrolment, spf_answer
from tests.unit.zones import EUROPE, FILTER, FRANCE, SEED, ZONE, view

INCLUDE = SEED.include
Told = dict[tuple[str, str], Answer]

TEN = {(INCLUDE, "TXT"): spf_answer(f"v=spf1 {' '.join(f'a:h{n}.example' for n in range(10))} -all")}


def checked(told: Told, said: dict[Question, Said] | None = None, *, probe_smtp: bool = False) -> tuple[Finding, ...]:
    return check_service(ZONE, Wish(service=SEED, probe_smtp=probe_smtp), Known(SoundWorld(told, said)))


def test_a_sound_service_is_no_matter() -> None:
    assert checked({}) == ()


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({(INCLUDE, "TXT"): NXDOMAIN}, "does not exist"),
        ({(INCLUDE, "TXT"): spf_answer("hello")}, "has no SPF record"),
        ({(INCLUDE, "TXT"): spf_answer("v=spf1 a", "v=spf1 -all")}, "has 2 SPF records"),
        ({(INCLUDE, "TXT"): spf_answer("v=spf1 ip4:192.0.2.1, -all")}, "is invalid"),
        (
            {(INCLUDE, "TXT"): spf_answer("v=spf1 include:b.example"), ("b.example.", "TXT"): ABSENT},
            "b.example has no TXT record",
        ),
        ({(INCLUDE, "TXT"): spf_answer(f"v=spf1 include:{ZONE} include:includespf.security-mail.net -all")}, "a loop"),
        (TEN, "costs 11 look-ups, where 10 are allowed"),
        (
            {(INCLUDE, "TXT"): spf_answer("v=spf1 a:b.example a:c.example a:d.example")}
            | {(f"{label}.example.", "A"): ABSENT for label in "bcd"},
            "3 of its look-ups come back empty",
        ),
    ],
)
def test_a_service_whose_own_record_breaks_every_record_that_includes_it_is_a_block(told: Told, why: str) -> None:
    (finding,) = checked(told)
    assert (finding.id, finding.severity) == ("service-spf-broken", "block")
    assert why in finding.message


@pytest.mark.parametrize(("answer", "why"), [(NXDOMAIN, "does not exist"), (ABSENT, "has no address")])
def test_a_host_without_an_address_is_a_block(answer: Answer, why: str) -> None:
    (finding,) = checked({(EUROPE, "A"): answer, (EUROPE, "AAAA"): answer})
    assert (finding.id, finding.severity) == ("service-host-broken", "block")
    assert f"europe.security-mail.net {why}" in finding.message


def test_an_address_of_either_family_will_do() -> None:
    assert checked({(EUROPE, "A"): ABSENT, (EUROPE, "AAAA"): data("2001:db8::1")}) == ()


def test_a_host_that_is_an_alias_is_named() -> None:
    alias = Answer(status="data", values=data("192.0.2.1").values, detail="CNAME to mx.example.net")
    (finding,) = checked({(FRANCE, "A"): alias})
    assert (finding.id, finding.severity) == ("service-host-alias", "warn")
    assert "CNAME to mx.example.net" in finding.message


def test_what_does_not_answer_is_said_to_be_unknown_and_blocks_nothing() -> None:
    (finding,) = checked({(INCLUDE, "TXT"): SILENT, (FRANCE, "A"): SILENT})
    assert (finding.id, finding.severity) == ("service-not-checked", "warn")
    assert "includespf.security-mail.net" in finding.message
    assert "france.security-mail.net" in finding.message
    assert "europe" not in finding.message


def test_hosts_are_asked_for_rcpt_only_where_wanted() -> None:
    question = SmtpQuestion(FRANCE, ("192.0.2.1",), "postmaster@example.com")
    said: dict[Question, Said] = {question: Said(status="no", text="550 5.1.1 no such domain here")}
    assert checked({}, said) == ()
    (finding,) = checked({}, said, probe_smtp=True)
    assert (finding.id, finding.severity) == ("service-host-refuses", "block")
    assert "france.security-mail.net does not take mail for postmaster@example.com: 550 5.1.1" in finding.message


def test_a_host_that_cannot_be_asked_for_rcpt_is_unknown() -> None:
    question = SmtpQuestion(FRANCE, ("192.0.2.1",), "postmaster@example.com")
    (finding,) = checked({}, {question: Said(status="unknown", text="timed out")}, probe_smtp=True)
    assert (finding.id, finding.severity) == ("service-not-checked", "warn")
    assert "timed out" in finding.message


# --- within a plan ------------------------------------------------------------------------------------------------------
BROKEN = {(INCLUDE, "TXT"): NXDOMAIN}


def test_a_broken_service_is_the_first_thing_said_and_nothing_changes() -> None:
    plan = plan_enrolment(view(txt=["v=spf1 a ~all"], mx=["5 mailgate"]), Wish(service=SEED), known_world(BROKEN))
    assert plan.findings[0].id == "service-spf-broken"
    assert plan.changes == ()
    assert [finding.id for finding in held_back(plan.findings, frozenset())] == ["service-spf-broken"]


def test_a_broken_service_that_is_accepted_is_written_and_said_once() -> None:
    wish = Wish(service=SEED, accept=frozenset({"service-spf-broken"}))
    plan = plan_enrolment(view(txt=["v=spf1 ip4:192.0.2.1 ~all"], mx=["5 mailgate"]), wish, known_world(BROKEN))
    assert [finding.id for finding in plan.findings] == ["service-spf-broken"]
    assert [change.rtype for change in plan.changes] == ["TXT", "MX"]


def test_an_enrolled_domain_is_not_held_back_and_the_service_is_not_asked_about() -> None:
    world = SoundWorld(BROKEN)
    zone = view(txt=[f"v=spf1 {FILTER} ~all"], mx=["3 france", "4 europe", "5 mailgate"])
    plan = plan_enrolment(zone, Wish(service=SEED), Known(world))
    assert (plan.detail, plan.findings) == ("already enrolled", ())
    assert not {INCLUDE, FRANCE, EUROPE} & set(world.names)


def test_the_service_is_looked_up_once_a_run(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    asked: list[DnsQuestion] = []
    usual = stage.dns.look_up

    def counted(name: str, rtype: str) -> Answer:
        asked.append(DnsQuestion(name, rtype))
        return usual(name, rtype)

    stage.dns.look_up = counted  # type: ignore[method-assign]
    stage.plan()
    assert stage.plan().state == "planned"
    assert asked.count(DnsQuestion(INCLUDE, "TXT")) == 1


def test_a_broken_service_refuses_an_enrolment_and_writes_nothing(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.dns.world[(FRANCE, "A")] = NXDOMAIN
    result = stage.enroll()
    assert (result.state, result.changed) == ("refused", False)
    assert "service-host-broken" in {finding.id for finding in result.findings}
    assert stage.writes() == 0
