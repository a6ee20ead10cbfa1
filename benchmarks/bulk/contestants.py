"""Who takes part, and what each runs: a command line, as an operator would, in a process of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bulk import octo, ours
from benchmarks.bulk.backend import KEY, Stage
from benchmarks.bulk.child import Child
from benchmarks.bulk.floor import KEY_VARIABLE
from benchmarks.dns.child import python

AT_ONCE = 32
"""Requests in flight, for all who can have several."""

Commands = Callable[[Stage], list[list[str]]]


@dataclass(frozen=True, slots=True)
class Contestant:
    """``turns``: calls of a domain that nothing else runs beside; ``own_s``: seconds of a domain without the waiting, roughly.
    Both only tell how long it may take."""

    title: str
    commands: Commands
    turns: float
    own_s: float

    def guess_s(self, count: int, latency_s: float) -> float:
        """How long it may take."""
        return count * (self.own_s + self.turns * latency_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of all its commands. ``peak_mb``: of the largest of its processes."""

    seconds: float
    cpu_s: float
    peak_mb: float
    parts: tuple[float, ...]


class Failed(RuntimeError):
    """A contestant's command ended with an exit code that says so."""


def run(contestant: Contestant, stage: Stage) -> Cost:
    """Let it work. Raises ``Failed``."""
    told = [_run(command, stage.folder, number) for number, command in enumerate(contestant.commands(stage))]
    return Cost(
        seconds=sum(one["seconds"] for one in told),
        cpu_s=sum(one["cpu_s"] for one in told),
        peak_mb=max(one["peak_mb"] for one in told),
        parts=tuple(one["seconds"] for one in told),
    )


def _run(command: list[str], folder: Path, number: int) -> dict[str, float]:
    child = Child(command, folder, str(number), environ(folder))
    told = child.wait()
    if told["exit_code"] != 0:
        raise Failed(f"{' '.join(command[:6])} ended with {told['exit_code']:.0f}:\n{child.said()}")
    return told


def environ(folder: Path) -> dict[str, str]:
    """Nobody is asked but who is on this machine: lexicon would fetch the public suffix list."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    nowhere = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9") | {"no_proxy": "127.0.0.1"}
    lexicon = {"TLDEXTRACT_CACHE_PATH": str(folder / "suffixes")}
    return kept | nowhere | lexicon | {KEY_VARIABLE: KEY, "XDG_STATE_HOME": str(folder), "PYTHONUNBUFFERED": "1"}


def _module(name: str, threads: int, *more: str) -> Commands:
    return lambda stage: [python(name, stage.api, str(stage.estate.count), str(threads), *more)]


def _octo(workers: int) -> Commands:
    def commands(stage: Stage) -> list[list[str]]:
        octo.configure(stage.folder, port=stage.api_port, workers=workers)
        return octo.commands(stage.folder, stage.estate.count, python("")[:2])

    return commands


CONTESTANTS: Mapping[str, Contestant] = {
    "ours": Contestant("registrar-sync bulk run", lambda stage: ours.commands(stage, AT_ONCE), 0.1, 0.006),
    "floor": Contestant(f"two calls by hand, {AT_ONCE} threads", _module("benchmarks.bulk.floor", AT_ONCE), 0.07, 0.004),
    "octodns-32": Contestant("octoDNS, 32 workers", _octo(32), 2.1, 0.02),
    "octodns-1": Contestant("octoDNS, 1 worker", _octo(1), 3.0, 0.02),
    "lexicon-32": Contestant(f"lexicon, {AT_ONCE} threads", _module("benchmarks.bulk.lexicons", AT_ONCE), 0.3, 0.1),
    "lexicon-update": Contestant(
        f"lexicon, {AT_ONCE} threads, update_record", _module("benchmarks.bulk.lexicons", AT_ONCE, "update"), 0.3, 0.1
    ),
    "lexicon-1": Contestant("lexicon, one after the other", _module("benchmarks.bulk.lexicons", 1), 8.0, 0.08),
}
