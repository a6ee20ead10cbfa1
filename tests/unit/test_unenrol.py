"""Leaving the service: its hosts first, its include late, whoever put them there; nobody else's values ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from registrar_sync.core.duration import parse_seconds
from registrar_sync.core.known import PolicyQuestion, Said
from registrar_sync.core.model import Other, Record, RRset, Txt
from registrar_sync.errors import OutcomeUnknown, ProviderRefused, ProviderUnavailable, UsageError, WriteMustReread
from registrar_sync.operations.desk import Request
from registrar_sync.operations.due import clock_time, due
from registrar_sync.operations.inquire import Inquiry
from registrar_sync.operations.result import Result
from registrar_sync.operations.unenrol import unenroll
from registrar_sync.providers.memory import Fault
from tests.unit.stage import OWNER, START, Nobody, Stage, a, data, mx, txt

DAY_S = 86400
FRANCE, EUROPE, GATE = "france.security-mail.net.", "europe.security-mail.net.", "mailgate.example.com."
INCLUDE = "include:includespf.security-mail.net"
THEIRS = {"5 mailgate.example.com.", "40 smtp.isp.net."}


@pytest.fixture(params=[False, True], ids=["live", "staged"])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    """The usual domain, at a provider that serves at once and at one that serves what was published."""
    return Stage(tmp_path, staged=request.param)


def leave(stage: Stage, confirm: Any = None, *, grace_s: int | None = None, dry_run: bool = False, **request: Any) -> Result:
    return unenroll(stage.setting, Request(domain=OWNER, **request), confirm, grace_s=grace_s, dry_run=dry_run)


def ids(result: Result) -> set[str]:
    return {finding.id for finding in result.findings}


def said(result: Result, id: str) -> str:  # noqa: A002 - the contract's word
    return next(finding.message for finding in result.findings if finding.id == id)


def blocks(result: Result) -> set[str]:
    return {finding.id for finding in result.findings if finding.severity == "block"}


def hand_enrolled(folder: Path, *rows: tuple[int, str], spf: str = f"v=spf1 a {INCLUDE} ~all", **options: Any) -> Stage:
    """A domain that was enrolled by hand: the journal knows nothing."""
    values = mx(*(rows or ((3, FRANCE), (4, EUROPE), (5, GATE))))
    return Stage(folder, txt("google-site-verification=abc", spf), values, a("192.0.2.1"), **options)


def written(stage: Stage, begin: int) -> list[str]:
    return [entry.split()[-1] for entry in stage.provider.log[begin:] if entry.startswith("write")]


# --- the two parts and the time between them ------------------------------------------------------------------------------
def test_the_hosts_go_now_and_the_include_after_five_days(stage: Stage) -> None:
    stage.enroll()
    spf = stage.values("TXT")
    first = leave(stage)
    assert first.state == "authoritative", first.message
    assert (stage.values("MX"), stage.values("TXT")) == (THEIRS, spf)
    assert "spf-later" in ids(first)
    assert clock_time(stage.clock.start + timedelta(days=5)) in first.message
    assert first.hint.endswith(": registrar-sync unenroll example.com --account memory --service security-mail")

    stage.clock.sleep(5 * DAY_S - 3600)
    begin = stage.writes()
    early = leave(stage)
    assert (early.state, early.changed, stage.writes()) == ("nothing-to-do", False, begin)
    assert clock_time(stage.clock.start + timedelta(days=5)) in early.message

    stage.clock.sleep(3600)
    last = leave(stage)
    assert last.state == "authoritative", last.message
    assert stage.is_as_at_the_start()
    assert "spf-include-removed" not in ids(last)
    assert leave(stage).state == "nothing-to-do"


def test_the_journal_says_which_part_and_until_when(stage: Stage) -> None:
    stage.enroll()
    leave(stage, grace_s=2 * DAY_S)
    stage.clock.sleep(2 * DAY_S)
    leave(stage)
    spf, hosts, enrolled = stage.journal.changes()
    assert [change.what.command for change in (spf, hosts)] == ["unenroll", "unenroll"]
    told = hosts.what.context
    assert (told["part"], told["grace_s"], told["spf_due_at"][:16]) == ("mx", 2 * DAY_S, "2026-11-25T02:00")
    assert (spf.what.context["part"], spf.what.context["spf_due_at"]) == ("spf", None)
    assert enrolled.state == "rolled-back"


def test_what_is_left_to_do_is_on_the_list_of_what_is_due(stage: Stage) -> None:
    stage.enroll()
    leave(stage, grace_s=DAY_S)
    (row,) = due(stage.journal, stage.clock)
    assert (row.what, row.ready, row.due_at.day) == ("unenroll", False, 24)
    stage.clock.sleep(DAY_S)
    (row,) = due(stage.journal, stage.clock)
    assert row.ready
    leave(stage)
    assert due(stage.journal, stage.clock) == ()


def test_an_enrolment_stands_until_the_include_is_out(stage: Stage) -> None:
    """Else a rollback in between would find nothing, and the include would stay for ever."""
    stage.enroll()
    leave(stage)
    assert stage.states()[0] == "authoritative"
    assert stage.rollback().state == "authoritative"
    assert stage.is_as_at_the_start()


def test_both_at_once_hosts_before_the_include(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.enroll()
    begin = len(stage.provider.log)
    result = leave(stage, grace_s=0)
    assert result.state == "authoritative", result.message
    assert stage.is_as_at_the_start()
    assert written(stage, begin) == ["MX", "TXT"]
    assert "spf-include-removed" in ids(result)
    assert stage.states() == ["rolled-back", "authoritative"]
    assert stage.rollback().state == "nothing-to-do"


def test_a_shorter_and_a_longer_time_asked_for_later_count(stage: Stage) -> None:
    stage.enroll()
    leave(stage)
    stage.clock.sleep(DAY_S)
    assert leave(stage, grace_s=2 * DAY_S).state == "nothing-to-do"
    hurried = leave(stage, grace_s=DAY_S - 60)
    assert hurried.state == "authoritative"
    assert "spf-include-removed" in ids(hurried)
    assert stage.is_as_at_the_start()


def test_a_later_time_asked_for_again_is_heard(stage: Stage) -> None:
    stage.enroll()
    leave(stage, grace_s=3600)
    stage.clock.sleep(DAY_S)
    assert leave(stage, grace_s=2 * DAY_S).state == "nothing-to-do"
    assert leave(stage).state == "authoritative"


def test_hosts_put_in_again_start_the_time_anew(stage: Stage) -> None:
    stage.enroll()
    leave(stage)
    stage.clock.sleep(6 * DAY_S)
    assert stage.enroll().state == "authoritative"
    again = leave(stage)
    assert again.state == "authoritative"
    assert "spf-later" in ids(again)
    assert any(INCLUDE in value for value in stage.values("TXT"))
    stage.clock.sleep(5 * DAY_S)
    assert leave(stage).state == "authoritative"
    assert stage.is_as_at_the_start()
    assert stage.states()[0] == "rolled-back"


def test_hosts_that_went_by_hand_after_another_enrolment_start_the_time_anew(stage: Stage) -> None:
    stage.enroll()
    leave(stage)
    stage.clock.sleep(6 * DAY_S)
    stage.enroll()
    stage.provider.put(START[1])
    assert leave(stage).state == "nothing-to-do"
    stage.clock.sleep(5 * DAY_S)
    assert leave(stage).state == "authoritative"
    assert stage.is_as_at_the_start()


def test_an_include_alone_waits_from_the_first_time_it_is_asked_for(tmp_path: Path) -> None:
    stage = hand_enrolled(tmp_path, (5, GATE))
    first = leave(stage)
    assert (first.state, stage.writes()) == ("nothing-to-do", 0)
    assert "does not know" in said(first, "spf-later")
    (entry,) = stage.journal.changes()
    assert (entry.state, entry.what.context["part"], entry.what.context["spf_due_at"][:10]) == (
        "nothing-to-do",
        "mx",
        "2026-11-28",
    )

    assert [row.what for row in due(stage.journal, stage.clock)] == ["unenroll"]
    stage.clock.sleep(DAY_S)
    assert "does not know" not in said(leave(stage), "spf-later")
    assert len(stage.journal.changes()) == 1
    stage.clock.sleep(4 * DAY_S)
    assert leave(stage).state == "authoritative"
    assert "v=spf1 a ~all" in stage.values("TXT")


def test_an_include_alone_goes_at_once_where_that_is_asked_for(tmp_path: Path) -> None:
    stage = hand_enrolled(tmp_path, (5, GATE))
    result = leave(stage, grace_s=0)
    assert result.state == "authoritative"
    assert "v=spf1 a ~all" in stage.values("TXT")
    assert stage.journal.changes()[0].what.context["part"] == "spf"


def test_an_include_left_by_a_rollback_waits_from_then(tmp_path: Path) -> None:
    """The record was ours: it goes as a whole, as if the rollback had taken it."""
    stage = Stage(tmp_path, START[1], a("192.0.2.1"))
    stage.enroll()
    stage.rollback(keep_spf=True)
    assert leave(stage).state == "nothing-to-do"
    stage.clock.sleep(5 * DAY_S)
    assert leave(stage).state == "authoritative"
    assert stage.values("TXT") == set()


def test_hosts_alone_are_all_there_is_to_do(tmp_path: Path) -> None:
    stage = hand_enrolled(tmp_path, spf="v=spf1 a ~all")
    result = leave(stage)
    assert result.state == "authoritative"
    assert "spf-later" not in ids(result)
    context = stage.journal.changes()[0].what.context
    assert (context["part"], context["spf_due_at"]) == ("both", None)


# --- MX: what goes, what comes back, what stays -----------------------------------------------------------------------------
def test_hosts_put_there_by_hand_go_at_every_preference(tmp_path: Path) -> None:
    stage = hand_enrolled(tmp_path, (3, FRANCE), (4, EUROPE), (5, GATE), (60, FRANCE), (70, "backup.isp.net."))
    assert leave(stage).state == "authoritative"
    assert stage.values("MX") == {"5 mailgate.example.com.", "70 backup.isp.net."}


def test_replaced_hosts_come_back_in_the_same_change(stage: Stage) -> None:
    stage.enroll(mx_mode="replace")
    result = leave(stage)
    assert result.state == "authoritative", result.message
    assert stage.values("MX") == THEIRS
    assert "40 smtp.isp.net" in said(result, "mx-restored")
    assert stage.is_as_at_the_start(START[1])


def test_replaced_hosts_come_back_beside_what_was_added_since(stage: Stage) -> None:
    stage.enroll(mx_mode="replace")
    stage.provider.put(mx((10, EUROPE), (70, "backup.isp.net.")))
    assert leave(stage, grace_s=0).state == "authoritative"
    assert stage.values("MX") == {*THEIRS, "70 backup.isp.net."}


def test_both_enrolments_are_taken_back_one_after_the_other(stage: Stage) -> None:
    stage.enroll()
    stage.enroll(mx_mode="replace")
    assert leave(stage, grace_s=0).state == "authoritative"
    assert stage.is_as_at_the_start()
    assert stage.states() == ["rolled-back", "rolled-back", "authoritative"]


def test_hosts_that_stood_before_an_enrolment_go_too(tmp_path: Path) -> None:
    """Somebody had put one in by hand, in the wrong place; the enrolment moved it. It is the service's all the same."""
    stage = hand_enrolled(tmp_path, (5, GATE), (10, FRANCE))
    stage.enroll()
    assert leave(stage, grace_s=0).state == "authoritative"
    assert stage.values("MX") == {"5 mailgate.example.com."}
    assert "v=spf1 a ~all" in stage.values("TXT")


