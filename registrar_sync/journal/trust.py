"""How long a lock that the database has just confirmed is ours without asking again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from registrar_sync.ports import Clock

LONGEST = timedelta(seconds=1)

_PART_OF_LEASE = 1 / 60

_BOOTTIME: int | None = getattr(time, "CLOCK_BOOTTIME", None)


class Trust:
    """A lock that was renewed just now (a sixtieth of its lease ago, at most a second) need not be renewed again, where nobody
    can have taken it over since.

    A lock is taken over in two cases only. The holder's process is dead: then it asks nothing any more. Or the lease, sixty
    times as long, has run out by the taker's clock: in a journal that is a file the taker's clock is this machine's, so we see
    what it sees. Of our two clocks CLOCK_BOOTTIME goes on while the process is stopped or the machine
    sleeps (clock_gettime(2)), and the wall clock is the one that leases are counted by: if it was set forward, it is not
    trusted. A process that was frozen for longer therefore asks. Where several machines share a journal nothing is trusted:
    their clocks are not ours, and a virtual machine that was held up can tell by none of its own clocks. Where the system has
    no CLOCK_BOOTTIME, neither.

    before: confirmed at 12:00:00.0.  call: ``holds()`` at 12:00:00.9.  after: True; at 12:00:01.0: False.
    """

    def __init__(self, clock: Clock, *, lease_s: float, one_machine: bool) -> None:
        self.lease = timedelta(seconds=lease_s)
        self._clock = clock
        self._longest = min(LONGEST, self.lease * _PART_OF_LEASE) if one_machine else timedelta(0)
        self._since: tuple[float, datetime] | None = None

    def holds(self) -> bool:
        """Whether the lock is still ours for certain."""
        if self._since is None or _BOOTTIME is None:
            return False
        booted_s, at = self._since
        passed_s = time.clock_gettime(_BOOTTIME) - booted_s
        return passed_s < self._longest.total_seconds() and timedelta(0) <= self._clock.now() - at < self._longest

    @contextmanager
    def confirming(self) -> Iterator[None]:
        """Around the transaction that confirms it: counts from before it. An error in it ends the trust."""
        self._since = None
        before = (time.clock_gettime(_BOOTTIME), self._clock.now()) if _BOOTTIME is not None else None
        yield
        self._since = before

    def end(self) -> None:
        """It is ours no more."""
        self._since = None
