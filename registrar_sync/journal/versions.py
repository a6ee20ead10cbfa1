"""Which version of the journal's tables is there, and how an older one gets what it lacks."""

from __future__ import annotations

from sqlalchemy import Connection, insert, inspect, select, update

from registrar_sync.errors import JournalUnusable
from registrar_sync.journal.database import Database
from registrar_sync.journal.failures import unusable
from registrar_sync.journal.schema import (
    account_pace,
    change,
    change_event,
    lane,
    metadata,
    run,
    run_row,
    schema_version,
    watch,
    watcher,
)

VERSION = 3

# Versions 2 and 3 added working tables: of the watch, of runs. Evidence is what it was, so a journal of an older version that
# cannot be written is read as it is.
_ADDED = {2: (watcher, watch), 3: (run, run_row, lane, account_pace)}
_OLDEST = 1

_OTHER = "Name another journal with --journal."

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
            missing = [table for version, tables in _ADDED.items() if found < version for table in tables]
            metadata.create_all(connection, tables=missing)
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
