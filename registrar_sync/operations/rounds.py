"""Ask the authoritative servers round after round, until all of them answer the new data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import tenacity

from registrar_sync.core import visibility
from registrar_sync.core.names import display
from registrar_sync.core.observation import Observation, Server
from registrar_sync.core.progress import Progress, Watched
from registrar_sync.core.visibility import ServerVerdict, Visibility
from registrar_sync.operations.desk import Setting
from registrar_sync.operations.observe import OURS
from registrar_sync.ports import Clock

UNSTEADY = "it has answered the new data, and then not: several machines stand behind this address, and not all have it yet"

Judge = Callable[[Sequence[Observation]], tuple[ServerVerdict, ...]]


def unsteady(row: ServerVerdict) -> ServerVerdict:
    """The verdict on a server that has said "new" just before. Where it answers nothing now, that is not said of its data."""
    return row if row.verdict in ("new", "unreachable") else replace(row, detail=UNSTEADY)


class Rounds:
    """One owner's authoritative servers while they turn to the new data.

    A server that says so for the first time is asked once more before it counts, where ``confirm``: behind one address stand
    many machines (anycast), and another may still have the old data. One that counts is asked again only when all do, so that
    the verdict is on all of them at one time. ``serials``: by server, seen before the write.
    """

    def __init__(
        self, setting: Setting, *, zone: str, owner: str, judge: Judge, confirm: bool, serials: dict[str, int] | None = None
    ) -> None:
        self._setting = setting
        self._zone, self._owner = zone, owner
        self._judge, self._confirm = judge, confirm
        self._serials = dict(serials or {})
        self._rows: dict[Server, Watched] = {}
        self._counting: set[Server] = set()
        self._stirred_at: datetime | None = None
        self.observations: dict[Server, Observation] = {}

    def look(self, servers: Sequence[Server]) -> tuple[ServerVerdict, ...]:
        """Ask those that do not count yet: the verdict on each of ``servers``, in their order."""
        counted = [server for server in servers if server in self._counting]
        self._count(self._ask([server for server in servers if server not in self._counting]))
        if counted and visibility.overall(self._rows[server].row for server in servers):
            self._keep(counted, self._ask(counted))
        return tuple(self._rows[server].row for server in servers)

    def _count(self, rows: Sequence[ServerVerdict]) -> None:
        new = [row.server for row in rows if row.verdict == "new"]
        self._keep(new, self._ask(new) if self._confirm and new else rows)

    def _keep(self, servers: Sequence[Server], again: Sequence[ServerVerdict]) -> None:
        """Servers that said "new" count as long as they say it again."""
        said = {row.server: row for row in again}
        for server in servers:
            row = said[server]
            if row.verdict == "new":
                self._counting.add(server)
            else:
                self._counting.discard(server)
                self._note(unsteady(row))

    def _ask(self, servers: Sequence[Server]) -> tuple[ServerVerdict, ...]:
        if not servers:
            return ()
        seen = self._setting.resolver.observe(servers, self._zone, self._owner, OURS)
        for one in seen:
            self.observations[one.server] = one
            self._note_serial(one)
        rows = self._judge(seen)
        for row in rows:
            self._note(row)
        return rows

    def _note(self, row: ServerVerdict) -> None:
        before = self._rows.get(row.server)
        now = self._setting.clock.now()
        if before is None or before.row.verdict != row.verdict:
            self._rows[row.server] = Watched(row=row, since=now)
            if row.verdict == "new":
                self._stirred_at = now
        else:
            self._rows[row.server] = Watched(row=row, since=before.since)

    def _note_serial(self, seen: Observation) -> None:
        if seen.serial is None:
            return
        before = self._serials.get(str(seen.server))
        self._serials[str(seen.server)] = seen.serial
        if before is not None and before != seen.serial:
            self._stirred_at = self._setting.clock.now()

    @property
    def stirred_s(self) -> float | None:
        """Seconds since a serial moved or a server turned to the new data; None: nothing has yet."""
        return None if self._stirred_at is None else (self._setting.clock.now() - self._stirred_at).total_seconds()

    def watched(self, servers: Sequence[Server]) -> tuple[Watched, ...]:
        """Each server's verdict, and since when it is that."""
        return tuple(self._rows[server] for server in servers if server in self._rows)

    def progress(self, servers: Sequence[Server], until: datetime | None) -> Progress:
        """Where each server is, for who watches."""
        rows = self.watched(servers)
        done = sum(watched.row.verdict == "new" for watched in rows)
        text = f"{done} of {len(rows)} authoritative servers answer the new data"
        goal = f"waiting for every authoritative server of {display(self._owner)}"
        return Progress(text, goal=goal, servers=rows, until=until)


def poll(
    clock: Clock,
    timeout_s: float,
    look: Callable[[], Visibility],
    *,
    until: Callable[[Visibility], bool],
    pause_s: Callable[[float, float], float],
) -> Visibility:
    """``look`` until ``until``, or ``timeout_s`` are over: tenacity with our clock, since its own stop reads the real one.

    ``pause_s``: the next pause, from the seconds that have passed and those that are left.
    """
    started = clock.now()

    def elapsed_s() -> float:
        return (clock.now() - started).total_seconds()

    def last(state: tenacity.RetryCallState) -> Visibility:
        assert state.outcome is not None
        seen: Visibility = state.outcome.result()
        return seen

    def pause(_: tenacity.RetryCallState) -> float:
        passed_s = elapsed_s()
        return pause_s(passed_s, timeout_s - passed_s)

    retrying = tenacity.Retrying(
        sleep=clock.sleep,
        stop=lambda state: elapsed_s() >= timeout_s,
        wait=pause,
        retry=tenacity.retry_if_result(lambda seen: not until(seen)),
        retry_error_callback=last,
    )
    result: Visibility = retrying(look)
    return result
