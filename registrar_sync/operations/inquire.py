"""Find out what a decision needs to know: round by round, all questions of a round at once, each asked once a run."""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from registrar_sync.core.known import DnsQuestion, Known, PolicyQuestion, Question, Said
from registrar_sync.core.observation import Answer
from registrar_sync.ports import Clock, MailHosts, PolicyHosts, Resolver

_ROUNDS = 16
_WORKERS = 16

Thought = TypeVar("Thought")


class Inquiry:
    """What was found out so far in this run, and the ports to find out more. Thread-safe."""

    def __init__(self, *, resolver: Resolver, policy_hosts: PolicyHosts, mail_hosts: MailHosts, clock: Clock) -> None:
        self._resolver = resolver
        self._policy_hosts = policy_hosts
        self._mail_hosts = mail_hosts
        self._clock = clock
        self._answers: dict[Question, Answer | Said] = {}

    def settle(self, think: Callable[[Known], Thought]) -> Thought:
        """Let ``think`` decide again and again, until nothing that it wants to know is missing."""
        for _ in range(_ROUNDS):
            known = Known(self._answers)
            thought = think(known)
            if not known.wanted:
                break
            self._find_out(known.wanted)
        return thought

    def _find_out(self, wanted: Collection[Question]) -> None:
        with ThreadPoolExecutor(min(_WORKERS, len(wanted))) as pool:
            self._answers.update(zip(wanted, pool.map(self._ask, wanted), strict=True))

    def _ask(self, question: Question) -> Answer | Said:
        if isinstance(question, DnsQuestion):
            return self._resolver.look_up(question.name, question.rtype)
        if isinstance(question, PolicyQuestion):
            return self._policy_hosts.fetch(question)
        return self._mail_hosts.would_take(question)
