"""What other threads have for a loop: put in at any time, taken out by the loop alone."""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, SimpleQueue

_AT_A_TIME = 500  # then the loop does something else

Errand = Callable[[], None]


class Mailbox:
    """Errands for the loop's thread. ``put`` never waits, and may be called from any thread."""

    def __init__(self) -> None:
        self._errands: SimpleQueue[Errand] = SimpleQueue()

    def put(self, errand: Errand) -> None:
        """Have it done in the loop's thread."""
        self._errands.put(errand)

    def take(self, patience_s: float) -> list[Errand]:
        """The errands that are there; where there are none, the first that comes within ``patience_s`` seconds."""
        found: list[Errand] = []
        try:
            found.append(self._errands.get(timeout=max(0.0, patience_s)))
            while len(found) < _AT_A_TIME:
                found.append(self._errands.get_nowait())
        except Empty:
            pass
        return found
