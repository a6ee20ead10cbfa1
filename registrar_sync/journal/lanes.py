"""The right to work on one of an account's lanes: a row that names its holder and runs out by itself, as a zone lock does."""

from __future__ import annotations

import logging
import secrets

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from registrar_sync.core.run import Lane, RowNews, RunRow
from registrar_sync.errors import JournalUnusable, LockLost
from registrar_sync.journal.database import Database
from registrar_sync.journal.holder import holder_from, is_running, this_process
from registrar_sync.journal.moment import Moment, moment
from registrar_sync.journal.prepared import Prepared
from registrar_sync.journal.run_due import next_row, state_of
from registrar_sync.journal.run_rows import begin, cancel_rows, tell
from registrar_sync.journal.schema import lane as lanes
from registrar_sync.journal.trust import Trust
from registrar_sync.ports import Clock

_log = logging.getLogger(__name__)

_THIS = (lanes.c.account == bindparam("of_account")) & (lanes.c.number == bindparam("of_number"))
_OURS = _THIS & (lanes.c.token == bindparam("of_token"))
_HELD = Prepared(select(lanes).where(_THIS))
_TAKE = Prepared(insert(lanes))
_RENEW = Prepared(update(lanes).where(_OURS).values(expires_at=bindparam("until")))
_RELEASE = Prepared(delete(lanes).where(_OURS))
_TAKE_OVER = Prepared(delete(lanes).where(_THIS))


class SqlLane:
    """A lane that we hold (see ``core.run.LaneHeld``)."""

    def __init__(self, database: Database, clock: Clock, lane: Lane, *, token: str, trust: Trust) -> None:
        self._database = database
        self._clock = clock
        self._lane = lane
        self._ours = {"of_account": lane.account, "of_number": lane.number, "of_token": token}
        self._trust = trust

    def take(self, news: RowNews | None = None) -> RunRow | None:
        """Write down how the row before ended, and begin the next one: first what somebody has left begun. Raises ``LockLost``
        and ``JournalUnusable``: then nothing was written down."""
        with self._trust.confirming(), self._database.write(changed="unknown") as connection:
            now = moment(connection, self._clock)
            self._renew(connection, now)
            if news is not None and not tell(connection, self._lane.run_id, news, now):
                raise self._lost()
            state, wave = state_of(connection, self._lane.run_id)
            if state == "cancelled":
                cancel_rows(connection, self._lane.run_id, now.ours)  # what was just put back is not begun again either
            row = next_row(connection, self._lane, wave, now.journals, left_first=news is None) if state == "running" else None
            return begin(connection, row, now.ours) if row is not None else None

    def renew(self) -> None:
        """Say that we are alive: the lease counts from now. Raises ``LockLost``, ``JournalUnusable``."""
        if self._trust.holds():
            return
        with self._trust.confirming(), self._database.write(changed="unknown") as connection:
            self._renew(connection, moment(connection, self._clock))

    def release(self) -> None:
        """Let others work on it. A journal that fails here is only logged: the lease runs out by itself."""
        self._trust.end()
        try:
            with self._database.write(changed="unknown") as connection:
                _RELEASE.change(connection, **self._ours)
        except JournalUnusable as error:
            _log.warning("Lane %d of %s stays taken until it runs out: %s", self._lane.number, self._lane.account, error.message)

    def _renew(self, connection: Connection, now: Moment) -> None:
        if _RENEW.change(connection, **self._ours, until=now.journals + self._trust.lease) != 1:
            raise self._lost()

    def _lost(self) -> LockLost:
        return LockLost(
            f"Lane {self._lane.number} of {self._lane.account} was taken over by another process, which goes on with it. "
            "This one writes nothing more there; what it wrote before stands."
        )


def acquire(database: Database, clock: Clock, lane: Lane, *, lease_s: float) -> SqlLane | None:
    """Take a free lane, a dead holder's, or one whose lease of ``lease_s`` seconds has run out; None: it is held.

    Raises ``JournalUnusable``.
    """
    token, of_lane = secrets.token_hex(16), {"of_account": lane.account, "of_number": lane.number}
    trust = Trust(clock, lease_s=lease_s, one_machine=database.is_sqlite)
    with trust.confirming(), database.write() as connection:
        now = moment(connection, clock).journals
        held = _HELD.one(connection, **of_lane)
        if held is not None and now < held["expires_at"] and is_running(holder_from(held)) is not False:
            return None
        if held is not None:
            _TAKE_OVER.change(connection, **of_lane)
        names = {"account": lane.account, "number": lane.number, "token": token, "expires_at": now + trust.lease}
        _TAKE.change(connection, **names, **this_process().columns)
    return SqlLane(database, clock, lane, token=token, trust=trust)
