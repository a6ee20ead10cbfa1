"""One core for all threads of a command: kept, left for a freer one, given back."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import pytest

from registrar_sync.cli import one_core as module
from registrar_sync.cli.one_core import freer, one_core

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux alone lets a process choose")

_DEADLINE_S = 30.0

T = TypeVar("T")


def of_all_threads(ask: Callable[[int], T]) -> set[T]:
    """What the kernel says of each thread of this process."""
    found = set()
    for thread in Path("/proc/self/task").iterdir():
        with suppress(ProcessLookupError):  # it has ended
            found.add(ask(int(thread.name)))
    return found


def cores() -> set[frozenset[int]]:
    """What each may run on."""
    return of_all_threads(lambda thread: frozenset(os.sched_getaffinity(thread)))


def policies() -> set[int]:
    """How each is scheduled."""
    return of_all_threads(os.sched_getscheduler)


def until(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + _DEADLINE_S
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_all_threads_are_on_one_core_and_then_where_they_were() -> None:
    before = os.sched_getaffinity(0)
    over = threading.Event()
    threads = [threading.Thread(target=over.wait) for _ in range(3)]
    threads[0].start()  # there before
    with one_core():
        (core,) = cores()
        assert len(core) == 1
        assert core <= before
        threads[1].start()
        assert cores() == {core}
        assert policies() == ({os.SCHED_BATCH} if core != before else {os.SCHED_OTHER})
    threads[2].start()
    after = cores()
    over.set()
    for thread in threads:
        thread.join()
    assert after == {frozenset(before)}
    assert policies() == {os.SCHED_OTHER}


def test_an_error_gives_the_cores_back() -> None:
    before = os.sched_getaffinity(0)
    with pytest.raises(ValueError, match="ours"), one_core():
        raise ValueError("ours")
    assert cores() == {frozenset(before)}


def test_where_it_is_forbidden_the_work_is_done_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    before = cores(), policies()
    monkeypatch.setattr(os, "sched_setaffinity", forbidden)
    with one_core():
        assert (cores(), policies()) == before
    assert (cores(), policies()) == before


def test_where_others_crowd_the_core_it_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = tmp_path / "stat"
    used = dict.fromkeys(os.sched_getaffinity(0), 0)
    ticks = 0

    def tell() -> None:
        lines = [f"cpu{one} {busy} 0 0 {ticks - busy} 0 0 0 0 0 0" for one, busy in used.items()]
        text = "\n".join(["cpu  1 2 3 4 5 6 7 8 9 10", *lines, "intr 1 2 3", ""])
        (tmp_path / "new").write_text(text)
        (tmp_path / "new").replace(machine)

    tell()
    monkeypatch.setattr(module, "_MACHINE", machine)
    monkeypatch.setattr(module, "_LOOK_S", 0.05)
    with one_core():
        (core,) = next(iter(cores()))
        free = min(used.keys() - {core}, default=core)

        def has_moved() -> bool:
            nonlocal ticks
            ticks += 1000
            used[core] += 1000  # more than this process can have used
            tell()
            return cores() == {frozenset({free})}

        until(has_moved)


@pytest.mark.parametrize(
    ("busy", "ours", "wanted"),
    [
        ({0: 0.9, 1: 0.0}, 0.9, 0),  # we alone are busy here
        ({0: 1.0, 1: 0.0}, 0.5, 1),
        ({0: 1.0, 1: 0.4, 2: 0.1}, 0.4, 2),
        ({0: 1.0, 1: 0.4}, 0.5, 0),  # no better there
        ({0: 1.0}, 0.1, 0),
    ],
)
def test_where_to_go_on(busy: dict[int, float], ours: float, wanted: int) -> None:
    assert freer(0, busy, ours) == wanted
