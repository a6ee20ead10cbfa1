"""Taking back exactly our part, and saying so when that cannot be decided."""

from __future__ import annotations

from pathlib import Path

import pytest

from registrar_sync.core.evidence import Change
from registrar_sync.core.wish import Edits
from registrar_sync.errors import OutcomeUnknown, ProviderRefused, UnknownName, WriteMustReread
from registrar_sync.operations.desk import OperationInterrupted, Request, Setting
from registrar_sync.operations.rollback import rollback
from registrar_sync.providers.memory import Fault
from tests.unit.stage import OWNER, START, Stage, a, mx, txt


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_rollback_restores_the_start_and_marks_the_enrolment(stage: Stage) -> None:
    stage.enroll()
    result = stage.rollback()
    assert result.state == "authoritative", result.message
    assert stage.is_as_at_the_start()
    assert stage.states() == ["rolled-back", "authoritative"]
    assert "spf-include-removed" in {finding.id for finding in result.findings}


def test_a_second_rollback_writes_nothing(stage: Stage) -> None:
    stage.enroll()
    stage.rollback()
    writes = stage.writes()
    result = stage.rollback()
    assert (result.state, result.changed, stage.writes()) == ("nothing-to-do", False, writes)


def test_keep_spf_leaves_the_include_and_takes_the_hosts(stage: Stage) -> None:
    stage.enroll()
    result = stage.rollback(keep_spf=True)
    assert result.state == "authoritative"
    assert any("includespf" in value for value in stage.values("TXT"))
    assert stage.values("MX") == {"5 mailgate.example.com.", "40 smtp.isp.net."}
    (left,) = [finding for finding in result.findings if finding.id == "spf-include-left"]
    assert left.message.endswith(": registrar-sync unenroll example.com --account memory --service security-mail")


def test_a_merge_with_nothing_of_ours_left_does_not_say_that_others_took_it_out(tmp_path: Path) -> None:
    ours = ("v=spf1 include:includespf.security-mail.net ~all", "v=spf1 a ~all")
    hosts = mx((3, "france.security-mail.net."), (4, "europe.security-mail.net."), (5, "mailgate.example.com."))
    stage = Stage(tmp_path, txt(*ours), hosts, a("192.0.2.1"))
    merged = stage.enroll(edits=Edits(merge_spf=True))
    assert merged.state == "authoritative", merged.message
    result = stage.rollback()
    assert (result.state, result.changed) == ("nothing-to-do", False)
    assert "spf-merge-kept" in {finding.id for finding in result.findings}
    assert "others" not in result.message


def test_a_replaced_domain_whose_mx_has_gone_to_somebody_else_keeps_it(stage: Stage) -> None:
    """None of our hosts is live: nothing is re-added; the include goes."""
    stage.enroll(mx_mode="replace")
    stage.provider.put(mx((1, "aspmx.l.google.com.")))
    result = stage.rollback()
    assert result.state == "authoritative", result.message
    assert stage.values("MX") == {"1 aspmx.l.google.com."}
    assert not any("includespf" in value for value in stage.values("TXT"))


def test_what_others_took_out_is_not_written_again(stage: Stage) -> None:
    stage.enroll()
    stage.provider.put(START[0])
    stage.provider.put(START[1])
    writes = stage.writes()
    result = stage.rollback()
    assert (result.state, stage.writes()) == ("nothing-to-do", writes)
    assert stage.states() == ["rolled-back", "nothing-to-do"]


def test_drift_in_one_of_spf_and_mx_writes_neither(tmp_path: Path) -> None:
    """We made the SPF record; the customer made it -all since: deleting or keeping it is theirs to decide (case 36)."""
    stage = Stage(tmp_path, mx((5, "mailgate.example.com.")), a("192.0.2.1"))
    stage.enroll()
    stage.provider.put(txt("v=spf1 include:includespf.security-mail.net -all"))
    writes = stage.writes()
    result = stage.rollback()
    assert (result.state, stage.writes()) == ("drift", writes)
    assert result.error is not None
    assert result.error.kind == "drift"
    assert stage.states() == ["authoritative", "drift"]
    assert stage.values("MX") == {"3 france.security-mail.net.", "4 europe.security-mail.net.", "5 mailgate.example.com."}


def test_to_undoes_that_change_and_all_later_ones(stage: Stage) -> None:
    first = stage.enroll()
    assert stage.enroll(mx_mode="replace").state == "authoritative"
    result = stage.rollback(to_change=first.change_id)
    assert result.state == "authoritative", result.message
    assert stage.is_as_at_the_start()
    assert stage.states() == ["rolled-back", "rolled-back", "written", "authoritative"]


def test_without_to_only_the_newest_enrolment_is_undone(stage: Stage) -> None:
    stage.enroll()
    stage.enroll(mx_mode="replace")
    assert stage.rollback().state == "authoritative"
    assert "3 france.security-mail.net." in stage.values("MX")
    assert stage.rollback().state == "authoritative"
    assert stage.is_as_at_the_start()


def test_an_unknown_change_may_be_undone(stage: Stage) -> None:
    stage.provider.fail(Fault(call="write", nth=2, when="after", act=lambda p: p.put(txt("v=spf1 a ~all", "theirs=1"))))
    assert stage.enroll().state == "unknown"
    result = stage.rollback()
    assert result.state == "authoritative", result.message
    assert stage.values("TXT") == {"v=spf1 a ~all", "theirs=1"}
    assert stage.values("MX") == {"5 mailgate.example.com.", "40 smtp.isp.net."}


