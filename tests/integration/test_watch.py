"""The command watch in processes of its own, against name servers on loopback: killed, interrupted, two at a time."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from registrar_sync.core.model import RRset, Txt
from registrar_sync.core.txt import quote
from registrar_sync.core.waiting import Waiting
from registrar_sync.journal import SqlJournal, open_journal
from registrar_sync.wiring import SystemClock
from tests.integration.killed import Running, start
from tests.integration.nameserver import NameServer
from tests.unit.watched import before_and_after, many_written

DOMAINS = ("one.test.", "two.test.", "three.test.")
LIMIT_S = 60.0


@dataclass
class World:
    """Two name servers, and a journal with three changes that were written just now."""

    servers: tuple[NameServer, NameServer]
    place: Path
    folder: Path
    journal: SqlJournal
    ids: list[int]

    def serve(self, domain: str, side: str, *servers: NameServer) -> None:
        for server in servers or self.servers:
            server.zones[domain] = (300, 1, 300)
            for rtype, rrset in getattr(before_and_after(domain), side).items():
                server.records[domain, rtype] = (300, _texts(rrset))

    def start(self, *words: str) -> Running:
        out = self.folder / f"out-{len(list(self.folder.glob('out-*')))}"
        asked = [word for s in self.servers for word in ("--nameserver", f"{s.address}:{s.port}")]
        return start(None, ["watch", *words, *asked, "--journal", str(self.place), "--output", "json"], out)

    @property
    def asked(self) -> int:
        return sum(len(server.asked) for server in self.servers)

    def states(self, number: int) -> list[str]:
        return [event.state for event in self.journal.change(self.ids[number]).events]

    def row(self, number: int) -> Waiting:
        """The due time as it stands."""
        now = datetime.now(UTC)
        blank = Waiting(change_id=self.ids[number], started_at=now, deadline_at=now, due_at=now)
        book = self.journal.watch_book()
        (found,) = book.claim([blank])
        book.release()
        return found


def _texts(rrset: RRset | None) -> list[str]:
    assert rrset is not None
    return [quote(row.rdata.strings) if isinstance(row.rdata, Txt) else str(row.rdata) for row in rrset.records]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    place = tmp_path / "journal.sqlite"
    journal = open_journal(str(place), default=place, clock=SystemClock())
    with closing(journal), NameServer() as one, NameServer(address="127.0.0.2") as other:
        found = World((one, other), place, tmp_path, journal, many_written(journal, DOMAINS, datetime.now(UTC)))
        for domain in DOMAINS:
            found.serve(domain, "before")
        yield found


@pytest.fixture
def running() -> Iterator[Callable[[Running], Running]]:
    begun: list[Running] = []

    def keep(process: Running) -> Running:
        begun.append(process)
        return process

    yield keep
    for process in begun:
        process.put_away()


def wait_until(holds: Callable[[], Any], process: Running) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not holds():
        assert process.process.exitcode is None, process.told()
        assert time.monotonic() < deadline, process.told()
        time.sleep(0.01)


def results(process: Running) -> dict[str, dict[str, Any]]:
    lines = [json.loads(line) for line in process.out.read_text().splitlines()]
    return {line["domain"]: line for line in lines}


def test_a_killed_watch_is_gone_on_with_by_the_next(world: World, running: Callable[[Running], Running]) -> None:
    world.serve("one.test.", "after")
    first = running(world.start())
    wait_until(lambda: world.states(0)[-1] == "authoritative" and world.asked > 40, first)
    os.kill(first.pid, signal.SIGKILL)
    assert first.end() == -signal.SIGKILL
    assert [world.states(n)[-1] for n in range(3)] == ["authoritative", "written", "written"]
    left = world.row(1)
    for domain in DOMAINS:
        world.serve(domain, "after")
    second = running(world.start())
    assert second.end() == 0
    told = results(second)
    assert {name: (row["command"], row["state"]) for name, row in told.items()} == {
        "two.test": ("watch", "authoritative"),
        "three.test": ("watch", "authoritative"),
    }
    assert {row["verdict"] for row in told["two.test"]["visibility"]["servers"]} == {"new"}
    assert [world.states(n) for n in range(3)] == [["intended", "written", "authoritative"]] * 3
    # its time is counted from the write, not from the restart
    wrote_at = world.journal.change(world.ids[1]).events[1].at
    assert abs((left.started_at - wrote_at).total_seconds()) < 5
    assert world.journal.unseen() == []


def test_ctrl_c_leaves_a_true_state_and_says_how_to_go_on(world: World, running: Callable[[Running], Running]) -> None:
    world.serve("one.test.", "after")
    process = running(world.start())
    wait_until(lambda: world.states(0)[-1] == "authoritative" and world.asked > 20, process)
    os.kill(process.pid, signal.SIGINT)
    assert process.end() == 130
    lines = process.out.read_text().splitlines()
    interrupted = json.loads(lines[-1])
    assert interrupted["error"]["kind"] == "interrupted"
    assert "registrar-sync watch" in interrupted["error"]["hint"]
    assert interrupted["command"] == "watch"
    assert [world.states(n)[-1] for n in range(3)] == ["authoritative", "written", "written"]
    assert world.row(2).attempts > 0


def test_two_watches_share_the_work_and_both_tell_the_end(world: World, running: Callable[[Running], Running]) -> None:
    first = running(world.start())
    wait_until(lambda: world.asked > 20, first)
    second = running(world.start())
    asked = world.asked
    wait_until(lambda: world.asked > asked + 40, second)
    world.serve("one.test.", "after")
    world.serve("two.test.", "after")
    world.serve("three.test.", "after", world.servers[0])
    wait_until(lambda: world.states(1)[-1] == "authoritative", first)
    assert world.states(2)[-1] == "written"  # its second server has not got it yet
    world.serve("three.test.", "after", world.servers[1])
    assert (first.end(), second.end()) == (0, 0)
    for process in (first, second):
        assert {row["state"] for row in results(process).values()} <= {"authoritative"}
    assert {*results(first), *results(second)} == {"one.test", "two.test", "three.test"}
    assert [world.states(n) for n in range(3)] == [["intended", "written", "authoritative"]] * 3


def test_a_server_that_lies_silent_keeps_the_others_from_nothing(world: World, running: Callable[[Running], Running]) -> None:
    for domain in DOMAINS:
        world.serve(domain, "after")
    for rtype in ("TXT", "MX", "SOA"):
        world.servers[1].behave("two.test.", rtype, "drop")
    process = running(world.start("--timeout", "4"))
    assert process.end() == 4
    told = results(process)
    assert {name: row["state"] for name, row in told.items()} == {
        "one.test": "authoritative",
        "two.test": "overdue",
        "three.test": "authoritative",
    }
    assert [row["verdict"] for row in told["two.test"]["visibility"]["servers"]] == ["new", "unreachable"]
    assert list(told)[-1] == "two.test"
