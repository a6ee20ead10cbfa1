"""A run's rows in the journal: what is begun next, who may say how it ended, and what a dead or frozen process leaves."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text

from registrar_sync.core.run import Brakes, Count, Lane, LaneHeld, NewRow, NewRun, RowNews, Run, RunBook, RunRow, RunState
from registrar_sync.errors import JournalUnusable, LockLost, NothingJournalled
from registrar_sync.journal import NoJournal, SqlJournal, open_journal
from tests.unit import journals
from tests.unit.journals import HandClock, child, empty_place

place, clock, journal = journals.place, journals.clock, journals.journal

NEW = NewRun(command="enroll", roster="domains.csv", options={"service": "security-mail"}, lanes={"ovh": 2, "gandi": 1})


@pytest.fixture
def book(journal: SqlJournal) -> RunBook:
    return journal.run_book()


def new_row(line: int, account: str = "ovh", lane: int = 0, **more: Any) -> NewRow:
    return NewRow(line=line, domain=f"d{line}.test.", typed=f"D{line}.test", account=account, lane=lane, **more)


def of_lane(run_id: int, account: str = "ovh", number: int = 0) -> Lane:
    return Lane(run_id=run_id, account=account, number=number)


def held(book: RunBook, lane: Lane) -> LaneHeld:
    mine = book.lane(lane)
    assert mine is not None
    return mine


def taken(lane: LaneHeld, news: RowNews | None = None) -> RunRow:
    row = lane.take(news)
    assert row is not None
    return row


def done(row: RunRow, **more: Any) -> RowNews:
    values: dict[str, Any] = {"line": row.what.line, "epoch": row.epoch, "state": "done", "outcome": "authoritative"}
    return RowNews(**values | more)


def written(row: RunRow, **more: Any) -> RowNews:
    return done(row, state="written", outcome=None, **more)


def later(row: RunRow, clock: HandClock, seconds: float) -> RowNews:
    return done(row, state="todo", outcome=None, due_at=clock.now() + timedelta(seconds=seconds))


def pass_time(journal: SqlJournal, clock: HandClock, seconds: float) -> None:
    """By the hand's clock, and by the server's, which no test can set."""
    clock.sleep(seconds)
    if not journal._database.is_sqlite:
        with journal._database.write() as connection:
            connection.execute(text("UPDATE run_row SET due_at = due_at - :us"), {"us": round(seconds * 1_000_000)})


def about(at: datetime | None, clock: HandClock, seconds: float) -> bool:
    """Whether a time is so long from now; a server's clock has gone on since it was written down."""
    return at is not None and abs((at - clock.now()).total_seconds() - seconds) < 30


def rows(book: RunBook, run_id: int, **more: Any) -> list[RunRow]:
    return list(book.rows(run_id, **more))


# --- a run --------------------------------------------------------------------------------------------------------------
def test_a_run_and_its_rows_come_back_as_they_were_kept(book: RunBook, clock: HandClock) -> None:
    brakes = Brakes(canary=1, wave=2, max_failures=3, max_share=0.5)
    first = new_row(2, options={"mx": "replace", "accept": ["spf-over-lookup-limit"]}, to_change=None)
    run_id = book.create(replace(NEW, brakes=brakes), [first, new_row(5, "gandi", wave=1)])
    run = Run(id=run_id, what=replace(NEW, brakes=brakes), state="running", wave=0, why="", at=clock.now())
    assert (book.run(run_id), book.run(), book.runs()) == (run, run, [run])
    assert [replace(row, due_at=None) for row in rows(book, run_id)] == [
        RunRow(run_id=run_id, what=first),
        RunRow(run_id=run_id, what=new_row(5, "gandi", wave=1)),
    ]
    undo = book.create(replace(NEW, command="rollback", undoes=run_id), [new_row(1, to_change=17)])
    assert [one.id for one in book.runs()] == [undo, run_id]
    assert [one.id for one in book.runs("paused", "cancelled")] == []
    book.order(run_id, "paused")
    assert [one.id for one in book.runs("running")] == [undo]
    assert [one.id for one in book.runs("paused", "cancelled")] == [run_id]
    assert (book.run().what.undoes, rows(book, undo)[0].what.to_change) == (run_id, 17)