def test_a_ttl_that_somebody_set_since_stays(stage: Stage) -> None:
    stage.enroll(mx_mode="replace")
    stage.provider.put(mx((10, EUROPE), (50, FRANCE), ttl=60))
    assert leave(stage).state == "authoritative"
    assert stage.is_as_at_the_start(mx((5, GATE), (40, "smtp.isp.net."), ttl=60))


def test_an_mx_set_that_would_be_empty_stops_it_all(tmp_path: Path) -> None:
    stage = hand_enrolled(tmp_path, (10, EUROPE), (50, FRANCE))
    result = leave(stage, grace_s=0, accept=frozenset({"mx-would-be-empty"}))
    assert (result.state, blocks(result), stage.writes()) == ("refused", {"mx-would-be-empty"}, 0)
    assert "at the provider" in said(result, "mx-would-be-empty")
    assert stage.journal.changes() == []
    stage.provider.put(mx((5, GATE)))
    assert leave(stage, grace_s=0).state == "authoritative"


def test_an_mx_set_that_we_made_goes_as_a_whole(tmp_path: Path) -> None:
    """As with a rollback: before the enrolment there was none, and the journal knows it."""
    stage = Stage(tmp_path, START[0], a("192.0.2.1"))
    stage.enroll()
    result = leave(stage)
    assert result.state == "authoritative", result.message
    assert stage.values("MX") == set()
    assert "mx-implicit" in ids(result)


