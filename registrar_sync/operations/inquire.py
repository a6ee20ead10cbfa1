"""Find out what a decision needs to know: round by round, all questions of a round at once, each once at a time.

What strangers' records make us ask is bounded, in rounds, in questions and in time. What is left out stays "not asked", which
counts as unknown and never as absent.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

from registrar_sync.core.known import DnsQuestion, Known, PolicyQuestion, Question
from registrar_sync.core.observation import Answer
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
        self._under_way: dict[Question, Future[None]] = {}
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="inquiry")

    def settle(self, think: Callable[[Known], Thought]) -> Thought:
        """Let ``think`` decide again and again, until nothing that it wants to know is missing or the bounds are reached.

        before: nothing is known.  call: ``settle(lambda known: known.dns("example.com.", "MX").status)``.
        after: the question was asked, and is answered from memory for a while; returns "data", "absent" or "unreachable".
        """
        ends = self._clock.monotonic() + SETTLE_S
        standing = Standing(self._remembered)
        left = MOST_QUESTIONS
        for _ in range(_ROUNDS):
            known = Known(standing)
            thought = think(known)
            asking = sorted(known.wanted, key=repr)[:left]
            if not asking or self._clock.monotonic() >= ends:
                return thought
            left -= len(asking)
            self._find_out(asking, ends)
        return think(Known(standing))

    def _find_out(self, questions: Sequence[Question], ends: float) -> None:
        with self._lock:
            flights = [flight for question in questions if (flight := self._send_out(question))]
        try:
            done, _ = wait(flights, timeout=max(0.0, ends - self._clock.monotonic()))
        finally:
            for flight in flights:
                flight.cancel()  # what has not begun by now need not begin; what has, is remembered when it comes
        for flight in done:
            if not flight.cancelled():  # by another thread whose time was over: this one asks again
                flight.result()

    def _send_out(self, question: Question) -> Future[None] | None:
        """The question under way, ours or another thread's; None where the answer has just come."""
        under_way = self._under_way.get(question)
        if under_way is not None and not under_way.done():
            return under_way
        if self._remembered.get(question) is not None:
            return None
        flight: Future[None] = Future()
        self._under_way[question] = flight
        flight.add_done_callback(lambda landed: self._landed(question, landed))
        if isinstance(question, DnsQuestion):
            self._resolver.look_up_soon(question.name, question.rtype, lambda answer: self._told(question, flight, answer))
        else:
            self._pool.submit(self._ask_and_remember, question, flight)
        return flight

    def _told(self, question: Question, flight: Future[None], answer: Answer | None) -> None:
        """What came of asking without a thread that waits; None: it takes one."""
        if answer is None:
            self._pool.submit(self._ask_and_remember, question, flight)
            return
        self._remembered.keep(question, answer)
        if flight.set_running_or_notify_cancel():
            flight.set_result(None)

    def _landed(self, question: Question, flight: Future[None]) -> None:
        with self._lock:
            if self._under_way.get(question) is flight:
                del self._under_way[question]

    def _ask_and_remember(self, question: Question, flight: Future[None]) -> None:
        if not flight.set_running_or_notify_cancel():
            return
        try:
            self._remembered.keep(question, self._ask(question))
        except BaseException as error:  # noqa: BLE001 - it is the waiting thread's
            flight.set_exception(error)
        else:
            flight.set_result(None)

    def _ask(self, question: Question) -> Found:
        if isinstance(question, DnsQuestion):
            return self._resolver.look_up(question.name, question.rtype)
        if isinstance(question, PolicyQuestion):
            return self._policy_hosts.fetch(question)
        return self._mail_hosts.would_take(question)
