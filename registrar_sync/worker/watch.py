"""The watch over what a run has written, wherever it was written: one worker at a time has it, and none while it only waits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from registrar_sync.bulk.stage import Stage
from registrar_sync.bulk.tally import Moved
from registrar_sync.bulk.watching import RunWatch

WATCHES_AT_A_TIME = 32
"""Runs that one worker looks at: a thread each. Others wait for their turn, or for their next look."""

LONGEST_REST_S = 1800.0
"""A watch that only waits is looked after so often all the same: what others did to its domains is heard then."""

_LOOK_S = 2.0  # between two looks at what the lanes have written meanwhile
_REST_S = 30.0  # a shorter pause is waited out: to begin a watch anew reads each of its changes
_QUIET_LOOKS = 3  # by then the loop has read whatever was added
_TURN_S = 60.0  # where more runs are to be watched than there are threads for

WatchOf = Callable[[Stage, Callable[[Moved], None]], RunWatch]
"""Makes the watch of a run, told of each row that ended."""

Again = float | None
"""After a turn: in so many seconds the run is to be watched again; None: no row of it stands as written."""


@dataclass(slots=True, kw_only=True)
class Watches:
    """The watches that this process has. ``stopping``: they end as soon as it is set, and the journal has their due times."""

    watch_of: WatchOf
    monotonic: Callable[[], float]
    stopping: threading.Event
    _under_way: int = field(default=0, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def watch(self, stage: Stage) -> Again:
        """Watch for a turn: until nothing is left, or all only waits and nothing more is written. Raises ``JournalUnusable``."""
        watch = self.watch_of(stage, stage.moved)
        self._count(1)
        watch.start()
        try:
            again = self._feed(stage, watch)
        finally:
            self._count(-1)
            watch.stop()
        if watch.failed is not None:
            raise watch.failed
        return again

    def _feed(self, stage: Stage, watch: RunWatch) -> Again:
        turn_ends, quiet_looks = self.monotonic() + _TURN_S, 0
        while watch.failed is None and not self.stopping.is_set():
            watch.flush()
            if not watch.take_up():
                return None
            rest_s = watch.rests_s()
            quiet_looks = quiet_looks + 1 if rest_s > _REST_S and _is_written(stage) else 0
            if quiet_looks >= _QUIET_LOOKS:
                return min(rest_s, LONGEST_REST_S)
            if self._under_way >= WATCHES_AT_A_TIME and self.monotonic() >= turn_ends:
                return 0.0
            self.stopping.wait(_LOOK_S)
        return None

    def _count(self, more: int) -> None:
        with self._lock:
            self._under_way += more


def _is_written(stage: Stage) -> bool:
    """Whether nothing is written any more as the run stands: a watch that rests would not hear of it."""
    run = stage.book.run(stage.run.id)
    counts = stage.book.counts(run.id)
    begins = run.state == "running" and any(one.state == "todo" and one.wave <= run.wave for one in counts)
    return not begins and not any(one.state == "begun" for one in counts)