def test_a_rollback_that_is_refused_half_way_leaves_the_enrolment_standing(stage: Stage) -> None:
    stage.enroll()
    enrolled = stage.values("MX")
    stage.provider.fail(Fault(call="write", nth=2, error=ProviderRefused("422")))
    result = stage.rollback()
    assert result.state == "restored"
    assert stage.values("MX") == enrolled
    assert stage.rollback().state == "authoritative"
    assert stage.is_as_at_the_start()


def test_a_change_that_is_no_enrolment_of_the_domain_cannot_be_undone(stage: Stage) -> None:
    stage.enroll()
    result = stage.rollback(to_change=99)
    assert result.error is not None
    assert result.error.kind == "no-such-change"


def test_months_later_another_ttl_stays_as_others_set_it(stage: Stage) -> None:
    stage.enroll()
    stage.clock.sleep(100 * 86400)
    live = stage.provider.stored("example.com.", "MX")
    assert live is not None
    stage.provider.put(mx(*((r.rdata.preference, r.rdata.exchange) for r in live.records), ttl=60))  # type: ignore[union-attr]
    assert stage.rollback().state == "authoritative"
    back = stage.provider.stored("example.com.", "MX")
    assert back is not None
    assert (back.ttl, stage.values("MX")) == (60, {"5 mailgate.example.com.", "40 smtp.isp.net."})


def test_an_interrupted_rollback_is_recovered_before_the_next_one(stage: Stage) -> None:
    """Rolling back over it would let a later recover put the enrolment back in."""
    stage.enroll()
    for nth in (2, 3):
        stage.provider.fail(Fault(call="write", nth=nth, error=OutcomeUnknown("the API is down")))
    assert stage.rollback().state == "unknown"
    refused = stage.rollback(keep_spf=True)
    assert refused.error is not None
    assert refused.error.kind == "open-change"
    (recovered,) = stage.recover()
    assert recovered.state == "restored"
    assert stage.rollback().state == "authoritative"
    assert stage.is_as_at_the_start()


def test_an_unknown_enrolment_that_was_published_is_rolled_back_in_the_dns_too(tmp_path: Path) -> None:
    """Staged: the undo was written, its publication refused. Nothing is left to write, but everything to publish."""
    stage = Stage(tmp_path, staged=True)
    stage.provider.fail(Fault(call="publish", when="after", error=OutcomeUnknown("lost")))
    stage.provider.fail(Fault(call="publish", nth=2, error=ProviderRefused("409")))
    assert stage.enroll().state == "unknown"
    assert stage.is_as_at_the_start()
    assert stage.provider.served(OWNER, "MX") != START[1]
    result = stage.rollback()
    assert result.state == "authoritative", result.message
    assert stage.provider.served(OWNER, "MX") == stage.provider.stored(OWNER, "MX")
    assert stage.states()[0] == "rolled-back"


def test_to_says_what_it_changed_before_it_stopped(stage: Stage) -> None:
    first = stage.enroll()
    stage.enroll(mx_mode="replace")
    stage.provider.fail(Fault(call="read", nth=3, act=lambda p: p.put(txt("v=spf1 -all", "v=spf1 a ~all"))))
    result = stage.rollback(to_change=first.change_id)
    assert result.state == "drift"
    assert result.changed is True
    assert "undone first" in result.message
    assert result.error is not None
    for text in (result.message, result.error.message):
        assert "Nothing was changed" not in text
        assert "Nothing more was changed" in text
    assert result.error.changed == "yes"


def test_to_says_what_it_changed_before_ctrl_c(stage: Stage) -> None:
    first = stage.enroll()
    stage.enroll(mx_mode="replace")
    stage.provider.fail(Fault(call="read", nth=3, error=KeyboardInterrupt()))  # type: ignore[arg-type]
    with pytest.raises(OperationInterrupted) as stopped:
        stage.rollback(to_change=first.change_id)
    result = stopped.value.result
    assert result.changed is True
    assert "Nothing was changed" not in result.message
    assert stage.states()[1] == "rolled-back"


def test_to_undoes_nothing_where_an_account_of_one_of_them_is_gone(stage: Stage) -> None:
    first = stage.enroll()
    stage.enroll(mx_mode="replace")
    begin = stage.writes()

    def gone(change: Change) -> Setting:
        if change.id == first.change_id:
            raise UnknownName("There is no account any more. Nothing was changed.")
        return stage.setting

    result = rollback(stage.setting, Request(domain=OWNER, to_change=first.change_id), setting_for=gone)
    assert (result.state, result.changed, stage.writes()) == ("refused", False, begin)


def test_spf_goes_last_also_when_the_provider_made_us_wait(stage: Stage) -> None:
    stage.enroll()
    stage.provider.fail(Fault(call="write", error=WriteMustReread("429", retry_after_s=2)))
    begin = len(stage.provider.log)
    assert stage.rollback().state == "authoritative"
    writes = [entry.split()[-1] for entry in stage.provider.log[begin:] if entry.startswith("write")]
    assert writes == ["MX", "MX", "TXT"]


def test_ctrl_c_while_a_rollback_waits_says_that_it_is_written(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.enroll()
    stage.clock.sleep(1000)
    stage.dns.lag_s = 100

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(stage.clock, "sleep", interrupt)
    with pytest.raises(OperationInterrupted) as stopped:
        stage.rollback()
    assert (stopped.value.result.state, stopped.value.result.changed) == ("written", True)
    assert "written and was read back" in stopped.value.result.message
