"""Where the jobs are kept: beside the journal, in the same PostgreSQL database."""

from __future__ import annotations

from pathlib import Path

from registrar_sync.errors import UsageError
from registrar_sync.journal.location import Location, parse_location


def conninfo_of(journal: str | None) -> str:
    """The journal's URL as libpq takes it; it may hold a password. Raises ``UsageError`` where no PostgreSQL is meant."""
    location = parse_location(journal, Path("journal.sqlite")) if journal else None
    if location is None or location.url is None:
        raise UsageError(
            f"A worker works on a journal that machines share, in PostgreSQL{_instead_of(location)}. Nothing was done.",
            hint="Give the one that the runs are kept in: --journal postgresql://USER@SERVER/DATABASE",
        )
    return location.url.set(drivername="postgresql").render_as_string(hide_password=False)


def _instead_of(location: Location | None) -> str:
    return f", not in {location.shown}" if location is not None else ""
