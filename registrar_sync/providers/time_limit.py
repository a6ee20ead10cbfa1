"""Time limits of exchanges, kept by one thread for the whole process: a thread for each call costs more than the call itself."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable


class _Limit:
    """One exchange's, for as long as it is entered."""

    __slots__ = ("_limit_s", "_limits", "cut", "ends")

    def __init__(self, limits: TimeLimits, limit_s: float, cut: Callable[[], object]) -> None:
        self._limits = limits
        self._limit_s = limit_s
        self.ends = math.inf
        self.cut = cut

    def __enter__(self) -> None:
        self.ends = time.monotonic() + self._limit_s
        self._limits.add(self)

    def __exit__(self, *error: object) -> None:
        self._limits.drop(self)


class TimeLimits:
    """Its thread is a daemon, begun with the first limit. Safe from many threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open: set[_Limit] = set()
        self._wakes_at = math.inf
        self._thread: threading.Thread | None = None

    def within(self, limit_s: float, cut: Callable[[], object]) -> _Limit:
        """Call ``cut``, from another thread, where what is done inside takes longer than ``limit_s`` seconds; never after it.

        ``cut`` must be quick and must not raise.
        """
        return _Limit(self, limit_s, cut)

    def add(self, limit: _Limit) -> None:
        """It begins."""
        with self._changed:
            self._open.add(limit)
            self._wake_for(limit)

    def drop(self, limit: _Limit) -> None:
        """What it was for is over: it does not cut any more."""
        with self._changed:
            self._open.discard(limit)

    def _wake_for(self, limit: _Limit) -> None:
        """The thread sleeps until the earliest limit that it knows of, though that one is mostly over by then: a later one
        need not wake it."""
        if self._thread is None or not self._thread.is_alive():  # never begun, or left behind by a fork
            self._wakes_at = math.inf
            self._thread = threading.Thread(target=self._watch, name="time-limits", daemon=True)
            self._thread.start()
        elif limit.ends < self._wakes_at:
            self._changed.notify()

    def _watch(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for limit in [limit for limit in self._open if limit.ends <= now]:
                    self._open.discard(limit)
                    limit.cut()
                self._wakes_at = min((limit.ends for limit in self._open), default=math.inf)
                self._changed.wait(None if math.isinf(self._wakes_at) else self._wakes_at - now)


TIME_LIMITS = TimeLimits()
"""Of this process."""
