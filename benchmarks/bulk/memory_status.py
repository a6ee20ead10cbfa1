"""What ``bulk status`` reads of the journal, timed where everything is loaded; ``python -m`` with a folder prints it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from benchmarks.dns.child import ROOT, python
from registrar_sync.runs import Runs
from registrar_sync.wiring import World

_TIMES = 20


def looks(folder: Path) -> list[float]:
    """Seconds of each look, in a process of its own."""
    command = python("benchmarks.bulk.memory_status", str(folder))
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    seconds: list[float] = json.loads(said.stdout)
    return seconds


def outcomes(folder: Path) -> dict[str, int]:
    """How the newest run's rows ended; those that have not, by their state."""
    found: Counter[str] = Counter()
    world = _world(folder)
    try:
        book = Runs(world).book
        for count in book.counts(book.run().id):
            found[count.outcome or count.state] += count.rows
    finally:
        world.close()
    return dict(found)


def _world(folder: Path) -> World:
    return World(config=folder / "providers.yaml", journal_url=str(folder / "journal.sqlite"))


def _looks(folder: Path) -> list[float]:
    world = _world(folder)
    try:
        book = Runs(world).book
        return [_look(lambda: book.counts(book.run().id)) for _ in range(_TIMES)]
    finally:
        world.close()


def _look(look: object) -> float:
    assert callable(look)
    began = time.perf_counter()
    look()
    return time.perf_counter() - began


if __name__ == "__main__":
    print(json.dumps(_looks(Path(sys.argv[1]))))
