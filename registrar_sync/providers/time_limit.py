"""Time limits of exchanges, kept by one thread for the whole process: a thread for each call costs more than the call itself."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class _Limit:
    ends: float
    cut: Callable[[], object]


class TimeLimits:
    """Its thread is a daemon, begun with the first limit. Safe from many threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open: set[_Limit] = set()
        self._wakes_at = math.inf
        self._thread: threading.Thread | None = None

    @contextmanager
    def within(self, limit_s: float, cut: Callable[[], object]) -> Iterator[None]:
        """Call ``cut``, from another thread, where what is done inside takes longer than ``limit_s`` seconds; never after it.

        ``cut`` must be quick and must not raise.
        """
        limit = _Limit(time.monotonic() + limit_s, cut)
        with self._changed:
            self._open.add(limit)
            self._wake_for(limit)
        try:
            yield
        finally:
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
