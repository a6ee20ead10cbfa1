"""Several workers at full length: kills, a long freeze, limits and the keeping of a large run, with the leases as shipped.

``python -m benchmarks.bulk_workers [kills] [freeze] [limits] [keep] [--kills 20] [--freeze 60]``: JSON lines, a line a figure.
The acceptance figures are issue 6's; what is printed says whether each is met. It needs pgserver, as the tests do.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from registrar_sync.core.run import NewRow, NewRun, Run, lane_of
from tests.integration.fleet import Fleet, Worker, fleet_of
from tests.unit.journals import empty_place

AS_SHIPPED: dict[str, Any] = {
    "turn_s": 15.0,
    "heartbeat_s": 5.0,
    "stalled_s": 20.0,
    "lease_s": 20.0,
    "sweep_s": 10,
    "poll_s": 1.0,
    "restart_s": 2.0,
}
TAKE_OVER_S = 45.0


def tell(part: str, *, met: bool, **figures: Any) -> None:
    """One line."""
    sys.stdout.write(json.dumps({"part": part, "met": met, **figures}) + "\n")
    sys.stdout.flush()


@contextmanager
def fleet(domains: int, **account: Any) -> Iterator[Fleet]:
    """An empty journal and a provider that takes 50 ms a call."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with empty_place("postgresql", folder) as journal, fleet_of(journal, folder, domains=domains, **account) as made:
            made.provider.latency_s = account.get("latency_s", 0.05)
            yield made


def lanes_of(one: Fleet, worker: Worker) -> list[tuple[str, int, str]]:
    """What a worker holds: account, number, token."""
    return [tuple(row) for row in one.sql(f"SELECT account, number, token FROM lane WHERE pid = {worker.process.pid}")]


def begun_in(one: Fleet, lanes: list[tuple[str, int, str]]) -> set[tuple[int, int]]:
    """Rows that stand as begun there: line and epoch."""
    numbers = ", ".join(str(number) for _, number, _ in lanes) or "-1"
    return {
        (line, epoch) for line, epoch in one.sql(f"SELECT line, epoch FROM run_row WHERE state = 'begun' AND lane IN ({numbers})")
    }


def until(true: Callable[[], bool], limit_s: float) -> float:
    """Seconds until it is so."""
    began = time.monotonic()
    while not true() and time.monotonic() < began + limit_s:
        time.sleep(0.1)
    return time.monotonic() - began


def kills(many: int) -> None:
    """Three workers; one is killed every few seconds, and another started in its place."""
    chance = random.Random(6)
    with fleet(domains=max(60, many * 60), concurrency=4, rate={"calls": 8, "per_s": 1}) as one:
        one.start(3, **AS_SHIPPED)
        run = one.begin(one.provider.domains)
        took: list[float] = []
        for _ in range(many):
            time.sleep(chance.uniform(2, 6))
            alive = [worker for worker in one.workers if worker.process.poll() is None and lanes_of(one, worker)]
            if not alive or one.state(run) == "ended":
                break
            victim = chance.choice(alive)
            lanes = lanes_of(one, victim)
            victim.kill()
            killed = time.monotonic()
            left = begun_in(one, lanes)
            one.start(1, **AS_SHIPPED)
            until(partial(_is_taken_over, one, lanes, left), 4 * TAKE_OVER_S)
            took.append(time.monotonic() - killed)
        one.until_ended(run, 3600)
        slowest = max(took, default=0.0)
        _verdict(one, run, "kills", kills=len(took), slowest_take_over_s=round(slowest, 1), ok=slowest < TAKE_OVER_S)


def freeze(seconds: float) -> None:
    """One of three workers is stopped for so long, then goes on."""
    with fleet(domains=200, concurrency=4, rate={"calls": 8, "per_s": 1}) as one:
        one.start(3, **AS_SHIPPED)
        run = one.begin(one.provider.domains)
        until(lambda: any(lanes_of(one, worker) for worker in one.workers), 60)
        frozen = next(worker for worker in one.workers if lanes_of(one, worker))
        lanes = lanes_of(one, frozen)
        frozen.send(signal.SIGSTOP)
        left = begun_in(one, lanes)
        took = until(partial(_is_taken_over, one, lanes, left), 4 * TAKE_OVER_S)
        time.sleep(max(0.0, seconds - took))
        woke = time.monotonic()
        frozen.send(signal.SIGCONT)
        one.until_ended(run, 3600)
        lines = {line for line, _ in left}
        zones = {one.provider.domains[line - 1].rstrip(".") for line in lines}
        late = [call for call in one.provider.calls if call.began > woke and any(f"={zone}" in call.path for zone in zones)]
        _verdict(
            one, run, "freeze", take_over_s=round(took, 1), lanes=len(lanes), late_calls=len(late), ok=len(late) <= len(lanes)
        )


def _is_taken_over(one: Fleet, lanes: list[tuple[str, int, str]], left: set[tuple[int, int]]) -> bool:
    """Whether each row that was left begun there has ended, or was begun again."""
    return not left & begun_in(one, lanes)


def _verdict(one: Fleet, run: Run, part: str, *, ok: bool, **figures: Any) -> None:
    twice = sum(many > 1 for many in one.provider.writes.values())
    harmed = sum(not one.provider.is_protected(domain) for domain in one.provider.domains)
    done = one.count(run, "authoritative")
    met = ok and not twice and not harmed and done == len(one.provider.domains)
    tell(part, met=met, domains=len(one.provider.domains), authoritative=done, written_twice=twice, harmed=harmed, **figures)


def limits() -> None:
    """10 calls a second and 4 at once, by the provider's clock."""
    for workers in (2, 3):
        with fleet(domains=60, concurrency=4, rate={"calls": 10, "per_s": 1}) as one:
            one.start(workers, **AS_SHIPPED)
            run = one.begin(one.provider.domains)
            one.until_ended(run, 600)
            calls = sorted(call.began for call in one.provider.calls)
            mean = len(calls) / (calls[-1] - calls[0])
            worst, at_once = one.provider.most_in(1.0), one.provider.most_at_once
            met = worst <= 11 and at_once <= 4 and mean >= 8.5
            tell("limits", met=met, workers=workers, worst_second=worst, at_once=at_once, mean=round(mean, 2))


def keep(rows: int = 100_000) -> None:
    """A large run is kept, and cancelled."""
    with fleet(domains=1) as one:
        names = (f"d{number}.example." for number in range(rows))
        new = NewRun(command="enroll", roster="r", options={}, lanes={"box": 4})
        made = (
            NewRow(line=line, domain=name, typed=name, account="box", lane=lane_of(name, 4)) for line, name in enumerate(names, 1)
        )
        began = time.monotonic()
        run_id = one.runs.book.create(new, made)
        kept_s = time.monotonic() - began
        began = time.monotonic()
        one.runs.book.counts(run_id)
        counted_s = time.monotonic() - began
        one.runs.order(run_id, "cancelled")
        cancelled_s = time.monotonic() - began - counted_s
        figures = {"kept_s": round(kept_s, 2), "counted_s": round(counted_s, 3), "cancelled_s": round(cancelled_s, 2)}
        tell("keep", met=kept_s < 5 and counted_s < 0.1, rows=rows, **figures)


def main() -> None:
    """The parts named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--freeze", type=float, default=60.0)
    given = parser.parse_args()
    parts: dict[str, Callable[[], None]] = {
        "keep": keep,
        "limits": limits,
        "freeze": lambda: freeze(given.freeze),
        "kills": lambda: kills(given.kills),
    }
    for name in given.parts or parts:
        parts[name]()


if __name__ == "__main__":
    main()
