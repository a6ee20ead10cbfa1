"""One account's pace in this process's memory: see ``ports.Pace``."""

from __future__ import annotations

import threading
from collections.abc import Callable
from math import inf

from registrar_sync.core.pace_account import GOOD_ANSWERS, CallLimit, PaceState, better, held, is_slow, reserve, slower
from registrar_sync.providers.catalog_model import Rate


def limit_of(rate: Rate | None) -> CallLimit | None:
    """What the catalog says, as the pace takes it."""
    return None if rate is None else CallLimit(rate.calls, rate.per_s)


class AccountPace:
    """For all threads of one process. ``limit`` None: none until a refusal teaches one."""

    def __init__(self, limit: CallLimit | None, monotonic: Callable[[], float]) -> None:
        self._limit = limit
        self._monotonic = monotonic
        self._state = PaceState()
        self._good = 0
        self._lock = threading.Lock()

    def reserve(self, calls: int = 1, *, within_s: float = inf) -> float:
        """See the port."""
        with self._lock:
            self._state, wait_s = reserve(self._state, self._limit, self._monotonic(), calls, within_s)
            return wait_s

    def held(self) -> float:
        """See the port."""
        return max(0.0, self._state.held_until - self._monotonic())

    def hold(self, seconds: float) -> None:
        """See the port."""
        with self._lock:
            self._state = held(self._state, self._limit, self._monotonic(), seconds)

    def answered(self, busy: bool) -> None:
        """See the port."""
        if not busy and not is_slow(self._state):
            return
        with self._lock:
            self._good = 0 if busy else self._good + 1
            if busy:
                self._state = slower(self._state, self._limit, self._monotonic())
            elif self._good >= GOOD_ANSWERS:
                self._state, self._good = better(self._state, self._limit), 0