def test_a_run_that_cannot_be_kept_whole_is_not_kept(book: RunBook) -> None:
    def broken() -> Iterator[NewRow]:
        yield from (new_row(line) for line in range(1, 2000))
        raise OSError("the roster's disk failed")

    with pytest.raises(OSError, match="roster's disk"):
        book.create(NEW, broken())
    assert book.runs() == []
    assert rows(book, 1) == []
    with pytest.raises(NothingJournalled, match="holds no run"):
        book.run()


def test_a_run_that_is_not_there_is_named(book: RunBook) -> None:
    for ask in (book.run, book.next_due, lambda run_id: book.order(run_id, "paused")):
        with pytest.raises(NothingJournalled, match="no run 7"):
            ask(7)
    assert book.counts(7) == []


def test_many_rows_are_read_in_the_order_asked_for(book: RunBook) -> None:
    run_id = book.create(NEW, (new_row(line) for line in range(1, 1201)))
    assert [row.what.line for row in book.rows(run_id)] == list(range(1, 1201))
    assert [row.what.line for row in book.rows(run_id, newest_first=True)] == list(range(1200, 0, -1))
    lane = held(book, of_lane(run_id))
    lane.take(done(taken(lane)))
    assert [row.what.line for row in book.rows(run_id, states=["done", "begun"])] == [1, 2]


def test_rows_are_counted_by_account_wave_state_and_outcome(book: RunBook) -> None:
    run_id = book.create(NEW, [new_row(1), new_row(2), new_row(3), new_row(4, wave=1), new_row(5, "gandi")])
    lane = held(book, of_lane(run_id))
    lane.take(done(taken(lane), outcome="failed"))
    counts = sorted(book.counts(run_id), key=str)
    assert counts == sorted(
        [
            Count(account="ovh", wave=0, state="done", outcome="failed", rows=1),
            Count(account="ovh", wave=0, state="begun", outcome=None, rows=1),
            Count(account="ovh", wave=0, state="todo", outcome=None, rows=1),
            Count(account="ovh", wave=1, state="todo", outcome=None, rows=1),
            Count(account="gandi", wave=0, state="todo", outcome=None, rows=1),
        ],
        key=str,
    )


ORDERS: list[tuple[list[RunState], RunState]] = [
    (["paused"], "paused"),
    (["paused", "running"], "running"),
    (["cancelled"], "cancelled"),
    (["paused", "cancelled", "running"], "cancelled"),
    (["cancelled", "ended"], "cancelled"),
    (["ended", "running"], "ended"),
    (["ended", "cancelled"], "ended"),
]


@pytest.mark.parametrize(("orders", "state"), ORDERS)
def test_a_run_goes_on_after_a_pause_and_never_after_its_end(
    book: RunBook, clock: HandClock, orders: list[RunState], state: RunState
) -> None:
    run_id = book.create(NEW, [new_row(1)])
    for order in orders:
        clock.sleep(1)
        last = book.order(run_id, order, f"because {order}")
    assert last == book.run(run_id)
    first = next(one for one in orders if one == state)
    assert (last.state, last.why) == (state, f"because {first}")
    assert (last.ended_at is not None) == (state in ("cancelled", "ended"))


def test_the_first_reason_of_a_pause_stays(book: RunBook) -> None:
    run_id = book.create(NEW, [])
    book.order(run_id, "paused", "12 failures")
    assert book.order(run_id, "paused", "again").why == "12 failures"


