"""Which lane is worked on next, and when: shared by the threads of one executor."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Iterable

from registrar_sync.core.run import Lane
from registrar_sync.ports import Clock


class Agenda:
    """Lanes in the order of the times from which they may be worked on; those with nothing to do sleep until they are woken."""

    def __init__(self, clock: Clock, lanes: Iterable[Lane]) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._heap: list[tuple[float, int, Lane]] = [(0.0, number, lane) for number, lane in enumerate(lanes)]
        heapq.heapify(self._heap)
        self._turn = len(self._heap)
        self._asleep: list[Lane] = []
        self._is_over = False

    def next(self) -> Lane | None:
        """The next lane, once its time has come; None: there will be no more."""
        with self._changed:
            while not self._is_over:
                left_s = self._heap[0][0] - self._clock.monotonic() if self._heap else None
                if left_s is not None and left_s <= 0:
                    return heapq.heappop(self._heap)[2]
                self._changed.wait(left_s)
            return None

    def put_back(self, lane: Lane, *, after_s: float | None) -> None:
        """Whoever had it is done with it for now; None: until it is woken."""
        with self._changed:
            if after_s is None:
                self._asleep.append(lane)
            else:
                self._push(lane, after_s)
            self._changed.notify()

    def wake(self) -> None:
        """There may be something to do for those that sleep."""
        with self._changed:
            for lane in self._asleep:
                self._push(lane, 0.0)
            self._asleep.clear()
            self._changed.notify_all()

    def end(self) -> None:
        """No more."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def _push(self, lane: Lane, after_s: float) -> None:
        self._turn += 1
        heapq.heappush(self._heap, (self._clock.monotonic() + after_s, self._turn, lane))