def test_an_mx_set_that_we_made_and_others_changed_is_theirs_to_decide(tmp_path: Path) -> None:
    stage = Stage(tmp_path, START[0], a("192.0.2.1"))
    stage.enroll()
    stage.provider.put(mx((3, FRANCE)))
    assert blocks(leave(stage)) == {"mx-would-be-empty"}
    assert stage.values("MX") == {f"3 {FRANCE}"}


def test_a_fallback_that_others_took_out_does_not_come_back_by_itself(stage: Stage) -> None:
    """We had left it in: it may have been switched off since. The message names it."""
    stage.enroll()
    stage.provider.put(mx((3, FRANCE), (4, EUROPE)))
    result = leave(stage)
    assert blocks(result) == {"mx-would-be-empty"}
    assert "5 mailgate.example.com" in said(result, "mx-would-be-empty")


def test_a_null_mx_comes_back_alone(tmp_path: Path) -> None:
    stage = Stage(tmp_path, START[0], mx((0, ".")), a("192.0.2.1"))
    stage.enroll(accept=frozenset({"mx-null"}))
    assert leave(stage).state == "authoritative"
    assert stage.values("MX") == {"0 ."}


def test_a_null_mx_that_an_enrolment_took_from_beside_others_stays_out(tmp_path: Path) -> None:
    stage = Stage(tmp_path, START[0], mx((0, "."), (5, GATE)), a("192.0.2.1"))
    stage.enroll(accept=frozenset({"mx-null-with-others"}))
    assert leave(stage).state == "authoritative"
    assert stage.values("MX") == {"5 mailgate.example.com."}


