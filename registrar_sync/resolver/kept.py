"""What was found out, kept for a while, and found out by one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from registrar_sync.ports import Clock

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

_TIDY_AT = 1024  # values, after which those whose time is over are thrown out


class Kept(Generic[Key, Value]):
    """Values by key, each for a number of seconds. For one event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._values: dict[Key, tuple[float, Value]] = {}
        self._tidy_at = _TIDY_AT
        self._under_way: dict[Key, asyncio.Task[Value]] = {}

    def get(self, key: Key) -> Value | None:
        """The value, while it is kept."""
        until, value = self._values.get(key, (float("-inf"), None))
        return value if self._clock.monotonic() < until else None

    def put(self, key: Key, value: Value, seconds: float) -> Value:
        """Keep the value, and return it."""
        now = self._clock.monotonic()
        if len(self._values) >= self._tidy_at:
            self._values = {key: kept for key, kept in self._values.items() if now < kept[0]}
            self._tidy_at = max(_TIDY_AT, 2 * len(self._values))
        self._values[key] = (now + seconds, value)
        return value

    async def once(self, key: Key, find_out: Callable[[], Awaitable[Value]]) -> Value:
        """What ``find_out`` returns or raises. Who asks while it is under way gets the same, and it is not begun again; it ends
        even where nobody waits for it any more. Keeping the value is left to ``find_out``."""
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.ensure_future(find_out())
            self._under_way[key] = task
            task.add_done_callback(lambda ended: self._ended(key, ended))
        return await asyncio.shield(task)

    def _ended(self, key: Key, task: asyncio.Task[Value]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # told to those who waited; without them asyncio would print it
