"""The command line in a process of its own that is killed, or stopped, at a chosen point of its work.

``start`` forks the process from a server that has imported everything already (the standard library's forkserver): so a
test pays for what a command does, not for what it loads.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

import requests

from registrar_sync.cli import app
from registrar_sync.journal.lock import SqlZoneLock
from registrar_sync.journal.store import SqlJournal
from registrar_sync.ports import ZoneLock
from registrar_sync.providers.transport import Transport
from registrar_sync.wiring import SystemClock

T = TypeVar("T")

_LOADED_BEFORE = (
    "tests.integration.killed",
    "registrar_sync.client",
    "registrar_sync.resolver",
    "registrar_sync.providers.lexicon_zone",
    "registrar_sync.providers.read_only",
    "registrar_sync.providers.adapters.ovh",
    "registrar_sync.providers.adapters.powerdns",
)
_LIMIT_S = 60.0

# A holder of a lock that has just renewed it asks nobody for so long (journal.trust). Whoever takes over a stopped one has waited
# a minute for the lease; here a clock that was set says that it has, and the one that no process can set is waited for.
_TRUSTED_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Where the signal comes: just ``before`` or ``after`` the ``nth`` event of its kind.

    Events: ``write`` (a request that is no GET), ``read-back`` (a GET after a write), ``lock`` and ``renew`` of the zone's
    lock, ``begin`` of a change in the journal, and the name of each state appended to one. ``before write`` is after its
    ``renew``. ``apart``: the lock is taken, and then the intent recorded, as where something is in the way; else both are one
    event, ``begin``. ``request_to``: where the request of a write that is killed before it is sent is kept, for ``send_late``.
    """

    when: str
    event: str
    nth: int = 1
    signal: signal.Signals = signal.SIGKILL
    request_to: Path | None = None
    apart: bool = False

    @classmethod
    def parse(cls, text: str, **more: Any) -> Point:
        """ "before write 2"; the number may be left out."""
        when, event, *nth = text.split()
        return cls(when=when, event=event, nth=int(nth[0]) if nth else 1, **more)


@dataclass(slots=True)
class _Watch:
    """Counts events in the process, and ends or stops it at the point."""

    point: Point
    seen: int = 0
    wrote: bool = False

    def pass_by(self, event: str, act: Callable[[], T], *, request: requests.PreparedRequest | None = None) -> T:
        self.seen += event == self.point.event
        due = event == self.point.event and self.seen == self.point.nth
        if due and self.point.when == "before":
            self._strike(request)
        result = act()
        if due and self.point.when == "after":
            self._strike(None)
        return result

    def _strike(self, request: requests.PreparedRequest | None) -> None:
        if request is not None and self.point.request_to is not None:
            body = request.body.decode() if isinstance(request.body, bytes) else request.body
            kept = {"method": request.method, "url": request.url, "headers": dict(request.headers), "data": body}
            self.point.request_to.write_text(json.dumps(kept))
        os.kill(os.getpid(), self.point.signal)

    def arm(self) -> None:
        """Put ourselves around what is counted, for as long as the process lives."""
        send_once, begin, append = Transport.send_once, SqlJournal.begin, SqlJournal.append
        lock, renew, begin_locked = SqlJournal.lock, SqlZoneLock.renew, SqlJournal.begin_locked

        def watched_claim(*args: Any, **more: Any) -> tuple[int, ZoneLock] | None:
            return None if self.point.apart else self.pass_by("begin", lambda: begin_locked(*args, **more))

        def watched_send(http: Transport, prepared: requests.PreparedRequest, limit_s: float) -> requests.Response:
            reading = prepared.method == "GET"
            event = "write" if not reading else "read-back" if self.wrote else "read"
            self.wrote = self.wrote or not reading
            return self.pass_by(event, lambda: send_once(http, prepared, limit_s), request=prepared)

        def watched_append(journal: SqlJournal, change_id: int, state: Any, **more: Any) -> None:
            self.pass_by(state, lambda: append(journal, change_id, state, **more))

        for owner, name, watched in (
            (Transport, "send_once", watched_send),
            (SqlJournal, "append", watched_append),
            (SqlJournal, "begin_locked", watched_claim),
            (SqlJournal, "begin", lambda *args, **more: self.pass_by("begin", lambda: begin(*args, **more))),
            (SqlJournal, "lock", lambda *args: self.pass_by("lock", lambda: lock(*args))),
            (SqlZoneLock, "renew", lambda *args: self.pass_by("renew", lambda: renew(*args))),
        ):
            mock.patch.object(owner, name, watched).start()


def run(point: Point | None, words: Sequence[str], environ: dict[str, str], out: Path, later_s: float) -> None:
    """The process: ``registrar-sync`` with these words and variables; stdout and stderr go to ``out`` and its ``.err``."""
    now = SystemClock.now
    mock.patch.object(SystemClock, "now", lambda clock: now(clock) + timedelta(seconds=later_s)).start()
    os.environ.clear()
    os.environ.update(environ)
    for file, number in ((out, 1), (out.with_suffix(".err"), 2)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    sys.argv = ["registrar-sync", *words]
    if point is not None:
        _Watch(point).arm()
    # A suite started in the background ignores Ctrl-C, and its children would, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    app.run()


@dataclass(slots=True)
class Running:
    """A started command line."""

    process: BaseProcess
    out: Path
    stopped_at: float = 0.0

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self.process.pid is not None
        return self.process.pid

    def end(self) -> int:
        """Wait for its end; its exit code, or minus the signal that killed it."""
        self.process.join(_LIMIT_S)
        code = self.process.exitcode
        assert code is not None, "the process did not end"
        return code

    def wait_until_stopped(self) -> None:
        """Wait until it has stopped itself."""
        deadline = time.monotonic() + _LIMIT_S
        while _state(self.pid) != "T":
            assert self.process.exitcode is None, f"it ended before its point: {self.told()}"
            assert time.monotonic() < deadline, "it did not come to its point"
            time.sleep(0.01)
        self.stopped_at = time.monotonic()

    def go_on(self) -> int:
        """Let a stopped one go on, and wait for its end."""
        while time.monotonic() < self.stopped_at + _TRUSTED_S:
            time.sleep(0.01)
        os.kill(self.pid, signal.SIGCONT)
        return self.end()

    def told(self) -> str:
        """stdout and stderr."""
        return self.out.read_text() + self.out.with_suffix(".err").read_text()

    def put_away(self) -> None:
        """End it, whatever it is doing."""
        self.process.kill()
        self.process.join(_LIMIT_S)
        self.process.close()


def _state(pid: int) -> str:
    """The process's state, field 3 of proc(5) stat."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""


def start(point: Point | None, words: Sequence[str], out: Path, *, later_s: float = 0.0) -> Running:
    """Start the command line with today's environment, its clock ``later_s`` seconds ahead."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(_LOADED_BEFORE))
    process = context.Process(target=run, args=(point, list(words), dict(os.environ), out, later_s))
    process.start()
    return Running(process, out)


def send_late(kept: Path) -> None:
    """Carry out the request that a killed process left under way, as its server does when it gets round to it."""
    request = json.loads(kept.read_text())
    response = requests.request(**request, timeout=10)
    assert response.ok, response.text