def test_a_null_mx_beside_others_is_asked_about(tmp_path: Path) -> None:
    stage = hand_enrolled(tmp_path, (0, "."), (3, FRANCE), (5, GATE))
    assert blocks(leave(stage)) == {"mx-null-with-others"}
    assert stage.writes() == 0
    assert leave(stage, accept=frozenset({"mx-null-with-others"})).state == "authoritative"
    assert stage.values("MX") == {"5 mailgate.example.com."}


def test_a_null_mx_that_would_be_left_alone_is_asked_about(tmp_path: Path) -> None:
    stage = hand_enrolled(tmp_path, (0, "."), (3, FRANCE))
    assert blocks(leave(stage)) == {"mx-null"}
    assert leave(stage, accept=frozenset({"mx-null"})).state == "authoritative"
    assert stage.values("MX") == {"0 ."}


# --- SPF --------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"v=spf1 a {INCLUDE} ~all", "v=spf1 a ~all"),
        ("V=SPF1 a  +include:IncludeSPF.Security-Mail.NET. ~ALL", "V=SPF1 a ~ALL"),
        (f"v=spf1 ?{INCLUDE} mx {INCLUDE} ~all {INCLUDE}", "v=spf1 mx ~all"),
        (f"v=spf1 a ~all {INCLUDE}", "v=spf1 a ~all"),
        (f"v=spf1 {INCLUDE} redirect=_spf.example.net", "v=spf1 redirect=_spf.example.net"),
        (f"v=spf1 {INCLUDE} ~all", "v=spf1 ~all"),
        (f"v=spf1 {INCLUDE}", "v=spf1"),
    ],
)
def test_every_include_goes_and_every_other_term_stays_as_it_is_spelled(tmp_path: Path, before: str, after: str) -> None:
    stage = hand_enrolled(tmp_path, spf=before)
    assert leave(stage, grace_s=0).state == "authoritative"
    assert stage.values("TXT") == {"google-site-verification=abc", after}


def test_a_record_that_we_created_goes_as_a_whole(tmp_path: Path) -> None:
    stage = Stage(tmp_path, START[1], a("192.0.2.1"))
    stage.enroll()
    leave(stage)
    stage.clock.sleep(5 * DAY_S)
    assert leave(stage).state == "authoritative"
    assert stage.values("TXT") == set()


def test_a_record_that_we_created_and_others_changed_stays(tmp_path: Path) -> None:
    stage = Stage(tmp_path, START[1], a("192.0.2.1"))
    stage.enroll()
    stage.provider.put(txt(f"v=spf1 {INCLUDE} ?all"))
    assert leave(stage, grace_s=0).state == "authoritative"
    assert stage.values("TXT") == {"v=spf1 ?all"}


