"""A run over many domains, as the journal keeps it: its rows, how each stands, and when the run must stop by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol
from zlib import crc32

RunCommand = Literal["enroll", "rollback"]
RunState = Literal["running", "paused", "cancelled", "ended"]
"""``paused``: by a person or by a brake, and goes on with ``bulk resume``; ``ended``: every row is done."""

RowState = Literal["todo", "begun", "written", "done"]
"""``todo``: to be begun once it is due; ``begun``: being worked on, or left by a process that died; ``written``: read back, and
watched until it is served; ``done``: see its outcome."""

Outcome = Literal["authoritative", "written", "nothing-to-do", "held-back", "overdue", "failed", "unknown", "cancelled"]
"""``written``: and nobody was to wait for more. ``failed``: nothing was changed, or it was put back. ``unknown``: recover."""

FAILURES: tuple[Outcome, ...] = ("failed", "unknown", "overdue")
"""The outcomes that brakes count."""

LEASE_S = 20.0
"""How long a process that works on a lane, and cannot be seen to be dead, keeps it without a sign of life."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brakes:
    """When a run stops by itself. ``canary``: so many domains first, alone; ``wave``: then so many at a time (0: all);
    ``max_failures``: of all rows that ended; ``max_share``: of a wave's rows, 0 to 1. None: no such limit."""

    canary: int = 0
    wave: int = 0
    max_failures: int | None = None
    max_share: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRun:
    """What is known of a run before its first row. ``options``: those of ``Client.enroll`` that hold where a row says nothing,
    and what holds for all rows ("nameservers", "resolvers", "wait", "timeout"). ``lanes``: by account, how many rows at a time.
    ``undoes``: the run that this one takes back."""

    command: RunCommand
    roster: str
    options: Mapping[str, Any]
    lanes: Mapping[str, int]
    brakes: Brakes = field(default_factory=Brakes)
    undoes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRow:
    """A domain (absolute, A-label) of a run. ``typed``: as somebody wrote it; ``lane``: below the account's number of lanes;
    ``to_change``: of a rollback, what is taken back."""

    line: int
    domain: str
    typed: str
    account: str
    lane: int
    options: Mapping[str, Any] = field(default_factory=dict)
    wave: int = 0
    to_change: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as it stands. ``wave``: rows of later waves are not begun; ``why``: of its state, in words."""

    id: int
    what: NewRun
    state: RunState
    wave: int
    why: str
    at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A row as it stands. ``epoch``: counts who begins it; only the newest may say how it ended. ``attempts``: begun so often.
    ``change_id``: the change that the journal holds of it. ``outcome`` of a row in ``written``: "held-back" where something of
    it waits for a person anyhow. ``told``: what a report tells (see ``bulk.outcome``), JSON."""

    run_id: int
    what: NewRow
    state: RowState = "todo"
    epoch: int = 0
    attempts: int = 0
    due_at: datetime | None = None
    change_id: int | None = None
    outcome: Outcome | None = None
    told: Mapping[str, Any] = field(default_factory=dict)
    begun_at: datetime | None = None
    written_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowNews:
    """How a row stands now, from whoever began it as ``epoch``. ``due_at``: of ``todo``, when it is tried again."""

    line: int
    epoch: int
    state: RowState
    outcome: Outcome | None = None
    change_id: int | None = None
    due_at: datetime | None = None
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """So many rows of an account and a wave in one state."""

    account: str
    wave: int
    state: RowState
    outcome: Outcome | None
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Rows that are worked on one after the other: ``number`` is below the account's number of lanes."""

    run_id: int
    account: str
    number: int


class LaneHeld(Protocol):
    """The right to work on one of an account's lanes, over all runs that share the journal."""

    def take(self, news: RowNews | None = None) -> RunRow | None:
        """Write down how the row before ended, and begin the next that is due; all or nothing, durably.

        None: there is none now, or the run is not ``running``. Raises ``LockLost`` where somebody else has the lane by now:
        then nothing was written down.
        """
        ...

    def renew(self) -> None:
        """Say that the holder lives, between one row and the next. Raises ``LockLost`` where somebody else has the lane."""
        ...

    def release(self) -> None:
        """Let others work on it. Never raises."""
        ...


