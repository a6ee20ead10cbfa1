"""One worker process: its parts put together, run, and ended."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector

from registrar_sync.bulk.fence import Fence
from registrar_sync.bulk.stage import Stage
from registrar_sync.core.run import Run, RunBook
from registrar_sync.worker.crew import Crew
from registrar_sync.worker.engine import Engine
from registrar_sync.worker.health import Health, Page
from registrar_sync.worker.metrics import Counters, Standing
from registrar_sync.worker.pause import WorkersClock
from registrar_sync.worker.pulse import Pulse
from registrar_sync.worker.sweep import CapOf, Sweep
from registrar_sync.worker.tables import prepare_tables
from registrar_sync.worker.times import USUAL, Times
from registrar_sync.worker.watch import WatchOf


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a worker does, as one machine does it: the journal's runs, and what their lanes and watches stand on here.
    ``accounts``: all that are known here; ``without``: those of them whose credentials are missing here, and why."""

    book: RunBook
    stage_of: Callable[[Run], Stage]
    watch_of: WatchOf
    cap: CapOf
    clock: WorkersClock
    accounts: Collection[str] = ()
    without: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Process:
    """A worker. ``conninfo``: of the journal's database; ``shown``: its place without any password; ``concurrency``: domains
    under way at a time; ``metrics``: where it is told how it does."""

    conninfo: str
    shown: str
    work: Work
    concurrency: int
    metrics: tuple[str, int] | None = None
    times: Times = USUAL
    announce: Callable[[str], None] = lambda text: None
    counters: Counters = field(init=False)
    _registry: CollectorRegistry = field(init=False)

    def __post_init__(self) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self.counters = Counters(self._registry)

    def run(self) -> None:
        """Work until told to stop. Raises ``JournalUnusable``, ``UsageError`` where it cannot begin."""
        for chatty in ("procrastinate", "psycopg"):  # a line for each sweep says nothing to an operator
            logging.getLogger(chatty).setLevel(logging.WARNING)
        prepare_tables(self.conninfo, self.shown)  # before anybody may ask how it does
        fence = Fence(lease_s=self.times.lease_s)
        engine = self._engine(fence)
        pulse = Pulse(self.conninfo, self.shown)
        without = self.work.without
        health = Health(pulse, lambda: engine.worker_ids, self.times.hung_s, os._exit, without)
        with ExitStack() as stack:
            told = ""
            if self.metrics is not None:
                self._registry.register(Standing(self.work.book, pulse, lambda: fence.lanes, self.work.clock.now, without))
                page = Page(self.metrics, self._registry, health)
                stack.callback(page.stop)
                page.start()
                told = f"; metrics at http://{self.metrics[0]}:{page.port}/metrics"
            self.announce(f"Working on {self.shown}, {self.concurrency} domains at a time{told}")
            stack.callback(health.stop)
            health.start()
            engine.run()

    def _engine(self, fence: Fence) -> Engine:
        work = self.work
        crew = Crew(
            book=work.book,
            fence=fence,
            stage_of=work.stage_of,
            watch_of=work.watch_of,
            cap=work.cap,
            monotonic=work.clock.monotonic,
            hear=self.counters.hear,
            end_waits=work.clock.stop,
            without=work.without,
        )
        sweep = Sweep(work.book, work.cap, work.clock.now)
        return Engine(
            conninfo=self.conninfo,
            shown=self.shown,
            crew=crew,
            sweep=sweep,
            accounts=work.accounts,
            concurrency=self.concurrency,
            times=self.times,
        )
