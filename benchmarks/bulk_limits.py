"""One account's limit over several workers, read from the provider's side: ``python -m benchmarks.bulk_limits``.

Three processes of four threads want to call one account: 10 calls a second, 4 at once. A thread calls while it holds one of the
account's four lanes. Told is the worst second, the most calls at once and the mean; exit code 1 where issue 6's target is missed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from registrar_sync.core.pace_account import CallLimit
from registrar_sync.wiring import SystemClock
from tests.unit.journals import empty_place
from tests.unit.test_pace_account import worst_window

CALLS, PER_S, LANES = 10, 1.0, 4
PROCESSES, THREADS = 3, 4
LATENCY_S = 0.05

WORKER = """
import sys, threading, time
from pathlib import Path
from registrar_sync.core.pace_account import CallLimit
from registrar_sync.core.run import Lane
from registrar_sync.journal import open_journal
from registrar_sync.providers.redaction import Redactor
from registrar_sync.providers.transport import Transport
from registrar_sync.wiring import SystemClock

place, url, threads, lanes, calls, per_s = sys.argv[1:]
journal = open_journal(place, default=Path("/nonexistent"), clock=SystemClock())
pace, book = journal.pace("acct", CallLimit(int(calls), float(per_s))), journal.run_book()

def work(number):
    transport = Transport(label="benchmark", clock=SystemClock(), redact=Redactor([]), pace=pace)
    transport.confine(url)
    while True:
        held = book.lane(Lane(run_id=1, account="acct", number=number % int(lanes)))
        if held is None:
            time.sleep(0.05)
            continue
        for _ in range(5):
            transport.request("GET", url + "/zones")
        held.release()

print("ready", flush=True)
sys.stdin.readline()
for number in range(int(threads)):
    threading.Thread(target=work, args=(number,), daemon=True).start()
sys.stdin.read()
"""


@dataclass
class Seen:
    """When calls came, and how many were under way at once."""

    came: list[float] = field(default_factory=list)
    under_way: int = 0
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def call(self) -> Iterator[None]:
        with self.lock:
            self.came.append(time.monotonic())
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        yield
        with self.lock:
            self.under_way -= 1


@contextmanager
def provider(seen: Seen) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            with seen.call():
                time.sleep(LATENCY_S)
            with suppress(OSError):  # the worker was killed meanwhile
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

        def log_message(self, *said: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def run(place: str, seconds: float) -> Seen:
    """So many seconds of all workers."""
    seen = Seen()
    with provider(seen) as url:
        command = [sys.executable, "-c", WORKER, place, url, *map(str, (THREADS, LANES, CALLS, PER_S))]
        running = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
        try:
            for process in running:
                assert process.stdout is not None
                process.stdout.readline()
            for process in running:
                assert process.stdin is not None
                process.stdin.write("\n")
                process.stdin.flush()
            time.sleep(seconds)
        finally:
            for process in running:
                process.kill()
                process.communicate()
    return seen


def cost_of_a_slot(place: str) -> float:
    """Milliseconds of one reservation, alone."""
    from registrar_sync.journal import open_journal  # noqa: PLC0415 - slow to import, and only the workers' elsewhere

    journal = open_journal(place, default=Path("/nonexistent"), clock=SystemClock())
    pace = journal.pace("cost", CallLimit(1_000_000, 1))
    pace.reserve()
    began, times = time.perf_counter(), 500
    for _ in range(times):
        pace.reserve()
    spent = time.perf_counter() - began
    journal.close()
    return spent / times * 1000


def main() -> int:
    """Run it, and print a line a database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    asked, missed = parser.parse_args(), False
    for kind in ("postgresql", "sqlite"):
        with tempfile.TemporaryDirectory() as folder, empty_place(kind, Path(folder)) as place:
            cost_ms = cost_of_a_slot(place)
            seen = run(place, asked.seconds)
        worst, mean = worst_window(seen.came, PER_S), (len(seen.came) - 1) / (seen.came[-1] - seen.came[0])
        missed |= worst > CALLS + 1 or mean < 0.85 * CALLS / PER_S or seen.most > LANES
        print(f"{kind}: worst second {worst}, at once {seen.most}, mean {mean:.2f} a second, {cost_ms:.2f} ms a slot")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
