"""Workers that are killed, frozen, or cut off from the database, and a database that is restarted."""

from __future__ import annotations

import random
import signal
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmarks.bulk_workers.cable import Cable
from benchmarks.bulk_workers.stand import (
    LATENCY_S,
    SHIPPED,
    TAKE_OVER_S,
    begun_in,
    calls_to,
    fleet,
    is_taken_over,
    lanes_of,
    start,
    until,
    verdict,
)
from registrar_sync.core.run import Run
from tests.integration.fleet import Fleet, Worker, fleet_of, own_server

_LANES = 6
_SLOW = {"calls": 8, "per_s": 1}
_UNASKED_S = 1.0  # so long after the journal said that a lane is ours, a call is made without asking again (see bulk.fence)


def kills(many: int) -> None:
    """Three workers; one is killed every few seconds, and another started in its place."""
    chance = random.Random(6)
    with fleet(max(60, many * 60), concurrency=4, rate=_SLOW) as one:
        start(one, 3)
        run = one.begin(one.provider.domains)
        took: list[float] = []
        for _ in range(many):
            time.sleep(chance.uniform(2, 6))
            if one.state(run) == "ended":
                break
            took.append(_killed(one, chance))
        one.until_ended(run, 3600)
        slowest = max(took, default=0.0)
        ok = slowest < TAKE_OVER_S and len(took) == many
        verdict(one, run, "kills", ok=ok, kills=len(took), slowest_take_over_s=round(slowest, 1))


def _killed(one: Fleet, chance: random.Random) -> float:
    """Kill one that holds a lane; seconds until others have taken over."""
    until(lambda: any(_holders(one)), 60)
    victim = chance.choice(_holders(one))
    lanes = lanes_of(one, victim)
    victim.kill()
    killed = time.monotonic()
    left = begun_in(one, lanes)
    start(one)
    until(partial(is_taken_over, one, lanes, left), 4 * TAKE_OVER_S)
    return time.monotonic() - killed


def _holders(one: Fleet) -> list[Worker]:
    return [worker for worker in one.workers if worker.process.poll() is None and lanes_of(one, worker)]


def freeze(seconds: float) -> None:
    """A worker that holds several lanes is stopped for so long, then goes on."""
    with fleet(200, concurrency=_LANES, rate=_SLOW) as one:
        (first,) = start(one)
        run = one.begin(one.provider.domains)
        _away(one, run, first, "freeze", seconds, _Frozen(first))


def partition(seconds: float) -> None:
    """A worker that holds several lanes loses every packet from and to PostgreSQL for so long."""
    with fleet(200, concurrency=_LANES, rate=_SLOW) as one, Cable(one.journal) as cable:
        (first,) = start(one, stands=replace(SHIPPED, journal=cable.journal))
        run = one.begin(one.provider.domains)
        _away(one, run, first, f"partition ({cable.how})", seconds, cable.cut())


class _Frozen(AbstractContextManager[None]):
    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def __enter__(self) -> None:
        self._worker.send(signal.SIGSTOP)

    def __exit__(self, *error: object) -> None:
        self._worker.send(signal.SIGCONT)


def _away(one: Fleet, run: Run, first: Worker, part: str, seconds: float, gone: AbstractContextManager[None]) -> None:
    """The first worker has all lanes, then is gone, and two others are there."""
    until(lambda: len(lanes_of(one, first)) == _LANES and len(begun_in(one, lanes_of(one, first))) >= _LANES // 2, 60)
    lanes = lanes_of(one, first)
    with gone:
        left_at = time.monotonic()
        left = begun_in(one, lanes)
        start(one, 2)
        until(partial(is_taken_over, one, lanes, left), 4 * TAKE_OVER_S)
        took = time.monotonic() - left_at
        time.sleep(max(0.0, seconds - took))
        back = time.monotonic()
    one.until_ended(run, 3600)
    others_at = left_at + min(took, 20.0)  # nobody else is there before a lease has run out
    unasked = calls_to(one, left, after=left_at + _UNASKED_S + LATENCY_S, before=others_at)
    late = calls_to(one, left, after=back)
    comes_back = until(lambda: bool(lanes_of(one, first)) or first.process.poll() is not None or one.state(run) == "ended", 30)
    figures = {
        "lanes": len(lanes),
        "rows_left": len(left),
        "take_over_s": round(took, 1),
        "calls_while_away": len(unasked),
        "calls_after": len(late),
        "refused_by_the_journal": first.told().count("was taken over"),
        "alive": first.process.poll() is None,
    }
    ok = took < TAKE_OVER_S and len(unasked) <= len(lanes) and len(late) <= len(lanes) and comes_back < 30
    verdict(one, run, part, ok=ok and first.process.poll() is None, **figures)


def restart(times: int = 2) -> None:
    """PostgreSQL is restarted at once, again and again, in the middle."""
    with (
        tempfile.TemporaryDirectory() as name,
        own_server() as (journal, again),
        fleet_of(journal, Path(name), domains=150, latency_s=LATENCY_S, concurrency=4, rate=_SLOW) as one,
    ):
        start(one, 3)
        run = one.begin(one.provider.domains)
        silent = [_restarted(one, run, again, share / (times + 1)) for share in range(1, times + 1)]
        one.until_ended(run, 3600)
        alive = sum(worker.process.poll() is None for worker in one.workers)
        figures = {"restarts": times, "workers_alive": alive, "longest_silence_s": round(max(silent), 1)}
        verdict(one, run, "restart", ok=alive == len(one.workers), **figures)


def _restarted(one: Fleet, run: Run, again: Callable[[], None], share: float) -> float:
    """Restart when so much is done; seconds until the provider is called again."""
    one.until(lambda: one.count(run, "done") >= share * len(one.provider.domains), "some are done", 3600)
    again()
    at = time.monotonic()
    return until(lambda: any(call.began > at + _UNASKED_S for call in one.provider.calls[-20:]), 120)
