"""The lanes that a worker holds: asked after before a call, kept while it lives, and lost for good once they are lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import pytest

from registrar_sync.bulk.fence import Fence, Guarded
from registrar_sync.core.run import Lane, RowNews, RunBook, RunRow
from registrar_sync.errors import JournalUnusable, LockLost

LANE = Lane(run_id=1, account="ovh", number=2)


@dataclass
class Held:
    """A lane that counts how often its lease was renewed, and is lost or out of reach when told."""

    error: Exception | None = None
    renewed: int = 0
    taken: list[RowNews | None] = field(default_factory=list)
    released: bool = False

    def take(self, news: RowNews | None = None) -> RunRow | None:
        self._fail()
        self.taken.append(news)
        return None

    def renew(self) -> None:
        self._fail()
        self.renewed += 1

    def release(self) -> None:
        self.released = True

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error


@dataclass
class Book:
    held: Held | None

    def lane(self, lane: Lane) -> Held | None:
        return self.held

    def next_due(self, run_id: int) -> str:
        return f"of {run_id}"


@dataclass
class Hands:
    at: float = 100.0

    def __call__(self) -> float:
        return self.at


def guarded(held: Held, clock: Callable[[], float]) -> Guarded:
    return Guarded(LANE, held, lambda one: None, clock)


def test_what_the_journal_said_less_than_a_second_ago_is_not_asked_again() -> None:
    held, clock = Held(), Hands()
    lane = guarded(held, clock)
    clock.at += 0.9
    lane.check()
    assert held.renewed == 0
    clock.at += 0.2
    lane.check()
    lane.check()
    assert held.renewed == 1


def test_a_process_that_was_frozen_asks_before_its_next_call() -> None:
    held, clock = Held(), Hands()
    lane = guarded(held, clock)
    clock.at += 60
    held.error = LockLost("taken over")
    with pytest.raises(LockLost):
        lane.check()


def test_a_lane_that_was_lost_stays_lost() -> None:
    held, clock = Held(error=LockLost("taken over")), Hands()
    lane = guarded(held, clock)
    with pytest.raises(LockLost):
        lane.take(None)
    held.error = None
    with pytest.raises(LockLost):
        lane.check()
    lane.keep()
    assert held.renewed == 0


def test_an_answer_that_was_long_on_its_way_counts_from_the_question() -> None:
    held, clock = Held(), Hands()
    lane = guarded(held, clock)
    clock.at += 5

    def slow() -> None:
        clock.at += 5
        held.renewed += 1

    held.renew = slow  # type: ignore[method-assign]
    lane.check()
    lane.check()
    assert held.renewed == 2


def test_no_call_is_made_while_the_journal_cannot_be_asked() -> None:
    held, clock = Held(error=JournalUnusable("out of reach")), Hands()
    lane = guarded(held, clock)
    clock.at += 2
    with pytest.raises(JournalUnusable):
        lane.check()
    held.error = None
    lane.check()
    assert held.renewed == 1


def test_a_lane_whose_holder_waits_is_kept() -> None:
    held, fence = Held(), Fence(lease_s=0.04)
    fence.start()
    book = fence.around(cast(RunBook, Book(held)))
    lane = book.lane(LANE)
    assert lane is not None
    assert fence.lanes == 1
    deadline = time.monotonic() + 60
    while held.renewed < 3:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    lane.release()
    assert (fence.lanes, held.released) == (0, True)
    fence.stop()


def test_the_keeper_does_not_wait_for_a_holder_who_is_asking() -> None:
    held = Held()
    lane = guarded(held, Hands())
    asking, answered = threading.Event(), threading.Event()

    def slow() -> None:
        asking.set()
        answered.wait(60)

    held.take = lambda news=None: slow()  # type: ignore[method-assign]
    thread = threading.Thread(target=lane.take)
    thread.start()
    assert asking.wait(60)
    lane.keep()
    assert held.renewed == 0
    answered.set()
    thread.join()


def test_a_lane_that_is_not_held_makes_no_call() -> None:
    fence = Fence(lease_s=20)
    with pytest.raises(LockLost):
        fence.check(LANE)
    assert fence.around(cast(RunBook, Book(None))).lane(LANE) is None
    assert str(fence.around(cast(RunBook, Book(None))).next_due(7)) == "of 7"


def test_a_lane_released_late_takes_nothing_from_its_next_holder() -> None:
    fence = Fence(lease_s=20)
    first = fence.guard(LANE, Held())
    second = fence.guard(LANE, Held())
    first.release()
    fence.check(LANE)
    second.release()
    with pytest.raises(LockLost):
        fence.check(LANE)


def test_a_lane_that_was_given_back_is_not_taken_for_a_lost_one(caplog: pytest.LogCaptureFixture) -> None:
    held = Held()
    lane = guarded(held, Hands())
    lane.release()
    held.error = LockLost("nobody holds it")
    lane.keep()
    assert held.released
    assert not caplog.records
