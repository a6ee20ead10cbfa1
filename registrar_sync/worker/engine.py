"""A worker: takes jobs from the queue, does them, and looks every few seconds what is to be done."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from procrastinate import App, JobContext
from procrastinate.exceptions import ProcrastinateException
from procrastinate.worker import Worker as QueueWorker
from psycopg import Error as DatabaseError
from psycopg_pool import PoolTimeout

from registrar_sync.errors import RegistrarSyncError
from registrar_sync.worker.crew import Crew
from registrar_sync.worker.jobs import LANES, SWEEPS, WATCHES, Jobs, Slot, job_id_of, lanes_queue, left_key, make_app, watch_key
from registrar_sync.worker.sweep import Sweep, ToDo
from registrar_sync.worker.times import USUAL, Times
from registrar_sync.worker.watch import WATCHES_AT_A_TIME

_log = logging.getLogger(__name__)

T = TypeVar("T")

_SELDOM = 5

_LOST = (ProcrastinateException, DatabaseError, PoolTimeout, OSError, RegistrarSyncError)


@dataclass(slots=True, kw_only=True)
class Engine:
    """One worker process. ``shown``: the journal's place without any password; ``accounts``: that can be worked on here;
    ``concurrency``: lanes worked on at a time."""

    conninfo: str
    shown: str
    crew: Crew
    sweep: Sweep
    accounts: Collection[str]
    concurrency: int
    times: Times = USUAL
    exit_now: Callable[[int], object] = os._exit
    _ours: set[int] = field(default_factory=set, init=False)
    _stopping: asyncio.Event = field(init=False)
    _at_work: list[QueueWorker] = field(default_factory=list, init=False)
    _lane_queues: list[str] = field(default_factory=list, init=False)

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; what is begun is then ended. A second signal leaves at once, which loses nothing.

        The queue's tables are there; a database that goes away is waited for.
        """
        asyncio.run(self._run())

    @property
    def worker_ids(self) -> set[int]:
        """Its own rows in the queue's tables, while it is connected."""
        return {worker.worker_id for worker in self._at_work if worker.worker_id is not None}

    async def _run(self) -> None:
        self._stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        # Procrastinate runs what is not async there; the usual size hangs on the number of cores.
        loop.set_default_executor(ThreadPoolExecutor(self.concurrency + WATCHES_AT_A_TIME + 4, thread_name_prefix="worker"))
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signalled, number)
        self.crew.fence.start()
        while not self._stopping.is_set():
            try:
                await self._work()
            except _LOST as error:
                _log.warning("The worker lost its database, and tries again: %s", _told(error))
            await _either(self._stopping.wait(), asyncio.sleep(self.times.restart_s))
        self.crew.fence.stop()

    def _signalled(self, number: int) -> None:
        if self._stopping.is_set():
            self.exit_now(128 + number)
        _log.info("Told to stop: what is begun is ended first.")
        self._stopping.set()
        self.crew.stop()
        for worker in self._at_work:
            worker.stop()

    async def _work(self) -> None:
        """From one connection to the database to the loss of it."""
        app = self._app()
        async with app.open_async():
            places = {LANES: self.concurrency, WATCHES: WATCHES_AT_A_TIME, SWEEPS: 1}
            able = [name for name in self.accounts if name not in self.crew.without]
            self._lane_queues = [LANES, *map(lanes_queue, able)]  # jobs in the first one are an older version's
            self._at_work = [self._worker(app, kind, many) for kind, many in places.items()]
            running = [asyncio.create_task(worker.run()) for worker in self._at_work]
            running.append(asyncio.create_task(self._stay_honest(Jobs(app))))
            try:
                await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await self._end(running)

    async def _end(self, running: list[asyncio.Task[None]]) -> None:
        for worker in self._at_work:
            worker.stop()
        running[-1].cancel()
        ended = await asyncio.gather(*running, return_exceptions=True)
        self._at_work = []
        for error in ended:
            if isinstance(error, Exception):
                raise error

    def _worker(self, app: App, kind: str, places: int) -> QueueWorker:
        return QueueWorker(
            app,
            queues=self._lane_queues if kind == LANES else [kind],  # read anew for each job that is fetched
            name=kind,
            concurrency=places,
            # a new job is told of at once; what has come due is found by asking, which for a watch need not be to the second
            fetch_job_polling_interval=self.times.poll_s if kind == LANES else _SELDOM * self.times.poll_s,
            shutdown_graceful_timeout=self.times.stop_s,
            delete_jobs="always",  # what is left to do is in the journal
            install_signal_handlers=False,
            update_heartbeat_interval=self.times.heartbeat_s,
            stalled_worker_timeout=3600,  # by then the sweep has taken its jobs away, and nobody asks when it was last seen
        )

    # --- tasks --------------------------------------------------------------------------------------------------------
    def _app(self) -> App:
        app = make_app(self.conninfo)

        async def drain(context: JobContext, account: str, number: int) -> None:
            slot = Slot(account, number)
            after = await self._do(context, partial(self.crew.turn, slot, self.times.turn_s))
            self._leave_to_others(slot)
            if after == "again":
                await Jobs(app).defer("drain", slot.queue, slot.key, account=account, number=number)
            elif after == "look":
                await Jobs(app).sweep_soon()

        async def watch(context: JobContext, run_id: int) -> None:
            again_s = await self._do(context, partial(self.crew.watch, run_id))
            if again_s is not None and not self._stopping.is_set():
                await Jobs(app).defer("watch", WATCHES, watch_key(run_id), after_s=again_s, run_id=run_id)

        async def left(context: JobContext, run_id: int) -> None:
            await self._do(context, partial(self.crew.end_left, run_id))

        async def sweep(context: JobContext, timestamp: int) -> None:
            await self._sweep(context, Jobs(app))

        app.task(name="drain", queue=LANES, pass_context=True)(drain)
        app.task(name="watch", queue=WATCHES, pass_context=True)(watch)
        app.task(name="left", queue=WATCHES, pass_context=True)(left)
        # six fields: the seconds come last
        every = app.periodic(cron=f"* * * * * */{self.times.sweep_s}")
        every(app.task(name="sweep", queue=SWEEPS, queueing_lock="sweep", pass_context=True)(sweep))
        return app

    def _leave_to_others(self, slot: Slot) -> None:
        """Where the account turned out to be none that can be worked on here: its jobs are not taken any more."""
        if slot.account in self.crew.without and slot.queue in self._lane_queues:
            self._lane_queues.remove(slot.queue)

    async def _do(self, context: JobContext, work: Callable[[], T | None]) -> T | None:
        """In a thread. What goes wrong is told, and tried again with the next sweep: the journal knows that it is not done."""
        job_id = job_id_of(context)
        self._ours.add(job_id)
        try:
            return await asyncio.get_running_loop().run_in_executor(None, work)
        except RegistrarSyncError as error:
            _log.warning("%s: %s", context.job.lock, error.message)
        except Exception:  # noqa: BLE001 - one run's odd data must not end the others' worker
            _log.exception("%s: a bug of ours; it is tried again", context.job.lock)
        finally:
            self._ours.discard(job_id)
        return None

    async def _sweep(self, context: JobContext, jobs: Jobs) -> None:
        job_id = job_id_of(context)
        self._ours.add(job_id)
        try:
            await jobs.drop_stalled(self.times.stalled_s)
            resting = {key for key, rests in (await jobs.at_work()).items() if rests}
            todo = await asyncio.get_running_loop().run_in_executor(None, self.sweep.look, resting)
            await self._defer(jobs, todo)
        except RegistrarSyncError as error:
            _log.warning("Nobody could look what is to be done: %s", error.message)
        finally:
            self._ours.discard(job_id)

    async def _defer(self, jobs: Jobs, todo: ToDo) -> None:
        there = await jobs.at_work()
        for slot in todo.slots:
            if slot.key not in there:
                await jobs.defer("drain", slot.queue, slot.key, account=slot.account, number=slot.number)
        for run_id in todo.watches:
            rests = there.get(watch_key(run_id))
            if rests and run_id in todo.awake:
                await jobs.forget(watch_key(run_id))
            if rests is None or (rests and run_id in todo.awake):
                await jobs.defer("watch", WATCHES, watch_key(run_id), run_id=run_id)
        for run_id in todo.left:
            if left_key(run_id) not in there:
                await jobs.defer("left", WATCHES, left_key(run_id), run_id=run_id)

    async def _stay_honest(self, jobs: Jobs) -> None:
        """Now and then, compare what the queue says that we do with what we do."""
        suspects: set[int] = set()
        while True:
            await asyncio.sleep(self.times.sweep_s)
            found = [await jobs.drop_forgotten(one, lambda: self._ours, suspects) for one in self.worker_ids]
            suspects = set().union(*found)


async def _either(*waits: object) -> None:
    tasks = [asyncio.ensure_future(one) for one in waits]  # type: ignore[call-overload]
    _done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()


def _told(error: Exception) -> str:
    origin = error.__cause__ or error
    return " ".join(str(origin).split()) or type(origin).__name__
