"""The journal: durable before begin() returns, append-only, private, and clear about every way in which it cannot be used."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from registrar_sync.core.evidence import Images
from registrar_sync.core.model import Mx, Other, Record, RRset, Txt
from registrar_sync.errors import JournalUnusable, NothingJournalled
from registrar_sync.journal import SqlJournal
from tests.unit import journals
from tests.unit.journals import HandClock, child, images, new_change, open_at

place, clock, journal = journals.place, journals.clock, journals.journal


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A journal in a file, with one change in it."""
    path = tmp_path / "kept.sqlite"
    with closing(open_at(str(path))) as opened:
        opened.begin(new_change(), images())
    return path


# --- what is kept ------------------------------------------------------------------------------------------------------
def test_a_change_comes_back_as_it_was_recorded(journal: SqlJournal, clock: HandClock) -> None:
    began = clock.at
    change_id = journal.begin(new_change(context={"mode": "below", "serial": 2025030101}), images())
    clock.sleep(2)
    journal.append(change_id, "written", detail={"calls": 6})
    change = journal.change(change_id)
    assert change.what == new_change(context={"mode": "below", "serial": 2025030101})
    assert change.at == began
    assert [(e.state, e.at, e.detail) for e in change.events] == [
        ("intended", began, {}),
        ("written", began + timedelta(seconds=2), {"calls": 6}),
    ]
    assert change.images == images()
    before = change.images.before["MX"]
    assert before is not None
    assert before.records[0].native == {"id": 17, "fieldType": "MX"}


def test_newer_images_replace_older_ones_and_both_are_kept(journal: SqlJournal) -> None:
    change_id = journal.begin(new_change(), images())
    again = Images(before={"MX": None}, after={"MX": None})
    journal.append(change_id, "intended", images=again)
    change = journal.change(change_id)
    assert change.images == again
    assert change.events[0].images == images()


def test_a_change_may_begin_in_an_end_state(journal: SqlJournal) -> None:
    change_id = journal.begin(new_change(), images(), state="nothing-to-do")
    assert journal.change(change_id).state == "nothing-to-do"
    assert journal.unfinished() == []


def test_what_was_recorded_is_there_after_reopening(place: str) -> None:
    with closing(open_at(place)) as first:
        change_id = first.begin(new_change(), images())
    with closing(open_at(place)) as second:
        assert second.change(change_id).what == new_change()


natives = st.dictionaries(
    st.text(max_size=8),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=5,
    ),
    max_size=4,
)
rdatas = st.one_of(
    st.lists(st.binary(max_size=255), min_size=1, max_size=4).map(lambda strings: Txt(tuple(strings))),
    st.builds(Mx, st.integers(0, 65535), st.sampled_from([".", "mx.example.com.", "xn--exmple-cua.com."])),
    st.text(max_size=30).map(Other),
)
records = st.builds(
    Record,
    rdata=rdatas,
    ttl=st.integers(0, 2**31 - 1),
    disabled=st.booleans(),
    native=st.none() | natives,
)
rrsets = st.none() | st.lists(records, min_size=1, max_size=4).map(
    lambda rows: RRset(owner="example.com.", rtype="TXT", records=tuple(rows))
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlJournal]:
    with closing(open_at(str(tmp_path_factory.mktemp("shared") / "journal.sqlite"))) as opened:
        yield opened


def every_byte(rrset: RRset | None) -> list[Any] | None:
    """What equality of records leaves out: the native row, and where a TXT value is split."""
    if rrset is None:
        return None
    return [(r, r.native, r.rdata.strings if isinstance(r.rdata, Txt) else None) for r in rrset.records]


# every example is synced to the disk, which takes its time on a busy machine
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(before=rrsets, after=rrsets)
def test_images_come_back_byte_for_byte_with_their_native_rows(
    shared: SqlJournal, before: RRset | None, after: RRset | None
) -> None:
    change_id = shared.begin(new_change(), Images(before={"TXT": before}, after={"TXT": after}))
    found = shared.change(change_id).images
    assert every_byte(found.before["TXT"]) == every_byte(before)
    assert every_byte(found.after["TXT"]) == every_byte(after)


def test_all_256_octets_survive(journal: SqlJournal) -> None:
    value = Txt((bytes(range(255)), bytes([255])))
    rrset = RRset(owner="example.com.", rtype="TXT", records=(Record(rdata=value, ttl=60, native={"raw": "\0\ud800"}),))
    change_id = journal.begin(new_change(), Images(before={"TXT": rrset}, after={"TXT": None}))
    assert every_byte(journal.change(change_id).images.before["TXT"]) == every_byte(rrset)


# --- order and questions -----------------------------------------------------------------------------------------------
def test_a_clock_that_jumps_backwards_changes_no_order(journal: SqlJournal, clock: HandClock) -> None:
    first = journal.begin(new_change(), images())
    clock.sleep(-86400)
    second = journal.begin(new_change(), images())
    journal.append(first, "written")
    clock.sleep(-86400)
    journal.append(first, "authoritative")
    assert [change.id for change in journal.changes()] == [second, first]
    assert journal.change(first).state == "authoritative"
    assert [change.id for change in journal.unfinished()] == [second]


