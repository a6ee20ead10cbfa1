"""Find out what a decision needs to know: round by round, all questions of a round at once, each once at a time.

What strangers' records make us ask is bounded, in rounds, in questions and in time. What is left out stays "not asked", which
counts as unknown and never as absent.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from registrar_sync.core.known import DnsQuestion, Known, PolicyQuestion, Question, may_lead_on
from registrar_sync.core.observation import Answer
from registrar_sync.operations.flights import Flight, Flights, Round
from registrar_sync.operations.remembered import Found, Remembered, Standing
from registrar_sync.ports import Clock, MailHosts, PolicyHosts, Resolver

MOST_QUESTIONS = 400
"""Questions that one decision may have asked anew: a tree of SPF records is input of strangers (10 look-ups are allowed)."""

SETTLE_S = 20.0
"""Seconds after which a decision is made with what is known."""

_ROUNDS = 24  # an SPF tree is 10 deep at the most before it is over the limit; each level may need two rounds
_WORKERS = 32

Thought = TypeVar("Thought")


class Inquiry:
    """What was found out so far in this run, and the ports to find out more. Thread-safe: what one thread is asking, another
    waits for."""

    def __init__(self, *, resolver: Resolver, policy_hosts: PolicyHosts, mail_hosts: MailHosts, clock: Clock) -> None:
        self._resolver = resolver
        self._policy_hosts = policy_hosts
        self._mail_hosts = mail_hosts
        self._clock = clock
        self._remembered = Remembered(clock)
        self._lock = threading.RLock()
        self._flights = Flights(self._lock)
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="inquiry")

    def settle(self, think: Callable[[Known], Thought]) -> Thought:
        """Let ``think`` decide again and again, until nothing that it wants to know is missing or the bounds are reached.

        before: nothing is known.  call: ``settle(lambda known: known.dns("example.com.", "MX").status)``.
        after: the question was asked, and is answered from memory for a while; returns "data", "absent" or "unreachable".
        """
        now = self._clock.monotonic()
        ends, standing = now + SETTLE_S, Standing(self._remembered, now)
        left = MOST_QUESTIONS
        for _ in range(_ROUNDS):
            known = Known(standing)
            thought = think(known)
            asking = list(known.wanted)[:left]
            if not asking or self._clock.monotonic() >= ends:
                return thought
            left -= len(asking)
            self._find_out(asking, ends)
        return think(Known(standing))

    def foresee(self, think: Callable[[Known], object]) -> None:
        """Find out what ``think`` will want to know, and leave the thinking itself to who settles it later.

        Where no answer of a round may lead on to another question, that is known without thinking once more.
        """
        now = self._clock.monotonic()
        ends, standing = now + SETTLE_S, Standing(self._remembered, now)
        left = MOST_QUESTIONS
        for _ in range(_ROUNDS):
            known = Known(standing)
            think(known)
            asking = list(known.wanted)[:left]
            if not asking or self._clock.monotonic() >= ends:
                return
            left -= len(asking)
            self._find_out(asking, ends)
            if not any(may_lead_on(question, standing) for question in asking):
                return

    def _find_out(self, questions: Sequence[Question], ends: float) -> None:
        waiting = Round()
        try:
            with self._lock:
                new = [flight for question in questions if (flight := self._join(waiting, question))]
                for flight in new:
                    self._send_out(flight)
            if waiting.flights:
                waiting.over.wait(max(0.0, ends - self._clock.monotonic()))
        finally:
            if waiting.flights:
                self._flights.leave(waiting)
        if waiting.error is not None:
            raise waiting.error

    def _join(self, waiting: Round, question: Question) -> Flight | None:
        """Wait for the question: the flight that has yet to be sent out, None where it is under way or has just been answered."""
        flight = self._flights.under_way(question)
        if flight is not None:
            self._flights.join(waiting, flight)
            return None
        if self._remembered.get(question) is not None:
            return None
        flight = self._flights.begin(question)
        self._flights.join(waiting, flight)
        return flight

    def _send_out(self, flight: Flight) -> None:
        question = flight.question
        if isinstance(question, DnsQuestion):
            self._resolver.look_up_soon(question.name, question.rtype, lambda answer: self._told(flight, answer))
        else:
            self._pool.submit(self._ask_and_remember, flight)

    def _told(self, flight: Flight, answer: Answer | None) -> None:
        """What came of asking without a thread that waits; None: it takes one."""
        if answer is None:
            self._pool.submit(self._ask_and_remember, flight)
            return
        self._remembered.keep(flight.question, answer)
        self._flights.land(flight)

    def _ask_and_remember(self, flight: Flight) -> None:
        if not self._flights.is_wanted(flight):
            return
        try:
            self._remembered.keep(flight.question, self._ask(flight.question))
        except BaseException as error:  # noqa: BLE001 - it is the waiting thread's
            self._flights.land(flight, error)
        else:
            self._flights.land(flight)

    def _ask(self, question: Question) -> Found:
        if isinstance(question, DnsQuestion):
            return self._resolver.look_up(question.name, question.rtype)
        if isinstance(question, PolicyQuestion):
            return self._policy_hosts.fetch(question)
        return self._mail_hosts.would_take(question)
