"""What a sweep finds to be done, by the journal alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from registrar_sync.bulk.judge import judge, pause_given_up
from registrar_sync.core.run import Brakes, Lane, NewRow, NewRun, Outcome, RowNews, RunBook
from registrar_sync.journal import open_journal
from registrar_sync.worker.jobs import Slot, lanes_queue, watch_key
from registrar_sync.worker.sweep import Sweep
from tests.unit.journals import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def book(tmp_path: Path, clock: HandClock) -> Iterator[RunBook]:
    with closing(open_journal(str(tmp_path / "journal.sqlite"), default=tmp_path, clock=clock)) as journal:
        yield journal.run_book()


def keep(book: RunBook, *accounts: str, lanes: int = 2, waves: tuple[int, ...] = (), brakes: Brakes | None = None) -> int:
    """A run with a row for each account named."""
    rows = [
        NewRow(
            line=line,
            domain=f"d{line}.example.",
            typed=f"d{line}.example",
            account=account,
            lane=line % lanes,
            wave=waves[line] if waves else 0,
        )
        for line, account in enumerate(accounts)
    ]
    new = NewRun(command="enroll", roster="r", options={}, lanes=dict.fromkeys(accounts, lanes), brakes=brakes or Brakes())
    return book.create(new, rows)


def do(book: RunBook, run_id: int, account: str, number: int, outcome: Outcome | None = None) -> None:
    """Begin a lane's next row, and end it unless ``outcome`` is None."""
    lane = book.lane(Lane(run_id=run_id, account=account, number=number))
    assert lane is not None
    row = lane.take()
    assert row is not None
    if outcome is not None:
        lane.take(RowNews(line=row.what.line, epoch=row.epoch, state="done", outcome=outcome))
    lane.release()


def looked(book: RunBook, clock: HandClock, cap: int = 4) -> tuple[list[str], list[int]]:
    todo = Sweep(book, lambda account: cap, clock.now).look()
    return sorted(slot.key for slot in todo.slots), todo.watches


def test_every_slot_of_an_account_with_work_is_wanted(book: RunBook, clock: HandClock) -> None:
    keep(book, "a", "a", "b")
    assert looked(book, clock) == (["lane/a/0", "lane/a/1", "lane/b/0", "lane/b/1"], [])


def test_an_account_may_have_no_more_under_way_than_it_may_today(book: RunBook, clock: HandClock) -> None:
    keep(book, "a", lanes=4)
    assert looked(book, clock, cap=2)[0] == ["lane/a/0", "lane/a/1"]
    assert looked(book, clock, cap=0)[0] == []


@pytest.mark.parametrize("state", ["paused", "cancelled", "ended"])
def test_a_run_that_does_not_go_on_wants_nothing(book: RunBook, clock: HandClock, state: str) -> None:
    run_id = keep(book, "a")
    book.order(run_id, state)  # type: ignore[arg-type]
    assert looked(book, clock) == ([], [])


def test_an_account_whose_rows_are_done_wants_nothing(book: RunBook, clock: HandClock) -> None:
    run_id = keep(book, "a", "b")
    do(book, run_id, "a", 0, "authoritative")
    assert looked(book, clock)[0] == ["lane/b/0", "lane/b/1"]


def test_what_somebody_left_begun_is_wanted(book: RunBook, clock: HandClock) -> None:
    run_id = keep(book, "a")
    do(book, run_id, "a", 0)
    assert looked(book, clock)[0] == ["lane/a/0", "lane/a/1"]


def test_what_is_due_later_is_wanted_later(book: RunBook, clock: HandClock) -> None:
    run_id = keep(book, "a")
    lane = book.lane(Lane(run_id=run_id, account="a", number=0))
    assert lane is not None
    row = lane.take()
    assert row is not None
    lane.take(RowNews(line=0, epoch=row.epoch, state="todo", due_at=clock.at + timedelta(seconds=30)))
    lane.release()
    assert looked(book, clock)[0] == []
    clock.at += timedelta(seconds=31)
    assert looked(book, clock)[0] == ["lane/a/0", "lane/a/1"]


@pytest.mark.parametrize("state", ["running", "paused", "cancelled"])
def test_what_is_written_is_watched_whatever_became_of_the_run(book: RunBook, clock: HandClock, state: str) -> None:
    run_id = keep(book, "a")
    lane = book.lane(Lane(run_id=run_id, account="a", number=0))
    assert lane is not None
    row = lane.take()
    assert row is not None
    lane.take(RowNews(line=0, epoch=row.epoch, state="written", change_id=1))
    lane.release()
    book.order(run_id, state)  # type: ignore[arg-type]
    assert looked(book, clock) == ([], [run_id])