class RunBook(Protocol):
    """Runs and their rows: what is still to be done. Evidence of what was done is in the changes. Every method raises
    ``JournalUnusable``."""

    def create(self, new: NewRun, rows: Iterable[NewRow]) -> int:
        """Keep a run and all of its rows, in one transaction; its id. Its state is ``running``."""
        ...

    def run(self, run_id: int | None = None) -> Run:
        """One run; None: the newest. Raises ``NothingJournalled``."""
        ...

    def runs(self, *states: RunState) -> list[Run]:
        """All (in these states), newest first."""
        ...

    def counts(self, run_id: int) -> list[Count]:
        """The rows by account, wave, state and outcome. Quick, however many there are."""
        ...

    def order(self, run_id: int, state: RunState, why: str = "") -> Run:
        """Pause, go on, cancel, end. A cancelled or ended run stays so. ``cancelled``: rows in ``todo`` are done, outcome
        ``cancelled``. Returns the run as it stands then."""
        ...

    def open_wave(self, run_id: int, wave: int) -> None:
        """Let rows up to this wave be begun."""
        ...

    def lane(self, lane: Lane) -> LaneHeld | None:
        """Take the lane (of the account, whatever the run); None while somebody else who lives works on it."""
        ...

    def next_due(self, run_id: int) -> datetime | None:
        """When the first row in ``todo`` of an open wave is due; None: there is none."""
        ...

    def hear(self, run_id: int, news: Sequence[RowNews]) -> None:
        """Write down how rows ended, all at once; those that others have begun or ended since are left out. What was told of a
        row stays, but for the keys that ``told`` has anew."""
        ...

    def written(self, run_id: int) -> list[RunRow]:
        """The rows in ``written``, without what they tell."""
        ...

    def rows(self, run_id: int, *, states: Sequence[RowState] = (), newest_first: bool = False) -> Iterable[RunRow]:
        """All rows (in these states) by line, read a little at a time."""
        ...


def lane_of(zone: str, lanes: int) -> int:
    """The lane of a zone: the same for all of its domains.

    >>> lane_of("example.com.", 4) == lane_of("example.com.", 4)
    True
    """
    return crc32(zone.encode()) % lanes


def wave_of(position: int, brakes: Brakes) -> int:
    """The wave of the row at ``position`` (from 0, canaries first).

    >>> [wave_of(n, Brakes(canary=2, wave=3)) for n in range(6)]
    [0, 0, 1, 1, 1, 2]
    """
    if position < brakes.canary:
        return 0
    first = 1 if brakes.canary else 0
    return first + (position - brakes.canary) // brakes.wave if brakes.wave else first


def brake(counts: Iterable[Count], brakes: Brakes, wave: int) -> str:
    """Why the run must stop now, in words; "" while it may go on. ``wave``: the one that is open.

    A wave's share counts over all of its rows: a run stops as soon as the share is certain to be passed, and not for one failure
    among the first two.
    """
    seen = list(counts)
    failed = sum(one.rows for one in seen if one.outcome in FAILURES)
    if brakes.max_failures is not None and failed > brakes.max_failures:
        return f"{failed} failures, more than the {brakes.max_failures} that are let pass"
    if brakes.max_share is None:
        return ""
    rows = sum(one.rows for one in seen if one.wave == wave)
    in_wave = sum(one.rows for one in seen if one.wave == wave and one.outcome in FAILURES)
    if in_wave > brakes.max_share * rows:
        name = "the canaries" if wave == 0 and brakes.canary else f"wave {wave}"
        return f"{in_wave} of {rows} domains of {name} failed, more than {brakes.max_share:.0%}"
    return ""
