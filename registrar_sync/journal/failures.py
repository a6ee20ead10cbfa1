"""What went wrong with the journal, in words: every driver error becomes ``JournalUnusable``."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError, StatementError

from registrar_sync.errors import Changed, JournalUnusable

ELSEWHERE = "Make the file and its folder writable for this user, or name another journal with --journal."
_WAIT = "Wait until the other registrar-sync has finished, then run the command again."
_KEEP = "Keep the file, it is evidence: bring it back from a backup, or name another journal with --journal."
_SPACE = "Free some space, then run the command again."
_DISK = "Check the disk that holds it, then run the command again."
_SERVER = "Check the database server and the URL given with --journal."

# SQLite's primary result codes (https://sqlite.org/rescode.html, read 2025-11): what it is, and the next step.
_SQLITE_CAUSES = {
    sqlite3.SQLITE_PERM: ("this user may not open it", ELSEWHERE),
    sqlite3.SQLITE_BUSY: ("another process keeps it locked", _WAIT),
    sqlite3.SQLITE_LOCKED: ("another process keeps it locked", _WAIT),
    sqlite3.SQLITE_READONLY: ("it is read-only", ELSEWHERE),
    sqlite3.SQLITE_IOERR: ("reading or writing it failed", _DISK),
    sqlite3.SQLITE_CORRUPT: ("the file is damaged", _KEEP),
    sqlite3.SQLITE_FULL: ("the disk is full", _SPACE),
    sqlite3.SQLITE_CANTOPEN: ("it cannot be opened", ELSEWHERE),
    sqlite3.SQLITE_NOTADB: ("the file is not a journal", _KEEP),
}

_OUTCOME: dict[Changed, str] = {
    "no": "Nothing was changed.",
    "yes": "What was changed at the provider stands.",
    "unknown": "What was done at the provider before this stands, and its newest state is not in the journal.",
}


def unusable(location: str, why: str, hint: str, *, changed: Changed = "no") -> JournalUnusable:
    """The error for a journal at ``location`` (without passwords) that cannot be used."""
    return JournalUnusable(f"The journal {location} cannot be used: {why}. {_OUTCOME[changed]}", hint=hint, changed=changed)


class NotCommitted(Exception):
    """A transaction that several wrote their parts of failed as a whole; ``error``: why."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(str(error))
        self.error = error


DATABASE_ERRORS = (SQLAlchemyError, sqlite3.Error, NotCommitted)


def in_our_words(error: BaseException, location: str, *, changed: Changed = "no", secret: str | None = None) -> Exception:
    """One of ``DATABASE_ERRORS`` as what is to be raised for it; ``secret`` never gets into the message."""
    if isinstance(error, StatementError) and isinstance(error.orig, TypeError):
        return error.orig  # a value that is no JSON: a defect of ours, not the database's
    why, hint = _cause(error.error if isinstance(error, NotCommitted) else error)
    if secret:
        why = why.replace(secret, "***")
    return unusable(location, why, hint, changed=changed)


@contextmanager
def mapped(location: str) -> Iterator[None]:
    """Turn what the database or its driver raises into ``JournalUnusable``."""
    try:
        yield
    except DATABASE_ERRORS as error:
        raise in_our_words(error, location) from error


@contextmanager
def readable(location: str) -> Iterator[None]:
    """Turn an entry that is not what we write (edited by hand, half restored) into ``JournalUnusable``."""
    try:
        yield
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise unusable(location, f"an entry in it cannot be read ({type(error).__name__}: {error})", _KEEP) from error


def _cause(error: BaseException) -> tuple[str, str]:
    origin = error.orig if isinstance(error, StatementError) and error.orig is not None else error
    code = getattr(origin, "sqlite_errorcode", None)
    text = " ".join(str(origin.args[0] if origin.args else origin).split()) or type(origin).__name__
    if code is None:
        return text, _DISK if isinstance(origin, sqlite3.Error) else _SERVER
    # extended codes keep the primary one in the lowest byte
    what, hint = _SQLITE_CAUSES.get(code & 0xFF, ("SQLite refuses", _DISK))
    return f"{what} ({text})", hint
