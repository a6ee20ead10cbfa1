"""What accounts may have and get: their limits over several workers, one of them with a wrong clock, and their turns."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from typing import Any

from benchmarks.bulk_workers.stand import SHIPPED, fleet, start, tell, verdict
from registrar_sync.core.run import NewRow, NewRun, Run, lane_of
from tests.integration.fleet import Fleet

_LIMIT: dict[str, Any] = {"concurrency": 4, "rate": {"calls": 10, "per_s": 1}}
_OFF_S = 300


def limits() -> None:
    """10 calls a second and 4 at once, by the provider's clock."""
    for workers in (2, 3):
        with fleet(60, **_LIMIT) as one:
            start(one, workers)
            run = one.begin(one.provider.domains)
            one.until_ended(run, 600)
            _tell_limits(one, run, "limits", workers=workers)


def clock() -> None:
    """The same, while the clock of one worker is five minutes fast, and another's as much slow."""
    with fleet(80, **_LIMIT) as one:
        for off_s in (_OFF_S, -_OFF_S):
            start(one, stands=replace(SHIPPED, off_s=off_s))
        start(one)
        run = one.begin(one.provider.domains)
        one.until_ended(run, 600)
        _tell_limits(one, run, "clock", off_s=_OFF_S)


def _tell_limits(one: Fleet, run: Run, part: str, **figures: int) -> None:
    calls = sorted(call.began for call in one.provider.calls)
    mean = len(calls) / (calls[-1] - calls[0])
    worst, at_once = one.provider.most_in(1.0), one.provider.most_at_once
    met = worst <= 11 and at_once <= 4 and mean >= 8.5
    verdict(one, run, part, ok=met, worst_second=worst, at_once=at_once, mean=round(mean, 2), **figures)


def fair(accounts: int = 30, domains: int = 40) -> None:
    """Many accounts of four lanes each, more than the workers have places: how far each is when all are half done."""
    names = [f"box{number}" for number in range(accounts)]
    with fleet(accounts * domains, latency_s=2.0, accounts=names, concurrency=4) as one:
        start(one, 3, concurrency=16)
        run = one.begin(one.provider.domains)
        one.until(lambda: one.count(run, "written", "done") >= 0.6 * len(one.provider.domains), "most are written", 3600)
        done = Counter[str]()
        for count in one.runs.book.counts(run.id):
            if count.state in ("written", "done"):
                done[count.account] += count.rows
        least, most = min(done[name] for name in names), max(done.values())
        one.until_ended(run, 3600)
        ratio = most / max(1, least)
        verdict(one, run, "fair", ok=ratio < 1.5, accounts=accounts, least=least, most=most, ratio=round(ratio, 2))


def keep(rows: int = 100_000) -> None:
    """A large run is kept, and cancelled."""
    with fleet(1) as one:
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
