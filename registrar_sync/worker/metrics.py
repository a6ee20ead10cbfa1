"""What is told to Prometheus: what this worker did, counted here, and how the runs stand, read when somebody asks."""

from __future__ import annotations

from collections import Counter as Tallied
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from math import inf

from prometheus_client import CollectorRegistry, Counter
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from registrar_sync.bulk.tally import Moved
from registrar_sync.core.run import RunBook
from registrar_sync.errors import JournalUnusable
from registrar_sync.ports import Pace
from registrar_sync.worker.pulse import Pulse

_PREFIX = "registrar_sync_"


class Counters:
    """What this worker did since it was started. Thread-safe."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, told: str, *labels: str) -> Counter:
            return Counter(_PREFIX + name, told, labels, registry=registry)

        self.domains = counter("domains_moved", "Domains whose state this worker changed.", "account", "state")
        self.calls = counter("api_calls", "Calls to the provider that were let go.", "account")
        self.busy = counter("api_busy", "Answers of the provider that we are too quick (429).", "account")
        self.waited = counter("api_wait_seconds", "Seconds waited for the account's rate, in all lanes together.", "account")

    def hear(self, moved: Moved) -> None:
        """A row that moved."""
        self.domains.labels(moved.account, moved.news.outcome or moved.news.state).inc()

    def paces(self) -> dict[str, Pace]:
        """Room for the accounts' paces: what is put in is counted from then on."""
        return _Paces(self)


class _Paces(dict[str, Pace]):
    def __init__(self, counters: Counters) -> None:
        super().__init__()
        self._counters = counters

    def __setitem__(self, account: str, pace: Pace) -> None:
        super().__setitem__(account, _Counted(self._counters, account, pace))


@dataclass(slots=True)
class _Counted:
    """See ``ports.Pace``."""

    counters: Counters
    account: str
    pace: Pace

    def reserve(self, calls: int = 1, *, within_s: float = inf) -> float:
        wait_s = self.pace.reserve(calls, within_s=within_s)
        if wait_s <= within_s:
            self.counters.calls.labels(self.account).inc(calls)
            self.counters.waited.labels(self.account).inc(wait_s)
        return wait_s

    def held(self) -> float:
        return self.pace.held()

    def hold(self, seconds: float) -> None:
        self.pace.hold(seconds)

    def answered(self, busy: bool) -> None:
        if busy:
            self.counters.busy.labels(self.account).inc()
        self.pace.answered(busy)


@dataclass(slots=True, eq=False)  # a registry finds it by what it is
class Standing(Collector):
    """How the runs that are not over stand, by the journal, and how the queue does. ``up`` is 0 while neither can be read."""

    book: RunBook
    pulse: Pulse
    lanes: Callable[[], int]
    now: Callable[[], datetime]
    without: Collection[str] = ()

    def describe(self) -> Iterable[Metric]:
        """Nothing is read to say what there will be."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Read now."""
        up = GaugeMetricFamily(_PREFIX + "up", "Whether the journal and the queue can be read.")
        try:
            yield from [*self._runs(), *self._queue()]
            up.add_metric([], 1)
        except JournalUnusable:
            up.add_metric([], 0)
        lanes = GaugeMetricFamily(_PREFIX + "lanes", "Lanes that this worker holds now.")
        lanes.add_metric([], self.lanes())
        without = GaugeMetricFamily(_PREFIX + "accounts_without_credentials", "Accounts that this worker leaves to others.")
        without.add_metric([], len(self.without))
        yield from (up, lanes, without)

    def _runs(self) -> Iterator[Metric]:
        runs = self.book.runs()
        states = GaugeMetricFamily(_PREFIX + "runs", "Runs by state.", labels=["state"])
        for name, many in sorted(Tallied(str(run.state) for run in runs).items()):
            states.add_metric([name], many)
        domains = GaugeMetricFamily(
            _PREFIX + "domains", "Domains of runs that are not over, by outcome or state.", labels=["run", "account", "state"]
        )
        oldest = GaugeMetricFamily(_PREFIX + "oldest_due_seconds", "How long the domain longest due waits.", labels=["run"])
        for run in runs:
            if run.state not in ("running", "paused"):
                continue
            rows: Tallied[tuple[str, str]] = Tallied()
            for one in self.book.counts(run.id):
                rows[one.account, one.outcome or one.state] += one.rows
            for (account, state), many in sorted(rows.items()):
                domains.add_metric([str(run.id), account, state], many)
            due = self.book.next_due(run.id)
            # a row that may be begun at once is due since its run began
            oldest.add_metric([str(run.id)], max(0.0, (self.now() - max(due, run.at)).total_seconds()) if due else 0.0)
        yield from (states, domains, oldest)

    def _queue(self) -> Iterator[Metric]:
        seen = self.pulse.read()
        jobs = GaugeMetricFamily(_PREFIX + "jobs", "Jobs by queue and state.", labels=["queue", "state"])
        for (queue, state), many in sorted(seen.jobs.items()):
            jobs.add_metric([queue, state], many)
        workers = GaugeMetricFamily(_PREFIX + "workers", "Workers of whom something was heard in the last minute.")
        workers.add_metric([], seen.workers)
        age = GaugeMetricFamily(_PREFIX + "newest_heartbeat_age_seconds", "Since any worker last said that it lives.")
        if seen.newest_s is not None:
            age.add_metric([], seen.newest_s)
        yield from (jobs, workers, age)
