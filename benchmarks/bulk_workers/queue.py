"""What hangs on the job queue: a job that is lost comes back, and many runs that only wait cost next to nothing."""

from __future__ import annotations

import os
import time
from pathlib import Path

from benchmarks.bulk_workers.stand import fleet, start, tell, until, verdict
from tests.integration.fleet import Fleet, Worker

_COMES_BACK_S = 30.0
_LOOK_AT_S = 90.0
_TICK = os.sysconf("SC_CLK_TCK")


def lost() -> None:
    """Every lane's job is deleted by hand, in the middle."""
    with fleet(120, concurrency=4, rate={"calls": 8, "per_s": 1}) as one:
        start(one, 2)
        run = one.begin(one.provider.domains)
        one.until(lambda: one.count(run, "written", "done") >= 10, "some are written")
        one.sql("DELETE FROM procrastinate_jobs WHERE queue_name LIKE 'lane%' OR queue_name = 'watches'")
        took = until(lambda: _lane_jobs(one) == 4, 4 * _COMES_BACK_S)
        one.until_ended(run, 600)
        verdict(one, run, "lost", ok=took < _COMES_BACK_S, back_after_s=round(took, 1))


def _lane_jobs(one: Fleet) -> int:
    return int(one.sql("SELECT count(DISTINCT lock) FROM procrastinate_jobs WHERE queue_name LIKE 'lane%'")[0][0])


def watches(runs: int) -> None:
    """So many runs whose only domain waits six hours for caches: what three workers cost meanwhile, and their threads."""
    with fleet(runs, latency_s=0.0, concurrency=16, ttl=6 * 3600) as one:
        workers = start(one, 3)
        idle = _used(workers, 30.0)
        were = [_threads(worker) for worker in workers]
        begun = [one.begin([domain], wait="visible") for domain in one.provider.domains]
        one.until(lambda: sum(one.count(run, "written") for run in begun) == runs, "all are written", 1800)
        rested_s = until(lambda: _resting(one) == runs, 600)
        used = _used(workers, _LOOK_AT_S)
        at_work = one.sql("SELECT count(*) FROM procrastinate_jobs WHERE queue_name = 'watches' AND status = 'doing'")[0][0]
        figures = {
            "rested_after_s": round(rested_s, 1),
            "resting": _resting(one),
            "at_work": at_work,
            "of_a_core": [round(share, 4) for share in used],
            "idle_of_a_core": [round(share, 4) for share in idle],
            "threads_more": [_threads(worker) - had for worker, had in zip(workers, were, strict=True)],
        }
        tell("watches", met=max(used) < 0.01 and not at_work and _resting(one) == runs, runs=runs, **figures)


def _used(workers: list[Worker], seconds: float) -> list[float]:
    """Of a core, by each."""
    before = [_cpu_s(worker) for worker in workers]
    time.sleep(seconds)
    return [(_cpu_s(worker) - was) / seconds for worker, was in zip(workers, before, strict=True)]


def _resting(one: Fleet) -> int:
    asked = "SELECT count(*) FROM procrastinate_jobs WHERE queue_name = 'watches' AND status = 'todo' AND scheduled_at > now()"
    return int(one.sql(asked)[0][0])


def _cpu_s(worker: Worker) -> float:
    fields = Path(f"/proc/{worker.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def _threads(worker: Worker) -> int:
    return len(list(Path(f"/proc/{worker.process.pid}/task").iterdir()))
