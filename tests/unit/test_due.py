"""What waits, from the journal alone."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from registrar_sync.core.due import Due, due_of
from registrar_sync.core.evidence import Change, ChangeCommand, ChangeState, Event, Images, NewChange
from registrar_sync.errors import OutcomeUnknown
from registrar_sync.operations.due import due
from registrar_sync.providers.memory import Fault
from tests.unit.stage import OWNER
from tests.unit.test_prepare import START, PreparedStage, ok


@pytest.fixture
def stage(tmp_path: Path) -> PreparedStage:
    return PreparedStage(tmp_path, *START)


def rows(stage: PreparedStage) -> list[tuple[str, bool, str]]:
    return [(row.what, row.ready, row.next) for row in due(stage.journal, stage.clock)]


ENROLL = "registrar-sync enroll example.com --account memory --service security-mail"
FINISH = "registrar-sync finish example.com --account memory"


def test_a_cut_over_from_prepare_to_finish(stage: PreparedStage) -> None:
    assert rows(stage) == []
    prepared = ok(stage.prepare())
    (row,) = due(stage.journal, stage.clock)
    assert prepared.visibility is not None
    assert (row.domain, row.due_at) == (OWNER, prepared.visibility.old_until)
    assert rows(stage) == [("enroll", False, ENROLL)]
    stage.clock.sleep(10800)
    assert rows(stage) == [("enroll", True, ENROLL)]
    ok(stage.enroll())
    assert rows(stage) == [("finish", False, FINISH)]
    stage.clock.sleep(300)
    assert rows(stage) == [("finish", True, FINISH)]
    ok(stage.finish())
    assert rows(stage) == []


def test_a_rollback_leaves_nothing_to_wait_for(stage: PreparedStage) -> None:
    ok(stage.prepare())
    ok(stage.enroll())
    ok(stage.rollback())
    assert rows(stage) == []


def test_an_enrolment_without_prepare_waits_for_nothing(stage: PreparedStage) -> None:
    ok(stage.enroll())
    assert rows(stage) == []


def test_prepared_for_something_else_than_enrolling_waits_for_finish(stage: PreparedStage) -> None:
    ok(stage.enroll())
    ok(stage.prepare())
    assert rows(stage) == [("finish", False, FINISH)]


def test_what_was_written_and_never_seen_is_to_be_checked(stage: PreparedStage) -> None:
    stage.dns.lag_s = 1000
    assert stage.enroll().state == "overdue"
    assert rows(stage) == [("check", True, "registrar-sync check example.com --account memory")]
    stage.clock.sleep(2000)
    ok_again = stage.enroll()
    assert ok_again.state == "nothing-to-do"
    assert rows(stage) == []


def test_a_prepare_that_was_never_seen_is_asked_for_again(stage: PreparedStage) -> None:
    assert stage.prepare(ttl=600, wait="none").state == "written"
    command = "registrar-sync prepare example.com --account memory --ttl 600 --yes"
    assert rows(stage) == [("prepare", True, command)]
    assert stage.prepare(ttl=600).state == "nothing-to-do"
    assert rows(stage) == [("enroll", False, ENROLL)]


def test_an_interrupted_change_is_to_be_recovered_before_all_else(stage: PreparedStage) -> None:
    ok(stage.prepare())
    for nth in (2, 3):
        stage.provider.fail(Fault(call="write", nth=nth, error=OutcomeUnknown("the API is down")))
    assert stage.enroll().state == "unknown"
    assert rows(stage) == [("recover", True, "registrar-sync recover example.com")]
    stage.clock.sleep(100)
    assert [result.state for result in stage.recover()] == ["restored"]
    assert rows(stage) == [("enroll", False, ENROLL)]


def test_a_change_whose_writer_is_alive_is_not_interrupted(stage: PreparedStage) -> None:
    seen: list[list[tuple[str, bool, str]]] = []
    stage.provider.fail(Fault(call="write", act=lambda provider: seen.append(rows(stage))))
    ok(stage.enroll())
    assert seen == [[]]


# --- changes made by hand -----------------------------------------------------------------------------------------------
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NO_IMAGES = Images(before={"TXT": None, "MX": None}, after={"TXT": None, "MX": None})


def change(
    number: int,
    command: ChangeCommand,
    *states: ChangeState,
    hours_ago: int = 0,
    domain: str = OWNER,
    wrote: bool = True,
    **context: Any,
) -> Change:
    at = NOW - timedelta(hours=hours_ago)
    what = NewChange(
        domain=domain,
        zone=domain,
        owner=domain,
        provider="ovh",
        account="ovh",
        service={"name": "security-mail"},
        command=command,
        context=context,
    )
    details: dict[str, dict[str, Any]] = {
        "written": {"wrote": wrote},
        "authoritative": {"old_until": (at + timedelta(hours=1)).isoformat()},
        "rolled-back": {"by": number + 1},
    }
    events = tuple(
        Event(id=number * 10 + n, change_id=number, state=state, at=at, detail=details.get(state, {}), images=NO_IMAGES)
        for n, state in enumerate(states)
    )
    return Change(id=number, what=what, at=at, events=events)


SEEN: Sequence[ChangeState] = ("intended", "written", "authoritative")
LEFT = (NOW - timedelta(hours=1)).isoformat()
LATER = (NOW + timedelta(days=5)).isoformat()


def listed(*changes: Change) -> list[tuple[str, bool]]:
    return [(row.what, row.ready) for row in due_of(changes, NOW)]


def test_the_spf_part_of_a_leaving_waits_for_its_time() -> None:
    enrolled = change(1, "enroll", *SEEN, "rolled-back", hours_ago=200)
    assert listed(enrolled, change(2, "unenroll", *SEEN, hours_ago=150, part="mx", spf_due_at=LEFT)) == [("unenroll", True)]
    assert listed(enrolled, change(2, "unenroll", *SEEN, hours_ago=1, part="mx", spf_due_at=LATER)) == [("unenroll", False)]
    (row,) = due_of([change(2, "unenroll", "nothing-to-do", part="mx", spf_due_at=LEFT)], NOW)
    assert row.next == "registrar-sync unenroll example.com --account ovh --service security-mail"


@pytest.mark.parametrize("command", ["unenroll", "rollback", "enroll"])
def test_a_later_change_of_the_include_ends_the_leaving(command: ChangeCommand) -> None:
    left = change(2, "unenroll", *SEEN, hours_ago=150, part="mx", spf_due_at=LEFT)
    assert listed(left, change(3, command, *SEEN)) == []
    assert listed(left, change(3, command, "intended", "restored")) == [("unenroll", True)]
    assert listed(left, change(3, "prepare", *SEEN, "rolled-back")) == [("unenroll", True)]


def test_what_can_be_done_now_comes_first_then_by_time() -> None:
    changes = [
        change(1, "unenroll", *SEEN, domain="a.example.", part="mx", spf_due_at=LATER),
        change(2, "prepare", *SEEN, domain="b.example.", hours_ago=3, ttl=300),
        change(3, "prepare", *SEEN, domain="c.example.", hours_ago=5, ttl=300),
        change(4, "prepare", *SEEN, domain="d.example.", ttl=300),
    ]
    assert [row.domain[0] for row in due_of(changes, NOW)] == ["c", "b", "d", "a"]


def test_a_row_as_json() -> None:
    (row,) = due_of([change(1, "prepare", *SEEN, hours_ago=3, ttl=300)], NOW)
    assert row.to_json() == {
        "domain": "example.com",
        "what": "enroll",
        "due_at": "2026-11-23T10:00:00+00:00",
        "ready": True,
        "next": "registrar-sync enroll example.com --account ovh --service security-mail",
    }


def test_an_unknown_change_is_interrupted_and_hides_what_else_waits() -> None:
    assert listed(change(1, "prepare", *SEEN, ttl=300), change(2, "enroll", "intended", "unknown")) == [("recover", True)]
    assert due_of([change(1, "enroll", "intended")], NOW, under_way={1}) == ()


def test_thousands_of_changes_are_no_matter() -> None:
    commands: tuple[ChangeCommand, ...] = ("prepare", "enroll", "finish")
    changes = [
        change(3 * n + step, command, *SEEN, domain=f"d{n}.example.", ttl=300)
        for n in range(3000)
        for step, command in enumerate(commands)
    ]
    began = time.process_time()
    assert due_of(changes, NOW) == ()
    assert time.process_time() - began < 2
    found: tuple[Due, ...] = due_of([c for c in changes if c.what.command != "finish"], NOW)
    assert len(found) == 3000
