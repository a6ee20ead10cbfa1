"""The journal itself: ``ports.Journal`` over SQLAlchemy Core."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, bindparam, insert, update
from sqlalchemy.exc import IntegrityError

from registrar_sync.core.evidence import Change, ChangeState, Images, NewChange
from registrar_sync.core.pace_account import CallLimit
from registrar_sync.core.run import RunBook
from registrar_sync.core.waiting import News, Seen, WatchBook
from registrar_sync.errors import NothingJournalled
from registrar_sync.journal import alongside, questions, watching
from registrar_sync.journal import lock as zone_locks
from registrar_sync.journal.database import Database
from registrar_sync.journal.failures import readable, unusable
from registrar_sync.journal.location import parse_location
from registrar_sync.journal.lock import SqlZoneLock
from registrar_sync.journal.paces import SqlPace
from registrar_sync.journal.prepared import Prepared
from registrar_sync.journal.rows import change_values, changes_from_rows, images_to_json
from registrar_sync.journal.runs import SqlRunBook
from registrar_sync.journal.schema import change, change_event, schema_version
from registrar_sync.journal.versions import complete_schema, prepare_schema
from registrar_sync.journal.watches import SqlWatchBook, forget
from registrar_sync.ports import Clock, Pace, ZoneLock

_ADD_CHANGE, _ADD_EVENT = Prepared(insert(change)), Prepared(insert(change_event))
_SAY_CHECKED = update(schema_version).values(checked_at=bindparam("now"))


def open_journal(
    location: str | None, *, default: Path, clock: Clock, lease_s: float = 60.0, busy_timeout_s: float = 15.0
) -> SqlJournal:
    """Open the journal, and make it where there is none (file 0600, folders 0700).

    ``location``: a file path, a URL (``sqlite:////PATH``, ``postgresql://USER@SERVER/DATABASE``), or None for the file
    ``default``. ``lease_s``: seconds after its last renewal that a zone lock of an unknowable holder still counts.
    ``busy_timeout_s``: seconds to wait for another writer. A journal that can only be read is opened: ``check_writable``
    tells. Raises ``JournalUnusable``.
    """
    database = Database(parse_location(location, default), busy_timeout_s=busy_timeout_s)
    try:
        complete = prepare_schema(database)
        database.prefer_wal()
    except BaseException:
        database.close()
        raise
    return SqlJournal(database, clock, lease_s=lease_s, complete=complete)


class SqlJournal:
    """See ``ports.Journal``. Thread-safe; not to be carried over a fork. Made by ``open_journal``."""

    def __init__(self, database: Database, clock: Clock, *, lease_s: float = 60.0, complete: bool = True) -> None:
        """``complete``: whether every table of this version is there."""
        self._complete = complete
        self._database = database
        self._clock = clock
        self._lease_s = lease_s

    @property
    def location(self) -> str:
        """The file's path, or the server's URL without any password."""
        return self._database.location

    def check_writable(self) -> None:
        """Write, to the disk: a transaction that is rolled back would not notice a full one. Raises ``JournalUnusable``."""
        self._check_is_there()
        with self._database.write() as connection:
            connection.execute(_SAY_CHECKED, {"now": self._clock.now()})

    def mark(self) -> int:
        """The id of the newest event of all, 0 when there is none."""
        with self._database.read() as connection:
            return int(questions.MARK.all(connection)[0]["mark"])

    def news(self, mark: int) -> list[News]:
        """Every event after ``mark``, in their order, without images."""
        return watching.news(self._database, mark)

    def touched_since(self, zone: str, mark: int) -> bool:
        """Whether any change of ``zone`` got an event after ``mark``."""
        with self._database.read() as connection:
            return bool(questions.TOUCHED_SINCE.all(connection, mark=mark, of_zone=zone)[0]["touched"])

    def begin(self, new: NewChange, images: Images, *, state: ChangeState = "intended", rolls_back: Collection[int] = ()) -> int:
        """Record a change and its first event with the images; both are on disk on return. Returns the change's id."""
        with self._database.write() as connection:
            change_id = self._add_change(connection, new, images, state)
            self._add_rolled_back(connection, rolls_back, by=change_id)
        return change_id

    def begin_locked(self, new: NewChange, images: Images, *, since: int) -> tuple[int, ZoneLock] | None:
        """Take the zone's lock and record the intent, both at once; None: something is in the way. See ``ports.Journal``."""
        self._check_is_there()
        lock = SqlZoneLock(self._database, self._clock, new.zone, lease_s=self._lease_s)
        with lock.taking() as connection:
            if questions.IN_THE_WAY.one(connection, of_zone=new.zone, of_domain=new.domain, since=since) is not None:
                return None
            if not lock.take_free(connection):
                return None
            change_id = self._add_change(connection, new, images, "intended")
        return change_id, lock

    def append(
        self,
        change_id: int,
        state: ChangeState,
        *,
        detail: Mapping[str, Any] | None = None,
        images: Images | None = None,
        rolls_back: Collection[int] = (),
        releasing: ZoneLock | None = None,
        soon: bool = False,
    ) -> None:
        """Add a state; it is on disk on return, unless ``soon``. Raises ``NothingJournalled``; ``JournalUnusable`` with changed
        "unknown"."""
        lock = cast(SqlZoneLock | None, releasing)

        def add(connection: Connection) -> None:
            try:
                self._add_event(connection, change_id, state, detail or {}, images)
            except (IntegrityError, sqlite3.IntegrityError) as error:
                raise self._no_such_change(change_id) from error
            self._add_rolled_back(connection, rolls_back, by=change_id)
            if lock is not None:
                lock.give_back(connection)

        if soon:
            self._database.soon(add)
        else:
            with self._database.write(changed="unknown") as connection:
                add(connection)
        if lock is not None:
            lock.is_given_back()

    def change(self, change_id: int) -> Change:
        """One change. Raises ``NothingJournalled``."""
        found = self._load(questions.changes("id", images=True), id=change_id)
        if not found:
            raise self._no_such_change(change_id)
        return found[0]

    def changes(self, domain: str | None = None, *, zone: str | None = None, images: bool = True) -> list[Change]:
        """Changes, newest first; ``images`` False: without them, which is quicker by far."""
        wanted = {name: value for name, value in (("domain", domain), ("zone", zone)) if value is not None}
        return self._load(questions.changes(*wanted, images=images), **wanted)

    def alongside(self, change_ids: Collection[int]) -> list[Change]:
        """These changes and all others of their zones, newest first."""
        return alongside.alongside(self._database, change_ids)

    def alone(self, change_ids: Collection[int]) -> set[int]:
        """Those of these changes whose zones hold no other change."""
        return alongside.alone(self._database, change_ids)

    def unfinished(self, domain: str | None = None) -> list[Change]:
        """Changes whose newest state is ``intended`` or ``unknown``, oldest first."""
        wanted = {} if domain is None else {"domain": domain}
        return self._load(questions.unfinished(*wanted), **wanted)

    def unseen(self, domain: str | None = None, *, cached_after: datetime | None = None) -> list[int]:
        """Ids of changes, oldest first, that were written and not yet seen at every authoritative server."""
        return watching.unseen(self._database, domain, cached_after)

    def record_seen(self, seen: Sequence[Seen]) -> dict[int, ChangeState]:
        """Add what was seen, to those that it still is news of; each change's state as it stands now."""
        self._complete_schema()
        with self._database.write(changed="unknown") as connection:
            told = watching.still_news(connection, seen)
            for one in told.news:
                self._add_event(connection, one.change_id, one.state, watching.detail_of(one), None)
            forget(connection, [one.change_id for one in seen])
        return told.states

    def watch_book(self, *, lease_s: float = 60.0) -> WatchBook:
        """Due times, to be shared with other processes. Raises ``JournalUnusable``."""
        self._complete_schema()
        return SqlWatchBook(self._database, self._clock, lease_s=lease_s)

    def run_book(self, *, lease_s: float = 20.0) -> RunBook:
        """Runs over many domains, shared with other processes. Raises ``JournalUnusable``."""
        self._complete_schema()
        return SqlRunBook(self._database, self._clock, lease_s=lease_s)

    def pace(self, account: str, limit: CallLimit | None) -> Pace:
        """The account's pace, kept by all processes together. Raises ``JournalUnusable``."""
        self._complete_schema()
        return SqlPace(self._database, self._clock, account, limit)

    def lock(self, zone: str) -> ZoneLock:
        """Take the zone's lock. Raises ``ZoneLocked``, naming the holder."""
        return zone_locks.acquire(self._database, self._clock, zone, lease_s=self._lease_s)

    def quiet_in_s(self, zone: str, call_limit_s: float) -> float:
        """Seconds until a call of the lock's last, dead holder must be over. Raises ``ZoneLocked`` while it lives."""
        return zone_locks.quiet_in_s(self._database, self._clock, zone, call_limit_s)

    def close(self) -> None:
        """Give connections back."""
        self._database.close()

    def _complete_schema(self) -> None:
        """The tables that an older journal lacks, where it could not be written when it was opened."""
        if not self._complete:
            complete_schema(self._database)
            self._complete = True

    def _check_is_there(self) -> None:
        """An open file that was removed takes entries and keeps none."""
        path = self._database.path
        if path is not None and not os.path.exists(path):  # noqa: PTH110 - pathlib's takes three times as long, for each domain
            raise unusable(self.location, "the file was removed", "Put it back, then run the command again.")

    def _add_change(self, connection: Connection, new: NewChange, images: Images, state: ChangeState) -> int:
        change_id = _ADD_CHANGE.add(connection, **change_values(new), at=self._clock.now())
        self._add_event(connection, change_id, state, {}, images)
        return change_id

    def _add_rolled_back(self, connection: Connection, change_ids: Collection[int], *, by: int) -> None:
        for change_id in change_ids:
            self._add_event(connection, change_id, "rolled-back", {"by": by}, None)

    def _add_event(
        self, connection: Connection, change_id: int, state: ChangeState, detail: Mapping[str, Any], images: Images | None
    ) -> None:
        values = {"change_id": change_id, "state": state, "at": self._clock.now()}
        _ADD_EVENT.change(connection, **values, detail=dict(detail), images=images_to_json(images))

    def _load(self, question: Prepared, **wanted: Any) -> list[Change]:
        with self._database.read() as connection, readable(self.location):
            return changes_from_rows(question.all(connection, **wanted))

    def _no_such_change(self, change_id: int) -> NothingJournalled:
        return NothingJournalled(
            f"The journal {self.location} holds no change {change_id}. Nothing was changed.",
            hint="registrar-sync history lists the changes.",
        )
