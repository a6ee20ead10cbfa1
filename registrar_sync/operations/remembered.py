"""What was found out in this run, for as long as it counts."""

from __future__ import annotations

import threading

from registrar_sync.core.known import Question, Said
from registrar_sync.core.observation import Answer
from registrar_sync.ports import Clock

DATA_COUNTS_S = 300.0
"""Seconds that an answer counts, data and "no such data" alike: a run over many domains asks about the service once."""

FAILURE_COUNTS_S = 30.0
"""Seconds that "cannot be told" counts: a dead server does not cost every domain its time-outs, and is tried again soon."""

MOST_KEPT = 20_000
"""Answers that are remembered; beyond that those that count no longer go, and the oldest half."""

Found = Answer | Said


class Remembered:
    """Answers with their age. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[Question, tuple[Found, float]] = {}

    def get(self, question: Question, *, now: float | None = None) -> Found | None:
        """The answer, while it counts. ``now``: monotonic, of who has just looked at the clock."""
        kept = self._kept.get(question)  # one step, so that nobody who only reads waits for those who write
        return kept[0] if kept is not None and (self._clock.monotonic() if now is None else now) < kept[1] else None

    def keep(self, question: Question, found: Found) -> None:
        """Remember an answer from now on."""
        counts_s = FAILURE_COUNTS_S if found.status in ("unreachable", "unknown") else DATA_COUNTS_S
        with self._lock:
            now = self._clock.monotonic()
            self._kept.pop(question, None)  # so that the order is that of age
            self._kept[question] = (found, now + counts_s)
            if len(self._kept) > MOST_KEPT:
                fresh = [(each, kept) for each, kept in self._kept.items() if now < kept[1]]
                self._kept = dict(fresh[-MOST_KEPT // 2 :])


class Standing:
    """What one decision stands on: an answer that counted when it began, at ``now``, does not age while it is made."""

    def __init__(self, remembered: Remembered, now: float) -> None:
        self._remembered = remembered
        self._now = now
        self._seen: dict[Question, Found] = {}

    def get(self, question: Question, /) -> Found | None:
        """The answer, if there is one that counts."""
        found = self._seen.get(question)
        if found is None:
            found = self._remembered.get(question, now=self._now)
            if found is not None:
                self._seen[question] = found
        return found
