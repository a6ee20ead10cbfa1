"""A run on one machine: threads that work on lanes, one loop that watches, and a judge that opens waves and pulls brakes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from queue import Empty, SimpleQueue

from registrar_sync.bulk.agenda import Agenda
from registrar_sync.bulk.drain import Left, drain
from registrar_sync.bulk.fence import Fence
from registrar_sync.bulk.judge import judge, pause_given_up
from registrar_sync.bulk.stage import LaneWork, Stage
from registrar_sync.bulk.tally import Moved, Tally
from registrar_sync.bulk.watching import RunWatch
from registrar_sync.core.run import FAILURES, Lane, Run

MOST_THREADS = 64
"""However many accounts a run has: each thread waits for a provider most of the time."""

_SLICE_S = 10.0  # where there are more lanes than threads, they take turns
_PULSE_S = 0.25
_BEAT_S = 0.05  # rows that move are heard of together: to wake for each would cost more than it does to hear of it
_LOOK_S, _COUNT_S = 1.0, 5.0  # between two looks at what others have made of the run
_HELD_S = 2.0
_PAUSES_S: dict[Left, float] = {"more": 0.0, "held": _HELD_S, "lost": _HELD_S, "told-to-wait": _HELD_S}  # the others sleep


class Executor:
    """Works through the ``lanes`` of one run; without any it only watches what others write. ``watch_of``: makes the watch, told
    of each row that ended. ``fence``: keeps the lanes that are held."""

    def __init__(
        self,
        stage: Stage,
        watch_of: Callable[[Callable[[Moved], None]], RunWatch],
        lanes: Sequence[Lane],
        fence: Fence,
        *,
        threads: int = MOST_THREADS,
    ) -> None:
        self._stage = replace(stage, book=fence.around(stage.book), moved=self._moved)
        self._fence = fence
        self._events: SimpleQueue[Moved] = SimpleQueue()
        self._bad_news = threading.Event()
        self._watch = watch_of(self._put)
        self._recount()
        self._agenda = Agenda(stage.clock, lanes)
        self._works: dict[Lane, LaneWork] = {}
        self._threads = [
            threading.Thread(target=self._work, name=f"lane-{i}", daemon=True) for i in range(min(threads, len(lanes)))
        ]
        self._works_itself = bool(lanes)
        self._failed: list[Exception] = []
        self._next_look = self._next_count = self._next_flush = 0.0

    @property
    def run(self) -> Run:
        """The run as last seen."""
        return self._stage.run

    def stop(self) -> None:
        """Begin no more rows. From any thread, or a signal's handler."""
        self._stage.stopping.set()

    def work(self) -> Generator[Moved, None, None]:
        """Each row as it moves, in the caller's thread, until nothing more can be done here: the run has ended, is paused or
        cancelled, only accounts that were given up are left, or ``stop``. What is under way is ended first.

        Raises ``JournalUnusable``: what was begun is recovered by ``bulk resume``.
        """
        self._fence.start()
        self._watch.start()
        self._watch.take_up()
        for thread in self._threads:
            thread.start()
        try:
            while not self._is_over():
                yield from self._hear(_PULSE_S)
        finally:
            self._stage.stopping.set()
            self._agenda.end()
        yield from self._wind_up()

    # --- in a thread each ---------------------------------------------------------------------------------------------
    def _work(self) -> None:
        while (lane := self._agenda.next()) is not None:
            left: Left = "lost"
            try:
                left = self._drain(lane)
            except Exception as error:  # noqa: BLE001 - told by the caller's thread, in its turn
                self._failed.append(error)
                self._stage.stopping.set()
            finally:
                self._agenda.put_back(lane, after_s=_PAUSES_S.get(left))

    def _drain(self, lane: Lane) -> Left:
        work = self._works.get(lane)
        if work is None:
            work = self._works[lane] = LaneWork(self._stage, self._stage.account(lane.account), lambda: self._fence.check(lane))
        return drain(self._stage, lane, work, until=self._stage.clock.monotonic() + _SLICE_S)

    def _moved(self, moved: Moved) -> None:
        if moved.news.state == "written":
            assert moved.news.change_id is not None
            self._watch.add(moved.watched, moved.news.change_id, fresh=True)
        self._put(moved)

    def _put(self, moved: Moved) -> None:
        self._events.put(moved)
        if moved.news.outcome in FAILURES:
            self._bad_news.set()  # the brakes hear of it at once

    # --- in the caller's thread ---------------------------------------------------------------------------------------
    def _hear(self, patience_s: float) -> Generator[Moved, None, None]:
        if (now := self._stage.clock.monotonic()) >= self._next_flush:
            self._next_flush = now + _PULSE_S
            self._watch.flush()
        while True:
            try:
                moved = self._events.get(timeout=patience_s)
            except Empty:
                return
            if patience_s:
                self._bad_news.wait(_BEAT_S)
                self._bad_news.clear()
            patience_s = 0.0
            self.tally.move(moved)
            yield moved

    def _is_over(self) -> bool:
        if self._failed or self._watch.failed is not None or self._stage.stopping.is_set():
            return True
        self._look_now_and_then()
        if not self._works_itself:
            return not self.tally.left("written") and (self.run.state != "running" or not self.tally.left())
        if self.run.state == "running" and self._is_to_be_judged():
            self._judge()
        return self.run.state != "running"

    def _look_now_and_then(self) -> None:
        """At what others make of the run, and at what has come due."""
        now = self._stage.clock.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + _LOOK_S
        self._stage.run = self._stage.book.run(self.run.id)
        due = self._stage.book.next_due(self.run.id) if self._works_itself else None
        if due is not None and due <= self._stage.clock.now():
            self._agenda.wake()
        if now >= self._next_count:
            self._next_count = now + _COUNT_S
            self._recount()
            if not self._works_itself:
                self._watch.take_up()

    def _recount(self) -> None:
        """Others may work on the run, too."""
        self.tally = Tally(self._stage.book.counts(self.run.id))

    def _is_to_be_judged(self) -> bool:
        """By our tally, which may be a little behind, or have heard of a row twice: the journal's counts decide."""
        tally, run = self.tally, self.run
        return bool(
            tally.brake(run) or tally.left() <= 0 or tally.next_wave(run.wave) is not None or self._only_given_up_is_left()
        )

    def _judge(self) -> None:
        self._watch.flush()
        self._recount()
        wave = self.run.wave
        self._stage.run = judge(self._stage.book, self.run, list(self.tally.counts()))
        if self.run.wave != wave:
            self._agenda.wake()
        if self.run.state == "running" and self._only_given_up_is_left():
            self._stage.run = pause_given_up(self._stage.book, self.run, self._stage.given_up())

    def _only_given_up_is_left(self) -> bool:
        left = {one.account for one in self.tally.counts() if one.state != "done"}
        return bool(left) and left <= self._stage.given_up().keys()

    def _wind_up(self) -> Generator[Moved, None, None]:
        """End what is under way, and leave the rest to whoever goes on."""
        for thread in self._threads:
            while thread.is_alive():
                thread.join(_PULSE_S)
                yield from self._hear(0.0)
        for work in self._works.values():
            work.close()
        self._fence.stop()
        self._watch.stop()
        yield from self._hear(0.0)
        failures = [*self._failed, *([self._watch.failed] if self._watch.failed else [])]
        if failures:
            raise failures[0]
