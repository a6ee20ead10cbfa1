"""Long waits of a worker, which end when it is told to stop."""

from __future__ import annotations

import threading

from registrar_sync.wiring import SystemClock

LONG_S = 5.0
"""A shorter wait is waited out, and what was begun is ended."""


class ToldToStop(BaseException):
    """The worker is told to stop, in the middle of a long wait, as where a provider said when to come back. No error that anybody
    may take for an answer: as with Ctrl-C, what was begun stays begun, and whoever goes on recovers it."""


class WorkersClock(SystemClock):
    """The real time. ``stop``: no thread waits for long any more; ``sleep`` then raises ``ToldToStop`` instead."""

    def __init__(self) -> None:
        self._stopping = threading.Event()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        if seconds <= LONG_S:
            super().sleep(seconds)
        elif self._stopping.wait(seconds):
            raise ToldToStop

    def stop(self) -> None:
        """From any thread."""
        self._stopping.set()
