"""Due times of the changes that wait to be seen, shared by all who watch: who looks at which, and from when on."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, select, update

from registrar_sync.core.waiting import Waiting
from registrar_sync.errors import JournalUnusable
from registrar_sync.journal.batches import batches
from registrar_sync.journal.database import Database
from registrar_sync.journal.holder import holder_from, is_running, this_process
from registrar_sync.journal.schema import watch, watcher
from registrar_sync.ports import Clock

_log = logging.getLogger(__name__)
_PLAIN = tuple(column for column in watch.c if column is not watch.c.token)

_WATCHES = select(watch).where(watch.c.change_id.in_(bindparam("ids", expanding=True)))
_FORGET = delete(watch).where(watch.c.change_id.in_(bindparam("ids", expanding=True)))
_WATCHERS = select(watcher).where(watcher.c.token.in_(bindparam("tokens", expanding=True)))
_GONE = delete(watcher).where(watcher.c.token.in_(bindparam("tokens", expanding=True)))


class SqlWatchBook:
    """See ``core.waiting.WatchBook``. ``lease_s``: of a watcher whose process cannot be asked after."""

    def __init__(self, database: Database, clock: Clock, *, lease_s: float) -> None:
        self._database = database
        self._clock = clock
        self._lease = timedelta(seconds=lease_s)
        self._token = secrets.token_hex(16)

    @property
    def lease_s(self) -> float:
        """Seconds."""
        return self._lease.total_seconds()

    def claim(self, rows: Sequence[Waiting], *, anew: bool = False) -> list[Waiting]:
        """Take what nobody living looks at. Raises ``JournalUnusable``."""
        if not rows:
            return []
        taken: list[Waiting] = []
        with self._database.write() as connection:
            now = self._clock.now()
            if not self._renewed(connection, now):
                times = {"renewed_at": now, "expires_at": now + self._lease}
                connection.execute(insert(watcher).values(token=self._token, **asdict(this_process()), **times))
            for batch in batches(rows):
                taken += self._claim(connection, batch, now, anew=anew)
        return taken

    def keep(self, rows: Sequence[Waiting]) -> bool:
        """Renew the lease and write down due times; False: the lease was lost, and nothing was written."""
        with self._database.write() as connection:
            kept = self._renewed(connection, self._clock.now())
            if kept:
                self._write(connection, rows)
            return kept

    def forget(self, change_ids: Collection[int]) -> None:
        """End the watch of these changes, whoever looks at them."""
        if not change_ids:
            return
        with self._database.write() as connection:
            forget(connection, change_ids)

    def release(self, rows: Sequence[Waiting] = ()) -> None:
        """Write down due times, and let others go on at once. A journal that fails here is only logged: the lease runs out."""
        try:
            with self._database.write() as connection:
                self._write(connection, rows)
                connection.execute(update(watch).where(watch.c.token == self._token).values(token=None))
                connection.execute(delete(watcher).where(watcher.c.token == self._token))
        except JournalUnusable as error:
            _log.warning("Others can go on watching only when the lease has run out: %s", error.message)

    def _renewed(self, connection: Connection, now: datetime) -> bool:
        ours = update(watcher).where(watcher.c.token == self._token)
        return connection.execute(ours.values(renewed_at=now, expires_at=now + self._lease)).rowcount == 1

    def _write(self, connection: Connection, rows: Sequence[Waiting]) -> None:
        if rows:
            ours = (watch.c.change_id == bindparam("of")) & (watch.c.token == self._token)
            values = [{"of": row.change_id, "due_at": row.due_at, "attempts": row.attempts} for row in rows]
            connection.execute(update(watch).where(ours), values)

    def _claim(self, connection: Connection, rows: Sequence[Waiting], now: datetime, *, anew: bool) -> list[Waiting]:
        """What is ours now, as it stands; ``anew``: with the times of ``rows``, whatever stood there."""
        held = {row["change_id"]: row for row in _held(connection, [row.change_id for row in rows])}
        tokens = {row["token"] for row in held.values()} - {None, self._token}
        living = _living(connection, tokens, now)
        free = [row for row in rows if row.change_id not in held or held[row.change_id]["token"] not in living]
        new = [row for row in free if anew or row.change_id not in held]
        old = [row for row in free if not anew and row.change_id in held]
        self._take(connection, new, [row.change_id for row in old])
        return [*new, *(_waiting(held[row.change_id]) for row in old)]

    def _take(self, connection: Connection, new: Sequence[Waiting], old: Sequence[int]) -> None:
        forget(connection, [row.change_id for row in new])
        if new:
            connection.execute(insert(watch), [{"token": self._token, **_values(row)} for row in new])
        if old:
            connection.execute(update(watch).where(watch.c.change_id.in_(old)).values(token=self._token))


def forget(connection: Connection, change_ids: Collection[int]) -> None:
    """Take rows out, in a transaction that is under way."""
    for batch in batches(change_ids):
        connection.execute(_FORGET, {"ids": batch})


def _held(connection: Connection, change_ids: Sequence[int]) -> Sequence[RowMapping]:
    return connection.execute(_WATCHES, {"ids": change_ids}).mappings().all()


def _living(connection: Connection, tokens: Collection[str], now: datetime) -> set[str]:
    """Those of watchers that may still look: neither known to be dead, nor with a lease that has run out. The others go."""
    rows = [row._asdict() for row in connection.execute(_WATCHERS, {"tokens": list(tokens)})]
    living = {row["token"] for row in rows if now < row["expires_at"] and is_running(holder_from(row)) is not False}
    if gone := {row["token"] for row in rows} - living:
        connection.execute(_GONE, {"tokens": list(gone)})
    return living


def _values(row: Waiting) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in _PLAIN}


def _waiting(row: RowMapping) -> Waiting:
    return Waiting(**{column.name: row[column.name] for column in _PLAIN})
