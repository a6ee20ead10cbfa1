"""When a run's watch ends its turn: nothing is left, all only waits, or others wait for a place."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from registrar_sync.bulk.stage import Stage
from registrar_sync.core.run import Count, RowState, Run
from registrar_sync.errors import JournalUnusable
from registrar_sync.worker import watch as module
from registrar_sync.worker.watch import LONGEST_REST_S, Watches


@dataclass
class Watch:
    """A watch whose rows wait for so long each time it is looked at; then nothing is left of them."""

    rests: list[float]
    failed: Exception | None = None
    stopped: bool = False

    def start(self) -> None: ...

    def flush(self) -> None: ...

    def stop(self) -> None:
        self.stopped = True

    def take_up(self) -> bool:
        return bool(self.rests)

    def rests_s(self) -> float:
        return self.rests.pop(0)


@dataclass
class Book:
    state: str = "running"
    rows: dict[RowState, int] = field(default_factory=lambda: {"written": 2})

    def run(self, run_id: int) -> Run:
        return cast(Run, Stood(self.state))

    def counts(self, run_id: int) -> list[Count]:
        return [Count(account="a", wave=0, state=state, outcome=None, rows=rows) for state, rows in self.rows.items()]


@dataclass
class Stood:
    state: str
    id: int = 1
    wave: int = 0


@dataclass
class Place:
    book: Book
    run: Stood = field(default_factory=lambda: Stood("running"))
    moved: Callable[[Any], None] = lambda moved: None


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOOK_S", 0.0)


def watched(watch: Watch, book: Book | None = None, *, at: Callable[[], float] = lambda: 0.0) -> float | None:
    watches = Watches(watch_of=lambda stage, moved: cast(Any, watch), monotonic=at, stopping=threading.Event())
    again = watches.watch(cast(Stage, Place(book or Book())))
    assert watch.stopped
    return again


def test_it_ends_when_nothing_is_left() -> None:
    assert watched(Watch([0.0, 0.2])) is None


def test_it_rests_until_something_is_due_and_not_for_ever() -> None:
    assert watched(Watch([100.0] * 9)) == 100.0
    assert watched(Watch([21600.0] * 9)) == LONGEST_REST_S


def test_a_short_pause_is_waited_out() -> None:
    assert watched(Watch([5.0] * 9)) is None


@pytest.mark.parametrize("state", ["todo", "begun"])
def test_it_does_not_rest_while_more_may_be_written(state: RowState) -> None:
    assert watched(Watch([100.0] * 9), Book(rows={"written": 1, state: 1})) is None


def test_a_paused_run_writes_nothing_more() -> None:
    assert watched(Watch([100.0] * 9), Book(state="paused", rows={"written": 1, "todo": 1})) == 100.0


def test_where_others_wait_for_a_place_it_has_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WATCHES_AT_A_TIME", 1)
    times = iter([0.0, 30.0, 61.0])
    assert watched(Watch([0.0] * 9), at=lambda: next(times)) == 0.0


def test_what_ended_it_is_raised() -> None:
    with pytest.raises(JournalUnusable):
        watched(Watch([0.0], failed=JournalUnusable("gone")))
