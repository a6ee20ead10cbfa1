"""A cut-over with short TTLs: prepare, enrol, finish, and every way back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from registrar_sync.core.model import Mx, Record, RRset, Txt
from registrar_sync.errors import OutcomeUnknown, ProviderRefused, WriteMustReread
from registrar_sync.operations.desk import Request
from registrar_sync.operations.due import due
from registrar_sync.operations.prepare import finish, prepare
from registrar_sync.operations.result import Result
from registrar_sync.providers.memory import Fault, MemoryProvider
from tests.unit.stage import OWNER, Stage, a, mx, txt

START = (
    txt("google-site-verification=abc", "v=spf1 a ~all", ttl=10800),
    mx((5, "mailgate.example.com."), (40, "smtp.isp.net."), ttl=7200),
    a("192.0.2.1"),
)


class PreparedStage(Stage):
    """A stage with the commands of a cut-over."""

    def prepare(self, ttl: int = 300, confirm: Any = None, *, dry_run: bool = False, **request: Any) -> Result:
        return prepare(self.setting, Request(domain=OWNER, ttl=ttl, **request), confirm, dry_run=dry_run)

    def finish(self, *, dry_run: bool = False, **request: Any) -> Result:
        return finish(self.setting, Request(domain=OWNER, **request), dry_run=dry_run)

    def ttls(self, rtype: str) -> dict[str, int]:
        rrset = self.provider.stored(OWNER, rtype)
        return {str(row.rdata): row.ttl for row in rrset.records} if rrset else {}

    def add(self, rtype: str, *rows: Record) -> None:
        """Another hand puts rows into a set."""
        rrset = self.provider.stored(OWNER, rtype)
        assert rrset is not None
        self.provider.put(rrset.with_records([*rrset.records, *rows]))

    def set_ttl(self, rtype: str, ttl: int) -> None:
        """Another hand gives a whole set another TTL."""
        rrset = self.provider.stored(OWNER, rtype)
        assert rrset is not None
        self.provider.put(rrset.with_records(replace(row, ttl=ttl) for row in rrset.records))


@pytest.fixture
def stage(tmp_path: Path) -> PreparedStage:
    return PreparedStage(tmp_path, *START)


def ids(result: Result) -> set[str]:
    return {finding.id for finding in result.findings}


def ok(result: Result) -> Result:
    assert result.state == "authoritative", (result.state, result.message, result.findings)
    return result


# --- prepare ------------------------------------------------------------------------------------------------------------
def test_prepare_lowers_every_ttl_of_both_sets_and_no_value(stage: PreparedStage) -> None:
    result = ok(stage.prepare())
    assert stage.ttls("TXT") == {"google-site-verification=abc": 300, "v=spf1 a ~all": 300}
    assert stage.ttls("MX") == {"5 mailgate.example.com.": 300, "40 smtp.isp.net.": 300}
    assert stage.ttls("A") == {"192.0.2.1": 300}
    assert result.visibility is not None
    assert result.visibility.old_until is not None
    assert 10790 < (result.visibility.old_until - stage.clock.now()).total_seconds() <= 10800
    assert "enroll example.com --account memory" in result.hint
    change = stage.journal.changes()[0]
    assert change.what.command == "prepare"
    assert change.what.context["ttl"] == 300
    assert change.what.context["old_ttls"] == {"TXT": 10800, "MX": 7200}
    assert {row.ttl for row in change.images.before["TXT"].records} == {10800}  # type: ignore[union-attr]


def test_other_txt_values_that_share_the_ttl_are_named(stage: PreparedStage, tmp_path: Path) -> None:
    assert "ttl-shared" in ids(stage.prepare(dry_run=True))
    (tmp_path / "alone").mkdir()
    alone = PreparedStage(tmp_path / "alone", txt("v=spf1 a ~all", ttl=10800), START[1])
    assert "ttl-shared" not in ids(alone.prepare(dry_run=True))


def test_a_lower_ttl_is_left_alone_row_by_row(tmp_path: Path) -> None:
    uneven = _uneven((5, "mailgate.example.com.", 60), (40, "smtp.isp.net.", 7200))
    stage = PreparedStage(tmp_path, txt("v=spf1 a ~all", ttl=120), uneven)
    assert stage.prepare().state == "authoritative"
    assert stage.ttls("MX") == {"5 mailgate.example.com.": 60, "40 smtp.isp.net.": 300}
    assert stage.ttls("TXT") == {"v=spf1 a ~all": 120}


def test_nothing_above_the_ttl_is_nothing_to_do(stage: PreparedStage) -> None:
    writes = stage.writes()
    result = stage.prepare(ttl=10800)
    assert (result.state, stage.writes(), stage.journal.changes()) == ("nothing-to-do", writes, [])
    assert "nothing to lower" in result.message


def test_a_domain_without_txt_and_mx_has_nothing_to_lower(tmp_path: Path) -> None:
    stage = PreparedStage(tmp_path, a("192.0.2.1"))
    assert stage.prepare().state == "nothing-to-do"
    assert stage.finish().state == "nothing-to-do"


def test_a_dry_run_writes_neither_zone_nor_journal(stage: PreparedStage) -> None:
    result = stage.prepare(dry_run=True)
    assert result.state == "planned"
    assert result.plan is not None
    assert [change.rtype for change in result.plan.changes] == ["TXT", "MX"]
    assert (stage.writes(), stage.journal.changes()) == (0, [])


def test_the_providers_bounds_hold(stage: PreparedStage) -> None:
    stage.setting = replace(stage.setting, ttl_min=600)
    assert "ttl-clamped" in ids(ok(stage.prepare(ttl=60)))
    assert set(stage.ttls("MX").values()) == {600}


def test_it_is_not_authoritative_before_the_servers_answer_the_new_ttl(stage: PreparedStage) -> None:
    """No value changes: without looking at the TTL every server would look as if it had it already."""
    stage.dns.lag_s = 60
    began = stage.clock.elapsed_s
    ok(stage.prepare())
    assert stage.clock.elapsed_s - began >= 60
    stage.clock.sleep(1000)
    stage.dns.lag_s = 1000
    assert stage.finish().state == "overdue"


def test_what_was_not_waited_for_is_seen_by_the_next_prepare(stage: PreparedStage) -> None:
    assert stage.prepare(wait="none").state == "written"
    stage.clock.sleep(50)
    stage.dns.lag_s = 100
    again = stage.prepare()
    assert (again.state, again.visibility and again.visibility.verdict) == ("nothing-to-do", "authoritative")
    assert stage.clock.elapsed_s >= 100
    (change,) = stage.journal.changes()
    seen = change.last("authoritative")
    assert seen is not None
    assert (datetime.fromisoformat(seen.detail["old_until"]) - seen.at).total_seconds() > 10700


def test_a_refusal_half_way_is_taken_back(stage: PreparedStage) -> None:
    stage.provider.fail(Fault(call="write", nth=2, error=ProviderRefused("422")))
    assert stage.prepare().state == "restored"
    assert stage.is_as_at_the_start(*START)
    assert stage.finish().state == "nothing-to-do"


def test_findings_of_the_dns_hold_it_back(stage: PreparedStage) -> None:
    stage.dns.zone = "other.example."
    result = stage.prepare()
    assert (result.state, stage.writes()) == ("refused", 0)
    assert "not-delegated" in ids(result)


# --- the way through, and back ------------------------------------------------------------------------------------------
def test_prepare_enrol_finish_roll_back_is_the_start(stage: PreparedStage) -> None:
    ok(stage.prepare())
    stage.clock.sleep(10800)
    ok(stage.enroll())
    assert set(stage.ttls("MX").values()) == {300}
    ok(stage.finish())
    assert set(stage.ttls("MX").values()) == {7200}
    assert set(stage.ttls("TXT").values()) == {10800}
    begin = stage.writes()
    ok(stage.rollback())
    assert stage.is_as_at_the_start(*START)
    assert stage.writes() - begin == 2
    assert stage.states() == ["rolled-back", "rolled-back", "rolled-back", "authoritative"]
    assert stage.finish().state == "nothing-to-do"
    assert stage.rollback().state == "nothing-to-do"


@pytest.mark.parametrize("mode", ["below", "replace"])
def test_roll_back_before_finish_raises_the_ttls_in_the_same_write(stage: PreparedStage, mode: str) -> None:
    ok(stage.prepare())
    ok(stage.enroll(mx_mode=mode))
    begin = stage.writes()
    ok(stage.rollback())
    assert stage.is_as_at_the_start(*START)
    assert stage.writes() - begin == 2
    assert stage.states() == ["rolled-back", "rolled-back", "authoritative"]
    result = stage.finish()
    assert (result.state, "Nothing was changed" in result.message) == ("nothing-to-do", True)


def test_replace_finished_and_rolled_back_is_the_start(stage: PreparedStage) -> None:
    ok(stage.prepare())
    ok(stage.enroll(mx_mode="replace"))
    ok(stage.finish())
    assert stage.ttls("MX") == {"10 europe.security-mail.net.": 7200, "50 france.security-mail.net.": 7200}
    ok(stage.rollback())
    assert stage.is_as_at_the_start(*START)


@pytest.mark.parametrize("back", ["finish", "rollback"])
def test_a_prepare_alone_is_undone(stage: PreparedStage, back: str) -> None:
    ok(stage.prepare())
    ok(getattr(stage, back)())
    assert stage.is_as_at_the_start(*START)
    writes = stage.writes()
    assert stage.finish().state == "nothing-to-do"
    assert stage.rollback().state == "nothing-to-do"
    assert stage.writes() == writes


def test_to_may_name_a_prepare_and_takes_all_later_ones_along(stage: PreparedStage) -> None:
    first = ok(stage.prepare())
    ok(stage.enroll())
    ok(stage.enroll(mx_mode="replace"))
    ok(stage.rollback(to_change=first.change_id))
    assert stage.is_as_at_the_start(*START)
    assert stage.states()[:3] == ["rolled-back"] * 3


def test_to_an_enrolment_leaves_the_earlier_prepare_standing(stage: PreparedStage) -> None:
    ok(stage.prepare())
    enrolled = ok(stage.enroll())
    ok(stage.rollback(to_change=enrolled.change_id))
    assert stage.ttls("MX") == {"5 mailgate.example.com.": 300, "40 smtp.isp.net.": 300}
    ok(stage.finish())
    assert stage.is_as_at_the_start(*START)


def test_two_enrolments_under_one_prepare_go_back_one_by_one(stage: PreparedStage) -> None:
    ok(stage.prepare())
    ok(stage.enroll())
    ok(stage.enroll(mx_mode="replace"))
    ok(stage.finish())
    ok(stage.rollback())
    assert set(stage.ttls("MX").values()) == {7200}
    assert "5 mailgate.example.com." in stage.ttls("MX")
    ok(stage.rollback())
    assert stage.is_as_at_the_start(*START)


def test_a_prepare_after_the_enrolment_goes_with_it(stage: PreparedStage) -> None:
    ok(stage.enroll())
    ok(stage.prepare())
    ok(stage.rollback())
    assert stage.is_as_at_the_start(*START)
    assert stage.states() == ["rolled-back", "rolled-back", "authoritative"]


def test_lowered_twice_is_raised_to_the_first_ttls(stage: PreparedStage) -> None:
    ok(stage.prepare(ttl=3600))
    ok(stage.prepare(ttl=60))
    ok(stage.enroll())
    ok(stage.finish())
    assert set(stage.ttls("TXT").values()) == {10800}
    assert set(stage.ttls("MX").values()) == {7200}
    ok(stage.rollback())
    assert stage.is_as_at_the_start(*START)


def test_lowered_twice_is_rolled_back_once_at_a_time(stage: PreparedStage) -> None:
    ok(stage.prepare(ttl=3600))
    ok(stage.prepare(ttl=60))
    ok(stage.rollback())
    assert set(stage.ttls("MX").values()) == {3600}
    ok(stage.rollback())
    assert stage.is_as_at_the_start(*START)


def test_keep_spf_raises_the_ttls_too(stage: PreparedStage) -> None:
    ok(stage.prepare())
    ok(stage.enroll())
    ok(stage.rollback(keep_spf=True))
    assert set(stage.ttls("TXT").values()) == {10800}
    assert any("includespf" in value for value in stage.values("TXT"))
    assert stage.ttls("MX") == {"5 mailgate.example.com.": 7200, "40 smtp.isp.net.": 7200}


# --- others in the zone -------------------------------------------------------------------------------------------------
LATER_TXT = Record(rdata=Txt((b"added=later",)), ttl=900)
LATER_MX = Record(rdata=Mx(60, "backup.example.net."), ttl=900)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("finished", [False, True])
def test_what_others_added_keeps_its_own_ttl(stage: PreparedStage, when: str, finished: bool) -> None:
    ok(stage.prepare())
    if when == "after":
        ok(stage.enroll())
    stage.add("TXT", LATER_TXT)
    stage.add("MX", LATER_MX)
    if when == "before":
        ok(stage.enroll())
    if finished:
        ok(stage.finish())
        assert stage.ttls("MX")["3 france.security-mail.net."] == 7200
    ok(stage.rollback())
    assert stage.is_as_at_the_start(
        START[0].with_records([*START[0].records, LATER_TXT]), START[1].with_records([*START[1].records, LATER_MX])
    )


@pytest.mark.parametrize("finished", [False, True])
def test_what_others_added_at_the_lowered_ttl_goes_with_its_set(stage: PreparedStage, finished: bool) -> None:
    """As at a provider where the records of a set cannot differ: there is no other way to raise the rest."""
    ok(stage.prepare())
    stage.add("TXT", replace(LATER_TXT, ttl=300))
    ok(stage.enroll())
    stage.add("MX", replace(LATER_MX, ttl=300))
    if finished:
        ok(stage.finish())
        assert set(stage.ttls("TXT").values()) == {10800}
    ok(stage.rollback())
    assert stage.ttls("TXT") == {"google-site-verification=abc": 10800, "v=spf1 a ~all": 10800, "added=later": 10800}
    assert set(stage.ttls("MX").values()) == {7200}


@pytest.mark.parametrize("finished", [False, True])
def test_a_ttl_that_the_customer_has_set_since_stays(stage: PreparedStage, finished: bool) -> None:
    ok(stage.prepare())
    ok(stage.enroll())
    stage.set_ttl("MX", 120)
    if finished:
        ok(stage.finish())
        assert set(stage.ttls("MX").values()) == {120}
    ok(stage.rollback())
    assert stage.ttls("MX") == {"5 mailgate.example.com.": 120, "40 smtp.isp.net.": 120}
    assert set(stage.ttls("TXT").values()) == {10800}


def test_the_lowered_ttl_set_again_after_finish_is_the_customers(stage: PreparedStage) -> None:
    ok(stage.prepare())
    ok(stage.enroll())
    ok(stage.finish())
    stage.set_ttl("MX", 300)
    assert stage.finish().state == "nothing-to-do"
    ok(stage.rollback())
    assert set(stage.ttls("MX").values()) == {300}


def test_finish_with_nothing_left_to_raise_ends_the_prepare(stage: PreparedStage) -> None:
    ok(stage.prepare())
    for rtype in ("TXT", "MX"):
        stage.set_ttl(rtype, 450)
    stage.clock.sleep(1000)
    writes = stage.writes()
    result = stage.finish()
    assert (result.state, stage.writes()) == ("nothing-to-do", writes)
    assert "others have changed them" in result.message
    assert due(stage.journal, stage.clock) == ()
    assert stage.states() == ["authoritative", "nothing-to-do"]


def test_others_took_the_enrolment_out_and_the_ttls_still_go_back(stage: PreparedStage) -> None:
    ok(stage.prepare())
    ok(stage.enroll())
    stage.provider.put(txt("google-site-verification=abc", "v=spf1 a ~all", ttl=300))
    stage.provider.put(mx((5, "mailgate.example.com."), (40, "smtp.isp.net."), ttl=300))
    ok(stage.rollback())
    assert stage.is_as_at_the_start(*START)


def test_drift_leaves_the_ttls_as_they_are(tmp_path: Path) -> None:
    stage = PreparedStage(tmp_path, START[1], a("192.0.2.1"))
    ok(stage.prepare())
    ok(stage.enroll())
    stage.provider.put(txt("v=spf1 include:includespf.security-mail.net -all"))
    writes = stage.writes()
    assert (stage.rollback().state, stage.writes()) == ("drift", writes)
    assert stage.states() == ["authoritative", "authoritative", "drift"]


# --- records of one set that differ in TTL ------------------------------------------------------------------------------
def _uneven(*rows: tuple[int, str, int]) -> RRset:
    records = (Record(rdata=Mx(p, e), ttl=ttl, native={"id": f"M{e}"}) for p, e, ttl in rows)
    return RRset(owner=OWNER, rtype="MX", records=tuple(records))


UNEVEN = (
    RRset(
        owner=OWNER,
        rtype="TXT",
        records=(
            Record(rdata=Txt((b"v=spf1 a ~all",)), ttl=86400),
            Record(rdata=Txt((b"abc",)), ttl=600),
            Record(rdata=Txt((b"low",)), ttl=30),
            Record(rdata=Txt((b"asleep",)), ttl=5000, disabled=True),
        ),
    ),
    _uneven((5, "mailgate.example.com.", 3600), (40, "smtp.isp.net.", 7200), (50, "third.example.net.", 300)),
)


@pytest.mark.parametrize("mode", ["below", "replace"])
@pytest.mark.parametrize("finished", [False, True])
def test_each_record_gets_its_own_ttl_back(tmp_path: Path, mode: str, finished: bool) -> None:
    stage = PreparedStage(tmp_path, *UNEVEN)
    ok(stage.prepare())
    stage.add("MX", replace(LATER_MX, ttl=300))  # theirs: where records differ, it keeps its own
    ok(stage.enroll(mx_mode=mode))
    if finished:
        ok(stage.finish())
        spf = next(ttl for value, ttl in stage.ttls("TXT").items() if "includespf" in value)
        assert (spf, stage.ttls("TXT")["abc"], stage.ttls("TXT")["low"], stage.ttls("TXT")["asleep"]) == (86400, 600, 30, 5000)
    ok(stage.rollback())
    theirs = UNEVEN[1].with_records([*UNEVEN[1].records, replace(LATER_MX, ttl=300)])
    assert stage.is_as_at_the_start(UNEVEN[0], theirs)


# --- interrupted --------------------------------------------------------------------------------------------------------
def _interrupt(stage: PreparedStage, *writes: int) -> None:
    for nth in writes:
        stage.provider.fail(Fault(call="write", nth=nth, error=OutcomeUnknown("the API is down")))


def test_an_interrupted_prepare_goes_back(stage: PreparedStage) -> None:
    _interrupt(stage, 2, 3)
    assert stage.prepare().state == "unknown"
    for refused in (stage.enroll(), stage.finish(), stage.rollback(), stage.prepare()):
        assert refused.error is not None
        assert refused.error.kind == "open-change"
    stage.clock.sleep(100)
    (recovered,) = stage.recover()
    assert recovered.state == "restored"
    assert stage.is_as_at_the_start(*START)
    assert stage.finish().state == "nothing-to-do"


def test_an_interrupted_prepare_goes_forward_when_all_of_it_is_there(stage: PreparedStage) -> None:
    stage.provider.fail(Fault(call="write", nth=2, when="after", error=KeyboardInterrupt()))  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        stage.prepare()
    stage.clock.sleep(100)
    (recovered,) = stage.recover()
    assert recovered.state == "written"
    assert set(stage.ttls("TXT").values()) == {300}
    ok(stage.enroll())
    ok(stage.finish())
    ok(stage.rollback())
    assert stage.is_as_at_the_start(*START)


@pytest.mark.parametrize("complete", [False, True])
def test_an_interrupted_finish_is_recovered(stage: PreparedStage, complete: bool) -> None:
    ok(stage.prepare())
    ok(stage.enroll())
    stage.provider.fail(Fault(call="write", nth=1 + complete, when="after", error=KeyboardInterrupt()))  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        stage.finish()
    stage.clock.sleep(100)
    (recovered,) = stage.recover()
    assert recovered.state == ("written" if complete else "restored")
    assert set(stage.ttls("MX").values()) == {7200 if complete else 300}
    assert stage.finish().state == ("nothing-to-do" if complete else "authoritative")
    ok(stage.rollback())
    assert stage.is_as_at_the_start(*START)


def test_an_interrupted_rollback_recovered_forward_ends_the_prepare_too(stage: PreparedStage) -> None:
    ok(stage.prepare())
    ok(stage.enroll())
    stage.provider.fail(Fault(call="write", nth=2, when="after", error=KeyboardInterrupt()))  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        stage.rollback()
    stage.clock.sleep(100)
    (recovered,) = stage.recover()
    assert recovered.state == "written"
    assert stage.is_as_at_the_start(*START)
    assert stage.states() == ["rolled-back", "rolled-back", "written"]
    assert stage.finish().state == "nothing-to-do"


def test_a_stranger_in_the_pause_after_our_first_row_costs_no_old_ttl(stage: PreparedStage) -> None:
    """One row has our TTL already when the provider makes us wait and somebody adds a record: planned again on that view,
    the old TTL of that row would be lost from the before-image."""

    def meanwhile(provider: MemoryProvider) -> None:
        first, *rest = START[1].records
        provider.put(START[1].with_records([replace(first, ttl=300), *rest, LATER_MX]))

    stage.provider.fail(Fault(call="write", nth=2, error=WriteMustReread("429", retry_after_s=1), act=meanwhile))
    result = stage.prepare()
    assert result.state == "unknown"
    before = stage.journal.changes()[0].images.before["MX"]
    assert before is not None
    assert {row.ttl for row in before.records} == {7200}


# --- too early ----------------------------------------------------------------------------------------------------------
def test_enrolling_too_early_says_until_when(stage: PreparedStage) -> None:
    prepared = ok(stage.prepare())
    assert prepared.visibility is not None
    assert prepared.visibility.old_until is not None
    plan = stage.plan()
    (warning,) = [f for f in plan.findings if f.id == "prepare-too-early"]
    assert warning.severity == "warn"
    assert f"{prepared.visibility.old_until.astimezone():%H:%M}" in warning.message
    assert stage.plan().state == "planned"
    stage.clock.sleep(10800)
    assert "prepare-too-early" not in ids(stage.plan())
    assert "prepare-too-early" not in ids(ok(stage.enroll()))


def test_enrolled_too_early_is_visible_only_once_the_old_ttl_is_over(stage: PreparedStage) -> None:
    """A cache may hold what it got before prepare: the short TTL of what the enrolment replaced says nothing of that."""
    prepared = ok(stage.prepare())
    for result in (ok(stage.enroll()), ok(stage.finish())):
        assert result.visibility is not None
        assert prepared.visibility is not None
        assert result.visibility.old_until == prepared.visibility.old_until
    stage.clock.sleep(10800)
    ok(stage.rollback())
    again = stage.enroll(wait="visible")
    assert (again.state, again.visibility and again.visibility.verdict) == ("authoritative", "visible")


def test_what_stood_before_a_prepare_that_was_never_seen_counts_from_the_enrolment(stage: PreparedStage) -> None:
    assert stage.prepare(wait="none").state == "written"
    enrolled = ok(stage.enroll())
    assert enrolled.visibility is not None
    assert enrolled.visibility.old_until is not None
    assert (enrolled.visibility.old_until - stage.clock.now()).total_seconds() > 10700


def test_a_prepare_that_was_never_seen_served_is_too_early_however_old(stage: PreparedStage) -> None:
    assert stage.prepare(wait="none").state == "written"
    stage.clock.sleep(86400)
    (warning,) = [f for f in stage.plan().findings if f.id == "prepare-too-early"]
    assert "not seen at every authoritative server" in warning.message


def test_without_prepare_and_after_finish_nothing_is_too_early(stage: PreparedStage) -> None:
    assert "prepare-too-early" not in ids(stage.plan())
    ok(stage.prepare())
    ok(stage.finish())
    assert "prepare-too-early" not in ids(stage.plan())
    ok(stage.enroll())
    assert "prepare-too-early" not in ids(stage.enroll())
