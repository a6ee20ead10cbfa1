"""An account's limit, seen from the provider's side: a server on loopback writes down when it is called, by whom it may be."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.unit import journals
from tests.unit.test_pace_account import worst_window

PROCESSES, THREADS = 3, 4
CALLS, PER_S = 30, 3.0
RETRY_AFTER_S = 3
# A busy machine may hold every thread up between its slot and its call: benchmarks/bulk_limits.py tells how close it comes.
UNDER_WAY = PROCESSES * THREADS
HEARD_LATE_S = 0.5  # by the other processes, of a journal that is a file: they take their slots so far ahead

CALLER = """
import sys, threading
from pathlib import Path
from registrar_sync.core.pace_account import CallLimit
from registrar_sync.errors import ProviderUnavailable
from registrar_sync.journal import open_journal
from registrar_sync.providers.redaction import Redactor
from registrar_sync.providers.transport import Transport
from registrar_sync.wiring import SystemClock

place, url, threads, calls, per_s = sys.argv[1:]
journal = open_journal(place, default=Path("/nonexistent"), clock=SystemClock())
pace = journal.pace("acct", CallLimit(int(calls), float(per_s)))

def work():
    transport = Transport(label="test", clock=SystemClock(), redact=Redactor([]), pace=pace)
    transport.confine(url)
    while True:
        transport.request("GET", url + "/zones")

print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(threads)):
    threading.Thread(target=work, daemon=True).start()
sys.stdin.read()
journal.close()
"""


@dataclass
class Provider:
    """``came``: when each call came. The one of the number ``refuses`` is told to come back later; ``refused_at``: when."""

    url: str = ""
    refuses: int = -1
    came: list[float] = field(default_factory=list)
    refused_at: float = float("inf")
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self) -> int:
        with self.lock:
            self.came.append(time.monotonic())
            if len(self.came) != self.refuses:
                return 200
            self.refused_at = self.came[-1]
            return 429

    def wait_for(self, calls: int) -> None:
        ends = time.monotonic() + 60
        while len(self.came) < calls:
            assert time.monotonic() < ends, f"{len(self.came)} calls in a minute"
            time.sleep(0.02)


@contextmanager
def serving(provider: Provider) -> Iterator[Provider]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status = provider.answer()
            self.send_response(status)
            if status == 429:
                self.send_header("Retry-After", str(RETRY_AFTER_S))
            self.send_header("Content-Length", "2")
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(b"{}")

        def log_message(self, *said: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        provider.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def callers(place: str, provider: Provider) -> Iterator[None]:
    """Several processes with several threads each, which all begin at once and call as often as they may."""
    command = [sys.executable, "-c", CALLER, place, provider.url, str(THREADS), str(CALLS), str(PER_S)]
    running = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
    try:
        for process in running:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in running:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        yield
    finally:
        for process in running:
            process.kill()
            process.communicate()


@pytest.mark.parametrize("kind", journals.PLACES)
def test_processes_together_keep_to_the_one_limit(kind: str, tmp_path: Path) -> None:
    with journals.empty_place(kind, tmp_path) as place, serving(Provider()) as provider:
        with callers(place, provider):
            provider.wait_for(3 * CALLS)
        assert worst_window(provider.came, PER_S) <= CALLS + UNDER_WAY < 2 * CALLS


@pytest.mark.parametrize("kind", journals.PLACES)
def test_retry_after_stops_every_thread_of_every_process(kind: str, tmp_path: Path) -> None:
    with journals.empty_place(kind, tmp_path) as place, serving(Provider(refuses=CALLS + 10)) as provider:
        with callers(place, provider):
            provider.wait_for(CALLS + 20)
        late = [at for at in provider.came if 0 < at - provider.refused_at < RETRY_AFTER_S - 0.05]
        assert len(late) <= UNDER_WAY + HEARD_LATE_S * CALLS / PER_S < RETRY_AFTER_S * CALLS / PER_S