def test_a_prohibition_stays(tmp_path: Path) -> None:
    stage = hand_enrolled(tmp_path, spf=f"v=spf1 a -{INCLUDE} {INCLUDE} ~all")
    result = leave(stage, grace_s=0)
    assert result.state == "authoritative"
    assert f"v=spf1 a -{INCLUDE} ~all" in stage.values("TXT")
    assert "spf-forbidden-kept" in ids(result)
    again = leave(stage)
    assert (again.state, "spf-forbidden-kept" in ids(again)) == ("nothing-to-do", True)


def test_a_record_that_would_forbid_all_sending_is_asked_about_when_its_part_is_due(tmp_path: Path) -> None:
    stage = hand_enrolled(tmp_path, spf=f"v=spf1 {INCLUDE} -all")
    first = leave(stage)
    assert first.state == "authoritative"
    assert "When the SPF part is due" in said(first, "spf-would-forbid")
    stage.clock.sleep(5 * DAY_S)
    assert blocks(leave(stage)) == {"spf-would-forbid"}
    assert f"v=spf1 {INCLUDE} -all" in stage.values("TXT")
    assert leave(stage, accept=frozenset({"spf-would-forbid"})).state == "authoritative"
    assert "v=spf1 -all" in stage.values("TXT")


def test_a_domain_that_sent_nothing_before_comes_back_unasked(tmp_path: Path) -> None:
    stage = Stage(tmp_path, txt("v=spf1 -all"), START[1], a("192.0.2.1"))
    stage.enroll(accept=frozenset({"spf-sends-nothing"}))
    result = leave(stage, grace_s=0)
    assert result.state == "authoritative", result.findings
    assert "spf-would-forbid" in ids(result)
    assert stage.values("TXT") == {"v=spf1 -all"}


@pytest.mark.parametrize(
    ("records", "finding"),
    [
        ((f"v=spf1 {INCLUDE} ~all", "v=spf1 mx ~all"), "spf-two-records"),
        ((f"v=spf1 {INCLUDE} ipv4:192.0.2.1 ~all",), "spf-invalid"),
        ((f"v=spf1 include:a.example{INCLUDE} ~all",), "spf-glued-terms"),
    ],
)
def test_a_record_that_nobody_can_edit_stops_mx_too(tmp_path: Path, records: tuple[str, ...], finding: str) -> None:
    stage = Stage(tmp_path, txt(*records), mx((3, FRANCE), (5, GATE)), a("192.0.2.1"))
    for grace_s in (None, 0):
        result = leave(stage, grace_s=grace_s, accept=frozenset({finding}))
        assert (result.state, blocks(result), stage.writes()) == ("refused", {finding}, 0)


def test_two_records_of_others_are_none_of_our_business(tmp_path: Path) -> None:
    stage = Stage(tmp_path, txt("v=spf1 a ~all", "v=spf1 mx ~all"), mx((3, FRANCE), (5, GATE)), a("192.0.2.1"))
    assert leave(stage).state == "authoritative"
    assert stage.values("TXT") == {"v=spf1 a ~all", "v=spf1 mx ~all"}


def test_the_record_that_would_be_left_must_not_stand_disabled(tmp_path: Path) -> None:
    asleep = Record(rdata=Txt((b"v=spf1 a ~all",)), ttl=600, disabled=True, native={"id": "T9"})
    served = Record(rdata=Txt((f"v=spf1 a {INCLUDE} ~all".encode(),)), ttl=600, native={"id": "T1"})
    values = RRset(owner=OWNER, rtype="TXT", records=(served, asleep))
    stage = Stage(tmp_path, values, mx((3, FRANCE), (5, GATE)), a("192.0.2.1"))
    assert blocks(leave(stage, grace_s=0)) == {"spf-disabled-twin"}
    assert stage.writes() == 0


def test_an_include_of_theirs_that_still_authorises_the_service_is_named(tmp_path: Path) -> None:
    stage = hand_enrolled(tmp_path, spf=f"v=spf1 include:dc.example.net {INCLUDE} ~all")
    stage.dns.world["dc.example.net.", "TXT"] = data(Txt((f"v=spf1 {INCLUDE} -all".encode(),)))
    result = leave(stage, grace_s=0)
    assert result.state == "authoritative", result.message
    assert "dc.example.net" in said(result, "spf-still-covered")
    again = leave(stage)
    assert (again.state, "spf-still-covered" in ids(again)) == ("nothing-to-do", True)


