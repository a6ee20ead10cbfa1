"""The jobs: "somebody work on these lanes", "somebody watch this run", "somebody look what is to be done"."""

from __future__ import annotations

import hashlib
import logging
import math
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.types import TimeDeltaParams

from registrar_sync.worker.connection import LIVELY, connected

_log = logging.getLogger(__name__)

LANES, WATCHES, SWEEPS = "lanes", "watches", "sweeps"
"""The kinds of queues. Each has places of its own in a worker, so that none waits for another's."""

_LONGEST_NAME = 30  # octets of a queue's: PostgreSQL's channels are named by it, and have 63


@dataclass(frozen=True, slots=True)
class Slot:
    """One of so many domains that an account may have under way at a time, over all runs and workers."""

    account: str
    number: int

    @property
    def key(self) -> str:
        """The lock of its job: one at a time is worked on, and one more may wait."""
        return f"lane/{self.account}/{self.number}"

    @property
    def queue(self) -> str:
        """The queue of its job."""
        return lanes_queue(self.account)


def lanes_queue(account: str) -> str:
    """Each account has a queue of its own: a worker that cannot work on it leaves its jobs to the others."""
    octets = account.encode()
    plain = account.isascii() and account.isprintable() and len(octets) <= _LONGEST_NAME
    return f"{LANES}/{account if plain else hashlib.sha256(octets).hexdigest()[:_LONGEST_NAME]}"


def watch_key(run_id: int) -> str:
    """The lock of a run's watch."""
    return f"watch/{run_id}"


def left_key(run_id: int) -> str:
    """The lock of the look after what was left begun in a run."""
    return f"left/{run_id}"


_THERE = (
    "SELECT lock, status = 'todo' AND scheduled_at > now() AS rests FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
)
_WAITING = "SELECT id FROM procrastinate_jobs WHERE lock = %(lock)s AND status = 'todo'"


def make_app(conninfo: str) -> App:
    """A Procrastinate app on the journal's database, without tasks. Open it."""
    connector = PsycopgConnector(conninfo=conninfo, kwargs=dict(LIVELY), min_size=1, max_size=6, timeout=10.0)
    return App(connector=connector)


class Jobs:
    """What is asked of the queue. ``app`` is open."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._manager = app.job_manager

    async def at_work(self) -> dict[str, bool]:
        """The locks of every job that waits or is worked on, and whether it waits for a later time. Hundreds may: they are not
        read whole."""
        found = await self._app.connector.execute_query_all_async(_THERE)
        return {row["lock"]: bool(row["rests"]) for row in found if row["lock"]}

    async def defer(self, task: str, queue: str, key: str, *, after_s: float = 0.0, **arguments: Any) -> None:
        """One more job, unless one like it waits already. ``after_s``: not to be done before."""
        later: TimeDeltaParams | None = {"seconds": math.ceil(after_s)} if after_s > 0 else None
        job = self._app.configure_task(task, queue=queue, lock=key, queueing_lock=key, schedule_in=later)
        with suppress(AlreadyEnqueued):
            await job.defer_async(**arguments)

    async def forget(self, key: str) -> None:
        """Take away what waits under this lock."""
        for row in await self._app.connector.execute_query_all_async(_WAITING, lock=key):
            await self._manager.cancel_job_by_id_async(row["id"], delete_job=True)

    async def sweep_soon(self) -> None:
        """Let somebody look now instead of at the next tick."""
        with suppress(AlreadyEnqueued):
            await self._app.configure_task("sweep", queue=SWEEPS, queueing_lock="sweep").defer_async(timestamp=0)

    async def drop_stalled(self, stalled_s: float) -> int:
        """Take away the jobs of workers of whom nothing was heard for so long; how many. The sweep makes new ones.

        They are not retried: a job that waits under the same lock would be in the way of that.
        """
        stalled = list(await self._manager.get_stalled_jobs(seconds_since_heartbeat=stalled_s))
        for job in stalled:
            _log.warning("%s was left by a worker that is gone or frozen; others take over.", job.lock or job.task_name)
            await self._drop(job)
        return len(stalled)

    async def drop_forgotten(self, worker_id: int, ours: Callable[[], Collection[int]], suspects: Collection[int]) -> set[int]:
        """Take away jobs that say that ``worker_id`` works on them, and it does not: the database was gone when they ended, or
        was restored. Only those that were ``suspects`` a while ago, too; the suspects of now."""
        doing = await self._manager.list_jobs_async(worker_id=worker_id, status="doing")
        forgotten = {job.id: job for job in doing if job.id is not None and job.id not in ours()}
        for job_id in forgotten.keys() & set(suspects):
            await self._drop(forgotten[job_id])
        return set(forgotten) - set(suspects)

    async def _drop(self, job: Job) -> None:
        try:
            await self._manager.finish_job(job=job, status=Status.FAILED, delete_job=True)
        except ConnectorException as error:  # it has ended meanwhile, or the next sweep tries again
            _log.info("%s stays: %s", job.lock or job.task_name, error.__cause__ or error)


def wake(conninfo: str) -> bool:
    """Let the workers look at once what is to be done; False: none has ever worked there, or the database is out of reach.

    Nothing hangs on it: they look by themselves every few seconds.
    """
    try:
        with connected(conninfo, autocommit=True) as connection, suppress(AlreadyEnqueued):
            # a pool would wait for a server that is gone
            job = make_app(conninfo).configure_task("sweep", queue=SWEEPS, queueing_lock="sweep", connection=connection)
            job.defer(timestamp=0)
    except (ConnectorException, psycopg.Error) as error:
        _log.info("The workers were not woken: %s", error.__cause__ or error)
        return False
    return True


def job_id_of(context: JobContext) -> int:
    """The id of the job that a task does."""
    assert context.job.id is not None
    return context.job.id
