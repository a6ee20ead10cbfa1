"""The tables of the job queue (Procrastinate's): made beside the journal's, and made anew when the library's have changed.

Nothing in them is worth keeping: which work is left is in the journal, and the sweep brings every job back.
"""

from __future__ import annotations

import hashlib
import logging

import psycopg
from procrastinate.schema import SchemaManager

from registrar_sync.errors import JournalUnusable
from registrar_sync.journal.failures import unusable
from registrar_sync.worker.connection import connected

_log = logging.getLogger(__name__)

# Two workers that start at the same moment make them once. Any fixed number does.
_KEY = int.from_bytes(b"regsyncq", "big") >> 1

_OURS = "registrar-sync "
_LIVES_S = 60  # a worker that said so much ago that it lives may still use the tables

_REMOVE = """
DO $$ DECLARE one record; BEGIN
    FOR one IN SELECT relname AS name FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname LIKE 'procrastinate\\_%'
    LOOP EXECUTE format('DROP TABLE %I CASCADE', one.name); END LOOP;
    FOR one IN SELECT oid::regprocedure AS name FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace AND proname LIKE 'procrastinate\\_%'
    LOOP EXECUTE format('DROP FUNCTION %s CASCADE', one.name); END LOOP;
    FOR one IN SELECT typname AS name FROM pg_type
        WHERE typnamespace = current_schema()::regnamespace AND typname LIKE 'procrastinate\\_%' AND typcategory IN ('E', 'C')
    LOOP EXECUTE format('DROP TYPE IF EXISTS %I CASCADE', one.name); END LOOP;
END $$
"""


def prepare_tables(conninfo: str, shown: str) -> None:
    """Make the tables where there are none, or where an older Procrastinate made them and nobody uses those any more.

    Raises ``JournalUnusable`` while other workers use tables of another version, and where the tables are somebody else's.
    """
    with connected(conninfo) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_KEY,))
        found = _found(connection)
        if found == _wanted():
            return
        if found is not None:
            _refuse(connection, found, shown)
            connection.execute(_REMOVE.encode())
            _log.info("The job queue is made anew for this version of Procrastinate; the sweep brings every job back.")
        connection.execute(SchemaManager.get_schema().encode())
        connection.execute(f"COMMENT ON TABLE procrastinate_jobs IS '{_wanted()}'".encode())


def _wanted() -> str:
    return _OURS + hashlib.sha256(SchemaManager.get_schema().encode()).hexdigest()[:16]


def _found(connection: psycopg.Connection) -> str | None:
    """What the tables say of themselves; None: there are none."""
    told = "SELECT coalesce(obj_description(to_regclass('procrastinate_jobs'), 'pg_class'), '')"
    row = connection.execute(f"{told} WHERE to_regclass('procrastinate_jobs') IS NOT NULL".encode()).fetchone()
    return str(row[0]) if row else None


def _refuse(connection: psycopg.Connection, found: str, shown: str) -> None:
    if not found.startswith(_OURS):
        why = "another program keeps its Procrastinate jobs in the same schema"
        raise unusable(shown, why, "Give registrar-sync a database, or a schema, of its own.")
    alive = "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => %s)"
    row = connection.execute(alive.encode(), (_LIVES_S,)).fetchone()
    if row and row[0]:
        raise JournalUnusable(
            f"Workers with another version of Procrastinate use the journal {shown}. Nothing was changed.",
            hint="Stop them all, wait a minute, then start this one: their jobs are brought back from the journal.",
        )
