"""Connections that are kept open between two transactions: fetching one from SQLAlchemy's pool, and giving it back, takes several
times as long as SQLite takes for what is done with it."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection


class Spare:
    """Connections that nobody uses just now, at most so many. Thread-safe: each of the list's calls is one step.

    ``most`` 0, for a server: each goes back to SQLAlchemy's pool, which looks whether it is still alive.
    """

    def __init__(self, connect: Callable[[], Connection], *, most: int) -> None:
        self._connect = connect
        self._most = most
        self._idle: list[Connection] = []

    def take(self) -> Connection:
        """One for the caller alone; to be given back, or closed where anything went wrong with it."""
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def give_back(self, connection: Connection) -> None:
        """It is in no transaction of the database's; SQLAlchemy may think that it is."""
        if len(self._idle) >= self._most:
            connection.close()
            return
        if connection.in_transaction():
            connection.rollback()
        self._idle.append(connection)

    def close(self) -> None:
        """Close those that are idle."""
        while self._idle:
            self._idle.pop().close()
