"""Transactions on the journal: durable when they end, one writer at a time, every failure in our own words.

SQLite runs in WAL mode: a reader (``history``) never waits for a writer, and a commit is one fsync. ``synchronous=EXTRA``
is FULL there: the commit is on disk before it returns. Where a file system cannot do WAL, SQLite stays with its rollback
journal, and EXTRA then also syncs the folder: plain FULL could lose the last commit to a power cut
(https://sqlite.org/pragma.html#pragma_synchronous). So begin() is durable either way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, text

from registrar_sync.errors import Changed
from registrar_sync.journal.failures import mapped, unusable
from registrar_sync.journal.location import Location, create_private_file

# One writer at a time on PostgreSQL too: ids are then handed out in the order of the commits, so that "any event after this
# mark" misses none. Any fixed number does.
_WRITER_KEY = int.from_bytes(b"regsync", "big")

# A writer that is frozen in the middle must not keep the others out for ever, and no server's setting makes a commit less
# than durable.
_POSTGRESQL_SETTINGS = text(
    "SELECT set_config('lock_timeout', :wait, true), set_config('idle_in_transaction_session_timeout', :wait, true), "
    "set_config('synchronous_commit', 'on', true)"
)


class Database:
    """An engine and its two kinds of transaction. Thread-safe."""

    def __init__(self, location: Location, *, busy_timeout_s: float) -> None:
        self.location = location.shown
        self.path = location.path
        self._secret = str(location.url.password) if location.url is not None and location.url.password else None
        self._busy_timeout_s = busy_timeout_s
        self._engine = _engine(location, busy_timeout_s)
        self._reader = self._engine.execution_options(reads_only=True)

    @property
    def is_sqlite(self) -> bool:
        """Whether the journal is a file of our own."""
        return self.path is not None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads. Raises ``JournalUnusable``."""
        with mapped(self.location, secret=self._secret), self._reader.begin() as connection:
            yield connection

    @contextmanager
    def write(self, *, changed: Changed = "no") -> Iterator[Connection]:
        """A transaction that is on disk when it ends without an error, and not at all when it ends with one.

        ``changed``: what is known, should it fail, of changes at the provider. Raises ``JournalUnusable``.
        """
        with mapped(self.location, changed=changed, secret=self._secret), self._engine.begin() as connection:
            if not self.is_sqlite:
                self._become_only_writer(connection)
            yield connection

    def prefer_wal(self) -> None:
        """Turn WAL on, once for the file's life. Another process at the same moment, or a file system that cannot do it, may
        stand in the way: no harm, see above."""
        if not self.is_sqlite:
            return
        with mapped(self.location), closing(self._engine.raw_connection()) as connection, suppress(sqlite3.OperationalError):
            connection.cursor().execute("PRAGMA journal_mode=WAL")

    def close(self) -> None:
        """Give connections back."""
        self._engine.dispose()

    def _become_only_writer(self, connection: Connection) -> None:
        connection.execute(_POSTGRESQL_SETTINGS, {"wait": f"{round(self._busy_timeout_s * 1000)}ms"})
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITER_KEY})


def _engine(location: Location, busy_timeout_s: float) -> Engine:
    if location.path is not None:
        create_private_file(location.path)
        return _sqlite_engine(location.path, busy_timeout_s)
    assert location.url is not None
    return _server_engine(location.url, location.shown)


def _sqlite_engine(path: Path, busy_timeout_s: float) -> Engine:
    def connect() -> sqlite3.Connection:
        # mode=rw: never created here, where the mode would be the umask's choice
        return sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=busy_timeout_s, check_same_thread=False)

    engine = create_engine("sqlite+pysqlite://", creator=connect, poolclass=QueuePool, hide_parameters=True)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # our own BEGIN below: the driver's comes only with the first changing statement, too late to have read under it
    connection.isolation_level = None
    for pragma in ("foreign_keys=ON", "synchronous=EXTRA", "fullfsync=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    reads_only = connection.get_execution_options().get("reads_only", False)
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


def _server_engine(url: URL, shown: str) -> Engine:
    if url.get_driver_name() == "psycopg" and "connect_timeout" not in url.query:
        url = url.update_query_dict({"connect_timeout": "10"})
    try:
        with mapped(shown):
            return create_engine(url, pool_pre_ping=True, hide_parameters=True)
    except ImportError as error:
        hint = "Install it: pip install 'psycopg[binary]'"
        raise unusable(shown, f"the driver {url.get_driver_name()} is not installed ({error})", hint) from error
