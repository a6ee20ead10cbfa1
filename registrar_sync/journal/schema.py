"""The journal's tables. Evidence is guarded by the database itself: its rows cannot be changed or deleted."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    insert,
    inspect,
    select,
    update,
)

from registrar_sync.errors import JournalUnusable
from registrar_sync.journal.database import Database
from registrar_sync.journal.failures import unusable

VERSION = 2

# Version 2 added the working tables of the watch. Evidence is what it was, so a journal of version 1 that cannot be written is
# read as it is.
_OLDEST = 1

_OTHER = "Name another journal with --journal."


class UtcText(TypeDecorator[datetime]):
    """An aware time as ISO 8601 text in UTC: the same in every database, and readable without us."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """To text."""
        return None if value is None else value.astimezone(UTC).isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """From text."""
        return None if value is None else datetime.fromisoformat(value)


metadata = MetaData()

# JSON, not JSONB: JSONB refuses the octet 0, which a TXT character-string may hold, and does not keep the text.
_Json = JSON(none_as_null=True)

change = Table(
    "change",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("domain", String, nullable=False),
    Column("zone", String, nullable=False),
    Column("owner", String, nullable=False),
    Column("provider", String, nullable=False),
    Column("account", String, nullable=False),
    Column("service", _Json, nullable=False),
    Column("command", String, nullable=False),
    Column("undoes", Integer, ForeignKey("change.id")),
    Column("context", _Json, nullable=False),
    Column("at", UtcText, nullable=False),
    Index("change_domain", "domain"),
    Index("change_zone", "zone"),
    # an id is never given twice, not even after a restore by hand
    sqlite_autoincrement=True,
)

change_event = Table(
    "change_event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("change_id", Integer, ForeignKey("change.id"), nullable=False),
    Column("state", String, nullable=False),
    Column("at", UtcText, nullable=False),
    Column("detail", _Json, nullable=False),
    Column("images", _Json),
    Index("change_event_change", "change_id", "id"),
    sqlite_autoincrement=True,
)


def _holder() -> tuple[Column[str] | Column[int], ...]:
    """A process, as ``holder.Holder`` names it."""
    return (
        Column("machine", String, nullable=False),
        Column("host", String, nullable=False),
        Column("user", String, nullable=False),
        Column("pid", Integer, nullable=False),
        Column("start", String, nullable=False),
    )


zone_lock = Table(
    "zone_lock",
    metadata,
    Column("zone", String, primary_key=True),
    Column("token", String, nullable=False),
    *_holder(),
    Column("acquired_at", UtcText, nullable=False),
    Column("renewed_at", UtcText, nullable=False),
    Column("expires_at", UtcText, nullable=False),
)

# A process that watches, and the lease that it holds on its rows of ``watch``: one row to renew, whatever it watches.
watcher = Table(
    "watcher",
    metadata,
    Column("token", String, primary_key=True),
    *_holder(),
    Column("renewed_at", UtcText, nullable=False),
    Column("expires_at", UtcText, nullable=False),
)

# ``token``: of the watcher that looks (NULL, or of none that lives: nobody does).
watch = Table(
    "watch",
    metadata,
    Column("change_id", Integer, ForeignKey("change.id"), primary_key=True, autoincrement=False),
    Column("token", String, index=True),
    Column("started_at", UtcText, nullable=False),
    Column("deadline_at", UtcText, nullable=False),
    Column("due_at", UtcText, nullable=False),
    Column("attempts", Integer, nullable=False),
)

# ``checked_at``: when a command last proved that it can write here.
schema_version = Table(
    "schema_version",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("checked_at", UtcText),
)

_EVIDENCE = (change, change_event)


def prepare_schema(database: Database) -> bool:
    """Make the tables where there are none, and those that an older version did not know.

    A journal of an older version that cannot be written stays as it is (False): all of its evidence can be read. Raises
    ``JournalUnusable`` for a journal of a newer version, and for a database that is none of ours.
    """
    with database.read() as connection:
        found = _version(connection, database)
    if found == VERSION:
        return True
    try:
        complete_schema(database)
    except JournalUnusable:
        if found is None:
            raise
        return False
    return True


def complete_schema(database: Database) -> None:
    """Bring the tables to this version, or make them. Raises ``JournalUnusable``, also where it cannot be written."""
    with database.write() as connection:
        # another process may have done it while we waited for our turn
        found = _version(connection, database)
        if found is None:
            _create(connection)
        elif found < VERSION:
            metadata.create_all(connection, tables=[watcher, watch])
            connection.execute(update(schema_version).values(version=VERSION))


def _version(connection: Connection, database: Database) -> int | None:
    """The version of the journal that is there; None: there is none yet."""
    tables = set(inspect(connection).get_table_names())
    if schema_version.name in tables:
        found = connection.execute(select(schema_version.c.version)).scalar_one_or_none()
        return _checked(found, database.location)
    # on a server the tables of others may stand beside ours
    foreign = tables if database.is_sqlite else tables & set(metadata.tables)
    if foreign:
        raise unusable(database.location, "it is a database, but not a journal", _OTHER)
    return None


def _checked(found: int | None, location: str) -> int:
    if found is None or found < _OLDEST:
        raise unusable(location, f"it is a database, but its format ({found}) is not a journal's", _OTHER)
    if found > VERSION:
        why = f"a newer version of registrar-sync wrote it (format {found}; this version knows {VERSION})"
        raise unusable(location, why, "Upgrade registrar-sync on this machine, or name another journal with --journal.")
    return found


def _create(connection: Connection) -> None:
    metadata.create_all(connection)
    guards = _SQLITE_GUARDS if connection.dialect.name == "sqlite" else _POSTGRESQL_GUARDS
    for table in _EVIDENCE:
        for guard in guards:
            connection.exec_driver_sql(guard.format(table=table.name))
    connection.execute(insert(schema_version).values(version=VERSION))


_SQLITE_GUARDS = (
    """
    CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
    """,
    """
    CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
    """,
    # INSERT OR REPLACE deletes the old row without asking the delete trigger
    """
    CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
    """,
)

_POSTGRESQL_GUARDS = (
    """
    CREATE OR REPLACE FUNCTION refuse_change_of_evidence() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$
    """,
    """
    CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_evidence()
    """,
)
