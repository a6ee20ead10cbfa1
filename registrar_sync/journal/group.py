"""Many writers, one commit: what several threads write at the same moment reaches the disk together.

A commit waits for the disk, and while it waits nobody else may write. So whoever ends a transaction while others of this
process stand in line leaves the commit to the last of them, and waits for it: ``write`` returns when its own part is on disk,
as it would alone. A writer who is alone commits at once; nobody ever waits for company.

Who is about to write again anyhow, and tells nobody before, need not wait for the first of the two: ``soon``.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from registrar_sync.journal.failures import NotCommitted
from registrar_sync.journal.prepared import commit, say

# More would only make the first of them wait longer.
_MOST = 100

# The last in line wakes all the others. Should that go wrong (it was interrupted between two lines), they see to it themselves.
_LOOK_AFTER_S = 1.0


class _Batch:
    """One transaction of the database, and whose parts are in it. ``give_back``: its connection, once it is done with."""

    def __init__(self, connection: Connection, give_back: Callable[[Connection], None]) -> None:
        self.connection = connection
        self.parts = 0
        self.failure: BaseException | None = None
        self.ended = threading.Event()
        self._give_back = give_back

    def begin_part(self) -> None:
        """One writer's part: whole, or not at all. The first needs no savepoint: it is all there is to take back."""
        if self.parts:
            say(self.connection, "SAVEPOINT part")

    def end_part(self) -> None:
        """It is whole."""
        if self.parts:
            say(self.connection, "RELEASE SAVEPOINT part")
        self.parts += 1

    def take_back_part(self) -> None:
        """It is not at all."""
        if not self.parts:
            return
        try:
            say(self.connection, "ROLLBACK TO SAVEPOINT part")
            say(self.connection, "RELEASE SAVEPOINT part")
        except (SQLAlchemyError, sqlite3.Error) as error:
            # the database gave the whole transaction up: a full disk, a lost server
            self.failure = error

    def end(self) -> None:
        """Commit, and tell all who wait. Without any part, or after a failure of the whole: nothing is kept."""
        committed = False
        try:
            if self.parts and self.failure is None:
                commit(self.connection)
                committed = True
        except BaseException as error:
            self.failure = error
            if not isinstance(error, Exception):
                raise
        finally:
            try:
                self._leave(committed=committed)
            finally:
                self.ended.set()

    def _leave(self, *, committed: bool) -> None:
        if committed:
            self._give_back(self.connection)
            return
        if self.failure is not None:
            self.connection.invalidate()  # it may still be within the transaction: it is given up, and that with it
        self.connection.close()  # rolls back what was not to be committed


class Group:
    """The writers of one process. ``begin``: opens a transaction as the database's only writer; it is told how many seconds
    that writer has been standing in line. ``give_back``: takes a connection whose transaction was committed."""

    def __init__(self, begin: Callable[[float], Connection], give_back: Callable[[Connection], None]) -> None:
        self._begin = begin
        self._give_back = give_back
        self._turn = threading.Lock()
        self._line: set[int] = set()  # threads that wait for their turn
        self._writer: int | None = None
        self._owed = threading.local()
        self._batch: _Batch | None = None

    def soon(self, part: Callable[[Connection], None]) -> None:
        """Let this be written before whatever this thread writes next, in one transaction. What it raises is raised there."""
        self._owed.parts = [*self._owes(), part]

    @property
    def owes(self) -> bool:
        """Whether this thread has yet to write something."""
        return bool(self._owes())

    def _owes(self) -> list[Callable[[Connection], None]]:
        parts: list[Callable[[Connection], None]] = getattr(self._owed, "parts", [])
        return parts

    def writing(self) -> Iterator[Connection]:
        """A part of a transaction, to be made a context manager of. At its end it is on disk; what is raised within takes back
        that part alone.

        Raises ``NotCommitted`` where the whole transaction failed.
        """
        batch: _Batch | None = None
        me, since = threading.get_ident(), time.monotonic()
        if self._writer == me:
            raise RuntimeError("a transaction within a transaction would wait for itself")
        self._line.add(me)
        try:
            # Whatever interrupts us, and wherever: no place in the line is left behind for ever.
            with self._turn:
                self._line.discard(me)
                self._writer = me
                try:
                    batch = self._open(time.monotonic() - since)
                    yield from self._part(batch)
                finally:
                    self._writer = None
        except Exception:
            self._wait(batch)
            raise
        finally:
            self._line.discard(me)
        self._wait(batch)

    def _part(self, batch: _Batch) -> Iterator[Connection]:
        try:
            owed, self._owed.parts = self._owes(), []
            for part in owed:
                batch.begin_part()
                part(batch.connection)
                batch.end_part()
            batch.begin_part()
            yield batch.connection
            batch.end_part()
        except BaseException:
            batch.take_back_part()
            raise
        finally:
            if not self._line:
                time.sleep(0)  # whoever can run may be about to stand in line: a commit together is cheaper than two
            if not self._line or not 0 < batch.parts < _MOST or batch.failure is not None:
                batch.end()

    def _open(self, waited_s: float) -> _Batch:
        """The transaction that others have left to us, or a new one."""
        if self._batch is None or self._batch.ended.is_set():
            self._batch = _Batch(self._begin(waited_s), self._give_back)
        return self._batch

    def _wait(self, batch: _Batch | None) -> None:
        """Until the commit is done. Raises ``NotCommitted``."""
        if batch is None:
            return
        while not batch.ended.wait(_LOOK_AFTER_S):
            self._look_after(batch)
        if batch.failure is not None:
            raise NotCommitted(batch.failure)

    def _look_after(self, batch: _Batch) -> None:
        with self._turn:
            if not batch.ended.is_set():
                batch.end()
