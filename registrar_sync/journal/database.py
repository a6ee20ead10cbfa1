"""Transactions on the journal: durable when they end, one writer at a time, every failure in our own words.

Threads that write at the same moment share a commit (see ``group``).

SQLite runs in WAL mode: a reader (``history``) never waits for a writer, and a commit is one fsync. ``synchronous=EXTRA``
is FULL there: the commit is on disk before it returns. Where a file system cannot do WAL, SQLite stays with its rollback
journal, and EXTRA then also syncs the folder: plain FULL could lose the last commit to a power cut
(https://sqlite.org/pragma.html#pragma_synchronous). So begin() is durable either way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, text

from registrar_sync.errors import Changed
from registrar_sync.journal.failures import DATABASE_ERRORS, in_our_words, mapped, unusable
from registrar_sync.journal.group import Group
from registrar_sync.journal.location import Location, create_private_file
from registrar_sync.journal.spare import Spare

# One writer at a time on PostgreSQL too: ids are then handed out in the order of the commits, so that "any event after this
# mark" misses none. Any fixed number does.
_WRITER_KEY = int.from_bytes(b"regsync", "big")

# A writer that is frozen in the middle must not keep the others out for ever, and no server's setting makes a commit less
# than durable.
_POSTGRESQL_SETTINGS = text(
    "SELECT set_config('lock_timeout', :wait, true), set_config('idle_in_transaction_session_timeout', :idle, true), "
    "set_config('synchronous_commit', 'on', true)"
)
_POSTGRESQL_LOCK = text("SELECT pg_advisory_xact_lock(:key)").bindparams(key=_WRITER_KEY)

# Of a file, open and idle. Few are: readers are done in microseconds, and there is one writer. Whoever reads after writing best
# gets the same one, which need not read again what it wrote.
_MOST_SPARE = 4

# Having waited less than this part of the time that is waited for others at most is not counted: two statements are saved.
_COUNTS_FROM = 0.1


class Database:
    """An engine and its two kinds of transaction. Thread-safe."""

    def __init__(self, location: Location, *, busy_timeout_s: float) -> None:
        self.location = location.shown
        self.path = location.path
        self._secret = str(location.url.password) if location.url is not None and location.url.password else None
        self._busy_timeout_s = busy_timeout_s
        self._engine = _engine(location, busy_timeout_s)
        self._readers = Spare(self._engine.execution_options(**_reading(location)).connect, most=_MOST_SPARE * self.is_sqlite)
        self._writers = self._readers if self.is_sqlite else Spare(self._engine.connect, most=0)
        self._group = Group(self._begin, self._writers.give_back)

    @property
    def is_sqlite(self) -> bool:
        """Whether the journal is a file of our own."""
        return self.path is not None

    @contextmanager
    def read(self, *, changed: Changed = "no") -> Iterator[Connection]:
        """To read, by statements that each see one state of the whole, after all that this thread wrote. Raises
        ``JournalUnusable``."""
        if self._group.owes:
            with self.write(changed=changed):
                pass
        try:
            connection = self._readers.take()
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            self._readers.give_back(connection)
        except DATABASE_ERRORS as error:
            raise self._in_our_words(error, changed) from error

    @contextmanager
    def write(self, *, changed: Changed = "no") -> Iterator[Connection]:
        """A transaction that is on disk when it ends without an error, and not at all when it ends with one.

        What others of this process write at the same moment may share its commit, and its failure; what the block raises
        takes back its own part alone. ``changed``: what is known, should it fail, of changes at the provider. Raises
        ``JournalUnusable``.
        """
        try:
            yield from self._group.writing()
        except DATABASE_ERRORS as error:
            raise self._in_our_words(error, changed) from error

    def soon(self, part: Callable[[Connection], None]) -> None:
        """To write before whatever this thread does next with the database: on disk with what it writes next, and for whoever
        tells nobody before that. What ``part`` raises is raised there."""
        self._group.soon(part)

    @contextmanager
    def apart(self) -> Iterator[Connection]:
        """To write what is no evidence, by statements that each stand by themselves: on a server they wait for no other writer.
        In a file as ``write``. Raises ``JournalUnusable``.
        """
        transaction = self.write if self.is_sqlite else self.read
        with transaction(changed="unknown") as connection:
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
        self._readers.close()
        self._writers.close()
        self._engine.dispose()

    def _in_our_words(self, error: BaseException, changed: Changed) -> Exception:
        return in_our_words(error, self.location, changed=changed, secret=self._secret)

    def _begin(self, waited_s: float) -> Connection:
        """A transaction as the only writer of all. Having waited for other threads counts as waiting for other processes: of
        many in line, none waits longer than it would alone."""
        connection = self._writers.take()
        try:
            counts = waited_s >= self._busy_timeout_s * _COUNTS_FROM
            usual_ms = round(self._busy_timeout_s * 1000)
            left_ms = max(0, usual_ms - round(waited_s * 1000)) if counts else usual_ms
            begin = _begin_sqlite if self.is_sqlite else _begin_on_server
            begin(connection, left_ms, usual_ms)
        except BaseException:
            connection.close()
            raise
        return connection


def _reading(location: Location) -> dict[str, Any]:
    """How the engine reads: without BEGIN and COMMIT around a statement, which on a server are two round trips."""
    return {} if location.path is not None else {"isolation_level": "AUTOCOMMIT"}


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

    engine = create_engine("sqlite+pysqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)
    event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # our own BEGIN below: the driver's comes only with the first changing statement, too late to have read under it
    connection.isolation_level = None
    for pragma in ("foreign_keys=ON", "synchronous=EXTRA", "fullfsync=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection, wait_ms: int, usual_ms: int) -> None:
    """The driver begins nothing of its own accord (see above); what SQLAlchemy takes for a transaction is one in name only."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    if wait_ms == usual_ms:
        driver.execute("BEGIN IMMEDIATE")
        return
    driver.execute(f"PRAGMA busy_timeout = {wait_ms}")
    try:
        driver.execute("BEGIN IMMEDIATE")
    finally:
        driver.execute(f"PRAGMA busy_timeout = {usual_ms}")


def _begin_on_server(connection: Connection, wait_ms: int, usual_ms: int) -> None:
    # to the server, a lock_timeout of 0 means "for ever"
    connection.execute(_POSTGRESQL_SETTINGS, {"wait": f"{max(wait_ms, 1)}ms", "idle": f"{usual_ms}ms"})
    connection.execute(_POSTGRESQL_LOCK)


def _server_engine(url: URL, shown: str) -> Engine:
    if url.get_driver_name() == "psycopg" and "connect_timeout" not in url.query:
        url = url.update_query_dict({"connect_timeout": "10"})
    try:
        with mapped(shown):
            engine = create_engine(url, pool_pre_ping=True, hide_parameters=True)
            event.listen(engine, "do_executemany", _one_by_one)
            return engine
    except ImportError as error:
        hint = "Install it: pip install 'psycopg[binary]'"
        raise unusable(shown, f"the driver {url.get_driver_name()} is not installed ({error})", hint) from error


def _one_by_one(cursor: Any, statement: str, parameters: Sequence[Any], _context: object) -> bool:
    """Instead of psycopg's pipeline. A server that is within a pipeline or a COPY does not count as idle in a transaction: it
    would wait for ever for a client that is frozen there, and all other writers with it."""
    for one in parameters:
        cursor.execute(statement, one)
    return True
