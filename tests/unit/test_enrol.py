"""One enrolment, whatever goes wrong on the way: the state is true, the message is true, nothing of theirs is lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registrar_sync.core.observation import Server
from registrar_sync.errors import (
    CredentialsRejected,
    JournalUnusable,
    OutcomeUnknown,
    ProviderRefused,
    ProviderUnavailable,
    WriteMustReread,
)
from registrar_sync.operations.check import check
from registrar_sync.operations.desk import OperationInterrupted, Request
from registrar_sync.operations.result import Result
from registrar_sync.providers.memory import Fault, MemoryProvider
from tests.unit.stage import OWNER, START, Stage, a, mx, txt

SPF = "v=spf1 a include:includespf.security-mail.net ~all"
ENROLLED_MX = {"3 france.security-mail.net.", "4 europe.security-mail.net.", "5 mailgate.example.com.", "40 smtp.isp.net."}


@pytest.fixture(params=[False, True], ids=["live", "staged"])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    """A provider that serves at once, and one that serves what was published."""
    return Stage(tmp_path, staged=request.param)


def errors(result: Result) -> str:
    return f"{result.state}: {result.message} {result.findings}"


def test_an_enrolment_ends_authoritative_and_is_journalled(stage: Stage) -> None:
    result = stage.enroll()
    assert result.state == "authoritative", errors(result)
    assert stage.values("TXT") == {"google-site-verification=abc", SPF}
    assert stage.values("MX") == ENROLLED_MX
    assert [event.state for event in stage.journal.changes()[0].events] == ["intended", "written", "authoritative"]
    assert result.visibility is not None
    assert result.visibility.old_until is not None
    assert 590 < (result.visibility.old_until - stage.clock.now()).total_seconds() <= 600


def test_a_plan_writes_nothing_to_zone_or_journal(stage: Stage) -> None:
    assert stage.plan().state == "planned"
    assert stage.writes() == 0
    assert stage.journal.changes() == []


def test_a_failed_read_is_never_an_empty_zone(stage: Stage) -> None:
    stage.provider.fail(Fault(call="read", error=ProviderUnavailable("503")))
    result = stage.enroll()
    assert (result.state, result.changed) == ("refused", False)
    assert stage.writes() == 0
    assert stage.journal.changes() == []


def test_a_write_whose_answer_is_lost_counts_when_it_reads_back(stage: Stage) -> None:
    stage.provider.fail(Fault(call="write", nth=2, when="after", error=OutcomeUnknown("the connection broke")))
    assert stage.enroll().state == "authoritative"
    assert stage.provider.served(OWNER, "MX") == stage.provider.stored(OWNER, "MX")


def test_a_write_that_never_arrived_is_taken_back(stage: Stage) -> None:
    stage.provider.fail(Fault(call="write", nth=2, when="before", error=OutcomeUnknown("the connection broke")))
    result = stage.enroll()
    assert (result.state, result.changed) == ("restored", False)
    assert stage.is_as_at_the_start()
    assert "written back" in result.message


def test_a_first_write_that_is_refused_changed_nothing(stage: Stage) -> None:
    stage.provider.fail(Fault(call="write", error=ProviderRefused("422")))
    result = stage.enroll()
    assert result.state == "restored"
    assert "Nothing was changed" in result.message
    assert stage.is_as_at_the_start()
    assert stage.states() == ["restored"]


def test_a_second_write_that_is_refused_takes_the_first_back(stage: Stage) -> None:
    stage.provider.fail(Fault(call="write", nth=2, error=CredentialsRejected("403")))
    result = stage.enroll()
    assert result.state == "restored"
    assert result.error is not None
    assert result.error.kind == "credentials-rejected"
    assert stage.is_as_at_the_start()


def test_a_provider_that_says_yes_and_keeps_something_else_is_found_out(stage: Stage) -> None:
    def halve(provider: MemoryProvider) -> None:
        provider.put(mx((3, "france.security-mail.net."), (5, "mailgate.example.com."), (40, "smtp.isp.net.")))

    stage.provider.fail(Fault(call="write", nth=2, when="after", act=halve))
    result = stage.enroll()
    assert result.state == "restored"
    assert stage.is_as_at_the_start()


def test_a_restore_that_fails_too_is_unknown_and_recover_ends_it(stage: Stage) -> None:
    stage.provider.fail(Fault(call="write", nth=2, error=ProviderRefused("422")))
    stage.provider.fail(Fault(call="write", nth=3, error=OutcomeUnknown("gone")))
    result = stage.enroll()
    assert (result.state, result.changed) == ("unknown", True)
    assert "recover example.com" in result.hint
    refused = stage.enroll()
    assert refused.error is not None
    assert refused.error.kind == "open-change"
    assert [r.state for r in stage.recover()] == ["restored"]
    assert stage.is_as_at_the_start()
    assert stage.enroll().state == "authoritative"


def test_a_provider_that_makes_us_wait_is_read_again_before_the_write(stage: Stage) -> None:
    stage.provider.fail(Fault(call="write", nth=2, error=WriteMustReread("429", retry_after_s=10)))
    result = stage.enroll()
    assert result.state == "authoritative", errors(result)
    assert stage.values("MX") == ENROLLED_MX


def test_a_provider_that_makes_us_wait_for_ever_is_given_up(stage: Stage) -> None:
    stage.provider.fail(Fault(call="write", nth=2, error=WriteMustReread("429", retry_after_s=4000)))
    result = stage.enroll()
    assert result.state == "restored"
    assert stage.is_as_at_the_start()


def test_a_zone_that_moved_while_we_waited_is_planned_again(stage: Stage) -> None:
    theirs = txt("google-site-verification=abc", "v=spf1 a mx ~all", "new=1")

    def move(provider: MemoryProvider) -> None:
        provider.put(theirs)

    stage.provider.fail(Fault(call="write", act=move, error=WriteMustReread("429", retry_after_s=1)))
    result = stage.enroll()
    assert result.state == "authoritative", errors(result)
    assert stage.values("TXT") == {"google-site-verification=abc", "new=1", SPF.replace(" a ", " a mx ")}
    assert [event.state for event in stage.journal.changes()[0].events][:2] == ["intended", "intended"]
    assert stage.rollback().state == "authoritative"
    assert stage.is_as_at_the_start(theirs, *START[1:])


def test_a_person_who_said_yes_to_another_zone_is_not_taken_at_their_word(stage: Stage) -> None:
    def confirm(planned: Result) -> bool:
        stage.provider.put(mx((1, "elsewhere.example.net.")))
        return True

    result = stage.enroll(confirm)
    assert (result.state, stage.writes()) == ("drift", 0)
    assert stage.states() == []


def test_a_person_who_says_no_is_heard(stage: Stage) -> None:
    result = stage.enroll(lambda planned: False)
    assert (result.state, result.changed, stage.writes()) == ("refused", False, 0)


def test_servers_that_lag_are_waited_for(stage: Stage) -> None:
    stage.dns.lag_s = 30
    started = stage.clock.elapsed_s
    assert stage.enroll().state == "authoritative"
    assert 30 <= stage.clock.elapsed_s - started < 45


def test_what_is_not_served_in_time_is_overdue_and_completed_later(stage: Stage) -> None:
    stage.dns.lag_s = 60
    result = stage.enroll(timeout_s=5.0)
    assert (result.state, result.changed) == ("overdue", True)
    assert result.visibility is not None
    assert [row.verdict for row in result.visibility.servers] == ["old"]
    again = stage.enroll()
    assert again.state == "nothing-to-do"
    assert stage.states() == ["authoritative"]


def test_a_server_that_cannot_be_asked_is_not_called_old(stage: Stage) -> None:
    stage.dns.servers += (Server(name="ns2.example.net.", address="192.0.2.54"),)
    stage.dns.silent = frozenset({"192.0.2.54"})
    result = stage.enroll(timeout_s=1.0)
    assert result.visibility is not None
    assert [row.verdict for row in result.visibility.servers] == ["new", "unreachable"]
    assert ("authoritative-unreachable", "warn") in {(f.id, f.severity) for f in result.findings}
    assert result.state == "overdue"


def test_waiting_until_visible_waits_for_the_caches(stage: Stage) -> None:
    started = stage.clock.elapsed_s
    result = stage.enroll(wait="visible")
    assert result.visibility is not None
    assert result.visibility.verdict == "visible"
    assert stage.clock.elapsed_s - started >= 600


def test_not_waiting_asks_nobody(stage: Stage) -> None:
    result = stage.enroll(wait="none")
    assert result.state == "written"
    assert result.visibility is not None
    assert (result.visibility.verdict, result.visibility.servers) == ("not-asked", ())


@pytest.mark.parametrize(
    ("zone", "fails", "finding"),
    [(None, False, "not-delegated"), (OWNER, True, "delegation-unknown"), ("com.", False, "not-delegated")],
)
def test_a_zone_nobody_asks_is_not_written_to(stage: Stage, zone: str | None, fails: bool, finding: str) -> None:
    stage.dns.zone, stage.dns.fails = zone, fails
    result = stage.enroll()
    assert (result.state, stage.writes()) == ("refused", 0)
    assert finding in {f.id for f in result.findings if f.severity == "block"}


def test_a_journal_that_fails_after_the_write_does_not_hide_it(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise JournalUnusable("The disk is full.")

    monkeypatch.setattr(stage.journal, "append", full)
    result = stage.enroll()
    assert (result.state, result.changed) == ("unknown", True)
    assert "may have been changed" in result.message
    monkeypatch.undo()
    assert [r.state for r in stage.recover()] == ["written"]
    assert stage.values("MX") == ENROLLED_MX


def test_ctrl_c_while_waiting_says_that_it_is_written(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.dns.lag_s = 100

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(stage.clock, "sleep", interrupt)
    with pytest.raises(KeyboardInterrupt) as stopped:
        stage.enroll()
    assert isinstance(stopped.value, OperationInterrupted)
    result = stopped.value.result
    assert (result.state, result.changed) == ("written", True)
    assert result.error is not None
    assert result.error.kind == "interrupted"
    assert "written and was read back" in result.message


def test_a_neighbour_that_changes_meanwhile_is_reported(stage: Stage) -> None:
    stage.provider.fail(Fault(call="write", nth=2, when="after", act=lambda provider: provider.put(a("192.0.2.2"))))
    result = stage.enroll()
    assert result.state == "authoritative"
    assert "neighbour-changed" in {finding.id for finding in result.findings}


def test_what_others_took_out_while_we_waited_stays_out(stage: Stage) -> None:
    """429, and meanwhile the customer removes a TXT and an MX: the subset that is left is not half of our work."""

    def remove(provider: MemoryProvider) -> None:
        provider.put(txt("v=spf1 a ~all"))
        provider.put(mx((5, "mailgate.example.com.")))

    stage.provider.fail(Fault(call="write", act=remove, error=WriteMustReread("429", retry_after_s=5)))
    assert stage.enroll().state == "authoritative"
    assert stage.values("TXT") == {SPF}
    assert stage.values("MX") == ENROLLED_MX - {"40 smtp.isp.net."}


def test_a_ttl_that_others_set_while_we_waited_stays(stage: Stage) -> None:
    shorter = mx((5, "mailgate.example.com."), (40, "smtp.isp.net."), ttl=60)
    stage.provider.fail(Fault(call="write", act=lambda p: p.put(shorter), error=WriteMustReread("429", retry_after_s=5)))
    assert stage.enroll().state == "authoritative"
    live = stage.provider.stored(OWNER, "MX")
    assert live is not None
    assert {record.ttl for record in live.records} == {60}


def test_a_provider_that_never_says_how_long_is_not_hammered(stage: Stage) -> None:
    for nth in range(1, 100):
        stage.provider.fail(Fault(call="write", nth=nth, error=WriteMustReread("429")))
    result = stage.enroll()
    assert result.state == "restored"
    assert len(stage.provider.log) < 30


def test_a_call_without_an_answer_is_waited_for_as_long_as_it_may_land(stage: Stage) -> None:
    """A first write is lost, and lands ten seconds later: a shorter read-back would have said "nothing changed"."""
    stage.setting = replace(stage.setting, read_back_s=1.0)
    late = txt("google-site-verification=abc", SPF)

    def land(provider: MemoryProvider) -> None:
        if stage.clock.elapsed_s - lost_at[0] >= 10 and not landed:
            landed.append(True)
            provider.put(late)

    lost_at = [0.0]
    landed: list[bool] = []

    def lose(provider: MemoryProvider) -> None:
        lost_at[0] = stage.clock.elapsed_s

    stage.provider.fail(Fault(call="write", act=lose, error=OutcomeUnknown("the connection broke")))
    for nth in range(2, 60):
        stage.provider.fail(Fault(call="read", nth=nth, act=land))
    result = stage.enroll()
    assert result.state == "restored"
    assert stage.is_as_at_the_start()


def test_a_provider_that_says_yes_and_keeps_nothing_is_told_apart_from_a_restore(stage: Stage) -> None:
    def forget(provider: MemoryProvider) -> None:
        for rrset in START[:2]:
            provider.put(rrset)

    stage.provider.fail(Fault(call="write", nth=2, when="after", act=forget))
    result = stage.enroll()
    assert (result.state, result.changed) == ("restored", False)
    if not stage.setting.staged:
        assert "Nothing was changed" in result.message
    assert stage.is_as_at_the_start()


def test_an_enrolment_after_a_published_restore_is_explained_by_the_journal(stage: Stage) -> None:
    stage.dns.lag_s = 60
    stage.provider.fail(Fault(call="publish" if stage.setting.staged else "write", when="after", error=OutcomeUnknown("lost")))
    stage.enroll(wait="none")
    result = stage.plan()
    assert not {f.id for f in result.findings if f.severity == "block"}


def test_visible_is_not_claimed_from_an_older_change(stage: Stage) -> None:
    assert stage.enroll().state == "authoritative"
    assert stage.rollback().state == "authoritative"
    stage.clock.sleep(86400)
    assert stage.enroll(wait="none").state == "written"
    seen = check(stage.setting, Request(domain=OWNER)).visibility
    assert seen is not None
    assert seen.verdict == "authoritative"
    assert seen.old_until is not None
    assert seen.old_until > stage.clock.now()


def test_three_writes_within_one_publication_time(tmp_path: Path) -> None:
    """Enrol, roll back, enrol, each published two minutes late: the first publication looks just like the third."""
    stage = Stage(tmp_path, staged=True)
    stage.dns.lag_s = 100
    assert stage.enroll(wait="none").state == "written"
    stage.clock.sleep(30)
    assert stage.rollback(wait="none").state == "written"
    stage.clock.sleep(30)
    written_at = stage.clock.elapsed_s
    assert stage.enroll().state == "authoritative"
    assert stage.clock.elapsed_s - written_at >= stage.dns.lag_s


def test_an_earlier_enrolment_that_somebody_rolled_back_meanwhile_is_not_called_authoritative(stage: Stage) -> None:
    stage.dns.lag_s = 20
    sleep = stage.clock.sleep
    undone: list[Result] = []

    def roll_back_once(seconds: float) -> None:
        if not undone:
            undone.append(stage.rollback(wait="none"))
        sleep(seconds)

    stage.clock.sleep = roll_back_once  # type: ignore[method-assign]
    result = stage.enroll(timeout_s=60)
    assert undone[0].state == "written"
    assert result.state == "written"
    assert "rolled back by somebody else" in result.message
    assert stage.states()[0] == "rolled-back"


def test_a_zone_that_nobody_serves_is_not_waited_for(stage: Stage) -> None:
    stage.dns.zone = None
    started = stage.clock.elapsed_s
    result = stage.enroll(accept=frozenset({"not-delegated"}))
    assert (result.state, result.changed) == ("overdue", True)
    assert stage.clock.elapsed_s - started < 5


def test_a_journal_that_fails_after_the_read_back_does_not_deny_the_write(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_at_last(seen: Any) -> None:
        raise JournalUnusable("The disk is full.")

    monkeypatch.setattr(stage.journal, "record_seen", full_at_last)
    result = stage.enroll()
    assert (result.state, result.changed) == ("written", True)
    assert "written and was read back" in result.message