def test_of_a_cancelled_run_nothing_more_is_begun(book: RunBook, clock: HandClock) -> None:
    run_id = book.create(NEW, [new_row(line) for line in range(1, 5)])
    lane = held(book, of_lane(run_id))
    second = taken(lane, written(taken(lane), change_id=9))
    book.order(run_id, "cancelled", "by hand")
    assert [(row.state, row.outcome) for row in rows(book, run_id)] == [
        ("written", None),
        ("begun", None),
        ("done", "cancelled"),
        ("done", "cancelled"),
    ]
    assert lane.take(later(second, clock, 60)) is None
    assert [row.outcome for row in rows(book, run_id)] == [None, "cancelled", "cancelled", "cancelled"]
    book.hear(run_id, [done(rows(book, run_id)[0])])
    assert {row.state for row in rows(book, run_id)} == {"done"}


# --- what is begun next -------------------------------------------------------------------------------------------------
def test_rows_are_begun_in_their_order_each_once(book: RunBook, clock: HandClock) -> None:
    run_id = book.create(NEW, [new_row(3), new_row(1, lane=1), new_row(2), new_row(4, "gandi")])
    lane = held(book, of_lane(run_id))
    first = taken(lane)
    begun = RunRow(run_id=run_id, what=new_row(2), state="begun", epoch=1, attempts=1, begun_at=clock.now())
    assert replace(first, due_at=None) == begun
    second = taken(lane, done(first, change_id=5, told={"state": "authoritative"}))
    assert second.what.line == 3
    assert lane.take(done(second)) is None
    assert lane.take() is None
    ended = rows(book, run_id, states=["done"])[0]
    assert (ended.change_id, ended.told, ended.ended_at) == (5, {"state": "authoritative"}, clock.now())
    assert taken(held(book, of_lane(run_id, "ovh", 1))).what.line == 1
    assert taken(held(book, of_lane(run_id, "gandi"))).what.line == 4


def test_a_row_that_failed_waits_until_it_is_due(journal: SqlJournal, clock: HandClock) -> None:
    book = journal.run_book()
    run_id = book.create(NEW, [new_row(1), new_row(2)])
    lane = held(book, of_lane(run_id))
    second = taken(lane, later(taken(lane), clock, 300))
    assert second.what.line == 2
    assert lane.take(later(second, clock, 100)) is None
    assert about(book.next_due(run_id), clock, 100)
    pass_time(journal, clock, 100)
    again = taken(lane)
    assert (again.what.line, again.attempts, again.epoch) == (2, 2, 2)
    assert lane.take(done(again)) is None
    pass_time(journal, clock, 200)
    assert taken(lane).what.line == 1
    assert book.next_due(run_id) is None


def test_rows_of_later_waves_wait_until_their_wave_is_opened(book: RunBook, clock: HandClock) -> None:
    run_id = book.create(NEW, [new_row(1, wave=2), new_row(2, wave=1), new_row(3, wave=0)])
    lane = held(book, of_lane(run_id))
    canary = taken(lane)
    assert canary.what.line == 3
    assert lane.take(later(canary, clock, 600)) is None
    assert about(book.next_due(run_id), clock, 600)
    book.open_wave(run_id, 1)
    book.open_wave(run_id, 0)  # what is open stays open
    assert about(book.next_due(run_id), clock, 0)
    second = taken(lane)
    assert second.what.line == 2
    assert lane.take(done(second)) is None
    book.open_wave(run_id, 2)
    assert taken(lane).what.line == 1
    assert book.run(run_id).wave == 2


@pytest.mark.parametrize("order", ["paused", "cancelled", "ended"])
def test_nothing_is_begun_after_an_order_and_what_ended_is_still_told(book: RunBook, order: RunState) -> None:
    run_id = book.create(NEW, [new_row(1), new_row(2)])
    lane = held(book, of_lane(run_id))
    row = taken(lane)
    book.order(run_id, order)
    assert lane.take(done(row)) is None
    assert rows(book, run_id)[0].outcome == "authoritative"


