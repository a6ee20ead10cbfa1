"""What every part shares: workers with the times as shipped, what they hold, and a line a figure."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from registrar_sync.bulk.outcome import PAUSES_S
from registrar_sync.core.run import Run
from registrar_sync.worker.times import USUAL
from tests.integration.fleet import Fleet, Stands, Worker, fleet_of
from tests.integration.fleet_provider import Call
from tests.unit.journals import empty_place

LATENCY_S = 0.05
TAKE_OVER_S = 45.0
LOCK_S = 60.0
SHIPPED = Stands(lock_s=LOCK_S, pauses_s=PAUSES_S)
TIMES: dict[str, Any] = asdict(USUAL)

LaneKey = tuple[str, int, str]
Begun = tuple[int, int]
"""A row that stands as begun: line and epoch."""

missed: list[str] = []
"""The parts whose target was missed."""


def tell(part: str, *, met: bool, **figures: Any) -> None:
    """One line."""
    if not met:
        missed.append(part)
    sys.stdout.write(f"{part}: {'met' if met else 'MISSED'} {json.dumps(figures)}\n")
    sys.stdout.flush()


@contextmanager
def fleet(domains: int, *, latency_s: float = LATENCY_S, accounts: Sequence[str] = ("box",), **account: Any) -> Iterator[Fleet]:
    """An empty journal, and a provider that takes so long a call."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            empty_place("postgresql", folder) as journal,
            fleet_of(journal, folder, domains=domains, latency_s=latency_s, accounts=accounts, **account) as made,
        ):
            yield made


def start(one: Fleet, many: int = 1, *, stands: Stands = SHIPPED, **more: Any) -> list[Worker]:
    """Workers as shipped."""
    return one.start(many, stands=stands, times=TIMES, **more)


def lanes_of(one: Fleet, worker: Worker) -> list[LaneKey]:
    """What a worker holds: account, number, token."""
    return [tuple(row) for row in one.sql(f"SELECT account, number, token FROM lane WHERE pid = {worker.process.pid}")]


def begun_in(one: Fleet, lanes: list[LaneKey]) -> set[Begun]:
    """Rows that stand as begun there."""
    numbers = ", ".join(str(number) for _, number, _ in lanes) or "-1"
    asked = f"SELECT line, epoch FROM run_row WHERE state = 'begun' AND lane IN ({numbers})"
    return {(line, epoch) for line, epoch in one.sql(asked)}


def is_taken_over(one: Fleet, lanes: list[LaneKey], left: set[Begun]) -> bool:
    """Whether each row that was left begun there has ended, or was begun again."""
    return not left & begun_in(one, lanes)


def until(true: Callable[[], bool], limit_s: float) -> float:
    """Seconds until it is so."""
    began = time.monotonic()
    while not true() and time.monotonic() < began + limit_s:
        time.sleep(0.1)
    return time.monotonic() - began


def calls_to(one: Fleet, left: set[Begun], *, after: float, before: float = float("inf")) -> list[Call]:
    """The calls to the zones of these rows that began in that time."""
    zones = [one.provider.domains[line - 1].rstrip(".") for line, _ in left]
    ends = tuple(f"={zone}" for zone in zones)
    calls = [call for call in list(one.provider.calls) if after < call.began < before]
    return [call for call in calls if any(end in call.path for end in ends)]


def verdict(one: Fleet, run: Run, part: str, *, ok: bool, **figures: Any) -> None:
    """Whether every domain ended well and was written to once, and what else was measured."""
    twice = sum(many > 1 for many in one.provider.writes.values())
    harmed = sum(not one.provider.is_protected(domain) for domain in one.provider.domains)
    done = one.count(run, "authoritative")
    met = ok and not twice and not harmed and done == len(one.provider.domains)
    tell(part, met=met, domains=len(one.provider.domains), authoritative=done, written_twice=twice, harmed=harmed, **figures)
