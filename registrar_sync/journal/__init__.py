"""The journal: what was found, what was meant and what became of it, kept before anything is done.

``change`` and ``change_event`` are evidence: the database itself refuses to alter or delete their rows. ``zone_lock``,
``watch`` and ``watcher`` are working tables. One file in the platform's state directory (SQLite), or a database that several
machines share (PostgreSQL).
"""

from __future__ import annotations

from registrar_sync.journal.absent import NoJournal, is_begun
from registrar_sync.journal.store import SqlJournal, open_journal

__all__ = ["NoJournal", "SqlJournal", "is_begun", "open_journal"]