@contextmanager
def steps(journal: SqlJournal) -> Iterator[list[None]]:
    """Tens of steps that SQLite takes (https://www.sqlite.org/c3ref/progress_handler.html): an effort that no clock measures."""
    seen: list[None] = []

    def watch(connection: sqlite3.Connection, *_: object) -> None:
        connection.set_progress_handler(lambda: seen.append(None), 10)

    journal._database.close()  # what it has at hand: each is fetched anew
    event.listen(journal._database._engine, "checkout", watch)
    yield seen
    event.remove(journal._database._engine, "checkout", watch)


def test_the_next_row_is_found_without_a_look_at_those_that_wait(tmp_path: Path, clock: HandClock) -> None:
    efforts = []
    for rows_waiting in (20, 20_000):
        with closing(open_journal(str(tmp_path / f"{rows_waiting}"), default=Path("/"), clock=clock)) as journal:
            book = journal.run_book()
            run_id = book.create(NEW, [new_row(number, wave=number % 2) for number in range(rows_waiting)])
            lane = held(book, of_lane(run_id))
            with steps(journal) as taken_steps:
                row = taken(lane)
                clock.sleep(-3600)  # nothing is due now
                assert lane.take(done(row)) is None
                assert book.next_due(run_id) is not None
                clock.sleep(3600)
            efforts.append(len(taken_steps))
    few, many = efforts
    assert many < 2 * few


# --- who may say how it ended -------------------------------------------------------------------------------------------
def test_what_a_watch_saw_ends_rows_and_keeps_what_was_told(book: RunBook, clock: HandClock) -> None:
    run_id = book.create(NEW, [new_row(1), new_row(2)])
    lane = held(book, of_lane(run_id))
    news = written(taken(lane), change_id=4, told={"state": "written", "sets": [["MX", None, {"ttl": 60, "values": ["3 a."]}]]})
    assert lane.take(news) is not None
    (waiting,) = book.written(run_id)
    assert (waiting.what.line, waiting.change_id, waiting.told, waiting.written_at) == (1, 4, {}, clock.now())
    clock.sleep(60)
    book.hear(run_id, [done(waiting, told={"state": "authoritative"}), replace(news, line=99)])
    first = rows(book, run_id)[0]
    assert (first.state, first.change_id, first.told["state"], first.told["sets"][0][0]) == ("done", 4, "authoritative", "MX")
    assert first.ended_at == clock.now()
    book.hear(run_id, [done(waiting, outcome="overdue")])
    assert rows(book, run_id)[0].outcome == "authoritative"
    assert book.written(run_id) == []


def test_news_of_an_epoch_that_is_over_are_left_out(book: RunBook) -> None:
    run_id = book.create(NEW, [new_row(1)])
    dead = held(book, of_lane(run_id))
    old = taken(dead)
    dead.release()
    new = taken(held(book, of_lane(run_id)))
    assert (new.what.line, new.epoch, new.attempts) == (1, 2, 2)
    book.hear(run_id, [done(old, outcome="failed")])
    assert rows(book, run_id)[0].state == "begun"
    book.hear(run_id, [done(new)])
    assert rows(book, run_id)[0].outcome == "authoritative"


def test_a_slice_that_is_over_tells_its_last_row_without_the_lane(book: RunBook, clock: HandClock) -> None:
    run_id = book.create(NEW, [new_row(1)])
    lane = held(book, of_lane(run_id))
    row = taken(lane)
    lane.release()
    book.hear(run_id, [later(row, clock, 5)])
    (found,) = rows(book, run_id)
    assert found.state == "todo"
    assert about(book.next_due(run_id), clock, 5)


# --- lanes --------------------------------------------------------------------------------------------------------------
def test_a_lane_has_one_holder_over_all_runs(book: RunBook) -> None:
    one, two = book.create(NEW, [new_row(1)]), book.create(NEW, [new_row(1)])
    mine = held(book, of_lane(one))
    assert book.lane(of_lane(one)) is None
    assert book.lane(of_lane(two)) is None
    assert book.lane(of_lane(two, "ovh", 1)) is not None
    assert book.lane(of_lane(two, "gandi")) is not None
    mine.release()
    mine.release()
    assert taken(held(book, of_lane(two))).run_id == two