# --- nothing to do, and what goes wrong -----------------------------------------------------------------------------------------
def test_what_is_not_enrolled_leaves_no_trace(stage: Stage) -> None:
    for grace_s in (None, 0):
        result = leave(stage, grace_s=grace_s)
        assert (result.state, result.changed, stage.writes()) == ("nothing-to-do", False, 0)
    assert stage.journal.changes() == []


def test_a_dry_run_shows_and_writes_nothing(stage: Stage) -> None:
    stage.enroll()
    begin, entries = stage.writes(), len(stage.journal.changes())
    result = leave(stage, dry_run=True)
    assert result.state == "planned"
    assert result.plan is not None
    assert [change.rtype for change in result.plan.changes] == ["MX"]
    both = leave(stage, dry_run=True, grace_s=0)
    assert both.plan is not None
    assert [change.rtype for change in both.plan.changes] == ["MX", "TXT"]
    assert (stage.writes(), len(stage.journal.changes())) == (begin, entries)


def test_a_dry_run_starts_no_time_and_says_what_is_in_the_way(tmp_path: Path) -> None:
    stage = hand_enrolled(tmp_path, (5, GATE))
    assert leave(stage, dry_run=True).state == "nothing-to-do"
    assert stage.journal.changes() == []
    stage.provider.put(mx((3, FRANCE)))
    assert leave(stage, dry_run=True).state == "refused"


def test_no_said_to_the_question_changes_nothing(stage: Stage) -> None:
    stage.enroll()
    begin = stage.writes()
    result = leave(stage, lambda planned: False)
    assert result.error is not None
    assert (result.error.kind, stage.writes()) == ("confirmation", begin)


def test_what_speaks_against_writing_to_the_zone_holds_it_back(tmp_path: Path) -> None:
    stage = hand_enrolled(tmp_path)
    stage.dns.lag_s = 60
    leave(stage, dry_run=True)
    stage.provider.put(mx((3, FRANCE), (4, EUROPE), (6, GATE)))
    assert blocks(leave(stage)) == {"api-dns-differ"}
    stage.dns.zone = None
    assert "not-delegated" in blocks(leave(stage))
    assert stage.writes() == 0


def test_a_part_that_is_refused_half_way_is_taken_back_and_does_not_count(stage: Stage) -> None:
    stage.enroll(mx_mode="replace")
    enrolled = stage.values("MX")
    stage.provider.fail(Fault(call="write", error=ProviderRefused("422")))
    assert leave(stage).state == "restored"
    assert stage.values("MX") == enrolled
    stage.clock.sleep(6 * DAY_S)
    assert "spf-later" in ids(leave(stage))
    assert stage.values("MX") == THEIRS
    assert any(INCLUDE in value for value in stage.values("TXT"))


def test_an_interrupted_leaving_is_recovered_before_the_next_one(stage: Stage) -> None:
    stage.enroll()
    for nth in (2, 3):
        stage.provider.fail(Fault(call="write", nth=nth, error=OutcomeUnknown("the API is down")))
    assert leave(stage, grace_s=0).state == "unknown"
    refused = leave(stage, grace_s=0)
    assert refused.error is not None
    assert refused.error.kind == "open-change"
    (recovered,) = stage.recover()
    assert recovered.state == "restored"
    assert leave(stage, grace_s=0).state == "authoritative"
    assert stage.is_as_at_the_start()


def test_a_leaving_that_turns_out_complete_marks_the_enrolment_when_recovered(tmp_path: Path) -> None:
    """Staged: all was written and published, but no answer came to that, nor to any read for a while."""
    stage = Stage(tmp_path, staged=True)
    stage.enroll()
    stage.provider.fail(Fault(call="publish", when="after", error=OutcomeUnknown("lost")))
    for nth in range(2, 40):
        stage.provider.fail(Fault(call="read", nth=nth, error=ProviderUnavailable("503")))
    assert leave(stage, grace_s=0).state == "unknown"
    assert stage.states()[0] == "authoritative"
    results = [result for _ in range(40) for result in stage.recover()]
    assert results[-1].state == "written", results[-1].message
    assert stage.is_as_at_the_start()
    assert stage.states()[0] == "rolled-back"


