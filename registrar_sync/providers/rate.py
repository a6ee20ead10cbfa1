"""A budget of API calls: so many in any so many seconds."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from registrar_sync.providers.catalog_model import Rate


class RateWindow:
    """Tells how long to wait before the next call. One account's worth; not shared between processes."""

    def __init__(self, rate: Rate, monotonic: Callable[[], float]) -> None:
        self._rate = rate
        self._monotonic = monotonic
        self._calls: deque[float] = deque(maxlen=rate.calls)

    def __call__(self) -> float:
        """Seconds until the next call may go out; 0 takes the slot."""
        now = self._monotonic()
        if len(self._calls) == self._rate.calls and now - self._calls[0] < self._rate.per_s:
            return self._rate.per_s - (now - self._calls[0])
        self._calls.append(now)
        return 0.0