def test_of_many_threads_one_gets_the_lane(book: RunBook) -> None:
    run_id = book.create(NEW, [new_row(1)])
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: book.lane(of_lane(run_id)), range(8)))
    assert sum(one is not None for one in got) == 1


def let_run_out(journal: SqlJournal) -> None:
    """The lease of every lane is over, by whichever clock it counts."""
    with journal._database.write() as connection:
        connection.execute(text("UPDATE lane SET expires_at = 1"))


def test_who_was_taken_over_is_told_and_writes_nothing(journal: SqlJournal, clock: HandClock) -> None:
    book = journal.run_book()
    run_id = book.create(NEW, [new_row(1), new_row(2)])
    slow = held(book, of_lane(run_id))
    old = taken(slow)
    let_run_out(journal)
    quick = held(book, of_lane(run_id))
    clock.sleep(1)
    with pytest.raises(LockLost, match="Lane 0 of ovh was taken over"):
        slow.take(done(old))
    with pytest.raises(LockLost):
        slow.renew()
    assert [row.state for row in rows(book, run_id)] == ["begun", "todo"]
    slow.release()
    new = taken(quick)
    assert (new.what.line, new.epoch, new.attempts) == (1, 2, 2)
    quick.renew()


def test_a_lease_counts_from_the_last_sign_of_life(tmp_path: Path, clock: HandClock) -> None:
    with closing(open_journal(str(tmp_path / "j.sqlite"), default=Path("/"), clock=clock)) as journal:
        book = journal.run_book(lease_s=20.0)
        run_id = book.create(NEW, [new_row(line) for line in range(9)])
        mine = held(book, of_lane(run_id))
        clock.sleep(19)
        row = taken(mine)
        clock.sleep(19)
        assert book.lane(of_lane(run_id)) is None
        mine.renew()
        clock.sleep(19)
        assert book.lane(of_lane(run_id)) is None
        clock.sleep(1)
        assert book.lane(of_lane(run_id)) is not None
        with pytest.raises(LockLost):
            mine.take(done(row))


def test_on_a_server_leases_and_due_times_count_by_its_clock_whatever_ours_say() -> None:
    with empty_place("postgresql", Path("/unused")) as place:
        off = HandClock()
        with closing(open_journal(place, default=Path("/"), clock=off)) as journal:
            book = journal.run_book(lease_s=60.0)
            run_id = book.create(NEW, [new_row(1)])
            mine = held(book, of_lane(run_id))
            for seconds in (3600, -7200):
                off.sleep(seconds)
                assert book.lane(of_lane(run_id)) is None
            taken(mine)


def test_a_lane_lost_is_lost_for_row_news_of_an_older_epoch_too(book: RunBook) -> None:
    run_id = book.create(NEW, [new_row(1)])
    lane = held(book, of_lane(run_id))
    row = taken(lane)
    with pytest.raises(LockLost):
        lane.take(replace(done(row), epoch=row.epoch - 1))
    assert rows(book, run_id)[0].state == "begun"


WORKER = """
import threading, time
from registrar_sync.core.run import Lane, RowNews
from registrar_sync.errors import LockLost
book = opened().run_book(lease_s={lease})
lane = None
while lane is None:
    lane = book.lane(Lane(run_id=1, account="ovh", number=0))
    time.sleep(0.01)
row = lane.take()
print(row.what.line, row.epoch, flush=True)
for _ in sys.stdin:
    try:
        row = lane.take(RowNews(line=row.what.line, epoch=row.epoch, state="done", outcome="authoritative"))
        print(row.what.line, row.epoch, flush=True)
    except LockLost:
        print("lost", flush=True)
"""