def test_a_zone_that_moved_to_the_other_part_while_we_waited_needs_another_run(tmp_path: Path) -> None:
    """The include alone was due; meanwhile somebody put the hosts in again: now the include must stay."""
    stage = Stage(tmp_path)
    stage.enroll()
    leave(stage)
    stage.clock.sleep(6 * DAY_S)
    stage.provider.fail(
        Fault(call="write", error=WriteMustReread("429", retry_after_s=2), act=lambda p: p.put(mx((3, FRANCE), (5, GATE))))
    )
    result = leave(stage)
    assert (result.state, stage.states()[-1]) == ("drift", "drift")
    assert "another part" in result.message
    assert f"v=spf1 a {INCLUDE} ~all" in stage.values("TXT")
    assert "spf-later" in ids(leave(stage))
    assert stage.values("MX") == {f"5 {GATE}"}


def test_another_service_on_the_domain_is_left_alone(stage: Stage) -> None:
    stage.enroll()
    other = replace(stage.setting.service, name="other", include="spf.other.example.", exchanges=())
    stage.setting = replace(stage.setting, service=other)
    assert leave(stage, grace_s=0).state == "nothing-to-do"
    assert any(INCLUDE in value for value in stage.values("TXT"))


def test_hosts_that_the_service_had_when_it_was_enrolled_go_too(stage: Stage) -> None:
    stage.enroll()
    service = stage.setting.service
    moved = tuple(replace(one, exchange=one.exchange.replace("security-mail", "new-mail")) for one in service.exchanges)
    stage.setting = replace(stage.setting, service=replace(service, include="spf.new-mail.net.", exchanges=moved))
    stage.dns.world["spf.new-mail.net.", "TXT"] = data(Txt((b"v=spf1 -all",)))
    assert leave(stage, grace_s=0).state == "authoritative"
    assert stage.is_as_at_the_start()


def test_the_time_is_shown_as_it_was_counted(stage: Stage) -> None:
    stage.enroll()
    result = leave(stage, grace_s=12 * 3600)
    assert clock_time(stage.clock.start + timedelta(hours=12)) in said(result, "spf-later")


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), ("90", 90), ("30m", 1800), ("12h", 43200), ("5d", 432000), (" 2D ", 172800), ("45s", 45)]
)
def test_spans_of_time_are_read_as_people_write_them(text: str, seconds: int) -> None:
    assert parse_seconds(text, longest_s=10**6) == seconds


@pytest.mark.parametrize("text", ["", "d", "-1", "5 days", "1.5h", "5w", "٣d", "99999999999999999", "12d"])
def test_what_is_no_span_of_time_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_seconds(text, longest_s=10**6)


def test_an_mta_sts_policy_that_names_the_service_alone_is_said_before_the_hosts_go(tmp_path: Path) -> None:
    class Policies:
        def fetch(self, question: PolicyQuestion) -> Said:
            return Said(status="yes", text="version: STSv1\r\nmode: enforce\r\nmx: *.security-mail.net\r\nmax_age: 86400\r\n")

    stage = hand_enrolled(tmp_path)
    stage.dns.world["_mta-sts.example.com.", "TXT"] = data(Txt((b"v=STSv1; id=1;",)))
    assert "mta-sts-not-checked" in ids(leave(stage, dry_run=True))
    stage.dns.world["mta-sts.example.com.", "A"] = data(Other("192.0.2.80"))
    inquiry = Inquiry(resolver=stage.dns, policy_hosts=Policies(), mail_hosts=Nobody(), clock=stage.clock)
    stage.setting = replace(stage.setting, inquiry=inquiry)
    result = leave(stage)
    assert (blocks(result), stage.writes()) == ({"mta-sts-enforce"}, 0)
    assert "mailgate.example.com" in said(result, "mta-sts-enforce")
    assert leave(stage, accept=frozenset({"mta-sts-enforce"})).state == "authoritative"


def test_an_unreadable_record_is_shown_with_a_caret_under_the_fault(tmp_path: Path) -> None:
    stage = hand_enrolled(tmp_path, spf=f"v=spf1 {INCLUDE} ipv4:192.0.2.1 ~all")
    record, caret = said(leave(stage), "spf-invalid").splitlines()[-2:]
    assert record[caret.index("^") :].startswith("ipv4:192.0.2.1")
