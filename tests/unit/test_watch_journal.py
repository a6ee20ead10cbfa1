"""Due times and what was seen, in the journal: shared, taken over, never twice; and a journal of the version before."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from registrar_sync.core.waiting import Seen, Waiting
from registrar_sync.errors import JournalUnusable
from registrar_sync.journal import NoJournal, SqlJournal, open_journal
from registrar_sync.journal.versions import VERSION
from tests.unit import journals
from tests.unit.journals import HandClock, child, empty_place, images, new_change

place, clock, journal = journals.place, journals.clock, journals.journal


def written(journal: SqlJournal, *domains: str) -> list[int]:
    ids = []
    for domain in domains:
        ids.append(journal.begin(new_change(domain), images()))
        journal.append(ids[-1], "written", detail={"wrote": True})
    return ids


def row(change_id: int, clock: HandClock, due_s: float = 5.0, attempts: int = 0) -> Waiting:
    at = clock.now()
    due_at = at + timedelta(seconds=due_s)
    return Waiting(change_id=change_id, started_at=at, deadline_at=at + timedelta(seconds=600), due_at=due_at, attempts=attempts)


# --- which wait ---------------------------------------------------------------------------------------------------------
def test_written_and_overdue_changes_wait_to_be_seen(journal: SqlJournal, clock: HandClock) -> None:
    one, two, three, four, five = written(journal, "a.test.", "b.test.", "c.test.", "d.test.", "e.test.")
    journal.append(two, "overdue", detail={"old_until": None})
    journal.append(three, "rolled-back", detail={"by": 9})
    until = clock.now() + timedelta(hours=1)
    journal.append(four, "authoritative", detail={"old_until": until.isoformat()})
    journal.append(five, "authoritative", detail={"old_until": None})
    assert journal.unseen() == [one, two]
    assert journal.unseen("b.test.") == [two]
    assert journal.unseen(cached_after=clock.now()) == [one, two, four]
    assert journal.unseen(cached_after=until) == [one, two]


def test_a_change_comes_with_all_others_of_its_zone(journal: SqlJournal) -> None:
    first, _, third = written(journal, "a.test.", "b.test.", "a.test.")
    assert [change.id for change in journal.alongside([first])] == [third, first]
    assert journal.alongside([]) == []


def test_a_change_whose_zone_has_no_other_is_alone(journal: SqlJournal) -> None:
    first, second, third = written(journal, "a.test.", "b.test.", "a.test.")
    assert journal.alone([first, second, third]) == {second}
    assert journal.alone([second, 99]) == {second}
    assert journal.alone([]) == set()


def test_what_is_read_beside_others_is_what_is_read_alone(journal: SqlJournal) -> None:
    ids = written(journal, "a.test.", "b.test.", "a.test.")
    journal.append(ids[0], "overdue", detail={"old_until": None})
    assert journal.alongside(ids) == [journal.change(one) for one in reversed(ids)]


def test_news_is_every_event_after_a_mark(journal: SqlJournal) -> None:
    written(journal, "a.test.")
    mark = journal.mark()
    (change_id,) = written(journal, "b.test.")
    assert [(n.change_id, n.domain, n.state, n.detail) for n in journal.news(mark)] == [
        (change_id, "b.test.", "intended", {}),
        (change_id, "b.test.", "written", {"wrote": True}),
    ]
    assert journal.news(journal.news(mark)[-1].id) == []


# --- what was seen ------------------------------------------------------------------------------------------------------
def test_what_was_seen_is_added_where_it_is_still_news(journal: SqlJournal, clock: HandClock) -> None:
    a, b, c, d = written(journal, "a.test.", "b.test.", "c.test.", "d.test.")
    journal.append(b, "rolled-back", detail={"by": 9})
    journal.append(c, "overdue", detail={"old_until": None})
    journal.append(d, "authoritative", detail={"old_until": None})
    until = clock.now() + timedelta(minutes=5)
    states = journal.record_seen(
        [
            Seen(change_id=a, state="authoritative", old_until=until),
            Seen(change_id=b, state="authoritative", old_until=until),
            Seen(change_id=c, state="overdue"),
            Seen(change_id=d, state="overdue"),
        ]
    )
    assert states == {a: "authoritative", b: "rolled-back", c: "overdue", d: "authoritative"}
    assert [event.state for event in journal.change(b).events] == ["intended", "written", "rolled-back"]
    assert [event.state for event in journal.change(c).events] == ["intended", "written", "overdue"]
    assert journal.change(a).events[-1].detail == {"old_until": until.isoformat()}
    assert journal.record_seen([Seen(change_id=c, state="authoritative")]) == {c: "authoritative"}
    assert journal.record_seen([]) == {}


def test_what_was_seen_is_not_watched_any_more(journal: SqlJournal, clock: HandClock) -> None:
    (change_id,) = written(journal, "a.test.")
    book = journal.watch_book()
    book.claim([row(change_id, clock, attempts=7)])
    journal.record_seen([Seen(change_id=change_id, state="overdue")])
    assert [found.attempts for found in book.claim([row(change_id, clock)])] == [0]


# --- due times ----------------------------------------------------------------------------------------------------------
def test_a_claim_keeps_others_away_until_it_is_released(journal: SqlJournal, clock: HandClock) -> None:
    ids = written(journal, "a.test.", "b.test.", "c.test.")
    mine, yours = journal.watch_book(), journal.watch_book()
    assert [found.change_id for found in mine.claim([row(one, clock) for one in ids[:2]])] == ids[:2]
    assert [found.change_id for found in yours.claim([row(one, clock) for one in ids])] == ids[2:]
    later = [row(one, clock, due_s=99.0, attempts=3) for one in ids[:2]]
    assert mine.keep(later)
    mine.release()
    found = yours.claim([row(one, clock) for one in ids])
    assert sorted(found, key=lambda one: one.change_id) == [*later, row(ids[2], clock)]


def test_due_times_go_along_with_the_release(journal: SqlJournal, clock: HandClock) -> None:
    (change_id,) = written(journal, "a.test.")
    mine, yours = journal.watch_book(), journal.watch_book()
    mine.claim([row(change_id, clock)])
    last = row(change_id, clock, due_s=42.0, attempts=9)
    mine.release([last])
    mine.release([last])
    assert yours.claim([row(change_id, clock)]) == [last]


def test_anew_forgets_where_somebody_stopped_and_respects_who_lives(journal: SqlJournal, clock: HandClock) -> None:
    one, two = written(journal, "a.test.", "b.test.")
    mine, yours = journal.watch_book(), journal.watch_book()
    mine.claim([row(one, clock, attempts=5), row(two, clock, attempts=5)])
    mine.forget([two])
    assert yours.claim([row(one, clock), row(two, clock)], anew=True) == [row(two, clock)]
    mine.release()
    assert yours.claim([row(one, clock)], anew=True) == [row(one, clock)]


def test_a_lease_that_was_not_kept_is_lost(journal: SqlJournal, clock: HandClock) -> None:
    (change_id,) = written(journal, "a.test.")
    mine, yours = journal.watch_book(lease_s=60.0), journal.watch_book(lease_s=60.0)
    mine.claim([row(change_id, clock)])
    clock.sleep(59)
    assert mine.keep([])
    clock.sleep(59)
    assert yours.claim([row(change_id, clock)]) == []
    clock.sleep(2)
    assert len(yours.claim([row(change_id, clock)])) == 1
    assert not mine.keep([row(change_id, clock, due_s=1.0)])
    mine.release([row(change_id, clock, due_s=1.0)])
    assert mine.claim([row(change_id, clock)]) == []  # and what is another's stays it


def test_a_killed_watcher_is_taken_over_at_once(place: str) -> None:
    with closing(open_journal(place, default=Path("/nonexistent"), clock=HandClock())) as journal:
        (change_id,) = written(journal, "a.test.")
        script = """
            from registrar_sync.core.waiting import Waiting
            journal = opened()
            at = SystemClock().now()
            rows = [Waiting(change_id=1, started_at=at, deadline_at=at, due_at=at, attempts=4)]
            print(len(journal.watch_book(lease_s=1e9).claim(rows)), flush=True)
            sys.stdin.read()
        """
        process = child(script, place)
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "1\n"
        book, blank = journal.watch_book(), row(change_id, HandClock())
        assert book.claim([blank]) == []
        process.kill()
        process.communicate(timeout=30)
        assert [found.attempts for found in book.claim([blank])] == [4]


def test_no_journal_knows_of_nothing_to_watch() -> None:
    journal = NoJournal()
    assert (journal.unseen(), journal.news(0), journal.alongside([1])) == ([], [], [])
    with pytest.raises(JournalUnusable):
        journal.watch_book()
    with pytest.raises(JournalUnusable):
        journal.record_seen([])


# --- a journal of the version before ------------------------------------------------------------------------------------
LATER = ("watch", "watcher", "run_row", "run", "lane", "account_pace")
TO_VERSION_1 = (*(f"DROP TABLE {table}" for table in LATER), "UPDATE schema_version SET version = 1")


@pytest.fixture
def old_file(tmp_path: Path) -> Path:
    """A journal of version 1, with a change in it."""
    path = tmp_path / "old.sqlite"
    with closing(open_journal(str(path), default=path, clock=HandClock())) as journal:
        written(journal, "a.test.")
    with closing(sqlite3.connect(path)) as old:
        old.executescript("".join(f"{statement};" for statement in TO_VERSION_1))
    return path


def opened(path: Path) -> SqlJournal:
    return open_journal(str(path), default=path, clock=HandClock(), busy_timeout_s=0.1)


def test_a_journal_of_version_1_gets_what_it_lacks_and_keeps_its_evidence(old_file: Path) -> None:
    with closing(opened(old_file)) as journal:
        assert [change.state for change in journal.changes()] == ["written"]
        assert len(journal.watch_book().claim([row(1, HandClock())])) == 1
    with closing(sqlite3.connect(old_file)) as now:
        assert now.execute("SELECT version FROM schema_version").fetchall() == [(VERSION,)]
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            now.execute("DELETE FROM change_event")


def test_a_journal_of_version_1_that_cannot_be_written_now_is_read_as_it_is(old_file: Path) -> None:
    with closing(sqlite3.connect(old_file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with closing(opened(old_file)) as journal:
            assert journal.unseen() == [1]
            with pytest.raises(JournalUnusable):
                journal.watch_book()
            other.execute("ROLLBACK")
            assert journal.record_seen([Seen(change_id=1, state="overdue")]) == {1: "overdue"}


def test_a_server_of_version_1_is_brought_up_too() -> None:
    with empty_place("postgresql", Path("/unused")) as place:
        with closing(open_journal(place, default=Path("/nonexistent"), clock=HandClock())) as journal:
            (change_id,) = written(journal, "a.test.")
            with journal._database.write() as connection:
                for statement in TO_VERSION_1:
                    connection.execute(text(statement))
        with closing(open_journal(place, default=Path("/nonexistent"), clock=HandClock())) as journal:
            assert len(journal.watch_book().claim([row(change_id, HandClock())])) == 1