def worker(place: str, lease_s: float = 1e6) -> subprocess.Popen[str]:
    return child(WORKER.replace("{lease}", str(lease_s)), place)


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_a_killed_holders_lane_is_taken_over_at_once_and_its_row_comes_first(place: str) -> None:
    with closing(open_journal(place, default=Path("/"), clock=HandClock())) as journal:
        book = journal.run_book(lease_s=1e6)
        run_id = book.create(NEW, [new_row(line) for line in (1, 2, 3)])
        with worker(place) as process:
            assert line(process) == "1 1"
            go_on(process)
            assert line(process) == "2 1"
            assert book.lane(of_lane(run_id)) is None
            process.kill()
        lane = held(book, of_lane(run_id))
        left = taken(lane)
        assert (left.what.line, left.epoch, left.attempts) == (2, 2, 2)
        assert taken(lane, done(left)).what.line == 3
        assert [row.state for row in rows(book, run_id)] == ["done", "done", "begun"]


def test_a_holder_that_was_frozen_past_its_lease_finds_the_lane_lost(place: str) -> None:
    with closing(open_journal(place, default=Path("/"), clock=HandClock())) as journal:
        run_id = journal.run_book().create(NEW, [new_row(1), new_row(2)])
        with worker(place, 0.5) as frozen:
            assert line(frozen) == "1 1"
            frozen.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, frozen.pid, os.WSTOPPED | os.WNOWAIT)
            with worker(place, 0.5) as other:
                assert line(other) == "1 2"
                go_on(frozen)
                frozen.send_signal(signal.SIGCONT)
                assert line(frozen) == "lost"
                go_on(other)
                assert line(other) == "2 1"
                for process in (frozen, other):
                    process.kill()
        assert [row.state for row in journal.run_book().rows(run_id)] == ["done", "begun"]


def test_several_processes_work_through_a_lane_without_a_row_twice(place: str) -> None:
    script = """
        import time
        from registrar_sync.core.run import Lane, RowNews
        book = opened().run_book()
        print("ready", flush=True)
        input()
        while any(one.state == "todo" for one in book.counts(1)):
            lane = book.lane(Lane(run_id=1, account="ovh", number=0))
            if lane is None:
                continue
            row = lane.take()
            if row is not None:
                assert book.lane(Lane(run_id=1, account="ovh", number=0)) is None
                book.hear(1, [RowNews(line=row.what.line, epoch=row.epoch, state="done", outcome="authoritative")])
                print(row.what.line, flush=True)
            lane.release()
    """
    with closing(open_journal(place, default=Path("/"), clock=HandClock())) as journal:
        book = journal.run_book()
        run_id = book.create(NEW, [new_row(line) for line in range(30)])
        processes = [child(script, place) for _ in range(3)]
        for process in processes:
            assert line(process) == "ready"
        for process in processes:
            go_on(process)
        lines = [int(number) for process in processes for number in process.communicate(timeout=120)[0].split()]
        assert sorted(lines) == list(range(30))
        assert {(row.state, row.epoch, row.attempts) for row in book.rows(run_id)} == {("done", 1, 1)}


