"""A hundred thousand domains on the provider in memory: how many a second, in how much memory, and how soon it goes on."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import yaml

from benchmarks.bulk import memory_status, ours
from benchmarks.bulk.child import Child
from benchmarks.bulk.contestants import environ
from benchmarks.bulk.floor import KEY_VARIABLE
from benchmarks.bulk.memory_cli import LEDGER, began_file
from benchmarks.bulk.memory_zones import Ledger, name_of
from benchmarks.dns.child import python

LOOK_AT, KILL_AT = 0.3, 0.6
"""Shares of the domains that are done when ``bulk status`` is measured, and when the run is killed."""

_POLL_S = 0.02
_NOWHERE = "127.0.0.1:9"


@dataclass(slots=True)
class Found:
    """Seconds, and megabytes of the largest process. ``status_s``: the whole command; ``look_s``: what it does, imports left out;
    ``resumed_s``: from the start of ``bulk resume`` to the opening of the next zone."""

    count: int
    begun_s: float = 0.0
    resumed_s: float = 0.0
    worked_s: float = 0.0
    all_s: float = 0.0
    cpu_s: float = 0.0
    peak_mb: float = 0.0
    status_s: list[float] = field(default_factory=list)
    look_s: list[float] = field(default_factory=list)
    outcomes: dict[str, int] = field(default_factory=dict)
    right: int = 0
    written_again: int = 0

    def told(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def measure(folder: Path, *, count: int, at_once: int, wait: str) -> Found:
    """Begin, look, kill, go on, end."""
    _prepare(folder, count, at_once)
    ledger, found = Ledger(folder / LEDGER, count), Found(count)
    roster = [str(folder / "roster.txt"), "--account", ours.ACCOUNT, "--yes", "--output", "json", "--wait", wait]
    first = _start(folder, count, "run", *roster)
    _until(first, lambda: ledger.done() >= LOOK_AT * count)
    _look(folder, count, found)
    _until(first, lambda: ledger.done() >= KILL_AT * count)
    found.begun_s = _began(folder, first)
    first.kill()
    told = [first.wait()]
    second = _start(folder, count, "resume", "--output", "json")
    told.append(second.wait())
    found.resumed_s = _began(folder, second)
    found.all_s = sum(one["seconds"] for one in told)
    found.worked_s = found.all_s - found.begun_s - found.resumed_s
    found.cpu_s, found.peak_mb = sum(one["cpu_s"] for one in told), max(one["peak_mb"] for one in told)
    found.outcomes = memory_status.outcomes(folder)
    found.right, found.written_again = ledger.done(), ledger.written_again()
    if told[1]["exit_code"] != 0:
        print(second.said(), file=sys.stderr)
    return found


def _prepare(folder: Path, count: int, at_once: int) -> None:
    account = {
        "provider": "powerdns",
        "endpoint": f"http://{_NOWHERE}",
        "credentials": {"auth_token": f"env:{KEY_VARIABLE}"},
        "nameservers": [_NOWHERE],
        "resolvers": [_NOWHERE],
        "concurrency": at_once,
    }
    (folder / "providers.yaml").write_text(yaml.safe_dump({"accounts": {ours.ACCOUNT: account}}))
    with (folder / "roster.txt").open("w") as roster:
        roster.writelines(f"{name_of(number).removesuffix('.')}\n" for number in range(count))


def _start(folder: Path, count: int, command: str, *arguments: str, name: str | None = None) -> Child:
    wanted = ours.bulk(folder, command, *arguments)[3:]  # without the interpreter, -m and the package
    whole = python("benchmarks.bulk.memory_cli", str(folder), str(count), *wanted)
    return Child(whole, folder, name or command, environ(folder))


def _until(child: Child, is_so: Callable[[], bool]) -> None:
    while not is_so():
        if child.is_over:
            raise RuntimeError(f"the run ended before its time: {child.said()}")
        time.sleep(_POLL_S)


def _began(folder: Path, child: Child) -> float:
    """Seconds from its start to the opening of its first zone."""
    return float(began_file(folder, child.pid).read_text()) - child.started_at


def _look(folder: Path, count: int, found: Found) -> None:
    for number in range(5):
        found.status_s.append(_start(folder, count, "status", name=f"status-{number}").wait()["seconds"])
    found.look_s = memory_status.looks(folder)
