"""Workers in processes of their own, on one PostgreSQL."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from registrar_sync.core.run import Brakes, Run
from registrar_sync.many import Many
from registrar_sync.runs import Runs, Terms
from registrar_sync.wiring import World
from registrar_sync.worker.place import conninfo_of
from tests.integration.fleet_provider import Provider

LIMIT_S = 180.0

_CHILD = """
import json, logging, sys, time
from datetime import timedelta
from pathlib import Path
from registrar_sync.bulk.outcome import Patience
from registrar_sync.cli.worker import process_of
from registrar_sync.journal import open_journal
from registrar_sync.wiring import SystemClock, World
from registrar_sync.worker.times import Times
given = json.loads(sys.argv[1])
right, right_s, off_s = SystemClock.now, time.time, given["off_s"]
SystemClock.now = lambda clock: right(clock) + timedelta(seconds=off_s)
time.time = lambda: right_s() + off_s  # the queue's own
logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
for noisy in ("procrastinate", "psycopg", "urllib3"):
    logging.getLogger(noisy).setLevel(logging.WARNING)
world = World(config=Path(given["config"]), journal_url=given["journal"])
world.journal = open_journal(given["journal"], default=Path("/nonexistent"), clock=world.clock, lease_s=given["lock_s"])
process_of(
    world,
    concurrency=given["concurrency"],
    metrics=("127.0.0.1", 0) if given["metrics"] else None,
    times=Times(**given["times"]),
    patience=Patience(pauses_s=tuple(given["pauses_s"])),
    announce=lambda text: print(text, file=sys.stderr, flush=True),
).run()
"""

_SESSIONS = """
SELECT pid, state, wait_event_type, wait_event, now() - xact_start, now() - state_change, pg_blocking_pids(pid), query
FROM pg_stat_activity WHERE backend_type = 'client backend' ORDER BY xact_start
"""

QUICK = {
    "turn_s": 2.0,
    "heartbeat_s": 0.5,
    "stalled_s": 3.0,
    "lease_s": 3.0,
    "sweep_s": 1,
    "poll_s": 0.3,
    "restart_s": 0.5,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stands:
    """What a worker stands on. ``journal``, ``config``: other than the others'; ``lock_s``: a zone lock's lease; ``pauses_s``:
    before a domain is tried again; ``off_s``: its clock goes ahead of the true time."""

    journal: str | None = None
    config: Path | None = None
    lock_s: float = 6.0
    pauses_s: tuple[float, ...] = (1.0,) * 20
    off_s: float = 0.0


@dataclass
class Worker:
    """One worker process."""

    process: subprocess.Popen[bytes]
    log: Path

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(LIMIT_S)

    def told(self) -> str:
        return self.log.read_text()


@dataclass
class Fleet:
    """An empty journal, a provider, and as many workers as are started. ``journal``: its URL; ``accounts``: all alike, at that
    provider; the domains of a run take them in turn."""

    journal: str
    folder: Path
    provider: Provider
    accounts: tuple[str, ...] = ("box",)
    workers: list[Worker] = field(default_factory=list)

    def configure(self, **account: Any) -> None:
        """Write providers.yaml."""
        self.secret.write_text("sandbox.sandbox")
        self.secret.chmod(0o600)
        entries = {name: self.provider.account(secret=self.secret, **account) for name in self.accounts}
        self.config.write_text(yaml.safe_dump({"accounts": entries}))

    @property
    def secret(self) -> Path:
        """The file with the accounts' key."""
        return self.folder / "secret"

    @property
    def config(self) -> Path:
        return self.folder / "providers.yaml"

    @cached_property
    def runs(self) -> Runs:
        return Runs(self.world)

    @cached_property
    def world(self) -> World:
        return World(config=self.config, journal_url=self.journal)

    def begin(self, domains: Sequence[str], *, wait: str = "authoritative", **brakes: Any) -> Run:
        """Keep a run, and leave it to the workers."""
        roster = self.folder / f"roster-{len(domains)}-{domains[0]}.csv"
        in_turn = (self.accounts[number % len(self.accounts)] for number in range(len(domains)))
        lines = (f"{domain},{account}" for domain, account in zip(domains, in_turn, strict=True))
        roster.write_text("\n".join(["domain,account", *lines]))
        many = Many(self.world, {})
        with roster.open("rb") as stream:
            checked = many.check(stream, roster.name)
        try:
            return self.runs.start(many, checked, Terms(brakes=Brakes(**brakes), wait=wait))
        finally:
            checked.book.close()

    def start(
        self,
        many: int = 1,
        *,
        concurrency: int = 8,
        metrics: bool = False,
        stands: Stands | None = None,
        environ: Mapping[str, str] | None = None,
        times: Mapping[str, Any] | None = None,
    ) -> list[Worker]:
        """Start workers; they are at work when this returns. ``times`` and ``stands`` other than the quick ones."""
        new = []
        stands = stands or Stands()
        for _ in range(many):
            given = {
                "journal": stands.journal or self.journal,
                "config": str(stands.config or self.config),
                "concurrency": concurrency,
                "metrics": metrics,
                "lock_s": stands.lock_s,
                "pauses_s": stands.pauses_s,
                "off_s": stands.off_s,
            }
            log = self.folder / f"worker-{len(self.workers)}.log"
            words = [sys.executable, "-c", _CHILD, json.dumps({**given, "times": {**QUICK, **(times or {})}})]
            with log.open("wb") as out:
                process = subprocess.Popen(words, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, **(environ or {})})
            new.append(Worker(process, log))
            self.workers.append(new[-1])
        self.until(lambda: all("Working on" in worker.told() for worker in new), "the workers start")
        return new

    def until(self, true: Callable[[], bool], what: str, limit_s: float = LIMIT_S) -> None:
        """Wait until it is so."""
        deadline = time.monotonic() + limit_s
        while not true():
            for worker in self.workers:
                assert worker.process.poll() in (None, 0, -signal.SIGKILL), worker.told()[-4000:]
            assert time.monotonic() < deadline, f"not within {limit_s} s: {what}\n{self.told()}"
            time.sleep(0.05)

    def until_ended(self, run: Run, limit_s: float = LIMIT_S) -> None:
        """Wait until every row of the run is done."""
        self.until(lambda: self.state(run) == "ended", f"run {run.id} ends", limit_s)

    def state(self, run: Run) -> str:
        return self.runs.book.run(run.id).state

    def count(self, run: Run, *states: str) -> int:
        """The run's rows in these states, or with these outcomes."""
        return sum(one.rows for one in self.runs.book.counts(run.id) if one.state in states or one.outcome in states)

    def sql(self, statement: str) -> list[Any]:
        """Beside the workers' back."""
        with psycopg.connect(conninfo_of(self.journal), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def told(self) -> str:
        """For a test that failed."""
        logs = "\n".join(f"--- {worker.log.name}\n{worker.told()[-2500:]}" for worker in self.workers)
        runs = [(run.id, run.state, run.why, self.runs.book.counts(run.id)) for run in self.runs.book.runs()]
        rows = [row for run in self.runs.book.runs() for row in self.runs.book.rows(run.id) if row.outcome != "authoritative"]
        return "\n".join([str(runs), *map(str, rows), "--- who waits for whom", *(str(row) for row in self.sql(_SESSIONS)), logs])

    def end(self) -> None:
        """Put everything away."""
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.kill()
        self.world.close()


@contextmanager
def fleet_of(
    journal: str,
    folder: Path,
    *,
    domains: int,
    latency_s: float = 0.02,
    ttl: int = 3600,
    accounts: Sequence[str] = ("box",),
    **account: Any,
) -> Iterator[Fleet]:
    """A fleet without workers yet. ``account``: settings of each."""
    provider = Provider(domains, latency_s, ttl)
    with provider.sandbox:
        fleet = Fleet(journal, folder, provider, tuple(accounts))
        fleet.configure(**account)
        try:
            yield fleet
        finally:
            fleet.end()


@contextmanager
def own_server() -> Iterator[tuple[str, Callable[[], None]]]:
    """A PostgreSQL of one's own, and how to restart it at once, cutting every connection."""
    pgserver = pytest.importorskip("pgserver", reason="pgserver has no wheel for this machine: no server here may be restarted")
    commands = importlib.import_module("pgserver._commands")
    with tempfile.TemporaryDirectory(prefix="registrar-sync-postgresql-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = pgserver.get_server(folder / "data", cleanup_mode="stop")

        def restart() -> None:
            words = ["-w", "-m", "immediate", "-l", str(folder / "data" / "log"), "restart"]
            commands.pg_ctl(words, pgdata=folder / "data", user=server.system_user)

        try:
            yield server.get_uri(), restart
        finally:
            server.cleanup()
