"""Many writers, one commit: what several threads write at the same moment reaches the disk together.

A commit waits for the disk, and while it waits nobody else may write. So whoever ends a transaction while others of this
process stand in line leaves the commit to the last of them, and waits for it: ``write`` returns when its own part is on disk,
as it would alone. A writer who is alone commits at once; nobody ever waits for company.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from registrar_sync.journal.failures import NotCommitted
from registrar_sync.journal.prepared import say

# More would only make the first of them wait longer.
_MOST = 100

# The last in line wakes all the others. Should that go wrong (it was interrupted between two lines), they see to it themselves.
_LOOK_AFTER_S = 1.0


class _Batch:
    """One transaction of the database, and whose parts are in it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.parts = 0
        self.failure: BaseException | None = None
        self.ended = threading.Event()

    @contextmanager
    def part(self) -> Iterator[Connection]:
        """One writer's part: whole, or not at all. The first needs no savepoint: it is all there is to take back."""
        first = self.parts == 0
        try:
            if not first:
                say(self.connection, "SAVEPOINT part")
            yield self.connection
            if not first:
                say(self.connection, "RELEASE SAVEPOINT part")
        except BaseException:
            if not first:
                self._take_back()
            raise
        self.parts += 1

    def end(self) -> None:
        """Commit, and tell all who wait. Without any part, or after a failure of the whole: nothing is kept."""
        try:
            if self.parts and self.failure is None:
                self.connection.commit()
        except BaseException as error:
            self.failure = error
            if not isinstance(error, Exception):
                raise
        finally:
            try:
                if self.failure is not None:
                    self.connection.invalidate()  # it may still be within the transaction: it is given up, and that with it
                self.connection.close()  # rolls back what was not to be committed
            finally:
                self.ended.set()

    def _take_back(self) -> None:
        try:
            say(self.connection, "ROLLBACK TO SAVEPOINT part")
            say(self.connection, "RELEASE SAVEPOINT part")
        except (SQLAlchemyError, sqlite3.Error) as error:
            # the database gave the whole transaction up: a full disk, a lost server
            self.failure = error


class Group:
    """The writers of one process. ``begin``: opens a transaction as the database's only writer; it is told how many seconds
    that writer has been standing in line."""

    def __init__(self, begin: Callable[[float], Connection]) -> None:
        self._begin = begin
        self._turn = threading.Lock()
        self._line: set[int] = set()  # threads that wait for their turn
        self._writer: int | None = None
        self._batch: _Batch | None = None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A part of a transaction. On return it is on disk; what the caller's block raises takes back that part alone.

        Raises ``NotCommitted`` where the whole transaction failed.
        """
        batch: list[_Batch] = []
        try:
            with self._own_turn(batch):
                yield batch[0].connection
        except Exception:
            self._wait(batch)
            raise
        self._wait(batch)

    @contextmanager
    def _own_turn(self, joined: list[_Batch]) -> Iterator[None]:
        """Stand in line, then write. Whatever interrupts it, and wherever: no place in the line is left behind for ever."""
        me, since = threading.get_ident(), time.monotonic()
        if self._writer == me:
            raise RuntimeError("a transaction within a transaction would wait for itself")
        self._line.add(me)
        try:
            with self._turn:
                self._line.discard(me)
                self._writer = me
                try:
                    joined.append(self._open(time.monotonic() - since))
                    with self._part(joined[0]):
                        yield
                finally:
                    self._writer = None
        finally:
            self._line.discard(me)

    @contextmanager
    def _part(self, batch: _Batch) -> Iterator[None]:
        try:
            with batch.part():
                yield
        finally:
            if not self._line or not 0 < batch.parts < _MOST or batch.failure is not None:
                batch.end()

    def _open(self, waited_s: float) -> _Batch:
        """The transaction that others have left to us, or a new one."""
        if self._batch is None or self._batch.ended.is_set():
            self._batch = _Batch(self._begin(waited_s))
        return self._batch

    def _wait(self, joined: list[_Batch]) -> None:
        """Until the commit is done. Raises ``NotCommitted``."""
        for batch in joined:
            while not batch.ended.wait(_LOOK_AFTER_S):
                self._look_after(batch)
            if batch.failure is not None:
                raise NotCommitted(batch.failure)

    def _look_after(self, batch: _Batch) -> None:
        with self._turn:
            if not batch.ended.is_set():
                batch.end()
