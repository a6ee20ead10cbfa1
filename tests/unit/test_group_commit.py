"""Threads that write at the same moment: one commit for all, and each with its own part of it, whole or not at all."""

from __future__ import annotations

import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import OperationalError

from registrar_sync.errors import JournalUnusable, NothingJournalled
from registrar_sync.journal import SqlJournal, group, open_journal
from registrar_sync.journal.prepared import commit
from tests.unit import journals
from tests.unit.journals import HandClock, child, images, new_change, open_at

place, clock, journal = journals.place, journals.clock, journals.journal

LIMIT_S = 60.0


@contextmanager
def commits() -> Iterator[list[Connection]]:
    """Every commit from now on."""
    seen: list[Connection] = []

    def seeing(connection: Connection) -> None:
        seen.append(connection)
        commit(connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(group, "commit", seeing)
        yield seen


class Line:
    """Threads that stand in line behind a writer that is held up until all of them do."""

    def __init__(self, journal: SqlJournal) -> None:
        self.journal = journal
        self._stack = ExitStack()
        self._pool = self._stack.enter_context(ThreadPoolExecutor(16))
        self._go = threading.Event()
        self._began = threading.Event()
        self.futures: list[Future[Any]] = []
        self.first = self._pool.submit(self._first)
        assert self._began.wait(LIMIT_S)

    def _first(self) -> None:
        with self.journal._database.write() as connection:
            connection.execute(text("UPDATE schema_version SET checked_at = 'first'"))
            self._began.set()
            assert self._go.wait(LIMIT_S)

    def add(self, work: Callable[[], Any]) -> Future[Any]:
        """One more, in line once this returns."""
        before = len(self.journal._database._group._line)
        future = self._pool.submit(work)
        while len(self.journal._database._group._line) == before:
            assert not future.done()
        self.futures.append(future)
        return future

    def go(self) -> None:
        self._go.set()
        self._stack.close()


def begin(journal: SqlJournal, number: int) -> Callable[[], int]:
    return lambda: journal.begin(new_change(f"d{number}.test."), images())


def test_those_who_stand_in_line_share_one_commit(journal: SqlJournal) -> None:
    with commits() as seen:
        line = Line(journal)
        for number in range(8):
            line.add(begin(journal, number))
        line.go()
    assert len(seen) == 1
    assert line.first.exception() is None
    assert sorted(future.result() for future in line.futures) == [change.id for change in reversed(journal.changes())]
    assert len({change.what.domain for change in journal.changes()}) == 8


def test_a_writer_who_is_alone_waits_for_nobody(journal: SqlJournal) -> None:
    with commits() as seen:
        for number in range(3):
            begin(journal, number)()
            assert len(seen) == number + 1


def test_an_error_takes_back_its_own_part_alone(journal: SqlJournal) -> None:
    def broken(connection: Connection) -> None:
        connection.execute(text("UPDATE schema_version SET checked_at = 'broken'"))

    def by_us() -> None:
        with journal._database.write() as connection:
            broken(connection)
            raise NothingJournalled("it is not there")

    def by_the_database() -> None:
        with journal._database.write() as connection:
            broken(connection)
            connection.execute(text("UPDATE change SET domain = 'x'"))

    kept = journal.begin(new_change("kept.test."), images())
    for last in ("good", "bad"):
        line = Line(journal)
        failing = [line.add(by_us), line.add(by_the_database)]
        good = [line.add(begin(journal, number)) for number in range(2)]
        failing += [line.add(by_us)] if last == "bad" else []
        line.go()
        assert line.first.exception() is None
        assert [future.exception() for future in good] == [None, None]
        assert isinstance(failing[0].exception(), NothingJournalled)
        assert isinstance(failing[1].exception(), JournalUnusable)
    with journal._database.read() as connection:
        assert connection.execute(text("SELECT checked_at FROM schema_version")).scalar() == "first"
    assert len(journal.changes()) == 5
    assert journal.change(kept).state == "intended"


def test_after_the_first_ones_error_the_others_go_on(journal: SqlJournal) -> None:
    began, go = threading.Event(), threading.Event()

    def first() -> None:
        with journal._database.write() as connection:
            connection.execute(text("UPDATE schema_version SET checked_at = 'first'"))
            began.set()
            assert go.wait(LIMIT_S)
            raise NothingJournalled("it is not there")

    with ThreadPoolExecutor(2) as pool:
        failing = pool.submit(first)
        assert began.wait(LIMIT_S)
        good = pool.submit(begin(journal, 1))
        while not journal._database._group._line:
            assert not good.done()
        go.set()
    assert isinstance(failing.exception(), NothingJournalled)
    assert [change.id for change in journal.changes()] == [good.result()]
    with journal._database.read() as connection:
        assert connection.execute(text("SELECT checked_at FROM schema_version")).scalar() is None


def test_a_commit_that_fails_fails_for_all_who_share_it(journal: SqlJournal) -> None:
    change_id = journal.begin(new_change("before.test."), images())

    def fail(_: Connection) -> None:
        raise OperationalError("COMMIT", None, sqlite3.OperationalError("the disk failed"))

    line = Line(journal)
    line.add(lambda: journal.append(change_id, "written"))
    line.add(begin(journal, 1))
    event.listen(journal._database._engine, "commit", fail)
    line.go()
    event.remove(journal._database._engine, "commit", fail)
    errors = [future.exception() for future in (line.first, *line.futures)]
    assert all(isinstance(error, JournalUnusable) for error in errors)
    assert all("the disk failed" in str(error) for error in errors)
    assert [getattr(error, "changed", None) for error in errors] == ["no", "unknown", "no"]
    assert [change.state for change in journal.changes()] == ["intended"]
    journal.append(change_id, "written")
    assert [change.state for change in journal.changes()] == ["written"]


def test_a_disk_that_is_full_fails_for_the_whole_and_leaves_nothing_half(tmp_path: Path) -> None:
    file = str(tmp_path / "journal.sqlite")
    with closing(open_at(file)) as journal:
        line = Line(journal)

        def fill() -> None:
            with journal._database.write() as connection:
                connection.exec_driver_sql("PRAGMA max_page_count = 1")
                connection.exec_driver_sql("CREATE TABLE much (x)")
                for _ in range(2000):
                    connection.exec_driver_sql("INSERT INTO much VALUES (zeroblob(100000))")

        full = line.add(fill)
        after = line.add(begin(journal, 1))
        line.go()
        assert "the disk is full" in str(full.exception())
        # whether the others' parts went with it is the database's choice: all agree about it
        kept = after.exception() is None
        assert (line.first.exception() is None) == kept
        assert (len(journal.changes()) == 1) == kept
    with closing(sqlite3.connect(file)) as now:
        assert now.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert now.execute("SELECT count(*) FROM sqlite_master WHERE name = 'much'").fetchone() == (0,)


def test_those_in_line_behind_another_process_wait_no_longer_than_one_alone(tmp_path: Path) -> None:
    file = str(tmp_path / "journal.sqlite")
    with closing(open_at(file, busy_timeout_s=0.5)) as journal, closing(sqlite3.connect(file)) as other:
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(8) as pool:
            futures = [pool.submit(begin(journal, number)) for number in range(8)]
            errors = [future.exception(timeout=LIMIT_S) for future in futures]
        assert all("another process keeps it locked" in str(error) for error in errors)
        other.rollback()
        begin(journal, 9)()
        assert len(journal.changes()) == 1


def test_a_transaction_within_a_transaction_is_refused_at_once(journal: SqlJournal) -> None:
    with pytest.raises(RuntimeError, match="within a transaction"), journal._database.write():
        begin(journal, 1)()
    assert journal.changes() == []
    begin(journal, 1)()


def test_ctrl_c_takes_back_its_part_and_keeps_nobody_waiting(journal: SqlJournal) -> None:
    def interrupted() -> None:
        with journal._database.write() as connection:
            connection.execute(text("UPDATE schema_version SET checked_at = 'interrupted'"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    begin(journal, 1)()
    with journal._database.read() as connection:
        assert connection.execute(text("SELECT checked_at FROM schema_version")).scalar() is None


KILLED = """
import threading
journal = opened()

def work(number):
    for _ in range(1000):
        change_id = journal.begin(new(), images(), rolls_back=())
        os.write(1, f"begun {change_id}\\n".encode())
        journal.append(change_id, "written", rolls_back=[change_id])
        os.write(1, f"written {change_id}\\n".encode())

for number in range(8):
    threading.Thread(target=work, args=(number,), daemon=True).start()
input()
"""


@pytest.mark.parametrize("lines", [3, 40, 81])
def test_kill_9_loses_nothing_that_was_told_and_leaves_nothing_half(place: str, lines: int) -> None:
    with child(KILLED, place) as process:
        assert process.stdout is not None
        told = [process.stdout.readline().split() for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
        told += [one for one in (rest.split() for rest in process.stdout) if len(one) == 2]
    with closing(open_journal(place, default=Path("/"), clock=HandClock())) as journal:
        changes = {change.id: [one.state for one in change.events] for change in journal.changes(images=False)}
    for what, number in told:
        assert int(number) in changes
        if what == "written":
            assert changes[int(number)] == ["intended", "written", "rolled-back"]
    assert all(states in (["intended"], ["intended", "written", "rolled-back"]) for states in changes.values())
