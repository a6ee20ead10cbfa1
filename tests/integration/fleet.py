"""Workers in processes of their own, on one PostgreSQL, at a provider that writes down every call."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
import yaml

from registrar_sync.core.run import Brakes, Run
from registrar_sync.many import Many
from registrar_sync.runs import Runs, Terms
from registrar_sync.sandbox.faults import Hook
from registrar_sync.sandbox.seed import seed_zones
from registrar_sync.sandbox.server import Sandbox
from registrar_sync.wiring import World
from registrar_sync.worker.place import conninfo_of

LIMIT_S = 180.0

_ZONE = """\
$ORIGIN {zone}
$TTL 3600
@ 3600 IN SOA ns1 hostmaster 2026112300 10800 3600 604800 300
@ 3600 IN NS ns1
ns1 3600 IN A 127.0.0.1
@ 3600 IN MX {preference} mail
@ 3600 IN TXT "v=spf1 mx ~all"
@ 3600 IN TXT "kept={zone}"
mail 3600 IN A 192.0.2.25
"""


@dataclass(frozen=True, slots=True)
class Call:
    """One call, as the provider saw it; times are monotonic seconds."""

    method: str
    path: str
    began: float
    ended: float


class Provider:
    """IONOS in the sandbox: a domain's SPF and MX are written by one PATCH. ``latency_s``: how long each call takes; ``at``:
    called "before" and "after" each call takes effect."""

    def __init__(self, domains: int, latency_s: float = 0.02) -> None:
        self.latency_s = latency_s
        self.calls: list[Call] = []
        self.domains = [f"d{number}.example." for number in range(domains)]
        zones: dict[str, Any] = {name: zone for name, zone in seed_zones().items() if name != "example.com."}
        for number, name in enumerate(self.domains):
            zones[name] = _ZONE.format(zone=name, preference=5 + number % 30)
        self.sandbox = Sandbox(zones)
        self.sandbox.faults.actions_for = self._seen  # type: ignore[method-assign]
        self.at: Callable[[str, str, str], object] = lambda moment, method, path: None

    def _seen(self, method: str, path: str) -> list[Hook]:
        began: list[float] = []

        def begin() -> None:
            began.append(time.monotonic())
            time.sleep(self.latency_s)
            self.at("before", method, path)

        def end() -> None:
            self.at("after", method, path)
            self.calls.append(Call(method, path, began[0], time.monotonic()))

        return [Hook(method, "", None, begin, "before"), Hook(method, "", None, end, "after")]

    @property
    def writes(self) -> Counter[str]:
        """How often each zone was written to. A request that was not read to its end, as its sender was killed, is none."""
        requests = self.sandbox.requests
        return Counter(str(one["path"]) for one in requests if one["method"] == "PATCH" and one["status"] == 200)

    @property
    def most_at_once(self) -> int:
        """The most calls that were under way at the same moment."""
        edges = sorted([(call.began, 1) for call in self.calls] + [(call.ended, -1) for call in self.calls])
        now = most = 0
        for _, step in edges:
            now += step
            most = max(most, now)
        return most

    def most_in(self, seconds: float) -> int:
        """The most calls in any window of so many seconds."""
        times = sorted(call.began for call in self.calls)
        return max((sum(1 for one in times[i:] if one < start + seconds) for i, start in enumerate(times)), default=0)

    def account(self, **more: Any) -> dict[str, Any]:
        dns = "{}:{}".format(*self.sandbox.dns_address)
        keys = {"provider": "ionos", "endpoint": self.sandbox.vendors["ionos"], "nameservers": [dns], "resolvers": [dns]}
        quick = {"call_limit_s": 3.0, "read_back_s": 2.0}  # so long a recovery waits for a call that may still land
        return {**keys, **quick, "credentials": {"api_key": "file:" + str(more.pop("secret"))}, **more}

    def is_protected(self, domain: str) -> bool:
        """Whether the service is in, and nothing else was touched."""
        text = self.sandbox.store.zone_text(domain)
        ours = ("include:includespf.security-mail.net", "france.security-mail.net", "europe.security-mail.net")
        return all(text.count(one) == 1 for one in (*ours, f"kept={domain}", "192.0.2.25"))


_CHILD = """
import json, logging, sys
from pathlib import Path
from registrar_sync.bulk.outcome import Patience
from registrar_sync.cli.worker import process_of
from registrar_sync.journal import open_journal
from registrar_sync.wiring import World
from registrar_sync.worker.times import Times
given = json.loads(sys.argv[1])
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
    patience=Patience(pauses_s=(1.0,) * 20),
    announce=lambda text: print(text, file=sys.stderr, flush=True),
).run()
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
    """An empty journal, a provider, and as many workers as are started. ``journal``: its URL."""

    journal: str
    folder: Path
    provider: Provider
    workers: list[Worker] = field(default_factory=list)

    def configure(self, **account: Any) -> None:
        """Write providers.yaml."""
        secret = self.folder / "secret"
        secret.write_text("sandbox.sandbox")
        secret.chmod(0o600)
        entry = self.provider.account(secret=secret, **account)
        self.config.write_text(yaml.safe_dump({"accounts": {"box": entry}}))

    @property
    def config(self) -> Path:
        return self.folder / "providers.yaml"

    @cached_property
    def runs(self) -> Runs:
        return Runs(self.world)

    @cached_property
    def world(self) -> World:
        return World(config=self.config, journal_url=self.journal)

    def begin(self, domains: Sequence[str], **brakes: Any) -> Run:
        """Keep a run, and leave it to the workers."""
        roster = self.folder / f"roster-{len(domains)}-{domains[0]}.txt"
        roster.write_text("\n".join(domains))
        many = Many(self.world, {"account": "box"})
        with roster.open("rb") as stream:
            checked = many.check(stream, roster.name)
        try:
            return self.runs.start(many, checked, Terms(brakes=Brakes(**brakes)))
        finally:
            checked.book.close()

    def start(self, many: int = 1, *, concurrency: int = 8, metrics: bool = False, **times: Any) -> list[Worker]:
        """Start workers; they are at work when this returns."""
        new = []
        for _ in range(many):
            given = {
                "journal": self.journal,
                "config": str(self.config),
                "concurrency": concurrency,
                "metrics": metrics,
                "lock_s": 6,
            }
            log = self.folder / f"worker-{len(self.workers)}.log"
            words = [sys.executable, "-c", _CHILD, json.dumps({**given, "times": {**QUICK, **times}})]
            with log.open("wb") as out:
                process = subprocess.Popen(words, stdout=out, stderr=subprocess.STDOUT, env={**os.environ})
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
        return f"{[(run.id, run.state, run.why, self.runs.book.counts(run.id)) for run in self.runs.book.runs()]}\n{logs}"

    def end(self) -> None:
        """Put everything away."""
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.kill()
        self.world.close()


@contextmanager
def fleet_of(journal: str, folder: Path, *, domains: int, latency_s: float = 0.02, **account: Any) -> Iterator[Fleet]:
    """A fleet without workers yet."""
    provider = Provider(domains, latency_s)
    with provider.sandbox:
        fleet = Fleet(journal, folder, provider)
        fleet.configure(**account)
        try:
            yield fleet
        finally:
            fleet.end()
