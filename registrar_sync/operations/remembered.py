"""What was found out in this run, for as long as it counts."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping

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

    def get(self, question: Question) -> Found | None:
        """The answer, while it counts."""
        with self._lock:
            found, until = self._kept.get(question, (None, 0.0))
            return found if self._clock.monotonic() < until else None

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


class Standing(Mapping[Question, Found]):
    """What one decision stands on: an answer that it has seen does not age while the decision is made."""

    def __init__(self, remembered: Remembered) -> None:
        self._remembered = remembered
        self._seen: dict[Question, Found] = {}

    def __getitem__(self, question: Question) -> Found:
        found = self._seen.get(question) or self._remembered.get(question)
        if found is None:
            raise KeyError(question)
        self._seen[question] = found
        return found

    def __iter__(self) -> Iterator[Question]:
        return iter(self._seen)

    def __len__(self) -> int:
        return len(self._seen)