def test_a_run_whose_rows_are_all_done_ends(book: RunBook, clock: HandClock) -> None:
    run_id = keep(book, "a")
    do(book, run_id, "a", 0, "held-back")
    assert looked(book, clock) == ([], [])
    assert book.run(run_id).state == "ended"


def test_a_wave_is_opened_once_the_one_before_is_done(book: RunBook, clock: HandClock) -> None:
    run_id = keep(book, "a", "b", waves=(0, 1), brakes=Brakes(canary=1))
    assert looked(book, clock)[0] == ["lane/a/0", "lane/a/1"]
    do(book, run_id, "a", 0, "authoritative")
    assert looked(book, clock)[0] == ["lane/b/0", "lane/b/1"]
    assert book.run(run_id).wave == 1


def test_the_brake_is_pulled_and_says_why(book: RunBook, clock: HandClock) -> None:
    run_id = keep(book, "a", "b", brakes=Brakes(max_failures=0))
    do(book, run_id, "a", 0, "failed")
    assert looked(book, clock) == ([], [])
    run = book.run(run_id)
    assert (run.state, run.why) == ("paused", "1 failures, more than the 0 that are let pass")


def test_two_that_judge_at_once_come_to_the_same(book: RunBook) -> None:
    run_id = keep(book, "a", "b", waves=(0, 1))
    do(book, run_id, "a", 0, "authoritative")
    run, counts = book.run(run_id), book.counts(run_id)
    assert judge(book, run, counts) == judge(book, run, counts)
    assert book.run(run_id).wave == 1


def test_a_run_is_paused_when_only_accounts_are_left_that_are_not_asked_any_more(book: RunBook) -> None:
    run_id = keep(book, "a", "b")
    pause_given_up(book, book.run(run_id), {"a": "The key was refused."})
    assert book.run(run_id).state == "running"
    do(book, run_id, "b", 1, "authoritative")
    pause_given_up(book, book.run(run_id), {"a": "The key was refused."})
    assert book.run(run_id).why == "only accounts that were given up are left (a): The key was refused."


def test_one_job_for_each_slot_over_all_runs(book: RunBook, clock: HandClock) -> None:
    keep(book, "a")
    keep(book, "a")
    assert looked(book, clock)[0] == [Slot("a", 0).key, Slot("a", 1).key]


@pytest.mark.parametrize("state", ["paused", "cancelled"])
def test_what_was_left_begun_in_a_run_that_does_not_go_on_is_looked_after(book: RunBook, clock: HandClock, state: str) -> None:
    run_id = keep(book, "a", "b")
    do(book, run_id, "a", 0)
    book.order(run_id, state)  # type: ignore[arg-type]
    todo = Sweep(book, lambda account: 4, clock.now).look()
    assert (list(todo.slots), todo.left) == ([], [run_id])


def test_a_watch_that_rests_is_left_in_peace_unless_more_is_written(book: RunBook, clock: HandClock) -> None:
    run_id = keep(book, "a", "a")
    lane = book.lane(Lane(run_id=run_id, account="a", number=0))
    assert lane is not None
    row = lane.take()
    assert row is not None
    lane.take(RowNews(line=row.what.line, epoch=row.epoch, state="written", change_id=1))
    lane.release()
    sweep = Sweep(book, lambda account: 4, clock.now)
    resting = {watch_key(run_id)}
    awake = sweep.look(resting)
    assert (awake.watches, awake.awake) == ([run_id], {run_id})
    do(book, run_id, "a", 1, "held-back")
    asleep = sweep.look(resting)
    assert (asleep.watches, asleep.awake) == ([run_id], set())
    assert sweep.look(resting).watches == []
    assert sweep.look().watches == [run_id]


def test_each_account_has_a_queue_that_postgresql_can_name() -> None:
    assert lanes_queue("ovh") == "lanes/ovh"
    odd = ["a" * 300, "a" * 299, "\u00fc" * 20, "with\nbreak", "ovh"]
    assert len({lanes_queue(name) for name in odd}) == len(odd)
    assert all(len(f"procrastinate_queue_v1#{lanes_queue(name)}".encode()) < 64 for name in odd)