# --- whatever happens ---------------------------------------------------------------------------------------------------
STEPS = st.sampled_from(["take", "end", "write", "again", "die", "freeze", "hear", "stale", "wait", "open", "release"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=5, max_size=40))
def test_no_row_ends_twice_whatever_holders_do(tmp_path_factory: pytest.TempPathFactory, steps: list[str]) -> None:
    clock, folder = HandClock(), tmp_path_factory.mktemp("runs")
    with closing(open_journal(str(folder / "j.sqlite"), default=Path("/"), clock=clock)) as journal:
        book = journal.run_book(lease_s=20.0)
        run_id = book.create(NEW, [new_row(number, wave=number // 4) for number in range(6)])
        play = Play(book, run_id, clock)
        for step in steps:
            getattr(play, step)()
        ends = Counter(row.what.line for row in book.rows(run_id, states=["done"]))
        assert ends == play.ends
        assert all(count == 1 for count in ends.values())


class Play:
    """Holders of one lane that work, die, freeze and wake. ``ends``: what the book said of ends that it took."""

    def __init__(self, book: RunBook, run_id: int, clock: HandClock) -> None:
        self.book, self.run_id, self.clock = book, run_id, clock
        self.lane: LaneHeld | None = None
        self.row: RunRow | None = None
        self.gone: list[tuple[LaneHeld, RunRow | None]] = []
        self.ends: Counter[int] = Counter()

    def take(self, news: RowNews | None = None) -> None:
        self.lane = self.lane or self.book.lane(of_lane(self.run_id))
        assert self.lane is not None
        self.row = self.lane.take(news)
        if news is not None and news.state == "done":
            self.ends[news.line] += 1

    def end(self) -> None:
        self.take(done(self.row) if self.row else None)

    def write(self) -> None:
        self.take(written(self.row) if self.row else None)

    def again(self) -> None:
        self.take(later(self.row, self.clock, 30) if self.row else None)

    def release(self) -> None:
        if self.lane is not None:
            self.lane.release()
        self.die()

    def die(self) -> None:
        """Leaves everything as it is; whoever comes next has waited for the lease to run out."""
        if self.lane is not None:
            self.gone.append((self.lane, self.row))
        self.lane = self.row = None
        self.clock.sleep(20)

    freeze = die

    def stale(self) -> None:
        """A frozen holder wakes once somebody else has the lane, and is refused."""
        if self.lane is None or not self.gone:
            return
        old, row = self.gone.pop()
        with pytest.raises(LockLost):
            old.take(done(row) if row else None)
        if row is not None and self.row is not None and self.row.what.line == row.what.line:
            self.book.hear(self.run_id, [done(row)])

    def hear(self) -> None:
        seen = self.book.written(self.run_id)
        self.book.hear(self.run_id, [done(row) for row in (*seen, *seen)])
        self.ends.update(row.what.line for row in seen)

    def wait(self) -> None:
        self.clock.sleep(15)

    def open(self) -> None:
        self.book.open_wave(self.run_id, 1)


# --- without a journal, and with an older one ---------------------------------------------------------------------------
def test_no_journal_keeps_no_runs() -> None:
    with pytest.raises(JournalUnusable):
        NoJournal().run_book()


def make_older(place: str) -> None:
    """A journal of version 2, with a change in it."""
    with closing(open_journal(place, default=Path("/"), clock=HandClock())) as journal:
        journal.begin(journals.new_change(), journals.images())
        with journal._database.write() as connection:
            for table in ("run_row", "run", "lane", "account_pace"):
                connection.execute(text(f"DROP TABLE {table}"))
            connection.execute(text("UPDATE schema_version SET version = 2"))


def test_a_journal_of_version_2_gets_what_it_lacks_and_keeps_its_evidence(place: str) -> None:
    make_older(place)
    with closing(open_journal(place, default=Path("/"), clock=HandClock())) as journal:
        book = journal.run_book()
        assert [row.what.line for row in book.rows(book.create(NEW, [new_row(1)]))] == [1]
        assert [change.state for change in journal.changes()] == ["intended"]
        with pytest.raises(JournalUnusable, match="append-only"), journal._database.write() as connection:
            connection.execute(text("DELETE FROM change_event"))


def test_a_journal_of_version_2_that_cannot_be_written_now_is_read_as_it_is(tmp_path: Path) -> None:
    file = str(tmp_path / "journal.sqlite")
    make_older(file)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with closing(open_journal(file, default=Path("/"), clock=HandClock(), busy_timeout_s=0.1)) as journal:
            assert [change.state for change in journal.changes()] == ["intended"]
            with pytest.raises(JournalUnusable):
                journal.run_book()
            other.execute("ROLLBACK")
            assert journal.run_book().runs() == []
