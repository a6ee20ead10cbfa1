"""SPF or MX alone: only that part is planned, judged, written, waited for and taken back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registrar_sync.core.scope import Only
from registrar_sync.errors import OutcomeUnknown, UsageError
from registrar_sync.operations.check import check
from registrar_sync.operations.desk import Request
from registrar_sync.operations.due import due
from registrar_sync.operations.prepare import finish, prepare
from registrar_sync.operations.request import request_of
from registrar_sync.operations.result import Result
from registrar_sync.operations.unenrol import unenroll
from registrar_sync.providers.memory import Fault, MemoryProvider
from tests.unit.stage import OWNER, START, Stage, mx, txt

SPF = "v=spf1 a include:includespf.security-mail.net ~all"
OUR_MX = {"3 france.security-mail.net.", "4 europe.security-mail.net."}
THEIR_MX = {"5 mailgate.example.com.", "40 smtp.isp.net."}
TXT_VALUES = {"google-site-verification=abc", "v=spf1 a ~all"}


@pytest.fixture(params=[False, True], ids=["live", "staged"])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    return Stage(tmp_path, staged=request.param)


def ids(result: Result) -> set[str]:
    return {finding.id for finding in result.findings}


def leave(stage: Stage, *, grace_s: int | None = None, **request: Any) -> Result:
    return unenroll(stage.setting, Request(domain=OWNER, **request), grace_s=grace_s)


def is_enrolled(stage: Stage, part: Only) -> bool:
    return SPF in stage.values("TXT") if part == "spf" else stage.values("MX") >= OUR_MX


# --- planning and writing -----------------------------------------------------------------------------------------------
def test_spf_alone_leaves_the_mx_set_as_it_is(stage: Stage) -> None:
    result = stage.enroll(only="spf")
    assert result.state == "authoritative", result.message
    assert (is_enrolled(stage, "spf"), stage.values("MX")) == (True, THEIR_MX)
    assert result.plan is not None
    assert (set(result.plan.before), set(result.plan.after)) == ({"TXT"}, {"TXT"})


def test_mx_alone_leaves_the_txt_set_as_it_is(stage: Stage) -> None:
    result = stage.enroll(only="mx")
    assert result.state == "authoritative", result.message
    assert (stage.values("TXT"), stage.values("MX")) == (TXT_VALUES, OUR_MX | THEIR_MX)


def test_the_journal_records_which_part_it_was(stage: Stage) -> None:
    stage.enroll(only="mx")
    change = stage.journal.changes()[0]
    assert change.what.context["only"] == "mx"
    assert set(change.images.after) == {"MX"}


def test_a_block_on_the_other_part_is_in_nobodys_way(tmp_path: Path) -> None:
    stage = Stage(tmp_path, START[0], mx((0, "tenant.mail.protection.outlook.com.")))
    assert "mx-no-room" in ids(stage.enroll())
    result = stage.enroll(only="spf")
    assert result.state == "authoritative", result.message
    assert "mx-no-room" not in ids(result)


def test_two_spf_records_do_not_hold_back_the_mx(tmp_path: Path) -> None:
    stage = Stage(tmp_path, txt("v=spf1 a ~all", "v=spf1 mx -all"), START[1])
    assert stage.enroll(only="mx").state == "authoritative"


def test_what_the_mx_change_does_to_the_spf_record_is_still_said(tmp_path: Path) -> None:
    stage = Stage(tmp_path, txt("v=spf1 mx -all"), START[1])
    result = stage.enroll(only="mx", mx_mode="replace")
    assert (result.state, ids(result)) == ("refused", {"spf-mx-mechanism"})


def test_only_the_part_of_the_service_that_is_used_must_be_sound(stage: Stage) -> None:
    for name in ("france", "europe"):
        del stage.dns.world[f"{name}.security-mail.net.", "A"]
    assert "service-host-broken" not in ids(stage.enroll(only="spf"))
    assert "service-host-broken" in ids(stage.plan(only="mx"))


def test_a_part_that_is_there_already_is_nothing_to_do(stage: Stage) -> None:
    stage.enroll(only="spf")
    again = stage.enroll(only="spf")
    assert (again.state, again.message) == ("nothing-to-do", "SPF: already enrolled")


def test_an_mx_set_that_the_dns_serves_otherwise_does_not_hold_back_the_spf(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    check(stage.setting, Request(domain=OWNER))
    stage.dns.lag_s = 1e6
    stage.provider.put(mx((7, "elsewhere.example.net.")))
    assert "api-dns-differ" in ids(stage.plan())
    assert "api-dns-differ" not in ids(stage.plan(only="spf"))


# --- completed, checked, waited for -------------------------------------------------------------------------------------
@pytest.mark.parametrize(("first", "second"), [("spf", "mx"), ("mx", "spf")])
def test_a_later_enrolment_without_only_completes_it(stage: Stage, first: Only, second: Only) -> None:
    stage.enroll(only=first)
    assert not is_enrolled(stage, second)
    result = stage.enroll()
    assert result.state == "authoritative", result.message
    assert (is_enrolled(stage, "spf"), is_enrolled(stage, "mx")) == (True, True)
    assert check(stage.setting, Request(domain=OWNER)).state == "authoritative"


@pytest.mark.parametrize(("only", "told"), [("spf", "SPF is in place, MX is not."), ("mx", "MX is in place, SPF is not.")])
def test_check_says_that_the_domain_is_not_enrolled_and_which_part_is_there(stage: Stage, only: Only, told: str) -> None:
    stage.enroll(only=only)
    result = check(stage.setting, Request(domain=OWNER))
    assert result.state == "not-enrolled"
    assert told in result.message


def test_what_others_do_to_the_other_part_does_not_keep_it_from_being_seen(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.dns.lag_s = 30
    check(stage.setting, Request(domain=OWNER))
    stage.enroll(only="spf", wait="none")
    stage.provider.put(mx((3, "france.security-mail.net."), (4, "europe.security-mail.net."), (5, "mailgate.example.com.")))
    assert "SPF alone" in next(f.message for f in check(stage.setting, Request(domain=OWNER)).findings)
    stage.clock.sleep(60)
    result = check(stage.setting, Request(domain=OWNER))
    assert stage.states() == ["authoritative"], result.message


def test_an_enrolment_of_the_other_part_while_the_first_is_published_is_not_taken_for_a_difference(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    check(stage.setting, Request(domain=OWNER))
    stage.dns.lag_s = 60
    stage.enroll(only="spf", wait="none")
    second = stage.enroll(only="mx", wait="none")
    assert second.state == "written", second.message
    third = stage.plan()
    assert third.state == "nothing-to-do", third.findings
    assert "not-yet-published" in ids(third)


def test_the_way_to_wait_on_is_one_that_ends(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    check(stage.setting, Request(domain=OWNER))
    stage.dns.lag_s = 600
    assert stage.enroll(only="spf", timeout_s=1.0).hint == "registrar-sync watch example.com"


# --- taken back ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("order", [("spf", "mx"), ("mx", "spf"), ("spf", None), ("mx", None)])
def test_each_is_rolled_back_by_itself_and_exactly(stage: Stage, order: tuple[Only | None, ...]) -> None:
    for only in order:
        assert stage.enroll(only=only).state == "authoritative"
    for only in reversed(order):
        assert stage.rollback().state == "authoritative"
        assert is_enrolled(stage, "spf") is (order[0] == "spf" and only is not order[0])
        assert is_enrolled(stage, "mx") is (order[0] == "mx" and only is not order[0])
    assert stage.is_as_at_the_start()


def test_a_rollback_of_spf_leaves_the_mx_lines_that_were_entered_by_hand(stage: Stage) -> None:
    stage.enroll(only="spf")
    by_hand = mx((1, "france.security-mail.net."), (2, "europe.security-mail.net."))
    stage.provider.put(by_hand)
    if stage.provider.staged:
        stage.provider.publish(before_call=lambda: None)
    assert stage.rollback().state == "authoritative"
    assert stage.is_as_at_the_start(START[0], by_hand)


def test_a_rollback_of_mx_alone_says_nothing_of_the_include(stage: Stage) -> None:
    stage.enroll(only="mx")
    assert not ids(stage.rollback(keep_spf=True)) & {"spf-include-left", "spf-include-removed"}
    assert stage.is_as_at_the_start()


def test_everything_back_to_a_part_is_taken_back_at_once(stage: Stage) -> None:
    stage.enroll(only="spf")
    stage.enroll()
    assert stage.rollback(to_change=1).state == "authoritative"
    assert stage.is_as_at_the_start()


# --- leaving ------------------------------------------------------------------------------------------------------------
def test_leaving_with_mx_alone_leaves_the_include_and_no_due_time(stage: Stage) -> None:
    stage.enroll()
    result = leave(stage, only="mx")
    assert result.state == "authoritative", result.message
    assert (is_enrolled(stage, "spf"), stage.values("MX")) == (True, THEIR_MX)
    assert due(stage.journal, stage.clock) == ()


def test_leaving_with_spf_alone_waits_for_the_hosts_unless_told_not_to(stage: Stage) -> None:
    stage.enroll()
    assert leave(stage, only="spf").state == "nothing-to-do"
    assert is_enrolled(stage, "spf")
    assert leave(stage, only="spf", grace_s=0).state == "authoritative"
    assert (stage.values("TXT"), is_enrolled(stage, "mx")) == (TXT_VALUES, True)
    assert stage.rollback().state == "authoritative"  # of the enrolment: its hosts still stood
    assert stage.is_as_at_the_start()


def test_leaving_ends_the_enrolments_of_the_part_that_goes(stage: Stage) -> None:
    stage.enroll(only="mx")
    stage.enroll(only="spf")
    leave(stage, only="mx")
    assert stage.rollback().state == "authoritative"
    assert stage.is_as_at_the_start()
    assert stage.rollback().state == "nothing-to-do"


# --- before and after it ------------------------------------------------------------------------------------------------
def test_prepare_and_finish_for_one_part(tmp_path: Path) -> None:
    start = (txt("v=spf1 a ~all", ttl=7200), mx((5, "mailgate.example.com."), ttl=7200))
    stage = Stage(tmp_path, *start)
    assert prepare(stage.setting, Request(domain=OWNER, ttl=300, only="mx")).state == "authoritative"
    (waiting,) = due(stage.journal, stage.clock)
    assert waiting.what == "enroll"
    held = {rtype: stage.provider.stored(OWNER, rtype) for rtype in ("TXT", "MX")}
    assert {rtype: rrset.ttl for rtype, rrset in held.items() if rrset} == {"TXT": 7200, "MX": 300}
    stage.enroll(only="mx")
    assert finish(stage.setting, Request(domain=OWNER)).state == "authoritative"
    stage.rollback()
    assert stage.is_as_at_the_start(*start)


def test_an_interrupted_part_is_recovered_to_exactly_before(tmp_path: Path) -> None:
    stage = Stage(tmp_path)

    def halve(provider: MemoryProvider) -> None:
        provider.put(mx((3, "france.security-mail.net."), (5, "mailgate.example.com."), (40, "smtp.isp.net.")))

    stage.provider.fail(Fault(call="write", when="after", act=halve))
    stage.provider.fail(Fault(call="write", nth=2, error=OutcomeUnknown("gone")))
    assert stage.enroll(only="mx").state == "unknown"
    assert [result.state for result in stage.recover()] == ["restored"]
    assert stage.is_as_at_the_start()


def test_a_part_that_does_not_exist_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="only is one of spf, mx"):
        request_of("example.com", only="dkim")


# --- the core's own -----------------------------------------------------------------------------------------------------
def test_both_parts_are_the_wish_unless_said_otherwise(stage: Stage) -> None:
    assert Request(domain=OWNER).wish(stage.setting).scope.types == ("TXT", "MX")
    assert Request(domain=OWNER).wish(replace(stage.setting, writes=("TXT",))).scope.by_hand == ("MX",)
