"""Where the journal is kept: a file of our own, or a PostgreSQL database; what is said of it holds no password."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from registrar_sync.errors import JournalUnusable
from registrar_sync.journal.failures import ELSEWHERE, unusable

_FORMS = "Give a file path, sqlite:////PATH or postgresql://USER@SERVER/DATABASE."
_PSYCOPG = "postgresql+psycopg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A journal's place: ``path`` of a SQLite file or ``url`` of a server, one of them. ``shown``: for people."""

    shown: str
    path: Path | None = None
    url: URL | None = field(default=None, repr=False)


def parse_location(text: str | None, default: Path) -> Location:
    """Understand ``--journal``: None is the default file; else a path or a URL. Touches nothing.

    Raises ``JournalUnusable`` for what cannot hold evidence: no place, memory, another kind of database.
    """
    if text is None:
        return _file(str(default))
    if "://" not in text:
        return _file(text)
    url = _parse_url(text)
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, text)
    if url.get_backend_name() == "postgresql":
        return Location(shown=_without_secrets(url), url=url)
    raise unusable(_without_secrets(url), "journals are kept in SQLite or PostgreSQL only", _FORMS)


def _parse_url(text: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        # neither the text nor the parser's message is repeated: both may hold a password
        raise JournalUnusable("The journal's URL cannot be understood. Nothing was changed.", hint=_FORMS) from None
    # a bare scheme would mean whatever driver SQLAlchemy prefers at the time
    return url.set(drivername=_PSYCOPG) if url.drivername in ("postgresql", "postgres") else url


def _sqlite(url: URL, text: str) -> Location:
    # the parser drops what follows a "?" without "=": the journal would be another file than the one meant
    if "?" in text or url.host:
        raise unusable(url.database or "", "a SQLite journal is a plain file, without options", _FORMS)
    return _file(url.database or "")


def _file(text: str) -> Location:
    if text in ("", ":memory:"):
        raise unusable(repr(text), "it would be kept in memory only, and lost with the process", _FORMS)
    try:
        path = Path(text).expanduser().resolve()
    except (OSError, ValueError, RuntimeError) as error:
        raise unusable(repr(text), str(error), _FORMS) from error
    return Location(shown=str(path), path=path)


def _without_secrets(url: URL) -> str:
    secret = [key for key in url.query if "pass" in key.lower()]
    return url.difference_update_query(secret).render_as_string(hide_password=True)


def create_private_file(path: Path) -> None:
    """Make the file (mode 0600) and its missing folders (0700), from their first moment on; an existing one stays as it is.

    Raises ``JournalUnusable`` where that is not possible, or where ``path`` is no regular file.
    """
    try:
        _create_folders(path.parent)
        _create_file(path)
        regular = stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise unusable(str(path), f"it cannot be created or opened ({why})", ELSEWHERE) from error
    if not regular:
        # /dev/null would take every entry and keep none
        raise unusable(str(path), "it is not a regular file", _FORMS)


def _create_folders(folder: Path) -> None:
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)


def _create_file(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    os.close(descriptor)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """A new file outlives a power cut only once its folder's entry is on disk (fsync(2))."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
