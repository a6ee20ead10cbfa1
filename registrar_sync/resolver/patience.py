"""How long questions wait: kept by slots of time instead of one by one, since most are answered long before."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable

from registrar_sync.resolver.asked import Asked

_SLOTS_A_SECOND = 100


class Patience:
    """Calls ``lose`` for each question whose time is over. A question has one time at the most, and none once it was lost.

    A question that is settled is let go of at once, and with it all that hangs on it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, lose: Callable[[Asked], None]) -> None:
        self._loop = loop
        self._lose = lose
        self._asked: dict[int, set[Asked]] = {}
        self._slots: list[int] = []  # a heap of the keys
        self._timer: asyncio.TimerHandle | None = None

    def add(self, asked: Asked, due: float) -> None:
        """``due`` in the loop's time; up to a slot's length later."""
        slot = int(due * _SLOTS_A_SECOND) + 1
        together = self._asked.get(slot)
        if together is None:
            together = self._asked[slot] = set()
            heapq.heappush(self._slots, slot)
            if self._slots[0] == slot:
                self._wake()
        together.add(asked)
        asked.waits_with = together

    def close(self) -> None:
        """Call nobody any more."""
        if self._timer is not None:
            self._timer.cancel()
        self._asked.clear()
        self._slots.clear()

    def _wake(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._slots[0] / _SLOTS_A_SECOND, self._look)

    def _look(self) -> None:
        self._timer = None
        now = int(self._loop.time() * _SLOTS_A_SECOND)
        while self._slots and self._slots[0] <= now:
            together = self._asked.pop(heapq.heappop(self._slots))
            while together:
                self._lose(together.pop())
        if self._slots:
            self._wake()
