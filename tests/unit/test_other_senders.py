"""A new SPF record for the service alone, while others that send are plain to see."""

from __future__ import annotations

import pytest

from registrar_sync.core.finding import Severity
from registrar_sync.core.guard import held_back
from registrar_sync.core.known_filters import FILTERS
from registrar_sync.core.known_senders import HOSTERS, Hoster, hoster_behind, senders_behind
from registrar_sync.core.names import display
from registrar_sync.core.plan import Plan, Wish
from registrar_sync.core.service import MxMode, Qualifier
from registrar_sync.core.spf import parse_spf
from tests.unit.worlds import plan_enrolment
from tests.unit.zones import FILTER, SEED, applied, texts, view

ACCEPT = frozenset({"spf-service-alone"})


def plan_of(
    *mx: str,
    policy: Qualifier | None = None,
    mode: MxMode = "below",
    accept: frozenset[str] = frozenset(),
    txt: tuple[str, ...] = (),
) -> Plan:
    return plan_enrolment(view(txt=txt, mx=mx), Wish(service=SEED, mx_mode=mode, all_qualifier=policy, accept=accept))


def proposal(plan: Plan) -> str:
    (found,) = [one for one in plan.findings if one.id == "spf-service-alone"]
    text = found.message.partition('write "')[2].partition('"')[0]
    parse_spf(text.encode())
    return text


@pytest.mark.parametrize(("policy", "severity"), [("-", "block"), ("~", "warn"), ("?", "info")])
def test_it_weighs_as_the_policy_of_the_new_record(policy: Qualifier, severity: Severity) -> None:
    plan = plan_of("5 mailgate", policy=policy)
    assert {one.id: one.severity for one in plan.findings} == {"spf-service-alone": severity}
    assert "mailgate.example.com" in plan.findings[0].message
    assert bool(plan.changes) == (severity != "block")


def test_a_block_holds_back_both_sets_so_that_the_senders_stay_in_sight() -> None:
    plan = plan_of("5 mailgate", policy="-", mode="replace")
    assert plan.changes == ()
    assert held_back(plan.findings, frozenset())
    accepted = plan_of("5 mailgate", policy="-", mode="replace", accept=ACCEPT)
    assert [change.rtype for change in accepted.changes] == ["TXT", "MX"]


@pytest.mark.parametrize(
    ("mx", "mode", "expected"),
    [
        (["5 mailgate"], "below", f"v=spf1 mx {FILTER} ~all"),
        (["5 mailgate", "6 b"], "replace", f"v=spf1 a:b.example.com a:mailgate.example.com {FILTER} ~all"),
        (["1 aspmx.l.google.com.", "5 alt1.aspmx.l.google.com."], "replace", f"v=spf1 include:_spf.google.com {FILTER} ~all"),
        (
            ["10 x.mail.protection.outlook.com.", "20 backup"],
            "below",
            f"v=spf1 mx include:spf.protection.outlook.com {FILTER} ~all",
        ),
        (
            ["1 mx1.mail.ovh.net.", "9 mail.protonmail.ch."],
            "below",
            f"v=spf1 include:mx.ovh.com include:_spf.protonmail.ch {FILTER} ~all",
        ),
    ],
)
def test_the_proposal_names_all_of_them_and_softens_fail(mx: list[str], mode: MxMode, expected: str) -> None:
    assert proposal(plan_of(*mx, policy="-", mode=mode)) == expected
    assert proposal(plan_of(*mx, policy="?", mode=mode)) == expected.replace("~all", "?all")


def test_the_proposal_once_written_raises_nothing() -> None:
    text = proposal(plan_of("5 mailgate", policy="-"))
    plan = plan_of("5 mailgate", policy="-", txt=(text,))
    assert "spf-service-alone" not in {one.id for one in plan.findings}
    assert texts(plan.after["TXT"]) == [text]


@pytest.mark.parametrize(
    "mx", [[], ["3 france", "4 europe"], ["0 ."], ["10 mx1.ppe-hosted.com."], ["10 192.0.2.1."]], ids="+".join
)
def test_the_service_a_filter_a_null_mx_and_an_address_are_no_senders(mx: list[str]) -> None:
    assert "spf-service-alone" not in {one.id for one in plan_of(*mx, policy="-").findings}


def test_a_record_that_stands_already_is_its_owners_word() -> None:
    assert "spf-service-alone" not in {one.id for one in plan_of("5 mailgate", txt=("v=spf1 a -all",)).findings}


def test_planning_again_after_it_was_written_says_nothing_more() -> None:
    plan = plan_of("5 mailgate")
    again = plan_enrolment(applied(view(mx=["5 mailgate"]), plan.changes), Wish(service=SEED))
    assert (again.changes, again.findings) == ((), ())


# --- the table ----------------------------------------------------------------------------------------------------------
def test_a_hoster_is_known_on_a_label_boundary() -> None:
    google = hoster_behind("alt1.aspmx.l.google.com.")
    assert google
    assert google.name == "Google Workspace"
    assert hoster_behind("notgoogle.com.") is None
    assert hoster_behind(".") is None


def test_senders_are_told_apart_and_each_named_once() -> None:
    senders = senders_behind(["mail.example.com.", "aspmx.l.google.com.", "smtp.google.com.", "mx1.pphosted.com."])
    assert [hoster.name for hoster in senders.hosters] == ["Google Workspace"]
    assert senders.hosts == ("mail.example.com",)
    assert not senders_behind(["mx1.pphosted.com."])


@pytest.mark.parametrize("hoster", HOSTERS, ids=lambda hoster: hoster.name)
def test_every_hoster_has_a_source_and_names_that_can_be_matched(hoster: Hoster) -> None:
    assert hoster.source
    assert parse_spf(f"v=spf1 include:{hoster.include} ~all".encode()).find_include(f"{hoster.include}.")
    for suffix in hoster.suffixes:
        assert suffix == display(suffix.lower())
        assert hoster_behind(f"mx1.{suffix}.") is hoster
        assert suffix not in FILTERS
