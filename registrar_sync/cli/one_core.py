"""A command's threads, kept on one core of the machine while it works through many domains.

Python lets one thread of a process run at a time (https://docs.python.org/3/glossary.html#term-global-interpreter-lock). Threads
that wake on several cores wait for each other there: measured, a bulk run then takes half as much processor time again, and
longer (docs/benchmarks.md). There they are batch work (https://man7.org/linux/man-pages/man7/sched.7.html): one that wakes does
not push the one aside that holds the lock, and whoever else needs the core has it first. Linux alone lets a process choose
(https://man7.org/linux/man-pages/man2/sched_setaffinity.2.html); elsewhere, and where Python was built without that lock, nothing
is done.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_LOOK_S = 2.0
_CROWDED = 0.25
_SELF, _MACHINE, _THREADS = Path("/proc/thread-self/stat"), Path("/proc/stat"), Path("/proc/self/task")
_IDLE = slice(3, 5)  # proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal; guest time is in user, too
_ALL = slice(0, 8)
_PROCESSOR = 36  # proc_pid_stat(5): field 39, of those from the third on, which follow the name in parentheses


@contextmanager
def one_core() -> Iterator[None]:
    """All threads of this process, those to come too, stay on one core meanwhile: the one that the kernel has put us on, or a
    freer one once others crowd it that cannot go elsewhere. There they are scheduled as batch work, unless somebody has chosen
    otherwise."""
    allowed = _allowed()
    if len(allowed) < 2:
        yield
        return
    policy, over = os.sched_getscheduler(0), threading.Event()
    watch = threading.Thread(target=_stay, args=(over, allowed), name="one-core", daemon=True)
    try:
        _settle({_core_now()}, os.SCHED_BATCH if policy == os.SCHED_OTHER else policy)
        watch.start()
        yield
    finally:
        over.set()
        if watch.is_alive():
            watch.join()
        _settle(allowed, policy)


def freer(core: int, busy: Mapping[int, float], ours: float) -> int:
    """Where to go on. ``busy``: the share of each core's time that was used, ``ours``: what we used of ``core``.

    >>> freer(0, {0: 1.0, 1: 0.1}, 0.5)
    1
    >>> freer(0, {0: 1.0, 1: 0.1}, 0.9), freer(0, {0: 1.0, 1: 0.6}, 0.5)
    (0, 0)
    """
    others = busy[core] - ours
    best = min(busy, key=lambda one: (busy[one], one))
    return best if others > _CROWDED and busy[best] < others / 2 else core


@dataclass(frozen=True, slots=True)
class _Seen:
    """Seconds of our own use, and ticks since the machine began: of each core, all of them and those without work."""

    ours_s: float
    at_s: float
    ticks: Mapping[int, tuple[int, int]]


def _stay(over: threading.Event, allowed: set[int]) -> None:
    before = _seen(allowed)
    while not over.wait(_LOOK_S):
        now = _seen(allowed)
        core = _core_now()
        busy = {one: _busy(before.ticks[one], now.ticks[one]) for one in now.ticks.keys() & before.ticks.keys()}
        ours = (now.ours_s - before.ours_s) / (now.at_s - before.at_s)
        better = freer(core, busy, ours) if core in busy else core
        if better != core and random.random() < 0.5:  # noqa: S311 - two that crowd each other must not move both
            _settle({better})
        before = now


def _busy(before: tuple[int, int], now: tuple[int, int]) -> float:
    ticks, idle = now[0] - before[0], now[1] - before[1]
    return 1 - idle / ticks if ticks > 0 else 1.0


def _allowed() -> set[int]:
    """The cores that we may choose from; none where nothing is to be chosen."""
    is_locked = getattr(sys, "_is_gil_enabled", lambda: True)()
    if sys.platform != "linux" or not is_locked or not (_SELF.exists() and _MACHINE.exists()):
        return set()
    return os.sched_getaffinity(0)


def _core_now() -> int:
    return int(_SELF.read_text().rpartition(")")[2].split()[_PROCESSOR])


def _seen(allowed: set[int]) -> _Seen:
    ticks: dict[int, tuple[int, int]] = {}
    for line in _MACHINE.read_text().splitlines():
        name, *said = line.split()
        if name.startswith("cpu") and name != "cpu" and int(name[3:]) in allowed:
            counts = [int(one) for one in said]
            ticks[int(name[3:])] = sum(counts[_ALL]), sum(counts[_IDLE])
    return _Seen(time.process_time(), time.monotonic(), ticks)


def _settle(cores: Iterable[int], policy: int | None = None) -> None:
    """All threads to these cores, under this policy of the kernel's (None: under the one that they have).

    A thread begins where the one is that made it: nobody is missed once a look finds no new ones.
    """
    settled: set[str] = set()
    while new := {one.name for one in _THREADS.iterdir()} - settled:
        for name in new:
            with suppress(OSError):  # it has ended; or it is forbidden, as to a service with few rights: then all stays as it was
                os.sched_setaffinity(int(name), cores)
                if policy is not None:
                    os.sched_setscheduler(int(name), policy, os.sched_param(0))
        settled |= new
