"""The lanes that this process holds: kept while it lives, given up the moment it cannot know any more that they are its own.

One fence, the lane's lease in the journal: by its token the journal refuses what a holder says that has lost the lane, by its
lease a dead or frozen holder's lane falls to others, and it outlives a restart of the server, which frees every session's lock
while calls are under way. A process that is frozen keeps nothing: what keeps the lanes is a thread of it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from registrar_sync.core.run import Lane, LaneHeld, RowNews, RunBook, RunRow
from registrar_sync.errors import JournalUnusable, LockLost

_log = logging.getLogger(__name__)

FRESH_S = 1.0
"""So long after the journal said that a lane is ours, it is not asked again: no lease is that short. A virtual machine that was
held up can tell by none of its clocks: it may read once more, and is stopped by the zone's lock, which trusts no clock of a
journal that machines share, before it writes."""


def awake_s() -> float:
    """Seconds that go on while this process is stopped and while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


@dataclass(slots=True)
class Guarded:
    """A lane held, and when the journal last said so."""

    lane: Lane
    held: LaneHeld
    let_go: Callable[[Guarded], None]
    clock: Callable[[], float] = awake_s
    _said_at: float = field(init=False)
    _is_lost: bool = field(default=False, init=False)
    _is_released: bool = field(default=False, init=False)
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __post_init__(self) -> None:
        self._said_at = self.clock()

    def take(self, news: RowNews | None = None) -> RunRow | None:
        """See ``LaneHeld.take``."""
        with self._one_at_a_time:
            return self._asked(lambda: self.held.take(news))

    def renew(self) -> None:
        """See ``LaneHeld.renew``."""
        with self._one_at_a_time:
            self._asked(self.held.renew)

    def check(self) -> None:
        """Before a call to the provider: the lane is ours. Raises ``LockLost``, ``JournalUnusable``: then no call is made."""
        with self._one_at_a_time:
            if self.clock() - self._said_at >= FRESH_S:
                self._asked(self.held.renew)
            if self._is_lost:
                raise _lost(self.lane)

    def keep(self) -> None:
        """Renew the lease, unless the holder is just doing so. Never raises: ``check`` tells."""
        if not self._one_at_a_time.acquire(blocking=False):
            return
        try:
            if not (self._is_lost or self._is_released):
                self._asked(self.held.renew)
        except (LockLost, JournalUnusable) as error:
            _log.warning("Lane %d of %s: %s", self.lane.number, self.lane.account, error.message)
        finally:
            self._one_at_a_time.release()

    def release(self) -> None:
        """See ``LaneHeld.release``."""
        self.let_go(self)
        with self._one_at_a_time:  # who keeps the lanes may be about to renew it, and would take it for lost
            self._is_released = True
            self.held.release()

    def _asked(self, question: Callable[[], RunRow | None] | Callable[[], None]) -> RunRow | None:
        began = self.clock()  # of before: the answer may have been on its way while we were stopped
        try:
            answer = question()
        except LockLost:
            self._is_lost = True
            raise
        self._said_at = began
        return answer


class Fence:
    """All lanes that this process holds. ``start`` begins to keep them, ``stop`` ends that."""

    def __init__(self, *, lease_s: float) -> None:
        self._every_s = lease_s / 4
        self._held: dict[tuple[str, int], Guarded] = {}
        self._lock = threading.Lock()
        self._is_over = threading.Event()

    def start(self) -> None:
        """Keep the lanes, in a thread: it sleeps when the process does."""
        threading.Thread(target=self._run, daemon=True, name="lanes").start()

    def stop(self) -> None:
        """Keep nothing any more."""
        self._is_over.set()

    def around(self, book: RunBook) -> RunBook:
        """The same book, with lanes that are kept."""
        return cast(RunBook, _Book(book, self))

    def guard(self, lane: Lane, held: LaneHeld) -> Guarded:
        """Keep this lane from now on, until it is released."""
        guarded = Guarded(lane, held, self._let_go)
        with self._lock:
            self._held[lane.account, lane.number] = guarded
        return guarded

    def check(self, lane: Lane) -> None:
        """Before a call to the provider on behalf of this lane. Raises ``LockLost``, ``JournalUnusable``."""
        with self._lock:
            guarded = self._held.get((lane.account, lane.number))
        if guarded is None:
            raise _lost(lane)
        guarded.check()

    @property
    def lanes(self) -> int:
        """How many are held."""
        return len(self._held)

    def _let_go(self, guarded: Guarded) -> None:
        with self._lock:
            key = guarded.lane.account, guarded.lane.number
            if self._held.get(key) is guarded:
                del self._held[key]

    def _run(self) -> None:
        while not self._is_over.wait(self._every_s):
            with self._lock:
                held = list(self._held.values())
            for guarded in held:
                guarded.keep()


class _Book:
    """A run book whose lanes the fence keeps; else as it was."""

    def __init__(self, book: RunBook, fence: Fence) -> None:
        self._book = book
        self._fence = fence

    def lane(self, lane: Lane) -> LaneHeld | None:
        """See ``RunBook.lane``."""
        held = self._book.lane(lane)
        return None if held is None else self._fence.guard(lane, held)

    def __getattr__(self, name: str) -> object:
        return getattr(self._book, name)


def _lost(lane: Lane) -> LockLost:
    return LockLost(f"Lane {lane.number} of {lane.account} was taken over by another worker, which goes on with it.")
