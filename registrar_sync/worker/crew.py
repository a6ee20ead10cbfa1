"""The work itself, as one machine does it: a worker only says which lane, and for how long."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from registrar_sync.bulk.drain import Left, drain
from registrar_sync.bulk.fence import Fence
from registrar_sync.bulk.judge import judge, pause_given_up
from registrar_sync.bulk.stage import LaneWork, Stage
from registrar_sync.bulk.tally import Moved
from registrar_sync.core.run import FAILURES, Lane, Run, RunBook
from registrar_sync.errors import CredentialsMissing, RegistrarSyncError
from registrar_sync.worker.jobs import Slot
from registrar_sync.worker.leavings import Leavings
from registrar_sync.worker.pause import ToldToStop
from registrar_sync.worker.sweep import CapOf
from registrar_sync.worker.watch import Again, Watches, WatchOf

_log = logging.getLogger(__name__)

Next = Literal["again", "look", "rest"]
"""After a turn: the slot has more to do; somebody is to look what is to be done now; or nothing."""


@dataclass(slots=True, kw_only=True)
class Crew:
    """This process's part in all runs. ``stage_of``: what a run's lanes stand on here; ``hear``: told of each row that moves;
    ``end_waits``: called when nothing is to be waited for any more; ``without``: the accounts that cannot be worked on here, and
    why: their lanes are left to other workers."""

    book: RunBook
    fence: Fence
    stage_of: Callable[[Run], Stage]
    watch_of: WatchOf
    cap: CapOf
    monotonic: Callable[[], float]
    hear: Callable[[Moved], None] = lambda moved: None
    end_waits: Callable[[], None] = lambda: None
    without: dict[str, str] = field(default_factory=dict)
    _stages: dict[int, Stage] = field(default_factory=dict, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _stopping: threading.Event = field(default_factory=threading.Event, init=False)
    _watches: Watches = field(init=False)
    _leavings: Leavings = field(init=False)

    def __post_init__(self) -> None:
        self._watches = Watches(watch_of=self.watch_of, monotonic=self.monotonic, stopping=self._stopping)
        self._leavings = Leavings(fence=self.fence, monotonic=self.monotonic, stopping=self._stopping)

    def turn(self, slot: Slot, turn_s: float) -> Next:
        """Work on the slot's lanes, of every run that goes on, for so long in all.

        Where an account may have fewer domains under way today than when a run began, the lanes beyond share the slots.
        Raises ``JournalUnusable``.
        """
        lanes = self._lanes(slot)
        share_s = turn_s / max(1, len(lanes))
        left = {lane: self._drain(run, lane, share_s) for run, lane in lanes if not self._stopping.is_set()}
        if "more" in left.values():
            return "again"
        return "look" if any(self._has_changed(run) for run, lane in lanes if left.get(lane) == "empty") else "rest"

    def watch(self, run_id: int) -> Again:
        """Watch what the run has written, for a turn; in how many seconds again. Raises ``JournalUnusable``."""
        return self._watches.watch(self._stage(self.book.run(run_id)))

    def end_left(self, run_id: int) -> None:
        """Bring to an end what somebody who died left begun in a run that does not go on. Raises ``JournalUnusable``."""
        run = self.book.run(run_id)
        if run.state in ("paused", "cancelled"):
            self._leavings.end(self._stage(run), is_ours=lambda account: self.cap(account) > 0 and account not in self.without)

    def stop(self) -> None:
        """Begin nothing any more."""
        self._stopping.set()
        self.end_waits()
        with self._lock:
            for stage in self._stages.values():
                stage.stopping.set()

    # --- lanes --------------------------------------------------------------------------------------------------------
    def _lanes(self, slot: Slot) -> list[tuple[Run, Lane]]:
        cap = self.cap(slot.account)
        if slot.number >= cap or slot.account in self.without:
            return []
        runs = self.book.runs("running")
        self._forget_all_but({run.id for run in runs})
        return [
            (run, Lane(run_id=run.id, account=slot.account, number=number))
            for run in reversed(runs)
            for number in range(slot.number, run.what.lanes.get(slot.account, 0), cap)
        ]

    def _drain(self, run: Run, lane: Lane, share_s: float) -> Left:
        stage = self._stage(run)
        work = LaneWork(stage, stage.account(lane.account), lambda: self.fence.check(lane))
        left: Left = "more"
        try:
            left = drain(stage, lane, work, until=self.monotonic() + share_s)
        except ToldToStop:
            _log.info("Run %d, lane %d of %s: left in the middle of a long wait.", run.id, lane.number, lane.account)
        finally:
            work.close()
        _log.debug("run %d, lane %d of %s: %s", run.id, lane.number, lane.account, left)
        if left == "given-up":
            self._give_up(run, stage, lane.account)
        return left

    def _give_up(self, run: Run, stage: Stage, account: str) -> None:
        """Credentials that are missing are missing here; those that are refused are nowhere of use."""
        why = stage.account(account).given_up
        if isinstance(why, CredentialsMissing):
            self.leave(account, why)
            return
        pause_given_up(self.book, run, {name: told for name, told in stage.given_up().items() if name not in self.without})

    def leave(self, account: str, why: RegistrarSyncError) -> None:
        """This account cannot be worked on here, until the worker is started anew."""
        if account not in self.without:
            self.without[account] = why.message
            _log.warning("Account %s is left to other workers: %s", account, " ".join(why.message.split()))

    # --- runs ---------------------------------------------------------------------------------------------------------
    def _has_changed(self, run: Run) -> bool:
        """Whether the run's next wave was opened, or it ended."""
        now = self.book.run(run.id)
        return now.state == "running" and judge(self.book, now, self.book.counts(run.id)) != now

    def _stage(self, run: Run) -> Stage:
        """One for each run; one that was stopped, as by a journal that could not be reached, is not used again."""
        with self._lock:
            stage = self._stages.get(run.id)
            if stage is None or (stage.stopping.is_set() and not self._stopping.is_set()):
                made = self.stage_of(run)
                book = self.fence.around(self.book)
                stage = self._stages[run.id] = replace(made, book=book, moved=lambda moved: self._moved(run.id, moved))
            return stage

    def _moved(self, run_id: int, moved: Moved) -> None:
        """A failure may be the one too many: nobody waits for the next look then."""
        self.hear(moved)
        if moved.news.outcome in FAILURES:
            run = self.book.run(run_id)
            if run.state == "running":
                judge(self.book, run, self.book.counts(run_id))

    def _forget_all_but(self, run_ids: set[int]) -> None:
        """A run that goes on again begins anew with accounts that were given up."""
        with self._lock:
            for run_id in self._stages.keys() - run_ids:
                del self._stages[run_id]
