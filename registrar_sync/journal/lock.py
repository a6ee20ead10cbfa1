"""The right to write to one zone: a row that names its holder and runs out by itself."""

from __future__ import annotations

import itertools
import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from registrar_sync.core.names import display
from registrar_sync.errors import JournalUnusable, LockLost, ZoneLocked
from registrar_sync.journal.database import Database
from registrar_sync.journal.holder import Holder, holder_from, is_running, this_process
from registrar_sync.journal.prepared import Prepared
from registrar_sync.journal.schema import zone_lock
from registrar_sync.journal.trust import LONGEST, Trust
from registrar_sync.ports import Clock

_log = logging.getLogger(__name__)

# A token is nobody else's by its first part, which is drawn once: to draw is a system call, and every domain takes a lock.
_DRAWN = secrets.token_hex(16)
_NUMBERS = itertools.count()

_OURS = (zone_lock.c.zone == bindparam("of_zone")) & (zone_lock.c.token == bindparam("of_token"))
_HELD = Prepared(select(zone_lock).where(zone_lock.c.zone == bindparam("of_zone")))
_TAKE = Prepared(insert(zone_lock))
_RENEW = Prepared(update(zone_lock).where(_OURS).values(renewed_at=bindparam("now"), expires_at=bindparam("until")))
_RELEASE = Prepared(delete(zone_lock).where(_OURS))
_TAKE_OVER = Prepared(delete(zone_lock).where(zone_lock.c.zone == bindparam("of_zone")))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    holder: Holder
    acquired_at: datetime
    renewed_at: datetime
    expires_at: datetime

    @property
    def alive_until(self) -> datetime:
        """When it may have let its last call go: renewals so close to one another leave no trace."""
        return self.renewed_at + LONGEST


class SqlZoneLock:
    """A zone lock, once it is taken ours (see ``ports.ZoneLock``). ``lease_s``: seconds that it counts without a renewal."""

    def __init__(self, database: Database, clock: Clock, zone: str, *, lease_s: float) -> None:
        self.dead_since: datetime | None = None
        self._database = database
        self._clock = clock
        self._zone = zone
        self._ours = {"of_zone": zone, "of_token": f"{_DRAWN}-{os.getpid()}-{next(_NUMBERS)}"}
        self._trust = Trust(clock, lease_s=lease_s, one_machine=database.is_sqlite)
        self._is_over = False

    @contextmanager
    def taking(self) -> Iterator[Connection]:
        """A transaction in which it is taken, or not."""
        with self._trust.confirming(), self._database.write() as connection:
            yield connection

    def take_free(self, connection: Connection) -> bool:
        """Take it where nobody has it, dead or alive; False: somebody does."""
        if _HELD.one(connection, of_zone=self._zone) is not None:
            return False
        self._insert(connection, self._clock.now())
        return True

    def take(self, connection: Connection) -> None:
        """Take a free one, a dead holder's, or one whose lease has run out. Raises ``ZoneLocked``."""
        now, held = self._clock.now(), _held(connection, self._zone)
        if held is not None:
            if is_running(held.holder) is not False and now < held.expires_at:
                raise _locked(self._zone, held)
            _TAKE_OVER.change(connection, of_zone=self._zone)
            self.dead_since = held.alive_until
        self._insert(connection, now)

    def _insert(self, connection: Connection, now: datetime) -> None:
        times = {"acquired_at": now, "renewed_at": now, "expires_at": now + self._trust.lease}
        _TAKE.change(connection, zone=self._zone, token=self._ours["of_token"], **this_process().columns, **times)

    def renew(self) -> None:
        """Say that we are alive: the lease counts from now, or from less than a second ago (see ``Trust``). Raises ``LockLost``,
        ``JournalUnusable``."""
        if self._trust.holds():
            return
        with self._trust.confirming(), self._database.write(changed="unknown") as connection:
            now = self._clock.now()
            if _RENEW.change(connection, **self._ours, now=now, until=now + self._trust.lease) != 1:
                raise _lost(self._zone, _held(connection, self._zone))

    def release(self) -> None:
        """Give the zone back. Twice is once, and a lock that was taken over stays with whoever took it.

        A journal that fails here is only logged: the lock runs out by itself, and what this process did is told already.
        """
        if self._is_over:
            return
        try:
            with self._database.write(changed="unknown") as connection:
                self.give_back(connection)
            self.is_given_back()
        except JournalUnusable as error:
            _log.warning("The lock of %s stays until it runs out: %s", display(self._zone), error.message)

    def give_back(self, connection: Connection) -> None:
        """``release`` as a part of a transaction; once that is on disk, ``is_given_back`` is to be told."""
        self._trust.end()
        _RELEASE.change(connection, **self._ours)

    def is_given_back(self) -> None:
        """There is nothing left to release."""
        self._is_over = True


def acquire(database: Database, clock: Clock, zone: str, *, lease_s: float) -> SqlZoneLock:
    """Take the zone's lock: a free one, a dead holder's, or one whose lease of ``lease_s`` seconds has run out.

    Machines that share a journal need clocks that agree to a few seconds. Raises ``ZoneLocked``, ``JournalUnusable``.
    """
    lock = SqlZoneLock(database, clock, zone, lease_s=lease_s)
    with lock.taking() as connection:
        lock.take(connection)
    return lock


def quiet_in_s(database: Database, clock: Clock, zone: str, call_limit_s: float) -> float:
    """Seconds until the last call that a dead holder may have begun is over (see ``ports.Journal.quiet_in_s``).

    A holder that is not known to be dead counts as such once its lease has run out. Raises ``ZoneLocked``, ``JournalUnusable``.
    """
    with database.read() as connection:
        held = _held(connection, zone)
    if held is None:
        return 0.0
    now = clock.now()
    running = is_running(held.holder)
    if running is not False and now < held.expires_at:
        raise _locked(zone, held)
    since = (now - held.alive_until).total_seconds()
    # never longer than one call from its last possible beginning, even where the clock was set back since
    return min(call_limit_s + LONGEST.total_seconds(), max(0.0, call_limit_s - since))


def _held(connection: Connection, zone: str) -> _Held | None:
    row = _HELD.one(connection, of_zone=zone)
    if row is None:
        return None
    times = {name: row[name] for name in ("acquired_at", "renewed_at", "expires_at")}
    return _Held(holder=holder_from(row), **times)


def _locked(zone: str, held: _Held) -> ZoneLocked:
    name = display(zone)
    return ZoneLocked(
        f"The zone {name} is being written to by {held.holder}, since {held.acquired_at:%Y-%m-%d %H:%M:%S} UTC. "
        "Nothing was changed.",
        hint=f"Wait until that process has ended, then run the command again; if it was killed, run: "
        f"registrar-sync recover {name}",
    )


def _lost(zone: str, held: _Held | None) -> LockLost:
    taker = f"was taken over by {held.holder}" if held is not None else "is no longer held"
    return LockLost(
        f"The lock of the zone {display(zone)} {taker}: this process writes nothing more. What it wrote before stands; "
        f"`registrar-sync history` tells how it went on."
    )
