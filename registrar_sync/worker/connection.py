"""Connections to the database that are not left hanging."""

from __future__ import annotations

import psycopg

# A server that is gone, or cut off, is noticed within seconds: by the kernel's own probes where nothing is under way, by
# tcp_user_timeout where something is (https://www.postgresql.org/docs/current/libpq-connect.html, read 2026-11).
LIVELY: dict[str, int] = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}


def connected(conninfo: str, *, autocommit: bool = False) -> psycopg.Connection:
    """A connection of its own, as a context manager: committed and closed with it."""
    return psycopg.connect(conninfo, autocommit=autocommit, **LIVELY)  # type: ignore[arg-type] # libpq's options, by name
