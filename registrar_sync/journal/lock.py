"""The right to write to one zone: a row that names its holder and runs out by itself."""

from __future__ import annotations

import logging
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from registrar_sync.core.names import display
from registrar_sync.errors import JournalUnusable, LockLost, ZoneLocked
from registrar_sync.journal.database import Database
from registrar_sync.journal.holder import Holder, is_running, this_process
from registrar_sync.journal.schema import zone_lock
from registrar_sync.ports import Clock

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    holder: Holder
    acquired_at: datetime
    renewed_at: datetime
    expires_at: datetime


class SqlZoneLock:
    """A zone lock that we hold (see ``ports.ZoneLock``)."""

    def __init__(
        self, database: Database, clock: Clock, zone: str, *, token: str, lease_s: float, dead_since: datetime | None = None
    ) -> None:
        self.dead_since = dead_since
        self._database = database
        self._clock = clock
        self._zone = zone
        self._token = token
        self._lease = timedelta(seconds=lease_s)

    def renew(self) -> None:
        """Say that we are alive: the lease counts from now. Raises ``LockLost``, ``JournalUnusable``."""
        with self._database.write(changed="unknown") as connection:
            now = self._clock.now()
            ours = (zone_lock.c.zone == self._zone) & (zone_lock.c.token == self._token)
            renewed = update(zone_lock).where(ours).values(renewed_at=now, expires_at=now + self._lease)
            if connection.execute(renewed).rowcount != 1:
                raise _lost(self._zone, _held(connection, self._zone))

    def release(self) -> None:
        """Give the zone back. Twice is once, and a lock that was taken over stays with whoever took it.

        A journal that fails here is only logged: the lock runs out by itself, and what this process did is told already.
        """
        ours = (zone_lock.c.zone == self._zone) & (zone_lock.c.token == self._token)
        try:
            with self._database.write(changed="unknown") as connection:
                connection.execute(delete(zone_lock).where(ours))
        except JournalUnusable as error:
            _log.warning("The lock of %s stays until it runs out: %s", display(self._zone), error.message)


def acquire(database: Database, clock: Clock, zone: str, *, lease_s: float) -> SqlZoneLock:
    """Take the zone's lock: a free one, a dead holder's, or one whose lease of ``lease_s`` seconds has run out.

    Machines that share a journal need clocks that agree to a few seconds. Raises ``ZoneLocked``, ``JournalUnusable``.
    """
    token = secrets.token_hex(16)
    with database.write() as connection:
        now = clock.now()
        held = _held(connection, zone)
        if held is not None and is_running(held.holder) is not False and now < held.expires_at:
            raise _locked(zone, held)
        connection.execute(delete(zone_lock).where(zone_lock.c.zone == zone))
        times = {"acquired_at": now, "renewed_at": now, "expires_at": now + timedelta(seconds=lease_s)}
        connection.execute(insert(zone_lock).values(zone=zone, token=token, **asdict(this_process()), **times))
    dead_since = held.renewed_at if held is not None else None
    return SqlZoneLock(database, clock, zone, token=token, lease_s=lease_s, dead_since=dead_since)


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
    since = (now - held.renewed_at).total_seconds()
    # never longer than one call, even where the clock was set back since
    return min(call_limit_s, max(0.0, call_limit_s - since))


def _held(connection: Connection, zone: str) -> _Held | None:
    row = connection.execute(select(zone_lock).where(zone_lock.c.zone == zone)).one_or_none()
    if row is None:
        return None
    return _Held(
        holder=Holder(machine=row.machine, host=row.host, user=row.user, pid=row.pid, start=row.start),
        acquired_at=row.acquired_at,
        renewed_at=row.renewed_at,
        expires_at=row.expires_at,
    )


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
