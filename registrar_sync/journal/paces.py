"""An account's pace, kept in one row by all processes that share the journal: see ``ports.Pace`` and ``core.pace_account``."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from math import inf
from typing import TypeVar

from sqlalchemy import Connection, RowMapping, bindparam, literal_column, select, text, update

from registrar_sync.core.pace_account import (
    GOOD_ANSWERS,
    CallLimit,
    PaceState,
    better,
    counted,
    held,
    is_slow,
    reserve,
    set_back,
    slower,
    terms_of,
)
from registrar_sync.errors import JournalUnusable
from registrar_sync.journal.database import Database
from registrar_sync.journal.failures import unusable
from registrar_sync.journal.paces_server import Taken, take_on_server
from registrar_sync.journal.schema import account_pace
from registrar_sync.ports import Clock

_log = logging.getLogger(__name__)
T = TypeVar("T")

_AHEAD_S = 0.5
"""In a file, slots are taken up to so long ahead: a commit waits for the disk. What another process heard of the account is known
here as late as that, too."""
_MOST_AHEAD = 64
_CLOCK_S = 1.0  # clocks of one machine differ by nothing, but are set
_TRIES = 100  # somebody else changed the row between our two statements

_NAMES = tuple(one.name for one in fields(PaceState))
_BEGIN = text(
    f"INSERT INTO account_pace (account, turn, seen_at, {', '.join(_NAMES)})"  # noqa: S608 - names of our own columns
    f" VALUES (:account, 0, 0, {', '.join(f':{name}' for name in _NAMES)}) ON CONFLICT (account) DO NOTHING"
)
_LESS = "Use fewer workers for one account, then go on with `registrar-sync bulk resume`."
_ROW = select(account_pace).where(account_pace.c.account == bindparam("account"))
_ROW_ON_SERVER = _ROW.add_columns(literal_column("extract(epoch FROM clock_timestamp())::float8").label("now"))


class SqlPace:
    """For all threads of this process, and with those of others."""

    def __init__(self, database: Database, clock: Clock, account: str, limit: CallLimit | None) -> None:
        self._database = database
        self._clock = clock
        self._account = account
        self._limit = limit
        self._lock = threading.Lock()
        self._state = PaceState()  # as last seen
        self._skew_s = 0.0  # of the row's clock to ours
        self._seen_at = -inf
        self._made = 0  # calls that the row does not know of
        self._good = 0
        self._ahead: deque[float] = deque()
        self._used = 1  # of the slots taken ahead the last time

    def reserve(self, calls: int = 1, *, within_s: float = inf) -> float:
        """See the port. Raises ``JournalUnusable``."""
        with self._lock:
            if terms_of(self._state, self._limit) is None:
                return self._unlimited(calls, within_s)
            if self._database.is_sqlite:
                return self._from_ahead(within_s) if calls == 1 else self._change(self._taking(calls, within_s))[0]
            taken = take_on_server(self._database, self._account, self._limit, calls, within_s)
            return self._change(self._taking(calls, within_s))[0] if taken is None else self._learn(taken)

    def held(self) -> float:
        """See the port. Raises ``JournalUnusable``."""
        with self._lock:
            if terms_of(self._state, self._limit) is not None:
                self._look()
            return self._held_s()

    def hold(self, seconds: float) -> None:
        """See the port."""
        with self._lock:
            self._tell(lambda state, now: held(state, self._limit, now, seconds))

    def answered(self, busy: bool) -> None:
        """See the port."""
        if not busy and not is_slow(self._state):
            return
        with self._lock:
            self._good = 0 if busy else self._good + 1
            if busy:
                self._tell(lambda state, now: slower(state, self._limit, now))
            elif self._good >= GOOD_ANSWERS:
                self._good = 0
                self._tell(lambda state, now: better(state, self._limit))

    # --- slots --------------------------------------------------------------------------------------------------------
    def _unlimited(self, calls: int, within_s: float) -> float:
        """The row is told, and asked, now and then: there is nothing to take."""
        if self._clock.monotonic() - self._seen_at >= _AHEAD_S:
            return self._change(self._taking(calls, within_s))[0]
        wait_s = self._held_s()
        if wait_s <= within_s:
            self._made += calls
        return wait_s

    def _from_ahead(self, within_s: float) -> float:
        now = self._clock.monotonic()
        while self._ahead and self._ahead[0] < now - self._late_s():
            self._ahead.popleft()  # nobody came for it in time
        if not self._ahead:
            waits = self._change(self._taking(1, within_s, most=min(2 * self._used, _MOST_AHEAD)))
            if waits[0] > within_s:
                return waits[0]
            self._used = 0
            now = self._clock.monotonic()
            self._ahead.extend(now + wait_s for wait_s in waits)
        wait_s = max(0.0, self._ahead[0] - now)
        if wait_s <= within_s:
            self._ahead.popleft()
            self._used += 1
        return wait_s

    def _late_s(self) -> float:
        """So late a slot may still be used; what nothing may go out ahead of leaves a tenth of the window."""
        return min(_AHEAD_S, self._limit.per_s / 20) if self._limit else 0.0

    def _taking(
        self, calls: int, within_s: float, *, most: int = 1
    ) -> Callable[[PaceState, float], tuple[PaceState, list[float]]]:
        """Take one piece, and up to ``most`` in all as far as they come soon."""

        def take(state: PaceState, now: float) -> tuple[PaceState, list[float]]:
            state, wait_s = reserve(state, self._limit, now, calls, within_s)
            waits = [wait_s]
            while len(waits) < most and waits[0] <= within_s:
                after, wait_s = reserve(state, self._limit, now, calls, max(_AHEAD_S, waits[0]))
                if after is state:
                    break
                state = after
                waits.append(wait_s)
            return state, waits

        return take

    # --- the row ------------------------------------------------------------------------------------------------------
    def _tell(self, change: Callable[[PaceState, float], PaceState]) -> None:
        """Never raises: what the call did is done. This process at least keeps to what it heard."""
        self._ahead.clear()
        try:
            self._change(lambda state, now: (change(state, now), None))
        except JournalUnusable as error:
            _log.warning("Only this process knows how %s was answered: %s", self._account, error.message)
            self._state = change(self._state, self._clock.monotonic() + self._skew_s)

    def _change(self, change: Callable[[PaceState, float], tuple[PaceState, T]]) -> T:
        """Read the row, and write what becomes of it, unless somebody else wrote meanwhile: then again."""
        for _ in range(_TRIES):
            with self._database.apart() as connection:
                row, now = self._read(connection)
                state = _state_of(row)
                if now < row["seen_at"] - _CLOCK_S:
                    state = set_back(state, row["seen_at"] - now)
                state, told = change(counted(state, now, self._made) if self._made else state, now)
                if self._written(connection, row["turn"], state, now):
                    self._made = 0
                    self._remember(state, now)
                    return told
        raise unusable(self._database.location, "the pace of an account changes too quickly to be changed", _LESS)

    def _read(self, connection: Connection) -> tuple[RowMapping, float]:
        """The row, and what its clock says. A first look makes it."""
        asked = {"account": self._account}
        question = _ROW if self._database.is_sqlite else _ROW_ON_SERVER
        row = connection.execute(question, asked).mappings().one_or_none()
        if row is None:
            connection.execute(_BEGIN, {**asked, **asdict(PaceState())})
            row = connection.execute(question, asked).mappings().one()
        return row, self._clock.now().timestamp() if self._database.is_sqlite else float(row["now"])

    def _written(self, connection: Connection, turn: int, state: PaceState, now: float) -> bool:
        ours = (account_pace.c.account == self._account) & (account_pace.c.turn == turn)
        changed = update(account_pace).where(ours).values(turn=turn + 1, seen_at=now, **asdict(state))
        return connection.execute(changed).rowcount == 1

    def _look(self) -> None:
        with self._database.read() as connection:
            row, now = self._read(connection)
        self._remember(_state_of(row), now)

    def _remember(self, state: PaceState, now: float) -> None:
        self._state, self._seen_at = state, self._clock.monotonic()
        self._skew_s = now - self._seen_at
        while self._ahead and self._ahead[0] < state.held_until - self._skew_s:
            self._ahead.popleft()

    def _learn(self, taken: Taken) -> float:
        held_until = taken.now + taken.held_s
        self._remember(replace(self._state, factor=taken.factor, learned=taken.learned, held_until=held_until), taken.now)
        return max(0.0, taken.wait_s)

    def _held_s(self) -> float:
        return max(0.0, self._state.held_until - self._skew_s - self._clock.monotonic())


def _state_of(row: RowMapping) -> PaceState:
    return PaceState(**{name: row[name] for name in _NAMES})
