"""Which cases are ours to look at, by the journal: claimed, kept, and left to whoever goes on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from registrar_sync.operations.watch_case import Case, Cases
from registrar_sync.ports import Clock, Journal


class Claims:
    """This watch's part of the shared due times. ``due``: whether it is time to ``keep`` again."""

    def __init__(self, journal: Journal, reader: Cases, clock: Clock) -> None:
        self._book = journal.watch_book()
        self._reader = reader
        self._clock = clock
        self._next_at = clock.monotonic() + self._book.lease_s / 3

    def claim(self, cases: Sequence[Case], *, anew: bool = False) -> None:
        """Make those ours that nobody else looks at, and go on where somebody has stopped; ``anew``: from now on, instead.
        Where only caches are waited for, nobody needs to look."""
        rows = [self._reader.row(case.waiting) for case in cases if case.old_until is None]
        ours = {row.change_id: row for row in self._book.claim(rows, anew=anew)}
        for case in cases:
            case.is_claimed = case.id in ours
            case.is_ours = case.old_until is not None or case.is_claimed
            if case.is_claimed:
                self._reader.go_on(case.waiting, ours[case.id])
                case.is_new_due = False

    @property
    def due(self) -> bool:
        """A third of the lease has passed."""
        return self._clock.monotonic() >= self._next_at

    def keep(self, ours: Iterable[Case]) -> bool:
        """Say that we are alive, and write down due times that are far ahead. False: others have taken over.

        What is due before the lease could run out is not worth a write: it is looked at again before anybody could take over,
        or at once by who does.
        """
        now = self._clock.monotonic()
        self._next_at = now + self._book.lease_s / 3
        far = [case for case in ours if case.is_new_due and case.waiting.due > now + self._book.lease_s]
        if not self._book.keep([self._reader.row(case.waiting) for case in far]):
            return False
        for case in far:
            case.is_new_due = False
        return True

    def forget(self, cases: Iterable[Case]) -> None:
        """Nobody needs to look at these any more."""
        self._book.forget([case.id for case in cases])

    def release(self, ours: Iterable[Case]) -> None:
        """Leave all to whoever goes on, at the due times of now."""
        self._book.release([self._reader.row(case.waiting) for case in ours if case.is_new_due])