def test_changes_are_found_by_domain_and_by_zone_newest_first(journal: SqlJournal) -> None:
    apex = journal.begin(new_change("example.com."), images())
    other = journal.begin(new_change("example.org."), images())
    below = journal.begin(new_change("sub.example.com.", zone="example.com."), images())
    assert [c.id for c in journal.changes()] == [below, other, apex]
    assert [c.id for c in journal.changes("example.com.")] == [apex]
    assert [c.id for c in journal.changes(zone="example.com.")] == [below, apex]
    assert [c.id for c in journal.changes("sub.example.com.", zone="example.org.")] == []


def test_unfinished_changes_are_those_whose_newest_state_is_open_oldest_first(journal: SqlJournal) -> None:
    intended = journal.begin(new_change("a.example."), images())
    written = journal.begin(new_change("b.example."), images())
    unknown = journal.begin(new_change("c.example."), images())
    reopened = journal.begin(new_change("b.example."), images())
    journal.append(written, "written")
    journal.append(unknown, "unknown")
    journal.append(reopened, "written")
    journal.append(reopened, "intended", images=images())
    assert [c.id for c in journal.unfinished()] == [intended, unknown, reopened]
    assert [c.id for c in journal.unfinished("b.example.")] == [reopened]
    assert journal.unfinished("d.example.") == []


def test_a_zone_counts_as_touched_by_any_event_after_the_mark(journal: SqlJournal) -> None:
    assert journal.mark() == 0
    change_id = journal.begin(new_change("sub.example.com.", zone="example.com."), images())
    mark = journal.mark()
    assert not journal.touched_since("example.com.", mark)
    journal.begin(new_change("example.org."), images())
    assert not journal.touched_since("example.com.", mark)
    journal.append(change_id, "written")
    assert journal.touched_since("example.com.", mark)
    assert not journal.touched_since("example.com.", journal.mark())


def test_a_rollback_names_the_enrolment_that_it_undoes(journal: SqlJournal) -> None:
    enrolment = journal.begin(new_change(), images())
    undo = journal.begin(new_change(command="rollback", undoes=enrolment), images())
    assert journal.change(undo).what.undoes == enrolment


def test_a_change_that_is_not_there_is_named(journal: SqlJournal) -> None:
    with pytest.raises(NothingJournalled, match="no change 7"):
        journal.change(7)
    with pytest.raises(NothingJournalled, match="no change 7"):
        journal.append(7, "written")


def test_threads_share_one_journal(journal: SqlJournal) -> None:
    def enrol(number: int) -> int:
        change_id = journal.begin(new_change(f"d{number}.example."), images())
        journal.append(change_id, "written")
        return change_id

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(enrol, range(40)))
    assert len(set(ids)) == 40
    assert {change.state for change in journal.changes()} == {"written"}


# --- evidence ----------------------------------------------------------------------------------------------------------
TAMPERING = [
    "UPDATE change SET domain = 'other.example.'",
    "DELETE FROM change",
    "UPDATE change_event SET state = 'authoritative'",
    "DELETE FROM change_event",
]


@pytest.mark.parametrize("statement", TAMPERING)
def test_the_database_itself_refuses_to_alter_evidence(journal: SqlJournal, statement: str) -> None:
    change_id = journal.begin(new_change(), images())
    with pytest.raises(JournalUnusable, match="append-only"), journal._database.write() as connection:
        connection.execute(text(statement))
    assert journal.change(change_id).what == new_change()
    assert journal.change(change_id).state == "intended"


def test_evidence_cannot_be_replaced_from_outside_either(file: Path) -> None:
    with closing(sqlite3.connect(file)) as outside:
        for statement in (
            *TAMPERING,
            "REPLACE INTO change_event SELECT id, change_id, 'written', at, detail, images FROM change_event",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                outside.execute(statement)


def test_a_change_survives_kill_9_right_after_begin_returns(place: str) -> None:
    with child("opened().begin(new(), images()); os.kill(os.getpid(), signal.SIGKILL)", place) as process:
        assert process.wait(30) == -signal.SIGKILL
    with closing(open_at(place)) as journal:
        (change,) = journal.unfinished("example.com.")
        before = change.images.before["TXT"]
        assert before is not None
        assert before.records[0].rdata == Txt((b"v=spf1 mx ~all",))
        assert before.records[0].native == {"id": 1}


def test_processes_that_make_the_journal_at_the_same_moment_share_it(place: str) -> None:
    script = "print('ready', flush=True); input(); opened().begin(new(), images()); print('done')"
    processes = [child(script, place) for _ in range(4)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    assert [process.communicate(timeout=60)[0] for process in processes] == ["done\n"] * 4
    with closing(open_at(place)) as journal:
        assert len(journal.changes()) == 4


def test_every_connection_syncs_each_commit_to_the_disk(file: Path) -> None:
    """FULL (2) is enough in WAL mode only; EXTRA (3) in every mode: https://sqlite.org/pragma.html#pragma_synchronous."""
    with closing(open_at(str(file))) as journal, journal._database.write() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 3
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_history_is_readable_while_another_process_writes(file: Path) -> None:
    with closing(open_at(str(file), busy_timeout_s=0)) as journal, closing(sqlite3.connect(file)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert len(journal.changes()) == 1
        writer.rollback()


def test_a_value_that_is_no_json_is_not_half_recorded(journal: SqlJournal) -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        journal.begin(new_change(context={"raw": b"bytes"}), images())
    assert journal.changes() == []
