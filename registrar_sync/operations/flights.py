"""Questions under way, and who waits for them: one wake-up for a whole round of questions, and no lock or timer for each."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from registrar_sync.core.known import Question


class Round:
    """Who waits, and for which flights still. ``error``: what went wrong with one of them, for the one who waits to raise."""

    __slots__ = ("error", "flights", "over")

    def __init__(self) -> None:
        self.flights: set[Flight] = set()
        self.over = threading.Event()
        self.error: BaseException | None = None


class Flight:
    """One question under way. ``begun``: a thread asks it, and is not to be stopped any more."""

    __slots__ = ("begun", "question", "rounds")

    def __init__(self, question: Question) -> None:
        self.question = question
        self.begun = False
        self.rounds: list[Round] = []


class Flights:
    """All questions under way, each once. ``lock`` is held wherever they change."""

    def __init__(self, lock: threading.RLock) -> None:
        self._lock = lock
        self._by_question: dict[Question, Flight] = {}

    def under_way(self, question: Question) -> Flight | None:
        """The flight that asks this question now."""
        return self._by_question.get(question)

    def begin(self, question: Question) -> Flight:
        """A new flight, not yet sent."""
        flight = self._by_question[question] = Flight(question)
        return flight

    def join(self, waiting: Round, flight: Flight) -> None:
        """Let a round wait for a flight that has not landed."""
        flight.rounds.append(waiting)
        waiting.flights.add(flight)

    def is_wanted(self, flight: Flight) -> bool:
        """Whether somebody is still to be told. If so, it has begun: it is not given up any more."""
        with self._lock:
            flight.begun = self._by_question.get(flight.question) is flight
            return flight.begun

    def land(self, flight: Flight, error: BaseException | None = None) -> None:
        """It has ended, in an answer that is remembered or in an error, or was given up."""
        with self._lock:
            if self._by_question.get(flight.question) is flight:
                del self._by_question[flight.question]
            for waiting in flight.rounds:
                waiting.error = waiting.error or error
                waiting.flights.discard(flight)
                if not waiting.flights:
                    waiting.over.set()
            flight.rounds.clear()

    def leave(self, waiting: Round) -> None:
        """Nobody waits in this round any more. What has not begun by now need not begin; whoever else waits for it asks again."""
        with self._lock:
            left: Iterable[Flight] = tuple(waiting.flights)
            for flight in left:
                if flight.begun:
                    flight.rounds.remove(waiting)
                else:
                    self.land(flight)
